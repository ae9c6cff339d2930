//! The questions of `credential create`, step by step.

use std::fs;
use std::process::{Command, Stdio};

use crate::support::pty::{Terminal, start};
use crate::support::{ID, TestEnv, streams};
use crate::terminal::{CTRL_C, ENTER, answer_steps, changes, platform, with_kubeconfig};

const DOWN: &str = "\x1b[B";

const ESC: &str = "\x1b";

const CERTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/kubeconfigs/certs");

const SECRET: &str = "canary-typed-8d1e";

/// The steps of storing a kubeconfig: what is asked, and the keys that answer.
const STEPS: &[(&str, &[&str])] = &[
    ("Provider (arrows", &[ENTER]),
    ("Source (arrows", &[ENTER]),
    ("Context (arrows", &["k", ENTER]),
    ("Name [dev]:", &["dev-1", ENTER]),
    ("Project whose sessions may use it", &[DOWN, ENTER]),
    ("Store it? [y/N]:", &["y", ENTER]),
];

#[test]
fn a_kubeconfig_is_stored_step_by_step() {
    let env = with_kubeconfig();
    let server = platform();
    let terminal = start(&env, server.url(), &["credential", "create"], 40, 100);
    answer_steps(&terminal, &STEPS[..2]);
    let facts = [
        "> prod",
        "https://prod.example.org:6443",
        "token",
        "expiry unknown",
    ];
    terminal.wait_until("what is known of the contexts", |screen| {
        facts.iter().all(|fact| screen.contains(fact))
    });
    answer_steps(&terminal, &STEPS[2..5]);
    let screen = terminal.wait_for("Store it?");
    for fact in [
        "Name      dev-1",
        "Context   dev",
        "Server    https://dev.example.org:6443",
        "Project   team-a",
        "acpctl credential create --provider kubeconfig --context dev --name dev-1",
    ] {
        assert!(screen.contains(fact), "{fact}: {screen}");
    }
    assert!(
        changes(&server).is_empty(),
        "nothing is sent before the question"
    );
    answer_steps(&terminal, &STEPS[5..]);
    let screen = terminal.wait_for("status 0");
    assert!(screen.contains("credential/dev-1 created"), "{screen}");
    assert!(
        screen.contains("credential/dev-1 bound to project/team-a"),
        "{screen}"
    );
    assert_eq!(
        changes(&server),
        ["POST /credentials", "POST /role_bindings"]
    );
    let stored = server.received();
    let body = stored
        .iter()
        .find(|request| request.method == "POST")
        .unwrap()
        .json();
    assert_eq!(body["provider"], "kubeconfig");
    assert!(
        !body["token"].as_str().unwrap().contains("prod.example.org"),
        "cut to one context"
    );
    assert!(!terminal.written().contains("canary"), "no secret is shown");
}

#[test]
fn a_missing_project_can_be_created_and_a_taken_name_is_asked_again() {
    let env = with_kubeconfig();
    let words = ["credential", "create"];
    let terminal = start(&env, "local:", &words, 40, 100);
    answer_steps(&terminal, &STEPS[..3]);
    answer_steps(
        &terminal,
        &[
            ("Name [dev]:", &[ENTER]),
            ("Project whose sessions may use it", &["team-x", ENTER]),
            ("There is no project \"team-x\". Create it now?", &["y"]),
            ("Store it?", &["y"]),
        ],
    );
    let screen = terminal.wait_for("status 0");
    let bound = "credential/dev bound to project/team-x";
    assert!(screen.contains(bound), "{screen}");

    let terminal = start(&env, "local:", &words, 40, 100);
    answer_steps(&terminal, &STEPS[..3]);
    answer_steps(&terminal, &[("Name [dev]:", &[ENTER])]);
    terminal.wait_for("credential \"dev\" already exists");
    terminal.type_text(CTRL_C);
    terminal.wait_for("status 130");
}

