//! One pass over a document, as far as stores use XML: no declarations of their own, no validation
//! of attributes, which say nothing that is used.

use std::borrow::Cow;

use memchr::{memchr, memchr3, memmem};

/// Elements within elements that are accepted.
const MAX_DEPTH: usize = 32;
/// Elements that are accepted: a page of 1,000 objects has some 15,000. Each takes far more memory
/// than the four bytes in which a document can say it.
pub(super) const MAX_ELEMENTS: usize = 1_000_000;

/// Is told what a document holds, in its order.
pub trait Visitor<'a> {
    /// An element begins. The name is without its namespace prefix.
    fn open(&mut self, name: &'a str);
    /// Where the text of the innermost open element is gathered.
    fn text(&mut self) -> Option<&mut Cow<'a, str>>;
    /// The innermost open element ends.
    fn close(&mut self);
}

/// Shows a whole document to a visitor; `None` when it is not well-formed, too deep or of too many
/// elements. Then what the visitor was told means nothing.
pub fn walk<'a>(document: &'a [u8], visitor: &mut impl Visitor<'a>) -> Option<()> {
    let text = std::str::from_utf8(document).ok()?;
    let mut walker = Walker {
        // A byte order mark is no text.
        rest: text.strip_prefix('\u{feff}').unwrap_or(text),
        open: Vec::new(),
        ended: false,
        count: 0,
    };
    while walker.step(visitor)? {}
    (walker.open.is_empty() && walker.ended).then_some(())
}

struct Walker<'a> {
    rest: &'a str,
    /// Names with their prefixes.
    open: Vec<&'a str>,
    /// The root has been closed.
    ended: bool,
    count: usize,
}

impl<'a> Walker<'a> {
    /// Goes on up to the end of the next tag. False at the end of the document.
    fn step(&mut self, visitor: &mut impl Visitor<'a>) -> Option<bool> {
        let Some(at) = memchr(b'<', self.rest.as_bytes()) else {
            let text = self.take(self.rest.len());
            self.text(text, visitor)?;
            return Some(false);
        };
        let text = self.take(at);
        self.text(text, visitor)?;
        match self.rest.as_bytes().get(1)? {
            b'/' => self.end(visitor)?,
            b'?' => drop(self.enclosed("<?", "?>")?),
            b'!' if self.rest.starts_with("<!--") => drop(self.enclosed("<!--", "-->")?),
            b'!' => {
                // What else begins so are declarations; stores send none, and they could declare
                // entities.
                let text = self.enclosed("<![CDATA[", "]]>")?;
                append(self.text_of(visitor)?, text);
            }
            _ => self.start(visitor)?,
        }
        Some(true)
    }

    fn start(&mut self, visitor: &mut impl Visitor<'a>) -> Option<()> {
        let tag = self.tag()?;
        let (tag, is_empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let name = tag.split(is_blank).next()?;
        self.count += 1;
        let refused = self.ended || self.open.len() == MAX_DEPTH || self.count > MAX_ELEMENTS;
        if name.is_empty() || refused {
            return None;
        }
        visitor.open(local(name));
        self.open.push(name);
        if is_empty {
            self.close(visitor);
        }
        Some(())
    }

    fn end(&mut self, visitor: &mut impl Visitor<'a>) -> Option<()> {
        let name = self.enclosed("</", ">")?.trim_end_matches(is_blank);
        if self.open.last() != Some(&name) {
            return None;
        }
        self.close(visitor);
        Some(())
    }

    fn close(&mut self, visitor: &mut impl Visitor<'a>) {
        visitor.close();
        self.open.pop();
        self.ended = self.open.is_empty();
    }

    /// What is between the angles of a tag that begins here; those in quotes do not count.
    fn tag(&mut self) -> Option<&'a str> {
        let bytes = self.rest.as_bytes();
        let mut at = 1;
        loop {
            at += memchr3(b'>', b'"', b'\'', &bytes[at..])?;
            match bytes[at] {
                b'>' => break,
                quote => at += 2 + memchr(quote, &bytes[at + 1..])?,
            }
        }
        let tag = self.take(at + 1);
        tag.get(1..at)
    }

    /// What is between two marks, the first of which is here.
    fn enclosed(&mut self, first: &str, last: &str) -> Option<&'a str> {
        let inner = self.rest.strip_prefix(first)?;
        let end = match last.as_bytes() {
            [byte] => memchr(*byte, inner.as_bytes())?,
            last => memmem::find(inner.as_bytes(), last)?,
        };
        self.rest = inner.get(end + last.len()..)?;
        inner.get(..end)
    }

    /// Text with its references to characters.
    fn text(&self, mut text: &'a str, visitor: &mut impl Visitor<'a>) -> Option<()> {
        if self.open.is_empty() {
            return text.chars().all(char::is_whitespace).then_some(());
        }
        while let Some(at) = memchr(b'&', text.as_bytes()) {
            let (before, reference) = text.split_at(at);
            let (reference, after) = reference.get(1..)?.split_once(';')?;
            let place = visitor.text()?;
            append(place, before);
            if place.is_empty() {
                // A quoted tag: its text is known to be longer.
                *place = String::with_capacity(48).into();
            }
            place.to_mut().push(character(reference)?);
            text = after;
        }
        append(visitor.text()?, text);
        Some(())
    }

    fn text_of<'b>(&self, visitor: &'b mut impl Visitor<'a>) -> Option<&'b mut Cow<'a, str>> {
        if self.open.is_empty() {
            return None;
        }
        visitor.text()
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }
}

fn append<'a>(text: &mut Cow<'a, str>, piece: &'a str) {
    match text {
        Cow::Owned(text) => text.push_str(piece),
        Cow::Borrowed("") => *text = piece.into(),
        Cow::Borrowed(_) if piece.is_empty() => {}
        Cow::Borrowed(_) => text.to_mut().push_str(piece),
    }
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

/// What a reference stands for: a number, or one of the five names that XML has by itself.
fn character(reference: &str) -> Option<char> {
    let number = match reference.strip_prefix('#') {
        None => {
            return Some(match reference {
                "amp" => '&',
                "apos" => '\'',
                "gt" => '>',
                "lt" => '<',
                "quot" => '"',
                _ => return None,
            });
        }
        Some(number) => match number.strip_prefix('x') {
            // A sign is no digit.
            Some(hex) if hex.starts_with(|digit: char| digit.is_ascii_hexdigit()) => {
                u32::from_str_radix(hex, 16).ok()?
            }
            None if number.starts_with(|digit: char| digit.is_ascii_digit()) => {
                number.parse().ok()?
            }
            _ => return None,
        },
    };
    char::from_u32(number).filter(|character| *character != '\0')
}
