//! The same for every noun and verb.

use crate::lookup::{changes, everything, run};
use crate::support::TestEnv;
use crate::support::server::{Scripted, error, raw};

/// As long as an id, of letters and digits alone.
const LIKE_AN_ID: &str = "ProdKubeconfigTeamA20260001";

/// Verbs on one object, with the id that each has to come to.
const VERBS: &[(&str, &str)] = &[
    ("credential get NAME -o json", "c1"),
    ("get credential NAME -o json", "c1"),
    ("describe credential NAME", "c1"),
    ("agent get NAME -o json", "a1"),
    ("get agent NAME -o json", "a1"),
    ("describe agent NAME", "a1"),
    ("scheduled-session get NAME -o json", "ss1"),
    ("get project NAME -o json", "p1"),
    ("describe project NAME", "p1"),
    ("get role NAME -o json", "r1"),
    ("describe role NAME", "r1"),
    ("application get NAME -o json", "app1"),
    ("describe application NAME", "app1"),
    ("get session NAME -o json", "s1"),
    ("describe session NAME", "s1"),
    ("get user NAME -o json", "u1"),
    ("credential update NAME --description d", "c1"),
    ("agent update NAME --prompt p -o json", "a1"),
    ("project update NAME --description d -o json", "p1"),
    ("application update NAME --source-path x -o json", "app1"),
    ("application sync NAME -o json", "app1"),
    (
        "scheduled-session update NAME --description d -o json",
        "ss1",
    ),
    ("credential delete NAME --yes", "c1"),
    ("agent delete NAME --yes", "a1"),
    ("scheduled-session delete NAME --yes", "ss1"),
    ("application delete NAME --yes", "app1"),
    ("delete credential NAME --yes", "c1"),
    ("delete agent NAME --yes", "a1"),
    ("delete project NAME --yes", "p1"),
    ("delete role NAME --yes", "r1"),
    ("delete session NAME --yes", "s1"),
    ("delete application NAME --yes", "app1"),
];

#[test]
fn names_and_ids_work_for_every_noun_and_verb() {
    let env = TestEnv::new();
    for name in [
        "prod",
        LIKE_AN_ID,
        "ProdKubeconfigTeamA2026",
        "a/b",
        "o'brien%2F..",
        "é",
    ] {
        for (line, id) in VERBS {
            for given in [name, id] {
                let server = everything(name).serve();
                let (code, stdout, stderr) = run(&env, &server, &line.replace("NAME", given));
                let case = format!("{line} of {given}: {stdout}{stderr}{:?}", server.lines());
                assert_eq!(code, 0, "{case}");
                let last = server.lines().pop().unwrap();
                assert!(
                    stdout.contains(&format!("\"id\": \"{id}\""))
                        || last.ends_with(&format!("/{id}")),
                    "{case}"
                );
            }
        }
    }
}

