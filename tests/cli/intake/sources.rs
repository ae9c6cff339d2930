//! Where a secret comes from: a file, a pipe, a terminal; and what is left alone.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use crate::intake::run;
use crate::support::run::{Line as _, Run as _, credential_create, told};
use crate::support::{TestEnv, pty, sample, streams};

#[test]
fn a_secret_loses_its_byte_order_mark_only() {
    let env = TestEnv::new();
    let wide = |text: &str, mark: bool| -> Vec<u8> {
        let mark = mark.then_some([0xff, 0xfe]).into_iter().flatten();
        mark.chain(text.encode_utf16().flat_map(u16::to_le_bytes))
            .collect()
    };
    for (n, bytes) in [b"\xef\xbb\xbfs3cret\r\n".to_vec(), wide("s3cret\r\n", true)]
        .iter()
        .enumerate()
    {
        env.file("secret", bytes);
        let name = format!("n{n}");
        let (status, _, stderr) = run(
            &env,
            &credential_create("github", &name, &["--from-file", "secret"]),
        );
        assert_eq!(status, Some(0), "{stderr}");
        let (_, stdout, _) = run(&env, &["credential", "token", &name]);
        assert_eq!(stdout, "s3cret\n");
    }
    env.file("secret", wide("s3cret", false));
    let (status, _, stderr) = run(
        &env,
        &credential_create("github", "n", &["--from-file", "secret"]),
    );
    assert_eq!(status, Some(7), "{stderr}");
    assert!(stderr.contains("UTF-16"), "{stderr}");
}

#[test]
fn a_piped_secret_is_stored_and_a_missing_one_is_an_error() {
    let env = TestEnv::new();
    let args = credential_create("github", "n", &[]);
    let output = env
        .local()
        .args(&args)
        .write_stdin("s3cret\n")
        .output()
        .unwrap();
    assert!(output.status.success());
    let (_, stdout, _) = run(&env, &["credential", "token", "n"]);
    assert_eq!(stdout, "s3cret\n");
    let silent = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_acpctl"));
        command.env_clear().envs(env.variables()).arg("--local");
        command.args(&args).args(more).stdin(Stdio::null());
        told(&command.output().unwrap())
    };
    let (status, stdout, stderr) = silent(&[]);
    assert_eq!((status, stdout.as_str()), (Some(11), ""), "{stderr}");
    let (status, _, stderr) = silent(&["--token", ""]);
    assert_eq!(status, Some(7), "{stderr}");
    let (status, _, stderr) = silent(&["--allow", "no-secret"]);
    assert_eq!(status, Some(0), "{stderr}");
}

#[test]
fn the_list_of_a_loop_is_left_alone() {
    let env = TestEnv::new();
    let config = env.file("k.yaml", sample());
    env.file("list", "team-a\nother\n");
    let program = env!("CARGO_BIN_EXE_acpctl");
    let shell = |script: &str| {
        let mut command = Command::new("sh");
        command
            .env_clear()
            .envs(env.variables())
            .current_dir(env.work());
        command
            .env("KUBECONFIG", &config)
            .env("PATH", "/usr/bin:/bin")
            .env("P", program);
        told(
            &command
                .args(["-c", script])
                .stdin(Stdio::null())
                .output()
                .unwrap(),
        )
    };
    for loops in [
        "while read -r c; do $P --local credential create --provider kubeconfig --if-exists update --context $c --name k-$c; done <list",
        "cat list | while read -r c; do $P --local credential create --provider kubeconfig --if-exists update --context $c --name k-$c; done",
    ] {
        let (_, stdout, stderr) = shell(loops);
        assert!(
            stdout.contains("credential/k-team-a") && stdout.contains("credential/k-other"),
            "{stdout}{stderr}"
        );
        assert!(stderr.contains("standard input was not read"), "{stderr}");
    }
    let (_, stdout, stderr) = shell(
        "while read -r c; do $P --local credential create --provider github --name $c; echo round; done <list",
    );
    assert_eq!(stdout, "round\nround\n", "{stderr}");
    assert!(stderr.contains("standard input was not read"), "{stderr}");
    // A change without a field and without a secret is no success.
    for (line, status, words) in [
        (
            "",
            Some(11),
            "Error: no secret given, and standard input was not read",
        ),
        (
            "--description d",
            Some(0),
            "Warning: standard input was not read",
        ),
        (
            "< /dev/null",
            Some(0),
            "Warning: nothing to change: no flag names a field",
        ),
    ] {
        let (code, stdout, stderr) = shell(&format!(
            "while read -r c; do $P --local credential update k-other {line}; exit; done <list"
        ));
        assert_eq!(code, status, "{line}: {stdout}{stderr}");
        assert!(stderr.contains(words), "{line}: {stderr}");
    }
    let (status, ..) = shell(
        "while read -r c; do $P --local credential create --provider kubeconfig --strict --context $c --name s; exit; done <list",
    );
    assert_eq!(status, Some(8));
}

