//! Builds a [`Tree`] from the YAML events of a text, by the rules of Kubernetes' reader
//! (docs/interface/kubeconfig.md section 3).

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::base64;
use super::encoding::{self, Encoding};
use super::finding::Finding;
use super::scalar::{self, Scalar};
use super::tree::{Entry, NodeId, NodeValue, Span, Tree};
use super::yaml::{Event, Parser, YamlFault, YamlFaultKind};

/// The deepest nesting that Kubernetes' reader accepts.
const MAX_DEPTH: usize = 10_000;

const MERGE_TAG: &str = "tag:yaml.org,2002:merge";
const BINARY_TAG: &str = "tag:yaml.org,2002:binary";

/// The first document of a text, and facts about the text around it.
pub(super) struct Reading {
    pub(super) tree: Tree,
    pub(super) encoding: Encoding,
    /// There is text after the first document.
    pub(super) more_documents: bool,
}

/// Reads the first document of a text.
///
/// # Errors
/// A finding of the load gate. Its text never holds a part of the input.
pub(super) fn read(bytes: &[u8]) -> Result<Reading, Finding> {
    encoding::check_size(bytes)?;
    let (text, encoding) = encoding::detect(bytes)?;
    let (tree, more_documents) = Reader::new(&text).first_document()?;
    Ok(Reading {
        tree,
        encoding,
        more_documents,
    })
}

struct Reader<'a> {
    parser: Parser<'a>,
    tree: Tree,
    frames: Vec<Frame<'a>>,
    anchors: HashMap<&'a str, Anchor>,
    decodes: DecodeCount,
    /// Faults that matter only if their node is part of the final value.
    suspects: Vec<(NodeId, Finding)>,
    opened: u32,
}

/// A collection that has not ended yet.
struct Frame<'a> {
    kind: Collection,
    line: u32,
    anchor: Option<(&'a str, u32)>,
    /// The number of values that decoding this collection takes.
    size: u64,
}

enum Collection {
    List(Vec<NodeId>),
    Map {
        entries: Vec<Entry>,
        key: KeyState,
        /// Why a key cannot be used, and the key's line.
        fault: Option<(&'static str, u32)>,
    },
}

/// The item that a map expects next.
enum KeyState {
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
    /// The number of a collection that is still open.
    Open(u32),
    Done(NodeId, u64),
}

/// A finished node that is about to be added to its parent.
#[derive(Clone, Copy)]
struct Child {
    id: NodeId,
    line: u32,
    /// The number of values that decoding it takes.
    size: u64,
    alias: bool,
    merge_key: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self {
            parser: Parser::new(text),
            tree: Tree::new(text.len() + text.len() / 8 + 64),
            frames: Vec::new(),
            anchors: HashMap::new(),
            decodes: DecodeCount::default(),
            suspects: Vec::new(),
            opened: 0,
        }
    }

    fn first_document(mut self) -> Result<(Tree, bool), Finding> {
        loop {
            let event = self.parser.next().map_err(|fault| refusal(&fault))?;
            let line = self.parser.line();
            match event {
                Event::StreamEnd => return Ok((self.tree, false)),
                Event::DocumentStart => {}
                Event::DocumentEnd => break,
                Event::Alias(anchor) => self.alias(anchor, line)?,
                Event::Scalar {
                    anchor,
                    tag,
                    chars,
                    plain,
                } => self.scalar(anchor, &tag, &chars, plain, line)?,
                Event::SequenceStart(anchor) => {
                    self.open(Collection::List(Vec::new()), anchor, line)?;
                }
                Event::MappingStart(anchor) => {
                    let kind = Collection::Map {
                        entries: Vec::new(),
                        key: KeyState::Wanted,
                        fault: None,
                    };
                    self.open(kind, anchor, line)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.close()?,
            }
        }
        self.audit()?;
        let more = !matches!(self.parser.next(), Ok(Event::StreamEnd));
        Ok((self.tree, more))
    }

    fn scalar(
        &mut self,
        anchor: Option<&'a str>,
        tag: &str,
        text: &str,
        plain: bool,
        line: u32,
    ) -> Result<(), Finding> {
        let merge_key = text == "<<"
            && (plain || tag == MERGE_TAG)
            && self.frames.last().is_some_and(Frame::wants_key);
        if !merge_key {
            self.decodes.own(1)?;
        }
        let value = if tag == BINARY_TAG {
            let bytes = base64::decode(text.as_bytes())
                .ok_or_else(|| Finding::new("bad-tag").line(line))?;
            let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
            NodeValue::Text(self.tree.add_text(&text))
        } else if tag.is_empty() && !plain {
            NodeValue::Text(self.tree.add_text(text))
        } else {
            let resolved =
                scalar::resolve(tag, text).map_err(|_| Finding::new("bad-tag").line(line))?;
            match resolved {
                Scalar::Null => NodeValue::Null,
                Scalar::Bool(value) => NodeValue::Bool(value),
                Scalar::Int(n) => NodeValue::Int(n),
                Scalar::Uint(n) => NodeValue::Uint(n),
                Scalar::Float(value) => NodeValue::Float(value),
                Scalar::Text => NodeValue::Text(self.tree.add_text(text)),
            }
        };
        let id = self.tree.add(value, line);
        if matches!(value, NodeValue::Float(value) if !value.is_finite()) {
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
            None => return Err(fault("its anchor does not exist")),
            Some(Anchor::Open(_)) => return Err(fault("its anchor contains itself")),
            Some(Anchor::Done(id, size)) => (*id, *size),
        };
        self.decodes.own(1)?;
        self.decodes.by_alias(size)?;
        self.attach(Child {
            id,
            line,
            size: size.saturating_add(1),
            alias: true,
            merge_key: false,
        })
    }

    fn open(
        &mut self,
        kind: Collection,
        anchor: Option<&'a str>,
        line: u32,
    ) -> Result<(), Finding> {
        if self.frames.len() >= MAX_DEPTH {
            return Err(Finding::new("too-deep").line(line));
        }
        self.decodes.own(1)?;
        self.opened += 1;
        if let Some(name) = anchor {
            self.anchors.insert(name, Anchor::Open(self.opened));
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
            Collection::List(items) => self.tree.add_list(&items, frame.line),
            Collection::Map { entries, fault, .. } => {
                let id = self.tree.add_map(entries, frame.line);
                self.suspects
                    .extend(fault.map(|(detail, line)| (id, bad_key(detail, line))));
                id
            }
        };
        // If an anchor of the same name was set inside, that one stays.
        if let Some((name, opened)) = frame.anchor
            && let Some(anchor) = self.anchors.get_mut(name)
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
            Collection::List(items) => {
                items.push(child.id);
                return Ok(());
            }
            Collection::Map {
                entries,
                key,
                fault,
            } => (entries, key, fault),
        };
        match std::mem::replace(key, KeyState::Wanted) {
            KeyState::Wanted if child.merge_key => *key = KeyState::Merge { line: child.line },
            KeyState::Wanted => *key = map_key(&mut self.tree, child, fault)?,
            KeyState::Of(entry) => entries.push(Entry {
                value: child.id,
                ..entry
            }),
            KeyState::Merge { line } => merge(&self.tree, child, entries, line)?,
            KeyState::Unusable => {}
        }
        Ok(())
    }

