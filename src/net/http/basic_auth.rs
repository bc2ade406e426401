//! Basic authentication: RFC 7617. Pure.

use crate::net::base64;

/// The value of a header that logs in `user:password`, both percent-encoded as in a URL.
pub(super) fn authorization(user: &str) -> String {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let mut pair = percent_decoded(name);
    pair.push(b':');
    pair.extend(percent_decoded(password));
    format!("Basic {}", base64::encode(&pair))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_decoded() {
        assert_eq!(authorization("us%40er:p%3Ass"), "Basic dXNAZXI6cDpzcw==");
        assert_eq!(percent_decoded("100%&%zz%4"), b"100%&%zz%4");
    }
}
