//! Any file is read as a configuration or refused; what is read keeps its values when it is written and
//! read again.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use acpctl::testing::file::{
    ACCESS_TOKEN, API_URL, CLIENT_ID, INSECURE, ISSUER_URL, PAGER, POLLING_INTERVAL, PROJECT,
    REFRESH_TOKEN, REQUEST_TIMEOUT,
};
use acpctl::testing::{Config, Place};

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).expect("a folder")
    } else {
        tempfile::tempdir().expect("a folder")
    }
});

fn values(config: &Config) -> Vec<Option<String>> {
    let texts = [
        API_URL,
        ACCESS_TOKEN,
        REFRESH_TOKEN,
        ISSUER_URL,
        CLIENT_ID,
        PROJECT,
        PAGER,
    ];
    let seconds = [REQUEST_TIMEOUT, POLLING_INTERVAL];
    texts
        .iter()
        .map(|key| config.text(key).map(str::to_owned))
        .chain(
            seconds
                .iter()
                .map(|key| config.seconds(key).map(|number| number.to_string())),
        )
        .chain([Some(config.flag(INSECURE).to_string())])
        .collect()
}

pub(crate) fn run(bytes: &[u8]) {
    let path = FOLDER.path().join("config.json");
    fs::write(&path, bytes).expect("the file is written");
    let place = Place::current(&path);
    let Ok(read) = Config::load(&place) else {
        assert!(Config::update(&place, |_| {}).is_err());
        assert_eq!(
            fs::read(&path).expect("the file"),
            bytes,
            "a broken file is left alone"
        );
        return;
    };
    Config::update(&place, |_| {}).expect("what is read can be written");
    let again = Config::load(&place).expect("our own file is readable");
    assert_eq!(values(&read), values(&again));
}
