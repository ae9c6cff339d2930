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
      acpctl [command]

    Available Commands:
      agent              Manage project-scoped agents
      application        Manage GitOps applications [aliases: app, apps]
      apply              Apply declarative Project, Agent, Credential, and RoleBinding manifests
      completion         Generate shell completion scripts
      config             Manage CLI configuration
      create             Create a resource
      credential         Manage credentials
      delete             Delete a resource
      describe           Show detailed information about a resource
      doctor             Check configuration, login, server and tools
      get                Display one or many resources
      help               Help about any command
      inbox              Interact with agent inbox messages
      local              Manage the store of the embedded API
      login              Log in to the Ambient API server
      logout             Log out from the Ambient API server
      project            Manage projects
      scheduled-session  Manage scheduled sessions
      serve              Serve the embedded API on a port
      session            Interact with sessions
      start              Start a session for a project-agent (idempotent)
      stop               Stop an agentic session
      version            Print the client and server version
      wait               Wait for a phase of a session
      whoami             Display current user information

    Flags:
          --api-url <URL>               Override the API server URL for this invocation
          --ca-file <PATH>              Also trust the certificate authorities in this PEM file
          --color <WHEN>                When to use color: auto, always or never [default: auto]
          --connect-timeout <DURATION>  Time limit for connecting to the server, e.g. 5s (default 10s)
      -h, --help                        help for acpctl
          --insecure-skip-tls-verify    Skip TLS certificate verification (insecure)
          --jq <EXPRESSION>             Filter the JSON of -o json, which this implies, with a jq
                                        expression; strings are printed without quotes
          --local                       Use the embedded API on this machine instead of a server
          --no-input                    Never prompt; fail if input is missing
          --print-curl                  Show each request as a curl command that takes the token from
                                        $AMBIENT_TOKEN
          --project <NAME>              Project to work in
      -q, --quiet                       Print only names in lists, and only warnings and errors on
                                        stderr
          --request-timeout <DURATION>  Time limit for one request, e.g. 90s (default 30s)
          --retries <N>                 How often to retry a request that is safe to repeat [default: 2]
          --send-login                  Send the stored login to an address other than its own, such as
                                        a port-forward to the same server
          --trace                       Like --verbose, with headers and bodies; secrets are masked
          --verbose                     Log requests and responses to stderr
      -v, --version                     version for acpctl

    Use "acpctl [command] --help" for more information about a command.
    "#);
}