    /// Finds the faults that Kubernetes finds only after it has built the whole document.
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

impl Frame<'_> {
    fn wants_key(&self) -> bool {
        matches!(
            self.kind,
            Collection::Map {
                key: KeyState::Wanted,
                ..
            }
        )
    }
}

fn map_key(
    tree: &mut Tree,
    child: Child,
    fault: &mut Option<(&'static str, u32)>,
) -> Result<KeyState, Finding> {
    let mut unusable = |detail| {
        fault.get_or_insert((detail, child.line));
        Ok(KeyState::Unusable)
    };
    let key = match tree.value(child.id) {
        NodeValue::Text(span) => span,
        NodeValue::List(_) | NodeValue::Map(_) => {
            return Err(bad_key("it is a list or a map", child.line));
        }
        NodeValue::Null => return unusable("it is null"),
        NodeValue::Uint(_) => return unusable("it is too large a number"),
        NodeValue::Bool(value) => number_key(tree, Scalar::Bool(value)),
        NodeValue::Int(n) => number_key(tree, Scalar::Int(n)),
        NodeValue::Float(value) => number_key(tree, Scalar::Float(value)),
    };
    Ok(KeyState::Of(Entry {
        key,
        line: child.line,
        value: child.id,
    }))
}

fn bad_key(detail: &str, line: u32) -> Finding {
    Finding::new("bad-key").line(line).detail(detail)
}

fn number_key(tree: &mut Tree, key: Scalar) -> Span {
    let text = scalar::key_text(key).unwrap_or_default();
    tree.add_text(&text)
}

/// Inserts the entries of the merged maps at the merge key. In a list, the first map wins.
fn merge(tree: &Tree, child: Child, entries: &mut Vec<Entry>, line: u32) -> Result<(), Finding> {
    let not_maps = || Finding::new("bad-merge").line(line);
    match tree.value(child.id) {
        NodeValue::Map(run) => entries.extend_from_slice(tree.entries(run)),
        NodeValue::List(run) if !child.alias => {
            for &item in tree.items(run).iter().rev() {
                let NodeValue::Map(run) = tree.value(item) else {
                    return Err(not_maps());
                };
                entries.extend_from_slice(tree.entries(run));
            }
        }
        _ => return Err(not_maps()),
    }
    Ok(())
}

/// The protection of Kubernetes' reader against alias bombs: it counts the values that it decodes, and those of them
/// that come from an alias.
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

    fn by_alias(&mut self, n: u64) -> Result<(), Finding> {
        self.all = self.all.saturating_add(n);
        self.aliased = self.aliased.saturating_add(n);
        self.check()
    }

    #[allow(clippy::cast_precision_loss)] // Kubernetes' reader does the same
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

fn refusal(fault: &YamlFault) -> Finding {
    let finding = match fault.kind {
        YamlFaultKind::Encoding => Finding::new("bad-encoding"),
        YamlFaultKind::TooDeep => Finding::new("too-deep"),
        YamlFaultKind::Version => Finding::new("yaml-version"),
        YamlFaultKind::Syntax(problem) => Finding::new("yaml-syntax").detail(problem),
    };
    finding.line(fault.line)
}
