//! The life of a credential: stored, stored again, bound, changed, deleted.

use insta::assert_snapshot;

use crate::output::just_made;
use crate::support::run::{Line as _, Run as _, credential_create};
use crate::support::{SAMPLE, TestEnv, sample};

#[test]
fn a_kubeconfig_is_stored() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    let create = credential_create("kubeconfig", "prod", &["--from-file", "k.yaml"]);
    assert_snapshot!(env.local().args(&create).shown(), @r#"
    credential/prod created
    --- standard error
    Kept 1 of 2 contexts ("team-a"), dropped 1 user and 1 cluster
    The key of the embedded API's store is in [home]/.local/share/ambient/ambient.key
    "#);
    assert_snapshot!(env.local().args(&create).shown(), @r#"
    credential/prod unchanged
    --- standard error
    Kept 1 of 2 contexts ("team-a"), dropped 1 user and 1 cluster
    "#);
    env.file(
        "k.yaml",
        sample().replace("namespace: ", "namespace: other-"),
    );
    assert_snapshot!(env.local().args(&create).shown(), @r#"
    --- standard error
    Kept 1 of 2 contexts ("team-a"), dropped 1 user and 1 cluster
    Error: credential "prod" already exists ([id])
    Hint: change it (acpctl --local credential update prod --from-file PATH), add --if-exists update or skip, or choose another --name
    --- exit status 6
    "#);
    assert_snapshot!(env.local().args(&create).line("--if-exists update").shown(), @r#"
    credential/prod updated
    --- standard error
    Kept 1 of 2 contexts ("team-a"), dropped 1 user and 1 cluster
    "#);
    assert_snapshot!(env.local().args(&create).arg("--dry-run").shown(), @r#"
    credential/prod unchanged (dry run)
    --- standard error
    Kept 1 of 2 contexts ("team-a"), dropped 1 user and 1 cluster
    "#);
}

#[test]
fn a_credential_is_bound_shown_and_deleted() {
    let env = TestEnv::new();
    env.local().line("create project --name demo").stdout();
    env.local()
        .args(credential_create(
            "kubeconfig",
            "prod",
            &["--from-file", SAMPLE],
        ))
        .stdout();
    let said = |line: &str| env.local().line(line).shown();
    assert_snapshot!(said("credential bind prod --project demo"), @"credential/prod bound to project/demo");
    assert_snapshot!(said("credential bind prod --project demo"), @"credential/prod already bound to project/demo");
    assert_snapshot!(just_made(&said("credential get prod")), @r"
    ID                            NAME                       PROVIDER       DESCRIPTION                        AGE      ·
    [id]                          prod                       kubeconfig                                        0s       ·
    ");
    assert_snapshot!(said("credential update prod --description new"), @"credential/prod updated");
    assert_snapshot!(said("credential unbind prod --project demo"), @"credential/prod unbound from project/demo");
    assert_snapshot!(said("credential delete prod"), @r"
    --- standard error
    Error: add --confirm to delete credential/prod
    Hint: --yes, or -y, does the same
    --- exit status 11
    ");
    assert_snapshot!(said("credential delete prod --yes"), @"credential/prod deleted");
    assert_snapshot!(said("credential delete prod --yes"), @r"
    --- standard error
    Error: delete credential: ambient API error 404: ambient-api-server-7 — Credential with id='prod' not found
    Hint: no credential that you may see has this ID or name; those that exist: acpctl --local credential list
    --- exit status 3
    ");
}
