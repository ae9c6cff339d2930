//! A cluster that quotes secrets back, in all its ways, in each command that speaks with one: nobody gets to see them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::mint::{Bench, MINT, login_program};
use crate::support::apiserver::{ADMIN, Quotes, Quoting, spellings};

const WAYS: [Quoting; 6] = [
    Quoting::Refusal,
    Quoting::Html,
    Quoting::ContentType,
    Quoting::Location,
    Quoting::Answer,
    Quoting::UserName,
];

/// A command, with the paths at which the cluster quotes.
type Step = (&'static str, &'static [&'static str]);

const INSPECT: Step = ("credential inspect --access -f kubeconfig -o wide", &["/"]);
const INSPECT_AS_JSON: Step = ("credential inspect --access -f kubeconfig -o json", &["/"]);
const GRADE: Step = (
    "credential create --provider kubeconfig --name stored -f kubeconfig --max-grade admin",
    &["/"],
);
const PROBE: Step = ("session probe -f kubeconfig", &["/"]);
const REHEARSE: Step = (
    "credential create --mint debug --name NEW --yes -f kubeconfig",
    &["/serviceaccounts"],
);
const MAKE: Step = (
    "credential create --mint debug --name NEW --yes -f kubeconfig",
    &["/roles", "/token", "/selfsubject"],
);
/// These need a minted credential.
const LATER: [Step; 5] = [
    (
        "credential renew prod",
        &["/serviceaccounts", "/token", "/selfsubject"],
    ),
    ("credential renew --all -o json", &["/token"]),
    ("credential revoke prod --yes", &["/rolebindings"]),
    (
        "credential list --orphans --context dev",
        &["/serviceaccounts"],
    ),
    (
        "credential list --orphans --context dev -o json",
        &["/serviceaccounts"],
    ),
];

/// No part of a secret is in the text, plain or in base64.
fn assert_hidden(secrets: &[String], text: &str, what: &str) {
    const PART: usize = 16;
    for secret in secrets {
        for form in [secret.clone(), STANDARD.encode(secret)] {
            for part in form.as_bytes().windows(PART) {
                let part = std::str::from_utf8(part).unwrap();
                assert!(!text.contains(part), "{what} shows {part:?}:\n{text}");
            }
        }
        for part in secret.as_bytes().windows(PART) {
            for form in spellings(std::str::from_utf8(part).unwrap()) {
                assert!(!text.contains(&form), "{what} shows {form:?}:\n{text}");
            }
        }
    }
}

/// Runs the commands against a cluster that quotes these secrets.
fn run_all(bench: &Bench, secrets: &[String], commands: &[Step]) {
    let mut runs = 0;
    for (line, paths) in commands {
        for path in *paths {
            for how in WAYS {
                runs += 1;
                if line.contains("prod") && bench.run("credential get prod").0 != 0 {
                    bench.ok(MINT);
                }
                bench.server.state().quotes = Some(Quotes {
                    path,
                    how,
                    secrets: secrets.to_owned(),
                    was_used: false,
                });
                let line = line.replace("NEW", &format!("new-{runs}"));
                let line = if line.contains(" -f ") {
                    format!("{line} --allow exec-plugin")
                } else {
                    line
                };
                let what = format!("{line} {path} {how:?}");
                let (_, out, err) = bench.run(&line);
                let quotes = bench.server.state().quotes.take();
                assert!(quotes.unwrap().was_used, "{what}: {out}{err}");
                let secrets = [secrets, &bench.server.issued_tokens()].concat();
                assert_hidden(&secrets, &format!("{out}{err}"), &what);
            }
        }
    }
    let stored = bench.ok("credential list -o json");
    let secrets = [secrets, &bench.server.issued_tokens()].concat();
    assert_hidden(&secrets, &stored, "credential list");
}

fn logged_in_with(user: impl FnOnce(&Bench) -> String) -> Bench {
    let mut bench = Bench::new();
    let user = user(&bench);
    let kubeconfig = bench.server.kubeconfig_of(&user);
    bench.use_kubeconfig(&kubeconfig);
    bench
}

#[test]
fn a_token_that_a_cluster_quotes_is_hidden() {
    let bench = Bench::new();
    let first = [INSPECT, INSPECT_AS_JSON, GRADE, PROBE, REHEARSE, MAKE];
    run_all(&bench, &[ADMIN.to_owned()], &first);
}

#[test]
fn a_token_that_a_cluster_quotes_later_is_hidden() {
    let bench = Bench::new();
    bench.ok(MINT);
    // The account of an orphan is named, too.
    bench.ok("credential create --mint view --name gone --yes");
    bench.ok("credential delete gone --yes --force");
    run_all(&bench, &[ADMIN.to_owned()], &LATER);
}

#[test]
fn a_password_that_a_cluster_quotes_is_hidden() {
    const PASSWORD: &str = "Qm4-long/pass+word";
    let bench = logged_in_with(|_| format!("{{username: adalovelace, password: '{PASSWORD}'}}"));
    let secrets = [PASSWORD.to_owned(), format!("adalovelace:{PASSWORD}")];
    run_all(
        &bench,
        &secrets,
        &[INSPECT, INSPECT_AS_JSON, GRADE, PROBE, REHEARSE],
    );
}

#[test]
fn a_key_that_a_cluster_quotes_is_hidden() {
    let bench = logged_in_with(|bench| {
        let cluster = &bench.server.cluster;
        format!(
            "{{client-certificate-data: {}, client-key-data: {}}}",
            cluster.client_certificate, cluster.client_key
        )
    });
    let key = STANDARD.decode(&bench.server.cluster.client_key).unwrap();
    let key = String::from_utf8(key).unwrap();
    let lines = key.lines().filter(|line| !line.starts_with("-----"));
    let secrets: Vec<String> = lines.map(str::to_owned).collect();
    run_all(&bench, &secrets, &[INSPECT, GRADE, PROBE, MAKE]);
}

#[test]
fn a_login_that_a_program_printed_is_hidden() {
    let bench = logged_in_with(|bench| login_program(&bench.env, ADMIN));
    run_all(
        &bench,
        &[ADMIN.to_owned()],
        &[INSPECT, INSPECT_AS_JSON, PROBE, MAKE],
    );
}
