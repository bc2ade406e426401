//! Reading the items of a frame that [`scan`](super::scan) found whole and valid.

use std::borrow::Cow;

use super::scan::{MAX_DEPTH, double, integer};
use crate::error::{Error, ErrorKind};

/// One item of a reply, borrowed from the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Item<'a> {
    /// Null, `$-1` or `*-1`.
    Null,
    /// A status such as `OK`.
    Simple(&'a [u8]),
    /// A string of any bytes, without the format prefix if it was a verbatim string.
    Bulk(&'a [u8]),
    /// An error, simple or blob.
    Error(&'a [u8]),
    /// A 64-bit integer.
    Integer(i64),
    /// A floating-point number.
    Double(f64),
    /// A boolean.
    Boolean(bool),
    /// The digits of an integer of any size.
    BigNumber(&'a [u8]),
    /// An array or set of so many items, which follow.
    Array(usize),
    /// A push of so many items, which follow.
    Push(usize),
    /// A map of so many pairs, which follow.
    Map(usize),
}

/// What is found at one place of a frame.
enum Token<'a> {
    Item(Item<'a>),
    /// So many items that describe the item behind them.
    Attribute(usize),
}

/// Walks over the items of one frame; attributes are left out.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader over one whole frame.
    #[must_use]
    pub fn new(frame: &'a [u8]) -> Self {
        Self { rest: frame }
    }

    /// The next item. `None` at the end, and for bytes that no scanner let through.
    pub fn item(&mut self) -> Option<Item<'a>> {
        loop {
            match self.token()? {
                Token::Item(item) => return Some(item),
                Token::Attribute(items) => self.skip_items(items)?,
            }
        }
    }

    /// What was not read yet.
    #[must_use]
    pub fn remaining(&self) -> &'a [u8] {
        self.rest
    }

    /// Skips one item with everything in it.
    pub fn skip(&mut self) -> Option<()> {
        self.skip_items(1)
    }

    fn skip_items(&mut self, mut left: usize) -> Option<()> {
        while left > 0 {
            let (taken, more) = match self.token()? {
                Token::Attribute(items) => (0, items),
                Token::Item(Item::Array(count) | Item::Push(count)) => (1, count),
                Token::Item(Item::Map(count)) => (1, count.checked_mul(2)?),
                Token::Item(_) => (1, 0),
            };
            left = (left - taken).checked_add(more)?;
        }
        Some(())
    }

    fn token(&mut self) -> Option<Token<'a>> {
        let end = memchr::memchr(b'\n', self.rest)?;
        let line = self.rest.get(1..end.checked_sub(1)?)?;
        let kind = self.rest[0];
        self.rest = &self.rest[end + 1..];
        Some(Token::Item(match kind {
            b'+' => Item::Simple(line),
            b'-' => Item::Error(line),
            b':' => Item::Integer(integer(line).ok()?),
            b',' => Item::Double(double(line)?),
            b'#' => Item::Boolean(line == b"t"),
            b'(' => Item::BigNumber(line),
            b'_' => Item::Null,
            b'$' | b'!' | b'=' => {
                let Ok(length) = usize::try_from(integer(line).ok()?) else {
                    return Some(Token::Item(Item::Null));
                };
                let text = self.rest.get(..length)?;
                self.rest = self.rest.get(length.checked_add(2)?..)?;
                match kind {
                    b'$' => Item::Bulk(text),
                    b'!' => Item::Error(text),
                    _ => Item::Bulk(text.get(4..)?),
                }
            }
            b'*' | b'~' | b'>' | b'%' | b'|' => {
                let Ok(count) = usize::try_from(integer(line).ok()?) else {
                    return Some(Token::Item(Item::Null));
                };
                match kind {
                    b'%' => Item::Map(count),
                    b'>' => Item::Push(count),
                    b'|' => return Some(Token::Attribute(count.checked_mul(2)?)),
                    _ => Item::Array(count),
                }
            }
            _ => return None,
        }))
    }

    /// The next item as text bytes, when it is a string of any sort.
    pub fn text(&mut self) -> Option<&'a [u8]> {
        match self.item()? {
            Item::Simple(text) | Item::Bulk(text) => Some(text),
            _ => None,
        }
    }
}

