//! Turns tokens into events: the grammar of YAML as a state machine with a stack.

use super::chars::Chars;
use super::fault::{YamlFault, YamlFaultKind};
use super::scanner::{Scanner, Token};

/// One step through a document.
pub(in super::super) enum Event<'a> {
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(&'a str),
    Scalar {
        anchor: Option<&'a str>,
        /// The tag with its handle resolved; empty if there is none.
        tag: String,
        chars: Chars<'a>,
        /// True if the text determines the type: it is neither quoted nor tagged, or its tag is a lone `!`.
        plain: bool,
    },
    SequenceStart(Option<&'a str>),
    SequenceEnd,
    MappingStart(Option<&'a str>),
    MappingEnd,
}

#[derive(Clone, Copy)]
enum State {
    /// Before the first document.
    FirstDocument,
    /// After a document.
    NextDocument,
    DocumentContent,
    /// The content of a first document without `---`.
    BlockNode,
    DocumentEnd,
    BlockSequence,
    IndentlessSequence,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequence {
        first: bool,
    },
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMapping {
        first: bool,
    },
    FlowMappingValue,
    FlowMappingNoValue,
    End,
}

/// The most `%TAG` directives of a document. Each tag is searched for among them, so a limit keeps the time linear.
const MAX_TAG_DIRECTIVES: usize = 100;
/// The longest prefix of a `%TAG` directive, in bytes. Each tag copies it.
const MAX_TAG_PREFIX: usize = 1024;

pub(in super::super) struct Parser<'a> {
    scanner: Scanner<'a>,
    state: State,
    /// The states to continue with after the current node.
    returns: Vec<State>,
    tags: Vec<(String, String)>,
    line: u32,
}

impl<'a> Parser<'a> {
    pub(in super::super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            scanner: Scanner::new(bytes),
            state: State::FirstDocument,
            returns: Vec::new(),
            tags: Vec::new(),
            line: 1,
        }
    }

    /// Returns the next event. After the end of the stream it returns the end again.
    pub(in super::super) fn next(&mut self) -> Result<Event<'a>, YamlFault> {
        match self.state {
            State::FirstDocument => self.document_start(true),
            State::NextDocument => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::BlockNode => self.node(true, false),
            State::DocumentEnd => self.document_end(),
            State::BlockSequence => self.block_sequence(),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequence { first } => self.flow_sequence(first),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => {
                self.peek()?;
                self.state = State::FlowSequence { first: false };
                Ok(Event::MappingEnd)
            }
            State::FlowMapping { first } => self.flow_mapping(first),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingNoValue => {
                self.peek()?;
                self.state = State::FlowMapping { first: false };
                Ok(empty())
            }
            State::End => Ok(Event::StreamEnd),
        }
    }

    /// Returns the line of the last event, from 1.
    pub(in super::super) fn line(&self) -> u32 {
        self.line
    }

    fn peek(&mut self) -> Result<&Token<'a>, YamlFault> {
        self.scanner.peek()?;
        self.line = self.scanner.line();
        self.scanner.peek()
    }

    fn take(&mut self) -> Option<Token<'a>> {
        self.scanner.take()
    }

    fn fault<T>(&self, problem: &'static str) -> Result<T, YamlFault> {
        Err(YamlFault {
            kind: YamlFaultKind::Syntax(problem),
            line: self.line,
        })
    }

    fn go_back(&mut self) {
        self.state = self.returns.pop().unwrap_or(State::End);
    }

    /// Returns an empty scalar, because a value is missing.
    fn empty(&mut self, next: State) -> Event<'a> {
        self.state = next;
        empty()
    }

    fn document_start(&mut self, first: bool) -> Result<Event<'a>, YamlFault> {
        if !first {
            while matches!(self.peek()?, Token::DocumentEnd) {
                self.take();
            }
        }
        match self.peek()? {
            Token::StreamEnd => {
                self.state = State::End;
                return Ok(Event::StreamEnd);
            }
            Token::Version { .. } | Token::TagDirective { .. } | Token::DocumentStart => {}
            _ if first => {
                self.directives()?;
                self.returns.push(State::DocumentEnd);
                self.state = State::BlockNode;
                return Ok(Event::DocumentStart);
            }
            _ => {}
        }
        self.directives()?;
        if !matches!(self.peek()?, Token::DocumentStart) {
            return self.fault("a document without its `---`");
        }
        self.take();
        self.returns.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        Ok(Event::DocumentStart)
    }

    fn directives(&mut self) -> Result<(), YamlFault> {
        self.tags.clear();
        let mut version_seen = false;
        loop {
            match self.peek()? {
                Token::Version { .. } if version_seen => {
                    return self.fault("the %YAML directive is given twice");
                }
                Token::Version { supported: false } => {
                    return Err(YamlFault {
                        kind: YamlFaultKind::Version,
                        line: self.line,
                    });
                }
                Token::Version { supported: true } => {
                    version_seen = true;
                    self.take();
                }
                Token::TagDirective { .. } => {
                    if let Some(Token::TagDirective { handle, prefix }) = self.take() {
                        if self.tags.iter().any(|(known, _)| known == handle) {
                            return self.fault("a %TAG directive is given twice");
                        }
                        if self.tags.len() == MAX_TAG_DIRECTIVES || prefix.len() > MAX_TAG_PREFIX {
                            return self.fault("too many or too long %TAG directives");
                        }
                        self.tags.push((handle.to_owned(), prefix));
                    }
                }
                _ => break,
            }
        }
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.tags.iter().any(|(known, _)| known == handle) {
                self.tags.push((handle.to_owned(), prefix.to_owned()));
            }
        }
        Ok(())
    }

    fn document_content(&mut self) -> Result<Event<'a>, YamlFault> {
        match self.peek()? {
            Token::Version { .. }
            | Token::TagDirective { .. }
            | Token::DocumentStart
            | Token::DocumentEnd
            | Token::StreamEnd => {
                self.go_back();
                Ok(empty())
            }
            _ => self.node(true, false),
        }
    }

    fn document_end(&mut self) -> Result<Event<'a>, YamlFault> {
        if matches!(self.peek()?, Token::DocumentEnd) {
            self.take();
        }
        self.state = State::NextDocument;
        Ok(Event::DocumentEnd)
    }

    /// Parses a value with its anchor and tag. With `block`, block collections are allowed; with `indentless`, also a
    /// list that is not indented, as below a key.
    fn node(&mut self, block: bool, indentless: bool) -> Result<Event<'a>, YamlFault> {
        if matches!(self.peek()?, Token::Alias(_))
            && let Some(Token::Alias(name)) = self.take()
        {
            self.go_back();
            return Ok(Event::Alias(name));
        }
        let line = self.line;
        let (anchor, tag) = self.properties()?;
        let event = match self.peek()? {
            Token::BlockEntry if indentless => {
                self.state = State::IndentlessSequence;
                Event::SequenceStart(anchor)
            }
            Token::Scalar { .. } => {
                let Some(Token::Scalar { chars, plain }) = self.take() else {
                    return self.fault("a value is missing");
                };
                self.go_back();
                let plain = (tag.is_empty() && plain) || tag == "!";
                Event::Scalar {
                    anchor,
                    tag,
                    chars,
                    plain,
                }
            }
            Token::FlowSequenceStart => {
                self.take();
                self.state = State::FlowSequence { first: true };
                Event::SequenceStart(anchor)
            }
            Token::FlowMappingStart => {
                self.take();
                self.state = State::FlowMapping { first: true };
                Event::MappingStart(anchor)
            }
            Token::BlockSequenceStart if block => {
                self.take();
                self.state = State::BlockSequence;
                Event::SequenceStart(anchor)
            }
            Token::BlockMappingStart if block => {
                self.take();
                self.state = State::BlockMappingKey;
                Event::MappingStart(anchor)
            }
            _ if anchor.is_some() || !tag.is_empty() => {
                self.go_back();
                let plain = tag.is_empty();
                Event::Scalar {
                    anchor,
                    tag,
                    chars: Chars::default(),
                    plain,
                }
            }
            _ => return self.fault("a value is missing"),
        };
        self.line = line;
        Ok(event)
    }

    /// Parses an anchor and a tag, in any order.
    fn properties(&mut self) -> Result<(Option<&'a str>, String), YamlFault> {
        let (mut anchor, mut tag) = (None, None);
        loop {
            match self.peek()? {
                Token::Anchor(_) if anchor.is_none() => {
                    if let Some(Token::Anchor(name)) = self.take() {
                        anchor = Some(name);
                    }
                }
                Token::Tag { .. } if tag.is_none() => {
                    if let Some(Token::Tag { handle, suffix }) = self.take() {
                        tag = Some((handle, suffix));
                    }
                }
                _ => break,
            }
        }
        let tag = match tag {
            None => String::new(),
            Some(("", suffix)) => suffix,
            Some((handle, suffix)) => {
                let Some((_, prefix)) = self.tags.iter().find(|(known, _)| known == handle) else {
                    return self.fault("a tag with an unknown handle");
                };
                format!("{prefix}{suffix}")
            }
        };
        Ok((anchor, tag))
    }

    fn block_sequence(&mut self) -> Result<Event<'a>, YamlFault> {
        match self.peek()? {
            Token::BlockEntry => {
                self.take();
                if matches!(self.peek()?, Token::BlockEntry | Token::BlockEnd) {
                    return Ok(self.empty(State::BlockSequence));
                }
                self.returns.push(State::BlockSequence);
                self.node(true, false)
            }
            Token::BlockEnd => {
                self.take();
                self.go_back();
                Ok(Event::SequenceEnd)
            }
            _ => self.fault("a list item without its `-`"),
        }
    }

    fn indentless_sequence(&mut self) -> Result<Event<'a>, YamlFault> {
        if !matches!(self.peek()?, Token::BlockEntry) {
            self.go_back();
            return Ok(Event::SequenceEnd);
        }
        self.take();
        if matches!(
            self.peek()?,
            Token::BlockEntry | Token::Key | Token::Value | Token::BlockEnd
        ) {
            return Ok(self.empty(State::IndentlessSequence));
        }
        self.returns.push(State::IndentlessSequence);
        self.node(true, false)
    }

    fn block_mapping_key(&mut self) -> Result<Event<'a>, YamlFault> {
        match self.peek()? {
            Token::Key => {
                self.take();
                if matches!(self.peek()?, Token::Key | Token::Value | Token::BlockEnd) {
                    return Ok(self.empty(State::BlockMappingValue));
                }
                self.returns.push(State::BlockMappingValue);
                self.node(true, true)
            }
            Token::BlockEnd => {
                self.take();
                self.go_back();
                Ok(Event::MappingEnd)
            }
            _ => self.fault("a key is expected here; the indentation may be off"),
        }
    }

    fn block_mapping_value(&mut self) -> Result<Event<'a>, YamlFault> {
        if !matches!(self.peek()?, Token::Value) {
            return Ok(self.empty(State::BlockMappingKey));
        }
        self.take();
        if matches!(self.peek()?, Token::Key | Token::Value | Token::BlockEnd) {
            return Ok(self.empty(State::BlockMappingKey));
        }
        self.returns.push(State::BlockMappingKey);
        self.node(true, true)
    }

    fn flow_sequence(&mut self, first: bool) -> Result<Event<'a>, YamlFault> {
        if !first && !matches!(self.peek()?, Token::FlowSequenceEnd) {
            if !matches!(self.peek()?, Token::FlowEntry) {
                return self.fault("a `,` or `]` is missing");
            }
            self.take();
        }
        match self.peek()? {
            Token::FlowSequenceEnd => {
                self.take();
                self.go_back();
                Ok(Event::SequenceEnd)
            }
            Token::Key => {
                self.take();
                self.state = State::FlowPairKey;
                Ok(Event::MappingStart(None))
            }
            _ => {
                self.returns.push(State::FlowSequence { first: false });
                self.node(false, false)
            }
        }
    }

    fn flow_pair_key(&mut self) -> Result<Event<'a>, YamlFault> {
        if matches!(
            self.peek()?,
            Token::Value | Token::FlowEntry | Token::FlowSequenceEnd
        ) {
            self.take(); // Kubernetes' reader drops any of the three
            return Ok(self.empty(State::FlowPairValue));
        }
        self.returns.push(State::FlowPairValue);
        self.node(false, false)
    }

    fn flow_pair_value(&mut self) -> Result<Event<'a>, YamlFault> {
        if matches!(self.peek()?, Token::Value) {
            self.take();
            if !matches!(self.peek()?, Token::FlowEntry | Token::FlowSequenceEnd) {
                self.returns.push(State::FlowPairEnd);
                return self.node(false, false);
            }
        }
        Ok(self.empty(State::FlowPairEnd))
    }

    fn flow_mapping(&mut self, first: bool) -> Result<Event<'a>, YamlFault> {
        if !first && !matches!(self.peek()?, Token::FlowMappingEnd) {
            if !matches!(self.peek()?, Token::FlowEntry) {
                return self.fault("a `,` or `}` is missing");
            }
            self.take();
        }
        match self.peek()? {
            Token::FlowMappingEnd => {
                self.take();
                self.go_back();
                Ok(Event::MappingEnd)
            }
            Token::Key => {
                self.take();
                if matches!(
                    self.peek()?,
                    Token::Value | Token::FlowEntry | Token::FlowMappingEnd
                ) {
                    return Ok(self.empty(State::FlowMappingValue));
                }
                self.returns.push(State::FlowMappingValue);
                self.node(false, false)
            }
            _ => {
                self.returns.push(State::FlowMappingNoValue);
                self.node(false, false)
            }
        }
    }

    fn flow_mapping_value(&mut self) -> Result<Event<'a>, YamlFault> {
        if matches!(self.peek()?, Token::Value) {
            self.take();
            if !matches!(self.peek()?, Token::FlowEntry | Token::FlowMappingEnd) {
                self.returns.push(State::FlowMapping { first: false });
                return self.node(false, false);
            }
        }
        Ok(self.empty(State::FlowMapping { first: false }))
    }
}

fn empty<'a>() -> Event<'a> {
    Event::Scalar {
        anchor: None,
        tag: String::new(),
        chars: Chars::default(),
        plain: true,
    }
}
