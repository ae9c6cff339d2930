//! How a secret comes in: what is judged is what is stored, and nothing given is lost or taken for something else.

mod files;
mod kubeconfigs;
mod masks;
mod providers;
mod repeat;
mod sources;

use std::fs;

use crate::support::TestEnv;
use crate::support::run::{credential_create, told};

const CERTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/kubeconfigs/certs");

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

fn create(env: &TestEnv, file: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let args = credential_create("kubeconfig", "n", &["--from-file", file]);
    run(env, &[&args, more].concat())
}

fn validate(env: &TestEnv, file: &str, more: &[&str]) -> (Option<i32>, String, String) {
    run(env, &[&["credential", "validate", file], more].concat())
}
