//! Writing commands, and finding where one ends in bytes that are waiting to be sent.

use bytes::{BufMut, BytesMut};

/// Appends one command as an array of bulk strings.
pub fn command(out: &mut BytesMut, arguments: &[&[u8]]) {
    header(out, b'*', arguments.len());
    for argument in arguments {
        header(out, b'$', argument.len());
        out.put_slice(argument);
        out.put_slice(b"\r\n");
    }
}

fn header(out: &mut BytesMut, kind: u8, mut number: usize) {
    // 20 digits hold any usize.
    let mut digits = [0u8; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        // The remainder of a division by ten is a digit.
        digits[start] = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.put_u8(kind);
    out.put_slice(&digits[start..]);
    out.put_slice(b"\r\n");
}

/// Splits waiting commands at `sent` bytes: returns how many commands have begun to be sent and
/// the offset at which the last of them ends. Every command before that offset may be known to the
/// server; every one after it is certainly not.
///
/// `bytes` must hold whole commands, as [`command`] writes them.
#[must_use]
pub fn begun(bytes: &[u8], sent: usize) -> (usize, usize) {
    let mut commands = 0;
    let mut offset = 0;
    while offset < sent {
        let Some(end) = command_end(bytes, offset) else {
            return (commands + 1, bytes.len());
        };
        offset = end;
        commands += 1;
    }
    (commands, offset)
}

/// How many bytes the first `count` commands take; `bytes` as for [`begun`].
#[must_use]
pub fn length(bytes: &[u8], count: usize) -> usize {
    (0..count).fold(0, |offset, _| {
        command_end(bytes, offset).unwrap_or(bytes.len())
    })
}

/// Where the command ends that begins at `start`; `None` when it is not whole.
pub(in crate::redis) fn command_end(bytes: &[u8], start: usize) -> Option<usize> {
    let (count, mut offset) = number(bytes, start)?;
    for _ in 0..count {
        let (length, after) = number(bytes, offset)?;
        offset = after.checked_add(length)?.checked_add(2)?;
    }
    (offset <= bytes.len()).then_some(offset)
}

/// Reads `*N\r\n` or `$N\r\n`; returns the number and the offset behind the line.
fn number(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let line = bytes.get(start + 1..)?;
    let end = memchr::memchr(b'\r', line)?;
    let number = std::str::from_utf8(&line[..end]).ok()?.parse().ok()?;
    Some((number, start + 1 + end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(arguments: &[&[u8]]) -> Vec<u8> {
        let mut out = BytesMut::new();
        command(&mut out, arguments);
        out.to_vec()
    }

    #[test]
    fn arguments_are_bulk_strings_byte_for_byte() {
        assert_eq!(
            encoded(&[b"SET", b"", b"\r\n\xff"]),
            b"*3\r\n$3\r\nSET\r\n$0\r\n\r\n$3\r\n\r\n\xff\r\n"
        );
        let long = vec![b'x'; 1234];
        assert!(encoded(&[&long]).starts_with(b"*1\r\n$1234\r\n"));
    }

    #[test]
    fn a_command_that_has_begun_counts_as_sent() {
        let first = encoded(&[b"GET", b"a*1\r\n"]);
        let bytes = [first.clone(), encoded(&[b"GET", b"b"])].concat();
        for sent in 0..=bytes.len() {
            let expected = if sent == 0 {
                (0, 0)
            } else if sent <= first.len() {
                (1, first.len())
            } else {
                (2, bytes.len())
            };
            assert_eq!(begun(&bytes, sent), expected, "sent {sent}");
        }
    }
}
