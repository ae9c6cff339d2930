//! Whose it is: homes and locks of others, umasks.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::config::{assert_done, assert_failed, bare};
use crate::support::server::nothing;
use crate::support::{TOKEN, TestEnv, skipped, streams};

/// A user who is not the one of the tests, and owns nothing.
const NOBODY: u32 = 54321;

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

#[test]
fn a_home_of_somebody_else_is_no_home() {
    if !is_root() {
        return;
    }
    let env = TestEnv::new();
    let api = nothing();
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
fn root_leaves_nothing_in_the_home_of_another_user() {
    if !is_root() {
        return;
    }
    let env = TestEnv::new();
    let api = nothing();
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
