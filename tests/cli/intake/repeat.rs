//! The same secret again changes nothing.

use crate::intake::{create, run};
use crate::support::{TestEnv, sample};

#[test]
fn storing_the_same_again_changes_nothing() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    env.file(
        "o.yaml",
        sample().replace("current-context: team-a", "current-context: other"),
    );
    for (file, flags, code, told) in [
        ("k.yaml", vec![], 0, "credential/n created\n"),
        ("k.yaml", vec![], 0, "credential/n unchanged\n"),
        ("k.yaml", vec!["--if-exists", "error"], 6, ""),
        ("k.yaml", vec!["--description", "new"], 6, ""),
        ("o.yaml", vec![], 6, ""),
        (
            "o.yaml",
            vec!["--if-exists", "skip"],
            0,
            "credential/n skipped: it exists\n",
        ),
        (
            "o.yaml",
            vec!["--if-exists", "update", "--context", "other"],
            0,
            "credential/n updated\n",
        ),
        (
            "o.yaml",
            vec!["--if-exists", "update", "--context", "other"],
            0,
            "credential/n unchanged\n",
        ),
    ] {
        let (status, stdout, stderr) = create(&env, file, &flags);
        assert_eq!(
            (status, stdout.as_str()),
            (Some(code), told),
            "{file} {flags:?}: {stderr}"
        );
    }
    for (flags, told) in [
        (vec!["--from-file", "o.yaml"], "credential/n unchanged\n"),
        (vec!["--description", "d"], "credential/n updated\n"),
        (vec!["--description", "d"], "credential/n unchanged\n"),
        (
            vec!["--from-file", "k.yaml", "--context", "team-a"],
            "credential/n updated\n",
        ),
    ] {
        let (status, stdout, stderr) =
            run(&env, &[&["credential", "update", "n"], &flags[..]].concat());
        assert_eq!(
            (status, stdout.as_str()),
            (Some(0), told),
            "{flags:?}: {stderr}"
        );
    }
}
