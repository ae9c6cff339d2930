//! Several files, and reports for code scanning.

use std::path::Path;

use serde_json::json;

use crate::findings::{FAULTY, GOOD, config, parsed, validate};
use crate::support::{TestEnv, skipped, streams};

#[test]
fn a_folder_says_what_it_leaves_out() {
    let env = TestEnv::new();
    let good = config(GOOD, "token: abcdef");
    env.file(
        "d/kubeconfig",
        config("http://api.example.com", "token: abcdef"),
    );
    env.file("d/dev.yaml", &good);
    env.file("d/inner/kubeconfig", &good);
    env.file("d/README.md", "no kubeconfig");
    env.file("d/.gitkeep", "");
    env.file("d/values.yaml", "replicas: 2\n");
    env.file("d/deploy.yaml", "apiVersion: apps/v1\nkind: Deployment\n");
    let (status, stdout, stderr) = validate(&env, &["d"]);
    assert_eq!(status, Some(7), "{stdout}{stderr}");
    for told in [
        "d: skipped 1 file and 1 folder in it; to check them too, name them\n",
        "d/values.yaml: skipped, it is not a kubeconfig\n",
        "d/deploy.yaml: skipped, it is not a kubeconfig\n",
        "Error: d/kubeconfig has 1 error\n",
    ] {
        assert!(stderr.contains(told), "{told}: {stderr}");
    }
    // A second document may be a kubeconfig, which nothing would judge.
    env.file("f/two.yaml", format!("kind: ConfigMap\n---\n{good}"));
    env.file("f/dev.yaml", &good);
    let (status, stdout, stderr) = validate(&env, &["f"]);
    assert_eq!(status, Some(7), "{stdout}{stderr}");
    let several = "kind: Project\nname: a\n---\nkind: Agent\nname: b\n";
    env.file("h/team.yaml", several);
    env.file("h/dev.yaml", &good);
    let (status, stdout, stderr) = validate(&env, &["h"]);
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert!(stderr.contains("h/team.yaml: skipped"), "{stderr}");
    // The name of a file can't begin a line.
    env.file("g/x\n::error::owned\n.yaml", "");
    let (_, stdout, stderr) = validate(&env, &["g"]);
    assert!(stdout.contains("owned"), "{stdout}");
    assert!(!(stdout + &stderr).contains("\n::error::"), "{stderr}");
    // What is named is judged, and so is a kubeconfig inside another document.
    let (status, ..) = validate(&env, &["d/values.yaml"]);
    assert_eq!(status, Some(7));
    env.file(
        "e/wrapped.yaml",
        format!(
            "data:\n  kubeconfig: |\n    {}",
            good.replace('\n', "\n    ")
        ),
    );
    let (status, stdout, _) = validate(&env, &["e"]);
    assert_eq!(status, Some(7));
    assert!(stdout.contains("error[not-a-config]"), "{stdout}");
    env.file("f/values.yaml", "replicas: 2\n");
    let (status, _, stderr) = validate(&env, &["f"]);
    assert_eq!(status, Some(7), "{stderr}");
}

#[test]
fn what_a_gate_refuses_is_not_called_valid() {
    let env = TestEnv::new();
    env.file("warned.yaml", config("https://10.0.0.1", "token: abcdef"));
    let (_, stdout, _) = validate(&env, &["warned.yaml"]);
    assert!(
        stdout.ends_with("warned.yaml: valid (context \"dev\")\n"),
        "{stdout}"
    );
    let (status, stdout, _) = validate(&env, &["warned.yaml", "--strict"]);
    assert_eq!(status, Some(8));
    assert!(
        stdout.ends_with("warned.yaml: refused (context \"dev\")\n"),
        "{stdout}"
    );
}

