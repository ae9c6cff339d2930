//! The key of a store: where it is, what happens without it, and a new one.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use acpctl::server::{AppState, Fidelity};
use serde_json::json;

use super::support::{Api, options};

const TOKEN: &str = "canary-token-1a2b3c";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The store as another process opens it.
fn reopened(api: &Api) -> Api {
    Api::open(&api.directory, options(Fidelity::Corrected))
}

fn with_token() -> (Api, String) {
    let api = Api::new(Fidelity::Corrected);
    let id = api.credential(&json!({"name": "n", "provider": "github", "token": TOKEN}));
    (api, format!("/credentials/{id}/token"))
}

#[test]
fn files_are_private_and_hold_no_token_in_clear() {
    let (api, _) = with_token();
    for file in fs::read_dir(&api.directory).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        let bytes = fs::read(&path).unwrap();
        let found = bytes
            .windows(TOKEN.len())
            .any(|part| part == TOKEN.as_bytes());
        assert!(!found, "{}", path.display());
    }
    let made = tempfile::tempdir().unwrap().path().join("a/b");
    AppState::open(&made, options(Fidelity::Corrected)).unwrap();
    assert_eq!(mode(&made), 0o700);
}

#[test]
fn the_place_of_a_new_key_is_told_once() {
    let (api, _) = with_token();
    let notice = api.state.take_key_notice().unwrap();
    let real = api.directory.canonicalize().unwrap();
    assert_eq!(notice.file, Some(real.join("ambient.key")));
    assert_eq!(api.state.take_key_notice(), None);
    let api = reopened(&api);
    api.credential(&json!({"name": "m", "provider": "github", "token": "t"}));
    assert_eq!(api.state.take_key_notice(), None);
}

#[test]
fn records_without_a_token_need_no_key() {
    let api = Api::new(Fidelity::Corrected);
    let id = api.credential(&json!({"name": "n", "provider": "github", "token": ""}));
    assert_eq!(api.get(&format!("/credentials/{id}/token")).at("token"), "");
    assert!(!api.directory.join("ambient.key").exists());
}

#[test]
fn a_lost_key_is_an_error_and_never_replaced() {
    let (api, token) = with_token();
    let key = api.directory.join("ambient.key");
    fs::remove_file(&key).unwrap();
    let api = reopened(&api);
    let answer = api.get(&token);
    assert_eq!(answer.status, 500);
    assert!(answer.at("reason").contains("missing"), "{}", answer.text);
    let refused = api.post(
        "/credentials",
        &json!({"name": "m", "provider": "p", "token": "t"}),
    );
    assert_eq!(refused.status, 500);
    assert!(!key.exists());
    // What has no secret goes on.
    assert_eq!(api.get("/credentials").json()["total"], 1);
}

#[test]
fn a_wrong_damaged_or_open_key_is_an_error() {
    let (api, token) = with_token();
    let key = api.directory.join("ambient.key");
    let other = Api::new(Fidelity::Corrected);
    other.credential(&json!({"name": "n", "provider": "github", "token": "t"}));
    let right = fs::read(&key).unwrap();
    fs::write(&key, fs::read(other.directory.join("ambient.key")).unwrap()).unwrap();
    let api = reopened(&api);
    assert!(api.get(&token).at("reason").contains("not the one"));
    fs::write(&key, "junk").unwrap();
    assert!(api.get(&token).at("reason").contains("holds no key"));
    fs::write(&key, &right).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(api.get(&token).at("reason").contains("others may read it"));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(api.get(&token).at("token"), TOKEN);
}

