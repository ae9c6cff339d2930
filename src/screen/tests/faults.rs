//! The faults of the screen that came before this one, each as it is wanted.

use serde_json::json;

use super::stage::Stage;
use crate::resources::{AGENT, PROJECT, Record, SESSION};
use crate::screen::effect::Effect;
use crate::screen::event::{About, Answer, Event, Fault};
use crate::screen::newest::Newest;
use crate::screen::scope::Kind;
use crate::screen::shown;
use crate::screen::state::{Body, Options};

/// Every size of window that is tried.
const SIZES: &[(u16, u16)] = &[
    (60, 15),
    (80, 24),
    (100, 30),
    (200, 50),
    (30, 8),
    (10, 3),
    (1, 1),
];

/// Draws a screen in every size; each line must fit.
fn fits(stage: &mut Stage) {
    for (width, height) in SIZES {
        stage.event(Event::Resize(*width, *height));
        let picture = stage.picture();
        let rows = picture.split('\n').count();
        assert_eq!(rows, usize::from(*height), "{width}x{height}");
        for line in picture.lines() {
            assert!(shown::width(line) <= usize::from(*width), "{line:?}");
        }
    }
    stage.event(Event::Resize(100, 30));
}

#[test]
fn bug_1_and_2_no_picture_is_larger_than_the_terminal() {
    for mut stage in [
        Stage::new(),
        Stage::at_agents(),
        Stage::at_sessions(),
        Stage::at_messages(),
    ] {
        fits(&mut stage);
        let picture = stage.picture();
        assert!(
            picture.lines().next().unwrap().contains("Context:"),
            "{picture}"
        );
        assert!(picture.contains("<?> Help"), "{picture}");
        assert!(picture.lines().any(|line| line.ends_with('┐')), "{picture}");
        assert_eq!(picture.matches('┘').count(), 1, "{picture}");
    }
}

#[test]
fn bug_3_keys_without_room_are_left_out_and_none_is_cut() {
    let mut stage = Stage::at_agents();
    for width in 40..200 {
        stage.event(Event::Resize(width, 30));
        let picture = stage.picture();
        for line in picture.lines().take(4) {
            assert_eq!(
                line.matches('<').count(),
                line.matches('>').count(),
                "{width}: {line}"
            );
        }
    }
}

#[test]
fn bug_5_and_6_a_row_has_the_color_of_its_own_object() {
    let mut stage = Stage::with(Options {
        refresh: 5,
        color: true,
        ..Options::default()
    });
    stage.projects();
    stage.keys(":sessions<enter>");
    let rows: Vec<_> = (0..100)
        .map(|n| {
            let phase = if n % 2 == 0 { "Running" } else { "Failed" };
            json!({"id": format!("s{n:03}"), "name": format!("n{n:03}"), "phase": phase})
        })
        .collect();
    stage.rows(&SESSION, json!(rows));
    stage.keys("G");
    stage.event(Event::Wheel(-1));
    for n in [98, 97, 95, 94] {
        let color = if n % 2 == 0 {
            ratatui::style::Color::Green
        } else {
            ratatui::style::Color::Red
        };
        assert_eq!(
            stage.style_of(&format!("n{n:03}")).fg,
            Some(color),
            "n{n:03}"
        );
    }
}

#[test]
fn bug_7_and_8_phases_have_one_meaning_in_all_views() {
    use crate::screen::view::{Tone, tone_of};
    for (phase, tone) in [
        ("Pending", Tone::Waiting),
        ("Creating", Tone::Waiting),
        ("Stopping", Tone::Waiting),
        ("Running", Tone::Good),
        ("failed", Tone::Bad),
        ("Failed", Tone::Bad),
        ("Stopped", Tone::Done),
        ("Completed", Tone::Done),
    ] {
        assert_eq!(tone_of(phase), tone, "{phase}");
    }
}