#[test]
fn several_files_and_folders_are_judged_at_once() {
    let env = TestEnv::new();
    let good = config(GOOD, "token: abcdef");
    for name in [
        "d/a.yaml",
        "d/b.yml",
        "d/c.conf",
        "d/d.kubeconfig",
        "d/config",
        "one.txt",
    ] {
        env.file(name, &good);
    }
    env.file("d/README.md", "no kubeconfig");
    env.file("d/inner/bad.yaml", "also not looked at");
    env.file(
        "bad.yaml",
        config("http://api.example.com", "token: abcdef"),
    );
    env.file("warned.yaml", config("https://10.0.0.1", "token: abcdef"));
    std::fs::create_dir(env.work().join("empty")).unwrap();

    let (status, stdout, stderr) = validate(&env, &["d", "one.txt"]);
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert_eq!(
        stdout.matches(": valid (context \"dev\")").count(),
        6,
        "{stdout}"
    );

    // What is invalid is worse than what a gate refuses, in any order.
    for (args, code) in [
        (&["one.txt", "warned.yaml", "--strict"][..], 8),
        (&["warned.yaml", "bad.yaml", "--strict"], 7),
        (&["bad.yaml", "warned.yaml", "--strict"], 7),
        (&["one.txt", "missing"], 7),
        (&["one.txt", "empty"], 7),
        (&["empty"], 7),
    ] {
        let (status, _, stderr) = validate(&env, args);
        assert_eq!(status, Some(code), "{args:?}: {stderr}");
    }
    let (_, _, stderr) = validate(&env, &["d", "bad.yaml", "missing"]);
    assert!(stderr.contains("bad.yaml has 1 error\n"), "{stderr}");
    assert!(
        stderr.contains("read \"missing\": no such file or directory\n"),
        "{stderr}"
    );
    assert!(
        stderr.contains("Error: 2 of 7 kubeconfigs are refused\n"),
        "{stderr}"
    );

    let (status, stdout, _) = validate(&env, &["one.txt", "missing", "bad.yaml", "-o", "json"]);
    assert_eq!(status, Some(7));
    let values = parsed(&stdout);
    assert_eq!(values[0]["file"], "one.txt");
    assert_eq!(values[0]["valid"], true);
    assert_eq!(values[1]["file"], "missing");
    assert_eq!(values[1]["valid"], false);
    assert!(
        values[1]["error"]
            .as_str()
            .unwrap()
            .contains("no such file")
    );
    assert_eq!(
        values[2]["report"]["findings"]
            .as_array()
            .map(Vec::is_empty),
        Some(false)
    );
    let (_, stdout, _) = validate(&env, &["one.txt", "-o", "json"]);
    assert_eq!(
        parsed(&stdout)["file"],
        "one.txt",
        "a single one is an object"
    );
    let (_, stdout, _) = validate(&env, &["missing", "-o", "json"]);
    assert_eq!(parsed(&stdout)["error"]["exit_code"], 7);
}

