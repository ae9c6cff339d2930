//! `credential scan`: finds stored secrets wherever they are, and nothing else; never shows them.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::mint::{Bench, MINT};
use crate::support::run::{Line as _, Run as _, credential_create};
use crate::support::server::{Scripted, error, json as answer, list};
use crate::support::{SAMPLE, TestEnv, sample, schema, skipped};

const GITLAB: &str = "glpat-Q7f3kZ9x1mW2aB4cD5eF";
/// A kubeconfig with a client certificate and a key.
const CERTIFICATE: &str = "tests/data/kubeconfigs/030-cert-data.yaml";

/// A store with the sample's token, a GitLab token, and a kubeconfig with a certificate.
fn store() -> TestEnv {
    let env = TestEnv::new();
    let certificate = Path::new(env!("CARGO_MANIFEST_DIR")).join(CERTIFICATE);
    let certificate = certificate.to_string_lossy().into_owned();
    for (provider, name, source) in [
        ("kubeconfig", "prod", ["--from-file", SAMPLE]),
        ("gitlab", "lab", ["--token", GITLAB]),
        ("kubeconfig", "certs", ["--from-file", &certificate]),
    ] {
        env.local()
            .args(credential_create(provider, name, &source))
            .stdout();
    }
    env
}

/// The text that `credential token` prints.
fn stored(env: &TestEnv, name: &str) -> String {
    env.local().line("credential token").arg(name).stdout()
}

/// Searches and returns status, standard output and standard error; none of them shows a secret.
fn scan(env: &TestEnv, line: &str) -> (Option<i32>, String, String) {
    let (code, stdout, stderr) = env.local().line("credential scan").line(line).told();
    let token = sample();
    let token = token
        .lines()
        .find_map(|line| line.trim().strip_prefix("token: "));
    for secret in [GITLAB, token.unwrap().trim_matches('"')] {
        assert!(
            !stdout.contains(secret) && !stderr.contains(secret),
            "{stdout}{stderr}"
        );
    }
    (code, stdout, stderr)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn a_secret_is_found_in_every_form() {
    let env = store();
    let kubeconfig = stored(&env, "prod");
    let encoded = STANDARD.encode(&kubeconfig);
    let wrapped: Vec<&str> = (0..encoded.len())
        .step_by(76)
        .map(|at| &encoded[at..encoded.len().min(at + 76)])
        .collect();
    let manifest = format!(
        "data:\n  kubeconfig: {}\n",
        STANDARD.encode(stored(&env, "certs"))
    );
    let half = &GITLAB[..GITLAB.len() - 1];
    let packed = gzip(format!("at 10:00 {GITLAB}\n").as_bytes());
    for (name, content, finding) in [
        (
            "plain.log",
            format!("one\ntwo Bearer {GITLAB}\n").into_bytes(),
            "2: token of credential \"lab\"",
        ),
        (
            "config.yaml",
            kubeconfig.clone().into_bytes(),
            "token of credential \"prod\"",
        ),
        (
            "one-line",
            encoded.clone().into_bytes(),
            "1: token of credential \"prod\" in base64",
        ),
        (
            "wrapped",
            wrapped.join("\n    ").into_bytes(),
            "token of credential \"prod\" in base64",
        ),
        (
            "secret.yaml",
            manifest.into_bytes(),
            "2: client key of credential \"certs\" in base64 of base64",
        ),
        (
            "basic",
            STANDARD.encode(format!("git:{GITLAB}")).into_bytes(),
            "1: token of credential \"lab\" in base64",
        ),
        (
            "binary",
            [b"\0\x01\xff".as_slice(), GITLAB.as_bytes(), b"\0"].concat(),
            "1: token of credential \"lab\"",
        ),
        (
            "old.log.gz",
            packed.clone(),
            "1: token of credential \"lab\"",
        ),
        (
            "older.log.gz.gz",
            gzip(&packed),
            "1: token of credential \"lab\"",
        ),
        (
            "powershell.log",
            format!("one\r\ntwo {GITLAB}\r\n")
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect(),
            "2: token of credential \"lab\"",
        ),
    ] {
        env.file(&format!("found/{name}"), content);
        let (code, stdout, stderr) = scan(&env, &format!("found/{name}"));
        assert_eq!(code, Some(13), "{name}: {stdout}{stderr}");
        assert!(
            stdout
                .lines()
                .any(|line| line.starts_with(&format!("found/{name}:")) && line.ends_with(finding)),
            "{name}: {stdout}"
        );
        assert!(stderr.contains("Error: "), "{name}: {stderr}");
    }
    // Text that is only like a secret, or the beginning of one.
    env.file("clean/half", &half[..15]);
    env.file(
        "clean/other",
        "glpat-Q7f3kZ9x1mW2aB4cD5eX and eyJhbGciOiJSUzI1NiJ9\n",
    );
    let other = std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/kubeconfigs/513-bp256.yaml"),
    );
    env.file("clean/another-key", other.unwrap());
    let (code, stdout, stderr) = scan(&env, "clean");
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "{stderr}");
    assert!(stderr.contains("Searched 3 files"), "{stderr}");
}

