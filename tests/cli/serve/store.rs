//! The store's folder and its files, whatever others put there.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::serve::refused;
use crate::support::run::credential_create;
use crate::support::serve::{LIMIT, Serve};
use crate::support::{TestEnv, streams};

#[test]
fn a_store_that_somebody_holds_is_named() {
    let env = TestEnv::new();
    let store = private_folder(&env);
    let held = File::create(store.join("store.lock")).unwrap();
    held.lock().unwrap();
    let (code, stderr) = refused(
        &env,
        &[
            "--data-dir",
            store.to_str().unwrap(),
            "--listen",
            "127.0.0.1:0",
        ],
    );
    assert_eq!(code, Some(1));
    assert_eq!(
        stderr,
        format!(
            "Error: open the store: another process keeps the store in {} busy\n",
            store.display()
        )
    );
}

fn private_folder(env: &TestEnv) -> PathBuf {
    let store = env.home().join("store");
    let mut builder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&store).unwrap();
    store
}

/// Everybody who may read a folder may lock it.
#[test]
fn a_lock_on_the_folder_holds_nobody_up() {
    let env = TestEnv::new();
    let store = private_folder(&env);
    fs::set_permissions(&store, fs::Permissions::from_mode(0o755)).unwrap();
    let held = File::open(&store).unwrap();
    held.lock().unwrap();
    let server = Serve::start(&env, &["--data-dir", store.to_str().unwrap()]);
    assert_eq!(server.request("GET", "/projects", "").0, 200);
    for file in fs::read_dir(&store).unwrap().flatten() {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
}

/// A pipe, a device or a link in the place of each file of the store is an error at once, before anything is served.
#[test]
fn what_is_no_file_in_the_store_is_an_error_at_once() {
    let pipe = |path: &Path| {
        let (kind, mode) = (FileType::Fifo, Mode::from_raw_mode(0o600));
        mknodat(CWD, path, kind, mode, 0).unwrap();
    };
    let link = |path: &Path| std::os::unix::fs::symlink("/dev/zero", path).unwrap();
    let folder = |path: &Path| fs::create_dir(path).unwrap();
    let in_the_place: [&dyn Fn(&Path); 3] = [&pipe, &link, &folder];
    for name in [
        "ambient.db",
        "ambient.db-journal",
        "ambient.db-wal",
        "ambient.db-shm",
        "store.lock",
        "runner.lock",
    ] {
        for make in in_the_place {
            let env = TestEnv::new();
            let store = private_folder(&env);
            make(&store.join(name));
            let flags = ["--listen", "127.0.0.1:0", "--no-token", "--data-dir"];
            let run = [store.to_str().unwrap(), "--run-sessions", "--", "true"];
            let output = env
                .acpctl()
                .arg("serve")
                .args(flags)
                .args(run)
                .timeout(LIMIT)
                .output()
                .unwrap();
            let (stdout, stderr) = streams(&output);
            assert_eq!(output.status.code(), Some(1), "{name}: {stdout}{stderr}");
            assert!(
                stderr.contains(name) && stdout.is_empty(),
                "{name}: {stderr}"
            );
        }
    }
    // The key is read with the first token.
    for make in in_the_place {
        let env = TestEnv::new();
        env.local().args(["project", "list"]).assert().success();
        make(&env.home().join(".local/share/ambient/ambient.key"));
        let create = credential_create("jira", "n", &[]);
        let mut command = env.local();
        command.args(create).write_stdin("a-secret-0123456789");
        let output = command.timeout(LIMIT).output().unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(10), "{stderr}");
        assert!(stderr.contains("ambient.key can't be used"), "{stderr}");
    }
}