/// A SARIF report with odd names of files, and what GitHub's rule set asks for.
#[test]
fn a_report_for_code_scanning_is_complete() {
    let env = TestEnv::new();
    env.file("a dir/x ü#1.yaml", FAULTY);
    env.file("b.yaml", config("http://api.example.com", "token: '***'"));
    let absolute = env.file("c.yaml", config("https://10.0.0.1", "token: abcdef"));
    let outside = env.home().join("out side.yaml");
    std::fs::write(&outside, config("https://10.0.0.1", "token: abcdef")).unwrap();
    let files = [
        "a dir",
        "./a dir/../b.yaml",
        absolute.to_str().unwrap(),
        "../out side.yaml",
        "missing.yaml",
    ];
    let args = [&files[..], &["-o", "sarif", "--allow", "insecure-tls"]].concat();
    let (status, stdout, stderr) = validate(&env, &args);
    assert_eq!(status, Some(7));
    assert!(stderr.contains("missing.yaml"), "{stderr}");
    assert!(!stdout.contains("canary"), "{stdout}");
    let log = parsed(&stdout);
    assert_eq!(log["runs"].as_array().unwrap().len(), 1);
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            let text = rule[text]["text"].as_str().unwrap();
            assert!(text.ends_with('.'), "{rule}");
        }
        assert!(
            rule["helpUri"].as_str().unwrap().starts_with("https://"),
            "{rule}"
        );
    }
    let results = run["results"].as_array().unwrap();
    let mut prints = std::collections::BTreeSet::new();
    let mut uris = std::collections::BTreeSet::new();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let print = result["partialFingerprints"]["acpctl/v1"].as_str().unwrap();
        assert!(prints.insert(print.to_owned()), "twice: {result}");
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        uris.insert(uri.as_str().unwrap().to_owned());
        let is_allowed = result["ruleId"] == "insecure-tls";
        assert_eq!(result["suppressions"].is_array(), is_allowed);
    }
    let home = env.home().to_str().unwrap();
    let expected = [
        "a%20dir/x%20%C3%BC%231.yaml".to_owned(),
        "b.yaml".to_owned(),
        "c.yaml".to_owned(),
        format!("file://{home}/out%20side.yaml"),
    ];
    assert_eq!(uris, expected.into());
    let of_http = results
        .iter()
        .find(|result| result["ruleId"] == "server-plain-http")
        .unwrap();
    assert!(
        of_http["message"]["text"]
            .as_str()
            .unwrap()
            .contains("Fix: use https")
    );
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    check_report(&env, &stdout);
}

#[test]
fn a_report_is_there_if_the_file_is_not() {
    let env = TestEnv::new();
    let (status, stdout, stderr) = validate(&env, &["missing.yaml", "-o", "sarif"]);
    assert_eq!(status, Some(7));
    assert!(
        stderr.starts_with("Error: read \"missing.yaml\""),
        "{stderr}"
    );
    let run = &parsed(&stdout)["runs"][0];
    assert_eq!(run["results"], json!([]));
    let notes = run["invocations"][0]["toolExecutionNotifications"].as_array();
    assert_eq!(notes.map(Vec::len), Some(1));
    check_report(&env, &stdout);
    // A finding that is about the size of what would be stored is a rule like any other.
    let note = "x".repeat(600 << 10);
    let large = config(GOOD, "token: abcdef").replace(
        "cluster: {",
        &format!("cluster: {{extensions: [{{name: e, extension: {note}}}], "),
    );
    env.file("large.yaml", large);
    let (status, stdout, _) = validate(&env, &["large.yaml", "-o", "sarif"]);
    assert_eq!(status, Some(0), "{stdout}");
    let log = parsed(&stdout);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let found = results.iter().find(|result| result["ruleId"] == "oversize");
    assert!(found.unwrap()["ruleIndex"].is_u64(), "{stdout}");
}

/// The report under Microsoft's validator, with the rules of GitHub's service.
fn check_report(env: &TestEnv, report: &str) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/node_modules/.bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let tool = std::env::split_paths(&path)
        .chain([own])
        .map(|folder| folder.join("sarif-multitool"))
        .find(|tool| tool.is_file());
    let Some(tool) = tool else {
        return skipped("sarif-multitool is not on PATH");
    };
    let file = env.file("report.sarif", report);
    // The wrapper of npm passes its words through a shell, so that a list of kinds would not arrive.
    for rules in ["Sarif", "Ghas"] {
        let output = std::process::Command::new(&tool)
            .arg("validate")
            .arg(&file)
            .args(["--rule-kind", rules])
            .env("HOME", env.home())
            .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        if stderr.contains("Permission denied") {
            return skipped("sarif-multitool is not executable");
        }
        assert!(output.status.success(), "{stdout}{stderr}");
        assert!(stdout.contains("1 files scanned"), "{stdout}");
        let errors: Vec<&str> = stdout
            .lines()
            .filter(|line| line.contains(": error "))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}
