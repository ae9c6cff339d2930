//! What a session will get, and why.

use insta::assert_snapshot;

use crate::output::{just_made, screen};
use crate::support::run::{Line as _, Run as _, credential_create};
use crate::support::{SAMPLE, TestEnv};

/// A store with a project that has a kubeconfig and one of two GitHub tokens.
fn store() -> TestEnv {
    let env = TestEnv::new();
    let stored = |words: &[&str]| env.local().args(words).stdout();
    stored(&["create", "project", "--name", "demo"]);
    stored(&credential_create(
        "kubeconfig",
        "prod",
        &["--from-file", SAMPLE],
    ));
    stored(&credential_create("github", "bot", &["--token", "t"]));
    stored(&credential_create("github", "spare", &["--token", "t"]));
    stored(&["credential", "bind", "prod", "--project", "demo"]);
    stored(&["credential", "bind", "bot", "--project", "demo"]);
    env
}

#[test]
fn a_preview_shows_files_variables_and_times() {
    let env = store();
    assert_snapshot!(env.local().line("session preview --credential prod").shown(), @r"
    PROVIDER     CREDENTIAL        WHAT       NAME                          VALUE
    kubeconfig   prod              file       /tmp/.ambient_kubeconfig      mode 0600, 2080 bytes
    kubeconfig   prod              variable   KUBECONFIG                    /tmp/.ambient_kubeconfig
    kubeconfig   prod              mcp        openshift                     uvx kubernetes-mcp-server@latest --kubeconfig /tmp/.ambient_kubeconfig --disable-multi-cluster
    kubeconfig   prod              time       set                           when a turn of the session starts
    kubeconfig   prod              time       renewed                       when the next turn starts
    kubeconfig   prod              time       removed                       when the turn ends
    kubeconfig   prod              time       expires                       2099-01-01 00:00 UTC
    -            (every session)   variable   GIT_USER_NAME                 Ambient Code Bot
    -            (every session)   variable   GIT_USER_EMAIL                bot@ambient-code.local
    -            (every session)   git        user.name                     Ambient Code Bot
    -            (every session)   git        user.email                    bot@ambient-code.local
    -            (every session)   git        credential.helper             /tmp/git-credential-ambient
    -            (every session)   file       /tmp/git-credential-ambient   mode 0755
    -            (every session)   file       /tmp/ambient-gh-*/gh          mode 0700, its folder first in PATH
    --- standard error
    prod: warning: the session can read the file, and its token with the tool configuration_view
    prod: warning: the platform's MCP server is not pinned to a version, and fails in every new session now: version 0.0.68 and later end with 'unknown flag' at the platform's flags
    prod: warning: an older MCP server that is still installed crashes on its first call after the file was removed at the end of a turn
    ");
    assert_snapshot!(env.local().line("session preview --credential bot").shown(), @r"
    PROVIDER   CREDENTIAL        WHAT       NAME                          VALUE
    github     bot               file       /tmp/.ambient_github_token    mode 0600, 1 bytes
    github     bot               variable   GITHUB_TOKEN                  ********
    github     bot               time       set                           when a turn of the session starts
    github     bot               time       renewed                       when the next turn starts
    github     bot               time       removed                       when the turn ends
    -          (every session)   variable   GIT_USER_NAME                 Ambient Code Bot
    -          (every session)   variable   GIT_USER_EMAIL                bot@ambient-code.local
    -          (every session)   git        user.name                     Ambient Code Bot
    -          (every session)   git        user.email                    bot@ambient-code.local
    -          (every session)   git        credential.helper             /tmp/git-credential-ambient
    -          (every session)   file       /tmp/git-credential-ambient   mode 0755
    -          (every session)   file       /tmp/ambient-gh-*/gh          mode 0700, its folder first in PATH
    --- standard error
    bot: warning: the platform's git helper gives this token to every host with github in its name
    ");
    assert_snapshot!(screen(&env, "local:", "session preview --credential prod", 100), @r"
    kubeconfig: prod
      file      /tmp/.ambient_kubeconfig  mode 0600, 2080 bytes
      variable  KUBECONFIG                /tmp/.ambient_kubeconfig
      mcp       openshift                 uvx kubernetes-mcp-server@latest --kubeconfig
                                          /tmp/.ambient_kubeconfig --disable-multi-cluster
      time      set                       when a turn of the session starts
      time      renewed                   when the next turn starts
      time      removed                   when the turn ends
      time      expires                   2099-01-01 00:00 UTC
    (every session)
      variable  GIT_USER_NAME                Ambient Code Bot
      variable  GIT_USER_EMAIL               bot@ambient-code.local
      git       user.name                    Ambient Code Bot
      git       user.email                   bot@ambient-code.local
      git       credential.helper            /tmp/git-credential-ambient
      file      /tmp/git-credential-ambient  mode 0755
      file      /tmp/ambient-gh-*/gh         mode 0700, its folder first in PATH
    prod: warning: the session can read the file, and its token with the tool configuration_view
    prod: warning: the platform's MCP server is not pinned to a version, and fails in every new session
      now: version 0.0.68 and later end with 'unknown flag' at the platform's flags
    prod: warning: an older MCP server that is still installed crashes on its first call after the file
      was removed at the end of a turn
    status 0
    ");
}

#[test]
fn an_explanation_tells_which_credential_is_chosen() {
    let env = store();
    assert_snapshot!(just_made(&env.local().line("session explain --project demo").shown()), @r"
    PROVIDER     CREDENTIAL   CHOSEN   TIER      AGE   WHY
    github       bot          yes      project   0s    closest tier, oldest binding
    kubeconfig   prod         yes      project   0s    closest tier, oldest binding
    ");
    assert_snapshot!(just_made(&env.local().line("session explain --project demo --all").shown()), @r"
    PROVIDER     CREDENTIAL   CHOSEN   TIER      AGE   WHY
    github       bot          yes      project   0s    closest tier, oldest binding
    kubeconfig   prod         yes      project   0s    closest tier, oldest binding
    github       bot          no       global    0s    states the owner, grants no use
    github       spare        no       global    0s    states the owner, grants no use
    kubeconfig   prod         no       global    0s    states the owner, grants no use
    ");
}

#[test]
fn a_command_without_a_credential_is_not_started() {
    let env = store();
    assert_snapshot!(env.local().line("session exec -- true").shown(), @r"
    --- standard error
    Error: no project is set
    Hint: add --project NAME, name a session, or use --credential or --from-file
    --- exit status 2
    ");
    assert_snapshot!(env.local().line("session exec --credential absent -- true").shown(), @r#"
    --- standard error
    Error: get credential "absent": ambient API error 404: ambient-api-server-7 — Credential with id='absent' not found
    Hint: no credential that you may see has this ID or name; those that exist: acpctl --local credential list
    --- exit status 3
    "#);
}

#[test]
fn an_entry_for_mcp_clients() {
    let env = store();
    let mut config = env.local();
    config.env("PATH", env.home());
    assert_snapshot!(config.line("session mcp-config --credential prod").shown(), @r#"
    {
      "mcpServers": {
        "openshift": {
          "command": "acpctl",
          "args": [
            "--local",
            "session",
            "exec",
            "--target",
            "pod",
            "--credential",
            "prod",
            "--",
            "npx",
            "--yes",
            "kubernetes-mcp-server@0.0.67",
            "--disable-multi-cluster"
          ]
        }
      }
    }
    --- standard error
    Warning: AMBIENT_LOCAL_KEYRING is set in this shell but not in the entry; MCP clients pass few variables on: set them in the client's own settings, or keep the login with 'acpctl login'
    "#);
}
