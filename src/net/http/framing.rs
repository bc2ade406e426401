//! Where the body of a response ends: RFC 9112, section 6.3. Pure.

use bytes::{Buf, BufMut, BytesMut};

use super::head::ResponseHead;
use super::malformed;
use crate::error::Result;

/// Bytes of chunk extensions and of trailers that are skipped.
const MAX_SKIPPED: usize = 16 * 1024;

/// What is left of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes.
    Length(u64),
    /// As the chunks say.
    Chunked(Chunked),
    /// All until the peer closes.
    UntilClose,
}

impl Framing {
    pub(super) fn of(head: &ResponseHead, answers_head: bool) -> Result<Self> {
        if answers_head || matches!(head.status, 100..200 | 204 | 304) {
            return Ok(Self::Length(0));
        }
        if let Some(coding) = head.headers.all("transfer-encoding").last() {
            let last = coding.rsplit(',').next().unwrap_or_default();
            return Ok(if last.trim().eq_ignore_ascii_case("chunked") {
                Self::Chunked(Chunked::default())
            } else {
                Self::UntilClose
            });
        }
        let mut length = None;
        for value in head
            .headers
            .all("content-length")
            .flat_map(|value| value.split(','))
        {
            let value = value.trim();
            // `parse` alone would take a sign.
            let number = value
                .bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| value.parse().ok())
                .flatten()
                .ok_or_else(|| malformed("the peer announced a length that is no number"))?;
            if length.is_some_and(|length| length != number) {
                return Err(malformed("the peer announced two lengths"));
            }
            length = Some(number);
        }
        Ok(length.map_or(Self::UntilClose, Self::Length))
    }
}

/// The state of a chunked body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Chunked {
    state: State,
    /// Bytes left of the chunk, or its length as far as it was read.
    left: u64,
    digits: u8,
    skipped: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Size,
    Extension,
    Data,
    /// The line end behind a chunk.
    DataEnd,
    /// A line behind the last chunk, of which nothing was read yet.
    TrailerStart,
    Trailer,
    Done,
}

impl Chunked {
    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Moves bytes of the body from `input` to `out`; returns how many. None without being done
    /// means that more input, or more room, is needed.
    pub(super) fn decode(&mut self, input: &mut BytesMut, out: &mut impl BufMut) -> Result<usize> {
        let mut moved = 0;
        while !input.is_empty() && self.state != State::Done {
            if self.state == State::Data {
                let left = usize::try_from(self.left).unwrap_or(usize::MAX);
                let count = left.min(input.len()).min(out.remaining_mut());
                if count == 0 {
                    break;
                }
                out.put_slice(&input[..count]);
                input.advance(count);
                moved += count;
                self.left -= count as u64;
                if self.left == 0 {
                    self.state = State::DataEnd;
                }
            } else {
                let byte = input.get_u8();
                self.step(byte)?;
            }
        }
        Ok(moved)
    }

    fn step(&mut self, byte: u8) -> Result<()> {
        self.state = match (self.state, byte) {
            (State::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                // Fifteen digits are more than any object has.
                if self.digits == 15 {
                    return Err(malformed("the peer sent a chunk of impossible length"));
                }
                self.digits += 1;
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                self.left = self.left * 16 + u64::from(digit);
                State::Size
            }
            (State::Size, b';' | b' ' | b'\t' | b'\r') if self.digits > 0 => State::Extension,
            (State::Size | State::Extension, b'\n') if self.digits > 0 => {
                self.digits = 0;
                if self.left == 0 {
                    State::TrailerStart
                } else {
                    State::Data
                }
            }
            (State::DataEnd, b'\r') => State::DataEnd,
            (State::DataEnd, b'\n') => State::Size,
            (State::TrailerStart, b'\r') => State::TrailerStart,
            (State::TrailerStart, b'\n') => State::Done,
            (State::Trailer, b'\n') => State::TrailerStart,
            (State::Extension, _) => self.skip(State::Extension)?,
            (State::TrailerStart | State::Trailer, _) => self.skip(State::Trailer)?,
            _ => return Err(malformed("the peer sent a malformed chunk")),
        };
        Ok(())
    }

    fn skip(&mut self, state: State) -> Result<State> {
        self.skipped += 1;
        if self.skipped > MAX_SKIPPED {
            return Err(malformed("the peer sent too much beside the body"));
        }
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(headers: &str, answers_head: bool) -> Result<Framing> {
        let head = format!("HTTP/1.1 200 OK\r\n{headers}\r\n");
        Framing::of(&ResponseHead::parse(head.as_bytes())?, answers_head)
    }

    #[test]
    fn lengths() {
        let length = |headers: &str| framing(headers, false).ok();
        assert_eq!(length("content-length: 7\r\n"), Some(Framing::Length(7)));
        assert_eq!(length("content-length: 7, 7\r\n"), Some(Framing::Length(7)));
        assert_eq!(length(""), Some(Framing::UntilClose));
        assert_eq!(
            length("content-length: 7\r\ntransfer-encoding: gzip, chunked\r\n"),
            Some(Framing::Chunked(Chunked::default()))
        );
        for lie in [
            "+7",
            "-1",
            "7x",
            "",
            "7\r\ncontent-length: 8",
            "99999999999999999999",
        ] {
            assert_eq!(
                length(&*format!("content-length: {lie}\r\n")),
                None,
                "{lie}"
            );
        }
        assert_eq!(
            framing("content-length: 7\r\n", true).unwrap(),
            Framing::Length(0)
        );
    }

    fn decode(text: &[u8], piece: usize, room: usize) -> Result<Option<Vec<u8>>> {
        let mut chunked = Chunked::default();
        let mut body = Vec::new();
        for piece in text.chunks(piece) {
            let mut input = BytesMut::from(piece);
            loop {
                let mut out = (&mut body).limit(room);
                if chunked.decode(&mut input, &mut out)? == 0 {
                    break;
                }
            }
        }
        Ok(chunked.is_done().then_some(body))
    }

    #[test]
    fn chunks_in_any_pieces() {
        let text = b"5\r\nhello\r\n00A;x=\"y\"\r\n, world...\r\n0\r\nTrailer: x\r\n\r\n";
        for piece in 1..text.len() {
            for room in [1, 3, 100] {
                assert_eq!(
                    decode(text, piece, room).unwrap().unwrap(),
                    b"hello, world..."
                );
            }
        }
        for end in 0..text.len() {
            assert_eq!(decode(&text[..end], 100, 100).unwrap(), None, "{end}");
        }
    }

    #[test]
    fn malformed_chunks() {
        let long = format!("1;{}", "x".repeat(MAX_SKIPPED + 1));
        for text in [
            "x",
            "\r\n",
            "-1\r\n",
            "1\r\nab",
            "1234567890abcdef0",
            ";\r\n",
            &long,
        ] {
            assert!(decode(text.as_bytes(), 1000, 10).is_err(), "{text:.20}");
        }
    }
}
