//! Each table, in a pipe, where its columns are those of the Go tool, and on a terminal, where it fits.

use insta::assert_snapshot;
use serde_json::json;

use crate::output::{screen, world};
use crate::support::TestEnv;
use crate::support::platform::Platform;
use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Scripted, list, nothing};

fn piped(line: &str) -> String {
    let server = world();
    let env = TestEnv::new();
    env.connected(server.url())
        .env("AMBIENT_PROJECT", "demo")
        .line(line)
        .shown()
}

fn on_a_terminal(line: &str) -> String {
    screen(&TestEnv::new(), world().url(), line, 100)
}

#[test]
fn tables_of_credentials() {
    assert_snapshot!(piped("credential list"), @r"
    ID                            NAME                       PROVIDER       DESCRIPTION                        AGE      ·
    [id]                          prod                       kubeconfig     The cluster of team A              3d       ·
    c2                            bot                        github                                            3d       ·
    ");
    assert_snapshot!(piped("get credentials -o wide"), @r"
    ID                            NAME   PROVIDER     DESCRIPTION             AGE   CONTEXT   SERVER                         EXPIRES                GRADE
    [id]                          prod   kubeconfig   The cluster of team A   3d    team-a    https://api.example.com:6443   2099-01-01T00:00:00Z
    c2                            bot    github                               3d
    ");
    assert_snapshot!(on_a_terminal("credential list"), @r"
    NAME   PROVIDER     CONTEXT   SERVER                         EXPIRES   USED BY                 AGE
    prod   kubeconfig   team-a    https://api.example.com:6443   in 72y    all projects            3d
    bot    github                                                          demo, web (one agent)   3d
    status 0
    ");
    assert_snapshot!(on_a_terminal("credential list -o wide"), @r"
    NAME   PROVIDER     CONTEXT   SERVER                         EXPIRES                USED BY                 AGE   GRADE   ID                            DESCRIPTION
    prod   kubeconfig   team-a    https://api.example.com:6443   2099-01-01T00:00:00Z   all projects            3d            [id]                          The cluster of team A
    bot    github                                                                       demo, web (one agent)   3d            c2
    status 0
    ");
}

#[test]
fn a_project_whose_id_reads_like_the_mark_of_an_agent_is_shown_as_a_user() {
    let binding = |id: &str, project: &str| json!({"id": id, "role_id": "R1", "scope": "credential", "credential_id": "c", "project_id": project});
    let state = [
        (
            "/credentials",
            vec![json!({"id": "c", "name": "bot", "provider": "github"})],
        ),
        ("/roles", Vec::new()),
        (
            "/role_bindings",
            vec![binding("b1", "web"), binding("b2", "web (one agent)")],
        ),
    ];
    let state = state.map(|(collection, objects)| (collection.to_owned(), objects));
    let server = Platform::serve(state.into_iter().collect());
    let shown = screen(&TestEnv::new(), server.url(), "credential list", 100);
    assert!(shown.contains(" web, web (one agent)"), "{shown}");
}

#[test]
fn tables_of_projects_and_their_agents() {
    assert_snapshot!(piped("get projects"), @r"
    ID                            NAME                             STATUS   ·
    demo                          demo                             active   ·
    web                           web                                       ·
    ");
    assert_snapshot!(on_a_terminal("get projects"), @r"
    NAME   STATUS   DESCRIPTION          AGE
    demo   active   For demonstrations   3d
    web                                  3d
    status 0
    ");
    assert_snapshot!(piped("agent list"), @r"
    ID                            NAME                       PROJECT                       SESSION                       AGE      ·
    a1                            lead                       demo                          s1                            3d       ·
    a2                            dev                        demo                                                        3d       ·
    ");
    assert_snapshot!(on_a_terminal("agent list"), @r"
    NAME   PROJECT   MODEL           DESCRIPTION   AGE
    lead   demo                                    3d
    dev    demo      claude-sonnet                 3d
    status 0
    ");
    assert_snapshot!(piped("inbox list --pa-id a1"), @r"
    ID                            FROM                   BODY                                                 READ     AGE      ·
    m1                            ci                     The build has been red since this morning; pl...     false    3d       ·
    ");
    assert_snapshot!(on_a_terminal("inbox list --pa-id a1"), @r"
    ID   FROM   BODY                                                            READ    AGE
    m1   ci     The build has been red since this morning; please look at it.   false   3d
    status 0
    ");
}

#[test]
fn tables_of_sessions() {
    assert_snapshot!(piped("get sessions"), @r"
    ID                            NAME                             PROJECT                PHASE          MODEL              AGE      ·
    s1                            fix-the-build                    demo                   Running        claude-sonnet      3d       ·
    s2                            日本語のセッション                        demo                   Failed                            3d       ·
    ");
    assert_snapshot!(on_a_terminal("get sessions"), @r"
    NAME                 PROJECT   PHASE     MODEL           AGE
    fix-the-build        demo      Running   claude-sonnet   3d
    日本語のセッション   demo      Failed                    3d
    status 0
    ");
    assert_snapshot!(piped("scheduled-session list"), @r"
    ID                            NAME                       SCHEDULE               TIMEZONE               ENABLED    NEXT RUN           ·
    ss1                           nightly                    0 2 * * *              UTC                    true       2099-01-01T02:00:00Z
    ");
    assert_snapshot!(on_a_terminal("scheduled-session list"), @r"
    NAME      SCHEDULE    TIMEZONE   ENABLED   NEXT RUN
    nightly   0 2 * * *   UTC        true      2099-01-01T02:00:00Z
    status 0
    ");
}

#[test]
fn tables_of_rights() {
    assert_snapshot!(piped("get role-bindings"), @r"
    ID                            USER                          ROLE                             SCOPE        TARGET                    ·
    b1                            dev-user                      credential:viewer                credential   prod                      ·
    b0                            ada                           credential:owner                 credential   bot                       ·
    b2                                                          credential:viewer                credential   bot                       ·
    b3                                                          credential:viewer                credential   bot                       ·
    ");
    assert_snapshot!(on_a_terminal("get role-bindings"), @r"
    TARGET   ROLE                HOLDER     AGE
    prod     credential:viewer   dev-user   3d
    bot      credential:owner    ada        3d
    bot      credential:viewer   demo       3d
    bot      credential:viewer   agent a9   3d
    status 0
    ");
    assert_snapshot!(piped("get roles"), @r"
    ID                            NAME                             DISPLAY NAME                     BUILT-IN·
    R1                            credential:viewer                                                 false   ·
    R0                            credential:owner                                                  false   ·
    ");
    assert_snapshot!(piped("get users"), @r"
    ID                            USERNAME                         NAME                             EMAIL                                  ·
    u1                            ada                              Ada Lovelace                     ada@example.com                        ·
    ");
}

#[test]
fn tables_of_applications() {
    assert_snapshot!(piped("application list"), @r"
    ID                            NAME                       REPO                                   PROJECT              SYNC         HEALTH       AGE      ·
    app1                          shop                       https://git.example.com/shop.git       demo                 Synced       Healthy      3d       ·
    ");
    assert_snapshot!(on_a_terminal("application list"), @r"
    NAME   PROJECT   SYNC     HEALTH    REPO                               AGE
    shop   demo      Synced   Healthy   https://git.example.com/shop.git   3d
    status 0
    ");
}

#[test]
fn an_empty_list_is_a_table_without_rows() {
    let server = nothing();
    let env = TestEnv::new();
    let mut list = env.connected(server.url());
    assert_snapshot!(list.line("credential list").shown(), @"ID                            NAME                       PROVIDER       DESCRIPTION                        AGE      ·");
    assert_snapshot!(screen(&env, server.url(), "credential list", 100), @r"
    No credentials yet. Make one: acpctl credential create
    status 0
    ");
}

#[test]
fn one_object_in_each_format() {
    assert_snapshot!(piped("get credential prod -o name"), @"credential/prod");
    assert_snapshot!(piped("get credential bot -o json"), @r#"
    {
      "id": "c2",
      "created_at": "[time]",
      "name": "bot",
      "provider": "github"
    }
    "#);
    assert_snapshot!(piped("get credential bot -o yaml"), @r"
    id: c2
    created_at: [time]
    name: bot
    provider: github
    ");
    assert_snapshot!(piped("get credential prod -o jsonpath={.provider}"), @"kubeconfig");
    assert_snapshot!(piped("describe credential prod"), @r#"
    {
      "id": "[id]",
      "created_at": "[time]",
      "annotations": "{\"acpctl/context\":\"team-a\",\"acpctl/server\":\"https://api.example.com:6443\",\"acpctl/expires-at\":\"2099-01-01T00:00:00Z\"}",
      "description": "The cluster of team A",
      "name": "prod",
      "provider": "kubeconfig"
    }
    "#);
    assert_snapshot!(piped("describe session fix-the-build"), @r#"
    {
      "id": "s1",
      "created_at": "[time]",
      "agent_id": "a1",
      "llm_model": "claude-sonnet",
      "name": "fix-the-build",
      "phase": "Running",
      "project_id": "demo",
      "start_time": "2001-02-03T04:05:06Z"
    }
    "#);
}

#[test]
fn what_nobody_created_has_no_age_on_a_terminal() {
    let server = Scripted::with(|_| {
        list([json!({"id": "r1", "name": "viewer", "created_at": "0001-01-01T00:00:00Z"})])
    });
    for line in ["get roles", "get roles -o wide"] {
        let shown = screen(&TestEnv::new(), server.url(), line, 200);
        assert!(shown.contains("viewer"), "{shown}");
        assert!(!shown.contains("106751d"), "{shown}");
    }
}