#[test]
fn a_folder_is_searched_without_links_and_each_part_is_reported_once_a_file() {
    let env = store();
    env.file("tree/a/b/leak.txt", format!("{GITLAB}\n").repeat(3));
    env.file("elsewhere/leak.txt", GITLAB);
    std::os::unix::fs::symlink(env.work().join("elsewhere"), env.work().join("tree/link")).unwrap();
    let (code, stdout, _) = scan(&env, "tree");
    assert_eq!(
        (code, stdout.as_str()),
        (
            Some(13),
            "tree/a/b/leak.txt:1: token of credential \"lab\"\n"
        )
    );
    let (code, stdout, _) = scan(&env, "tree -o json");
    let found: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(code, Some(13));
    assert_eq!(found["found"], 1);
    let finding = &found["findings"][0];
    for (key, value) in [
        ("path", json!("tree/a/b/leak.txt")),
        ("line", json!(1)),
        ("credential", json!("lab")),
        ("part", json!("token")),
        ("encoding", json!("plain")),
        ("commit", Value::Null),
    ] {
        assert_eq!(finding[key], value, "{key}");
    }
    // Only one credential.
    let (code, ..) = scan(&env, "tree --credential prod");
    assert_eq!(code, Some(0));
    // Standard input.
    let piped = env
        .local()
        .line("credential scan -")
        .write_stdin(GITLAB)
        .told();
    assert_eq!(
        (piped.0, piped.1.as_str()),
        (Some(13), "-:1: token of credential \"lab\"\n")
    );
}

#[test]
fn a_secret_of_few_characters_is_named_as_not_searched_for() {
    let env = TestEnv::new();
    let secret = "deadbeefdeadbeefdeadbeefdeadbeef";
    let mut create = env.local();
    create.line("credential create --provider github --name beef --token -");
    create.write_stdin(secret).assert().success();
    env.file("log", secret);
    let (code, stdout, stderr) = env.local().line("credential scan log -o json").told();
    let found: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &found["credentials"]), (Some(0), &0.into()));
    assert_eq!(found["not_searched_for"][0]["credential"], "beef");
    let why = "its secret has too few different characters to be recognized";
    assert!(stderr.contains(why), "{stderr}");
}

#[test]
fn what_is_not_searched_is_not_clean() {
    let env = store();
    let (code, stdout, stderr) = scan(&env, "no-such-file");
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert!(
        stderr.contains("Error: read \"no-such-file\": "),
        "{stderr}"
    );
    for (line, said) in [("", "PATH"), ("--git HEAD a b", "--git takes one PATH")] {
        let (code, _, stderr) = scan(&env, line);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains(said), "{stderr}");
    }
    // Damaged, so that its end is unknown.
    env.file("torn.gz", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2]);
    let (code, _, stderr) = scan(&env, "torn.gz");
    assert_eq!(code, Some(1), "{stderr}");
    assert!(
        stderr.contains("nothing was found, but 1 file could not be searched"),
        "{stderr}"
    );
    // A secret that the caller may not read.
    let server = Scripted::with(|request| {
        let target = request.target.trim_start_matches("/api/ambient/v1");
        match target.split('?').next().unwrap() {
            "/credentials" => list([
                json!({"id": "c1", "name": "git", "provider": "github"}),
                json!({"id": "c2", "name": "hub", "provider": "github"}),
                json!({"id": "c3", "name": "pin", "provider": "jira"}),
            ]),
            "/credentials/c1/token" => answer(
                200,
                &json!({"credential_id": "c1", "provider": "github", "token": GITLAB}),
            ),
            "/credentials/c3/token" => answer(
                200,
                &json!({"credential_id": "c3", "provider": "jira", "token": "1234"}),
            ),
            _ => error(403, "ambient-api-server-4", "no"),
        }
    });
    env.file("clean", "nothing here");
    let (code, stdout, stderr) = env
        .connected(server.url())
        .line("credential scan clean -o json")
        .told();
    let found: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (code, found["credentials"].as_i64()),
        (Some(5), Some(1)),
        "{stderr}"
    );
    assert!(
        stderr.contains("credential \"hub\" is not searched for: its secret can't be read"),
        "{stderr}"
    );
    assert!(
        stderr.contains("credential \"pin\" is not searched for: its secret is too short"),
        "{stderr}"
    );
    let (code, _, stderr) = TestEnv::new().local().line("credential scan .").told();
    assert_eq!(code, Some(3), "{stderr}");
}

