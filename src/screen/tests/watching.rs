//! The page of messages while they can't be read: it says so, counts the pause down, and goes on.

use super::stage::Stage;
use crate::screen::effect::Effect;
use crate::screen::event::{Answer, Fault};
use crate::screen::newest::Newest;

/// Fails the reading of the messages.
fn fails(stage: &mut Stage, status: u16, retry_after: Option<i64>) {
    let page = stage.page();
    let fault = Fault {
        status: Some(status),
        text: "it is broken".to_owned(),
        retry_after,
    };
    let trouble = Some(fault);
    stage.answer(Answer::Watching { page, trouble });
}

fn shows(stage: &Stage, text: &str) -> bool {
    stage.picture().contains(text)
}

/// The numbers of effects since the last call: connections to the same server, and reads in place of a pause.
fn asked(stage: &mut Stage) -> (usize, usize) {
    let effects: Vec<Effect> = stage.effects.drain(..).collect();
    let count = |is: fn(&Effect) -> bool| effects.iter().filter(|it| is(it)).count();
    (
        count(|it| matches!(it, Effect::Connect { to: None, .. })),
        count(|it| matches!(it, Effect::Hurry { .. })),
    )
}

#[test]
fn a_pause_is_counted_down_and_ends_with_the_next_success() {
    let mut stage = Stage::at_messages();
    fails(&mut stage, 503, Some(20));
    stage.passes(6);
    assert!(
        shows(&stage, "✗ it is broken (again in 15 s)"),
        "{}",
        stage.picture()
    );
    stage.passes(5);
    assert!(shows(&stage, "(again in 10 s)"), "{}", stage.picture());
    stage.passes(10);
    assert!(shows(&stage, "it is broken (trying again)"));
    assert_eq!(asked(&mut stage), (0, 0));
    let page = stage.page();
    let trouble = None;
    stage.answer(Answer::Watching { page, trouble });
    assert!(!shows(&stage, "it is broken"));
}

#[test]
fn control_r_reads_messages_at_once() {
    let mut stage = Stage::at_messages();
    stage.keys("<ctrl-r>");
    assert_eq!(asked(&mut stage), (0, 1));
    fails(&mut stage, 503, Some(i64::MAX));
    stage.passes(6);
    assert!(shows(&stage, "(again in 595 s)"), "{}", stage.picture());
    stage.keys("<ctrl-r>");
    assert_eq!(asked(&mut stage), (0, 1));
    assert!(shows(&stage, "(trying again)"), "{}", stage.picture());
}

#[test]
fn a_refused_login_is_read_again_on_the_page_of_messages() {
    let mut stage = Stage::at_messages();
    stage.keys("mhello");
    let (page, messages) = (stage.page(), Newest::default());
    let after = 7;
    stage.answer(Answer::Messages {
        page,
        messages,
        after,
    });
    stage.effects.clear();
    for attempt in 0..3 {
        fails(&mut stage, 401, None);
        assert!(shows(&stage, "run 'acpctl login' in another terminal"));
        assert!(shows(&stage, "Session Expired"), "{}", stage.picture());
        assert_eq!(asked(&mut stage), (0, 0), "{attempt}");
        stage.passes(10);
        assert_eq!(asked(&mut stage), (1, 0), "{attempt}");
        let about = stage.state.about.clone();
        stage.answer(Answer::Connected(about));
        let is_watch = |it: &Effect| matches!(it, Effect::Watch { after: 7, .. });
        assert!(stage.effects.drain(..).any(|it| is_watch(&it)));
    }
    assert!(shows(&stage, "hello"), "{}", stage.picture());
    // Later and later, unless the user asks for it.
    fails(&mut stage, 401, None);
    stage.passes(4);
    assert_eq!(asked(&mut stage).0, 0);
    stage.keys("<esc><ctrl-r>");
    assert_eq!(asked(&mut stage).0, 1);
    // A login that can't be read is asked for again, too.
    stage.answer(Answer::Unconnected(Fault::new("no login")));
    stage.passes(60);
    assert_eq!(asked(&mut stage).0, 1);
}
