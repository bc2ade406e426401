//! Replies as the results of typed methods.

use super::resp::decode::{Value, lossy};
use crate::error::{Error, ErrorKind, Result};

impl Value {
    pub(super) fn into_text(self) -> Result<Option<String>> {
        match self {
            Self::Null => Ok(None),
            other => required(other).map(Some),
        }
    }

    pub(super) fn into_texts(self) -> Result<Vec<String>> {
        match self {
            Self::Array(values) => values.into_iter().map(required).collect(),
            other => Err(unexpected(&other)),
        }
    }

    pub(super) fn into_integer(self) -> Result<i64> {
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
