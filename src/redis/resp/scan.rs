//! Finding the end of each reply in a growing buffer.

use crate::error::{Error, ErrorKind};

/// Nested aggregates that are accepted; one more closes the connection.
pub const MAX_DEPTH: usize = 128;

/// Longest string or line that is accepted, in bytes.
pub const MAX_LENGTH: u64 = 512 * 1024 * 1024;

/// One whole reply: `buffer[start..end]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Offset of the type byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
    /// The type byte, after any attribute: `b'+'`, `b'>'` and so on.
    pub kind: u8,
}

/// Why a byte stream is not RESP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// The first byte of an item is not a known type.
    Type,
    /// A number or a length is not an integer.
    Integer,
    /// A bulk string is too long or not followed by CRLF.
    BulkString,
    /// Everything else: another string, double, boolean, negative aggregate, too deep.
    Response,
}

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Self {
        let code = match malformed {
            Malformed::Type => "ERR_REDIS_INVALID_RESPONSE_TYPE",
            Malformed::Integer => "ERR_REDIS_INVALID_INTEGER",
            Malformed::BulkString => "ERR_REDIS_INVALID_BULK_STRING",
            Malformed::Response => "ERR_REDIS_INVALID_RESPONSE",
        };
        Self::new(ErrorKind::Protocol, code, "Failed to read data")
    }
}

/// An aggregate whose elements are still being counted.
#[derive(Debug, Clone, Copy)]
struct Open {
    remaining: u64,
    /// An attribute precedes the value it describes and is no element of its parent.
    attribute: bool,
}

/// A resumable scanner: work is linear in the bytes, however they are cut.
#[derive(Debug, Default)]
pub struct Scanner {
    start: usize,
    position: usize,
    searched: usize,
    kind: u8,
    open: Vec<Open>,
    missing: usize,
    /// The next item is what a push says about itself first: its kind, a string.
    names_push: bool,
}

impl Scanner {
    /// Returns the next whole reply, or `None` when `buffer` ends before it does.
    ///
    /// `buffer` must begin with the bytes of the previous call; see [`consume`](Self::consume).
    pub fn next(&mut self, buffer: &[u8]) -> Result<Option<Frame>, Malformed> {
        loop {
            let Some((line, after)) = self.line(buffer)? else {
                return Ok(None);
            };
            let (&kind, rest) = line.split_first().ok_or(Malformed::Type)?;
            if self.names_push && !b"+$=".contains(&kind) {
                return Err(Malformed::Response);
            }
            self.names_push = false;
            if self.open.iter().all(|open| open.attribute) {
                self.kind = kind;
            }
            let complete = match kind {
                b'+' | b'-' => {
                    self.position = after;
                    true
                }
                b':' => {
                    integer(rest)?;
                    self.position = after;
                    true
                }
                b'$' | b'!' | b'=' => {
                    let Some(end) = self.string(buffer, kind, rest, after)? else {
                        return Ok(None);
                    };
                    self.position = end;
                    true
                }
                b'*' | b'~' | b'>' | b'%' | b'|' => {
                    self.position = after;
                    self.aggregate(kind, rest)?
                }
                b'_' | b'#' | b',' | b'(' => {
                    scalar(kind, rest)?;
                    self.position = after;
                    true
                }
                _ => return Err(Malformed::Type),
            };
            self.searched = self.position;
            self.missing = 0;
            if complete && self.close() {
                let frame = Frame {
                    start: self.start,
                    end: self.position,
                    kind: self.kind,
                };
                self.start = self.position;
                return Ok(Some(frame));
            }
        }
    }

    /// Tells that the first `count` bytes were removed from the buffer.
    pub fn consume(&mut self, count: usize) {
        self.start -= count;
        self.position -= count;
        self.searched -= count;
    }