#[test]
fn ctrl_c_and_esc_leave_each_question_with_nothing_sent() {
    for (keys, status) in [(CTRL_C, "status 130"), (ESC, "status 11")] {
        for (step, (question, _)) in STEPS.iter().enumerate() {
            let env = with_kubeconfig();
            let server = platform();
            let terminal = start(&env, server.url(), &["credential", "create"], 40, 100);
            // Esc is a no, and a no is no failure.
            let is_no = keys == ESC && question.starts_with("Store it?");
            let status = if is_no { "status 0" } else { status };
            answer_steps(&terminal, &STEPS[..step]);
            terminal.wait_for(question);
            assert!(!terminal.is_sane(), "a question is open");
            terminal.type_text(keys);
            let screen = if keys == ESC && *question == "Name [dev]:" {
                // Esc is no answer to a question for text; it may take the next key with it.
                terminal.type_text("xy");
                terminal.wait_until("the key after Esc", |screen| screen.ends_with('y'));
                terminal.type_text(CTRL_C);
                terminal.wait_for("status 130")
            } else {
                terminal.wait_for(status)
            };
            assert!(terminal.is_sane(), "{screen}");
            assert!(changes(&server).is_empty(), "{screen}");
        }
    }
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    for secret in [false, true] {
        let env = with_kubeconfig();
        let server = platform();
        let terminal = start(&env, server.url(), &["credential", "create"], 40, 100);
        if secret {
            ask_for_secret(&terminal);
        } else {
            terminal.wait_for("Provider (arrows");
        }
        let children = format!("/proc/{0}/task/{0}/children", terminal.pid());
        let Ok(children) = fs::read_to_string(children) else {
            crate::support::skipped("this system does not list children in /proc");
            return;
        };
        let killed = Command::new("kill").arg(children.trim()).status();
        assert!(killed.unwrap().success());
        terminal.wait_for("status 143");
        assert!(terminal.is_sane());
        assert!(changes(&server).is_empty());
    }
}

#[test]
fn nothing_is_asked_in_a_window_without_room() {
    let env = with_kubeconfig();
    let server = platform();
    let terminal = start(&env, server.url(), &["credential", "create"], 2, 80);
    terminal.wait_for("status 11");
    assert!(terminal.written().contains("the window is too small"));
    assert!(terminal.is_sane());
}

#[test]
fn a_list_survives_a_change_of_the_window() {
    let env = with_kubeconfig();
    let server = platform();
    let terminal = start(&env, server.url(), &["credential", "create"], 40, 200);
    answer_steps(&terminal, &STEPS[..2]);
    terminal.wait_for("> prod");
    for (rows, columns) in [(10, 30), (3, 12), (24, 80)] {
        terminal.resize(rows, columns);
        terminal.type_text("k");
        terminal.wait_for("> dev");
        terminal.type_text("j");
        terminal.wait_for("> prod");
    }
    terminal.type_text(ENTER);
    terminal.wait_for("Name [prod]:");
    terminal.type_text(CTRL_C);
    terminal.wait_for("status 130");
}

/// Goes to the question for a GitHub token.
fn ask_for_secret(terminal: &Terminal) {
    terminal.wait_for("Provider (arrows");
    for _ in 0..4 {
        terminal.type_text("k");
    }
    terminal.wait_for("> github");
    answer_steps(
        terminal,
        &[("Provider (arrows", &[ENTER]), ("Secret (arrows", &[ENTER])],
    );
    terminal.wait_for("Secret (not shown):");
    terminal.wait_for_no_echo();
}

#[test]
fn a_typed_secret_is_not_shown() {
    let env = TestEnv::new();
    let server = platform();
    let terminal = start(&env, server.url(), &["credential", "create"], 40, 100);
    ask_for_secret(&terminal);
    // Only a part of what was pasted would arrive.
    terminal.type_text(&format!("\x1b[200~{SECRET}\rline two\x1b[201~\r"));
    terminal.wait_for("only one line can be pasted here");
    let asked_again =
        |times: usize| move |screen: &str| screen.matches("Secret (not shown): ").count() == times;
    terminal.wait_until("the question again", asked_again(2));
    // The same from a terminal that does not mark what is pasted: all at once.
    terminal.type_text("apiVersion: v1\rline two\rkind: Config\r");
    terminal.wait_until("the question once more", asked_again(3));
    terminal.wait_for_no_echo();
    // A key too many, taken back, and a paste.
    terminal.type_text(&format!("x\x7f\x1b[200~{SECRET}\x1b[201~\r"));
    answer_steps(
        &terminal,
        &[
            ("Name [github]:", &["gh", ENTER]),
            ("Project whose", &[ENTER]),
            ("Store it?", &["yes", ENTER]),
        ],
    );
    let screen = terminal.wait_for("status 0");
    for line in [
        "received 17 characters",
        "acpctl credential create --provider github --from-file PATH --name gh",
        "acpctl credential bind gh --project PROJECT",
    ] {
        assert!(screen.contains(line), "{screen}");
    }
    let posted = server
        .received()
        .into_iter()
        .rfind(|it| it.method == "POST");
    assert_eq!(posted.unwrap().json()["token"], SECRET);
    let written = terminal.written();
    assert!(!written.contains(SECRET) && !written.contains("line two"));
}