#[test]
fn a_wrapper_passes_its_pipe_on() {
    let env = TestEnv::new();
    env.file("s2", "s3cret-of-the-file");
    let shell = |script: &str| {
        let mut command = Command::new("sh");
        command.env_clear().envs(env.variables());
        command.current_dir(env.work()).env("PATH", "/usr/bin:/bin");
        command.env("P", env!("CARGO_BIN_EXE_acpctl"));
        let command = command.args(["-c", script]).stdin(Stdio::null());
        told(&command.output().unwrap())
    };
    let wrapped = "timeout 60 timeout 50 $P --local credential";
    let piped = |line: &str| shell(&format!("printf s3cret-of-the-pipe | {wrapped} {line}"));
    for line in [
        "create --provider github --name a",
        "create --provider github --name b -f s2",
        "update b",
    ] {
        let (status, _, stderr) = piped(line);
        assert_eq!(status, Some(0), "{line}: {stderr}");
    }
    for name in ["a", "b"] {
        let (_, stdout, _) = run(&env, &["credential", "token", name]);
        assert_eq!(stdout, "s3cret-of-the-pipe\n", "{name}");
    }
    let line = "create --provider github --name c -f s2 --strict";
    let (status, _, stderr) = piped(line);
    assert_eq!(status, Some(8), "{stderr}");
    // The list of a loop stays the list of the loop.
    for script in [
        "printf 'x\\ny\\n' | while read -r c; do LINE; echo $?; done",
        "printf 'x\\ny\\n' | { read -r c; LINE; echo $?; read -r c; echo 11; }",
        "printf '%s\\necho $?\\necho 11\\n' 'LINE' | sh",
    ] {
        let line = format!("{wrapped} create --provider github --name d");
        let (_, stdout, stderr) = shell(&script.replace("LINE", &line));
        assert_eq!(stdout, "11\n11\n", "{script}: {stderr}");
        assert!(stderr.contains("standard input was not read"), "{stderr}");
    }
}

#[test]
fn a_pipe_beside_a_named_source_is_told_and_refused_with_strict() {
    let env = TestEnv::new();
    env.file("s2", "s3cret-of-the-file");
    env.file("k.yaml", sample());
    let stored = credential_create("github", "old", &["--token", "@s2"]);
    assert_eq!(run(&env, &stored).0, Some(0));
    for (line, strict) in [
        ("create --provider github --name a --token @s2", Some(8)),
        ("create --provider github --name b -f s2", Some(8)),
        ("create --name c -f k.yaml", Some(8)),
        ("update old --token @s2", Some(8)),
        // It is read.
        ("create --provider github --name d --token -", Some(0)),
    ] {
        let piped = |flags: &str| {
            let mut command = env.local();
            command.args(["credential"]).line(line).line(flags);
            told(&command.write_stdin("s3cret-of-the-pipe").output().unwrap())
        };
        let (status, _, stderr) = piped("--strict");
        assert_eq!(status, strict, "{line}: {stderr}");
        if strict == Some(8) {
            let what = "standard input was not read: the secret comes from ";
            assert!(stderr.contains(what), "{line}: {stderr}");
            let (status, _, stderr) = piped("");
            assert_eq!(status, Some(0), "{line}: {stderr}");
        }
    }
}

#[test]
fn a_missing_secret_is_asked_for_without_echo() {
    let env = TestEnv::new();
    let args = [
        "--local",
        "credential",
        "create",
        "--provider",
        "github",
        "--name",
        "n",
    ];
    let terminal = pty::start(&env, "local:", &args, 24, 100);
    terminal.wait_for("Secret (not shown):");
    terminal.wait_for_no_echo();
    terminal.type_text("s3cret-typed\r");
    let screen = terminal.wait_for("status 0");
    assert!(screen.contains("credential/n created"), "{screen}");
    assert!(!terminal.written().contains("s3cret-typed"));
}

