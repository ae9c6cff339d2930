//! The parser's events for small texts.

use std::fmt::Write;

use super::fault::{YamlFault, YamlFaultKind};
use super::parser::{Event, Parser};

/// Events in a short form: `=text` is plain, `'text` is not, `&name` an anchor.
fn events(text: &str) -> Result<String, YamlFault> {
    let mut parser = Parser::new(text.as_bytes());
    let mut out = String::new();
    loop {
        let anchored = |anchor: Option<&str>| anchor.map_or(String::new(), |a| format!("&{a}"));
        match parser.next()? {
            Event::StreamEnd => return Ok(out),
            Event::DocumentStart => out += "<",
            Event::DocumentEnd => out += ">",
            Event::Alias(name) => write!(out, "*{name} ").unwrap(),
            Event::Scalar {
                anchor,
                tag,
                chars,
                plain,
            } => {
                let mark = if plain { '=' } else { '\'' };
                write!(out, "{}{tag}{mark}{} ", anchored(anchor), &*chars).unwrap();
            }
            Event::SequenceStart(anchor) => write!(out, "{}[", anchored(anchor)).unwrap(),
            Event::SequenceEnd => out += "]",
            Event::MappingStart(anchor) => write!(out, "{}{{", anchored(anchor)).unwrap(),
            Event::MappingEnd => out += "}",
        }
    }
}

#[test]
fn structure() {
    for (text, expected) in [
        ("", ""),
        ("# only a comment", ""),
        ("---", "<= >"),
        ("a: b\nc:\n- d\n- e: f\n", "<{=a =b =c [=d {=e =f }]}>"),
        ("{a: [b, c: d], 'e': }", "<{=a [=b {=c =d }]'e = }>"),
        ("? a\n: b\n? c", "<{=a =b =c = }>"),
        ("- - a\n  - b\n-", "<[[=a =b ]= ]>"),
        ("&x a: *x", "<{&x=a *x }>"),
        ("a: &y [1]", "<{=a &y[=1 ]}>"),
        ("a\n---\nb\n...\n", "<=a ><=b >"),
        ("%TAG !e! x:\n---\n!e!y a", "<x:y'a >"),
        ("!!int 1", "<tag:yaml.org,2002:int'1 >"),
        ("! '1'", "<!=1 >"),
        ("{a:1, // c}", "<{=a:1 = =// c = }>"),
    ] {
        assert_eq!(events(text).as_deref(), Ok(expected), "{text:?}");
    }
}

#[test]
fn text_behind_brackets_belongs_to_no_document() {
    let mut parser = Parser::new(b"{} @ is no YAML");
    for _ in ["start", "{", "}"] {
        assert!(parser.next().is_ok());
    }
    assert!(matches!(parser.next(), Err(fault) if fault.line == 1));
    let mut parser = Parser::new(b"{} more");
    for _ in ["start", "{", "}"] {
        assert!(parser.next().is_ok());
    }
    assert!(matches!(parser.next(), Ok(Event::DocumentEnd)));
}

#[test]
fn scalars() {
    for (text, expected) in [
        ("a  b\n c\n\n d", "<=a  b c\nd >"),
        ("a #b", "<=a >"),
        ("a#b:c", "<=a#b:c >"),
        ("'it''s\n  two'", "<'it's two >"),
        (
            r#""\x41\u00e9\t\'\
           b""#,
            "<'Aé\t'b >",
        ),
        ("\"a\u{2028}b\"", "<'a\u{2028}b >"),
        ("|\n a\n  b\n\n", "<'a\n b\n >"),
        ("|+\n a\n\n", "<'a\n\n >"),
        (">-\n a\n b\n\n c\n", "<'a b\nc >"),
        ("|1\n  a", "<' a >"),
        ("a\r\nb\rc", "<=a b c >"),
    ] {
        assert_eq!(events(text).as_deref(), Ok(expected), "{text:?}");
    }
}

#[test]
fn faults_have_a_kind_and_a_line() {
    let syntax = |text| match events(text) {
        Err(YamlFault {
            kind: YamlFaultKind::Syntax(_),
            line,
        }) => line,
        other => panic!("{text:?}: {other:?}"),
    };
    for (text, line) in [
        ("a: \"\\", 1),
        ("a: \"\\/\"", 1),
        ("a:\n  - b\n c: d", 3),
        ("a: [b\nc: d", 2),
        ("a: 'b\n", 2),
        ("a: b: c", 1),
        ("\ta: b", 1),
        ("a: @b", 1),
        ("a: !<x b", 1),
        ("a: \"\\ud83d\\ude00\"", 1),
        (&format!("{}: 1", "k".repeat(1025)), 1),
    ] {
        assert_eq!(syntax(text), line, "{text:?}");
    }
    for (text, kind) in [
        ("a: \u{1}", YamlFaultKind::Encoding),
        ("%YAML 1.2\n---\n", YamlFaultKind::Version),
    ] {
        assert_eq!(events(text).unwrap_err().kind, kind, "{text:?}");
    }
    let deep = "[".repeat(10_001);
    assert_eq!(events(&deep).unwrap_err().kind, YamlFaultKind::TooDeep);
}
