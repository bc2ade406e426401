//! Replies as the results of typed methods.

use std::collections::HashMap;

use super::resp::decode::{Value, lossy};
use crate::error::{Error, ErrorKind, Result};

impl Value {
    /// The text of a string or a status; `None` for anything else and for bytes that are no UTF-8.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Simple(text) => Some(text),
            Self::Bulk(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// The text of a string or a status, invalid UTF-8 replaced; `None` for null. Anything else is
    /// an error with the code `ERR_REDIS_INVALID_RESPONSE`.
    pub fn into_text(self) -> Result<Option<String>> {
        match self {
            Self::Null => Ok(None),
            other => required(other).map(Some),
        }
    }

    /// The texts of an array of strings; an error for anything else.
    pub fn into_texts(self) -> Result<Vec<String>> {
        match self {
            Self::Array(values) => values.into_iter().map(required).collect(),
            other => Err(unexpected(&other)),
        }
    }

    /// A map, which RESP2 sends as a flat array.
    pub(super) fn into_text_map(self) -> Result<HashMap<String, String>> {
        let pairs = match self {
            Self::Map(pairs) => pairs,
            Self::Array(values) if values.len().is_multiple_of(2) => {
                let mut values = values.into_iter();
                std::iter::from_fn(|| Some((values.next()?, values.next()?))).collect()
            }
            other => return Err(unexpected(&other)),
        };
        pairs
            .into_iter()
            .map(|(key, value)| Ok((required(key)?, required(value)?)))
            .collect()
    }

    /// An integer; an error for anything else.
    pub fn into_integer(self) -> Result<i64> {
        match self {
            Self::Integer(number) => Ok(number),
            other => Err(unexpected(&other)),
        }
    }

    pub(super) fn into_count(self) -> Result<u64> {
        let number = self.into_integer()?;
        u64::try_from(number).map_err(|_| unexpected(&Self::Integer(number)))
    }
}

/// The text of a reply that must be a string.
pub(super) fn required(value: Value) -> Result<String> {
    match value {
        Value::Simple(text) => Ok(text),
        Value::Bulk(bytes) => Ok(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => lossy(error.as_bytes()).into_owned(),
        }),
        other => Err(unexpected(&other)),
    }
}

/// The error of a reply of the wrong type. It names the type only: a reply may hold what must not be logged.
pub(super) fn unexpected(value: &Value) -> Error {
    let kind = match value {
        Value::Null => "null",
        Value::Simple(_) | Value::Bulk(_) => "a string",
        Value::Integer(_) | Value::BigNumber(_) => "an integer",
        Value::Double(_) => "a double",
        Value::Boolean(_) => "a boolean",
        Value::Array(_) => "an array",
        Value::Map(_) => "a map",
        Value::Error(_) => "an error",
    };
    Error::new(
        ErrorKind::Protocol,
        "ERR_REDIS_INVALID_RESPONSE",
        format!("the command was answered with {kind}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::Bulk(text.into())
    }

    #[test]
    fn a_map_comes_in_both_protocols() {
        let expected = HashMap::from([("k".to_owned(), "v".to_owned())]);
        let map = Value::Map(vec![(bulk("k"), bulk("v"))]);
        assert_eq!(map.into_text_map().unwrap(), expected);
        let flat = Value::Array(vec![bulk("k"), bulk("v")]);
        assert_eq!(flat.into_text_map().unwrap(), expected);
        let odd = Value::Array(vec![bulk("k")]);
        assert!(odd.into_text_map().is_err());
    }

    #[test]
    fn a_wrong_type_is_named_without_its_content() {
        let error = bulk("secret").into_integer().unwrap_err();
        assert_eq!(error.message(), "the command was answered with a string");
        assert!(Value::Integer(-1).into_count().is_err());
    }
}
