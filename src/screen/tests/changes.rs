//! Changes to several rows at once: how they end, and what stays marked.

use serde_json::json;

use super::stage::Stage;
use crate::resources::AGENT;
use crate::screen::effect::Effect;
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

/// The numbers of the requests that were asked for since the last call.
fn numbers(stage: &mut Stage) -> Vec<u64> {
    let sends = |effect| match effect {
        Effect::Send { sends, .. } => sends,
        _ => Vec::new(),
    };
    let sends = stage.effects.drain(..).flat_map(sends);
    sends.map(|send| send.number).collect()
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
    let numbers = numbers(&mut stage);
    answer(&mut stage, numbers[0], Ok("Agent deleted"));
    assert_eq!(stage.toast(), "Agent deleted (1 of 3)");
    let failure = "aa2: Delete agent failed: boom";
    answer(&mut stage, numbers[1], Err(failure));
    assert_eq!(stage.toast(), "Agent deleted (1 of 3, 1 failed)");
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
    for (number, why) in numbers(&mut stage).into_iter().zip(["a", "b", "c"]) {
        answer(&mut stage, number, Err(why));
    }
    assert_eq!(stage.toast(), "Agent deleted (0 of 3); a; 2 more failed");
}

#[test]
fn what_was_marked_meanwhile_stays_marked() {
    let mut stage = marked(0);
    stage.effects.clear();
    stage.keys("<ctrl-d><tab><enter><space><space>");
    let number = numbers(&mut stage)[0];
    answer(&mut stage, number, Ok("Agent deleted"));
    let table = stage.state.table().unwrap();
    assert_eq!(table.marks.iter().collect::<Vec<_>>(), ["id2"]);
    // Only the row of the change has lost its mark: the other one is still meant by the next key.
    stage.keys("<ctrl-d>");
    assert!(stage.picture().contains("(id2)?"), "{}", stage.picture());
}
