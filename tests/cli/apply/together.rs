//! Many objects are looked up with few requests, and the results are those of single look-ups.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::apply::{apply, serve};
use crate::support::platform::Platform;
use crate::support::server::{Scripted, error};
use crate::support::{TestEnv, streams};

const LONG: Duration = Duration::from_secs(30);

/// Applies a manifest: the results, and the paths that were read.
fn run(env: &TestEnv, platform: &Arc<Platform>) -> (Vec<String>, Vec<String>) {
    let server = serve(platform);
    let output = apply(env, server.url(), &["-f", "many.yaml"]).output();
    let output = output.unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{stderr}");
    let read = server.lines();
    let read = read.iter().filter_map(|line| line.strip_prefix("GET "));
    let path = |target: &str| target.split('?').next().unwrap().to_owned();
    (
        stdout.lines().map(str::to_owned).collect(),
        read.map(path).collect(),
    )
}

#[test]
fn one_search_finds_many() {
    let env = TestEnv::new();
    let agents: String = (0..5)
        .map(|n| format!("---\nkind: Agent\nname: a{n}\nprompt: Do this.\n"))
        .collect();
    // The last one has the name of the first: it is looked up again, and finds what this run has made of it.
    let credentials: String = [0, 1, 2, 3, 4, 0]
        .iter()
        .enumerate()
        .map(|(line, n)| {
            format!("---\nkind: Credential\nname: c{n}\nprovider: github\ndescription: d{line}\n")
        })
        .collect();
    let project = "kind: Project\nname: web\n";
    env.file("many.yaml", format!("{project}{agents}{credentials}"));
    let platform = Arc::default();
    let (results, read) = run(&env, &platform);
    let reads = |last: &[&'static str]| {
        let first = ["/projects/web", "/projects/web", "/projects/web/agents"];
        [&first[..], last].concat()
    };
    // A text that may be an ID is requested as one, and then searched for.
    let first = reads(&["/credentials", "/credentials/c0", "/credentials"]);
    assert_eq!(read, first);
    assert_eq!(results.len(), 12);
    assert_eq!(results[11], "credential/c0 configured");
    assert!(results[..11].iter().all(|line| line.ends_with(" created")));
    let (results, read) = run(&env, &platform);
    assert_eq!(read, first);
    let unchanged = results.iter().filter(|line| line.ends_with(" unchanged"));
    assert_eq!(unchanged.count(), 10, "{results:?}");
}

/// A platform that answers no write of a credential before this many have come, and refuses that of the name `bad`.
fn holding(together: usize) -> Scripted {
    let platform = Platform::default();
    let (count, changed) = (Mutex::new(0_usize), Condvar::new());
    Scripted::with(move |request| {
        if request.method == "POST" && request.target.ends_with("/credentials") {
            let mut count = count.lock().unwrap();
            *count += 1;
            changed.notify_all();
            let waited = changed.wait_timeout_while(count, LONG, |count| *count < together);
            drop(waited.unwrap());
            if request.json()["name"] == "bad" {
                return error(400, "ambient-api-server-8", "this one is refused");
            }
        }
        platform.reply(request)
    })
}

/// A manifest with a credential of each name.
fn credentials(names: &[&str]) -> String {
    let document = |name| {
        format!("---\nkind: Credential\nname: {name}\nprovider: github\ntoken: secret-of-{name}\n")
    };
    names.iter().map(document).collect()
}

#[test]
fn credentials_that_follow_one_another_are_written_at_the_same_time() {
    let env = TestEnv::new();
    let names = ["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9"];
    env.file("many.yaml", credentials(&names));
    for (args, together) in [
        (&[][..], 8),
        (&["--parallel", "3"], 3),
        (&["--parallel=1"], 1),
    ] {
        let server = holding(together);
        let output = apply(&env, server.url(), &["-f", "many.yaml"])
            .args(args)
            .output();
        let (stdout, stderr) = streams(&output.unwrap());
        let created: String = names
            .iter()
            .map(|name| format!("credential/{name} created\n"))
            .collect();
        assert_eq!((stdout, stderr), (created, String::new()), "{args:?}");
        // The search for all names, and nothing twice.
        assert_eq!(
            server.lines().len(),
            1 + names.len(),
            "{:?}",
            server.lines()
        );
    }
    for wrong in ["0", "33", "x"] {
        let refused = apply(
            &env,
            "http://127.0.0.1:9",
            &["-f", "many.yaml", "--parallel", wrong],
        )
        .output();
        assert_eq!(refused.unwrap().status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn a_refused_write_lets_those_beside_it_end_and_begins_no_other() {
    let env = TestEnv::new();
    env.file(
        "many.yaml",
        credentials(&["p1", "bad", "p3", "p4", "p5", "p6"]),
    );
    let server = holding(3);
    let args = ["-f", "many.yaml", "--parallel", "3"];
    let output = apply(&env, server.url(), &args).output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(!output.status.success());
    assert!(
        stderr.contains("apply credential/bad") && stderr.contains("this one is refused"),
        "{stderr}"
    );
    // The first one makes room for the fourth before the second one is known to fail, or does not.
    let written = server
        .lines()
        .iter()
        .filter(|line| line.starts_with("POST "))
        .count();
    let told: Vec<_> = stdout.lines().collect();
    assert_eq!(told.len(), written - 1, "{stdout}");
    assert!(
        told.starts_with(&["credential/p1 created", "credential/p3 created"]),
        "{stdout}"
    );
    assert!(written < 6, "{stdout}");
}
