//! The private folder, which the command can write to.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::session::exec::exec;
use crate::session::{SECRET, kubeconfig, left, platform, runtime_dir, session};
use crate::support::{TestEnv, streams};

#[test]
fn nothing_in_the_folder_blocks_or_survives() {
    for script in [
        "mkfifo running compat-path record",
        "ln -s /dev/zero running; ln -s / link",
        "mkdir -p a/b/c; touch a/b/c/f; chmod 0 a/b/c; chmod 500 a/b a .",
        "chmod 0 .",
        "rm kubeconfig; mkdir kubeconfig; touch kubeconfig/x; chmod 500 kubeconfig",
        "cd ..; mv \"$AMBIENT_SESSION_DIR\" elsewhere; ln -s / \"$AMBIENT_SESSION_DIR\"; rmdir elsewhere 2>/dev/null; :",
    ] {
        let env = TestEnv::new();
        let script = format!("cd \"$AMBIENT_SESSION_DIR\"; {script}");
        let output = exec(&env, &[], &script);
        let (_, stderr) = streams(&output);
        assert!(output.status.success(), "{script}: {stderr}");
        let secrets = Command::new("grep")
            .args(["-rl", SECRET])
            .arg(runtime_dir(&env))
            .output()
            .unwrap();
        assert_eq!(streams(&secrets).0, "", "{script}");
        let mut rest = left(&env);
        rest.retain(|path| !path.ends_with("elsewhere"));
        assert!(rest.is_empty(), "{script}: {rest:?}");
    }
}

#[test]
fn what_a_command_writes_down_kills_nobody() {
    let env = TestEnv::new();
    let mut other = Command::new("sleep").arg("1000").spawn().unwrap();
    let id = other.id();
    let start = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let start = start
        .rsplit(") ")
        .next()
        .unwrap()
        .split(' ')
        .nth(19)
        .unwrap()
        .to_owned();
    let output = exec(
        &env,
        &[],
        &format!(
            "for f in running record pid; do printf '{id} {start}' >\"$AMBIENT_SESSION_DIR/$f\"; done"
        ),
    );
    assert!(output.status.success());
    assert!(other.try_wait().unwrap().is_none());
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn the_folder_for_temporary_files_may_be_odd() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    fs::create_dir(env.work().join("rel")).unwrap();
    let words = [
        "exec",
        "--credential",
        "kubeconfig",
        "--",
        "sh",
        "-c",
        "cd /; test -f \"$KUBECONFIG\" && dirname \"$AMBIENT_SESSION_DIR\"",
    ];
    let run = |temporary: &str| {
        let output = session(&env, &server, &words)
            .env_remove("XDG_RUNTIME_DIR")
            .env("TMPDIR", temporary)
            .output()
            .unwrap();
        (output.status.code(), streams(&output).0, streams(&output).1)
    };
    let (code, stdout, stderr) = run("rel");
    assert_eq!(code, Some(0), "{stderr}");
    assert!(Path::new(stdout.trim()).is_absolute() && stdout.ends_with("/rel\n"));
    let (code, stdout, stderr) = run("");
    assert_eq!((code, stdout.as_str()), (Some(0), "/tmp\n"), "{stderr}");
    let open = env.home().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let (code, _, stderr) = run(open.to_str().unwrap());
    assert_eq!(code, Some(1));
    assert!(stderr.contains("others can change"), "{stderr}");
    assert_eq!(fs::read_dir(&open).unwrap().count(), 0);
}

#[test]
fn a_runtime_folder_that_was_opened_to_others_is_closed_again() {
    let env = TestEnv::new();
    let base = runtime_dir(&env).join("ambient");
    fs::create_dir(&base).unwrap();
    fs::set_permissions(&base, fs::Permissions::from_mode(0o777)).unwrap();
    let output = exec(&env, &[], "dirname \"$AMBIENT_SESSION_DIR\"");
    assert_eq!(streams(&output).0, format!("{}\n", base.display()));
    let mode = fs::metadata(&base).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn an_umask_that_takes_own_rights_takes_nothing_from_the_folder() {
    let env = TestEnv::new();
    env.file("k.yaml", kubeconfig(SECRET));
    runtime_dir(&env);
    let output = Command::new("sh")
        .args(["-c", "umask 0177; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_acpctl"))
        .args(["session", "exec", "--from-file", "k.yaml", "--"])
        .args(["sh", "-c", "stat -c %a \"$AMBIENT_SESSION_DIR\""])
        .env_clear()
        .envs(env.variables())
        .env("XDG_RUNTIME_DIR", runtime_dir(&env))
        .current_dir(env.work())
        .output()
        .unwrap();
    assert_eq!(streams(&output).0, "700\n", "{}", streams(&output).1);
    assert!(left(&env).is_empty());
}
