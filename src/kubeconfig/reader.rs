//! From bytes to a [`Tree`]: YAML events, read the way Kubernetes' reader does
//! (contract kubeconfig.md section 3).

use std::collections::HashMap;
use std::io::{BufReader, Chain, Read};

use libyaml_safer::{EventData, Parser, ScalarStyle};
use zeroize::Zeroize;

use super::base64;
use super::encoding::{self, Encoding};
use super::finding::Finding;
use super::scalar::{self, Scalar};
use super::tree::{Entry, NodeId, Tree, Value};

/// Deepest nesting that Kubernetes' reader takes.
const MAX_DEPTH: usize = 10_000;

/// The parser looks at every open bracket for every token. This bounds the sum, in steps.
const MAX_BRACKET_WORK: u64 = 200_000_000;

const MERGE_TAG: &str = "tag:yaml.org,2002:merge";
const BINARY_TAG: &str = "tag:yaml.org,2002:binary";

/// The first document of a text, and what is worth saying about the text around it.
pub(super) struct Reading {
    pub(super) tree: Tree,
    pub(super) encoding: Encoding,
    /// Something stands after the first document.
    pub(super) more_documents: bool,
}

/// # Errors
/// A finding of the load gate. Its text never holds a piece of the input.
pub(super) fn read(bytes: &[u8]) -> Result<Reading, Finding> {
    encoding::check_size(bytes)?;
    let (mut text, encoding) = encoding::to_utf8(bytes)?;
    check_brackets(&text)?;
    let result = Reader::new(&text).first_document();
    if let std::borrow::Cow::Owned(transcoded) = &mut text {
        transcoded.zeroize();
    }
    let (tree, more_documents) = result?;
    Ok(Reading {
        tree,
        encoding,
        more_documents,
    })
}

/// Refuses what would keep the parser busy for seconds, before it starts. Brackets in quotes and
/// comments count too: no honest file comes near either limit.
fn check_brackets(text: &[u8]) -> Result<(), Finding> {
    let (mut depth, mut work) = (0_usize, 0_u64);
    for byte in text {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        work += depth as u64;
        if depth > MAX_DEPTH || work > MAX_BRACKET_WORK {
            return Err(Finding::new("too-deep"));
        }
    }
    Ok(())
}

type Input<'a> = BufReader<Chain<&'a [u8], &'static [u8]>>;

struct Reader<'a> {
    text: &'a [u8],
    parser: Parser<Input<'a>>,
    tree: Tree,
    frames: Vec<Frame>,
    anchors: HashMap<String, Anchor>,
    decodes: DecodeCount,
    /// Faults that only matter if the node is part of the final value.
    suspects: Vec<(NodeId, Finding)>,
    opened: u32,
    slash_escapes: bool,
}

/// A collection whose end has not come yet.
struct Frame {
    kind: Kind,
    line: u32,
    anchor: Option<(String, u32)>,
    /// How many decodes this collection takes.
    size: u64,
}

enum Kind {
    List(Vec<NodeId>),
    Map {
        entries: Vec<Entry>,
        key: Key,
        fault: Option<Finding>,
    },
}

/// What a map waits for.
enum Key {
    /// The next key.
    Wanted,
    /// The value of this entry.
    Of(Entry),
    /// The value of `<<`.
    Merge { line: u32 },
    /// The value of a key that cannot be used.
    Unusable,
}

enum Anchor {
    /// Number of a collection that is still open.
    Open(u32),
    Done(NodeId, u64),
}

