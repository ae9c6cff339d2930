//! Faults at each step of minting, renewing and revoking: nothing is left, or the next run settles it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::mint::{Bench, MINT};
use crate::support::apiserver::{Fault, Planned};
use crate::support::platform::Platform;
use crate::support::server::{Reply, Scripted, raw};
use crate::support::streams;

const FAULTS: [Fault; 7] = [
    Fault::Busy("Retry-After: 0\r\n"),
    Fault::Refuses(429),
    Fault::Refuses(500),
    Fault::Refuses(409),
    Fault::Cut,
    Fault::AnswerLost,
    Fault::FailsAfter(500),
];

const MINTING: [(&str, &str); 7] = [
    ("POST", "/serviceaccounts"),
    ("POST", "/roles"),
    ("POST", "/rolebindings"),
    ("POST", "/secrets"),
    ("POST", "/token"),
    ("POST", "/selfsubjectreviews"),
    ("POST", "/selfsubjectrulesreviews"),
];
const RENEWING: [(&str, &str); 6] = [
    ("GET", "/serviceaccounts"),
    ("POST", "/secrets"),
    ("POST", "/token"),
    ("POST", "/selfsubjectreviews"),
    ("GET", "/secrets"),
    ("DELETE", "/secrets"),
];
const REVOKING: [(&str, &str); 6] = [
    ("GET", "/rolebindings"),
    ("DELETE", "/rolebindings"),
    ("DELETE", "/secrets"),
    ("DELETE", "/roles"),
    ("DELETE", "/serviceaccounts"),
    ("POST", "/selfsubjectreviews"),
];

/// Mints with a role of its own, so that there is one of each kind of object.
const MINT_ALL: &str = "credential create --mint debug --name prod --yes";

fn plan(bench: &Bench, (method, path): (&'static str, &'static str), fault: Fault) {
    let planned = Planned {
        method,
        path,
        fault,
    };
    bench.server.state().faults = vec![planned];
}

/// Nobody forgets a token: what is stored works and is the only one, or nothing is left.
fn assert_settled(bench: &Bench, what: &str) {
    let live = bench.server.live_tokens();
    assert_eq!(bench.notes(), 0, "{what}");
    if bench.run("credential get prod").0 == 0 {
        assert_eq!(live, [bench.stored_token("prod")], "{what}");
        let anchors = bench.objects();
        let anchors = anchors.iter().filter(|name| name.starts_with("secrets/"));
        assert_eq!(anchors.count(), 1, "{what}");
    } else {
        assert!(live.is_empty(), "{what}");
        assert!(bench.objects().is_empty(), "{what}: {:?}", bench.objects());
    }
}

#[test]
fn a_fault_while_minting_leaves_nothing_or_a_working_credential() {
    for step in MINTING {
        for fault in FAULTS {
            let bench = Bench::new();
            plan(&bench, step, fault);
            let what = format!("{step:?} {fault:?}");
            let (code, out, err) = bench.run(MINT_ALL);
            assert!(bench.server.state().faults.is_empty(), "{what}");
            assert_eq!(
                code == 0,
                out == "credential/prod created\n",
                "{what}: {out}{err}"
            );
            assert_eq!(code == 0, bench.run("credential get prod").0 == 0, "{what}");
            assert_settled(&bench, &what);
        }
    }
}

#[test]
fn a_fault_while_renewing_leaves_the_old_token_or_the_new_one() {
    for step in RENEWING {
        let bench = Bench::new();
        bench.ok(MINT);
        for fault in FAULTS {
            let what = format!("{step:?} {fault:?}");
            plan(&bench, step, fault);
            let (code, out, err) = bench.run("credential renew prod");
            assert_eq!(
                code == 0,
                out == "credential/prod renewed\n",
                "{what}: {out}{err}"
            );
            let live = bench.server.live_tokens();
            assert!(live.contains(&bench.stored_token("prod")), "{what}: {err}");
            assert!(live.len() == 1 || bench.notes() == 1, "{what}: {live:?}");
            bench.server.state().faults.clear();
            bench.ok("credential renew prod");
            assert_settled(&bench, &what);
        }
    }
}