#[test]
fn bug_10_dialogs_and_forms_keep_their_buttons_and_hide_only_what_is_under_them() {
    let mut stage = Stage::at_sessions();
    stage.keys("<ctrl-d>");
    let picture = stage.picture();
    let line = picture
        .lines()
        .find(|line| line.contains("[Cancel]"))
        .unwrap();
    assert!(
        line.starts_with('│') && line.trim_end().ends_with('│'),
        "{picture}"
    );
    for (width, height) in [(100, 30), (60, 15), (60, 12)] {
        stage.event(Event::Resize(width, height));
        assert!(stage.picture().contains("[Cancel]"), "{}", stage.picture());
    }
    fits(&mut stage);
    stage.keys("<esc>n");
    for (width, height) in [(100, 30), (60, 15), (60, 12)] {
        stage.event(Event::Resize(width, height));
        let picture = stage.picture();
        assert!(picture.contains("Enter: next field"), "{picture}");
        assert!(picture.contains("Project"), "{picture}");
    }
    fits(&mut stage);
}

#[test]
fn bug_11_the_selected_row_shows_without_color() {
    let stage = Stage::at_agents();
    assert!(stage.picture().contains("│> be"), "{}", stage.picture());
}

#[test]
fn bug_12_escape_sequences_of_the_server_never_reach_the_terminal() {
    let evil = "\u{1b}[31mred\u{1b}]0;t\u{7}\u{9b}2J\u{202e}";
    let mut stage = Stage::new();
    stage.rows(
        &PROJECT,
        json!([{"id": "p", "name": evil, "description": evil}]),
    );
    let clean = |stage: &Stage| {
        let picture = stage.picture();
        assert!(
            !picture.chars().any(|c| c != '\n' && c.is_control()),
            "{picture:?}"
        );
        assert!(!picture.contains('\u{202e}'), "{picture:?}");
    };
    clean(&stage);
    stage.keys("d");
    clean(&stage);
    stage.keys("y");
    clean(&stage);
    stage.keys("<esc><ctrl-d>");
    clean(&stage);
    stage.keys("<esc><enter>");
    clean(&stage);
    stage.fails(500, evil);
    clean(&stage);
    let mut stage = Stage::at_messages();
    let page = stage.page();
    for kind in ["TEXT_MESSAGE_CONTENT", "TOOL_CALL_START", "RUN_ERROR"] {
        let event = json!({"type": kind, "delta": evil, "toolCallName": evil, "message": evil});
        stage.answer(Answer::Streamed { page, event });
        clean(&stage);
    }
}

#[test]
fn bug_13_a_row_is_its_object_whatever_it_is_called() {
    let mut stage = Stage::new();
    stage.rows(
        &PROJECT,
        json!([{"id": "one", "name": "same\u{7}"}, {"id": "two", "name": "same\u{7}"}]),
    );
    stage.keys("gj<enter>");
    assert!(stage.loads().contains(&"/projects/two/agents".to_owned()));
}

#[test]
fn bug_14_sessions_of_one_prefix_are_told_apart_by_the_whole_id() {
    let mut stage = Stage::at_sessions();
    stage.keys("gj<ctrl-d>");
    assert!(
        stage.picture().contains("(2prefix00000b)"),
        "{}",
        stage.picture()
    );
    stage.keys("<right><enter>");
    assert_eq!(stage.sent(), ["DELETE /sessions/2prefix00000b"]);
}