#[test]
fn a_token_opens_for_its_own_record_only() {
    let (api, first) = with_token();
    let second = api.credential(&json!({"name": "m", "provider": "github", "token": "other"}));
    let database = rusqlite::Connection::open(api.directory.join("ambient.db")).unwrap();
    database
        .execute(
            "UPDATE credential_tokens SET sealed = (SELECT sealed FROM credential_tokens WHERE credential_id <> ?1)
             WHERE credential_id = ?1",
            [&second],
        )
        .unwrap();
    let moved = api.get(&format!("/credentials/{second}/token"));
    assert_eq!(moved.status, 500);
    assert!(
        !moved.text.contains(TOKEN) && !moved.text.contains("acp2"),
        "{}",
        moved.text
    );
    // A new token repairs it.
    assert_eq!(
        api.patch(&format!("/credentials/{second}"), &json!({"token": "new"}))
            .status,
        200
    );
    assert_eq!(
        api.get(&format!("/credentials/{second}/token")).at("token"),
        "new"
    );
    assert_eq!(api.get(&first).at("token"), TOKEN);
}

#[test]
fn a_delete_removes_the_sealed_token() {
    let (api, token) = with_token();
    assert_eq!(api.delete(token.trim_end_matches("/token")).status, 204);
    let database = rusqlite::Connection::open(api.directory.join("ambient.db")).unwrap();
    let left: i64 = database
        .query_row("SELECT count(*) FROM credential_tokens", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(left, 0);
}

#[test]
fn a_new_key_opens_what_the_old_one_sealed() {
    let (api, token) = with_token();
    let path = api.directory.join("ambient.key");
    let before = fs::read_to_string(&path).unwrap();
    // Another process has the old key in memory.
    let other = reopened(&api);
    assert_eq!(other.get(&token).at("token"), TOKEN);
    assert_eq!(api.state.rekey().unwrap(), 1);
    let after = fs::read_to_string(&path).unwrap();
    assert!(after.starts_with("2 ") && after.lines().count() == 1);
    assert_ne!(before.lines().next(), after.lines().next());
    assert_eq!(mode(&path), 0o600);
    assert_eq!(api.get(&token).at("token"), TOKEN);
    // The other process notices, for reading and for writing.
    assert_eq!(other.get(&token).at("token"), TOKEN);
    let id = other.credential(&json!({"name": "m", "provider": "github", "token": "late"}));
    let api = reopened(&api);
    assert_eq!(
        api.get(&format!("/credentials/{id}/token")).at("token"),
        "late"
    );
    assert_eq!(api.get(&token).at("token"), TOKEN);
}

#[test]
fn an_unsafe_place_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let open = |path: &Path| {
        AppState::open(path, options(Fidelity::Corrected))
            .err()
            .unwrap()
            .to_string()
    };
    let real = directory.path().join("real");
    fs::create_dir(&real).unwrap();
    let link = directory.path().join("link");
    symlink(&real, &link).unwrap();
    assert!(open(&link).contains("symbolic link"));
    fs::set_permissions(&real, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(open(&real).contains("others may write"));
    fs::set_permissions(&real, fs::Permissions::from_mode(0o700)).unwrap();
    symlink(directory.path().join("victim"), real.join("ambient.db")).unwrap();
    assert!(open(&real).contains("not a regular file"));
    assert!(!directory.path().join("victim").exists());
}

#[test]
fn a_newer_database_is_left_alone() {
    let (api, _) = with_token();
    let database = rusqlite::Connection::open(api.directory.join("ambient.db")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    let error = AppState::open(&api.directory, options(Fidelity::Corrected))
        .err()
        .unwrap();
    assert!(error.to_string().contains("newer program"), "{error}");
}

#[test]
fn a_backup_is_private_and_whole() {
    let (api, token) = with_token();
    let other = tempfile::tempdir().unwrap();
    let copy = other.path().join("ambient.db");
    api.state.backup(&copy).unwrap();
    assert_eq!(mode(&copy), 0o600);
    assert!(
        api.state.backup(&copy).is_err(),
        "an existing file is never overwritten"
    );
    fs::copy(
        api.directory.join("ambient.key"),
        other.path().join("ambient.key"),
    )
    .unwrap();
    let restored = Api::open(other.path(), options(Fidelity::Corrected));
    assert_eq!(restored.get(&token).at("token"), TOKEN);
}

#[test]
fn a_restore_brings_back_what_the_copy_holds() {
    let (api, token) = with_token();
    let other = tempfile::tempdir().unwrap();
    let copy = other.path().join("copy.db");
    api.state.backup(&copy).unwrap();
    let late = api.credential(&json!({"name": "late", "provider": "p", "token": "late"}));
    api.state.restore(&copy).unwrap();
    assert_eq!(api.get(&token).at("token"), TOKEN);
    assert_eq!(api.get(&format!("/credentials/{late}")).status, 404);
    // A new store takes it once it has the key, and says so before.
    let fresh = Api::new(Fidelity::Corrected);
    assert!(
        fresh
            .state
            .restore(&copy)
            .unwrap_err()
            .to_string()
            .contains("missing")
    );
    let key = fresh.directory.join("ambient.key");
    fs::copy(api.directory.join("ambient.key"), &key).unwrap();
    fresh.state.restore(&copy).unwrap();
    assert_eq!(fresh.get(&token).at("token"), TOKEN);
    // One with another key does not.
    let foreign = Api::new(Fidelity::Corrected);
    foreign.credential(&json!({"name": "n", "provider": "p", "token": "t"}));
    assert!(
        foreign
            .state
            .restore(&copy)
            .unwrap_err()
            .to_string()
            .contains("another key")
    );
    assert_eq!(foreign.get("/credentials").json()["items"][0]["name"], "n");
    fs::write(&copy, "junk").unwrap();
    assert!(api.state.restore(&copy).is_err());
    assert_eq!(api.get(&token).at("token"), TOKEN);
}

#[test]
fn a_token_opens_for_its_own_provider_and_address_only() {
    let (api, _) = with_token();
    let made = json!({"name": "j", "provider": "jira", "url": "https://a.example", "token": "own"});
    let id = api.credential(&made);
    let token = format!("/credentials/{id}/token");
    let changed = api.patch(
        &format!("/credentials/{id}"),
        &json!({"url": "https://b.example"}),
    );
    assert_eq!(changed.status, 200);
    assert_eq!(api.get(&token).at("token"), "own", "the API may move it");
    let database = rusqlite::Connection::open(api.directory.join("ambient.db")).unwrap();
    for (column, other, right) in [
        ("url", "https://evil.example", "https://b.example"),
        ("provider", "github", "jira"),
    ] {
        let set = format!("UPDATE credentials SET {column} = ?2 WHERE id = ?1");
        database.execute(&set, [&id, other]).unwrap();
        assert_eq!(api.get(&token).status, 500, "{column}");
        database.execute(&set, [&id, right]).unwrap();
        assert_eq!(api.get(&token).at("token"), "own");
    }
}

#[test]
fn a_copy_that_is_damaged_or_changed_never_takes_the_place_of_a_store() {
    let (api, token) = with_token();
    for number in 0..20 {
        let text = format!("{number}").repeat(2000);
        api.credential(&json!({"name": text, "provider": "p", "description": text}));
    }
    let other = tempfile::tempdir().unwrap();
    let good = other.path().join("good");
    api.state.backup(&good).unwrap();
    let bytes = fs::read(&good).unwrap();
    let refused = |name: &str, path: &Path| {
        let error = api.state.restore(path).unwrap_err().to_string();
        assert!(!error.is_empty(), "{name}");
        assert_eq!(api.get(&token).at("token"), TOKEN, "{name}");
        error
    };
    let pages = bytes.len() / 4096;
    for page in (1..pages).step_by(7) {
        let mut damaged = bytes.clone();
        for (at, byte) in damaged[page * 4096..][..4096].iter_mut().enumerate() {
            *byte = u8::try_from((at * 37 + 11) % 256).unwrap();
        }
        let path = other.path().join("damaged");
        fs::write(&path, damaged).unwrap();
        refused(&format!("page {page}"), &path);
    }
    for sql in [
        "CREATE TRIGGER later AFTER INSERT ON projects BEGIN DELETE FROM credential_tokens; END",
        "CREATE VIEW own AS SELECT 1",
        "CREATE TABLE own (id TEXT)",
        "DROP INDEX agents_name",
        "ALTER TABLE users ADD COLUMN own TEXT",
    ] {
        let path = other.path().join("changed");
        fs::write(&path, &bytes).unwrap();
        let copy = rusqlite::Connection::open(&path).unwrap();
        copy.execute_batch(sql).unwrap();
        drop(copy);
        let error = refused(sql, &path);
        assert!(error.contains("changed by another program"), "{error}");
    }
    let fifo = other.path().join("fifo");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let error = refused("a FIFO", &fifo);
    assert!(error.contains("not a regular file"), "{error}");
    api.state.restore(&good).unwrap();
}

#[test]
fn a_new_key_sweeps_what_killed_writers_left() {
    let (api, token) = with_token();
    let left = api.directory.join(".ambient.key.0123456789abcdef");
    let other = api.directory.join(".ambient.key.of-somebody");
    fs::write(&left, "old key").unwrap();
    fs::write(&other, "kept").unwrap();
    api.state.rekey().unwrap();
    assert!(!left.exists() && other.exists());
    assert_eq!(api.get(&token).at("token"), TOKEN);
}

/// What a program before this one has written: the first tables, and their version.
#[test]
fn a_copy_of_an_older_program_is_restored() {
    let (api, token) = with_token();
    let other = tempfile::tempdir().unwrap();
    let copy = other.path().join("copy.db");
    api.state.backup(&copy).unwrap();
    let database = rusqlite::Connection::open(&copy).unwrap();
    let triggers: Vec<String> = database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let mut older: String = triggers
        .iter()
        .map(|name| format!("DROP TRIGGER {name};"))
        .collect();
    older.push_str("DROP INDEX sessions_schedule;");
    for table in ["providers", "policies", "clusters"] {
        older.push_str(&format!("DROP TABLE {table};"));
    }
    for (table, columns) in [
        (
            "agents",
            "entrypoint providers payloads environment sandbox_template sandbox_policy",
        ),
        (
            "sessions",
            "last_activity_at sandbox_logs_snapshot sandbox_policy_snapshot \
             source_scheduled_session_id scheduled_for stop_on_run_finished",
        ),
        ("scheduled_sessions", "overlap_policy created_by_user_id"),
    ] {
        for column in columns.split_whitespace() {
            older.push_str(&format!("ALTER TABLE {table} DROP COLUMN {column};"));
        }
    }
    older.push_str(
        "DROP TABLE live_counts; DROP INDEX agents_name; DROP INDEX sessions_name;
         DROP INDEX sessions_phase; PRAGMA user_version = 1;",
    );
    database.execute_batch(&older).unwrap();
    drop(database);
    api.credential(&json!({"name": "late", "provider": "p"}));
    api.state.restore(&copy).unwrap();
    assert_eq!(api.get(&token).at("token"), TOKEN);
    assert_eq!(api.get("/credentials").json()["total"], 1);
    api.credential(&json!({"name": "next", "provider": "p"}));
    assert_eq!(api.get("/credentials").json()["total"], 2);
}

/// A process that does not let go of the write lock is named, in place of the database's words.
#[test]
fn a_writer_that_does_not_end_is_waited_for_so_long() {
    let (api, token) = with_token();
    let database = rusqlite::Connection::open(api.directory.join("ambient.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = api.post("/credentials", &json!({"name": "n", "provider": "p"}));
    assert_eq!(refused.status, 500);
    let place = api.directory.canonicalize().unwrap();
    assert_eq!(
        refused.at("reason"),
        format!(
            "another process keeps the store in {} busy",
            place.display()
        )
    );
    assert_eq!(api.get(&token).at("token"), TOKEN, "readers go on");
    database.execute_batch("ROLLBACK").unwrap();
    api.credential(&json!({"name": "n", "provider": "p"}));
}