#[test]
fn a_fault_while_revoking_is_mended_by_the_next_run() {
    for step in REVOKING {
        for fault in FAULTS {
            let bench = Bench::new();
            bench.ok(MINT_ALL);
            let what = format!("{step:?} {fault:?}");
            plan(&bench, step, fault);
            let (code, out, err) = bench.run("credential revoke prod --yes");
            assert_eq!(
                code == 0,
                out == "credential/prod revoked\n",
                "{what}: {out}{err}"
            );
            if code != 0 {
                bench.server.state().faults.clear();
                assert_eq!(
                    bench.run("credential get prod").0,
                    0,
                    "{what}: the record goes last"
                );
                bench.ok("credential revoke prod --yes");
            }
            assert_settled(&bench, &what);
            assert!(bench.objects().is_empty(), "{what}");
        }
    }
}

/// Runs a command until the cluster has got the request, and kills it then.
fn kill_at(bench: &Bench, line: &str, step: (&'static str, &'static str)) {
    plan(bench, step, Fault::Hangs);
    let is_sent = || bench.server.state().faults.is_empty();
    kill_when(
        bench,
        &bench.command(line),
        is_sent,
        &format!("{line}: {step:?}"),
    );
}

/// Starts a command, and kills it when it is time.
fn kill_when(
    bench: &Bench,
    prepared: &assert_cmd::Command,
    is_time: impl Fn() -> bool,
    what: &str,
) {
    let mut command = Command::new(prepared.get_program());
    command
        .args(prepared.get_args())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    bench.equip(&mut command, prepared);
    let mut child = command.spawn().unwrap();
    let began = Instant::now();
    while !is_time() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{what} is not sent"
        );
        assert!(child.try_wait().unwrap().is_none(), "{what}: ended before");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_a_killed_run_has_made_is_undone_by_the_next() {
    for step in MINTING {
        let bench = Bench::new();
        kill_at(&bench, MINT_ALL, step);
        assert_eq!(bench.notes(), 1, "{step:?}");
        let other = "credential create --mint view --name other --yes";
        let (code, _, err) = bench.run(other);
        assert_eq!(code, 0, "{step:?}: {err}");
        assert!(
            err.contains("An interrupted run for the credential prod was undone"),
            "{step:?}: {err}"
        );
        assert_eq!(
            bench.server.live_tokens(),
            [bench.stored_token("other")],
            "{step:?}"
        );
        let left = bench.objects();
        assert!(
            left.iter().all(|name| name.contains("acpctl-other-")),
            "{step:?}: {left:?}"
        );
        assert_eq!(bench.notes(), 0, "{step:?}");
    }
}

#[test]
fn a_killed_renewal_is_finished_or_undone_by_the_next() {
    for step in RENEWING.into_iter().skip(1) {
        let bench = Bench::new();
        bench.ok(MINT);
        kill_at(&bench, "credential renew prod", step);
        assert_eq!(bench.notes(), 1, "{step:?}");
        bench.ok("credential renew prod");
        assert_settled(&bench, &format!("{step:?}"));
    }
}

#[test]
fn a_killed_revocation_is_finished_by_the_next() {
    for step in REVOKING {
        let bench = Bench::new();
        bench.ok(MINT_ALL);
        kill_at(&bench, "credential revoke prod --yes", step);
        assert_eq!(bench.notes(), 1, "{step:?}");
        assert_eq!(
            bench.ok("credential revoke prod --yes"),
            "credential/prod revoked\n"
        );
        assert_settled(&bench, &format!("{step:?}"));
        assert!(bench.objects().is_empty(), "{step:?}");
    }
}

