//! A run on another server than that of the configuration, or on the embedded API: the projects that are saved for
//! each stay their own.

use serde_json::json;

use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Scripted, json as answer};
use crate::support::{TOKEN, TestEnv};

/// A server that has, and creates, the project `scratch`.
fn server() -> Scripted {
    Scripted::with(|_| answer(201, &json!({"id": "scratch", "name": "scratch"})))
}

#[test]
fn a_run_on_another_server_leaves_the_saved_project_alone() {
    let server = server();
    let url = server.url();
    let flat = json!({"api_url": "https://prod.test", "access_token": TOKEN, "project": "mine"});
    let contexts = json!({"current_context": "prod", "contexts": {
        "other": {"server": url},
        "prod": {"server": "https://prod.test", "project": "mine"},
    }});
    for (config, save) in [
        (
            &flat,
            format!("acpctl config set-context NAME --server {url} --project scratch"),
        ),
        (
            &contexts,
            "acpctl --context-name=other project set scratch".to_owned(),
        ),
    ] {
        let env = TestEnv::new();
        env.config(&config.to_string());
        let told = |line: &str| env.connected(url).line(line).told();
        let (status, stdout, stderr) = told("project create scratch");
        assert_eq!(
            (status, stdout.as_str()),
            (Some(0), "project/scratch created\n"),
            "{stderr}"
        );
        assert!(
            stderr.contains("the current project is unchanged") && stderr.contains(&save),
            "{stderr}"
        );
        let (status, stdout, stderr) = told("project set scratch");
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains(&save), "{stderr}");
        // With the flag too; and what is typed as a setting of the file is one.
        let line = format!("project set scratch --api-url {url}");
        assert_eq!(env.acpctl().line(&line).told().0, Some(2));
        assert_eq!(env.saved(), *config);
        let (status, _, stderr) = told("config set project named");
        assert_eq!(status, Some(0), "{stderr}");
        assert!(stderr.contains("saved for https://prod.test"), "{stderr}");
    }
    // The suggested line saves it where it belongs.
    let env = TestEnv::new();
    env.config(&contexts.to_string());
    let mut command = env.acpctl();
    command.env("AMBIENT_API_URL", "https://elsewhere.test");
    let line = "login --context-name other --token sha256~canary-token-0123456789";
    assert_eq!(env.acpctl().line(line).told().0, Some(0));
    let line = "--context-name=other project set scratch";
    assert_eq!(command.line(line).told().0, Some(0));
    let saved = env.saved();
    assert_eq!(saved["contexts"]["other"]["project"], "scratch");
    assert_eq!(saved["contexts"]["prod"]["project"], "mine");
    // A login that does not change the address does not change the project beside it.
    let (status, _, stderr) = env
        .acpctl()
        .line(&format!(
            "login --api-url {url} --token {TOKEN} --project scratch"
        ))
        .told();
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stderr.contains("--project is not saved"), "{stderr}");
    assert_eq!(env.saved()["contexts"]["prod"]["project"], "mine");
}

#[test]
fn a_project_is_saved_for_the_same_server_and_for_one_without_a_name() {
    let server = server();
    let url = server.url();
    for config in [
        json!({}),
        json!({"api_url": format!("{url}/"), "project": "old"}),
    ] {
        let env = TestEnv::new();
        env.config(&config.to_string());
        let (status, _, stderr) = env.connected(url).line("project set scratch").told();
        assert_eq!(status, Some(0), "{stderr}");
        assert_eq!(env.saved()["project"], "scratch");
    }
    // Another address of the same platform, as the user says.
    let env = TestEnv::new();
    env.config(&json!({"api_url": "https://prod.test", "project": "old"}).to_string());
    let line = "project set scratch --send-login";
    assert_eq!(env.connected(url).line(line).told().0, Some(0));
    assert_eq!(env.saved()["project"], "scratch");
}

#[test]
fn the_embedded_api_does_not_use_the_project_of_a_server() {
    let env = TestEnv::new();
    env.config(&json!({"api_url": "https://prod.test", "project": "theirs"}).to_string());
    let told = |line: &str| env.local().line(line).told();
    assert_eq!(told("project create web").0, Some(0));
    assert_eq!(told("agent create a --project web --prompt p").0, Some(0));
    assert_eq!(told("agent start a --project web").0, Some(0));
    let (status, stdout, _) = told("session list -o name");
    assert!(status == Some(0) && stdout.contains("session/"), "{stdout}");
    assert!(told("project current").1.contains("No project context set"));
    let (status, _, stderr) = told("agent list");
    assert_eq!(status, Some(2), "{stderr}");
    assert!(
        stderr.contains("no project set")
            && stderr.contains("\"theirs\" is a project of the server"),
        "{stderr}"
    );
}
