//! `session exec` as a guard around a command: what it prints, what it leaves running, which signals it gets, what it
//! finds in its environment, and what becomes of the folder that it can write to.

mod folder;
mod output;
mod processes;

use std::process::Output;

use serde_json::json;

use crate::session::{SECRET, kubeconfig, platform, session};
use crate::support::TestEnv;

/// Runs a script with the kubeconfig.
fn exec(env: &TestEnv, flags: &[&str], script: &str) -> Output {
    env.file("k.yaml", kubeconfig(SECRET));
    let words = [
        &["exec", "--from-file", "k.yaml"],
        flags,
        &["--", "sh", "-c", script],
    ]
    .concat();
    let server = platform(json!([]));
    session(env, &server, &words).output().unwrap()
}