#[test]
fn an_overloaded_cluster_is_asked_again_when_it_says_so() {
    let busy = |header, times| {
        let planned = |_| Planned {
            method: "POST",
            path: "/token",
            fault: Fault::Busy(header),
        };
        (0..times).map(planned).collect()
    };
    // Each case: the header, how often the cluster is busy, and how often the token is asked for.
    for (header, times, asked, code) in [
        ("Retry-After: 0\r\n", 1, 2, 0),
        ("Retry-After: 0\r\n", 3, 4, 0),
        ("Retry-After: 0\r\n", 9, 4, 10),
        // Nobody waits an hour, or without being told to.
        ("Retry-After: 3600\r\n", 1, 1, 10),
        ("", 1, 1, 10),
        ("Retry-After: soon\r\n", 1, 1, 10),
    ] {
        let bench = Bench::new();
        bench.server.state().faults = busy(header, times);
        let (found, _, err) = bench.run(MINT);
        assert_eq!(found, code, "{header} {times}: {err}");
        let requests = bench.server.requests();
        let tokens = requests.iter().filter(|line| line.ends_with("/token"));
        assert_eq!(tokens.count(), asked, "{header} {times}");
        bench.server.state().faults.clear();
        assert_settled(&bench, header);
    }
}

#[test]
fn an_undo_that_fails_is_said_exactly_and_tried_again() {
    let bench = Bench::new();
    {
        let planned = |method, path, fault| Planned {
            method,
            path,
            fault,
        };
        let mut state = bench.server.state();
        state
            .faults
            .push(planned("POST", "/token", Fault::Refuses(500)));
        state
            .faults
            .push(planned("GET", "/serviceaccounts", Fault::Refuses(403)));
    }
    let (code, _, err) = bench.run(MINT_ALL);
    assert_eq!(code, 10, "{err}");
    assert!(
        err.contains("By hand: kubectl --context dev -n team-a delete "),
        "{err}"
    );
    assert_eq!(bench.notes(), 1);
    bench.ok("credential create --mint view --name other --yes");
    assert!(
        bench
            .objects()
            .iter()
            .all(|name| name.contains("acpctl-other-"))
    );
    assert_eq!(bench.notes(), 0);
}

#[test]
fn objects_of_somebody_else_stay() {
    let bench = Bench::new();
    bench.ok(MINT_ALL);
    let recorded = bench.annotations("prod");
    let name = format!("acpctl-{}", recorded["acpctl/mint-id"].as_str().unwrap());
    bench.server.change("roles", &name, |role| {
        role["metadata"]["labels"]["acpctl/id"] = "another".into();
    });
    bench.ok("credential revoke prod --yes");
    assert_eq!(bench.objects(), [format!("roles/{name}")]);
}

