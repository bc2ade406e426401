//! Taking whole commands apart. Pure.

use std::ops::Range;

use crate::redis::resp::encode::command_end;

/// Where each of the whole commands in `bytes` is.
#[must_use]
pub fn commands(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    while let Some(end) = command_end(bytes, start) {
        ranges.push(start..end);
        start = end;
    }
    ranges
}

/// The arguments of one command, its name first.
#[must_use]
pub fn arguments(command: &[u8]) -> Vec<&[u8]> {
    let mut arguments = Vec::new();
    let Some(mut at) = line_end(command, 0) else {
        return arguments;
    };
    while let Some(start) = line_end(command, at) {
        let length = std::str::from_utf8(&command[at + 1..start - 2]);
        let Some(end) = length
            .ok()
            .and_then(|digits| digits.parse::<usize>().ok())
            .and_then(|length| start.checked_add(length))
        else {
            break;
        };
        let Some(argument) = command.get(start..end) else {
            break;
        };
        arguments.push(argument);
        at = end + 2;
    }
    arguments
}

/// Where the line ends that begins at `start`, behind its line feed.
fn line_end(bytes: &[u8], start: usize) -> Option<usize> {
    let end = memchr::memchr(b'\n', bytes.get(start..)?)?;
    // A line has at least a kind and a carriage return.
    (end >= 2).then_some(start + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::resp::encode::command;
    use bytes::BytesMut;

    #[test]
    fn what_was_put_together_is_taken_apart() {
        let mut bytes = BytesMut::new();
        let all: [&[&[u8]]; 3] = [
            &[b"SET", b"a\r\n$1\r\n", b""],
            &[b"PING"],
            &[b"GET", b"\xff"],
        ];
        for arguments in all {
            command(&mut bytes, arguments);
        }
        let ranges = commands(&bytes);
        let found: Vec<_> = ranges
            .iter()
            .map(|range| arguments(&bytes[range.clone()]))
            .collect();
        assert_eq!(found, all);
        assert_eq!(ranges.last().unwrap().end, bytes.len());
    }

    #[test]
    fn what_is_no_command_is_none() {
        assert!(commands(b"PING\r\n").is_empty());
        assert!(commands(b"").is_empty());
        assert!(arguments(b"").is_empty());
        assert!(arguments(b"*1\r\n$9\r\nPING\r\n").is_empty());
        assert!(arguments(b"*1\r\n\n\n").is_empty());
    }
}
