//! Lists with gaps: nobody concludes anything from what is not in them.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::server::{Received, Reply, Scripted, json as answer, raw};
use crate::support::{TestEnv, streams};

/// A server's way to leave objects out, or to promise some that it does not send.
type Lie = fn(&Received) -> Reply;

fn number(request: &Received, name: &str) -> Option<usize> {
    let query = request.target.split_once('?')?.1;
    let pair = query.split('&').find_map(|pair| pair.strip_prefix(name));
    pair?.parse().ok()
}

fn objects(ids: std::ops::Range<usize>) -> Value {
    ids.map(
        |id| json!({"id": format!("c{id:04}"), "name": format!("name-{id}"), "provider": "github"}),
    )
    .collect()
}

fn list(total: usize, items: &Value) -> Reply {
    let size = items.as_array().unwrap().len();
    answer(
        200,
        &json!({"kind": "CredentialList", "page": 1, "size": size, "total": total, "items": items}),
    )
}

/// The objects of a page, of so many in all.
fn page(request: &Received, all: usize) -> Value {
    let (page, size) = (number(request, "page="), number(request, "size="));
    let (page, size) = (page.unwrap_or(1), size.unwrap_or(100));
    objects(((page - 1) * size).min(all)..(page * size).min(all))
}

const LIES: &[(&str, Lie)] = &[
    ("fewer than counted, the same page over and over", |_| {
        list(500, &objects(0..3))
    }),
    ("fewer than counted, then nothing", |request| {
        list(500, &page(request, 3))
    }),
    ("none of those that it counts", |_| list(500, &json!([]))),
    ("a last page that is short", |request| {
        list(1500, &page(request, 1400))
    }),
    ("a total smaller than its page", |_| {
        list(50, &objects(0..100))
    }),
    ("a full page without a total", |_| list(0, &objects(0..100))),
    ("JSON that is no list", |_| {
        raw(200, "application/json", r#"{"status":"ok"}"#)
    }),
    ("an error with a status of success", |_| {
        raw(
            200,
            "application/json",
            r#"{"kind":"Error","reason":"db down"}"#,
        )
    }),
    ("a failure with a status of success", |_| {
        raw(
            200,
            "application/json",
            r#"{"kind":"Status","status":"Failure"}"#,
        )
    }),
    ("an object of another kind", |_| {
        list(
            1,
            &json!([{"kind": "Widget", "id": "c1", "name": "name-1"}]),
        )
    }),
    (
        "a failure in the place of the last page",
        |request| match number(request, "page=") {
            Some(2) => answer(200, &json!({"kind": "Status", "status": "Failure"})),
            _ => list(1500, &page(request, 1500)),
        },
    ),
];

/// Lists are answered by the lie; no object is found by its ID.
fn liar(lie: Lie) -> Scripted {
    Scripted::with(move |request| {
        let path = request.target.split('?').next().unwrap();
        match request.method.as_str() {
            "GET" if path.ends_with("/credentials") => lie(request),
            "GET" if path.ends_with("/agents") => lie(request),
            "GET" if path.ends_with("/projects/p") => answer(200, &json!({"id": "p", "name": "p"})),
            "GET" => answer(
                404,
                &json!({"kind": "Error", "code": "ambient-api-server-7", "reason": "not found"}),
            ),
            _ => raw(204, "application/json", ""),
        }
    })
}

fn run(env: &TestEnv, server: &Scripted, line: &str) -> (Option<i32>, String, String) {
    let mut command = env.connected(server.url());
    command.env("AMBIENT_POLLING_INTERVAL", "1");
    let output = command.args(line.split_whitespace()).output().unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code(), stdout, stderr)
}

#[test]
fn a_list_with_a_gap_is_no_ground_for_a_conclusion() {
    let env = TestEnv::new();
    env.file(
        "manifest.yaml",
        "kind: Credential\nname: name-0\nprovider: github\ntoken: x\n",
    );
    for (name, lie) in LIES {
        for line in [
            "credential list --expiring-within 14d",
            "credential list --expiring-within 14d -o json",
            "credential list --expiring-within 14d --sort-by name",
            "credential inspect --all --access --max-grade read",
            "credential scan .",
            "credential get missing",
            "credential delete missing --yes --ignore-not-found",
            "wait credential/missing --for deleted --timeout 20s",
            "agent get missing --project-id p",
            "delete credentials --all --yes",
            "delete credentials -l a=b --yes",
            "apply -f manifest.yaml --prune -l a=b --yes",
            "credential renew --all",
        ] {
            let server = liar(*lie);
            let (code, stdout, stderr) = run(&env, &server, line);
            let context = format!("{line} at a server with {name}: {stdout} {stderr}");
            assert_eq!(code, Some(10), "{context}");
            let says = [
                "the list may lack objects",
                "the answer holds no list",
                "of the kind Widget",
            ];
            assert!(says.iter().any(|says| stderr.contains(says)), "{context}");
            let received = server.received();
            let is_deletion = |it: &Received| it.method == "DELETE";
            assert!(!received.iter().any(is_deletion), "{context}");
        }
    }
}

