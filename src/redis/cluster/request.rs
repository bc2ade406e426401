//! Looking into commands that are encoded already. Pure.

use crate::redis::command_table;
use crate::redis::meta::{Answered, Meta};

/// Whole commands, one behind the other, as [`encode::command`] writes them.
///
/// [`encode::command`]: crate::redis::resp::encode::command
#[derive(Debug, Clone)]
pub struct Requests<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// One command.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// All of it.
    pub bytes: &'a [u8],
    /// Number of arguments, with the name.
    pub count: usize,
    /// The name, in any letter case.
    pub name: &'a [u8],
    /// The argument behind the name; empty when there is none.
    pub first: &'a [u8],
}

impl<'a> Requests<'a> {
    /// The commands in `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Where the next command begins.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Requests<'a> {
    type Item = Request<'a>;

    fn next(&mut self) -> Option<Request<'a>> {
        let start = self.at;
        let (count, mut at) = number(self.bytes, start)?;
        let mut leading: [&[u8]; 2] = [&[]; 2];
        for index in 0..count {
            let argument;
            (argument, at) = bulk(self.bytes, at)?;
            if let Some(place) = leading.get_mut(index) {
                *place = argument;
            }
        }
        self.at = at;
        Some(Request {
            bytes: &self.bytes[start..at],
            count,
            name: leading[0],
            first: leading[1],
        })
    }
}

impl<'a> Request<'a> {
    /// All arguments, the name first.
    pub fn arguments(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        let mut at = number(bytes, 0).map_or(bytes.len(), |(_, at)| at);
        std::iter::from_fn(move || {
            let argument;
            (argument, at) = bulk(bytes, at)?;
            Some(argument)
        })
    }
}

fn bulk(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let (length, start) = number(bytes, at)?;
    let end = start.checked_add(length)?;
    Some((bytes.get(start..end)?, end.checked_add(2)?))
}

/// Reads `*N\r\n` or `$N\r\n`: the number, and where it ends.
fn number(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let mut at = start + 1;
    let mut number: usize = 0;
    loop {
        match *bytes.get(at)? {
            digit @ b'0'..=b'9' => {
                let digit = usize::from(digit - b'0');
                number = number.checked_mul(10)?.checked_add(digit)?;
            }
            b'\r' => return Some((number, at + 2)),
            _ => return None,
        }
        at += 1;
    }
}

impl Request<'_> {
    /// Whether running the command twice does no harm, so that it may be sent again when nobody
    /// knows whether it was executed.
    #[must_use]
    pub fn is_repeatable(&self, meta: Meta) -> bool {
        meta.answered() != Answered::Reply
            || command_table::lookup(self.name, Some(self.first))
                .is_some_and(|command| command.read_only)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::resp::encode;
    use bytes::BytesMut;

    #[test]
    fn commands_are_found_with_their_arguments() {
        let mut bytes = BytesMut::new();
        let commands: [&[&[u8]]; 3] = [&[b"PING"], &[b"SET", b"k\r\n*1", b""], &[b"GET", b"k"]];
        for command in commands {
            encode::command(&mut bytes, command);
        }
        let mut requests = Requests::new(&bytes);
        for command in commands {
            let request = requests.next().unwrap();
            assert_eq!(request.arguments().collect::<Vec<_>>(), command);
            assert_eq!((request.count, request.name), (command.len(), command[0]));
            assert_eq!(request.first, command.get(1).copied().unwrap_or_default());
        }
        assert_eq!(requests.position(), bytes.len());
        assert!(requests.next().is_none());
    }

    #[test]
    fn what_is_cut_off_is_no_command() {
        let mut bytes = BytesMut::new();
        encode::command(&mut bytes, &[b"SET", b"key", b"value"]);
        for end in 0..bytes.len() - 2 {
            assert!(Requests::new(&bytes[..end]).next().is_none(), "{end}");
        }
        for odd in [
            &b"*99999999999999999999\r\n"[..],
            b"*1\r\n$99\r\nx\r\n",
            b"*x\r\n",
        ] {
            assert!(Requests::new(odd).next().is_none());
        }
    }

    #[test]
    fn only_what_reads_is_repeated() {
        let repeats = |command: &str| {
            let words: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
            let mut bytes = BytesMut::new();
            encode::command(&mut bytes, &words);
            let meta = Meta::of_call(words[0], &words[1..]).unwrap();
            let request = Requests::new(&bytes).next().unwrap();
            request.is_repeatable(meta)
        };
        assert!(repeats("get a") && repeats("SUBSCRIBE a") && repeats("XINFO STREAM s"));
        for command in ["SET a b", "PING", "NOSUCH", "EVAL x 0", "PUBLISH a b"] {
            assert!(!repeats(command), "{command}");
        }
    }
}