#[test]
fn ctrl_c_at_a_secret_brings_the_echo_back() {
    let env = TestEnv::new();
    let server = platform();
    let terminal = start(&env, server.url(), &["credential", "create"], 40, 100);
    ask_for_secret(&terminal);
    terminal.type_text(SECRET);
    terminal.type_text(CTRL_C);
    let screen = terminal.wait_for("status 130");
    assert!(terminal.is_sane(), "{screen}");
    assert!(changes(&server).is_empty(), "{screen}");
    assert!(!terminal.written().contains(SECRET));
}

#[test]
fn no_answer_is_no() {
    let env = with_kubeconfig();
    let server = platform();
    let terminal = start(&env, server.url(), &["credential", "create"], 40, 100);
    answer_steps(&terminal, &STEPS[..5]);
    answer_steps(&terminal, &[("Store it?", &[ENTER])]);
    let screen = terminal.wait_for("status 0");
    assert!(screen.contains("Aborted: nothing was sent"), "{screen}");
    assert!(changes(&server).is_empty());
}

#[test]
fn only_what_the_flags_leave_open_is_asked() {
    let env = with_kubeconfig();
    let server = platform();
    let words = [
        "credential",
        "create",
        "--name",
        "mine",
        "--description",
        "d d",
        "--bind",
        "team-a",
    ];
    let terminal = start(&env, server.url(), &words, 40, 100);
    answer_steps(
        &terminal,
        &[
            ("Provider (arrows", &[ENTER]),
            ("Source (arrows", &[ENTER]),
            ("Context (arrows", &[ENTER]),
            ("Store it?", &["y", ENTER]),
        ],
    );
    let screen = terminal.wait_for("status 0");
    assert!(
        screen.contains("credential/mine bound to project/team-a"),
        "{screen}"
    );
    assert!(
        screen.contains("acpctl exec mine -- kubectl config current-context"),
        "{screen}"
    );
    let created = server.received().into_iter();
    let created = created.rev().find(|it| it.target.ends_with("/credentials"));
    assert_eq!(created.unwrap().json()["description"], "d d");
}

#[test]
fn name_and_provider_of_a_file_are_asked_for_and_shown_as_flags() {
    let env = with_kubeconfig();
    let server = platform();
    env.file("token", "canary-in-a-file-77\n");
    let words = ["credential", "create", "-f", "token"];
    let terminal = start(&env, server.url(), &words, 40, 100);
    answer_steps(
        &terminal,
        &[
            ("Provider (arrows", &["k", "k", "k", "k", ENTER]),
            ("Name [github]:", &["gh", ENTER]),
        ],
    );
    let screen = terminal.wait_for("status 0");
    assert!(
        screen.contains("credential create --provider github --from-file token --name gh"),
        "{screen}"
    );
    assert!(!terminal.written().contains("canary"));
}

/// Goes to the question for the file with a GitHub token.
fn ask_for_file(terminal: &Terminal) {
    terminal.wait_for("Provider (arrows");
    terminal.type_text("kkkk");
    terminal.wait_for("> github");
    terminal.type_text(ENTER);
    answer_steps(terminal, &[("Secret (arrows", &[DOWN, ENTER])]);
    terminal.wait_for("File: ");
}

#[test]
fn a_path_is_edited_and_completed() {
    let env = TestEnv::new();
    let server = platform();
    fs::create_dir(env.work().join("secrets")).unwrap();
    env.file("secrets/token-a", "canary-in-a-file-77\n");
    env.file("secrets/token-b", "canary-in-a-file-78\n");
    let terminal = start(&env, server.url(), &["credential", "create"], 40, 100);
    ask_for_file(&terminal);
    // A wrong beginning goes, and Tab does what it can.
    terminal.type_text("wrong words\x15s\t");
    terminal.wait_until("the folder", |screen| {
        screen.trim_end().ends_with("File: secrets/")
    });
    terminal.type_text("\t");
    terminal.wait_until("the common part", |screen| {
        screen.trim_end().ends_with("secrets/token-")
    });
    terminal.type_text("\t");
    terminal.wait_until("the choices", |screen| {
        screen.contains("token-a  token-b\nFile: secrets/token-")
    });
    // A refused answer can be mended: the cursor goes into it.
    terminal.type_text(ENTER);
    terminal.wait_for("secrets/token-: no such file or directory");
    terminal.type_text("aX\x1b[D");
    terminal.type_text("\x1b[3~");
    answer_steps(&terminal, &[("File: secrets/token-a", &[ENTER])]);
    answer_steps(
        &terminal,
        &[
            // Enter takes the default, which is shown.
            ("Name [github]:", &[ENTER]),
            ("Project whose", &[ENTER]),
            ("Store it?", &["y"]),
        ],
    );
    let screen = terminal.wait_for("status 0");
    assert!(screen.contains("credential/github created"), "{screen}");
    assert!(screen.contains("--from-file secrets/token-a"), "{screen}");
    let received = server.received();
    let created = received.iter().find(|request| request.method == "POST");
    assert_eq!(created.unwrap().json()["token"], "canary-in-a-file-77");
}