/// A reply as an owned value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// No value.
    Null,
    /// A status such as `OK`.
    Simple(String),
    /// A string of any bytes.
    Bulk(Vec<u8>),
    /// An error inside an aggregate, as `EXEC` returns them.
    Error(String),
    /// A 64-bit integer.
    Integer(i64),
    /// A floating-point number.
    Double(f64),
    /// A boolean.
    Boolean(bool),
    /// The digits of an integer of any size.
    BigNumber(String),
    /// An array, a set or a push.
    Array(Vec<Value>),
    /// Pairs in the server's order.
    Map(Vec<(Value, Value)>),
}

impl Value {
    /// Decodes one whole frame. An error reply becomes an [`Error`] with the server's text.
    pub fn decode(frame: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(frame);
        match Self::read(&mut reader, MAX_DEPTH) {
            Some(Self::Error(text)) => Err(server_error(text)),
            Some(value) => Ok(value),
            None => Err(super::scan::Malformed::Response.into()),
        }
    }

    /// `depth` more aggregates may be opened: a frame that was not scanned has no bound of its own.
    fn read(reader: &mut Reader<'_>, depth: usize) -> Option<Self> {
        let item = reader.item()?;
        let mut element = || Self::read(reader, depth.checked_sub(1)?);
        Some(match item {
            Item::Null => Self::Null,
            Item::Simple(text) => Self::Simple(lossy(text).into_owned()),
            Item::Bulk(text) => Self::Bulk(text.to_vec()),
            Item::Error(text) => Self::Error(lossy(text).into_owned()),
            Item::Integer(number) => Self::Integer(number),
            Item::Double(number) => Self::Double(number),
            Item::Boolean(value) => Self::Boolean(value),
            Item::BigNumber(digits) => Self::BigNumber(lossy(digits).into_owned()),
            // No capacity by the announced count: it is bounded only by what the frame holds.
            Item::Array(count) | Item::Push(count) => {
                Self::Array((0..count).map(|_| element()).collect::<Option<_>>()?)
            }
            Item::Map(count) => Self::Map(
                (0..count)
                    .map(|_| Some((element()?, element()?)))
                    .collect::<Option<_>>()?,
            ),
        })
    }
}

/// The error of a command that the server refused.
#[must_use]
pub fn server_error(text: String) -> Error {
    let text = if text.is_empty() {
        "Valkey error: ServerError".to_owned()
    } else {
        text
    };
    Error::new(ErrorKind::Server, "ERR_REDIS_SERVER_ERROR", text)
}

/// Text with invalid UTF-8 replaced.
#[must_use]
pub fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_value() {
        let frame = b"*9\r\n+s\r\n$1\r\nb\r\n:1\r\n,1.5\r\n#f\r\n(12\r\n_\r\n=5\r\ntxt:v\r\n%1\r\n+k\r\n~1\r\n-E\r\n";
        assert_eq!(
            Value::decode(frame).unwrap(),
            Value::Array(vec![
                Value::Simple("s".into()),
                Value::Bulk(b"b".to_vec()),
                Value::Integer(1),
                Value::Double(1.5),
                Value::Boolean(false),
                Value::BigNumber("12".into()),
                Value::Null,
                Value::Bulk(b"v".to_vec()),
                Value::Map(vec![(
                    Value::Simple("k".into()),
                    Value::Array(vec![Value::Error("E".into())])
                )]),
            ])
        );
    }

    #[test]
    fn an_attribute_is_left_out() {
        let frame = b"*1\r\n|1\r\n+a\r\n*1\r\n:9\r\n:1\r\n";
        assert_eq!(
            Value::decode(frame).unwrap(),
            Value::Array(vec![Value::Integer(1)])
        );
    }

    #[test]
    fn an_error_reply_is_an_error() {
        let error = Value::decode(b"-WRONGTYPE nope\r\n").unwrap_err();
        assert_eq!(error.code(), "ERR_REDIS_SERVER_ERROR");
        assert_eq!(error.message(), "WRONGTYPE nope");
        assert_eq!(
            Value::decode(b"-\r\n").unwrap_err().message(),
            "Valkey error: ServerError"
        );
    }

    #[test]
    fn truncated_frames_are_errors_not_panics() {
        let frame = b"*2\r\n$3\r\nabc\r\n%1\r\n+k\r\n:1\r\n";
        for end in 0..frame.len() {
            assert!(Value::decode(&frame[..end]).is_err());
        }
    }
}
