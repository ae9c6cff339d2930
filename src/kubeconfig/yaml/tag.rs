//! Scans tags (`!!str`) and directives (`%YAML`, `%TAG`).

use super::chars::is_word;
use super::fault::YamlFault;
use super::scanner::{Scanner, Token};

impl<'a> Scanner<'a> {
    pub(super) fn scan_tag(&mut self) -> Result<Token<'a>, YamlFault> {
        let token = if self.byte(1) == b'<' {
            self.skip(2);
            let suffix = self.tag_uri("")?;
            if self.byte(0) != b'>' {
                return self.fault("a tag without its `>`");
            }
            self.skip(1);
            Token::Tag { handle: "", suffix }
        } else {
            let handle = self.tag_handle()?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.tag_uri("")?;
                Token::Tag { handle, suffix }
            } else {
                let suffix = self.tag_uri(handle)?;
                if suffix.is_empty() {
                    // A lone `!`.
                    Token::Tag {
                        handle: "",
                        suffix: "!".to_owned(),
                    }
                } else {
                    Token::Tag {
                        handle: "!",
                        suffix,
                    }
                }
            }
        };
        if !self.is_blankz(0) {
            return self.fault("text directly after a tag");
        }
        Ok(token)
    }

    /// Scans `!`, `!word` or `!word!`.
    fn tag_handle(&mut self) -> Result<&'a str, YamlFault> {
        let from = self.mark.at;
        if self.byte(0) != b'!' {
            return self.fault("a tag without `!`");
        }
        self.skip(1);
        self.skip_while(is_word);
        if self.byte(0) == b'!' {
            self.skip(1);
        }
        Ok(&self.text[from..self.mark.at])
    }

    /// Scans the rest of a tag; `head` is a handle that is a part of the tag itself.
    fn tag_uri(&mut self, head: &str) -> Result<String, YamlFault> {
        let mut uri = head.get(1..).unwrap_or_default().as_bytes().to_vec();
        let mut seen = !head.is_empty();
        loop {
            let run = self.skip_while(|b| is_word(b) || b";/?:@&=+$,.!~*'()[]".contains(&b));
            uri.extend_from_slice(run.as_bytes());
            seen |= !run.is_empty();
            if self.byte(0) != b'%' {
                break;
            }
            self.uri_escape(&mut uri)?;
            seen = true;
        }
        if !seen {
            return self.fault("an empty tag");
        }
        Ok(String::from_utf8_lossy(&uri).into_owned())
    }

    /// Scans one character, which may take several `%XX`.
    fn uri_escape(&mut self, uri: &mut Vec<u8>) -> Result<(), YamlFault> {
        let mut missing = 1;
        let mut first = true;
        while missing > 0 {
            let digit = |ahead| char::from(self.byte(ahead)).to_digit(16);
            let (b'%', Some(high), Some(low)) = (self.byte(0), digit(1), digit(2)) else {
                return self.fault("a broken escape in a tag");
            };
            let octet = u8::try_from(high * 16 + low).unwrap_or_default();
            if first {
                missing = match octet {
                    0..0x80 => 1,
                    0xC0..0xE0 => 2,
                    0xE0..0xF0 => 3,
                    0xF0..0xF8 => 4,
                    _ => return self.fault("a broken escape in a tag"),
                };
                first = false;
            } else if octet & 0xC0 != 0x80 {
                return self.fault("a broken escape in a tag");
            }
            uri.push(octet);
            self.skip(3);
            missing -= 1;
        }
        Ok(())
    }

    pub(super) fn scan_directive(&mut self) -> Result<Token<'a>, YamlFault> {
        self.skip(1);
        let name = self.skip_while(is_word);
        if name.is_empty() || !self.is_blankz(0) {
            return self.fault("a broken directive");
        }
        let token = match name {
            "YAML" => self.version()?,
            "TAG" => self.tag_directive()?,
            _ => return self.fault("an unknown directive"),
        };
        self.skip_blanks();
        if self.byte(0) == b'#' {
            self.skip_line();
        }
        if self.break_len() > 0 {
            self.skip_break();
        } else if !self.at_end() {
            return self.fault("text behind a directive");
        }
        Ok(token)
    }

    fn version(&mut self) -> Result<Token<'a>, YamlFault> {
        self.skip_blanks();
        let major = self.version_number()?;
        if self.byte(0) != b'.' {
            return self.fault("a broken version number");
        }
        self.skip(1);
        let minor = self.version_number()?;
        Ok(Token::Version {
            supported: (major, minor) == (1, 1),
        })
    }

    fn version_number(&mut self) -> Result<u8, YamlFault> {
        let digits = self.skip_while(|b| b.is_ascii_digit());
        match digits.parse() {
            Ok(number) if digits.len() <= 2 => Ok(number),
            _ => self.fault("a broken version number"),
        }
    }

    fn tag_directive(&mut self) -> Result<Token<'a>, YamlFault> {
        self.skip_blanks();
        let handle = self.tag_handle()?;
        if handle != "!" && !(handle.len() > 1 && handle.ends_with('!')) {
            return self.fault("a broken tag directive");
        }
        if !self.is_blank() {
            return self.fault("a broken tag directive");
        }
        self.skip_blanks();
        let prefix = self.tag_uri("")?;
        if !self.is_blankz(0) {
            return self.fault("a broken tag directive");
        }
        Ok(Token::TagDirective { handle, prefix })
    }

    fn skip_blanks(&mut self) {
        self.skip_while(|b| matches!(b, b' ' | b'\t'));
    }
}
