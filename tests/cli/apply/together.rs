//! Many objects are looked up with few requests, and the results are those of single look-ups.

use std::sync::Arc;

use crate::apply::{apply, serve};
use crate::support::platform::Platform;
use crate::support::{TestEnv, streams};

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
