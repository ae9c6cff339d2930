//! How a secret comes in: what is judged is what is stored, and nothing given is lost or taken for something else.

mod files;
mod kubeconfigs;
mod masks;
mod providers;
mod repeat;
mod sources;

use std::fs;
use std::process::Output;

use crate::support::{TestEnv, streams};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/kubeconfig.yaml");

const CERTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/kubeconfigs/certs");

fn sample() -> String {
    fs::read_to_string(SAMPLE).unwrap()
}

/// A kubeconfig of one context; cluster and user are flow-style bodies.
fn config(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: dev\n\
         contexts: [{{name: dev, context: {{cluster: c, user: u, namespace: ns}}}}]\n\
         clusters:\n- name: c\n  cluster: {{server: 'https://api.example.com:6443'{cluster}}}\n\
         users:\n- name: u\n  user:\n    {user}\n"
    )
}

/// The environment with the test certificates beside the kubeconfigs.
fn with_certificates() -> TestEnv {
    let env = TestEnv::new();
    for entry in fs::read_dir(CERTS).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        env.file(&name, fs::read(entry.path()).unwrap());
    }
    env
}

fn run(env: &TestEnv, args: &[&str]) -> (Option<i32>, String, String) {
    told(&env.local().args(args).output().unwrap())
}

fn told(output: &Output) -> (Option<i32>, String, String) {
    let (stdout, stderr) = streams(output);
    (output.status.code(), stdout, stderr)
}

fn create(env: &TestEnv, file: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let args = [
        "credential",
        "create",
        "--provider",
        "kubeconfig",
        "--name",
        "n",
        "--from-file",
        file,
    ];
    run(env, &[&args, more].concat())
}

fn validate(env: &TestEnv, file: &str, more: &[&str]) -> (Option<i32>, String, String) {
    run(env, &[&["credential", "validate", file], more].concat())
}
