//! The recipes of examples/ci/ run: their shell is taken out of the texts and executed against the embedded API.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{TestEnv, streams};

const SAMPLE: &str = include_str!("../../examples/kubeconfig.yaml");

/// A kubeconfig that no client accepts: its context names no cluster of the file.
const BROKEN: &str = "apiVersion: v1
kind: Config
current-context: a
contexts: [{name: a, context: {cluster: missing, user: missing}}]
clusters: []
users: []
";

/// A recipe, parsed.
fn recipe(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples/ci")
        .join(name);
    serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The script of a composite action's only step, and the variables that its inputs become.
fn action(name: &str, inputs: &[(&str, &str)]) -> (String, Vec<(String, String)>) {
    let action = recipe(&format!("github/{name}/action.yml"));
    let step = &action["runs"]["steps"][0];
    let given = |input: &str| {
        let given = inputs.iter().find(|(name, _)| *name == input);
        let default = action["inputs"][input]["default"].as_str();
        given
            .map(|(_, value)| *value)
            .or(default)
            .map(str::to_owned)
    };
    let variables = step["env"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| {
            let value = value.as_str().unwrap();
            let input = value
                .trim_start_matches("${{ inputs.")
                .trim_end_matches(" }}");
            (
                name.clone(),
                given(input).unwrap_or_else(|| panic!("{input} is required")),
            )
        });
    (
        step["run"].as_str().unwrap().to_owned(),
        variables.collect(),
    )
}

/// Runs a script with the program on its PATH, on the embedded API.
fn run(env: &TestEnv, shell: &str, script: &str, variables: &[(String, String)]) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_acpctl")).parent().unwrap();
    let mut command = Command::new(shell);
    command
        .args(["-c", script])
        .current_dir(env.work())
        .env_clear();
    command.envs(env.variables());
    command
        .env("RUNNER_TEMP", env.home())
        .env("GITHUB_OUTPUT", env.home().join("outputs"))
        .env(
            "PATH",
            format!("{}:{}", program.display(), std::env::var("PATH").unwrap()),
        );
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command
        .env("AMBIENT_API_URL", "local:")
        .env_remove("AMBIENT_TOKEN");
    command.output().unwrap()
}