/// Git in the folder `repo`.
fn git(env: &TestEnv, words: &[&str]) -> std::io::Result<Output> {
    let mut git = Command::new("git");
    git.current_dir(env.work().join("repo")).env_clear().args([
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.com",
        "-c",
        "init.defaultBranch=main",
    ]);
    git.envs(env.variables()).args(words).output()
}

/// Makes the repository `repo`. Returns false if Git is not installed.
fn has_repository(env: &TestEnv) -> bool {
    std::fs::create_dir(env.work().join("repo")).unwrap();
    let is_made = git(env, &["init", "--quiet"]).is_ok_and(|output| output.status.success());
    if !is_made {
        skipped("git is not installed");
    }
    is_made
}

/// Commits everything, and returns the commit's ID.
fn commit(env: &TestEnv, message: &str) -> String {
    assert!(git(env, &["add", "--all"]).unwrap().status.success());
    let done = git(env, &["commit", "--quiet", "--allow-empty", "-m", message]).unwrap();
    assert!(done.status.success(), "{done:?}");
    let id = git(env, &["rev-parse", "HEAD"]).unwrap().stdout;
    String::from_utf8(id).unwrap().trim().to_owned()
}

#[test]
fn a_name_that_holds_a_secret_is_a_finding_and_is_not_shown() {
    let env = store();
    env.file(&format!("tree/{GITLAB}/a.txt"), "clean");
    env.file(&format!("tree/b-{GITLAB}.txt"), format!("one\n{GITLAB}"));
    let (code, stdout, _) = scan(&env, "tree");
    assert_eq!(code, Some(13));
    let mut lines: Vec<&str> = stdout.lines().collect();
    lines.sort_unstable();
    let in_name = "tree/********: token of credential \"lab\", in a name";
    let in_file = "tree/********:2: token of credential \"lab\"";
    assert_eq!(lines, [in_name, in_name, in_file]);
    let (_, stdout, _) = scan(&env, "tree -o json");
    let found: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(schema::faults("scan", &found), [""; 0]);
    assert_eq!(found["files"], 2);
    if !has_repository(&env) {
        return;
    }
    env.file(&format!("repo/{GITLAB}"), "clean");
    commit(&env, "start");
    let (code, stdout, _) = scan(&env, "--git HEAD repo");
    assert_eq!(code, Some(13));
    assert!(
        stdout.starts_with("tree ")
            && stdout.ends_with(": token of credential \"lab\", in a name\n"),
        "{stdout}"
    );
}