#[test]
fn paths_are_bytes() {
    let env = TestEnv::new();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
    let folder = env.work().join(name);
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("k.yaml"), sample()).unwrap();
    fs::create_dir_all(env.home().join(".kube")).unwrap();
    fs::write(
        env.home().join(".kube/config"),
        sample().replace("team-a", "wrong"),
    )
    .unwrap();
    let path = folder.join("k.yaml");
    let mut at = std::ffi::OsString::from("@");
    at.push(&path);
    let mut joined = std::ffi::OsString::from("--from-file=");
    joined.push(&path);
    let base = [
        "--local",
        "credential",
        "create",
        "--provider",
        "kubeconfig",
        "--name",
        "n",
        "--dry-run",
    ];
    for words in [
        vec!["--from-file".into(), path.clone().into_os_string()],
        vec![joined],
        vec!["--token".into(), at],
    ] {
        let output = env.acpctl().args(base).args(&words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", streams(&output).1);
    }
    let output = env
        .acpctl()
        .args(["credential", "validate"])
        .arg(&path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", streams(&output).1);
    let output = Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .env("KUBECONFIG", &path)
        .args(base)
        .args(["--context", "team-a"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "the variable's file, not another: {}",
        streams(&output).1
    );
}

#[test]
fn a_tilde_is_explained() {
    let env = TestEnv::new();
    for args in [
        &[
            "credential",
            "create",
            "--provider",
            "kubeconfig",
            "--from-file",
            "~/k.yaml",
        ][..],
        &["credential", "validate", "~/k.yaml"],
    ] {
        let (status, _, stderr) = run(&env, args);
        assert_eq!(status, Some(7), "{stderr}");
        assert!(
            stderr.contains("nothing expands the ~ here; write "),
            "{stderr}"
        );
    }
}

#[test]
fn a_second_file_is_refused() {
    let env = TestEnv::new();
    env.file("token", "s3cret\n");
    env.file("k.yaml", sample());
    for line in [
        "credential create --name n -f token -f k.yaml",
        "credential update n -f token --from-file=k.yaml",
        "apply -f token -f k.yaml",
    ] {
        let (status, stdout, stderr) = env.local().line(line).told();
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{line}: {stderr}");
    }
    let (_, _, stderr) = env.local().line("apply -f token -f k.yaml").told();
    assert!(stderr.contains("--filename is given twice"), "{stderr}");
    // The same file again takes nothing away.
    let line = "credential create -f k.yaml --from-file k.yaml --dry-run";
    env.local().line(line).stdout();
}

#[test]
fn a_file_that_everybody_may_change_causes_a_warning() {
    let env = TestEnv::new();
    let path = env.file("k.yaml", sample());
    let warned = |mode: u32| {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let line = "credential create -f k.yaml --dry-run";
        env.local().line(line).told().2.contains("chmod 600")
    };
    assert!(warned(0o666) && !warned(0o644));
}

#[test]
fn a_bare_token_is_no_kubeconfig_and_needs_a_provider() {
    let env = TestEnv::new();
    env.file("token", "s3cret\n");
    let (status, _, stderr) = env.local().line("credential create -f token").told();
    assert_eq!(status, Some(2), "{stderr}");
    assert!(
        stderr.starts_with("Error: token is not a kubeconfig: --provider is required\n"),
        "{stderr}"
    );
}

#[test]
fn quiet_leaves_out_what_is_assumed() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    // The first write says where the store's key is.
    env.local()
        .line("credential create -f k.yaml --name first")
        .stdout();
    let line = "credential create -f k.yaml --name n";
    let (_, _, loud) = env.local().line(line).arg("--dry-run").told();
    assert!(loud.contains("is assumed"), "{loud}");
    let quiet = env.local().line(line).arg("-q").told();
    assert_eq!(quiet.0, Some(0));
    assert_eq!((quiet.1.as_str(), quiet.2.as_str()), ("n\n", ""));
}

#[test]
fn a_broken_kubeconfig_is_told_by_its_line() {
    let env = TestEnv::new();
    env.file("bad.yaml", sample().replace("contexts:", "contexts: ["));
    let (status, stdout, stderr) = env.local().line("credential create -f bad.yaml").told();
    assert_eq!((status, stdout.as_str()), (Some(7), ""), "{stderr}");
    assert!(
        stderr.starts_with("bad.yaml:") && stderr.contains("error[yaml-syntax]"),
        "{stderr}"
    );
}

#[test]
fn a_second_credential_of_a_name_is_told() {
    let env = TestEnv::new();
    env.file("token", "ghp_0123456789");
    let line = "credential create --provider github --name bot -f token";
    let first = env.local().line(line).told();
    assert!(!first.2.contains("credentials of the name"), "{}", first.2);
    let warning = "of the name \"bot\", so that only IDs tell them apart (acpctl --local credential list -o wide); add --if-exists update or skip, or --allow-duplicate\n";
    let (status, stdout, stderr) = env.local().line(line).arg("--dry-run").told();
    assert_eq!(status, Some(0));
    assert_eq!(stdout, "credential/bot created (dry run)\n");
    assert_eq!(
        stderr,
        format!("Warning: there would then be 2 credentials {warning}")
    );
    let (status, stdout, stderr) = env.local().line(line).told();
    assert_eq!(
        (status, stdout.as_str()),
        (Some(0), "credential/bot created\n")
    );
    assert_eq!(
        stderr,
        format!("Warning: there are now 2 credentials {warning}")
    );
    let meant = env.local().line(line).arg("--allow-duplicate").told();
    assert_eq!((meant.0, meant.2.as_str()), (Some(0), ""));
}
