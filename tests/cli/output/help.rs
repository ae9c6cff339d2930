//! Help, and what a wrong command line is told.

use insta::assert_snapshot;

use crate::support::TestEnv;
use crate::support::run::{Line as _, Run as _};

/// The page fits a common window, and others are not wider than it.
#[test]
fn pages_fit_80_columns() {
    let env = TestEnv::new();
    let page = said("--help");
    assert!(page.lines().count() <= 24, "{page}");
    for line in [
        "",
        "options",
        "help environment",
        "help output",
        "credential create --help",
    ] {
        let page = env.acpctl().line(line).shown();
        let prose = page.lines().filter(|line| !line.contains("acpctl "));
        for line in prose {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn flags_for_all_commands_are_behind_options() {
    assert_snapshot!(said("options"), @r"
    Every command takes these flags, before or after its name.

    Global Flags:
          --api-url <URL>   Override the API server URL for this invocation
          --ca-file <PATH>  Also trust the certificate authorities in this PEM file
          --color <WHEN>    When to use color: auto, always or never [default: auto]
          --connect-timeout <DURATION>
                            Time limit for connecting to the server, e.g. 5s
                            (default 10s)
          --insecure-skip-tls-verify
                            Skip TLS certificate verification (insecure)
          --local           Use the embedded API on this machine instead of a server
          --no-input        Never prompt; fail if input is missing
          --print-curl      Show each request as a curl command that takes the token
                            from $AMBIENT_TOKEN
          --project <NAME>  Project to work in
          --request-timeout <DURATION>
                            Time limit for one request, e.g. 90s (default 30s)
          --retries <N>     How often to retry a request that is safe to repeat
                            (default 2)
          --send-login      Send the stored login to an address other than its own,
                            such as a port-forward to the same server
          --trace           Like --verbose, with headers and bodies; secrets are
                            masked
      -v, --verbose         Log requests and responses to stderr

    Flags Without a Command:
      -h, --help     Show help; after a command, the help of that command
      -V, --version  Print the version; without a command, -v does the same
    ");
}

#[test]
fn topics() {
    assert_snapshot!(said("help output"), @r#"
    Commands that show objects take -o FORMAT, or --output FORMAT:

      json       one JSON document
      jsonpath=  a template of kubectl's kind
      name       resource/name
      table      columns
      wide       more columns
      yaml       one YAML document

    Results go to standard output. Questions, warnings, progress and errors go to
    standard error.
    On a terminal, a table fits the window. In a pipe, its columns have fixed
    widths, without color.
    With -o json, a failure is also an object on standard output: {"error":
    {"exit_code", "code", "reason", "detail", "hint", "operation_id"}}.
    A secret is printed only if you ask for it, as with "credential token". It never
    goes to a pager.
    "#);
    assert_snapshot!(said("help exit-codes"), @r"
    The exit status tells why a command failed.

      0      success
      1      other failure
      2      usage error
      3      not found
      4      not logged in, or the token was rejected (401)
      5      forbidden (403)
      6      conflict, or an ambiguous name
      7      invalid input data
      8      policy gate: --min-ttl or --strict
      9      network failure or time-out
      10     server error
      11     input required, but prompting is disabled
      126    session exec: the command can't be run
      127    session exec: there is no such command
      128+n  ended by signal n
    ");
    let environment = said("help environment");
    for var in acpctl::testing::env::ALL {
        assert!(
            environment.contains(&format!("  {}", var.name)),
            "{}",
            var.name
        );
    }
    let commands = said("help commands");
    for sub in acpctl::testing::cli::tree().get_subcommands() {
        assert!(
            commands.contains(&format!("\n  {}", sub.get_name())),
            "{}",
            sub.get_name()
        );
    }
    assert_snapshot!(said("help outptu"), @r#"
    --- standard error
    Error: unknown help topic "outptu"
    Hint: did you mean 'acpctl help output'?
    --- exit status 2
    "#);
}

#[test]
fn the_version_has_three_flags_without_a_command() {
    let version = said("--version");
    assert_eq!(version, said("-v"));
    assert_eq!(version, said("-V"));
    assert!(said("credential list -V").contains("unknown shorthand flag"));
}

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
      Credentials   credential
      Sessions      session, agent, start, stop, wait, scheduled-session, inbox
      Objects       project, application, get, describe, create, delete, apply
      Login         login, logout, whoami, config
      This machine  doctor, serve, local
      Help          help, options, completion, version

    Use "acpctl [command] --help" for more information about a command.
    Use "acpctl options" for the flags that every command takes.
    Use "acpctl help TOPIC" for commands, environment, exit-codes, output.
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
      acpctl credential create --provider kubeconfig --from-file ~/.kube/config --context dev
      acpctl credential list
      acpctl credential get prod
      acpctl credential update prod --from-file ~/.kube/config --context dev

    Available Commands:
      bind      Let the sessions of a project use a credential
      create    Store a credential
      delete    Delete a credential
      explain   Explain a finding about a kubeconfig
      get       Show a credential without its secret
      inspect   Show where a kubeconfig leads, and with --access what it can do
                there
      list      List credentials, all of them unless --limit is given
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
    input. Without a source, you are prompted for it on a terminal. A kubeconfig is
    cut to one self-contained context. What would be stored is validated as
    Kubernetes' own client does, and checked for what breaks in a session's
    container, before it is sent. A file that holds a kubeconfig needs no
    --provider.

    Usage:
      acpctl credential create [flags]

    Examples:
      # One context of a file, checked and cut out
      acpctl credential create --provider kubeconfig --from-file ~/.kube/config --context dev
      # What kubectl uses now
      kubectl config view --raw --minify --flatten | acpctl credential create --provider kubeconfig --name ci
      # The secret that another program prints
      gh auth token | acpctl credential create --provider github --name bot --token -
      # Only look: what would be stored, and what is wrong with it
      acpctl credential create --provider kubeconfig --from-file ~/.kube/config --dry-run -o json
      # Step by step, on a terminal
      acpctl credential create

    Flags:
          --allow-duplicate        Store it even if you can already see a credential
                                   of this name
          --annotations <JSON>     Annotations, as a JSON object
          --description <DESCRIPTION>
                                   Description
          --dry-run                Do everything except sending: show what would be
                                   stored
          --email <EMAIL>          E-mail address of the account
      -f, --from-file <PATH|->     Read the secret from this file, or from stdin for
                                   -
      -h, --help                   Show this help
          --if-exists <WHAT>       What to do if there is a credential of this name:
                                   error|skip|update (default: error, unless it
                                   holds the same)
          --labels <JSON>          Labels, as a JSON object
          --name <NAME>            Name; for a kubeconfig the context's name by
                                   default
      -o, --output <FORMAT>        Output format:
                                   table|wide|json|yaml|name|jsonpath=TEMPLATE
          --provider <PROVIDER>    Provider:
                                   github|gitlab|jira|google|vertex|kubeconfig or
                                   another
          --token <VALUE|-|@PATH>  The secret: a literal (visible to other users of
                                   this machine), - or @- for stdin, @PATH for a
                                   file
          --url <URL>              Address of the service

    Kubeconfig Flags:
          --all-contexts        Keep every context; files are still inlined
          --allow <CODE>        Accept findings with this code (repeatable)
          --allow-file <DIR>    Also read files that the kubeconfig names from this
                                folder (repeatable)
          --context <NAME>      Keep this context (default: the file's
                                current-context); if no source is given, read
                                KUBECONFIG
          --min-ttl <DURATION>  Reject credentials that expire sooner than this,
                                e.g. 12h or 7d
          --no-flatten          Store the text as it is: cut nothing and inline no
                                file
          --skip-validation     Store the file unchecked; sessions that use it may
                                fail
          --strict              Treat warnings as errors

    Use "acpctl options" for the flags that every command takes.
    "#);
}

#[test]
fn a_wrong_line_is_told_what_is_wrong() {
    assert_snapshot!(said("credental list"), @r#"
    --- standard error
    Error: unknown command "credental" for "acpctl"
    Hint: did you mean 'acpctl credential'?
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
    Error: accepts 1 arg(s), received 0
    Hint: name the credential: acpctl credential get <CREDENTIAL> [flags]
    --- exit status 2
    ");
    assert_snapshot!(said("credential list -o xml"), @r#"
    --- standard error
    Error: unknown output format "xml": valid formats are table, wide, json, yaml, name, jsonpath=TEMPLATE
    --- exit status 2
    "#);
}
