//! `credential renew --print-schedule`: texts that a scheduler can read, for what the command line says.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::run::Run as _;
use crate::support::{TestEnv, skipped};

fn printed(env: &TestEnv, words: &[&str]) -> String {
    env.acpctl()
        .args(["credential", "renew"])
        .args(words)
        .stdout()
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

/// The words that a shell makes of a line.
fn shell_words(line: &str) -> Vec<String> {
    let output = Command::new("sh")
        .args(["-c", &format!("printf '%s\\n' {line}")])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

const ALL: [&str; 6] = [
    "acpctl",
    "credential",
    "renew",
    "--all",
    "--expiring-within",
    "6h",
];

#[test]
fn cron_runs_what_the_line_says() {
    let env = TestEnv::new();
    let cron = |words: &[&str]| {
        let text = printed(&env, &[&["--print-schedule", "cron"][..], words].concat());
        let line = text.strip_suffix('\n').unwrap();
        assert!(!line.contains('\n'), "{line}");
        let parts: Vec<&str> = line.splitn(6, ' ').collect();
        let command = parts[5].replace("\\%", "%");
        assert_eq!(parts[5].matches('%').count(), command.matches('%').count());
        (parts[..5].join(" "), shell_words(&command))
    };
    let words =
        |words: &[&str]| -> Vec<String> { words.iter().map(|&word| word.to_owned()).collect() };
    assert_eq!(cron(&[]), ("17 */2 * * *".to_owned(), words(&ALL)));
    assert_eq!(cron(&["--all"]).1, words(&ALL));
    let (_, named) = cron(&["it's 50% of prod"]);
    assert_eq!(named[3], "it's 50% of prod");
    assert!(!named.contains(&"--all".to_owned()));
    // Three runs fit in the time before the end, however short it is.
    for (within, times) in [
        ("3h", "17 */1 * * *"),
        ("36h", "17 */12 * * *"),
        ("30d", "17 */12 * * *"),
        ("1h", "*/20 * * * *"),
        ("2m", "*/1 * * * *"),
    ] {
        assert_eq!(cron(&["--expiring-within", within]).0, times, "{within}");
    }
    let here = env.work().join("own");
    assert_eq!(
        cron(&[
            "prod",
            "--context",
            "dev",
            "-f",
            "own",
            "--allow",
            "exec-plugin"
        ])
        .1[4..],
        words(&[
            "--expiring-within",
            "6h",
            "--from-file",
            here.to_str().unwrap(),
            "--context",
            "dev",
            "--allow",
            "exec-plugin"
        ])
    );
    let (_, local) = cron(&["--local", "prod"]);
    assert_eq!(local[..4], ["acpctl", "--local", "credential", "renew"]);
}

#[test]
fn a_job_on_this_machine_reaches_the_server_that_a_variable_names() {
    let env = TestEnv::new();
    let run = |scheduler: &str, variable: (&str, &str)| {
        let mut command = env.acpctl();
        command.env(variable.0, variable.1);
        let words = ["credential", "renew", "--print-schedule", scheduler];
        command.args(words).told()
    };
    for (variable, flag) in [
        (("AMBIENT_API_URL", "local:"), "--local"),
        (
            ("AMBIENT_API_URL", "https://acp.test"),
            "--api-url=https://acp.test",
        ),
    ] {
        for scheduler in ["cron", "systemd"] {
            let (status, stdout, stderr) = run(scheduler, variable);
            assert_eq!(status, Some(0), "{stderr}");
            let command = format!("acpctl {flag} credential renew --all");
            assert!(stdout.contains(&command), "{stdout}");
        }
    }
    // The job elsewhere has neither this store nor the variable.
    let (status, _, stderr) = run("kubernetes", ("AMBIENT_API_URL", "local:"));
    assert_eq!(status, Some(2), "{stderr}");
    let (_, stdout, _) = run("kubernetes", ("AMBIENT_API_URL", "https://acp.test"));
    assert!(!stdout.contains("https://acp.test"), "{stdout}");
    let (_, _, stderr) = run("cron", ("AMBIENT_TOKEN", "sha256~canary-token-0123456789"));
    assert!(
        stderr.contains("in the job") && stderr.contains("AMBIENT_TOKEN"),
        "{stderr}"
    );
}

#[test]
fn systemd_runs_what_the_line_says() {
    let env = TestEnv::new();
    let text = printed(&env, &["prod", "--print-schedule", "systemd"]);
    assert!(text.contains("OnCalendar=*-*-* 00/2:17:00\n"), "{text}");
    assert!(
        text.contains(
            "\nExecStart=/usr/bin/env acpctl credential renew prod --expiring-within 6h\n"
        ),
        "{text}"
    );
    let text = printed(&env, &["a $x's", "--print-schedule=systemd"]);
    assert!(
        text.contains(
            "\nExecStart=/bin/sh -c \"acpctl credential renew 'a $$x'\\\\''s' --expiring"
        ),
        "{text}"
    );
}

#[test]
fn github_runs_what_the_line_says() {
    let env = TestEnv::new();
    let text = printed(&env, &["a b", "--print-schedule", "github"]);
    let workflow = yaml(&text);
    assert_eq!(workflow["on"]["schedule"][0]["cron"], "17 */2 * * *");
    let step = &workflow["jobs"]["renew"]["steps"][1];
    assert_eq!(step["env"]["AMBIENT_TOKEN"], "${{ secrets.AMBIENT_TOKEN }}");
    assert_eq!(step["env"]["RENEWED_CREDENTIAL"], "a b");
    let run = step["run"].as_str().unwrap();
    assert!(
        run.ends_with(" acpctl credential renew --expiring-within 6h -- \"$RENEWED_CREDENTIAL\"\n"),
        "{run}"
    );
    let all = yaml(&printed(&env, &["--print-schedule", "github"]));
    let run = all["jobs"]["renew"]["steps"][1]["run"].as_str().unwrap();
    assert!(
        run.ends_with(" acpctl credential renew --all --expiring-within 6h\n"),
        "{run}"
    );
}

/// Names that mean something to a shell, to YAML, or to a scheduler.
const HOSTILE: [&str; 12] = [
    "--all",
    "-n",
    "x: y #z",
    "\"quoted\" 'twice'",
    "back\\slash \\n",
    "$(AMBIENT_TOKEN)",
    "$$(AMBIENT_TOKEN) `id`",
    "${HOME} %h 50%",
    "{a: [b]}",
    "*a &b !c",
    "~",
    "\u{200b}部署",
];

/// A word of a command as a container gets it: `$$` becomes `$`, and no variable is named.
fn as_in_a_pod(word: &str) -> String {
    let mut parts = word.split("$$");
    assert!(parts.all(|part| !part.contains("$(")), "{word}");
    word.replace("$$", "$")
}

#[test]
fn a_name_means_the_same_to_each_scheduler() {
    let env = TestEnv::new();
    for name in HOSTILE {
        let words = ["credential", "renew", "--expiring-within", "6h"];
        let words: Vec<&str> = if name.starts_with('-') {
            [&["acpctl"], &words[..], &["--", name]].concat()
        } else {
            [&["acpctl"], &words[..2], &[name], &words[2..]].concat()
        };
        let text = |scheduler: &str| printed(&env, &["--print-schedule", scheduler, "--", name]);
        let cron = text("cron");
        let command = cron.trim_end().splitn(6, ' ').nth(5).unwrap();
        if !name.contains('\u{200b}') {
            assert_eq!(shell_words(&command.replace("\\%", "%")), words, "{cron}");
        }
        let github = yaml(&text("github"));
        let step = &github["jobs"]["renew"]["steps"][1];
        assert_eq!(step["env"]["RENEWED_CREDENTIAL"], name);
        assert!(
            !step["run"].as_str().unwrap().contains(name) || name == "~",
            "{name}"
        );
        let job = text("kubernetes");
        let read = yaml(&job);
        let pod = &read["spec"]["jobTemplate"]["spec"]["template"]["spec"];
        let command = pod["containers"][0]["command"].as_array().unwrap();
        let command: Vec<String> = command
            .iter()
            .map(|word| as_in_a_pod(word.as_str().unwrap()))
            .collect();
        assert_eq!(command, words, "{job}");
        let systemd = text("systemd");
        let starts = systemd
            .lines()
            .filter(|line| line.starts_with("ExecStart="));
        assert_eq!(starts.count(), 1, "{systemd}");
    }
}

#[test]
fn github_replaces_nothing_in_a_name() {
    let env = TestEnv::new();
    let name = "x${{ secrets.ADMIN_KUBECONFIG }}";
    for words in [
        &[name][..],
        &["prod", "--context", name],
        &["--all", "--context", name],
    ] {
        let (code, out, err) = env
            .acpctl()
            .args(["credential", "renew", "--print-schedule", "github"])
            .args(words)
            .told();
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        assert!(
            err.contains("GitHub would replace a part of the name"),
            "{err}"
        );
    }
    let text = printed(
        &env,
        &["prod", "--context=-o", "--print-schedule", "github"],
    );
    let read = yaml(&text);
    let step = &read["jobs"]["renew"]["steps"][1];
    assert_eq!(step["env"]["CLUSTER_CONTEXT"], "-o");
}

#[test]
fn kubernetes_runs_what_the_line_says() {
    let env = TestEnv::new();
    for name in [
        None,
        Some("prod"),
        Some("1.0"),
        Some("null"),
        Some("a: b #c"),
    ] {
        let mut line = vec!["--print-schedule", "kubernetes"];
        line.extend(name);
        let text = printed(&env, &line);
        let job = yaml(&text);
        assert_eq!(
            (&job["apiVersion"], &job["kind"], &job["spec"]["schedule"]),
            (
                &json!("batch/v1"),
                &json!("CronJob"),
                &json!("17 */2 * * *")
            )
        );
        let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
        assert_eq!(pod["serviceAccountName"], "acpctl-renewer");
        assert_eq!(pod["restartPolicy"], "Never");
        let container = &pod["containers"][0];
        let mut command = ALL;
        command[3] = name.unwrap_or("--all");
        assert_eq!(container["command"], json!(command), "{text}");
        // Each mount has its volume.
        let names = |list: &Value| -> Vec<String> {
            let items = list.as_array().unwrap().iter();
            items
                .map(|item| item["name"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(names(&container["volumeMounts"]), names(&pod["volumes"]));
        assert_kubectl_reads(&text);
    }
}

/// Kubernetes' own client reads the text as a `CronJob`, without a cluster.
fn assert_kubectl_reads(text: &str) {
    use std::io::Write as _;
    let spawned = Command::new("kubectl")
        .args([
            "set",
            "image",
            "--local",
            "-f",
            "-",
            "renew=image",
            "-o",
            "name",
        ])
        .env("KUBECONFIG", "/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut kubectl) = spawned else {
        return skipped("kubectl is not installed");
    };
    let mut stdin = kubectl.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    let output = kubectl.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "cronjob.batch/acpctl-renewer\n",
        "{error}"
    );
}

#[test]
fn what_a_scheduler_can_not_do_is_refused() {
    let env = TestEnv::new();
    for line in [
        "prod --all --print-schedule cron",
        "--print-schedule cron -f -",
        "--print-schedule cron --allow server-loopback",
        "--local --print-schedule github",
        "--local --print-schedule kubernetes",
        "-f own --print-schedule github",
        "-f own --print-schedule kubernetes",
    ] {
        let (code, out, err) = env
            .acpctl()
            .args(["credential", "renew"])
            .args(line.split(' '))
            .told();
        assert_eq!((code, out.as_str()), (Some(2), ""), "{line}: {err}");
    }
}
