//! Where the configuration is, whose it is, and what is left there: homes of nobody and of others, odd
//! variables, odd files, signals.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::json;

use crate::support::server::{Scripted, json as answer};
use crate::support::{TOKEN, TestEnv, skipped, streams};

/// A user who is not the one of the tests, and owns nothing.
const NOBODY: u32 = 54321;

fn api() -> Scripted {
    Scripted::with(|_| {
        answer(
            200,
            &json!({"kind": "ProjectList", "page": 1, "size": 0, "total": 0, "items": []}),
        )
    })
}

/// The program with these variables and no others.
fn bare(words: &[&str], variables: &[(&str, &OsStr)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("AMBIENT_LOCAL_KEYRING", "off")
        .envs(variables.iter().copied())
        .args(words)
        .output()
        .unwrap()
}

fn is_root() -> bool {
    let is = rustix::process::geteuid().is_root();
    if !is {
        skipped("two users are needed, which takes root");
    }
    is
}

/// The program as another user. The binary may stand where that user can't go: it is copied.
fn as_nobody(env: &TestEnv, words: &[&str], variables: &[(&str, &OsStr)]) -> Output {
    let copy = env.work().join("acpctl");
    if !copy.exists() {
        // By a child: a file that is open for writing anywhere in this process could not be started.
        let copied = Command::new("cp")
            .arg(env!("CARGO_BIN_EXE_acpctl"))
            .arg(&copy)
            .status();
        assert!(copied.unwrap().success());
        for path in [env.home(), &env.work(), &copy] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    Command::new(copy)
        .env_clear()
        .env("AMBIENT_LOCAL_KEYRING", "off")
        .envs(variables.iter().copied())
        .args(words)
        .current_dir("/")
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .unwrap()
}

fn assert_done(output: &Output) {
    let (stdout, stderr) = streams(output);
    assert!(output.status.success(), "{stdout}{stderr}");
}

fn assert_failed(output: &Output, code: i32, words: &str) {
    let (stdout, stderr) = streams(output);
    assert_eq!(output.status.code(), Some(code), "{stdout}{stderr}");
    assert!(stderr.contains(words), "{words}: {stderr}");
}

#[test]
fn without_a_home_the_variables_are_enough() {
    let env = TestEnv::new();
    let api = api();
    let (url, data) = (OsStr::new(api.url()), env.work().join("data"));
    let both = [
        ("AMBIENT_API_URL", url),
        ("AMBIENT_TOKEN", OsStr::new(TOKEN)),
    ];
    assert_done(&bare(&["project", "list"], &both));
    assert_done(&bare(
        &["--local", "project", "list"],
        &[("XDG_DATA_HOME", data.as_os_str())],
    ));
    assert_failed(&bare(&["project", "list"], &both[..1]), 4, "not logged in");
    // What has to be kept needs a place.
    assert_failed(
        &bare(&["config", "set", "project", "p"], &[]),
        1,
        "neither $XDG_CONFIG_HOME nor $HOME are defined",
    );
    assert_failed(
        &bare(
            &["session", "exec", "--from-env", "--", "true"],
            &[
                ("BACKEND_API_URL", url),
                ("BOT_TOKEN", OsStr::new(TOKEN)),
                ("CREDENTIAL_IDS", OsStr::new("[]")),
            ],
        ),
        7,
        "CREDENTIAL_IDS",
    );
}

#[test]
fn a_home_of_somebody_else_is_no_home() {
    if !is_root() {
        return;
    }
    let env = TestEnv::new();
    let api = api();
    let closed = env.work().join("closed");
    fs::create_dir_all(closed.join(".config/ambient")).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let (url, token) = (OsStr::new(api.url()), OsStr::new(TOKEN));
    for home in [closed.as_os_str(), OsStr::new("/dev/null")] {
        let all = [
            ("HOME", home),
            ("AMBIENT_API_URL", url),
            ("AMBIENT_TOKEN", token),
        ];
        assert_done(&as_nobody(&env, &["project", "list"], &all));
        // A login may stand in that file: nobody goes on without it unasked.
        assert_failed(
            &as_nobody(&env, &["project", "list"], &all[..2]),
            1,
            "load config: ",
        );
    }
}

#[test]
fn no_file_is_said_with_dev_null_or_an_empty_file() {
    let env = TestEnv::new();
    let api = api();
    let empty = env.file("empty.json", "\n");
    let marked = env.file(
        "marked.json",
        format!("\u{feff}{{\"api_url\": \"{}\"}}", api.url()),
    );
    for path in [Path::new("/dev/null"), &empty, &marked] {
        let output = env
            .connected(api.url())
            .env("AMBIENT_CONFIG", path)
            .args(["project", "list"])
            .output()
            .unwrap();
        assert_done(&output);
    }
    let output = env
        .acpctl()
        .env("AMBIENT_CONFIG", &marked)
        .args(["config", "get", "api_url"])
        .output()
        .unwrap();
    assert_eq!(streams(&output).0, format!("{}\n", api.url()));
    // A device is never written over.
    for words in [
        &["config", "set", "project", "p"][..],
        &["login", "--token", TOKEN],
    ] {
        let output = env
            .acpctl()
            .env("AMBIENT_CONFIG", "/dev/null")
            .args(words)
            .output()
            .unwrap();
        assert_failed(&output, 1, "it is not a regular file");
    }
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn what_is_no_file_is_an_error_at_once() {
    let env = TestEnv::new();
    let pipe = env.work().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let huge = env.file("huge", "");
    fs::File::options()
        .write(true)
        .open(&huge)
        .unwrap()
        .set_len(1 << 33)
        .unwrap();
    for path in [pipe.as_path(), Path::new("/dev/zero"), &huge] {
        for words in [
            &["project", "list"][..],
            &["config", "view"],
            &["logout"],
            &["whoami"],
        ] {
            let output = env
                .acpctl()
                .env("AMBIENT_CONFIG", path)
                .args(words)
                .output()
                .unwrap();
            assert_failed(&output, 1, "load config: ");
        }
    }
}

#[test]
fn a_path_in_any_bytes_is_that_path() {
    let env = TestEnv::new();
    let odd = env.work().join(OsStr::from_bytes(b"caf\xe9"));
    for (variable, made) in [
        ("AMBIENT_CONFIG", odd.join("c.json")),
        ("XDG_CONFIG_HOME", odd.join("x/ambient/config.json")),
        ("HOME", odd.join("h/.config/ambient/config.json")),
    ] {
        let value = match variable {
            "AMBIENT_CONFIG" => made.clone(),
            "XDG_CONFIG_HOME" => odd.join("x"),
            _ => odd.join("h"),
        };
        assert_done(&bare(
            &["config", "set", "project", "p"],
            &[(variable, value.as_os_str())],
        ));
        assert!(made.is_file(), "{variable}");
    }
    assert_done(&bare(
        &["--local", "project", "list"],
        &[("XDG_DATA_HOME", odd.as_os_str())],
    ));
    assert!(odd.join("ambient/ambient.db").is_file());
}

#[test]
fn a_variable_that_is_not_text_is_named() {
    let env = TestEnv::new();
    for variable in [
        "AMBIENT_API_URL",
        "AMBIENT_TOKEN",
        "AMBIENT_PROJECT",
        "HTTPS_PROXY",
    ] {
        let output = env
            .acpctl()
            .env(variable, OsStr::from_bytes(b"http://caf\xe9"))
            .args(["config", "view"])
            .output()
            .unwrap();
        assert_failed(&output, 2, &format!("{variable} is not UTF-8 text"));
    }
    // Of these it counts only that they are set.
    let output = env
        .acpctl()
        .env("DISPLAY", OsStr::from_bytes(b"\xe9"))
        .args(["config", "view"])
        .output()
        .unwrap();
    assert_done(&output);
}

#[test]
fn one_line_end_behind_a_variable_is_dropped() {
    let env = TestEnv::new();
    let api = api();
    for end in ["\n", "\r\n", "\r"] {
        let output = env
            .acpctl()
            .env("AMBIENT_API_URL", format!("{}{end}", api.url()))
            .env("AMBIENT_TOKEN", format!("{TOKEN}{end}"))
            .env("AMBIENT_REQUEST_TIMEOUT", format!("20{end}"))
            .args(["project", "list"])
            .output()
            .unwrap();
        assert_done(&output);
    }
    for token in [
        format!("{TOKEN}\n\n"),
        format!("{TOKEN} x"),
        format!("{TOKEN}\u{e9}"),
    ] {
        let output = env
            .acpctl()
            .env("AMBIENT_API_URL", api.url())
            .env("AMBIENT_TOKEN", token)
            .args(["project", "list"])
            .output()
            .unwrap();
        assert_failed(&output, 4, "AMBIENT_TOKEN holds");
        assert!(!streams(&output).1.contains("canary"));
    }
    assert_eq!(api.received().len(), 3);
}

#[test]
fn root_leaves_nothing_in_the_home_of_another_user() {
    if !is_root() {
        return;
    }
    let env = TestEnv::new();
    let api = api();
    let home = env.work().join("theirs");
    fs::create_dir(&home).unwrap();
    chown(&home, Some(NOBODY), Some(NOBODY)).unwrap();
    let variables = [("HOME", home.as_os_str())];
    let words = [
        &["config", "set", "project", "p"][..],
        &["login", api.url(), "--token", TOKEN],
        &["--local", "project", "list"],
    ];
    for words in words {
        let output = bare(words, &variables);
        assert!(!output.status.success(), "{words:?}");
        assert!(
            streams(&output).1.contains("belongs to another user"),
            "{}",
            streams(&output).1
        );
    }
    assert_eq!(fs::read_dir(&home).unwrap().count(), 0);
    // The user's own runs, and root's where the user has a file already.
    assert_done(&as_nobody(&env, words[0], &variables));
    assert_failed(&bare(words[0], &variables), 1, "belongs to another user");
    assert_done(&as_nobody(&env, &["config", "get", "project"], &variables));
    let file = home.join(".config/ambient/config.json");
    assert_eq!(fs::metadata(file).unwrap().uid(), NOBODY);
}

#[test]
fn a_umask_that_takes_the_owners_bits_breaks_nothing() {
    for umask in ["0177", "0477", "0777"] {
        let env = TestEnv::new();
        for words in [
            "config set project p",
            "--local project list",
            "config get project",
        ] {
            let output = Command::new("sh")
                .args(["-c", &format!("umask {umask}; exec \"$0\" {words}")])
                .arg(env!("CARGO_BIN_EXE_acpctl"))
                .env_clear()
                .envs(env.variables())
                .output()
                .unwrap();
            assert_done(&output);
        }
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(&env.config_path()), 0o600, "{umask}");
        assert_eq!(mode(env.config_path().parent().unwrap()), 0o700, "{umask}");
        assert_eq!(mode(&env.home().join(".config")), 0o700, "{umask}");
    }
}

/// The same for the files of a session. Root may do all without any bit: another user tries.
#[test]
fn a_umask_that_takes_the_owners_bits_breaks_no_session() {
    if !is_root() {
        return;
    }
    let env = TestEnv::new();
    let place = env.home().join("nobody");
    let run = place.join("run");
    for folder in [&place, &run] {
        fs::create_dir(folder).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
        chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let all = [
        ("HOME", place.as_os_str()),
        ("XDG_RUNTIME_DIR", run.as_os_str()),
    ];
    let kubeconfig = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/kubeconfig.yaml");
    let kubeconfig = fs::read_to_string(kubeconfig).unwrap();
    let create = [
        "--local",
        "credential",
        "create",
        "--name",
        "k",
        "--provider",
    ];
    let token = ["kubeconfig", "--token", kubeconfig.as_str()];
    assert_done(&as_nobody(&env, &[&create[..], &token].concat(), &all));
    let copy = env.work().join("acpctl");
    for umask in ["0177", "0477", "0777"] {
        let script = format!(
            "umask {umask}; exec {} --local session exec --credential k -- sh -c 'cat \"$KUBECONFIG\"'",
            copy.display()
        );
        let output = Command::new("sh")
            .args(["-c", &script])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AMBIENT_LOCAL_KEYRING", "off")
            .envs(all)
            .current_dir("/")
            .uid(NOBODY)
            .gid(NOBODY)
            .output()
            .unwrap();
        assert_done(&output);
        let (stdout, _) = streams(&output);
        assert!(stdout.contains("current-context"), "{umask}: {stdout}");
        let left = fs::read_dir(run.join("ambient")).unwrap().count();
        assert_eq!(left, 0, "{umask}");
    }
}

#[test]
fn a_lock_of_another_user_holds_nobody_up() {
    if !is_root() {
        return;
    }
    let env = TestEnv::new();
    env.config("{}");
    let folder = env.config_path().parent().unwrap().to_owned();
    // Whoever can read a folder can lock it.
    let locked = fs::File::open(&folder).unwrap();
    locked.lock().unwrap();
    let lock = folder.join(".config.json.lock");
    let foreign = fs::File::create(&lock).unwrap();
    chown(&lock, Some(NOBODY), Some(NOBODY)).unwrap();
    foreign.lock().unwrap();
    let output = env
        .acpctl()
        .args(["config", "set", "project", "p"])
        .output()
        .unwrap();
    assert_done(&output);
}

/// Ends the program with a signal at each system call that has to do with the file, one run for each.
#[test]
fn no_signal_leaves_a_copy_of_a_token() {
    let can_trace = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !can_trace {
        skipped("strace is missing or may not trace: no signal was sent");
        return;
    }
    let env = TestEnv::new();
    let token = env.file("token", TOKEN);
    let folder = env.config_path().parent().unwrap().to_owned();
    let left = || -> Vec<String> {
        fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name != "config.json" && name != ".config.json.lock")
            .collect()
    };
    for call in ["write", "fsync", "linkat", "rename", "unlink"] {
        for signal in ["INT", "KILL"] {
            for when in 1..4 {
                env.config("{\"project\": \"p\"}");
                let inject = format!("inject={call}:signal={signal}:when={when}");
                Command::new("strace")
                    .args(["-f", "-qq", "-o", "/dev/null", "-e", &inject])
                    .arg(env!("CARGO_BIN_EXE_acpctl"))
                    .args(["login", "http://127.0.0.1:9", "--token"])
                    .arg(format!("@{}", token.display()))
                    .env_clear()
                    .envs(env.variables())
                    .output()
                    .unwrap();
                if call != "linkat" && call != "rename" {
                    assert_eq!(left(), [""; 0], "{inject}");
                }
                // Whole, whichever it is.
                let saved = fs::read(env.config_path()).unwrap();
                serde_json::from_slice::<serde_json::Value>(&saved).unwrap();
                assert_done(&env.acpctl().arg("logout").output().unwrap());
                assert_eq!(left(), [""; 0], "{inject}, then a logout");
            }
        }
    }
}

#[test]
fn a_logout_removes_what_earlier_runs_left() {
    let env = TestEnv::new();
    env.config(&json!({"access_token": TOKEN}).to_string());
    let beside = |name: &str| env.config_path().with_file_name(name);
    let left = beside(".config.json.0123456789abcdef");
    let theirs = beside(".config.json.backup");
    fs::write(&left, TOKEN).unwrap();
    fs::write(&theirs, "theirs").unwrap();
    assert_done(&env.acpctl().arg("logout").output().unwrap());
    assert!(!left.exists() && theirs.exists());
}

#[test]
fn a_rekey_forgets_the_keys_that_killed_runs_left() {
    let env = TestEnv::new();
    let create = [
        "credential",
        "create",
        "--provider",
        "github",
        "--name",
        "n",
    ];
    let mut command = env.local();
    command.args(create).args(["--from-file", "-"]);
    assert_done(&command.write_stdin("canary-0123456789").output().unwrap());
    let folder = env.home().join(".local/share/ambient");
    let left = folder.join(".ambient.key.0123456789abcdef");
    fs::copy(folder.join("ambient.key"), &left).unwrap();
    let rekeyed = env.local().args(["local", "rekey"]).output().unwrap();
    assert_done(&rekeyed);
    assert!(!left.exists());
}

#[test]
fn a_kubeconfig_variable_in_any_bytes_is_the_one_that_is_read() {
    let env = TestEnv::new();
    let kubeconfig = |server: &str| {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: dev\n\
             clusters: [{{name: dev, cluster: {{server: 'https://{server}:6443'}}}}]\n\
             users: [{{name: dev, user: {{token: canary-kubeconfig-0123456789}}}}]\n\
             contexts: [{{name: dev, context: {{cluster: dev, user: dev}}}}]\n"
        )
    };
    fs::create_dir(env.home().join(".kube")).unwrap();
    fs::write(
        env.home().join(".kube/config"),
        kubeconfig("wrong.corp.test"),
    )
    .unwrap();
    let odd = env.work().join(OsStr::from_bytes(b"caf\xe9"));
    fs::write(&odd, kubeconfig("right.corp.test")).unwrap();
    let output = bare(
        &[
            "--local",
            "credential",
            "create",
            "--provider",
            "kubeconfig",
            "--name",
            "n",
            "--context",
            "dev",
        ],
        &[
            ("HOME", env.home().as_os_str()),
            ("KUBECONFIG", odd.as_os_str()),
        ],
    );
    assert_done(&output);
    let token = env
        .local()
        .args(["credential", "token", "n"])
        .output()
        .unwrap();
    assert!(streams(&token).0.contains("right.corp.test"));
}