#[test]
fn a_long_line_stays_in_its_row_and_ctrl_d_leaves() {
    let env = TestEnv::new();
    let server = platform();
    let terminal = start(&env, server.url(), &["credential", "create"], 24, 40);
    ask_for_file(&terminal);
    terminal.type_text(&"x".repeat(60));
    terminal.type_text("end");
    let row = format!("File: {}end", "x".repeat(30));
    terminal.wait_until("the end of the line", |screen| screen.ends_with(&row));
    terminal.type_text("\x01");
    let row = format!("File: {}", "x".repeat(33));
    terminal.wait_until("its start", |screen| screen.ends_with(&row));
    terminal.type_text("\x0b");
    terminal.wait_until("an empty line", |screen| {
        screen.trim_end().ends_with("File:")
    });
    terminal.type_text("\x04");
    let screen = terminal.wait_for("status 11");
    assert!(terminal.is_sane(), "{screen}");
    assert!(changes(&server).is_empty(), "{screen}");
}

#[test]
fn the_time_left_has_the_color_of_its_meaning() {
    let env = TestEnv::new();
    let server = platform();
    fs::create_dir(env.home().join(".kube")).unwrap();
    // Tokens of nobody: one ended on 2001-09-09, the other ends on 2099-01-01.
    let config = "\
contexts:
- {name: old, context: {cluster: a, user: old}}
- {name: new, context: {cluster: a, user: new}}
clusters:
- {name: a, cluster: {server: 'https://a.example.org:6443'}}
users:
- {name: old, user: {token: eyJhbGciOiJub25lIn0.eyJleHAiOjEwMDAwMDAwMDB9.}}
- {name: new, user: {token: eyJhbGciOiJub25lIn0.eyJleHAiOjQwNzA5MDg4MDB9.}}
";
    fs::write(env.home().join(".kube/config"), config).unwrap();
    let terminal = start(&env, server.url(), &["credential", "create"], 40, 100);
    answer_steps(&terminal, &STEPS[..2]);
    let screen = terminal.wait_for("expires in");
    let written = terminal.written();
    assert!(screen.contains("expired "), "{screen}");
    assert!(written.contains("\x1b[31mexpired "), "{written}");
    assert!(written.contains("\x1b[32m>"), "{written}");
    assert!(!written.contains("\x1b[31min "), "{written}");
}

#[test]
fn bind_asks_for_the_project() {
    let env = with_kubeconfig();
    let server = platform();
    let terminal = start(&env, server.url(), &["credential", "bind", ID], 24, 80);
    answer_steps(&terminal, &[("Project whose", &[ENTER])]);
    let screen = terminal.wait_for("status 0");
    assert!(
        screen.contains(&format!("acpctl credential bind {ID} --project team-a")),
        "{screen}"
    );
    assert!(screen.contains("bound to project/team-a"), "{screen}");
}

#[test]
fn another_file_can_be_named_after_one_without_contexts() {
    let env = with_kubeconfig();
    let server = platform();
    env.file("notes.txt", "hello\n");
    env.file("empty.yaml", "apiVersion: v1\nkind: Config\n");
    let terminal = start(&env, server.url(), &["credential", "create"], 40, 100);
    answer_steps(&terminal, &[("Provider (arrows", &[ENTER])]);
    answer_steps(&terminal, &[("Source (arrows", &[DOWN, ENTER])]);
    answer_steps(&terminal, &[("File", &["notes.txt", ENTER])]);
    terminal.wait_for("notes.txt is not a kubeconfig");
    answer_steps(&terminal, &[("File", &["\x15empty.yaml", ENTER])]);
    let screen = terminal.wait_for("empty.yaml has no contexts");
    assert!(!screen.contains("status"), "{screen}");
}