    /// How many more bytes the string at hand needs, when that is known. A hint for sizing reads;
    /// the peer chose the number, so it must be bounded before anything is allocated by it.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.missing
    }

    /// The line at the current position without its CRLF, and the offset behind it.
    fn line<'a>(&mut self, buffer: &'a [u8]) -> Result<Option<(&'a [u8], usize)>, Malformed> {
        let Some(found) = memchr::memchr(b'\n', &buffer[self.searched..]) else {
            self.searched = buffer.len();
            if (buffer.len() - self.position) as u64 > MAX_LENGTH {
                return Err(Malformed::BulkString);
            }
            if buffer.len() > self.position {
                known(buffer[self.position])?;
            }
            return Ok(None);
        };
        let newline = self.searched + found;
        // The next search for this line, if the string behind it is cut, finds it again at once.
        self.searched = newline;
        if newline == self.position || buffer[newline - 1] != b'\r' {
            return Err(known(buffer[self.position])
                .err()
                .unwrap_or(Malformed::Response));
        }
        Ok(Some((&buffer[self.position..newline - 1], newline + 1)))
    }

    fn string(
        &mut self,
        buffer: &[u8],
        kind: u8,
        length: &[u8],
        after: usize,
    ) -> Result<Option<usize>, Malformed> {
        let malformed = match kind {
            b'$' => Malformed::BulkString,
            _ => Malformed::Response,
        };
        let length = integer(length)?;
        if length == -1 && kind == b'$' {
            return Ok(Some(after));
        }
        let length = u64::try_from(length).map_err(|_| malformed)?;
        if length > MAX_LENGTH || (kind == b'=' && length < 4) {
            return Err(malformed);
        }
        let length = usize::try_from(length).map_err(|_| malformed)?;
        let end = after + length + 2;
        if buffer.len() < end {
            self.missing = end - buffer.len();
            return Ok(None);
        }
        let formatted = kind != b'=' || buffer[after + 3] == b':';
        if &buffer[end - 2..end] != b"\r\n" || !formatted {
            return Err(malformed);
        }
        Ok(Some(end))
    }

    /// Opens an aggregate; returns whether it is already complete (empty or null).
    fn aggregate(&mut self, kind: u8, count: &[u8]) -> Result<bool, Malformed> {
        let count = integer(count)?;
        if count == -1 && kind == b'*' {
            return Ok(true);
        }
        let count = u64::try_from(count).map_err(|_| Malformed::Response)?;
        if kind == b'>' && count == 0 {
            return Err(Malformed::Response);
        }
        let remaining = if matches!(kind, b'%' | b'|') {
            count.checked_mul(2).ok_or(Malformed::Response)?
        } else {
            count
        };
        let attribute = kind == b'|';
        if remaining == 0 {
            return Ok(!attribute);
        }
        if self.open.len() == MAX_DEPTH {
            return Err(Malformed::Response);
        }
        self.names_push = kind == b'>';
        self.open.push(Open {
            remaining,
            attribute,
        });
        Ok(false)
    }

    /// Counts a complete item; returns whether it completes the whole reply.
    fn close(&mut self) -> bool {
        while let Some(open) = self.open.last_mut() {
            open.remaining -= 1;
            if open.remaining > 0 {
                return false;
            }
            let attribute = open.attribute;
            self.open.pop();
            if attribute {
                return false;
            }
        }
        true
    }
}

/// Parses a RESP integer: an optional sign and digits that fit 64 bits.
pub(crate) fn integer(text: &[u8]) -> Result<i64, Malformed> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 19 {
        return Err(Malformed::Integer);
    }
    let mut value: i64 = 0;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return Err(Malformed::Integer);
        }
        let digit = i64::from(digit - b'0');
        value = value
            .checked_mul(10)
            .and_then(|value| {
                if negative {
                    value.checked_sub(digit)
                } else {
                    value.checked_add(digit)
                }
            })
            .ok_or(Malformed::Integer)?;
    }
    Ok(value)
}

/// Parses a RESP3 double, which may be `inf`, `-inf` or `nan`.
pub(crate) fn double(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn scalar(kind: u8, text: &[u8]) -> Result<(), Malformed> {
    let valid = match kind {
        b'_' => text.is_empty(),
        b'#' => matches!(text, b"t" | b"f"),
        b',' => double(text).is_some(),
        _ => true,
    };
    if valid {
        Ok(())
    } else {
        Err(Malformed::Response)
    }
}

fn known(kind: u8) -> Result<(), Malformed> {
    if b"+-:$*_#,(!=%~>|".contains(&kind) {
        Ok(())
    } else {
        Err(Malformed::Type)
    }
}

#[cfg(test)]
mod tests;
