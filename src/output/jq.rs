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

/// A program that can be run.
pub(crate) struct Filter {
    program: jaq_core::Filter<JustLut<Val>>,
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
        Ok(Self { program })
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
            .map_err(|error| failed(&error.to_string()))?;
        let context = Ctx::<JustLut<Val>>::new(&self.program.lut, Vars::new([]));
        for result in self.program.id.run((context, input)).map(unwrap_valr) {
            take(match result.map_err(|error| failed(&error.to_string()))? {
                Val::TStr(text) => String::from_utf8_lossy(&text).into_owned(),
                other => other.to_string(),
            })?;
        }
        Ok(())
    }
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

/// The library quotes the value that does not fit, which may be large.
fn failed(why: &str) -> Failure {
    let cut: String = why.chars().take(200).collect();
    let dots = if cut.len() < why.len() { "..." } else { "" };
    Failure::usage(format!("--jq: {cut}{dots}"))
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
        let keys = Filter::compile(".total|keys").unwrap();
        assert!(keys.run(&json!({"total": 1}), |_| Ok(())).is_err());
    }
}