fn text(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// An environment with the project `team-a`.
fn with_project() -> TestEnv {
    let env = TestEnv::new();
    env.local()
        .args(["create", "project", "--name", "team-a"])
        .assert()
        .success();
    env
}

#[test]
fn the_github_action_validates_and_reports() {
    let env = TestEnv::new();
    env.file("clusters/good.yaml", SAMPLE);
    let inputs = [("files", "clusters\n"), ("strict", "false")];
    let (script, variables) = action("validate", &inputs);
    let output = run(&env, "bash", &script, &variables);
    assert_eq!(output.status.code(), Some(0), "{:?}", streams(&output));
    let report = fs::read_to_string(env.home().join("kubeconfig.sarif")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["version"], "2.1.0");
    let outputs = fs::read_to_string(env.home().join("outputs")).unwrap();
    assert_eq!(
        outputs,
        format!("sarif={}/kubeconfig.sarif\n", env.home().display())
    );

    env.file("clusters/bad.yaml", BROKEN);
    let output = run(&env, "bash", &script, &variables);
    assert_eq!(output.status.code(), Some(7), "{:?}", streams(&output));
    assert!(streams(&output).0.contains("clusters/bad.yaml"));
    let report = fs::read_to_string(env.home().join("kubeconfig.sarif")).unwrap();
    assert!(report.contains("clusters/bad.yaml"), "{report}");
}

#[test]
fn without_files_the_recipes_check_nothing() {
    let env = TestEnv::new();
    let (script, variables) = action("validate", &[("files", " \n")]);
    let jobs = recipe("gitlab.yml");
    let job = &jobs[".acpctl-validate"]["script"][0];
    for (shell, script, variables) in [
        ("bash", script.as_str(), variables),
        (
            "sh",
            job.as_str().unwrap(),
            text(&[("FILES", ""), ("MIN_TTL", "1s")]),
        ),
    ] {
        let output = run(&env, shell, script, &variables);
        let (out, err) = streams(&output);
        assert_eq!(output.status.code(), Some(0), "{err}");
        assert_eq!(
            (out.as_str(), err.as_str()),
            ("No files to validate.\n", "")
        );
    }
}

#[test]
fn the_github_actions_store_bind_and_run_and_can_be_repeated() {
    let env = with_project();
    let inputs = [
        ("kubeconfig", SAMPLE),
        ("name", "team-a"),
        ("project", "team-a"),
        ("api-url", "local:"),
        ("token", ""),
    ];
    let (script, variables) = action("create", &inputs);
    for status in ["created", "unchanged"] {
        let output = run(&env, "bash", &script, &variables);
        let (out, err) = streams(&output);
        assert_eq!(output.status.code(), Some(0), "{err}");
        assert!(out.contains(status), "{out}");
    }
    let command = "grep -c current-context \"$KUBECONFIG\"; grep token \"$KUBECONFIG\"";
    let inputs = [
        ("credential", "team-a"),
        ("run", command),
        ("api-url", "local:"),
        ("token", ""),
    ];
    let (script, variables) = action("exec", &inputs);
    let output = run(&env, "bash", &script, &variables);
    let (out, err) = streams(&output);
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(out.starts_with("1\n") && out.contains("***"), "{out}");
}

#[test]
fn a_wrong_kubeconfig_stops_the_github_action() {
    let env = with_project();
    let inputs = [
        ("kubeconfig", BROKEN),
        ("name", "team-a"),
        ("project", "team-a"),
        ("api-url", "local:"),
        ("token", ""),
    ];
    let (script, variables) = action("create", &inputs);
    let output = run(&env, "bash", &script, &variables);
    assert_eq!(output.status.code(), Some(7), "{:?}", streams(&output));
    let list = env
        .local()
        .args(["credential", "list", "-o", "name"])
        .output()
        .unwrap();
    assert_eq!(streams(&list).0, "");
}

#[test]
fn text_of_an_input_is_no_part_of_a_script() {
    for name in ["install", "validate", "create", "exec"] {
        let action = recipe(&format!("github/{name}/action.yml"));
        for step in action["runs"]["steps"].as_array().unwrap() {
            assert!(!step["run"].as_str().unwrap().contains("${{"), "{name}");
        }
    }
}

#[test]
fn the_gitlab_jobs_run_in_order() {
    let env = with_project();
    let file = env.file("kubeconfig", SAMPLE);
    let jobs = recipe("gitlab.yml");
    let given = [
        (
            ".acpctl-validate",
            text(&[("FILES", "kubeconfig"), ("MIN_TTL", "1s")]),
        ),
        (
            ".acpctl-create",
            text(&[
                ("KUBECONFIG_FILE", file.to_str().unwrap()),
                ("PROJECT", "team-a"),
            ]),
        ),
        (
            ".acpctl-exec",
            text(&[("COMMAND", "grep current-context \"$KUBECONFIG\"")]),
        ),
    ];
    for (job, given) in given {
        let defaults = jobs[job]["variables"].as_object().unwrap().iter();
        let mut variables: Vec<_> = defaults
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        variables.extend(given);
        let lines = jobs[job]["script"].as_array().unwrap().iter();
        let script: Vec<_> = lines.map(|line| line.as_str().unwrap()).collect();
        let output = run(
            &env,
            "sh",
            &format!("set -e\n{}", script.join("\n")),
            &variables,
        );
        assert_eq!(
            output.status.code(),
            Some(0),
            "{job}: {:?}",
            streams(&output)
        );
    }
}

#[test]
fn the_tekton_task_stores_and_binds() {
    let env = with_project();
    let file = env.file("kubeconfig", SAMPLE);
    let task = recipe("tekton-task.yaml");
    let script = task["spec"]["steps"][0]["script"].as_str().unwrap();
    let given = [
        ("NAME", "team-a"),
        ("PROJECT", "team-a"),
        ("FILE", file.to_str().unwrap()),
    ];
    for _ in 0..2 {
        let output = run(&env, "sh", script, &text(&given));
        assert_eq!(output.status.code(), Some(0), "{:?}", streams(&output));
    }
}

#[test]
fn the_hook_refuses_a_broken_kubeconfig() {
    let env = TestEnv::new();
    env.file("good.kubeconfig", SAMPLE);
    env.file("bad.kubeconfig", BROKEN);
    let config = recipe("pre-commit-config.yaml");
    let entry = config["repos"][0]["hooks"][0]["entry"].as_str().unwrap();
    for (files, code) in [
        ("good.kubeconfig", 0),
        ("good.kubeconfig bad.kubeconfig", 7),
    ] {
        let output = run(&env, "sh", &format!("{entry} {files}"), &[]);
        assert_eq!(output.status.code(), Some(code), "{:?}", streams(&output));
    }
}

#[test]
fn a_project_with_another_kubeconfig_stores_nothing_unless_it_may_be_replaced() {
    let env = with_project();
    let inputs = |name, replace| {
        [
            ("kubeconfig", SAMPLE),
            ("name", name),
            ("project", "team-a"),
            ("replace", replace),
            ("api-url", "local:"),
            ("token", ""),
        ]
    };
    let status = |name, replace| {
        let (script, variables) = action("create", &inputs(name, replace));
        run(&env, "bash", &script, &variables).status.code()
    };
    assert_eq!(status("a", "false"), Some(0));
    assert_eq!(status("b", "false"), Some(8));
    let mut list = env.local();
    list.args(["credential", "list", "-o", "name"]);
    assert_eq!(streams(&list.output().unwrap()).0, "credential/a\n");
    for _ in 0..2 {
        assert_eq!(status("b", "true"), Some(0));
        let mut explain = env.local();
        explain.args(["session", "explain", "--project", "team-a", "-o", "json"]);
        let explained = streams(&explain.output().unwrap()).0;
        let explained: Value = serde_json::from_str(&explained).unwrap();
        let candidates = explained["candidates"].as_array().unwrap().iter();
        let chosen: Vec<_> = candidates.filter(|it| it["chosen"] == true).collect();
        assert_eq!(chosen.len(), 1, "{explained}");
        assert_eq!(chosen[0]["credential"], "b");
    }
    // A variable that is not set gives an empty name.
    assert_eq!(status("", "false"), Some(2));
}

/// The path of the script in the action, and the jobs that install the program first.
#[test]
fn the_workflow_installs_the_program_it_uses() {
    let ci = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci");
    let action = recipe("github/install/action.yml");
    let script = action["runs"]["steps"][0]["env"]["INSTALL"]
        .as_str()
        .unwrap();
    let script = script.strip_prefix("${{ github.action_path }}/").unwrap();
    assert!(ci.join("github/install").join(script).is_file());
    let workflow = recipe("github/workflow.yml");
    for (name, job) in workflow["jobs"].as_object().unwrap() {
        let steps = job["steps"].as_array().unwrap().iter();
        let ours: Vec<&str> = steps
            .filter_map(|step| step["uses"].as_str())
            .filter(|uses| uses.contains("/examples/ci/github/"))
            .collect();
        assert!(ours.len() > 1 && ours[0].contains("/install@"), "{name}");
        for uses in ours {
            let folder = uses.split("/examples/ci/").nth(1).unwrap();
            let folder = folder.split('@').next().unwrap();
            assert!(ci.join(folder).join("action.yml").is_file(), "{uses}");
        }
    }
}
