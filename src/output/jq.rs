//! `--jq EXPRESSION`: what a jq program finds in the JSON of a command.

use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, unwrap_valr};
use jaq_json::{Val, read};
use serde_json::Value;

use crate::failure::Failure;
use crate::text::quote;

/// The formats of jq that the library lacks.
const FORMATS: &str = r#"
def @csv: [.[] | if . == null then "" elif type == "string" then "\"" + (split("\"") | join("\"\"")) + "\"" else tostring end]
  | join(",");
def @tsv: [.[] | if . == null then "" elif type == "string" then
    split("\\") | join("\\\\") | split("\t") | join("\\t") | split("\n") | join("\\n") | split("\r") | join("\\r")
  else tostring end] | join("\t");
"#;

/// How the library's messages begin that consist of fixed words and of values as JSON.
const ABOUT_VALUES: [&str; 4] = [
    "cannot calculate ",
    "cannot index ",
    "cannot use ",
    "invalid path expression with input ",
];

/// A program that can be run.
pub(crate) struct Filter {
    program: jaq_core::Filter<JustLut<Val>>,
    text: String,
}

impl Filter {
    /// Compiles a program.
    ///
    /// # Errors
    /// A usage failure that quotes the part which is wrong.
    pub(crate) fn compile(text: &str) -> Result<Self, Failure> {
        let definitions = jaq_core::defs()
            .chain(jaq_std::defs())
            .chain(jaq_json::defs())
            .chain(jaq_core::load::parse(FORMATS, |parser| parser.defs()).unwrap_or_default());
        let functions = jaq_core::funs()
            .chain(jaq_std::funs())
            .chain(jaq_json::funs());
        let arena = Arena::default();
        let program = File {
            code: text,
            path: (),
        };
        let modules =
            Loader::new(definitions)
                .load(&arena, program)
                .map_err(|errors| match errors.into_iter().next() {
                    Some((file, error)) => not_read(file.code, error),
                    None => wrong("it can't be read"),
                })?;
        let program = Compiler::default()
            .with_funs(functions)
            .compile(modules)
            .map_err(|errors| {
                let undefined = errors.into_iter().flat_map(|(_, errors)| errors).next();
                match undefined {
                    Some((name, kind)) => wrong(&format!("undefined {}: {name}", kind.as_str())),
                    None => wrong("it can't be compiled"),
                }
            })?;
        Ok(Self {
            program,
            text: text.to_owned(),
        })
    }

    /// Hands over each result as soon as it is there: a string as its text, everything else as JSON.
    ///
    /// # Errors
    /// The program fails on this value, or `take` fails.
    pub(crate) fn run(
        &self,
        value: &Value,
        mut take: impl FnMut(String) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let input = read::parse_single(value.to_string().as_bytes())
            .map_err(|_| wrong("the output is not JSON that can be filtered"))?;
        let context = Ctx::<JustLut<Val>>::new(&self.program.lut, Vars::new([]));
        for result in self.program.id.run((context, input)).map(unwrap_valr) {
            take(
                match result.map_err(|error| self.failed(&error.to_string(), value))? {
                    Val::TStr(text) => String::from_utf8_lossy(&text).into_owned(),
                    other => other.to_string(),
                },
            )?;
        }
        Ok(())
    }

    /// Says why the program does not fit the value. The library quotes the value, which may be a secret, so only what
    /// the program itself says is repeated.
    fn failed(&self, why: &str, value: &Value) -> Failure {
        let told = if self.text.contains(why) {
            why.to_owned()
        } else if ABOUT_VALUES.iter().any(|words| why.starts_with(words)) {
            self.without_values(why)
        } else {
            "it fails on this output".to_owned()
        };
        let failure = Failure::usage(format!("--jq: {told}"));
        match value.get("items") {
            Some(Value::Array(_)) if !self.text.contains("items") => {
                failure.hint("the objects of a list are in .items[]: --jq '.items[].name'")
            }
            _ => failure,
        }
    }

    /// Replaces the JSON values of a message by their kinds, except those that the program names.
    fn without_values(&self, why: &str) -> String {
        let mut told = String::new();
        let mut rest = why;
        while let Some(first) = rest.chars().next() {
            let kind = match first {
                '"' => "a string",
                '{' => "an object",
                '[' => "an array",
                '0'..='9' | '-' => "a number",
                _ => {
                    told.push(first);
                    rest = &rest[first.len_utf8()..];
                    continue;
                }
            };
            let (value, behind) = rest.split_at(length_of_value(rest));
            let is_named = is_word_of(&self.text, value.trim_matches('"'));
            told += if is_named { value } else { kind };
            rest = behind;
        }
        told
    }
}

/// True if a word stands in a text, and not as a part of a longer one.
fn is_word_of(text: &str, word: &str) -> bool {
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    let mut places = text.match_indices(word);
    places.any(|(at, _)| {
        is_edge(text[..at].chars().next_back()) && is_edge(text[at + word.len()..].chars().next())
    })
}

