//! Changes to several rows at once: how they end, and what stays marked.

use serde_json::{Value, json};

use super::stage::Stage;
use crate::resources::{AGENT, CREDENTIAL, ROLE_BINDING, SCHEDULED_SESSION, SESSION};
use crate::screen::effect::{Effect, Send};
use crate::screen::event::{Answer, Fault};

/// A screen with three agents, of which the first are marked.
fn marked(count: usize) -> Stage {
    let mut stage = Stage::at_agents();
    let agent =
        |n: u8| json!({"id": format!("id{n}"), "name": format!("aa{n}"), "project_id": "web"});
    stage.rows(&AGENT, json!([agent(1), agent(2), agent(3)]));
    stage.keys("g");
    stage.keys(&"<space>".repeat(count));
    stage
}

fn answer(stage: &mut Stage, number: u64, said: Result<&str, &str>) {
    let page = stage.page();
    let said = said.map(str::to_owned).map_err(Fault::new);
    let echo = None;
    stage.answer(Answer::Sent {
        page,
        number,
        said,
        echo,
    });
}

#[test]
fn several_changes_end_with_one_sentence_that_stays_until_a_key() {
    let mut stage = marked(3);
    stage.keys("<ctrl-d>");
    let picture = stage.picture();
    for line in ["Delete 3 objects?", "aa1 (id1)", "aa3 (id3)"] {
        assert!(picture.contains(line), "{line} {picture}");
    }
    stage.effects.clear();
    stage.keys("<tab><enter>");
    let numbers = stage.numbers();
    answer(&mut stage, numbers[0], Ok("Agent deleted"));
    assert_eq!(stage.toast(), "Agent deleted (1 of 3)");
    let failure = "aa2: Delete agent failed: boom";
    answer(&mut stage, numbers[1], Err(failure));
    assert_eq!(stage.toast(), "Agent deleted (1 of 3), 1 failed");
    answer(&mut stage, numbers[2], Ok("Agent deleted"));
    let end = "Agent deleted (2 of 3); aa2: Delete agent failed: boom";
    assert_eq!(stage.toast(), end);
    assert!(stage.state.toast.as_ref().unwrap().is_error);
    let table = stage.state.table().unwrap();
    assert_eq!(table.marks.iter().collect::<Vec<_>>(), ["id2"]);
    // Neither time nor another answer takes the sentence away.
    stage.passes(60);
    answer(&mut stage, 0, Ok("Message sent"));
    assert_eq!(stage.toast(), end);
    stage.keys("j");
    assert_eq!(stage.toast(), end);
    stage.passes(6);
    assert_eq!(stage.toast(), "");
}

#[test]
fn of_several_failures_the_first_is_named_and_the_others_are_counted() {
    let mut stage = marked(3);
    stage.effects.clear();
    stage.keys("<ctrl-d><tab><enter>");
    for (number, why) in stage.numbers().into_iter().zip(["a", "b", "c"]) {
        answer(&mut stage, number, Err(why));
    }
    assert_eq!(stage.toast(), "Agent deleted (0 of 3); a; 2 more failed");
}

#[test]
fn what_was_marked_meanwhile_stays_marked() {
    let mut stage = marked(0);
    stage.effects.clear();
    stage.keys("<ctrl-d><tab><enter><space><space>");
    let number = stage.numbers()[0];
    answer(&mut stage, number, Ok("Agent deleted"));
    let table = stage.state.table().unwrap();
    assert_eq!(table.marks.iter().collect::<Vec<_>>(), ["id2"]);
    // Only the row of the change has lost its mark: the other one is still meant by the next key.
    stage.keys("<ctrl-d>");
    assert!(stage.picture().contains("(id2)?"), "{}", stage.picture());
}

