//! What a manifest may be and hold.

use std::process::Command;

use crate::apply::dry_run;
use crate::support::run::{Line as _, Run as _};
use crate::support::{SAMPLE, TestEnv, streams};

/// What a manifest may look like, and what of it is warned about; nothing of it needs a server.
#[test]
fn manifests_are_read_as_they_stand() {
    let env = TestEnv::new();
    env.file("base/kustomization.yaml", "resources: [a.yaml]\n");
    env.file("base/a.yaml", "kind: Agent\nname: a\n");
    env.file(
        "over/kustomization.yaml",
        "resources: [../base]\npatches: [{path: p.yaml, target: {kind: agent}}]\n",
    );
    env.file("over/p.yaml", "kind: Agent\nname: renamed\nprompt: p\n");
    env.file("loop/kustomization.yaml", "resources: [.]\n");
    env.file("inline/kustomization.yaml", "patches: [{patch: 'x'}]\n");
    let dry = |args: &[&str], stdin: &str| {
        let output = env
            .acpctl()
            .args(["apply", "--dry-run"])
            .args(args)
            .write_stdin(stdin)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        (output.status.code(), stdout, stderr)
    };
    let names = |stdin: &str| dry(&["-f", "-"], stdin).1;
    assert!(names("{\"kind\": \"Agent\", \"name\": \"j\"}").ends_with("  agent/j\n"));
    assert!(
        names("x: [&a {name: m}, &b {name: n, kind: Agent}]\n<<: [*a, *b]\n")
            .ends_with("  agent/m\n")
    );
    let (code, _, stderr) = dry(
        &["-f", "-"],
        "apiVersion: v1\nkind: Agent\nmetadata: {name: x}\n",
    );
    assert_eq!(code, Some(7));
    assert!(stderr.contains("metadata.name is not supported; use a top-level name"));
    assert!(dry(&["-k", "over"], "").1.ends_with("  agent/a\n"));
    for folder in ["loop", "inline"] {
        assert_eq!(dry(&["-k", folder], "").0, Some(7), "{folder}");
    }
    let (code, stdout, stderr) = dry(
        &["-f", "-"],
        "kind: Credential\nname: c\ntoken: [canary-x]\n",
    );
    assert_eq!((code, stdout.as_str()), (Some(7), ""));
    assert_eq!(
        stderr,
        "Error: parse YAML: yaml: unmarshal errors:\n  line 3: cannot unmarshal !!seq into string\n"
    );
}

#[test]
fn a_kind_or_key_that_is_nearly_right_is_an_error() {
    let env = TestEnv::new();
    for (manifest, error) in [
        (
            "kind: Credental\nname: a\n",
            "unknown kind \"Credental\"\nHint: did you mean Credential?",
        ),
        (
            "kind: Agents\nname: a\n",
            "unknown kind \"Agents\"\nHint: did you mean Agent?",
        ),
        (
            "kind: Agnet\nname: a\n",
            "unknown kind \"Agnet\"\nHint: did you mean Agent?",
        ),
        (
            "kind: role-binding\n",
            "unknown kind \"role-binding\"\nHint: did you mean RoleBinding?",
        ),
        (
            "kind: Agent\nname: a\npromt: x\n",
            "agent/a: unknown key \"promt\"\nHint: did you mean prompt?",
        ),
        (
            "kind: Credential\nname: a\ntoken_from: {env: X}\n",
            "credential/a: unknown key \"token_from\"\nHint: did you mean tokenFrom?",
        ),
        (
            "kind: RoleBinding\nname: a\nuserId: x\n",
            "rolebinding/a: unknown key \"userId\"\nHint: did you mean user_id?",
        ),
    ] {
        let (code, stdout, stderr) = dry_run(&env, &["-f", "-"], manifest);
        assert_eq!((code, stdout.as_str()), (Some(7), ""), "{manifest}");
        assert_eq!(stderr, format!("Error: {error}\n"));
    }
}

#[test]
fn a_fault_names_its_file_and_document() {
    let env = TestEnv::new();
    env.file("team/a.yaml", "kind: Project\nname: a\n");
    env.file("team/b.yaml", "kind: Agent\nname: a\nflavour: x\n");
    env.file(
        "team/c.yaml",
        "kind: Agent\nname: a\n---\nkind: Agent\nnme: b\n",
    );
    let (code, _, stderr) = dry_run(&env, &["-f", "team"], "");
    assert_eq!(code, Some(7), "{stderr}");
    assert!(
        stderr.contains("Warning: b.yaml: agent/a: unknown key \"flavour\"\n"),
        "{stderr}"
    );
    assert!(
        stderr.contains("Error: c.yaml, document 2: agent/Agent: unknown key \"nme\"\n"),
        "{stderr}"
    );
    env.file("nameless/c.yaml", "kind: Project\n");
    let (code, _, stderr) = env.local().line("apply -f nameless").told();
    assert_eq!(code, Some(7), "{stderr}");
    assert!(
        stderr.contains("validation failed: name is required\nHint: see c.yaml\n"),
        "{stderr}"
    );
}