#[test]
fn bug_15_another_context_gives_up_everything_of_the_one_before() {
    let mut stage = Stage::at_messages();
    stage.effects.clear();
    let pages: Vec<u64> = stage.state.stack.iter().map(|page| page.number).collect();
    let about = About {
        context: "other".to_owned(),
        server: "https://other.example.org".to_owned(),
        ..About::default()
    };
    stage.answer(Answer::Connected(about));
    let cancelled: Vec<u64> = stage
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Cancel { page } => Some(*page),
            _ => None,
        })
        .collect();
    assert_eq!(cancelled, pages);
    assert_eq!(stage.crumbs(), ["projects"]);
    assert!(stage.state.table().unwrap().rows.is_empty() && stage.state.projects.is_empty());
    assert!(stage.picture().contains("other.example.org"));
    // An answer of the other server that comes late reaches no page.
    let rows = vec![Record::decode(&PROJECT, json!({"id": "late", "name": "late"})).unwrap()];
    let page = pages[0];
    stage.answer(Answer::Rows {
        page,
        rows,
        total: 1,
        hidden: 0,
        gap: None,
    });
    assert!(!stage.picture().contains("late"));
}

#[test]
fn bug_17_escape_leads_back_from_the_contexts() {
    let mut stage = Stage::at_agents();
    stage.keys(":ctx<enter>");
    assert_eq!(stage.crumbs(), ["projects", "agents", "contexts"]);
    stage.keys("<esc>");
    assert_eq!(stage.crumbs(), ["projects", "agents"]);
    stage.keys(":ctx<enter>q");
    assert!(!stage.state.is_done);
}

#[test]
fn bug_18_the_project_of_header_title_and_rows_is_one() {
    let mut stage = Stage::at_agents();
    assert!(
        stage.picture().contains("Project: web"),
        "{}",
        stage.picture()
    );
    stage.keys(":project nowhere<enter>");
    let said = "project nowhere not found: the list may be old, :projects reads it again";
    assert_eq!(stage.toast(), said);
    assert!(stage.picture().contains("agents(web)[2]"));
    stage.effects.clear();
    stage.keys(":project zeta<enter>");
    let picture = stage.picture();
    assert!(
        picture.contains("Project: zeta") && picture.contains("agents(zeta)[?]"),
        "{picture}"
    );
    assert_eq!(stage.loads(), ["/projects/zeta/agents"]);
}

#[test]
fn bug_19_a_digit_changes_view_title_and_requests_together() {
    let mut stage = Stage::at_sessions();
    stage.effects.clear();
    stage.keys("2");
    assert!(
        stage.picture().contains("sessions(zeta)"),
        "{}",
        stage.picture()
    );
    stage.keys("9");
    assert_eq!(stage.toast(), "No project at index 9: there are 2");
    stage.keys("0");
    assert!(stage.picture().contains("sessions(all)"));
    stage.keys(":ss zeta<enter>0");
    assert!(
        stage.picture().contains("scheduledsessions(all)"),
        "{}",
        stage.picture()
    );
    let loads = stage.loads();
    assert!(
        loads.last().unwrap().starts_with("EachProject"),
        "{loads:?}"
    );
    // A page that came back after a digit polls what it shows.
    stage.keys("1");
    stage.passes(20);
    assert!(
        stage
            .loads()
            .iter()
            .all(|load| load == "/projects/web/scheduled-sessions")
    );
}

#[test]
fn bug_20_a_filter_belongs_to_its_page_and_is_cleared_in_one_way() {
    let mut stage = Stage::at_agents();
    stage.keys("/be<enter><enter><esc>");
    assert!(
        stage.picture().contains("agents(web)[1] </be>"),
        "{}",
        stage.picture()
    );
    stage.keys("<esc>");
    assert!(
        stage.picture().contains("agents(web)[2] ─"),
        "{}",
        stage.picture()
    );
    stage.keys("/be<enter>/<ctrl-u>-l<enter>");
    assert!(
        stage.toast().starts_with("Invalid filter"),
        "{}",
        stage.toast()
    );
    assert!(stage.picture().contains("[1] </be>"), "{}", stage.picture());
    stage.keys("/<ctrl-u>-l team=red<enter>");
    assert!(
        stage.picture().contains("agents(web)[0]"),
        "{}",
        stage.picture()
    );
}

