//! Our verdicts beside those of Kubernetes' own client (`tests/oracle`), on inputs made up by generators that give the
//! same in every run. `tests/oracle/README.md` tells how to run it for long.

#![allow(
    unreachable_pub,
    reason = "a test crate has no users; `pub` is for its own modules"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test ends by panicking"
)]

mod certificates;
mod der;
mod oracle;
mod random;
mod texts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use acpctl::kubeconfig::{self, CheckOptions, Delivery, Gate, Keep, Rules, Source};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oracle::{Answer, Oracle};
use random::Random;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

/// Cases that the oracle is asked at once; their answers fit into a pipe.
const BATCH: u64 = 100;
/// Cases after which it is started anew, since client-go keeps what it builds.
const LIFE: u64 = 5_000;
/// Differences after which a run ends.
const ENOUGH: usize = 40;

/// An input and what we make of it.
pub struct Case {
    number: u64,
    family: &'static str,
    sources: Vec<Vec<u8>>,
    context: Option<&'static str>,
    /// The cut, if it is asked for; `None` inside if we refuse.
    #[allow(clippy::option_option)] // not asked for, refused and done are three answers
    carved: Option<Option<String>>,
}

impl Case {
    fn make(seed: u64, number: u64) -> Self {
        let mut random = Random::new(seed, number);
        let random = &mut random;
        let one = |text| vec![text];
        let (family, sources) = match random.below(100) {
            0..40 => {
                let der = certificates::odd_certificate(random);
                (
                    "certificate",
                    one(texts::with_ca(&certificates::to_pem("CERTIFICATE", &der))),
                )
            }
            40..58 => {
                let (certificate, key) = certificates::odd_pair(random);
                let certificate = certificates::to_pem("CERTIFICATE", &certificate);
                let key = certificates::to_pem(
                    random.pick(&["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"]),
                    &key,
                );
                ("pair", one(texts::with_pair(&certificate, &key)))
            }
            58..66 => ("pem", one(texts::with_ca(&texts::odd_bundle(random)))),
            66..76 => ("file", one(texts::damaged_file(random))),
            76..88 => ("fields", one(texts::odd_fields(random))),
            88..94 => ("address", one(texts::odd_address(random))),
            _ => ("merge", texts::several_files(random)),
        };
        let context = match family {
            "fields" | "merge" if random.one_in(4) => Some(random.pick(&["a", "b", "c", "dev"])),
            _ => None,
        };
        let carved = matches!(family, "file" | "fields" | "merge").then_some(None);
        Self {
            number,
            family,
            sources,
            context,
            carved,
        }
    }

    fn question(&self) -> Value {
        let sources: Vec<_> = self
            .sources
            .iter()
            .map(|text| STANDARD.encode(text))
            .collect();
        json!({
            "sources": sources,
            "context": self.context.unwrap_or_default(),
            "cut": self.carved.is_some(),
            "carved": self.carved.as_ref().and_then(Option::as_ref).map(|text| STANDARD.encode(text)),
        })
    }

    fn sources<'a>(&'a self, folder: &'a Path) -> Vec<Source<'a>> {
        let source = |bytes: &'a Vec<u8>| Source {
            name: "kubeconfig",
            bytes,
            dir: folder,
        };
        self.sources.iter().map(source).collect()
    }

    fn carve(&mut self, folder: &Path) {
        if self.carved.is_none() {
            return;
        }
        let keep = self.context.map_or(Keep::Current, Keep::Named);
        let carved = kubeconfig::carve(&self.sources(folder), keep, &open_in(folder));
        self.carved = Some(
            carved
                .ok()
                .map(|carved| carved.text.expose_secret().to_owned()),
        );
    }

    /// Our verdict, in the oracle's form.
    fn verdict(&self, folder: &Path) -> Answer {
        let options = CheckOptions {
            delivery: Delivery::Pod,
            context: self.context,
            rules: Rules::Kubernetes,
            now: jiff::Timestamp::UNIX_EPOCH,
            min_ttl: None,
            open: &open_in(folder),
        };
        let report = kubeconfig::check(&self.sources(folder), &options);
        let stage = serde_json::to_value(report.stage).unwrap();
        let details = report
            .findings
            .iter()
            .map(|finding| format!("{}: {}", finding.code, finding.message));
        Answer {
            stage: stage.as_str().unwrap_or_default().to_owned(),
            why: details.collect::<Vec<_>>().join(", "),
            late: report.accepted
                && report
                    .findings
                    .iter()
                    .any(|finding| finding.gate == Some(Gate::Late)),
            falls_back: report.falls_back_in_cluster,
            cut: String::new(),
        }
    }

    fn as_line(&self, answer: &Answer) -> Value {
        let text = |bytes: &Vec<u8>| match std::str::from_utf8(bytes) {
            Ok(text) => json!(text),
            Err(_) => json!({"base64": STANDARD.encode(bytes)}),
        };
        json!({
            "why": answer.why,
            "stage": answer.stage,
            "late": answer.late,
            "falls_back": answer.falls_back,
            "context": self.context,
            "sources": self.sources.iter().map(text).collect::<Vec<_>>(),
        })
    }
}

