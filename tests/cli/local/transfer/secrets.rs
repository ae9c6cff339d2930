//! Secrets go out only where that is asked for, and into private files.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::local::transfer::{SECRET, copy, exported, fill, run, token};
use crate::support::{SAMPLE, TestEnv, streams};

#[test]
fn without_a_folder_no_secret_leaves() {
    let env = TestEnv::new();
    fill(&env);
    let (stdout, stderr) = run(env.acpctl().args(["local", "export"]));
    assert!(!stdout.contains("canary") && !stderr.contains("canary"));
    for variable in [
        "ACP_TOKEN_KUBE",
        "ACP_TOKEN_WEIRD___N_ME___X_",
        "ACP_TOKEN_WEIRD___N_ME___X",
    ] {
        assert!(
            stdout.contains(&format!("  env: {variable}\n")),
            "{variable}: {stdout}"
        );
        assert!(stderr.contains(variable), "{stderr}");
    }
    assert!(stderr.contains("Exported 2 projects, "), "{stderr}");
    let other = TestEnv::new();
    let import = |env: &mut assert_cmd::Command| {
        env.args(["local", "import", "-"])
            .write_stdin(stdout.clone())
            .output()
            .unwrap()
    };
    let refused = import(&mut other.acpctl());
    assert_eq!(refused.status.code(), Some(7));
    let mut command = other.acpctl();
    command
        .env("ACP_TOKEN_KUBE", std::fs::read_to_string(SAMPLE).unwrap())
        .env("ACP_TOKEN_WEIRD___N_ME___X_", "t")
        .env("ACP_TOKEN_WEIRD___N_ME___X", "u");
    assert!(import(&mut command).status.success());
    assert_eq!(run(other.acpctl().args(["local", "export"])).0, stdout);
}

#[test]
fn secrets_are_private_and_move_as_a_folder() {
    let env = TestEnv::new();
    fill(&env);
    exported(&env, "one");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let folder = env.work().join("one/secrets");
    assert_eq!(mode(&folder), 0o700);
    for entry in std::fs::read_dir(&folder).unwrap().flatten() {
        assert_eq!(mode(&entry.path()), 0o600);
    }
    let again = env
        .acpctl()
        .args(["local", "export", "--secrets", "one/secrets"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&again);
    assert!(!again.status.success() && stdout.is_empty(), "{stdout}");
    assert!(
        stderr.contains("a folder that does not exist yet"),
        "{stderr}"
    );
    let other = TestEnv::new();
    copy(&env, &other, "one");
    std::fs::rename(
        other.work().join("one/secrets"),
        other.work().join("elsewhere"),
    )
    .unwrap();
    run(other
        .acpctl()
        .args(["local", "import", "one", "--secrets", "elsewhere"]));
    assert_eq!(token(&other, "weird   näme   x"), SECRET);
}

#[test]
fn only_plain_files_are_replaced() {
    let env = TestEnv::new();
    let output = env
        .acpctl()
        .args(["local", "export", "-o", "/dev/null"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        streams(&output)
            .1
            .contains("\"/dev/null\" is not a regular file")
    );
}