/// Writes a kubeconfig whose certificates and key are in another folder.
fn with_files_elsewhere() -> TestEnv {
    let env = TestEnv::new();
    fs::create_dir(env.home().join(".kube")).unwrap();
    fs::write(
        env.home().join(".kube/config"),
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: dev\n\
             contexts: [{{name: dev, context: {{cluster: c, user: u}}}}]\n\
             clusters:\n- name: c\n  cluster: {{server: 'https://dev.example.org:6443', \
             certificate-authority: {CERTS}/ca.crt}}\n\
             users:\n- name: u\n  user: {{client-certificate: {CERTS}/rsa.crt, client-key: {CERTS}/rsa.key}}\n"
        ),
    )
    .unwrap();
    env
}

#[test]
fn the_line_without_prompts_reads_the_files_that_were_confirmed() {
    let env = with_files_elsewhere();
    let server = platform();
    let terminal = start(&env, server.url(), &["credential", "create"], 50, 240);
    answer_steps(&terminal, &STEPS[..2]);
    answer_steps(
        &terminal,
        &[
            ("Context (arrows", &[ENTER]),
            ("Name [dev]:", &["dev-1", ENTER]),
            ("Project whose sessions may use it", &[DOWN, ENTER]),
            (
                "ca.crt, outside its folder. Read and send it?",
                &["y", ENTER],
            ),
            (
                "rsa.crt, outside its folder. Read and send it?",
                &["y", ENTER],
            ),
            (
                "rsa.key, outside its folder. Read and send it?",
                &["y", ENTER],
            ),
        ],
    );
    let screen = terminal.wait_for("Store it?");
    assert!(!screen.contains("Expiry    unknown"), "{screen}");
    let mut lines = screen
        .lines()
        .skip_while(|line| !line.contains("The same without prompts:"));
    let line = lines.nth(1).unwrap().trim();
    assert!(line.contains(&format!(" --allow-file {CERTS} ")), "{line}");
    terminal.type_text("n");
    let words = line.split_whitespace().skip(1);
    let output = Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .current_dir(env.work())
        .stdin(Stdio::null())
        .env("AMBIENT_API_URL", server.url())
        .env("AMBIENT_TOKEN", "t")
        .args(words)
        .args(["--no-input", "--dry-run"])
        .output()
        .unwrap();
    let (_, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
}

#[test]
fn nothing_is_asked_after_a_file_was_refused() {
    let env = with_files_elsewhere();
    let server = platform();
    let create = ["credential", "create", "--context", "dev"];
    let terminal = start(&env, server.url(), &create, 50, 240);
    answer_steps(&terminal, &[("Read and send it?", &["n", ENTER])]);
    let screen = terminal.wait_for("status 7");
    assert_eq!(screen.matches("Read and send it?").count(), 1, "{screen}");
    assert!(
        screen.contains(&format!("add --allow-file {CERTS}")),
        "{screen}"
    );
}

#[test]
fn the_list_of_contexts_says_what_is_known_of_their_ends() {
    let env = TestEnv::new();
    let folder = env.home().join(".kube");
    fs::create_dir(&folder).unwrap();
    for name in ["rsa.crt", "rsa.key"] {
        fs::copy(format!("{CERTS}/{name}"), folder.join(name)).unwrap();
    }
    let users = [
        ("endless", "token: eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln"),
        ("opaque", "token: canary-opaque-19c0"),
        ("short", "token: sha256~canary-short-19c0"),
        ("file", "client-certificate: rsa.crt, client-key: rsa.key"),
    ];
    let mut text = "apiVersion: v1\nkind: Config\ncurrent-context: opaque\n\
                    clusters: [{name: c, cluster: {server: 'https://c.example.org'}}]\ncontexts:\n"
        .to_owned();
    for (name, _) in users {
        text.push_str(&format!(
            "- {{name: {name}, context: {{cluster: c, user: {name}}}}}\n"
        ));
    }
    text.push_str("users:\n");
    for (name, user) in users {
        text.push_str(&format!("- {{name: {name}, user: {{{user}}}}}\n"));
    }
    fs::write(folder.join("config"), text).unwrap();
    let server = platform();
    let terminal = start(&env, server.url(), &["credential", "create"], 40, 120);
    answer_steps(&terminal, &STEPS[..2]);
    let screen = terminal.wait_for("Context (arrows");
    let screen = if screen.contains(" file ") {
        screen
    } else {
        terminal.wait_for(" file ")
    };
    for (name, end) in [
        ("endless", "token               never expires"),
        ("opaque", "expiry unknown"),
        ("short", "expires after a day at most"),
        ("file", "client certificate  expires in "),
    ] {
        let line = screen.lines().find(|line| line.contains(name));
        assert!(
            line.is_some_and(|line| line.contains(end)),
            "{name}: {screen}"
        );
    }
    terminal.type_text(CTRL_C);
}