/// Reads a file of the folder, which is where the oracle works.
fn open_in(folder: &Path) -> impl Fn(&Path) -> std::io::Result<Vec<u8>> {
    |path| std::fs::read(folder.join(path))
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// A folder with the files that the recorded kubeconfigs refer to.
fn folder_with_files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let certs = folder.path().join("certs");
    std::fs::create_dir(&certs).unwrap();
    let recorded = data().join("kubeconfigs/certs");
    for entry in std::fs::read_dir(recorded).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), certs.join(entry.file_name())).unwrap();
    }
    folder
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// What the cases of a family came to.
#[derive(Default)]
struct Count {
    cases: u64,
    accepted: u64,
    /// For each reason of client-go the smallest case, as a line of `differences.jsonl`.
    reasons: BTreeMap<String, String>,
}

impl Count {
    fn add(&mut self, case: &Case, theirs: &Answer) {
        self.cases += 1;
        if theirs.stage.is_empty() {
            self.accepted += 1;
            return;
        }
        // Without what was quoted from the case.
        let words = theirs.why.split(|c: char| !c.is_ascii_alphabetic());
        let reason: String = words.filter(|word| word.len() > 1).take(24).collect();
        let line = case.as_line(theirs).to_string();
        let smallest = self.reasons.entry(reason).or_insert_with(|| line.clone());
        if line.len() < smallest.len() {
            *smallest = line;
        }
    }
}

fn is_same(ours: &Answer, theirs: &Answer) -> bool {
    ours.stage == theirs.stage
        && ours.late == theirs.late
        && ours.falls_back == theirs.falls_back
        && theirs.cut.is_empty()
}

#[test]
fn verdicts_are_those_of_client_go() {
    let program = match Oracle::build() {
        Ok(program) => program,
        Err(missing) => {
            eprintln!("SKIPPED: {missing}");
            return;
        }
    };
    let folder = folder_with_files();
    let folder = folder.path().canonicalize().unwrap();
    let (seed, start) = (number("ORACLE_SEED", 1), number("ORACLE_FIRST", 0));
    let end = start + number("ORACLE_CASES", 2_000);
    let mut oracle = Oracle::start(&program, &folder);
    let mut counts = BTreeMap::<&str, Count>::new();
    let mut differences = Vec::new();
    for first in (start..end).step_by(usize::try_from(BATCH).unwrap()) {
        if first > start && (first - start) % LIFE == 0 {
            oracle = Oracle::start(&program, &folder);
        }
        let mut batch: Vec<_> = (first..end.min(first + BATCH))
            .map(|number| Case::make(seed, number))
            .collect();
        for case in &mut batch {
            case.carve(&folder);
        }
        oracle.ask(&batch);
        let verdicts: Vec<_> = batch.iter().map(|case| case.verdict(&folder)).collect();
        for (case, ours) in batch.iter().zip(verdicts) {
            let theirs = oracle.answer();
            counts.entry(case.family).or_default().add(case, &theirs);
            if !is_same(&ours, &theirs) {
                eprintln!(
                    "{} of seed {seed}, {}: {ours:?}\n  client-go: {theirs:?}",
                    case.number, case.family
                );
                differences.push(case.as_line(&theirs).to_string());
            }
        }
        if differences.len() > ENOUGH {
            break;
        }
    }
    let found = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differences.jsonl");
    std::fs::write(&found, differences.join("\n")).unwrap();
    for (family, count) in &counts {
        let (all, accepted, reasons) = (count.cases, count.accepted, count.reasons.len());
        eprintln!(
            "{family}: {all} cases, {accepted} of them accepted, the others refused for {reasons} reasons"
        );
    }
    if let Ok(path) = std::env::var("ORACLE_RECORD") {
        let smallest = counts
            .into_values()
            .flat_map(|count| count.reasons.into_values());
        std::fs::write(path, smallest.map(|line| line + "\n").collect::<String>()).unwrap();
    }
    assert!(
        differences.is_empty(),
        "seed {seed}: {} differences, written to {}",
        differences.len(),
        found.display()
    );
}

/// What differed once, with the verdict of client-go, so that it needs no Go.
#[test]
fn what_differed_once_stays_mended() {
    let folder = folder_with_files();
    let lines = std::fs::read_to_string(data().join("differences.jsonl")).unwrap();
    for line in lines.lines() {
        let recorded: Value = serde_json::from_str(line).unwrap();
        let source = |text: &Value| match text.as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => STANDARD.decode(text["base64"].as_str().unwrap()).unwrap(),
        };
        let context = recorded["context"].as_str().map(str::to_owned);
        let case = Case {
            number: 0,
            family: "recorded",
            sources: recorded["sources"]
                .as_array()
                .unwrap()
                .iter()
                .map(source)
                .collect(),
            context: context.map(|context| &*context.leak()),
            carved: None,
        };
        let theirs: Answer = serde_json::from_value(recorded).unwrap();
        let ours = case.verdict(folder.path());
        assert!(
            is_same(&ours, &theirs),
            "{ours:?}\n  client-go: {theirs:?}\n{line}"
        );
    }
}