/// A fault of the platform, at the next request of a method: the reply, and whether the work is done all the same.
type PlatformFault = (&'static str, fn() -> Reply, bool);

/// A platform that fails once.
struct Failing {
    platform: Arc<Platform>,
    server: Scripted,
    next: Arc<Mutex<Option<PlatformFault>>>,
}

impl Failing {
    fn new() -> Self {
        let platform = Arc::new(Platform::default());
        let next: Arc<Mutex<Option<PlatformFault>>> = Arc::default();
        let (shared, planned) = (Arc::clone(&platform), Arc::clone(&next));
        let server = Scripted::with(move |request| {
            let mut planned = planned.lock().unwrap();
            match planned.take() {
                Some((method, reply, is_done)) if method == request.method => {
                    if is_done {
                        shared.reply(request);
                    }
                    reply()
                }
                other => {
                    *planned = other;
                    shared.reply(request)
                }
            }
        });
        Self {
            platform,
            server,
            next,
        }
    }

    fn run(&self, bench: &Bench, line: &str) -> (i32, String) {
        let mut command = self.command(bench, line);
        let output = command.output().unwrap();
        (output.status.code().unwrap(), streams(&output).1)
    }

    fn command(&self, bench: &Bench, line: &str) -> assert_cmd::Command {
        let mut command = bench.env.connected(self.server.url());
        command.env("KUBECONFIG", bench.file());
        command.args(["--retries", "0"]).args(line.split(' '));
        command
    }

    /// The stored tokens.
    fn tokens(&self) -> Vec<String> {
        let state = self.platform.state();
        let stored = state.get("/credentials").into_iter().flatten();
        let token = |object: &Value| {
            let text = object["token"].as_str().unwrap();
            let line = text.lines().find(|line| line.contains("token: ")).unwrap();
            line.trim().trim_start_matches("token: ").to_owned()
        };
        stored.map(token).collect()
    }
}

const PLATFORM_FAULTS: [(fn() -> Reply, bool); 5] = [
    (|| Reply::Close, false),
    (|| Reply::Close, true),
    (|| raw(500, "text/plain", "failed"), false),
    (|| raw(500, "text/plain", "failed"), true),
    (|| raw(401, "text/plain", "Unauthorized"), false),
];

#[test]
fn a_fault_of_the_platform_loses_no_token() {
    const MINT: &str =
        "credential create --mint view --name prod --yes --context dev --allow server-loopback";
    for (at, (reply, is_done)) in PLATFORM_FAULTS.into_iter().enumerate() {
        let bench = Bench::new();
        let platform = Failing::new();
        *platform.next.lock().unwrap() = Some(("POST", reply, is_done));
        let (code, err) = platform.run(&bench, MINT);
        assert_eq!(code == 0, is_done, "{at}: {err}");
        assert_eq!(bench.server.live_tokens(), platform.tokens(), "{at}");
        assert_eq!(
            (bench.objects().is_empty(), bench.notes()),
            (!is_done, 0),
            "{at}: {err}"
        );
        if !is_done {
            assert_eq!(platform.run(&bench, MINT).0, 0, "{at}");
        }

        *platform.next.lock().unwrap() = Some(("PATCH", reply, is_done));
        let before = platform.tokens();
        let (code, err) = platform.run(&bench, "credential renew prod");
        assert_eq!(code == 0, is_done, "{at}: {err}");
        assert_eq!(platform.tokens() == before, !is_done, "{at}");
        assert_eq!(bench.server.live_tokens(), platform.tokens(), "{at}: {err}");

        *platform.next.lock().unwrap() = Some(("DELETE", reply, is_done));
        let (code, err) = platform.run(&bench, "credential revoke prod --yes");
        assert_eq!(code == 0, is_done, "{at}: {err}");
        assert!(bench.server.live_tokens().is_empty(), "{at}");
        // With the record there, the next run ends the work.
        let (code, err) = platform.run(&bench, "credential revoke prod --yes");
        assert_eq!(code, if is_done { 3 } else { 0 }, "{at}: {err}");
        assert!(
            platform.tokens().is_empty() && bench.objects().is_empty(),
            "{at}"
        );
    }
}

#[test]
fn a_run_that_is_killed_while_the_platform_works_loses_no_token() {
    const MINT: &str =
        "credential create --mint view --name prod --yes --context dev --allow server-loopback";
    for is_done in [false, true] {
        let bench = Bench::new();
        let platform = Failing::new();
        let kill_at = |method, line| {
            *platform.next.lock().unwrap() = Some((method, || Reply::Hang, is_done));
            let is_sent = || platform.next.lock().unwrap().is_none();
            let command = platform.command(&bench, line);
            kill_when(&bench, &command, is_sent, &format!("{line}: {method}"));
            assert_eq!(bench.notes(), 1, "{line} {is_done}");
        };
        let assert_settled = |line| {
            let (code, err) = platform.run(&bench, line);
            assert_eq!(code, 0, "{line} {is_done}: {err}");
            assert_eq!(
                bench.server.live_tokens(),
                platform.tokens(),
                "{line} {is_done}"
            );
            assert_eq!(
                (platform.tokens().len(), bench.notes()),
                (1, 0),
                "{line} {is_done}"
            );
        };
        kill_at("POST", MINT);
        assert_settled(if is_done {
            "credential renew prod"
        } else {
            MINT
        });
        kill_at("PATCH", "credential renew prod");
        assert_settled("credential renew prod");
        kill_at("DELETE", "credential revoke prod --yes");
        assert!(bench.server.live_tokens().is_empty() && bench.objects().is_empty());
        let (code, err) = platform.run(&bench, "credential revoke prod --yes");
        assert_eq!(code, if is_done { 3 } else { 0 }, "{err}");
        assert!(platform.tokens().is_empty());
        // A note that is left is settled by the next run for this cluster.
        assert_settled(MINT);
    }
}
