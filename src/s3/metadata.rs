//! What users note about their objects: `x-amz-meta-` headers. Pure.
//!
//! Headers hold ASCII; other text travels as RFC 2047 has it, which is how stores tell it.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::net::base64;
use crate::net::http::Headers;

const PREFIX: &str = "x-amz-meta-";
/// What begins and ends an encoded word.
const BEGIN: &str = "=?UTF-8?B?";
const END: &str = "?=";

/// Names and values. Names are in lower case; those of one object differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Whole names of headers, and values as they are sent.
    headers: Vec<(String, String)>,
}

impl Metadata {
    /// Adds a value. Fails with `ERR_INVALID_ARG_VALUE` when the name cannot be part of a header.
    ///
    /// ```
    /// use s3_valkey::s3::Metadata;
    /// let mut metadata = Metadata::default();
    /// metadata.insert("Author", "Zoë")?;
    /// assert_eq!(metadata.get("author").as_deref(), Some("Zoë"));
    /// # Ok::<(), s3_valkey::Error>(())
    /// ```
    pub fn insert(&mut self, name: &str, value: &str) -> Result<()> {
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "ERR_INVALID_ARG_VALUE",
                "a name of metadata must be of letters, digits and the marks that a header's name may have",
            ));
        }
        let name = format!("{PREFIX}{}", name.to_ascii_lowercase());
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, encoded(value).into_owned()));
        Ok(())
    }

    /// A value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.headers
            .iter()
            .map(|(name, value)| (&name[PREFIX.len()..], decoded(value)))
    }

    /// What the headers of an answer hold.
    #[must_use]
    pub fn from_headers(headers: &Headers) -> Self {
        Self {
            headers: headers
                .iter()
                .filter(|(name, _)| name.len() > PREFIX.len() && name.starts_with(PREFIX))
                .map(|(name, value)| (name.to_owned(), value.into_owned()))
                .collect(),
        }
    }

    /// The headers of a request.
    pub(super) fn headers(&self) -> &[(String, String)] {
        &self.headers
    }
}

/// What cannot stand in a header, or would be taken for an encoded word, is made one. Blanks at the
/// ends and doubled ones would be lost.
fn encoded(value: &str) -> Cow<'_, str> {
    let is_plain = value.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        && !value.contains("=?")
        && !value.contains("  ")
        && value.trim() == value;
    if is_plain {
        value.into()
    } else {
        format!("{BEGIN}{}{END}", base64::encode(value.as_bytes())).into()
    }
}

/// Text of words, encoded or not; what is malformed stays as it is.
fn decoded(value: &str) -> Cow<'_, str> {
    let words = value.split(' ').map(decoded_word);
    let Some(words) = words.collect::<Option<Vec<_>>>() else {
        return value.into();
    };
    words.concat().into()
}

fn decoded_word(word: &str) -> Option<String> {
    let (charset, rest) = word
        .strip_prefix("=?")?
        .strip_suffix(END)?
        .split_once('?')?;
    let (encoding, text) = rest.split_once('?')?;
    let bytes = match encoding {
        "B" | "b" => base64::decode(text)?,
        "Q" | "q" => quoted(text)?,
        _ => return None,
    };
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    String::from_utf8(bytes).ok()
}

/// The bytes of the encoding that keeps letters legible.
fn quoted(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        rest = others;
        bytes.push(match first {
            b'_' => b' ',
            b'=' => {
                let digits = std::str::from_utf8(others.get(..2)?).ok()?;
                rest = &others[2..];
                u8::from_str_radix(digits, 16).ok()?
            }
            byte => *byte,
        });
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, value: &str) -> Metadata {
        let mut metadata = Metadata::default();
        metadata.insert(name, value).unwrap();
        metadata
    }

    #[test]
    fn every_text_survives_a_header() {
        for value in [
            "",
            "plain text",
            "ü €",
            " a ",
            "a  b",
            "a\r\nb: c",
            "=?x?=",
            "\u{0}",
            "=?UTF-8?B?Zg==?=",
        ] {
            let metadata = of("Name", value);
            let [(name, sent)] = metadata.headers() else {
                panic!("one value")
            };
            assert_eq!(name, "x-amz-meta-name");
            assert!(
                sent.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
                "{sent}"
            );
            let answer: Headers = [(&**name, &**sent)].into_iter().collect();
            assert_eq!(Metadata::from_headers(&answer).get("name").unwrap(), value);
        }
        assert_eq!(of("a", "plain").headers()[0].1, "plain");
    }

    #[test]
    fn words_of_others_are_read() {
        let read = |value| decoded(value).into_owned();
        assert_eq!(read("=?utf-8?q?a=C3=BC_b?="), "aü b");
        assert_eq!(read("=?UTF-8?B?w7w=?= =?UTF-8?B?w7w=?="), "üü");
        for odd in [
            "=?UTF-8?B?%%?=",
            "=?latin1?B?Zg==?=",
            "=?UTF-8?Q?=C?=",
            "=?UTF-8?X?a?=",
            "=?",
            "a =?UTF-8?B?Zg==?=",
        ] {
            assert_eq!(read(odd), odd);
        }
    }

    #[test]
    fn names() {
        for name in ["", "a b", "a:b", "ü", "a\r\nb"] {
            assert_eq!(
                Metadata::default().insert(name, "x").unwrap_err().code(),
                "ERR_INVALID_ARG_VALUE"
            );
        }
        let mut metadata = of("Key", "1");
        metadata.insert("kEY", "2").unwrap();
        assert_eq!(metadata.iter().collect::<Vec<_>>(), [("key", "2".into())]);
        assert_eq!(metadata.get("other"), None);
    }
}
