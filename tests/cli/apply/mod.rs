//! `apply`: honest results, nothing written twice, nothing lost when it is killed, secrets, diff, prune.

mod diff;
mod failures;
mod kustomize;
mod manifests;
mod names;
mod page;
mod prune;
mod repeat;
mod secrets;
mod together;

use std::sync::Arc;

use crate::support::platform::Platform;
use crate::support::server::Scripted;
use crate::support::{SAMPLE, TestEnv, streams};

const SECRET: &str = "canary-5d3f-secret-value";

/// Ten resources of all kinds in a folder.
fn folder(env: &TestEnv) {
    env.file(
        "team/1-project.yaml",
        "kind: Project\nname: web\ndescription: The web\nlabels: {team: a, tier: '1'}\n",
    );
    env.file(
        "team/2-agents.yaml",
        "kind: Agent\nname: lead\nprompt: |\n  Lead.\nlabels: {team: a}\n\
         inbox:\n- {from_name: boot, body: hello}\n- {body: second}\n\
         ---\nkind: Agent\nname: dev\nprompt: Develop.\nannotations: {note: x}\n\
         ---\nkind: Agent\nname: test\n",
    );
    env.file("team/kube.conf", std::fs::read(SAMPLE).unwrap());
    env.file(
        "team/3-credentials.yaml",
        "kind: Credential\nname: gl\nprovider: gitlab\ntokenFrom: {env: GL}\nlabels: {team: a}\n\
         ---\nkind: Credential\nname: gh\nprovider: github\ntoken: $GL\nannotations: {note: x}\n\
         ---\nkind: Credential\nname: kube\nprovider: kubeconfig\ntokenFrom: {file: kube.conf}\n",
    );
    let binding = |target: &str, user: &str| {
        format!(
            "---\nkind: RoleBinding\nrole: credential:viewer\nscope: credential\n\
             scope_id: {target}\nuser_id: {user}\n"
        )
    };
    env.file(
        "team/4-bindings.yaml",
        [
            binding("gl", "lead"),
            binding("gh", "lead"),
            binding("kube", "dev"),
        ]
        .concat(),
    );
}

fn apply(env: &TestEnv, url: &str, args: &[&str]) -> assert_cmd::Command {
    let mut command = env.connected(url);
    command
        .env("AMBIENT_PROJECT", "web")
        .env("GL", SECRET)
        .arg("apply")
        .args(args);
    command
}

/// Runs it and gives standard output and the requests that wrote something.
fn applied(env: &TestEnv, platform: &Arc<Platform>, args: &[&str]) -> (String, Vec<String>) {
    let server = serve(platform);
    let output = apply(env, server.url(), args).output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{args:?}: {stderr}");
    let mut writes = server.lines();
    writes.retain(|line| !line.starts_with("GET "));
    (stdout, writes)
}

fn serve(platform: &Arc<Platform>) -> Scripted {
    let platform = Arc::clone(platform);
    Scripted::with(move |request| platform.reply(request))
}

/// Runs it on a manifest from standard input, without a server: exit code and both streams.
fn dry_run(env: &TestEnv, args: &[&str], manifest: &str) -> (Option<i32>, String, String) {
    let output = env
        .acpctl()
        .args(["apply", "--dry-run"])
        .args(args)
        .write_stdin(manifest)
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code(), stdout, stderr)
}