/// Returns the length of the JSON value at the start of a text: up to the end of a string, of all brackets that it
/// opens, or of a number.
fn length_of_value(text: &str) -> usize {
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    for (at, c) in text.char_indices() {
        let is_number = depth == 0 && !in_string && c != '"';
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if in_string => is_escaped = true,
            '"' => in_string = !in_string,
            _ if in_string => {}
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            '0'..='9' | '-' | '+' | '.' | 'e' | 'E' if is_number => continue,
            _ if is_number => return at,
            _ => {}
        }
        if depth == 0 && !in_string && !is_escaped {
            return at + c.len_utf8();
        }
    }
    text.len()
}

/// Says which part of a program can't be read.
fn not_read(code: &str, error: jaq_core::load::Error<&str>) -> Failure {
    use jaq_core::load::Error;
    let (expected, rest) = match error {
        Error::Io(_) => return wrong("it can't include other files"),
        Error::Lex(errors) => match errors.into_iter().next() {
            Some((expected, rest)) => (expected.as_str().to_owned(), rest),
            None => return wrong("it can't be read"),
        },
        Error::Parse(errors) => match errors.into_iter().next() {
            Some((expected, rest)) => (expected.as_str().to_owned(), rest),
            None => return wrong("it can't be read"),
        },
    };
    let place = if rest.is_empty() || !code.contains(rest) {
        "at its end".to_owned()
    } else {
        format!("before {}", quote(rest))
    };
    wrong(&format!("expected {expected} {place}"))
}

fn wrong(why: &str) -> Failure {
    Failure::usage(format!("--jq: {why}"))
        .hint("quote the expression for the shell: --jq '.items[].name'")
}

#[cfg(test)]
mod tests {
    use super::Filter;
    use serde_json::json;

    fn found(program: &str) -> String {
        let list = json!({"items": [{"id": "1", "name": "b\u{1b}[31m", "n": 10}, {"id": "2", "name": "a"}], "total": 2});
        let mut lines = String::new();
        let take = |line: String| {
            lines += &(line + "\n");
            Ok(())
        };
        Filter::compile(program).unwrap().run(&list, take).unwrap();
        lines
    }

    #[test]
    fn programs() {
        for (program, lines) in [
            (".total", "2\n"),
            (".items[].id", "1\n2\n"),
            (".items[0]|{n,id}", "{\"n\":10,\"id\":\"1\"}\n"),
            ("[.items[].name]|sort|.[0]", "a\n"),
            (".items[]|select(.name|test(\"^a$\")).id", "2\n"),
            (".none", "null\n"),
            (".items[]|[.id,.n]|@tsv", "1\t10\n2\t\n"),
            (
                ".items[1]|[.name,\"a\\\"b\",3,null]|@csv",
                "\"a\",\"a\"\"b\",3,\n",
            ),
            ("empty", ""),
        ] {
            assert_eq!(found(program), lines, "{program}");
        }
    }

    #[test]
    fn wrong_programs_say_where() {
        for (program, message) in [
            ("nonsense", "--jq: undefined filter: nonsense"),
            (".items[", "--jq: expected closing bracket at its end"),
            (".a | )", "--jq: expected"),
        ] {
            let error = Filter::compile(program).err().unwrap().to_string();
            assert!(error.starts_with(message), "{program}: {error}");
        }
    }

    #[test]
    fn a_failure_names_the_kind_of_a_value_and_never_the_value() {
        let value = json!({"token": "s3cr\"et\\", "n": 17, "deep": {"list": ["s3cr\"et\\", 17]}});
        for (program, message) in [
            (".token.x", "--jq: cannot index a string with \"x\""),
            (".deep|test(\"x\")", "--jq: cannot use an object as"),
            (
                ".deep.list.name",
                "--jq: cannot index an array with \"name\"",
            ),
            (".n|keys", "--jq: cannot use a number as"),
            (".token - 1", "--jq: cannot calculate a string - 1"),
            (".token - .n", "--jq: cannot calculate a string - a number"),
            (
                ".deep - .token",
                "--jq: cannot calculate an object - a string",
            ),
            (".token|tonumber", "--jq: "),
            (".token|fromjson", "--jq: "),
            ("error(.token)", "--jq: it fails on this output"),
            ("error(\"no such thing\")", "--jq: \"no such thing\""),
            (".token|test(\"(\")", "--jq: "),
            (".token|strptime(\"%Y\")", "--jq: "),
        ] {
            let filter = Filter::compile(program).unwrap();
            let told = filter.run(&value, |_| Ok(()));
            let told = told.expect_err(program).to_string();
            assert!(told.starts_with(message), "{program}: {told}");
            assert!(!told.contains("s3cr") && !told.contains("17"), "{told}");
        }
        let list = json!({"items": []});
        let failure = Filter::compile(".[].name").unwrap();
        let error = failure.run(&list, |_| Ok(())).unwrap_err();
        let hint = error.downcast::<crate::failure::Failure>().unwrap().hint;
        assert!(hint.unwrap().contains(".items[]"));
    }
}
