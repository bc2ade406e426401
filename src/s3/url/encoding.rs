//! Percent-encoding as signatures want it.

use std::cmp::Ordering;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends percent-encoded text; `/` is kept.
pub fn encode_path(out: &mut String, text: &str) {
    encode(out, text, true);
}

/// Appends the path of a URL; what is percent-encoded already stays.
pub(super) fn encode_prefix(out: &mut String, path: &str) {
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        encode_path(out, &rest[..at]);
        let escape = rest.get(at..at + 3).filter(|escape| {
            escape
                .bytes()
                .skip(1)
                .all(|digit| digit.is_ascii_hexdigit())
        });
        out.push_str(escape.unwrap_or("%25"));
        rest = &rest[at + escape.map_or(1, str::len)..];
    }
    encode_path(out, rest);
}

/// Appends percent-encoded text; `/` is encoded.
pub fn encode_query(out: &mut String, text: &str) {
    encode(out, text, false);
}

fn encode(out: &mut String, text: &str, keep_slash: bool) {
    let stays = |byte: u8| is_unreserved(byte) || (keep_slash && byte == b'/');
    let mut kept = 0;
    for (at, byte) in text.bytes().enumerate() {
        if stays(byte) {
            continue;
        }
        // Bytes of a longer character are all encoded: nothing is left between them.
        out.push_str(text.get(kept..at).unwrap_or_default());
        kept = at + 1;
        out.push('%');
        out.push(char::from(HEX[usize::from(byte >> 4)]));
        out.push(char::from(HEX[usize::from(byte & 15)]));
    }
    out.push_str(&text[kept..]);
}

/// What [`encode_query`] would append, without appending it.
pub fn encoded_bytes(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().flat_map(|byte| {
        let (bytes, length) = if is_unreserved(byte) {
            ([byte, 0, 0], 1)
        } else {
            let digit = |half: u8| HEX[usize::from(half)];
            ([b'%', digit(byte >> 4), digit(byte & 15)], 3)
        };
        bytes.into_iter().take(length)
    })
}

/// Orders texts as [`encode_query`] would write them.
#[must_use]
pub fn compare_encoded(left: &str, right: &str) -> Ordering {
    let differ = left
        .bytes()
        .zip(right.bytes())
        .find(|(left, right)| left != right);
    match differ {
        None => left.len().cmp(&right.len()),
        // What is encoded begins with a `%`, which is less than all that is not.
        Some((left, right)) => (is_unreserved(left), left).cmp(&(is_unreserved(right), right)),
    }
}

/// RFC 3986, section 2.3.
fn is_unreserved(byte: u8) -> bool {
    const UNRESERVED: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0u8;
        loop {
            table[byte as usize] =
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
            if byte == u8::MAX {
                break table;
            }
            byte += 1;
        }
    };
    UNRESERVED[usize::from(byte)]
}

/// Bytes that [`encode_path`] would append.
pub(super) fn encoded_length(text: &str) -> usize {
    text.bytes()
        .map(|byte| {
            if is_unreserved(byte) || byte == b'/' {
                1
            } else {
                3
            }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding() {
        let mut out = String::new();
        encode_path(&mut out, "a b/../+%é?#~");
        assert_eq!(out, "a%20b/../%2B%25%C3%A9%3F%23~");
        out.clear();
        encode_query(&mut out, "a/b");
        assert_eq!(out, "a%2Fb");
    }
}
