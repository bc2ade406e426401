//! Replies with entries of streams. Pure.

use crate::error::{Error, ErrorKind, Result};
use crate::redis::reply::required;
use crate::redis::resp::decode::Value;

/// An entry as it was delivered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub id: String,
    /// Fields and values; `None` for an entry that was deleted.
    pub fields: Option<Vec<(String, String)>>,
}

/// The entries of each stream that a read has found, by its name.
pub(super) fn by_stream(reply: Value) -> Result<Vec<(String, Vec<Entry>)>> {
    let pairs = match reply {
        Value::Null => Vec::new(),
        Value::Map(pairs) => pairs,
        // RESP2 has no maps.
        Value::Array(pairs) => pairs.into_iter().map(pair).collect::<Result<_>>()?,
        _ => return Err(unexpected()),
    };
    pairs
        .into_iter()
        .map(|(name, list)| Ok((required(name)?, entries(list)?)))
        .collect()
}

/// What was claimed, behind the cursor to go on at.
pub(super) fn claimed(reply: Value) -> Result<(String, Vec<Entry>)> {
    let Value::Array(parts) = reply else {
        return Err(unexpected());
    };
    // Redis 7.0 also tells what was deleted, and forgets it itself.
    let mut parts = parts.into_iter();
    let (Some(cursor), Some(list)) = (parts.next(), parts.next()) else {
        return Err(unexpected());
    };
    Ok((required(cursor)?, entries(list)?))
}

/// How often an entry was delivered, by what `XPENDING` says of it.
pub(super) fn deliveries(reply: &Value) -> u64 {
    // It may be gone by now.
    let Value::Array(found) = reply else { return 1 };
    let Some(Value::Array(facts)) = found.first() else {
        return 1;
    };
    match facts.get(3) {
        Some(&Value::Integer(count)) => u64::try_from(count).unwrap_or(1),
        _ => 1,
    }
}

fn entries(list: Value) -> Result<Vec<Entry>> {
    let Value::Array(list) = list else {
        return Err(unexpected());
    };
    // Servers before 7.0 give nothing for an entry that was claimed and is gone.
    let there = list.into_iter().filter(|entry| *entry != Value::Null);
    there.map(entry).collect()
}

fn entry(value: Value) -> Result<Entry> {
    let (id, fields) = pair(value)?;
    let fields = match fields {
        Value::Null => None,
        flat => {
            let mut texts = flat.into_texts()?.into_iter();
            Some(std::iter::from_fn(|| Some((texts.next()?, texts.next()?))).collect())
        }
    };
    Ok(Entry {
        id: required(id)?,
        fields,
    })
}

fn pair(value: Value) -> Result<(Value, Value)> {
    let Value::Array(parts) = value else {
        return Err(unexpected());
    };
    <[Value; 2]>::try_from(parts).map_or_else(|_| Err(unexpected()), |[one, two]| Ok((one, two)))
}

fn unexpected() -> Error {
    Error::new(
        ErrorKind::Protocol,
        "ERR_REDIS_INVALID_RESPONSE",
        "the stream was not answered with entries",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Bulk(text.as_bytes().to_vec())
    }

    fn list(values: &[Value]) -> Value {
        Value::Array(values.to_vec())
    }

    fn one(id: &str) -> Value {
        list(&[text(id), list(&[text("f"), text("v")])])
    }

    #[test]
    fn entries_come_by_stream_in_both_protocols() {
        let found = list(&[one("1-0"), list(&[text("2-0"), Value::Null])]);
        let map = Value::Map(vec![(text("s"), found.clone())]);
        let flat = list(&[list(&[text("s"), found])]);
        for reply in [map, flat] {
            let mut streams = by_stream(reply).unwrap();
            let (name, entries) = streams.pop().unwrap();
            assert_eq!(name, "s");
            let fields = Some(vec![("f".to_owned(), "v".to_owned())]);
            assert_eq!(
                (entries[0].id.as_str(), &entries[0].fields),
                ("1-0", &fields)
            );
            assert_eq!(entries[1].fields, None);
        }
        assert_eq!(by_stream(Value::Null).unwrap(), []);
    }

    #[test]
    fn what_is_claimed_has_a_cursor() {
        let reply = list(&[
            text("3-0"),
            list(&[Value::Null, one("1-0")]),
            list(&[text("2-0")]),
        ]);
        let (cursor, entries) = claimed(reply).unwrap();
        assert_eq!((cursor.as_str(), entries.len()), ("3-0", 1));
    }

    #[test]
    fn deliveries_are_counted_by_the_server() {
        let facts = [
            text("1-0"),
            text("me"),
            Value::Integer(5),
            Value::Integer(3),
        ];
        assert_eq!(deliveries(&list(&[list(&facts)])), 3);
        assert_eq!(deliveries(&list(&[])), 1);
    }

    #[test]
    fn anything_else_is_an_error() {
        for reply in [
            text("x"),
            list(&[text("x")]),
            list(&[list(&[text("s"), text("x")])]),
        ] {
            assert!(by_stream(reply.clone()).is_err());
            assert!(claimed(reply).is_err());
        }
        assert!(claimed(list(&[text("0-0"), list(&[list(&[text("1-0")])])])).is_err());
    }
}
