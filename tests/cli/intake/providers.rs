//! Providers: which there are, and what a misspelt one costs.

use crate::intake::run;
use crate::support::run::credential_create;
use crate::support::{TestEnv, sample};

#[test]
fn a_provider_that_nobody_knows_is_refused() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    for provider in ["kubeconifg", "KubeConfig"] {
        let args = credential_create(provider, "n", &["--from-file", "k.yaml"]);
        let (status, stdout, stderr) = run(&env, &args);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains("did you mean kubeconfig?"), "{stderr}");
        let (status, _, stderr) = run(
            &env,
            &[&args[..], &["--allow", "unknown-provider"]].concat(),
        );
        assert_eq!(status, Some(0), "{stderr}");
        assert!(
            stderr.contains("Warning: the secret is a kubeconfig"),
            "{stderr}"
        );
    }
}

#[test]
fn a_kubeconfig_of_another_provider_is_stored_only_on_request() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    let args = credential_create("github", "g", &["--from-file", "k.yaml"]);
    let (status, stdout, stderr) = run(&env, &args);
    assert_eq!((status, stdout.as_str()), (Some(7), ""), "{stderr}");
    assert!(
        stderr.contains("all its contexts would be stored"),
        "{stderr}"
    );
    let accepted = [&args[..], &["--allow", "uncut-kubeconfig"]].concat();
    let (status, _, stderr) = run(&env, &[&accepted[..], &["--strict"]].concat());
    assert_eq!(status, Some(8), "{stderr}");
    let (status, _, stderr) = run(&env, &accepted);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(
        stderr.contains("Warning: the secret is a kubeconfig"),
        "{stderr}"
    );
    let update = ["credential", "update", "g", "--from-file", "k.yaml"];
    let (status, _, stderr) = run(&env, &update);
    assert_eq!(status, Some(7), "{stderr}");
}

#[test]
fn a_manifest_with_a_misspelt_provider_is_refused() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    let manifest = |provider: &str| {
        format!("kind: Credential\nname: m\nprovider: {provider}\ntokenFrom: {{file: k.yaml}}\n")
    };
    env.file("m.yaml", manifest("kubeconifg"));
    let (status, _, stderr) = run(&env, &["apply", "-f", "m.yaml"]);
    assert!(status != Some(0), "{stderr}");
    assert!(stderr.contains("unknown provider"), "{stderr}");
    env.file("m.yaml", manifest("github"));
    let (status, _, stderr) = run(&env, &["apply", "-f", "m.yaml"]);
    assert_eq!(status, Some(7), "{stderr}");
    assert!(
        stderr.contains("credential/m: the secret is a kubeconfig"),
        "{stderr}"
    );
    let accepted = ["apply", "-f", "m.yaml", "--allow", "uncut-kubeconfig"];
    let (status, _, stderr) = run(&env, &accepted);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(
        stderr.contains("Warning: credential/m: the secret"),
        "{stderr}"
    );
}
