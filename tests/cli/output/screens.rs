//! The screens of lists and of `describe`, in a small window and in a wide one.

use insta::assert_snapshot;

use crate::output::{screen, world};
use crate::support::TestEnv;

/// The screen at 80 columns, and the one at 200 columns if it differs.
fn both(line: &str) -> String {
    let server = world();
    let [small, wide] = [80, 200]
        .map(|columns| without_dates(&screen(&TestEnv::new(), server.url(), line, columns)));
    if small == wide {
        return small;
    }
    format!("{small}\n--- 200 columns\n{wide}")
}

/// Replaces the dates of what the test has made, and ages that grow.
fn without_dates(screen: &str) -> String {
    let line = |line: &str| match line.split_once(" UTC (") {
        Some((before, age)) if age.ends_with("ago)") => {
            let label = &before[..before.len() - "2001-02-03 04:05:06".len()];
            format!("{label}[time] ([age] ago)")
        }
        _ => line.to_owned(),
    };
    screen.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn lists_of_credentials() {
    assert_snapshot!(both("credential list"), @r"
    NAME   PROVIDER     CONTEXT   EXPIRES   USED BY                 AGE
    prod   kubeconfig   team-a    in 72y    all projects            3d
    bot    github                           demo, web (one agent)   3d
    The window is too narrow for SERVER; -o wide shows all columns
    status 0
    --- 200 columns
    NAME   PROVIDER     CONTEXT   SERVER                         EXPIRES   USED BY                 AGE
    prod   kubeconfig   team-a    https://api.example.com:6443   in 72y    all projects            3d
    bot    github                                                          demo, web (one agent)   3d
    status 0
    ");
    assert_snapshot!(both("credential list -o wide"), @r"
    NAME   PROVIDER     CONTEXT   SERVER                         EXPIRES                USED BY                 AGE   GRADE   ID                            DESCRIPTION
    prod   kubeconfig   team-a    https://api.example.com:6443   2099-01-01T00:00:00Z   all projects            3d            [id]                          The cluster of team A
    bot    github                                                                       demo, web (one agent)   3d            c2
    status 0
    ");
}

#[test]
fn lists_of_projects_agents_and_sessions() {
    assert_snapshot!(both("get projects"), @r"
    NAME   STATUS   DESCRIPTION          AGE
    demo   active   For demonstrations   3d
    web                                  3d
    status 0
    ");
    assert_snapshot!(both("project list"), @r"
    NAME   STATUS   DESCRIPTION          AGE
    demo   active   For demonstrations   3d
    web                                  3d
    status 0
    ");
    assert_snapshot!(both("agent list"), @r"
    NAME   PROJECT   MODEL           DESCRIPTION   AGE
    lead   demo                                    3d
    dev    demo      claude-sonnet                 3d
    status 0
    ");
    assert_snapshot!(both("get sessions"), @r"
    NAME                 PROJECT   PHASE     MODEL           AGE
    fix-the-build        demo      Running   claude-sonnet   3d
    日本語のセッション   demo      Failed                    3d
    status 0
    ");
    assert_snapshot!(both("agent sessions lead"), @r"
    No sessions yet. Make one: acpctl agent start AGENT
    status 0
    ");
}

#[test]
fn lists_of_the_other_kinds() {
    assert_snapshot!(both("scheduled-session list"), @r"
    NAME      SCHEDULE    TIMEZONE   ENABLED   NEXT RUN
    nightly   0 2 * * *   UTC        true      2099-01-01T02:00:00Z
    status 0
    ");
    assert_snapshot!(both("application list"), @r"
    NAME   PROJECT   SYNC     HEALTH    REPO                               AGE
    shop   demo      Synced   Healthy   https://git.example.com/shop.git   3d
    status 0
    ");
    assert_snapshot!(both("inbox list --pa-id a1"), @r"
    ID   FROM   BODY                                                     READ    AGE
    m1   ci     The build has been red since this morning; please l...   false   3d
    status 0
    --- 200 columns
    ID   FROM   BODY                                                            READ    AGE
    m1   ci     The build has been red since this morning; please look at it.   false   3d
    status 0
    ");
    assert_snapshot!(both("get role-bindings"), @r"
    TARGET   ROLE                HOLDER     AGE
    prod     credential:viewer   dev-user   3d
    bot      credential:owner    ada        3d
    bot      credential:viewer   demo       3d
    bot      credential:viewer   agent a9   3d
    status 0
    ");
    assert_snapshot!(both("get roles"), @r"
    NAME                BUILT-IN   DESCRIPTION
    credential:viewer   false
    credential:owner    false
    status 0
    ");
    assert_snapshot!(both("get users"), @r"
    USERNAME   NAME           EMAIL             AGE
    ada        Ada Lovelace   ada@example.com   3d
    status 0
    ");
    assert_snapshot!(both("get project-settings"), @r"
    No project settings
    status 0
    ");
}

#[test]
fn providers_policies_and_clusters() {
    assert_snapshot!(both("provider list"), @r"
    NAME     TYPE     SECRET     NAMESPACE   AGE
    github   github   gh-token   demo        3d
    status 0
    ");
    assert_snapshot!(both("provider get github"), @r#"
    NAME     TYPE     SECRET     NAMESPACE   AGE
    github   github   gh-token   demo        3d
    The secret "gh-token" is a Kubernetes Secret in the project's namespace, which
      administrators make; sessions get nothing of a credential that is stored with
      acpctl
    status 0
    --- 200 columns
    NAME     TYPE     SECRET     NAMESPACE   AGE
    github   github   gh-token   demo        3d
    The secret "gh-token" is a Kubernetes Secret in the project's namespace, which administrators make; sessions get nothing of a credential that is stored with acpctl
    status 0
    "#);
    assert_snapshot!(both("describe provider github"), @r"
    Provider github
      ID:         pr1
      Created:    [time] ([age] ago)
      Namespace:  demo
      Project:    demo
      Secret:     gh-token
      Type:       github
    status 0
    ");
    assert_snapshot!(both("policy list"), @r"
    NAME    SECTIONS              NAMESPACE   AGE
    tight   filesystem, network               3d
    status 0
    ");
    assert_snapshot!(both("policy get tight"), @r"
    NAME    SECTIONS              NAMESPACE   AGE
    tight   filesystem, network               3d
    status 0
    ");
    assert_snapshot!(both("describe policy tight"), @r"
    Policy tight
      ID:       po1
      Created:  [time] ([age] ago)
      Project:  demo

    Spec
      network:     {}
      filesystem:  {}
    status 0
    ");
    assert_snapshot!(both("get clusters"), @r"
    NAME   ROLE     STATUS   API SERVER                      AGE
    east   worker   Ready    https://east.example.com:6443   3d
    status 0
    ");
    assert_snapshot!(both("describe cluster east"), @r"
    Cluster east
      ID:              cl1
      Created:         [time] ([age] ago)
      API server URL:  https://east.example.com:6443
      Role:            worker
      Status:          Ready
    status 0
    ");
}

#[test]
fn several_objects_on_one_screen() {
    assert_snapshot!(both("credential get prod bot"), @r"
    NAME   PROVIDER     CONTEXT   EXPIRES   USED BY                 AGE
    prod   kubeconfig   team-a    in 72y    all projects            3d
    bot    github                           demo, web (one agent)   3d
    The window is too narrow for SERVER; -o wide shows all columns
    status 0
    --- 200 columns
    NAME   PROVIDER     CONTEXT   SERVER                         EXPIRES   USED BY                 AGE
    prod   kubeconfig   team-a    https://api.example.com:6443   in 72y    all projects            3d
    bot    github                                                          demo, web (one agent)   3d
    status 0
    ");
    assert_snapshot!(both("describe agent lead dev"), @r"
    Agent lead
      ID:               a1
      Created:          [time] ([age] ago)
      Current session:  fix-the-build (s1)
      Project:          demo

    Prompt
      Lead the team.

    Agent dev
      ID:         a2
      Created:    [time] ([age] ago)
      LLM model:  claude-sonnet
      Project:    demo
    status 0
    ");
}

#[test]
fn other_commands() {
    assert_snapshot!(both("agent get lead"), @r"
    NAME   PROJECT   MODEL   DESCRIPTION   AGE
    lead   demo                            3d
    status 0
    ");
    assert_snapshot!(both("scheduled-session get nightly"), @r"
    NAME      SCHEDULE    TIMEZONE   ENABLED   NEXT RUN
    nightly   0 2 * * *   UTC        true      2099-01-01T02:00:00Z
    status 0
    ");
    assert_snapshot!(both("application get shop"), @r"
    NAME   PROJECT   SYNC     HEALTH    REPO                               AGE
    shop   demo      Synced   Healthy   https://git.example.com/shop.git   3d
    status 0
    ");
    assert_snapshot!(both("project current"), @r"
    Current project: demo (from AMBIENT_PROJECT environment variable)
    status 0
    ");
    assert_snapshot!(both("credential bindings bot"), @r"
    PROJECT   TYPE      TARGET   STATE       AGE
    demo      project   demo     direct      3d
    demo      agent     dev      inherited
    demo      agent     lead     inherited
    web       agent     a9       direct      3d
    status 0
    ");
    assert_snapshot!(both("wait session/fix-the-build --for Running"), @r"
    session/s1 is Running
    status 0
    ");
    assert_snapshot!(both("credential get nope"), @r#"
    Error: get credential "nope": ambient API error 404: ambient-api-server-7 — not
      found
    Hint: no credential that you may see has this ID or name; those that exist:
      acpctl credential list
    status 3
    --- 200 columns
    Error: get credential "nope": ambient API error 404: ambient-api-server-7 — not found
    Hint: no credential that you may see has this ID or name; those that exist: acpctl credential list
    status 3
    "#);
    assert_snapshot!(both("config path"), @r"
    [home]/.config/ambient/config.json
    status 0
    ");
    assert_snapshot!(both("alias list"), @r"
    No aliases yet. Make one: acpctl alias set NAME -- WORDS...
    status 0
    ");
}

#[test]
fn settings_and_pages_of_help() {
    assert_snapshot!(both("config view"), @r"
    KEY                   VALUE
    api_url               http://127.0.0.1:[port]
    local                 false
    access_token          [REDACTED]
    project               demo
    request_timeout       30s
    connect_timeout       10s
    retries               2
    polling_interval      2s
    insecure_tls_verify   false
    pager                 (not set)
    status 0
    ");
    assert_snapshot!(both("config view --origin"), @r"
    KEY                   VALUE                    ORIGIN
    api_url               http://127.0.0.1:[port]   environment
    local                 false                    environment
    access_token          [REDACTED]               environment
    project               demo                     environment
    request_timeout       30s                      default
    connect_timeout       10s                      default
    retries               2                        default
    polling_interval      2s                       default
    insecure_tls_verify   false                    default
    pager                 (not set)                default
    status 0
    ");
    assert_snapshot!(both("options"), @r#"
    Every command takes these flags, before or after its name.

    Global Flags:
      -U, --api-url <URL>        Override the API server URL for this invocation
          --ca-file <PATH>       Also trust the certificate authorities in this PEM
                                 file
          --color <WHEN>         When to use color: auto, always or never [default:
                                 auto]
          --connect-timeout <DURATION>
                                 Time limit for connecting to the server, e.g. 5s
                                 (default 10s)
          --context-name <NAME>  Server of the configuration to use, one of "acpctl
                                 config get-contexts"; local is the embedded API
          --insecure-skip-tls-verify
                                 Skip TLS certificate verification (insecure)
          --jq <EXPRESSION>      Filter the JSON of -o json, which this implies,
                                 with a jq expression; strings are printed without
                                 quotes
          --local                Use the embedded API on this machine instead of a
                                 server
          --no-input             Never prompt; fail if input is missing
          --print-curl           Show each request as a curl command that takes the
                                 token from $AMBIENT_TOKEN
          --project <NAME>       Project to work in
      -q, --quiet                Print only names, and only warnings and errors on
                                 stderr
          --request-timeout <DURATION>
                                 Time limit for one request, e.g. 90s (default 30s)
          --retries <N>          How often to retry a request that is safe to repeat
                                 (default 2)
          --send-login           Send the stored login to an address other than its
                                 own, such as a port-forward to the same server
          --trace                Like --verbose, with headers and bodies; secrets
                                 are masked
      -v, --verbose              Log requests and responses to stderr

    Flags Without a Command:
      -h, --help     Show help; after a command, the help of that command
      -V, --version  Print the version; without a command, -v does the same
    status 0
    --- 200 columns
    Every command takes these flags, before or after its name.

    Global Flags:
      -U, --api-url <URL>        Override the API server URL for this invocation
          --ca-file <PATH>       Also trust the certificate authorities in this PEM file
          --color <WHEN>         When to use color: auto, always or never [default: auto]
          --connect-timeout <DURATION>
                                 Time limit for connecting to the server, e.g. 5s (default 10s)
          --context-name <NAME>  Server of the configuration to use, one of "acpctl config get-contexts"; local is the embedded API
          --insecure-skip-tls-verify
                                 Skip TLS certificate verification (insecure)
          --jq <EXPRESSION>      Filter the JSON of -o json, which this implies, with a jq expression; strings are printed without quotes
          --local                Use the embedded API on this machine instead of a server
          --no-input             Never prompt; fail if input is missing
          --print-curl           Show each request as a curl command that takes the token from $AMBIENT_TOKEN
          --project <NAME>       Project to work in
      -q, --quiet                Print only names, and only warnings and errors on stderr
          --request-timeout <DURATION>
                                 Time limit for one request, e.g. 90s (default 30s)
          --retries <N>          How often to retry a request that is safe to repeat (default 2)
          --send-login           Send the stored login to an address other than its own, such as a port-forward to the same server
          --trace                Like --verbose, with headers and bodies; secrets are masked
      -v, --verbose              Log requests and responses to stderr

    Flags Without a Command:
      -h, --help     Show help; after a command, the help of that command
      -V, --version  Print the version; without a command, -v does the same
    status 0
    "#);
    assert_snapshot!(both("help exit-codes"), @r"
    The exit status tells why a command failed.

      0      success
      1      other failure
      2      usage error
      3      not found
      4      not logged in, or the token was rejected (401)
      5      forbidden (403)
      6      conflict, or an ambiguous name
      7      invalid input data
      8      policy gate: --min-ttl, --max-grade or --strict
      9      network failure or timeout
      10     server error
      11     input required, but prompting is disabled
      12     credential list --expiring-within: credentials expire
      13     credential scan: a stored secret was found
      126    exec, session exec: the command cannot be run
      127    exec, session exec: the command does not exist
      128+n  ended by signal n
    status 0
    ");
    assert_snapshot!(both("credential explain token-expired"), @r"
    token-expired (error)

      the token expired on ...

    Reported if: the token's `exp` or the time of its signing is too long ago; also
    for the id-token of an oidc provider without refresh-token.

    Kubernetes' own client accepts it. To accept it too: --allow token-expired

    Fix: get a new one: `kubectl create token NAME --duration 24h`
    status 0
    --- 200 columns
    token-expired (error)

      the token expired on ...

    Reported if: the token's `exp` or the time of its signing is too long ago; also for the id-token of an oidc provider without refresh-token.

    Kubernetes' own client accepts it. To accept it too: --allow token-expired

    Fix: get a new one: `kubectl create token NAME --duration 24h`
    status 0
    ");
}

#[test]
fn what_a_session_gets() {
    assert_snapshot!(both("session explain --agent lead"), @r"
    PROVIDER     CREDENTIAL   CHOSEN   TIER      AGE   WHY
    github       bot          yes      project   3d    closest tier, oldest binding
    kubeconfig   prod         yes      global    3d    closest tier, oldest binding
    1 more binding decides nothing here; --all shows it
    prod: warning: binding b1: created for one person, but applies to every project
    prod: warning: a sandbox session gets nothing of it: no file, no KUBECONFIG, no
      MCP server
    ways to a cluster from a sandbox: an image of your own or a Kubernetes Secret
      with the login, which an administrator provides; a payload of the agent
      carries files without secrets, because everyone who may read the agent can
      read them; the sandbox policy must allow the cluster's address
    status 0
    --- 200 columns
    PROVIDER     CREDENTIAL   CHOSEN   TIER      AGE   WHY
    github       bot          yes      project   3d    closest tier, oldest binding
    kubeconfig   prod         yes      global    3d    closest tier, oldest binding
    1 more binding decides nothing here; --all shows it
    prod: warning: binding b1: created for one person, but applies to every project
    prod: warning: a sandbox session gets nothing of it: no file, no KUBECONFIG, no MCP server
    ways to a cluster from a sandbox: an image of your own or a Kubernetes Secret with the login, which an administrator provides; a payload of the agent carries files without secrets, because everyone
      who may read the agent can read them; the sandbox policy must allow the cluster's address
    status 0
    ");
    assert_snapshot!(both("session preview --agent lead"), @r"
    github: bot
      time  set      never
      time  renewed  never
      time  removed  never
    kubeconfig: prod
      time  set      never
      time  renewed  never
      time  removed  never
    (every session)
      variable  ANTHROPIC_BASE_URL       https://inference.local
      variable  ANTHROPIC_API_KEY        notused
      variable  HTTPS_PROXY              http://10.200.0.1:3128
      variable  NO_PROXY                 127.0.0.1,localhost
      variable  SSL_CERT_FILE            /etc/openshell-tls/openshell-ca.pem
      variable  REQUESTS_CA_BUNDLE       /etc/openshell-tls/openshell-ca.pem
      variable  NODE_EXTRA_CA_CERTS      /etc/openshell-tls/openshell-ca.pem
      file      /tmp/initial_prompt.txt  the first prompt
    bot: warning: the stored secret is never read: a sandbox session takes the data
      of this provider from a Kubernetes Secret, which an administrator provides
    prod: warning: a sandbox session gets nothing of it: no file, no KUBECONFIG, no
      MCP server
    prod: warning: ways to a cluster from a sandbox: an image of your own or a
      Kubernetes Secret with the login, which an administrator provides; a payload
      of the agent carries files without secrets, because everyone who may read the
      agent can read them; the sandbox policy must allow the cluster's address
    prod: warning: binding b1: created for one person, but applies to every project
    status 0
    --- 200 columns
    PROVIDER     CREDENTIAL        WHAT       NAME                      VALUE
    github       bot               time       set                       never
    github       bot               time       renewed                   never
    github       bot               time       removed                   never
    kubeconfig   prod              time       set                       never
    kubeconfig   prod              time       renewed                   never
    kubeconfig   prod              time       removed                   never
    -            (every session)   variable   ANTHROPIC_BASE_URL        https://inference.local
    -            (every session)   variable   ANTHROPIC_API_KEY         notused
    -            (every session)   variable   HTTPS_PROXY               http://10.200.0.1:3128
    -            (every session)   variable   NO_PROXY                  127.0.0.1,localhost
    -            (every session)   variable   SSL_CERT_FILE             /etc/openshell-tls/openshell-ca.pem
    -            (every session)   variable   REQUESTS_CA_BUNDLE        /etc/openshell-tls/openshell-ca.pem
    -            (every session)   variable   NODE_EXTRA_CA_CERTS       /etc/openshell-tls/openshell-ca.pem
    -            (every session)   file       /tmp/initial_prompt.txt   the first prompt
    bot: warning: the stored secret is never read: a sandbox session takes the data of this provider from a Kubernetes Secret, which an administrator provides
    prod: warning: a sandbox session gets nothing of it: no file, no KUBECONFIG, no MCP server
    prod: warning: ways to a cluster from a sandbox: an image of your own or a Kubernetes Secret with the login, which an administrator provides; a payload of the agent carries files without secrets,
      because everyone who may read the agent can read them; the sandbox policy must allow the cluster's address
    prod: warning: binding b1: created for one person, but applies to every project
    status 0
    ");
    assert_snapshot!(both("get sessions --count"), @r"
    PHASE     COUNT
    Running   1
    Failed    1
    status 0
    ");
}

#[test]
fn errors_on_a_terminal() {
    assert_snapshot!(both("agent delete"), @r"
    Error: requires at least 1 arg(s), only received 0
    Hint: name the agent, or choose by --label or --all
    status 2
    ");
    assert_snapshot!(both("credential lst"), @r#"
    Error: unknown command "lst" for "acpctl credential"
    Hint: did you mean 'acpctl credential list'?
    status 2
    "#);
    assert_snapshot!(both("wait projects/demo"), @r"
    Error: projects have no phases
    Hint: add --for exists or --for deleted
    status 2
    ");
    assert_snapshot!(both("delete roles --all"), @r#"
    Error: --all is only supported for sessions; got "roles"
    Hint: it is also supported for agents, applications, credentials, policies and
      providers
    status 2
    --- 200 columns
    Error: --all is only supported for sessions; got "roles"
    Hint: it is also supported for agents, applications, credentials, policies and providers
    status 2
    "#);
}

#[test]
fn pages_about_one_object() {
    assert_snapshot!(both("describe credential prod"), @r"
    Credential prod
      ID:           [id]
      Created:      [time] ([age] ago)
      Description:  The cluster of team A
      Provider:     kubeconfig

    Cluster access
      Context:  team-a
      Server:   https://api.example.com:6443
      Expires:  2099-01-01 00:00:00 UTC (in 72y)

    Used by
      all projects  credential:viewer  3d ago
    status 0
    ");
    assert_snapshot!(both("describe credential bot"), @r"
    Credential bot
      ID:        c2
      Created:   [time] ([age] ago)
      Provider:  github

    Used by
      demo             credential:viewer  3d ago
      web (one agent)  credential:viewer  3d ago

    Owned by
      ada  credential:owner  3d ago
    status 0
    ");
    assert_snapshot!(both("describe project demo"), @r"
    Project demo
      ID:           demo
      Created:      [time] ([age] ago)
      Description:  For demonstrations
      Status:       active
    status 0
    ");
    assert_snapshot!(both("describe agent lead"), @r"
    Agent lead
      ID:               a1
      Created:          [time] ([age] ago)
      Current session:  fix-the-build (s1)
      Project:          demo

    Prompt
      Lead the team.
    status 0
    ");
    assert_snapshot!(both("describe session fix-the-build"), @r"
    Session fix-the-build
      ID:          s1
      Created:     [time] ([age] ago)
      Agent:       lead (a1)
      LLM model:   claude-sonnet
      Phase:       Running
      Project:     demo
      Start time:  [time] ([age] ago)
    status 0
    ");
    assert_snapshot!(both("describe application shop"), @r"
    Application shop
      ID:                   app1
      Created:              [time] ([age] ago)
      Destination project:  demo
      Health status:        Healthy
      Source path:          deploy
      Source repo URL:      https://git.example.com/shop.git
      Sync status:          Synced
    status 0
    ");
    assert_snapshot!(both("describe role-binding b1"), @r"
    Role binding b1
      ID:          b1
      Created:     [time] ([age] ago)
      Credential:  prod
      Role:        credential:viewer
      Scope:       credential
      User:        dev-user
    status 0
    ");
}
