//! Basic authentication: RFC 7617. Pure.

/// The value of a header that logs in `user:password`, both percent-encoded as in a URL.
pub(super) fn authorization(user: &str) -> String {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let mut pair = percent_decoded(name);
    pair.push(b':');
    pair.extend(percent_decoded(password));
    format!("Basic {}", base64(&pair))
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes
            .get(at + 1..at + 3)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                decoded.push(byte);
                at += 3;
            }
            _ => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    decoded
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads() {
        let encoded: Vec<_> = ["", "f", "fo", "foo"]
            .map(|text| base64(text.as_bytes()))
            .into();
        assert_eq!(encoded, ["", "Zg==", "Zm8=", "Zm9v"]);
    }

    #[test]
    fn users_are_decoded() {
        assert_eq!(authorization("us%40er:p%3Ass"), "Basic dXNAZXI6cDpzcw==");
        assert_eq!(percent_decoded("100%&%zz%4"), b"100%&%zz%4");
    }
}