#[test]
fn a_form_is_for_all_that_are_marked_and_names_them() {
    let mut stage = marked(3);
    stage.effects.clear();
    stage.keys("s");
    let picture = stage.picture();
    for line in ["For 3 objects:", "aa1 (id1)", "aa3 (id3)", "Prompt"] {
        assert!(picture.contains(line), "{line} {picture}");
    }
    stage.keys("go<enter>");
    assert_eq!(stage.toast(), "Start Agent (3)...");
    let waiting: Vec<&str> = stage.state.changes.waiting().collect();
    let each = ["Start Agent aa1", "Start Agent aa2", "Start Agent aa3"];
    assert_eq!(waiting, each);
    let sends = stage.effects.iter().find_map(|effect| match effect {
        Effect::Send { sends, .. } => Some(sends.clone()),
        _ => None,
    });
    let sends = sends.unwrap();
    let lines: Vec<String> = sends.iter().map(Send::as_line).collect();
    let start = |n: u8| format!("POST /projects/web/agents/id{n}/start prompt=\"go\"");
    assert_eq!(lines, [start(1), start(2), start(3)]);
    // As after every change, what failed stays marked, and nothing else.
    answer(&mut stage, sends[0].number, Ok("Agent started"));
    let failure = "aa2: Start agent failed: boom";
    assert_eq!(sends[1].failed, "aa2: Start agent failed");
    answer(&mut stage, sends[1].number, Err(failure));
    answer(&mut stage, sends[2].number, Ok("Agent started"));
    let again = "s again brings back what you typed";
    let end = format!("Agent started (2 of 3); {failure}; {again}");
    assert_eq!(stage.toast(), end);
    let table = stage.state.table().unwrap();
    assert_eq!(table.marks.iter().collect::<Vec<_>>(), ["id2"]);
    // The same form, for what is still marked, begins with what was typed.
    stage.keys("s");
    let picture = stage.picture();
    assert!(picture.contains("For agent aa2 (id2)"), "{picture}");
    assert!(picture.contains("> go"), "{picture}");
}

#[test]
fn a_mark_that_a_filter_hides_is_meant_and_named() {
    let mut stage = marked(1);
    stage.keys("G/aa3<enter><ctrl-d>");
    let picture = stage.picture();
    for text in [
        "<1 marked, 1 hidden>",
        "(id1)?",
        "It is marked and not shown now.",
    ] {
        assert!(picture.contains(text), "{text} {picture}");
    }
    stage.keys("<esc>s");
    let picture = stage.picture();
    let named = "For agent aa1 (id1), not shown now";
    assert!(picture.contains(named), "{picture}");
    stage.keys("<esc><space>m");
    let picture = stage.picture();
    for text in ["For 2 objects:", "aa3 (id3)", "aa1 (id1), not shown now"] {
        assert!(picture.contains(text), "{text} {picture}");
    }
}

#[test]
fn what_asks_nothing_asks_for_a_row_that_is_not_shown() {
    let mut stage = Stage::at_sessions();
    stage.keys("g<space>/docs<enter>");
    stage.effects.clear();
    stage.keys("s");
    let picture = stage.picture();
    for text in ["Start 1 object?", "fix (2prefix00000a), not shown now"] {
        assert!(picture.contains(text), "{text} {picture}");
    }
    assert!(stage.sent().is_empty());
    stage.keys("<tab><enter>");
    assert_eq!(stage.sent(), ["POST /sessions/2prefix00000a/start"]);
}

#[test]
fn a_form_is_for_the_one_that_is_marked_wherever_the_cursor_is() {
    let mut stage = marked(1);
    stage.keys("G");
    stage.effects.clear();
    stage.keys("mhello<enter>");
    let sent = ["POST /projects/web/agents/id1/inbox agent_id=\"id1\" body=\"hello\""];
    assert_eq!(stage.sent(), sent);
}

#[test]
fn what_takes_one_row_is_refused_for_several() {
    let mut stage = marked(2);
    stage.effects.clear();
    stage.keys("e");
    assert_eq!(stage.toast(), "Edit takes one row at a time");
    assert!(stage.effects.is_empty() && stage.state.editing.is_none());

    stage.keys(":credentials<enter>");
    let credential = |n: u8| json!({"id": format!("c{n}"), "name": "key", "provider": "github"});
    stage.rows(&CREDENTIAL, json!([credential(1), credential(2)]));
    stage.keys("g<space><space>t");
    assert_eq!(stage.toast(), "Rotate Token takes one row at a time");
    assert!(stage.state.form.is_none());
    stage.keys("r");
    assert_eq!(stage.toast(), "Renew takes one row at a time");
    assert!(stage.state.dialog.is_none());
}

#[test]
fn a_question_names_each_marked_row_that_is_left_out() {
    let mut stage = Stage::at_agents();
    let agent = |n: u8, session: &str| {
        json!({"id": format!("id{n}"), "name": format!("aa{n}"), "project_id": "web",
            "current_session_id": session})
    };
    let agents = json!([agent(1, "s1"), agent(2, ""), agent(3, "")]);
    stage.rows(&AGENT, agents);
    stage.keys("g<space><space><space>x");
    let picture = stage.picture();
    for line in [
        "Not for all that are marked:",
        "Agent aa2 has no active session",
        "Agent aa3 has no active session",
    ] {
        assert!(picture.contains(line), "{line} {picture}");
    }
}

