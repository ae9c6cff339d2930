//! docs/access.md is run from its beginning to its end, and shows what the program prints.

use std::process::Command;

use super::mint::{Bench, login_program};
use crate::support::skipped;

/// One command of the page, with the text below it.
struct Shown {
    line: String,
    text: String,
}

/// The commands in the blocks of the page.
fn commands(page: &str) -> Vec<Shown> {
    let blocks = page.split("```console\n").skip(1);
    blocks
        .map(|block| {
            let block = block.split("```").next().unwrap();
            let (line, text) = block.split_once('\n').unwrap();
            Shown {
                line: line.strip_prefix("$ ").unwrap().to_owned(),
                text: text.to_owned(),
            }
        })
        .collect()
}

/// The test's cluster is on this machine, and its store is new: the page leaves out what acpctl says about that.
const OF_THE_TEST: [&str; 3] = [
    "warning[server-loopback]",
    "fix: use an address that the runner can reach",
    "The key of the embedded API's store is in ",
];

/// Replaces what differs from run to run: random letters, times.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    let is_shown = |line: &&str| !OF_THE_TEST.iter().any(|words| line.contains(words));
    for line in text.lines().filter(is_shown) {
        let words: Vec<String> = line.split(' ').map(word).collect();
        steady.push_str(words.join(" ").trim_end());
        steady.push('\n');
    }
    steady
}

/// The first words of the lines, in no order.
fn loose(text: &str) -> std::collections::BTreeSet<&str> {
    let lines = text.lines();
    lines
        .filter_map(|line| line.split_whitespace().next())
        .collect()
}

/// The name of the page's account, without its random letters.
const ACCOUNT: &str = "acpctl-team-a-view-";

fn word(word: &str) -> String {
    let is_digit = |c: char| c.is_ascii_digit();
    // 2026-11-29, 08:06, 2026-11-29T08:06:26Z
    let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let shape: String = bare
        .chars()
        .map(|c| if is_digit(c) { '0' } else { c })
        .collect();
    if ["0000-00-00", "00:00", "0000-00-00T00:00:00Z"].contains(&shape.as_str()) {
        return word.replace(bare, &shape);
    }
    match word.find(ACCOUNT) {
        Some(at) if word.len() >= at + ACCOUNT.len() + 8 => {
            let (start, rest) = word.split_at(at + ACCOUNT.len());
            format!("{start}xxxxxxxx{}", &rest[8..])
        }
        _ => word.to_owned(),
    }
}

#[test]
fn the_page_shows_what_the_program_prints() {
    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/access.md");
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut bench = Bench::new();
    let own = bench.server.user("ada", Some("admin"));
    let user = login_program(&bench.env, &own);
    let kubeconfig = bench.server.kubeconfig_of(&user);
    bench.use_kubeconfig(&kubeconfig);
    bench.ok("create project --name team-a");
    let has_kubectl = Command::new("kubectl").arg("help").output().is_ok();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_acpctl"));
    let mut differing = Vec::new();
    for shown in commands(&page) {
        if shown.line.contains("kubectl") && !has_kubectl {
            skipped("kubectl is not installed");
            continue;
        }
        let path = format!(
            "{}:{}",
            program.parent().unwrap().display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let output = Command::new("sh")
            .args(["-c", &format!("{} 2>&1", shown.line)])
            .env_clear()
            .envs(bench.env.variables())
            .env("PATH", path)
            .env("KUBECONFIG", bench.file())
            .env("AMBIENT_API_URL", "local:")
            .current_dir(bench.env.work())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let text = text
            .replace(
                &bench.server.cluster.server,
                "https://cluster.example.org:6443",
            )
            .replace(
                &bench.file().display().to_string(),
                "/home/ada/.kube/config",
            );
        // The variables of the bench are not those of the page.
        let text: String = text
            .split_inclusive('\n')
            .filter(|line| !line.starts_with("Set in this shell, and not in the job"))
            .collect();
        let (found, wanted) = (steady(&text), steady(&shown.text));
        // Versions of kubectl order and space their columns in different ways.
        let is_same = if shown.line.contains("kubectl") {
            loose(&found) == loose(&wanted)
        } else {
            found == wanted
        };
        if !is_same {
            differing.push(format!("$ {}\n{text}", shown.line));
        }
    }
    assert!(
        differing.is_empty(),
        "the page differs from:\n{}",
        differing.join("\n")
    );
}