#[test]
fn rows_are_shown_before_the_gap_is_reported() {
    let env = TestEnv::new();
    let lie: Lie = |request| list(500, &page(request, 3));
    for line in [
        "credential list",
        "credential list -o json",
        "credential list -o name",
        "credential list -q",
        "credential list -o yaml",
        "credential list --sort-by name",
        "get credentials",
        "get credentials -o json --sort-by name",
        "agent list --project-id p",
    ] {
        let (code, stdout, stderr) = run(&env, &liar(lie), line);
        assert_eq!(code, Some(10), "{line}: {stderr}");
        for name in ["name-0", "name-1", "name-2"] {
            assert!(stdout.contains(name), "{line}: {stdout}");
        }
        assert_eq!(stdout.matches("name-1").count(), 1, "{line}: {stdout}");
        assert!(
            stderr.starts_with("Error: the list may lack objects: the server counts 500 "),
            "{line}: {stderr}"
        );
        if line.contains("json") {
            serde_json::from_str::<Value>(&stdout).unwrap();
        }
    }
}

#[test]
fn an_object_that_is_shown_twice_hides_no_gap() {
    let env = TestEnv::new();
    let lie: Lie = |_| {
        let two = objects(0..2);
        list(3, &json!([two[0], two[1], two[1]]))
    };
    for line in [
        "credential list",
        "credential list -o json",
        "get credentials",
        "get credentials --limit 3",
        "agent list --project-id p",
    ] {
        let (code, stdout, stderr) = run(&env, &liar(lie), line);
        assert_eq!(code, Some(10), "{line}: {stdout} {stderr}");
        assert!(stdout.contains("name-0"), "{line}: {stdout}");
        assert!(
            stderr.starts_with("Error: the list may lack objects: the server counts 3 "),
            "{line}: {stderr}"
        );
    }
}

/// A limit that is reached needs no more, and a server that sends small pages or ignores pages is heard out.
#[test]
fn a_list_that_is_whole_is_believed() {
    let env = TestEnv::new();
    let whole: [(&str, Lie, usize); 5] = [
        (
            "credential list -o name --limit 3",
            |_| list(500, &objects(0..3)),
            3,
        ),
        (
            "credential list -o name",
            |request| {
                let page = number(request, "page=").unwrap();
                list(120, &objects((page - 1) * 50..(page * 50).min(120)))
            },
            120,
        ),
        (
            "credential list -o name",
            |_| list(250, &objects(0..250)),
            250,
        ),
        (
            "credential list -o name",
            |request| list(0, &page(request, 250)),
            250,
        ),
        ("credential list -o name", |_| list(0, &objects(0..99)), 99),
    ];
    for (line, answers, count) in whole {
        let (code, stdout, stderr) = run(&env, &liar(answers), line);
        assert_eq!(code, Some(0), "{line} {count}: {stderr}");
        assert_eq!(stderr.is_empty(), !line.contains("--limit"), "{stderr}");
        assert_eq!(stdout.lines().count(), count, "{line}");
    }
}

/// An object that goes while a list is read moves the others: none of them is lost.
#[test]
fn objects_that_come_and_go_meanwhile_are_no_gap() {
    let env = TestEnv::new();
    let asked = AtomicUsize::new(0);
    let server = Scripted::with(move |request| {
        // The first object goes, and another one comes, after the first page was read.
        let pages = asked.fetch_add(
            usize::from(request.target.contains("orderBy")),
            Ordering::SeqCst,
        );
        let all = match pages {
            0 => 0..1500,
            _ => 1..1499,
        };
        let (page, size) = (
            number(request, "page=").unwrap(),
            number(request, "size=").unwrap(),
        );
        let ids = all.start + (page - 1) * size..(all.start + page * size).min(all.end);
        list(all.len(), &objects(ids))
    });
    let (code, stdout, stderr) = run(&env, &server, "credential list -o name");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    for id in 1..1499 {
        let row = format!("credential/name-{id}\n");
        assert_eq!(stdout.matches(&row).count(), 1, "{id}");
    }
}

/// A server that does not know a search sends all objects: those on later pages count too.
#[test]
fn a_name_on_a_later_page_is_found() {
    let env = TestEnv::new();
    for line in [
        "credential get name-230 -o name",
        "agent get name-230 --project-id p -o name",
    ] {
        let server = liar(|request| list(250, &page(request, 250)));
        let (code, stdout, stderr) = run(&env, &server, line);
        assert_eq!(code, Some(0), "{line}: {stderr}");
        assert!(stdout.ends_with("/name-230\n"), "{line}: {stdout}");
    }
}

/// No platform answers with a page, so a page does not show that an object is gone.
#[test]
fn a_page_says_nothing_about_an_object() {
    let env = TestEnv::new();
    for line in [
        "wait credential/x --for deleted --timeout 20s",
        "credential delete x --yes --ignore-not-found",
        "agent delete x --project-id p --yes --ignore-not-found",
        "project delete --name p --yes --ignore-not-found",
        "delete session x --yes --ignore-not-found",
        "agent stop x --project-id p",
        "credential get x",
    ] {
        let server =
            Scripted::with(|_| raw(404, "text/html", "<html><body>Not here</body></html>"));
        let (code, stdout, stderr) = run(&env, &server, line);
        assert_eq!((code, stdout.as_str()), (Some(10), ""), "{line}: {stderr}");
        assert!(stderr.contains("HTML"), "{line}: {stderr}");
        let received = server.received();
        assert!(received.iter().all(|it| it.method == "GET"), "{line}");
    }
}

#[test]
fn counts_that_are_no_numbers_are_an_error() {
    let env = TestEnv::new();
    for body in [r#"{"status":"ok"}"#, "[]", r#"{"Running":"2"}"#] {
        let server = Scripted::with(move |_| raw(200, "application/json", body));
        let (code, stdout, stderr) = run(&env, &server, "get sessions --count");
        assert_eq!((code, stdout.as_str()), (Some(10), ""), "{body}: {stderr}");
    }
}