#[test]
fn the_row_that_a_filter_left_stays_selected_without_it() {
    let mut stage = Stage::at_agents();
    stage.keys("/fe<enter>");
    stage.keys("<esc>");
    let selected = stage.state.table().and_then(|table| table.selected());
    assert_eq!(selected.map(Record::name), Some("fe"));
}

#[test]
fn bug_21_ages_are_sorted_by_time_and_any_column_can_be_chosen() {
    let mut stage = Stage::new();
    stage.rows(
        &PROJECT,
        json!([
            {"id": "a", "name": "a", "created_at": "2026-11-19T12:00:00Z"},
            {"id": "b", "name": "b", "created_at": "2026-12-01T05:00:00Z"},
            {"id": "c", "name": "c", "created_at": "2026-10-22T12:00:00Z"},
        ]),
    );
    let names = |stage: &Stage| {
        let table = stage.state.table().unwrap();
        let name = |at: &usize| table.rows[*at].name().to_owned();
        table.shown.iter().map(name).collect::<String>()
    };
    stage.keys("A");
    assert_eq!(names(&stage), "bac");
    stage.keys("A");
    assert_eq!(names(&stage), "cab");
    stage.keys("A");
    assert_eq!(names(&stage), "abc");
    stage.keys("NN");
    assert_eq!(names(&stage), "cba");
    stage.keys("o<right><enter>");
    assert_eq!(stage.toast(), "Sorted by DESCRIPTION");
    let mut stage = Stage::at_sessions();
    stage.keys("N");
    assert_eq!(stage.toast(), "Sorted by NAME");
}

#[test]
fn bug_22_counts_stay_until_new_ones_come() {
    let mut stage = Stage::new();
    stage.projects();
    let page = stage.page();
    let cells = vec![("web".to_owned(), "agents", "7".to_owned())];
    stage.answer(Answer::Joined {
        page,
        cells,
        gap: None,
    });
    assert!(stage.picture().contains(" 7 "), "{}", stage.picture());
    stage.projects();
    assert!(stage.picture().contains(" 7 "), "{}", stage.picture());
}

