//! The replies of the SCAN commands: a cursor and a flat list. Pure.

use crate::error::{Error, ErrorKind, Result};
use crate::redis::reply::{required, unexpected};
use crate::redis::resp::decode::Value;

/// One reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// Where to go on.
    pub cursor: String,
    pub items: Vec<String>,
}

pub(super) fn page(reply: Value) -> Result<Page> {
    let Value::Array(parts) = reply else {
        return Err(unexpected(&reply));
    };
    let [cursor, items] = <[Value; 2]>::try_from(parts).map_err(|_| no_page())?;
    Ok(Page {
        cursor: required(cursor)?,
        items: items.into_texts()?,
    })
}

/// Items as they come.
#[allow(clippy::unnecessary_wraps, reason = "other shapes can fail")]
pub(super) fn texts(items: Vec<String>) -> Result<Vec<String>> {
    Ok(items)
}

/// Items two by two.
pub(super) fn pairs(items: Vec<String>) -> Result<Vec<(String, String)>> {
    if !items.len().is_multiple_of(2) {
        return Err(no_page());
    }
    let mut items = items.into_iter();
    Ok(std::iter::from_fn(|| Some((items.next()?, items.next()?))).collect())
}

/// Members with their scores.
pub(super) fn scored(items: Vec<String>) -> Result<Vec<(String, f64)>> {
    let scored = |(member, score): (String, String)| {
        let score = score.parse().map_err(|_| no_page())?;
        Ok((member, score))
    };
    pairs(items)?.into_iter().map(scored).collect()
}

fn no_page() -> Error {
    Error::new(
        ErrorKind::Protocol,
        "ERR_REDIS_INVALID_RESPONSE",
        "the command was not answered with a cursor and a list of elements",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> Value {
        Value::Array(
            texts
                .iter()
                .map(|text| Value::Bulk(text.as_bytes().to_vec()))
                .collect(),
        )
    }

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn a_page_is_a_cursor_and_a_list() {
        let cursor = Value::Bulk(b"17".to_vec());
        let whole = page(Value::Array(vec![cursor.clone(), list(&["a", "b"])])).unwrap();
        let expected = Page {
            cursor: "17".to_owned(),
            items: owned(&["a", "b"]),
        };
        assert_eq!(whole, expected);
        for other in [
            Value::Null,
            Value::Array(vec![]),
            Value::Array(vec![cursor.clone()]),
            Value::Array(vec![cursor.clone(), Value::Null]),
            Value::Array(vec![Value::Null, list(&[])]),
            Value::Array(vec![cursor.clone(), list(&[]), list(&[])]),
        ] {
            let error = page(other).unwrap_err();
            assert_eq!(error.code(), "ERR_REDIS_INVALID_RESPONSE");
        }
    }

    #[test]
    fn pairs_are_whole_and_scores_are_numbers() {
        let found = pairs(owned(&["a", "1", "b", "2"])).unwrap();
        assert_eq!(found[1], ("b".to_owned(), "2".to_owned()));
        assert!(pairs(owned(&["a", "1", "b"])).is_err());
        let found = scored(owned(&["a", "1e3", "b", "inf", "c", "-inf"])).unwrap();
        let scores: Vec<f64> = found.into_iter().map(|(_, score)| score).collect();
        assert_eq!(scores, [1000.0, f64::INFINITY, f64::NEG_INFINITY]);
        assert!(scored(owned(&["a", "much"])).is_err());
    }
}
