//! Turns text into tokens. The main difficulty of YAML is here: a word is known to be a key only when the `:` after it
//! is found, so tokens wait in a queue until then.

use std::collections::VecDeque;

use super::chars::{Chars, is_word, readable};
use super::fault::{YamlFault, YamlFaultKind};

/// The deepest nesting of brackets, and of indentation.
const MAX_DEPTH: usize = 10_000;

/// The longest distance from the start of a key to its `:`, in characters.
const MAX_SIMPLE_KEY: usize = 1024;

pub(super) enum Token<'a> {
    StreamEnd,
    Version { supported: bool },
    TagDirective { handle: &'a str, prefix: String },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    Tag { handle: &'a str, suffix: String },
    Scalar { chars: Chars<'a>, plain: bool },
}

/// A position in the text.
#[derive(Clone, Copy, Default)]
pub(super) struct Mark {
    /// The offset in bytes.
    pub(super) at: usize,
    /// The offset in characters.
    pub(super) index: usize,
    /// The line, from 0.
    pub(super) line: u32,
    pub(super) column: usize,
}

/// The position at which a key may have started, on one level of brackets.
#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    /// Tokens stay in the queue until it is known whether this is a key.
    awaited: bool,
    token: usize,
    mark: Mark,
}

pub(super) struct Scanner<'a> {
    /// The readable part of the input.
    pub(super) text: &'a str,
    /// Bytes that can't be read follow the text.
    broken: bool,
    pub(super) mark: Mark,
    tokens: VecDeque<(Token<'a>, u32)>,
    /// The number of tokens that have left the queue.
    taken: usize,
    pub(super) flow_level: usize,
    /// The column of the innermost block collection; -1 outside of all.
    pub(super) indent: isize,
    indents: Vec<isize>,
    pub(super) key_allowed: bool,
    keys: Vec<SimpleKey>,
    ended: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let (text, broken) = readable(bytes);
        Self {
            text,
            broken,
            mark: Mark::default(),
            tokens: VecDeque::new(),
            taken: 0,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            key_allowed: true,
            keys: vec![SimpleKey::default()],
            ended: false,
        }
    }

    /// Returns the next token, which stays in the queue until [`Self::take`].
    pub(super) fn peek(&mut self) -> Result<&Token<'a>, YamlFault> {
        while self.needs_more()? {
            self.fetch()?;
            if self.broken && self.at_end() {
                return Err(Self::fault_at(YamlFaultKind::Encoding, self.mark));
            }
        }
        match self.tokens.front() {
            Some((token, _)) => Ok(token),
            None => Ok(&Token::StreamEnd),
        }
    }

    /// Removes the token that [`Self::peek`] returned.
    pub(super) fn take(&mut self) -> Option<Token<'a>> {
        let (token, _) = self.tokens.pop_front()?;
        self.taken += 1;
        Some(token)
    }

    /// Returns the line of the next token, from 1.
    pub(super) fn line(&self) -> u32 {
        self.tokens
            .front()
            .map_or(self.mark.line, |(_, line)| *line)
            + 1
    }

    pub(super) fn fault<T>(&self, problem: &'static str) -> Result<T, YamlFault> {
        let kind = if self.broken && self.at_end() {
            YamlFaultKind::Encoding
        } else {
            YamlFaultKind::Syntax(problem)
        };
        Err(Self::fault_at(kind, self.mark))
    }

    pub(super) fn fault_at(kind: YamlFaultKind, mark: Mark) -> YamlFault {
        YamlFault {
            kind,
            line: mark.line + 1,
        }
    }

    /// Returns true if the queue is empty, or if its first token may still become a key.
    fn needs_more(&mut self) -> Result<bool, YamlFault> {
        if self.ended || self.tokens.is_empty() {
            return Ok(!self.ended);
        }
        // Keys on deeper levels started later, so the token numbers are in order.
        let first = self.keys.partition_point(|key| key.token < self.taken);
        for level in first..self.keys.len() {
            if self.keys[level].token != self.taken {
                break;
            }
            if self.keys[level].awaited && self.is_valid_key(level)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_valid_key(&mut self, level: usize) -> Result<bool, YamlFault> {
        let key = self.keys[level];
        if !key.possible {
            return Ok(false);
        }
        let stale =
            key.mark.line < self.mark.line || key.mark.index + MAX_SIMPLE_KEY < self.mark.index;
        if !stale {
            return Ok(true);
        }
        if key.required {
            return Err(Self::missing_colon(key));
        }
        self.keys[level].possible = false;
        Ok(false)
    }

    fn missing_colon(key: SimpleKey) -> YamlFault {
        Self::fault_at(YamlFaultKind::Syntax("a key without `:`"), key.mark)
    }

    fn save_key(&mut self) -> Result<(), YamlFault> {
        if !self.key_allowed {
            return Ok(());
        }
        let key = SimpleKey {
            possible: true,
            awaited: true,
            required: self.flow_level == 0 && self.indent == self.column(),
            token: self.taken + self.tokens.len(),
            mark: self.mark,
        };
        self.remove_key()?;
        if let Some(last) = self.keys.last_mut() {
            *last = key;
        }
        Ok(())
    }

    fn remove_key(&mut self) -> Result<(), YamlFault> {
        let Some(key) = self.keys.last_mut() else {
            return Ok(());
        };
        let old = *key;
        key.possible = false;
        if old.possible && old.required {
            return Err(Self::missing_colon(old));
        }
        Ok(())
    }

    pub(super) fn column(&self) -> isize {
        isize::try_from(self.mark.column).unwrap_or(isize::MAX)
    }

    fn push(&mut self, token: Token<'a>, mark: Mark) {
        self.tokens.push_back((token, mark.line));
    }

    /// Inserts a token before the one with this number, if that is still in the queue.
    fn insert(&mut self, number: usize, token: Token<'a>, mark: Mark) {
        match number.checked_sub(self.taken) {
            Some(at) if at <= self.tokens.len() => self.tokens.insert(at, (token, mark.line)),
            _ => self.push(token, mark),
        }
    }

    /// Opens a block collection if this column is further to the right.
    fn roll_indent(
        &mut self,
        column: isize,
        number: usize,
        token: Token<'a>,
        mark: Mark,
    ) -> Result<(), YamlFault> {
        if self.flow_level > 0 || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > MAX_DEPTH {
            return Err(Self::fault_at(YamlFaultKind::TooDeep, mark));
        }
        self.insert(number, token, mark);
        Ok(())
    }

    /// Closes the block collections that are further to the right than this column.
    fn unroll_indent(&mut self, column: isize) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            self.push(Token::BlockEnd, self.mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn fetch(&mut self) -> Result<(), YamlFault> {
        self.skip_to_token();
        self.unroll_indent(self.column());
        let mark = self.mark;
        if self.at_end() {
            return self.fetch_stream_end();
        }
        let (byte, next_is_blank) = (self.byte(0), self.is_blankz(1));
        if mark.column == 0 {
            if byte == b'%' {
                return self.fetch_directive();
            }
            if let Some(token) = self.document_indicator() {
                self.start_over()?;
                self.skip(3);
                self.push(token, mark);
                return Ok(());
            }
        }
        let in_flow = self.flow_level > 0;
        match byte {
            b'[' => self.fetch_flow_start(Token::FlowSequenceStart),
            b'{' => self.fetch_flow_start(Token::FlowMappingStart),
            b']' => self.fetch_flow_end(Token::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(Token::FlowMappingEnd),
            b',' => {
                self.remove_key()?;
                self.key_allowed = true;
                self.one_char(Token::FlowEntry);
                Ok(())
            }
            b'-' if next_is_blank => self.fetch_block_entry(),
            b'?' if in_flow || next_is_blank => self.fetch_explicit_key(),
            b':' if in_flow || next_is_blank => self.fetch_value(),
            b'*' | b'&' => self.fetch_anchor(byte == b'*'),
            b'!' => {
                self.save_key()?;
                self.key_allowed = false;
                let token = self.scan_tag()?;
                self.push(token, mark);
                Ok(())
            }
            b'|' | b'>' if !in_flow => {
                self.remove_key()?;
                self.key_allowed = true;
                let chars = self.scan_block_scalar(byte == b'|')?;
                self.push(
                    Token::Scalar {
                        chars,
                        plain: false,
                    },
                    mark,
                );
                Ok(())
            }
            b'\'' | b'"' => {
                self.save_key()?;
                self.key_allowed = false;
                let chars = self.scan_quoted(byte)?;
                self.push(
                    Token::Scalar {
                        chars,
                        plain: false,
                    },
                    mark,
                );
                Ok(())
            }
            // A tab gets here only if it is used as indentation.
            b'#' | b'%' | b'@' | b'`' | b'|' | b'>' | b'\t' => {
                self.fault("a character that cannot start a value")
            }
            _ => self.fetch_plain(),
        }
    }

    fn fetch_stream_end(&mut self) -> Result<(), YamlFault> {
        self.start_over()?;
        self.ended = true;
        Ok(())
    }

    /// Closes everything: before a document mark, a directive and the end.
    fn start_over(&mut self) -> Result<(), YamlFault> {
        self.unroll_indent(-1);
        self.remove_key()?;
        self.key_allowed = false;
        Ok(())
    }

    fn fetch_directive(&mut self) -> Result<(), YamlFault> {
        self.start_over()?;
        let mark = self.mark;
        let token = self.scan_directive()?;
        self.push(token, mark);
        Ok(())
    }

    fn document_indicator(&self) -> Option<Token<'a>> {
        if !self.is_blankz(3) {
            return None;
        }
        match &self.rest()[..3.min(self.rest().len())] {
            b"---" => Some(Token::DocumentStart),
            b"..." => Some(Token::DocumentEnd),
            _ => None,
        }
    }

    /// Returns true at a document mark, which is at the start of a line.
    pub(super) fn at_document_indicator(&self) -> bool {
        self.mark.column == 0 && self.document_indicator().is_some()
    }

    fn one_char(&mut self, token: Token<'a>) {
        let mark = self.mark;
        self.skip(1);
        self.push(token, mark);
    }

    fn fetch_flow_start(&mut self, token: Token<'a>) -> Result<(), YamlFault> {
        self.save_key()?;
        self.keys.push(SimpleKey {
            token: self.taken + self.tokens.len(),
            ..SimpleKey::default()
        });
        self.flow_level += 1;
        if self.flow_level > MAX_DEPTH {
            return Err(Self::fault_at(YamlFaultKind::TooDeep, self.mark));
        }
        self.key_allowed = true;
        self.one_char(token);
        Ok(())
    }

    fn fetch_flow_end(&mut self, token: Token<'a>) -> Result<(), YamlFault> {
        self.remove_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            let inner = self.keys.pop();
            // After brackets in which nothing could be a key, as in `{}`, Kubernetes' reader no longer waits for a `:`
            // that would make them a key. So it does not read the text after such a document.
            if let (Some(inner), Some(outer)) = (inner, self.keys.last_mut())
                && inner.token == outer.token
            {
                outer.awaited = false;
            }
        }
        self.key_allowed = false;
        self.one_char(token);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), YamlFault> {
        self.open_block(Token::BlockSequenceStart, "a list item is not allowed here")?;
        self.remove_key()?;
        self.key_allowed = true;
        self.one_char(Token::BlockEntry);
        Ok(())
    }

    fn fetch_explicit_key(&mut self) -> Result<(), YamlFault> {
        self.open_block(Token::BlockMappingStart, "a key is not allowed here")?;
        self.remove_key()?;
        self.key_allowed = self.flow_level == 0;
        self.one_char(Token::Key);
        Ok(())
    }

    /// Opens a list or a mapping in block style, if one begins here; `refusal` says why none may.
    fn open_block(&mut self, start: Token<'a>, refusal: &'static str) -> Result<(), YamlFault> {
        if self.flow_level > 0 {
            return Ok(());
        }
        if !self.key_allowed {
            return self.fault(refusal);
        }
        let number = self.taken + self.tokens.len();
        self.roll_indent(self.column(), number, start, self.mark)
    }

    fn fetch_value(&mut self) -> Result<(), YamlFault> {
        let level = self.keys.len() - 1;
        if self.is_valid_key(level)? {
            let key = self.keys[level];
            self.insert(key.token, Token::Key, key.mark);
            let column = isize::try_from(key.mark.column).unwrap_or(isize::MAX);
            self.roll_indent(column, key.token, Token::BlockMappingStart, key.mark)?;
            self.keys[level].possible = false;
            self.key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.key_allowed {
                    return self.fault("a `:` is not allowed here");
                }
                let number = self.taken + self.tokens.len();
                self.roll_indent(self.column(), number, Token::BlockMappingStart, self.mark)?;
            }
            self.key_allowed = self.flow_level == 0;
        }
        self.one_char(Token::Value);
        Ok(())
    }

    fn fetch_anchor(&mut self, alias: bool) -> Result<(), YamlFault> {
        self.save_key()?;
        self.key_allowed = false;
        let mark = self.mark;
        self.skip(1);
        let name = self.skip_while(is_word);
        let ends = self.is_blankz(0) || b"?:,]}%@`".contains(&self.byte(0));
        if name.is_empty() || !ends {
            return self.fault("the name of an anchor or alias has a bad character");
        }
        let token = if alias {
            Token::Alias(name)
        } else {
            Token::Anchor(name)
        };
        self.push(token, mark);
        Ok(())
    }

    fn fetch_plain(&mut self) -> Result<(), YamlFault> {
        self.save_key()?;
        self.key_allowed = false;
        let mark = self.mark;
        let chars = self.scan_plain()?;
        self.push(Token::Scalar { chars, plain: true }, mark);
        Ok(())
    }

    fn skip_to_token(&mut self) {
        if self.mark.at == 0 && self.text.starts_with('\u{FEFF}') {
            self.skip_text('\u{FEFF}'.len_utf8());
        }
        loop {
            let tabs = self.flow_level > 0 || !self.key_allowed;
            self.skip_while(|b| b == b' ' || (tabs && b == b'\t'));
            if self.byte(0) == b'#' {
                self.skip_line();
            }
            if self.break_len() == 0 {
                return;
            }
            self.skip_break();
            if self.flow_level == 0 {
                self.key_allowed = true;
            }
        }
    }
}