#[test]
fn help_of_a_noun_lists_its_verbs() {
    assert_snapshot!(said("credential --help"), @r#"
    Manage credentials

    Usage:
      acpctl credential [command]

    Available Commands:
      bind      Let the sessions of a project use a credential
      create    Store a credential
      delete    Delete a credential
      explain   Explain a finding about a kubeconfig
      get       Show a credential without its secret
      inspect   Show where a kubeconfig leads, and with --access what it can do there
      list      List credentials, all of them unless --limit is given
      token     Print the secret of a credential
      unbind    Take a credential away from the sessions of a project
      update    Change a credential
      validate  Check kubeconfigs, offline

    Flags:
      -h, --help  help for credential

    Global Flags:
          --api-url <URL>               Override the API server URL for this invocation
          --ca-file <PATH>              Also trust the certificate authorities in this PEM file
          --color <WHEN>                When to use color: auto, always or never [default: auto]
          --connect-timeout <DURATION>  Time limit for connecting to the server, e.g. 5s (default 10s)
          --insecure-skip-tls-verify    Skip TLS certificate verification (insecure)
          --jq <EXPRESSION>             Filter the JSON of -o json, which this implies, with a jq
                                        expression; strings are printed without quotes
          --local                       Use the embedded API on this machine instead of a server
          --no-input                    Never prompt; fail if input is missing
          --print-curl                  Show each request as a curl command that takes the token from
                                        $AMBIENT_TOKEN
          --project <NAME>              Project to work in
      -q, --quiet                       Print only names in lists, and only warnings and errors on
                                        stderr
          --request-timeout <DURATION>  Time limit for one request, e.g. 90s (default 30s)
          --retries <N>                 How often to retry a request that is safe to repeat [default: 2]
          --send-login                  Send the stored login to an address other than its own, such as
                                        a port-forward to the same server
          --trace                       Like --verbose, with headers and bodies; secrets are masked
      -v, --verbose                     Log requests and responses to stderr

    Use "acpctl credential [command] --help" for more information about a command.
    "#);
}

#[test]
fn help_of_credential_create_groups_its_flags() {
    assert_snapshot!(said("credential create --help"), @r"
    Store a credential

    The secret comes from exactly one source: --from-file, --token, or standard input. Without a source,
    you are prompted for it on a terminal. A kubeconfig is cut to one self-contained context. What would
    be stored is validated as Kubernetes' own client does, and checked for what breaks in a session's
    container, before it is sent. A file that holds a kubeconfig needs no --provider.

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
          --allow-duplicate            Store it even if you can already see a credential of this name
          --annotations <JSON>         Annotations, as a JSON object
          --description <DESCRIPTION>  Description
          --dry-run                    Do everything except sending: show what would be stored
          --email <EMAIL>              E-mail address of the account
      -f, --from-file <PATH|->         Read the secret from this file, or from stdin for -
      -h, --help                       help for create
          --if-exists <WHAT>           What to do if there is a credential of this name:
                                       error|skip|update (default: error, unless it holds the same)
          --labels <JSON>              Labels, as a JSON object
          --name <NAME>                Name; for a kubeconfig the context's name by default
      -o, --output <FORMAT>            Output format:
                                       table|wide|json|yaml|name|jsonpath=TEMPLATE|custom-columns=TITLE:PATH,...
          --provider <PROVIDER>        Provider: github|gitlab|jira|google|vertex|kubeconfig or another
          --token <VALUE|-|@PATH>      The secret: a literal (visible to other users of this machine), -
                                       or @- for stdin, @PATH for a file
          --url <URL>                  Address of the service

    Kubeconfig Flags:
          --all-contexts        Keep every context; files are still inlined
          --allow <CODE>        Accept findings with this code (repeatable)
          --allow-file <DIR>    Also read files that the kubeconfig names from this folder (repeatable)
          --context <NAME>      Keep this context (default: the file's current-context); if no source is
                                given, read KUBECONFIG
          --min-ttl <DURATION>  Reject credentials that expire sooner than this, e.g. 12h or 7d
          --no-flatten          Store the text as it is: cut nothing and inline no file
          --skip-validation     Store the file unchecked; sessions that use it may fail
          --strict              Treat warnings as errors

    Global Flags:
          --api-url <URL>               Override the API server URL for this invocation
          --ca-file <PATH>              Also trust the certificate authorities in this PEM file
          --color <WHEN>                When to use color: auto, always or never [default: auto]
          --connect-timeout <DURATION>  Time limit for connecting to the server, e.g. 5s (default 10s)
          --insecure-skip-tls-verify    Skip TLS certificate verification (insecure)
          --jq <EXPRESSION>             Filter the JSON of -o json, which this implies, with a jq
                                        expression; strings are printed without quotes
          --local                       Use the embedded API on this machine instead of a server
          --no-input                    Never prompt; fail if input is missing
          --print-curl                  Show each request as a curl command that takes the token from
                                        $AMBIENT_TOKEN
          --project <NAME>              Project to work in
      -q, --quiet                       Print only names in lists, and only warnings and errors on
                                        stderr
          --request-timeout <DURATION>  Time limit for one request, e.g. 90s (default 30s)
          --retries <N>                 How often to retry a request that is safe to repeat [default: 2]
          --send-login                  Send the stored login to an address other than its own, such as
                                        a port-forward to the same server
          --trace                       Like --verbose, with headers and bodies; secrets are masked
      -v, --verbose                     Log requests and responses to stderr
    ");
}

#[test]
fn a_wrong_line_is_told_what_is_wrong() {
    assert_snapshot!(said("credental list"), @r#"
    --- standard error
    Error: unknown command "credental" for "acpctl"

    Did you mean this?
    	credential

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
    Hint: CREDENTIAL is missing; usage: acpctl credential get <CREDENTIAL> [flags]
    --- exit status 2
    ");
    assert_snapshot!(said("credential list -o xml"), @r#"
    --- standard error
    Error: unknown output format "xml": valid formats are table, wide, json, yaml, name, jsonpath=TEMPLATE, custom-columns=TITLE:PATH,...
    --- exit status 2
    "#);
}