#[test]
fn several_rows_are_named_before_a_change_that_asks_nothing_for_one() {
    let mut stage = Stage::at_sessions();
    let session = |n: u8| json!({"id": format!("id{n}"), "name": format!("aa{n}"), "project_id": "web", "phase": "Stopped"});
    stage.rows(&SESSION, json!([session(1), session(2)]));
    stage.keys("g<space><space>");
    stage.effects.clear();
    stage.keys("s");
    let picture = stage.picture();
    for line in ["2 objects?", "aa1 (id1)", "aa2 (id2)"] {
        assert!(picture.contains(line), "{line} {picture}");
    }
    assert!(stage.numbers().is_empty());
    stage.keys("<tab><enter>");
    assert_eq!(stage.numbers().len(), 2);
}

/// A screen at the schedules of a project, of which some are suspended; all are marked.
fn marked_schedules(enabled: &[bool]) -> Stage {
    let mut stage = Stage::at_agents();
    stage.keys(":ss<enter>");
    let schedules = enabled.iter().zip(1..).map(|(enabled, n)| {
        json!({"id": format!("id{n}"), "name": format!("ss{n}"), "project_id": "web",
            "schedule": "0 6 * * *", "enabled": enabled})
    });
    stage.rows(&SCHEDULED_SESSION, schedules.collect::<Value>());
    stage.keys("g");
    stage.keys(&"<space>".repeat(enabled.len()));
    stage.effects.clear();
    stage
}

#[test]
fn one_key_does_one_thing_to_all_that_are_marked() {
    let mut stage = marked_schedules(&[true, false, true]);
    stage.keys("s");
    let said = "Suspend/Resume is the same for all: Suspend is for ss1, ss3, Resume is for ss2; \
        mark rows for one of them";
    assert_eq!(stage.toast(), said);
    assert!(stage.state.dialog.is_none() && stage.sent().is_empty());

    for (enabled, word) in [(true, "suspend"), (false, "resume")] {
        let mut stage = marked_schedules(&[enabled, enabled]);
        stage.keys("s");
        let picture = stage.picture().to_lowercase();
        assert!(picture.contains(&format!("{word} 2 objects?")), "{picture}");
        stage.keys("<tab><enter>");
        let sent = |n: u8| format!("POST /projects/web/scheduled-sessions/id{n}/{word}");
        assert_eq!(stage.sent(), [sent(1), sent(2)]);
    }
}

#[test]
fn what_ended_in_another_way_is_counted_apart() {
    let mut stage = marked(3);
    stage.effects.clear();
    stage.keys("<ctrl-d><tab><enter>");
    let numbers = stage.numbers();
    answer(&mut stage, numbers[0], Ok("Agent deleted"));
    let gone = "Already deleted — refreshing";
    answer(&mut stage, numbers[1], Ok(gone));
    assert_eq!(
        stage.toast(),
        format!("Agent deleted (1 of 3), {gone} (1 of 3)")
    );
    answer(&mut stage, numbers[2], Ok("Agent deleted"));
    assert_eq!(
        stage.toast(),
        format!("Agent deleted (2 of 3), {gone} (1 of 3)")
    );
}

#[test]
fn rows_without_names_are_told_apart_by_their_cells() {
    let mut stage = Stage::new();
    stage.keys(":rolebindings<enter>");
    let rows = json!([
        {"id": "b1", "role_id": "r1", "scope": "project", "project_id": "web", "user_id": "jsell"},
        {"id": "b2", "role_id": "r1", "scope": "credential", "credential_id": "c1"},
        {"id": "b3", "role_id": "r1", "scope": "platform", "user_id": "ops"},
    ]);
    stage.rows(&ROLE_BINDING, rows);
    stage.keys("g<space><space><ctrl-d>");
    let picture = stage.picture();
    for line in [
        "b1: r1, project, web",
        "b2: r1, credential, c1 for all projects",
    ] {
        assert!(picture.contains(line), "{line} {picture}");
    }
    stage.keys("<esc><esc>");
    for (id, question) in [
        ("b1", "Delete role binding b1 (r1 of jsell on \"web\")?"),
        (
            "b2",
            "Delete role binding b2 (r1 on \"c1\" for all projects)?",
        ),
        ("b3", "Delete role binding b3 (r1 of ops)?"),
    ] {
        stage.keys("g");
        stage.keys(&format!("/{id}<enter><ctrl-d>"));
        assert!(
            stage.picture().contains(question),
            "{question} {}",
            stage.picture()
        );
        stage.keys("<esc><esc>");
    }
}
