//! Help, and what a wrong command line is told.

use insta::assert_snapshot;

use crate::support::TestEnv;
use crate::support::run::{Line as _, Run as _};

fn said(line: &str) -> String {
    TestEnv::new().acpctl().line(line).shown()
}

#[test]
fn the_first_page_lists_commands_and_flags() {
    assert_snapshot!(said("--help"), @r#"
    Command-line interface for the Ambient Code Platform API server.

    Usage:
      acpctl [command] [flags]

    Start Here:
      acpctl doctor                                         # look at this machine
      acpctl --local credential create -f ~/.kube/config    # needs no platform
      acpctl login https://acp.example.org --use-auth-code  # or use a platform

    Commands:
      Credentials   credential, exec, provider, policy
      Sessions      session, agent, start, stop, wait, scheduled-session, inbox,
                    ambient
      Objects       project, application, get, describe, create, edit, delete,
                    apply, api
      Login         login, logout, whoami, config, alias
      This machine  doctor, serve, local
      Help          help, options, completion, version

    Use "acpctl [command] --help" for more information about a command.
    Use "acpctl options" for the flags that every command takes.
    Use "acpctl help TOPIC"; TOPIC is commands, environment, exit-codes or output.
    Learn more: README.md and docs/ of the source, or "man acpctl"
    "#);
}

#[test]
fn help_of_a_noun_lists_its_verbs() {
    assert_snapshot!(said("credential --help"), @r#"
    Manage credentials

    Usage:
      acpctl credential [command]

    Examples:
      acpctl credential create -f ~/.kube/config --bind team-a
      acpctl credential list
      acpctl credential get prod
      acpctl credential update prod --from-file ~/.kube/config --context dev

    Available Commands:
      bind      Let the sessions of a project use a credential
      bindings  List the projects and agents whose sessions may use a credential
      create    Store a credential
      delete    Delete credentials
      explain   Explain a finding about a kubeconfig
      get       Show credentials without their secrets
      inspect   Show where a kubeconfig leads, and with --access what it can do
                there
      list      List credentials, all of them unless --limit is given
      renew     Get a new token for a minted credential
      revoke    Take back a minted credential, in the cluster and on the platform
      scan      Find stored secrets in files, logs and Git histories
      token     Print the secret of a credential
      unbind    Take a credential away from the sessions of a project
      update    Change a credential
      validate  Check kubeconfigs, offline

    Flags:
      -h, --help  Show this help

    Use "acpctl credential [command] --help" for more information about a command.
    Use "acpctl options" for the flags that every command takes.
    "#);
}

#[test]
fn help_of_credential_create_groups_its_flags() {
    assert_snapshot!(said("credential create --help"), @r#"
    Store a credential

    The secret comes from exactly one source: --from-file, --token, or standard
    input. Without a source, you are prompted for it on a terminal. A file that
    holds a kubeconfig needs no --provider.

    A kubeconfig is cut to one context, and its files are inlined. Before anything
    is sent, acpctl checks the result twice: with the rules of Kubernetes' own
    client, and for what would break in a session's container.

    With --mint, your own kubeconfig is not stored. acpctl uses it to create an
    account in the cluster that has the role in one namespace, and stores a
    kubeconfig with a token of that account. It shows the objects first and asks. If
    a step fails, it removes the objects that it made. See docs/access.md.

    Usage:
      acpctl credential create [flags]

    Examples:
      # Check the current context of a file, store it without the others, and bind it to a project
      acpctl credential create -f ~/.kube/config --bind team-a
      # Another context, under another name
      acpctl credential create -f ~/.kube/config --context dev --name staging
      # Store what kubectl uses now
      kubectl config view --raw --minify --flatten | acpctl credential create --provider kubeconfig --name ci
      # The secret that another program prints
      gh auth token | acpctl credential create --provider github --name bot --token -
      # Only look: what would be stored, and what is wrong with it
      acpctl credential create --provider kubeconfig --from-file ~/.kube/config --dry-run -o json
      # A new account with few rights in the cluster instead of your own, for eight hours
      acpctl credential create --mint view --namespace team-a --context dev --name team-a-view --bind team-a
      # Step by step, on a terminal
      acpctl credential create

    Flags:
          --allow-duplicate        Create a second credential if one with this name
                                   exists
          --annotations <JSON>     Annotations, as a JSON object
          --bind <PROJECT>         Also let the sessions of this project use it
                                   (repeatable)
          --description <DESCRIPTION>
                                   Description
          --dry-run                Do everything except sending: show what would be
                                   stored
          --email <EMAIL>          E-mail address of the account
      -f, --from-file <PATH|->     Read the secret from this file, or from stdin for
                                   -
      -h, --help                   Show this help
          --if-exists <WHAT>       If a credential with this name exists:
                                   error|skip|update (default for a kubeconfig:
                                   error, unless its content is the same; for other
                                   secrets: create a second one)
          --labels <JSON>          Labels, as a JSON object
          --max-grade <GRADE>      Ask the cluster what the kubeconfig can do, and
                                   fail with exit code 8 if it is more:
                                   none|read|read-secrets|write|escalate|admin
          --name <NAME>            Name; for a kubeconfig the context's name by
                                   default
      -o, --output <FORMAT>        Output format:
                                   table|wide|json|yaml|name|jsonpath=TEMPLATE, or
                                   custom-columns=TITLE:PATH,...
          --provider <PROVIDER>    Provider:
                                   github|gitlab|jira|google|vertex|kubeconfig or
                                   another
          --token <VALUE|-|@PATH>  The secret: a literal (visible to other users of
                                   this machine), - or @- for stdin, @PATH for a
                                   file
          --url <URL>              Address of the service
      -y, --yes                    Do not ask before objects are created in the
                                   cluster, or before --bind shadows another
                                   credential

    Minting Flags:
          --mint <ROLE>        Create an account with this role and store its token:
                               view-no-secrets|edit-no-secrets|debug, or a cluster
                               role's name
      -n, --namespace <NAME>   Namespace of the account (default: the context's, or
                               else default)
          --rules <RULE>       Instead of --mint: give the account these rights,
                               e.g. 'get,list pods,deployments.apps' (repeatable)
          --rules-file <PATH>  Instead of --mint: give the account the rights in
                               this file, which holds a Role or a list of rules
          --ttl <DURATION>     How long the token is valid (default: 8h)

    Kubeconfig Flags:
          --all-contexts         Keep every context; files are still inlined
          --allow <CODE>         Accept findings with this code (repeatable)
          --allow-file <DIR>     Also read files that the kubeconfig names from this
                                 folder (repeatable)
          --context <NAME>       Keep this context (default: the file's
                                 current-context); if no source is given, read
                                 KUBECONFIG
          --min-ttl <DURATION>   Reject credentials that expire sooner than this,
                                 e.g. 12h or 7d
          --no-flatten           Store the text as it is: cut nothing and inline no
                                 file
          --skip-validation      Store the file unchecked; sessions that use it may
                                 fail
          --strict               Treat warnings as errors
          --target <TARGET>      Kind of session that must be able to use it: pod,
                                 sandbox or managed (default pod)
          --trust-bundle <PATH>  With --target managed: the certificate authorities
                                 that the installation trusts, as a PEM file

    Use "acpctl options" for the flags that every command takes.
    "#);
}

#[test]
fn a_wrong_line_is_told_what_is_wrong() {
    assert_snapshot!(said("credental list"), @r#"
    --- standard error
    Error: unknown command "credental" for "acpctl"
    Hint: did you mean 'acpctl credential list'?
    --- exit status 2
    "#);
    assert_snapshot!(said("credential lst"), @r#"
    --- standard error
    Error: unknown command "lst" for "acpctl credential"
    Hint: did you mean 'acpctl credential list'?
    --- exit status 2
    "#);
    assert_snapshot!(said("credential list --outptu json"), @r"
    --- standard error
    Error: unknown flag: --outptu
    Hint: did you mean --output?
    --- exit status 2
    ");
    assert_snapshot!(said("credential get"), @r"
    --- standard error
    Error: requires at least 1 arg(s), only received 0
    Hint: missing CREDENTIAL; usage: acpctl credential get <CREDENTIAL>... [flags]
    --- exit status 2
    ");
    assert_snapshot!(said("credential list -o xml"), @r#"
    --- standard error
    Error: unknown output format "xml": valid formats are table, wide, json, yaml, name, jsonpath=TEMPLATE, custom-columns=TITLE:PATH,...
    --- exit status 2
    "#);
}

#[test]
fn a_misspelled_word_behind_help_is_an_error_at_each_level() {
    assert_snapshot!(said("help credential creat"), @r#"
    --- standard error
    Error: unknown help topic "credential creat"
    Hint: did you mean 'acpctl help credential create'?
    --- exit status 2
    "#);
    assert_snapshot!(said("help credential xyzzy"), @r#"
    --- standard error
    Error: unknown help topic "credential xyzzy"
    Hint: see 'acpctl help credential'
    --- exit status 2
    "#);
    assert_eq!(said("help get sessions"), said("get --help"));
    assert_eq!(said("help session list"), said("get --help"));
    assert_eq!(said("help credential ls"), said("credential list --help"));
}

#[test]
fn pages_about_variables_and_exit_codes_fit_eighty_columns() {
    for topic in ["environment", "exit-codes"] {
        let page = TestEnv::new().acpctl().args(["help", topic]).stdout();
        let long = page.lines().find(|line| line.chars().count() > 80);
        assert_eq!(long, None);
    }
}