/// A text with a slash or the like would lead to another object on a server that decodes paths first.
#[test]
fn no_text_leads_a_request_astray() {
    let env = TestEnv::new();
    let more = [
        "start NAME",
        "stop NAME",
        "session messages NAME",
        "session messages NAME -f",
        "session messages NAME -F --after 0",
        "session send NAME hi",
        "session events NAME",
        "session interrupt NAME",
        "wait NAME",
        "credential token NAME",
        "credential bind NAME --project demo",
        "credential bind c1 --project NAME",
        "credential bind c1 --project demo --agent NAME",
        "credential unbind NAME --project demo",
        "inbox list --pa-id NAME",
        "inbox list --pa-id a1 --project-id NAME",
        "inbox delete --pa-id a1 --msg-id NAME",
        "inbox mark-read --pa-id a1 --msg-id NAME",
        "agent list --project-id NAME",
        "agent start NAME",
        "agent sessions NAME",
        "get agents --project-id NAME",
        "get sessions --project-agent NAME",
        "get sessions --project-agent a1 --project-id NAME",
        "create agent --name n --project-id NAME",
        "create session --name n --agent-id NAME",
        "create rb --scope global --role-id NAME",
        "delete role-binding NAME --yes",
        "delete project-settings NAME --yes",
        "scheduled-session list --project-id NAME",
        "scheduled-session create --name n --schedule @daily --agent-id NAME",
    ];
    let lines = VERBS.iter().map(|(line, _)| *line).chain(more);
    for line in lines {
        for text in ["demo/agents/a1", "..%2Fprojects", "a\\b", "x?y", "x#y"] {
            let server = everything("other").serve();
            let (code, stdout, stderr) = run(&env, &server, &line.replace("NAME", text));
            let case = format!("{line} of {text}: {stdout}{stderr}{:?}", server.lines());
            assert!([2, 3].contains(&code), "{case}");
            assert!(changes(&server).is_empty(), "{case}");
            for asked in server.lines() {
                let path = asked.split('?').next().unwrap();
                assert!(
                    !path.contains('%') && !path.contains("/agents/a1/agents"),
                    "{case}"
                );
            }
        }
    }
}

#[test]
fn what_is_not_there_is_not_deleted() {
    let env = TestEnv::new();
    let deletes = VERBS.iter().filter(|(line, _)| line.contains("delete"));
    for (line, _) in deletes {
        for given in ["none", LIKE_AN_ID, "2abCRED0000000000000000009"] {
            let server = everything("other").serve();
            let line = line.replace("NAME", given);
            let (code, stdout, stderr) = run(&env, &server, &line);
            assert_eq!((code, stdout.as_str()), (3, ""), "{line}: {stderr}");
            assert!(changes(&server).is_empty(), "{line}: {:?}", server.lines());
        }
    }
}

#[test]
fn a_look_up_that_fails_is_a_failure() {
    let env = TestEnv::new();
    for (line, _) in VERBS {
        let server = Scripted::with(|request| {
            let is_list = request.target.contains('?');
            match request.method.as_str() {
                "GET" if is_list => error(500, "ambient-api-server-9", "Unspecified error"),
                "DELETE" => raw(204, "application/json", ""),
                _ => error(404, "ambient-api-server-7", "not found"),
            }
        });
        let line = line.replace("NAME", "prod");
        let (code, stdout, stderr) = run(&env, &server, &line);
        assert_eq!(code, 10, "{line}: {stderr}");
        assert!(!stdout.contains("deleted"), "{line}: {stdout}");
        let deleted = server
            .lines()
            .iter()
            .any(|asked| asked.starts_with("DELETE"));
        assert!(!deleted, "{line}: {:?}", server.lines());
    }
}

#[test]
fn several_of_a_name_are_listed_and_none_is_taken() {
    let env = TestEnv::new();
    for (line, id) in VERBS.iter().filter(|(_, id)| *id != "u1") {
        let platform = everything("twin");
        {
            let mut objects = platform.objects.lock().unwrap();
            let (place, object) = objects
                .iter()
                .find(|(place, _)| place.ends_with(&format!("/{id}")))
                .map(|(place, object)| (place.clone(), object.clone()))
                .unwrap();
            let mut second = object;
            second["id"] = "second".into();
            objects.insert(place.replace(&format!("/{id}"), "/second"), second);
        }
        let server = platform.serve();
        let line = line.replace("NAME", "twin");
        let (code, stdout, stderr) = run(&env, &server, &line);
        assert_eq!(code, 6, "{line}: {stdout}{stderr}");
        assert!(
            stderr.contains(id) && stderr.contains("second") && stderr.contains("multiple "),
            "{line}: {stderr}"
        );
        let changed = changes(&server).into_iter();
        // What is refused as an id is sent once, and changes nothing.
        assert!(
            changed
                .into_iter()
                .all(|asked| asked.trim_end_matches("/sync").ends_with("/twin")),
            "{line}: {:?}",
            server.lines()
        );
    }
}