#[test]
fn anything_else_unknown_is_counted_and_refused_by_strict() {
    let env = TestEnv::new();
    let manifest = "kind: Agent\nname: a\nflavour: x\n---\nkind: Widget\n---\nname: b\n";
    let warnings = "Warning: document 1: agent/a: unknown key \"flavour\"\n\
                    warning: unknown kind \"Widget\" — skipping\n\
                    warning: a document without a kind — skipping\n";
    let (code, stdout, stderr) = dry_run(&env, &["-f", "-"], manifest);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(
        stdout,
        "dry-run: would apply:\n  agent/a\n  widget/Widget\n"
    );
    assert_eq!(
        stderr,
        format!(
            "{warnings}Warning: 2 documents and 1 unknown key skipped; --strict makes this an error\n"
        )
    );
    let (code, stdout, stderr) = dry_run(&env, &["-f", "-", "--strict"], manifest);
    assert_eq!((code, stdout.as_str()), (Some(8), ""));
    assert!(stderr.starts_with(warnings), "{stderr}");
    assert!(
        stderr.contains("Error: --strict: 2 documents and 1 unknown key would be skipped\n"),
        "{stderr}"
    );
}

#[test]
fn a_kubeconfig_in_the_place_of_a_manifest_is_named() {
    let env = TestEnv::new();
    let sample = std::fs::read_to_string(SAMPLE).unwrap();
    let without_kind = sample.replace("kind: Config\n", "");
    for text in [&sample, &without_kind] {
        env.file("kube.yaml", text);
        let (code, _, stderr) = dry_run(&env, &["-f", "kube.yaml"], "");
        assert_eq!(code, Some(7), "{stderr}");
        assert!(
            stderr.starts_with("Error: this is a kubeconfig, not a manifest\n"),
            "{stderr}"
        );
        assert!(stderr.contains("credential create --provider kubeconfig --from-file kube.yaml"));
    }
}

#[test]
fn two_projects_for_one_document_are_an_error() {
    let env = TestEnv::new();
    let manifest = "kind: Agent\nname: a\nproject: web\n";
    let (code, _, stderr) = dry_run(&env, &["--project", "other", "-f", "-"], manifest);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(
        stderr.contains("agent/a: the manifest says project \"web\", --project says \"other\""),
        "{stderr}"
    );
    assert_eq!(
        dry_run(&env, &["--project", "web", "-f", "-"], manifest).0,
        Some(0)
    );
}

#[test]
fn a_manifest_is_a_plain_file_of_a_fair_size() {
    let env = TestEnv::new();
    env.file("d/x", "");
    for fifo in ["pipe", "d/pipe.yaml"] {
        let made = Command::new("mkfifo").arg(env.work().join(fifo)).status();
        assert!(made.unwrap().success());
    }
    let huge = std::fs::File::create(env.work().join("huge.yaml")).unwrap();
    huge.set_len(3 << 30).unwrap();
    env.file("k/kustomization.yaml", "resources: [../pipe]\n");
    for (flag, path, words) in [
        ("-f", "pipe", "it is not a regular file"),
        ("-f", "/dev/zero", "it is not a regular file"),
        ("-f", "d", "it is not a regular file"),
        ("-f", "huge.yaml", "it has more than"),
        ("-k", "k", "it is not a regular file"),
    ] {
        let (status, _, stderr) = dry_run(&env, &[flag, path], "");
        assert_eq!(status, Some(7), "{path}: {stderr}");
        assert!(stderr.contains(words), "{path}: {stderr}");
    }
    for stdin in ["/dev/stdin", "/dev/fd/0", "-"] {
        let (status, stdout, stderr) = dry_run(&env, &["-f", stdin], "kind: Project\nname: p\n");
        assert_eq!(status, Some(0), "{stdin}: {stderr}");
        assert!(stdout.contains("project/p"), "{stdin}: {stdout}");
    }
}

#[test]
fn paths_are_bytes() {
    use std::os::unix::ffi::OsStrExt as _;
    let env = TestEnv::new();
    let folder = env.work().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("p.yaml"), "kind: Project\nname: p\n").unwrap();
    std::fs::write(folder.join("kustomization.yaml"), "resources: [p.yaml]\n").unwrap();
    for (flag, path) in [
        ("-f", folder.join("p.yaml")),
        ("-f", folder.clone()),
        ("-k", folder),
    ] {
        let mut command = env.local();
        command.args(["apply", "--dry-run", flag]).arg(&path);
        let output = command.output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}: {stderr}",
            path.display()
        );
        assert!(stdout.contains("project/p"), "{stdout}");
    }
}
