//! `--diff` shows what differs, and its status tells whether anything does.

use std::sync::Arc;

use crate::apply::{SECRET, applied, apply, dry_run, folder, serve};
use crate::support::platform::Platform;
use crate::support::{TestEnv, streams};

#[test]
fn diff_shows_and_writes_nothing() {
    let env = TestEnv::new();
    folder(&env);
    let platform = Arc::<Platform>::default();
    let (stdout, writes) = applied(&env, &platform, &["-f", "team", "--diff"]);
    assert_eq!(
        stdout.matches(" would be created\n").count(),
        10,
        "{stdout}"
    );
    assert_eq!(writes, [""; 0]);
    assert!(stdout.contains("  ~ token: (secret)\n") && !stdout.contains(SECRET));
    assert!(
        stdout.contains("  + annotations.acpctl/server: "),
        "{stdout}"
    );

    applied(&env, &platform, &["-f", "team"]);
    env.file(
        "team/1-project.yaml",
        "kind: Project\nname: web\ndescription: Other\nlabels: {team: a}\n",
    );
    let before = platform.state();
    let (stdout, writes) = applied(&env, &platform, &["-f", "team", "--diff"]);
    assert!(
        stdout.starts_with(
            "project/web would be configured\n  ~ description: \"The web\" → \"Other\"\n  - labels.tier: \"1\"\n"
        ),
        "{stdout}"
    );
    assert_eq!(stdout.matches(" unchanged\n").count(), 9, "{stdout}");
    assert_eq!((writes, platform.state()), (Vec::new(), before));
}

#[test]
fn diff_tells_by_its_status_whether_anything_differs() {
    let env = TestEnv::new();
    folder(&env);
    let platform = Arc::default();
    let differs = |platform: &Arc<Platform>, args: &[&str]| {
        let server = serve(platform);
        let output = apply(&env, server.url(), args).output().unwrap();
        (output.status.code(), streams(&output).0)
    };
    let (code, stdout) = differs(&platform, &["-f", "team", "--diff", "--exit-code"]);
    assert_eq!(code, Some(1), "{stdout}");
    let bound = "  + role: \"credential:viewer\"\n  + credential: \"gl\"\n  + user_id: \"lead\"\n";
    assert!(stdout.contains(bound), "{stdout}");
    assert!(
        stdout.contains("  + inbox message from boot: \"hello\"\n"),
        "{stdout}"
    );
    assert_eq!(differs(&platform, &["-f", "team", "--diff"]).0, Some(0));
    applied(&env, &platform, &["-f", "team"]);
    assert_eq!(
        differs(&platform, &["-f", "team", "--diff", "--exit-code"]).0,
        Some(0)
    );
}

#[test]
fn the_result_comes_in_the_form_that_is_asked_for() {
    let env = TestEnv::new();
    env.file("p.yaml", "kind: Project\nname: p\n");
    let platform = Arc::default();
    let shown = |form: &str| applied(&env, &platform, &["-f", "p.yaml", "-o", form]).0;
    assert_eq!(shown("name"), "project/p\n");
    assert_eq!(
        shown("yaml"),
        "- kind: Project\n  name: p\n  status: unchanged\n"
    );
    let (code, _, stderr) = dry_run(&env, &["-f", "p.yaml", "-o", "csv"], "");
    assert_eq!(code, Some(2), "{stderr}");
}