/// A repository of somebody else: its configuration names programs for whatever Git may do.
#[test]
fn no_program_of_a_repository_runs() {
    let env = store();
    if !has_repository(&env) {
        return;
    }
    let marker = env.work().join("ran");
    let script = format!("#!/bin/sh\necho \"$0 $*\" >> {}\ncat\n", marker.display());
    let program = env.file("program", script);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&program, mode).unwrap();
    let program = program.display().to_string();
    env.file("repo/.gitattributes", "* diff=evil filter=evil\n");
    commit(&env, "start");
    env.file("repo/app.env", gzip(GITLAB.as_bytes()));
    let added = commit(&env, "add");
    // A signature, which Git would let a program check.
    let object = git(&env, &["cat-file", "commit", &added]).unwrap().stdout;
    let object = String::from_utf8(object).unwrap();
    let signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n";
    let signed = env.file(
        "signed",
        object.replacen("\n\n", &format!("\n{signature}"), 1),
    );
    let signed = signed.display().to_string();
    let id = git(&env, &["hash-object", "-t", "commit", "-w", &signed])
        .unwrap()
        .stdout;
    let id = String::from_utf8(id).unwrap();
    assert!(
        git(&env, &["update-ref", "HEAD", id.trim()])
            .unwrap()
            .status
            .success()
    );
    let transport = format!("ext::{program} %S");
    for (key, value) in [
        ("log.showSignature", "true"),
        ("gpg.program", &program),
        ("core.fsmonitor", &program),
        ("core.pager", &program),
        ("pager.log", "true"),
        ("diff.external", &program),
        ("diff.evil.command", &program),
        ("diff.evil.textconv", &program),
        ("filter.evil.smudge", &program),
        ("filter.evil.clean", &program),
        ("core.sshCommand", &program),
        ("credential.helper", &program),
        // An object that is missing is fetched from here.
        ("remote.origin.url", &transport),
        ("remote.origin.promisor", "true"),
        ("remote.origin.partialclonefilter", "blob:none"),
        ("extensions.partialClone", "origin"),
        ("protocol.ext.allow", "always"),
        ("core.repositoryFormatVersion", "1"),
    ] {
        assert!(
            git(&env, &["config", key, value]).unwrap().status.success(),
            "{key}"
        );
    }
    let scan = || {
        env.local()
            .line("credential scan --git HEAD~1..HEAD repo")
            .told()
    };
    let (code, stdout, stderr) = scan();
    assert_eq!(code, Some(13), "{stdout}{stderr}");
    assert_eq!(
        stdout,
        format!(
            "app.env:1: token of credential \"lab\" (commit {})\n",
            id.trim()
        )
    );
    // Without the object.
    let blob = git(&env, &["rev-parse", "HEAD:app.env"]).unwrap().stdout;
    let blob = String::from_utf8(blob).unwrap();
    let (folder, rest) = blob.trim().split_at(2);
    std::fs::remove_file(
        env.work()
            .join(format!("repo/.git/objects/{folder}/{rest}")),
    )
    .unwrap();
    let (code, stdout, stderr) = scan();
    assert_ne!(code, Some(0), "{stdout}{stderr}");
    assert!(!marker.exists(), "{:?}", std::fs::read_to_string(&marker));
}

#[test]
fn a_minted_token_that_leaked_is_taken_back_by_a_command() {
    let bench = Bench::new();
    bench.ok(MINT);
    // The tokens of the test's cluster are too short.
    let id = bench.ok("credential get prod -o jsonpath={.id}");
    bench
        .env
        .file("patch.json", json!({"token": GITLAB}).to_string());
    bench.ok(&format!(
        "api PATCH /credentials/{} --input patch.json",
        id.trim()
    ));
    bench.env.file("log", GITLAB);
    let (code, out, err) = bench.run("credential scan log");
    assert_eq!(code, 13, "{out}{err}");
    assert!(
        err.contains("acpctl --local credential revoke prod"),
        "{err}"
    );
}

#[test]
fn a_history_is_searched_with_its_messages() {
    let env = store();
    let repository = env.work().join("repo");
    if !has_repository(&env) {
        return;
    }
    let commit = |message: &str| commit(&env, message);
    commit("start");
    env.file("repo/sub/app.env", format!("TOKEN={GITLAB}\n"));
    let added = commit("add");
    std::fs::remove_file(repository.join("sub/app.env")).unwrap();
    commit("remove");
    // The files of today are clean, the history is not.
    env.file("repo/readme", "hello");
    let (code, stdout, stderr) = scan(&env, "--git HEAD repo");
    assert_eq!(code, Some(13), "{stderr}");
    assert_eq!(
        stdout,
        format!("sub/app.env:1: token of credential \"lab\" (commit {added})\n")
    );
    assert_eq!(scan(&env, "--git HEAD~1..HEAD repo").0, Some(0));
    let said = commit(&format!("use {GITLAB}"));
    let (code, stdout, _) = scan(&env, "--git HEAD~1..HEAD repo");
    assert_eq!(code, Some(13));
    assert!(stdout.starts_with(&format!("commit {said}:")), "{stdout}");
    for range in ["no-such-branch", "--all", "--output=x"] {
        let (code, stdout, stderr) = scan(&env, &format!("--git={range} repo"));
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
        assert!(stderr.contains("git can't list the commits"), "{stderr}");
    }
    assert!(!repository.join("x").exists());
}

#[test]
fn a_place_that_several_credentials_share_is_one_line() {
    let env = store();
    let again = credential_create("gitlab", "twin", &["--token", GITLAB]);
    env.local().args(again).stdout();
    env.file("log", format!("one {GITLAB}\n"));
    let (code, stdout, stderr) = scan(&env, "log");
    assert_eq!(code, Some(13));
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    assert!(
        stdout.starts_with("log:1: token of credentials \"")
            && stdout.contains("\"lab\"")
            && stdout.contains("\"twin\""),
        "{stdout}"
    );
    assert!(stderr.contains("was found in 1 place\n"), "{stderr}");
    let (_, stdout, _) = scan(&env, "log -o json");
    let found: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(found["findings"].as_array().unwrap().len(), 2);
}