#[test]
fn bug_23_a_form_reads_its_lists_when_it_opens_and_when_the_project_changes() {
    let mut stage = Stage::at_sessions();
    stage.effects.clear();
    stage.keys("n");
    let offers = |stage: &mut Stage| {
        let mut paths = Vec::new();
        for effect in stage.effects.drain(..) {
            if let Effect::Offer { form, field, list } = effect {
                paths.push((form, field, list.path));
            }
        }
        paths
    };
    let first = offers(&mut stage);
    let paths: Vec<&str> = first.iter().map(|(_, _, path)| path.as_str()).collect();
    assert_eq!(paths, ["/projects", "/projects/web/agents"]);
    let pairs = |names: &[&str]| {
        names
            .iter()
            .map(|it| ((*it).to_owned(), (*it).to_owned()))
            .collect()
    };
    let form = first[0].0;
    stage.answer(Answer::Offered {
        form,
        field: 0,
        offers: Ok(pairs(&["web", "zeta"])),
        gap: None,
    });
    stage.keys("<down>");
    let second = offers(&mut stage);
    assert_eq!(second[0].2, "/projects/zeta/agents");
    stage.answer(Answer::Offered {
        form,
        field: 4,
        offers: Ok(pairs(&["a1", "a2"])),
        gap: None,
    });
    stage.keys("<enter>try<enter><enter><enter><down><enter>");
    assert_eq!(
        stage.sent(),
        [r#"POST /sessions name="try" project_id="zeta" agent_id="a1""#]
    );
}

#[test]
fn bug_24_the_title_tells_how_many_there_are() {
    let mut stage = Stage::new();
    let page = stage.page();
    let rows = vec![Record::decode(&PROJECT, json!({"id": "a", "name": "a"})).unwrap()];
    stage.answer(Answer::Rows {
        page,
        rows,
        total: 300,
        hidden: 0,
        gap: None,
    });
    assert!(
        stage.picture().contains("projects(all)[1 of 300]"),
        "{}",
        stage.picture()
    );
}

#[test]
fn bug_25_an_error_belongs_to_its_page_and_hides_no_sentence() {
    let mut stage = Stage::at_agents();
    stage.passes(6);
    stage.fails(500, "boom");
    stage.passes(6);
    assert!(stage.picture().contains("✗ boom"), "{}", stage.picture());
    stage.keys("c");
    assert!(stage.picture().contains("Copied:"), "{}", stage.picture());
    stage.keys("<enter>");
    stage.passes(6);
    assert!(!stage.picture().contains("boom"), "{}", stage.picture());
    stage.keys("<esc>");
    stage.passes(20);
    assert!(stage.picture().contains("(stale)"), "{}", stage.picture());
    stage.keys("?");
    assert!(!stage.picture().contains("(stale)"));
}

#[test]
fn bug_26_a_refused_login_is_read_again_and_pauses_are_counted_down() {
    let mut stage = Stage::at_agents();
    stage.passes(6);
    stage.fails(401, "unauthorized");
    stage.passes(6);
    let picture = stage.picture();
    assert!(picture.contains("Session Expired"), "{picture}");
    let connects = |stage: &mut Stage| {
        let is_connect = |effect: &Effect| matches!(effect, Effect::Connect { to: None, .. });
        let found = stage.effects.iter().any(is_connect);
        stage.effects.clear();
        found
    };
    assert!(connects(&mut stage));
    let about = stage.state.about.clone();
    stage.answer(Answer::Connected(about));
    assert_eq!(stage.loads(), ["/projects/web/agents"]);
    stage.rows(&AGENT, json!([]));
    assert!(!stage.picture().contains("Session Expired"));
    stage.passes(6);
    let page = stage.page();
    let fault = Fault {
        status: Some(429),
        text: "slow down".to_owned(),
        retry_after: Some(20),
    };
    stage.answer(Answer::Failed { page, fault });
    stage.passes(8);
    assert!(
        stage
            .picture()
            .contains("Rate limited — backing off (again in 13 s)"),
        "{}",
        stage.picture()
    );
    assert!(stage.loads().len() < 2);
    stage.passes(13);
    assert_eq!(stage.loads(), ["/projects/web/agents"]);
}

#[test]
fn bug_27_and_28_a_stream_belongs_to_its_page() {
    let mut stage = Stage::at_messages();
    let page = stage.page();
    let watches = |stage: &Stage| {
        let is_watch = |effect: &&Effect| matches!(effect, Effect::Watch { .. });
        stage.effects.iter().filter(is_watch).count()
    };
    assert_eq!(watches(&stage), 1);
    stage.effects.clear();
    stage.keys("?");
    stage.passes(10);
    stage.keys("<esc>:aliases<enter><esc>");
    let is_end =
        |effect: &Effect| matches!(effect, Effect::Cancel { page: other } if *other == page);
    assert!(!stage.effects.iter().any(is_end));
    assert_eq!(watches(&stage), 0);
    stage.keys(":projects<enter>");
    assert!(stage.effects.iter().any(is_end));
}

#[test]
fn bug_33_the_phase_follows_the_session_and_trouble_is_said() {
    let mut stage = Stage::at_messages();
    assert!(
        stage.picture().contains("Phase:Running"),
        "{}",
        stage.picture()
    );
    let page = stage.page();
    let session = json!({"id": "2prefix00000a", "name": "fix", "phase": "Completed"});
    let session = Box::new(Record::decode(&SESSION, session).unwrap());
    stage.answer(Answer::Session { page, session });
    assert!(stage.picture().contains("Phase:Completed"));
    let trouble = Some(Fault::new("no such session"));
    stage.answer(Answer::Watching { page, trouble });
    stage.passes(6);
    let picture = stage.picture();
    assert!(
        picture.contains("✗ no such session") && picture.contains("see the last line"),
        "{picture}"
    );
}

#[test]
fn bug_35_the_whole_text_is_copied_and_it_is_said() {
    let mut stage = Stage::at_messages();
    let page = stage.page();
    let long = "word ".repeat(100);
    let message = json!({"id": "m", "seq": 1, "event_type": "assistant", "payload": long});
    let messages = vec![Record::decode(&crate::resources::SESSION_MESSAGE, message).unwrap()];
    stage.answer(Answer::Messages {
        page,
        messages: Newest::of(messages),
        after: 0,
    });
    stage.keys("c");
    let copied = stage.effects.iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.clone()),
        _ => None,
    });
    assert_eq!(copied.as_deref(), Some(long.as_str()));
    assert!(stage.toast().starts_with("Copied: word"));
    let mut stage = Stage::at_agents();
    stage.keys("dc");
    assert_eq!(stage.toast(), "Copied: 2agent00000000000000000001");
}