/// A finished node on its way into its parent.
#[derive(Clone, Copy)]
struct Child {
    id: NodeId,
    line: u32,
    /// How many decodes it takes.
    size: u64,
    alias: bool,
    merge_key: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a [u8]) -> Self {
        // The parser cannot take an input that ends within an escape; a line end ends it.
        let tail: &'static [u8] = if text.ends_with(b"\\") { b"\n" } else { b"" };
        let mut parser = Parser::new();
        parser.set_encoding(libyaml_safer::Encoding::Utf8);
        // As small as the reference's buffer, so that a bad byte far behind the first document
        // goes unseen here as well.
        parser.set_input(BufReader::with_capacity(512, text.chain(tail)));
        Self {
            text,
            parser,
            tree: Tree::new(text.len() + text.len() / 8 + 64),
            frames: Vec::new(),
            anchors: HashMap::new(),
            decodes: DecodeCount::default(),
            suspects: Vec::new(),
            opened: 0,
            slash_escapes: text.windows(2).any(|pair| pair == b"\\/"),
        }
    }

    fn first_document(mut self) -> Result<(Tree, bool), Finding> {
        loop {
            let event = self.parser.parse().map_err(|error| syntax(&error))?;
            let line = line_of(event.start_mark.line);
            let range = event.start_mark.index..event.end_mark.index;
            match event.data {
                EventData::DocumentStart {
                    version_directive: Some(version),
                    ..
                } if (version.major, version.minor) != (1, 1) => {
                    return Err(Finding::new("yaml-version").line(line));
                }
                EventData::StreamEnd => return Ok((self.tree, false)),
                EventData::DocumentEnd { .. } => break,
                EventData::Alias { anchor } => self.alias(&anchor, line)?,
                EventData::Scalar {
                    anchor,
                    tag,
                    mut value,
                    plain_implicit,
                    style,
                    ..
                } => {
                    if self.slash_escapes && style == ScalarStyle::DoubleQuoted {
                        self.refuse_slash_escape(range, line)?;
                    }
                    let result = self.scalar(anchor, tag.as_deref(), &value, plain_implicit, line);
                    value.zeroize();
                    result?;
                }
                EventData::SequenceStart { anchor, .. } => {
                    self.open(Kind::List(Vec::new()), anchor, line)?;
                }
                EventData::MappingStart { anchor, .. } => {
                    let kind = Kind::Map {
                        entries: Vec::new(),
                        key: Key::Wanted,
                        fault: None,
                    };
                    self.open(kind, anchor, line)?;
                }
                EventData::SequenceEnd | EventData::MappingEnd => self.close()?,
                _ => {}
            }
        }
        self.audit()?;
        let next = self.parser.parse().map(|event| event.data);
        let more = !matches!(next, Ok(EventData::StreamEnd));
        Ok((self.tree, more))
    }

    /// The crate takes `\/`, Kubernetes' reader does not.
    fn refuse_slash_escape(&self, range: std::ops::Range<u64>, line: u32) -> Result<(), Finding> {
        let (Ok(start), Ok(end)) = (usize::try_from(range.start), usize::try_from(range.end))
        else {
            return Ok(());
        };
        let mut bytes = self.text.get(start..end).unwrap_or_default().iter();
        while let Some(byte) = bytes.next() {
            if *byte == b'\\' && bytes.next() == Some(&b'/') {
                return Err(Finding::new("yaml-syntax")
                    .line(line)
                    .detail("the escape `\\/` is not known to Kubernetes"));
            }
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        anchor: Option<String>,
        tag: Option<&str>,
        text: &str,
        plain: bool,
        line: u32,
    ) -> Result<(), Finding> {
        let merge_key = text == "<<"
            && (plain || tag == Some(MERGE_TAG))
            && self.frames.last().is_some_and(Frame::wants_key);
        if !merge_key {
            self.decodes.own(1)?;
        }
        let value = if tag == Some(BINARY_TAG) {
            let bytes = base64::decode(text.as_bytes())
                .ok_or_else(|| Finding::new("bad-tag").line(line))?;
            Value::Text(self.tree.add_text(&String::from_utf8_lossy(&bytes)))
        } else if tag.is_none() && !plain {
            Value::Text(self.tree.add_text(text))
        } else {
            let resolved =
                scalar::resolve(tag, text).map_err(|_| Finding::new("bad-tag").line(line))?;
            match resolved {
                Scalar::Null => Value::Null,
                Scalar::Bool(value) => Value::Bool(value),
                Scalar::Int(n) => Value::Int(n),
                Scalar::Uint(n) => Value::Uint(n),
                Scalar::Float(value) => Value::Float(value),
                Scalar::Text => Value::Text(self.tree.add_text(text)),
            }
        };
        let id = self.tree.add(value, line);
        if matches!(value, Value::Float(value) if !value.is_finite()) {
            self.suspects
                .push((id, Finding::new("bad-number").line(line)));
        }
        if let Some(name) = anchor {
            self.anchors.insert(name, Anchor::Done(id, 1));
        }
        self.attach(Child {
            id,
            line,
            size: u64::from(!merge_key),
            alias: false,
            merge_key,
        })
    }

    fn alias(&mut self, name: &str, line: u32) -> Result<(), Finding> {
        let fault = |text: &str| Finding::new("bad-alias").line(line).detail(text);
        let (id, size) = match self.anchors.get(name) {
            None => return Err(fault("it refers to an anchor that does not exist")),
            Some(Anchor::Open(_)) => return Err(fault("its anchor contains itself")),
            Some(Anchor::Done(id, size)) => (*id, *size),
        };
        self.decodes.own(1)?;
        self.decodes.from_alias(size)?;
        self.attach(Child {
            id,
            line,
            size: size.saturating_add(1),
            alias: true,
            merge_key: false,
        })
    }

    fn open(&mut self, kind: Kind, anchor: Option<String>, line: u32) -> Result<(), Finding> {
        if self.frames.len() >= MAX_DEPTH {
            return Err(Finding::new("too-deep").line(line));
        }
        self.decodes.own(1)?;
        self.opened += 1;
        if let Some(name) = &anchor {
            self.anchors.insert(name.clone(), Anchor::Open(self.opened));
        }
        self.frames.push(Frame {
            kind,
            line,
            anchor: anchor.map(|name| (name, self.opened)),
            size: 1,
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Finding> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let id = match frame.kind {
            Kind::List(items) => self.tree.add_list(&items, frame.line),
            Kind::Map { entries, fault, .. } => {
                let id = self.tree.add_map(entries, frame.line);
                self.suspects.extend(fault.map(|finding| (id, finding)));
                id
            }
        };
        // An anchor of the same name may have been set inside; then that one stays.
        if let Some((name, opened)) = frame.anchor
            && let Some(anchor) = self.anchors.get_mut(&name)
            && matches!(anchor, Anchor::Open(open) if *open == opened)
        {
            *anchor = Anchor::Done(id, frame.size);
        }
        self.attach(Child {
            id,
            line: frame.line,
            size: frame.size,
            alias: false,
            merge_key: false,
        })
    }

    fn attach(&mut self, child: Child) -> Result<(), Finding> {
        let Some(frame) = self.frames.last_mut() else {
            self.tree.set_root(child.id);
            return Ok(());
        };
        frame.size = frame.size.saturating_add(child.size);
        let (entries, key, fault) = match &mut frame.kind {
            Kind::List(items) => {
                items.push(child.id);
                return Ok(());
            }
            Kind::Map {
                entries,
                key,
                fault,
            } => (entries, key, fault),
        };
        match std::mem::replace(key, Key::Wanted) {
            Key::Wanted if child.merge_key => *key = Key::Merge { line: child.line },
            Key::Wanted => *key = map_key(&mut self.tree, child, fault)?,
            Key::Of(entry) => entries.push(Entry {
                value: child.id,
                ..entry
            }),
            Key::Merge { line } => merge(&self.tree, child, entries, line)?,
            Key::Unusable => {}
        }
        Ok(())
    }

    /// Faults that Kubernetes finds only after the whole document has been put together.
    fn audit(&mut self) -> Result<(), Finding> {
        if usize::from(self.tree.height(self.tree.root())) > MAX_DEPTH {
            return Err(Finding::new("too-deep"));
        }
        if self.suspects.is_empty() {
            return Ok(());
        }
        let reachable = self.tree.reachable();
        let suspects = std::mem::take(&mut self.suspects);
        match suspects
            .into_iter()
            .find(|(id, _)| reachable.get(*id as usize) == Some(&true))
        {
            Some((_, finding)) => Err(finding),
            None => Ok(()),
        }
    }
}

impl Frame {
    fn wants_key(&self) -> bool {
        matches!(
            self.kind,
            Kind::Map {
                key: Key::Wanted,
                ..
            }
        )
    }
}

fn map_key(tree: &mut Tree, child: Child, fault: &mut Option<Finding>) -> Result<Key, Finding> {
    let bad_key = |text: &str| Finding::new("bad-key").line(child.line).detail(text);
    let key = match tree.value(child.id) {
        Value::Text(span) => span,
        Value::List(_) | Value::Map(_) => return Err(bad_key("it is a list or a map")),
        Value::Null => {
            fault.get_or_insert_with(|| bad_key("it is null"));
            return Ok(Key::Unusable);
        }
        Value::Uint(_) => {
            fault.get_or_insert_with(|| bad_key("it is too large a number"));
            return Ok(Key::Unusable);
        }
        Value::Bool(value) => number_key(tree, Scalar::Bool(value)),
        Value::Int(n) => number_key(tree, Scalar::Int(n)),
        Value::Float(value) => number_key(tree, Scalar::Float(value)),
    };
    Ok(Key::Of(Entry {
        key,
        line: child.line,
        value: child.id,
    }))
}

fn number_key(tree: &mut Tree, key: Scalar) -> super::tree::Span {
    let text = scalar::key_text(key).unwrap_or_default();
    tree.add_text(&text)
}

/// Puts the entries of the merged maps where the merge stands; in a list the first map wins.
fn merge(tree: &Tree, child: Child, entries: &mut Vec<Entry>, line: u32) -> Result<(), Finding> {
    let not_maps = || Finding::new("bad-merge").line(line);
    match tree.value(child.id) {
        Value::Map(run) => entries.extend_from_slice(tree.entries(run)),
        Value::List(run) if !child.alias => {
            for &item in tree.items(run).iter().rev() {
                let Value::Map(run) = tree.value(item) else {
                    return Err(not_maps());
                };
                entries.extend_from_slice(tree.entries(run));
            }
        }
        _ => return Err(not_maps()),
    }
    Ok(())
}

/// The reference's guard against alias bombs: it counts how many values it decodes, and how many
/// of them come out of an alias.
#[derive(Default)]
struct DecodeCount {
    all: u64,
    aliased: u64,
}

impl DecodeCount {
    fn own(&mut self, n: u64) -> Result<(), Finding> {
        self.all += n;
        self.check()
    }

    fn from_alias(&mut self, n: u64) -> Result<(), Finding> {
        self.all = self.all.saturating_add(n);
        self.aliased = self.aliased.saturating_add(n);
        self.check()
    }

    #[allow(clippy::cast_precision_loss)] // as the reference does
    fn check(&self) -> Result<(), Finding> {
        const LOW: f64 = 400_000.0;
        const HIGH: f64 = 4_000_000.0;
        let (all, aliased) = (self.all as f64, self.aliased as f64);
        let allowed = if all <= LOW {
            0.99
        } else if all >= HIGH {
            0.10
        } else {
            0.99 - 0.89 * ((all - LOW) / (HIGH - LOW))
        };
        if self.aliased > 100 && self.all > 1000 && aliased / all > allowed {
            return Err(Finding::new("excessive-aliasing"));
        }
        Ok(())
    }
}

fn line_of(mark_line: u64) -> u32 {
    u32::try_from(mark_line + 1).unwrap_or(u32::MAX)
}

/// The crate's problem texts are fixed strings; nothing of the input is in them.
fn syntax(error: &libyaml_safer::Error) -> Finding {
    let line = error
        .problem_mark()
        .or(error.context_mark())
        .map(|mark| line_of(mark.line));
    match error.kind() {
        libyaml_safer::ErrorKind::Reader | libyaml_safer::ErrorKind::Io => {
            Finding::new("bad-encoding").detail(error.problem())
        }
        _ => {
            let mut finding = Finding::new("yaml-syntax").detail(error.problem());
            finding.line = line;
            finding
        }
    }
}
