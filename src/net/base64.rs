//! Base64: RFC 4648, section 4. Pure.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes as text, padded.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or_default());
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            text.push(if index <= group.len() {
                char::from(DIGITS[(word >> (18 - 6 * index)) as usize & 63])
            } else {
                '='
            });
        }
    }
    text
}

/// The bytes of a text, with or without its padding; `None` when it is no base64.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for group in text.chunks(4) {
        let mut word = 0;
        for digit in group {
            let value = DIGITS.iter().position(|known| known == digit)?;
            word = word << 6 | u32::try_from(value).ok()?;
        }
        // A digit alone is less than a byte.
        let count = group.len().checked_sub(1).filter(|count| *count > 0)?;
        word <<= 6 * (4 - group.len());
        bytes.extend_from_slice(&word.to_be_bytes()[1..=count]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).unwrap(), bytes.as_bytes());
            assert_eq!(
                decode(text.trim_end_matches('=')).unwrap(),
                bytes.as_bytes()
            );
        }
        assert_eq!(decode("//79").unwrap(), [255, 254, 253]);
        for text in ["Z", "Zm9vY", "Zm 9", "Zg=g", "é"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