#[test]
fn bug_36_an_object_has_the_keys_of_every_page() {
    let mut stage = Stage::at_agents();
    stage.keys("dy/prompt<enter>");
    assert_eq!(stage.toast(), "Searching: prompt");
    stage.keys("C");
    assert!(
        stage.toast().starts_with("Copied: id:"),
        "{}",
        stage.toast()
    );
    stage.keys("?");
    assert!(matches!(stage.body(), Body::Help { .. }));
    stage.keys("?:projects<enter>");
    assert_eq!(stage.crumbs(), ["projects"]);
}

#[test]
fn bug_37_what_stops_or_deletes_asks_and_enter_alone_cancels() {
    let mut stage = Stage::at_agents();
    for keys in ["gx<enter>", "g<ctrl-d><enter>"] {
        stage.keys(keys);
        assert_eq!(stage.toast(), "Cancelled", "{keys}");
    }
    assert!(stage.sent().is_empty());
    stage.keys("gx<right><enter>");
    assert_eq!(
        stage.sent(),
        ["POST /sessions/2session000000000000000001/stop"]
    );
    stage.keys("gsdo it<enter>");
    assert_eq!(
        stage.sent(),
        [r#"POST /projects/web/agents/2agent00000000000000000001/start prompt="do it""#]
    );
    // A project is deleted only after its name was typed.
    stage.keys("<esc>g<ctrl-d><right><enter>");
    assert_eq!(stage.toast(), "What you typed does not match");
    stage.keys("web<enter>");
    assert_eq!(stage.sent(), ["DELETE /projects/web"]);
}

#[test]
fn bug_38_an_edit_is_shown_before_it_is_sent_and_checks_for_other_changes() {
    let mut stage = Stage::at_agents();
    stage.keys("ge");
    let text = stage.effects.iter().find_map(|effect| match effect {
        Effect::Edit(text) => Some(text.clone()),
        _ => None,
    });
    let text = text.unwrap();
    assert!(text.contains("prompt: Back end"), "{text}");
    stage.event(Event::Edited(Ok(text.clone())));
    assert_eq!(stage.toast(), "No changes detected");
    stage.keys("ge");
    stage.event(Event::Edited(Ok("# nothing\n".to_owned())));
    assert_eq!(stage.toast(), "Edit aborted (empty file)");
    stage.keys("ge");
    stage.event(Event::Edited(Ok(format!("{text}phase: Running\n"))));
    assert!(stage.picture().contains("phase"), "{}", stage.picture());
    stage.keys("<esc>ge");
    stage.event(Event::Edited(Ok(format!("{text}llm_model: opus\n"))));
    assert!(
        stage.picture().contains("~ llm_model: none → \"opus\""),
        "{}",
        stage.picture()
    );
    stage.keys("<enter>");
    assert_eq!(
        stage.sent(),
        [r#"PATCH /projects/web/agents/2agent00000000000000000001 llm_model="opus""#]
    );
    stage.keys("ge");
    stage.event(Event::Edited(Err("the editor failed".to_owned())));
    assert_eq!(stage.toast(), "the editor failed");
}

#[test]
fn bug_40_every_key_that_is_shown_does_something() {
    let mut stage = Stage::at_sessions();
    stage.keys("gmhello<enter>");
    assert_eq!(
        stage.sent(),
        [r#"POST /sessions/2prefix00000a/messages event_type="user" payload="hello""#]
    );
    let mut stage = Stage::at_agents();
    stage.keys("gmhello<enter>");
    let agent = "2agent00000000000000000001";
    let sent =
        format!("POST /projects/web/agents/{agent}/inbox agent_id=\"{agent}\" body=\"hello\"");
    assert_eq!(stage.sent(), [sent]);
}

#[test]
fn bug_41_a_schedule_is_checked_while_it_is_typed_and_enter_shows_its_runs() {
    let mut stage = Stage::at_agents();
    stage.keys(":ss<enter>nnight<enter><enter>9 9 9<enter>");
    assert!(
        stage.picture().contains("not a cron expression"),
        "{}",
        stage.picture()
    );
    stage.keys("<ctrl-u>0 3 * * *");
    assert!(
        stage.picture().contains("next (UTC): Wed 02 Dec 03:00"),
        "{}",
        stage.picture()
    );
    stage.offers(1, &[]);
    stage.keys("<enter><enter><enter><enter>");
    assert_eq!(
        stage.sent(),
        [
            r#"POST /projects/web/scheduled-sessions name="night" project_id="web" schedule="0 3 * * *" enabled=true"#
        ]
    );
    stage.rows(
        &crate::resources::SCHEDULED_SESSION,
        json!([{"id": "sched1", "name": "night", "project_id": "web", "schedule": "0 3 * * *", "enabled": true, "next_run_at": "2026-12-02T03:00:00Z"}]),
    );
    assert!(stage.picture().contains("in 15h"), "{}", stage.picture());
    stage.effects.clear();
    stage.keys("<enter>");
    assert_eq!(
        stage.loads(),
        ["/projects/web/scheduled-sessions/sched1/runs"]
    );
}

#[test]
fn bug_42_text_is_cut_by_its_width() {
    let mut stage = Stage::new();
    stage.rows(
        &PROJECT,
        json!([{"id": "a", "name": "a", "description": "日本語".repeat(60)}]),
    );
    fits(&mut stage);
}

#[test]
fn bug_43_the_last_word_of_a_command_is_completed() {
    let mut stage = Stage::at_agents();
    stage.keys(":project z<tab><enter>");
    assert_eq!(stage.toast(), "Switched to project zeta");
    stage.keys(":sess<tab><enter>");
    assert_eq!(stage.kind(), Some(Kind::Sessions));
}

#[test]
fn bug_44_an_interrupt_names_its_project() {
    let mut stage = Stage::at_sessions();
    stage.keys("gx<right><enter>");
    let project = stage.effects.iter().find_map(|effect| match effect {
        Effect::Send { sends, .. } => Some(sends[0].project.clone()),
        _ => None,
    });
    assert_eq!(project.as_deref(), Some("web"));
    assert_eq!(
        stage.sent(),
        ["POST /sessions/2prefix00000a/agui/interrupt"]
    );
    let mut stage = Stage::at_messages();
    stage.keys("x<right><enter>");
    assert_eq!(
        stage.sent(),
        ["POST /sessions/2prefix00000a/agui/interrupt"]
    );
}

#[test]
fn old_rows_stay_while_the_server_fails() {
    let mut stage = Stage::at_agents();
    stage.passes(6);
    stage.fails(503, "away");
    assert!(stage.picture().contains("> be"), "{}", stage.picture());
}
