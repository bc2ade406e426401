//! Replies as JavaScript values, in the shapes of Bun's client.

use napi::bindgen_prelude::Result;
use napi::{Error, sys};

use super::tape::{NULL_LENGTH, Tag, Tape};
use super::value;
use crate::redis::inflight::Entry;
use crate::redis::meta::Meta;
use crate::redis::resp::decode::{Item, Reader, lossy};

/// Longest text that is cut into strings by JavaScript. Strings of 13 characters or more keep the
/// text alive that they were cut from, so it must not be large.
const SHARED_TEXT_LIMIT: usize = 32 * 1024;

/// The largest integer that a JavaScript number tells apart from its neighbours.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Room for one reply's strings, kept between replies.
#[derive(Default)]
pub struct Scratch {
    text: Vec<u8>,
    lengths: Vec<u32>,
}

/// Writes the reply of a command on the tape; `false` when it does not fit any more.
pub fn unpack(
    tape: &mut Tape<'_>,
    entry: Entry,
    frame: &[u8],
    scratch: &mut Scratch,
) -> Result<bool> {
    if !tape.fits(0) {
        return Ok(false);
    }
    let id = entry.id;
    let wants_bytes = entry.meta.wants_bytes();
    let mut reader = Reader::new(frame);
    let start = reader.clone();
    let item = reader.item().ok_or_else(malformed)?;
    match item {
        Item::Null => tape.settle(id, Tag::Nil, 0),
        Item::Simple(b"OK") if !wants_bytes => tape.settle(id, Tag::Ok, 0),
        Item::Simple(b"QUEUED") if !wants_bytes => tape.settle(id, Tag::Queued, 0),
        // JavaScript reads the word as signed.
        Item::Integer(number) if let Ok(small) = i32::try_from(number) => {
            tape.settle(id, Tag::Integer, small.cast_unsigned());
        }
        Item::Error(text) => {
            let message = value::string(tape.env, text)?;
            tape.settle_value(id, Tag::ServerError, message);
        }
        Item::Array(count) | Item::Map(count) if !wants_bytes && count > 0 => {
            let map = matches!(item, Item::Map(_));
            let count = if map { count * 2 } else { count };
            if tape.could_ever_fit(count) && gather(reader, count, map, scratch).is_some() {
                if !tape.fits(count) {
                    return Ok(false);
                }
                let text = value::latin1(tape.env, &scratch.text)?;
                let tag = if map { Tag::Map } else { Tag::Strings };
                tape.settle_strings(id, tag, text, &scratch.lengths);
            } else {
                let value = convert(tape, &mut start.clone(), entry.meta)?;
                tape.settle_value(id, Tag::Value, value);
            }
        }
        _ => {
            let value = convert(tape, &mut start.clone(), entry.meta)?;
            tape.settle_value(id, Tag::Value, value);
        }
    }
    Ok(true)
}

/// Puts the strings of a flat reply together. `None` when an item is no string or not ASCII, or
/// when they are too long together.
fn gather(mut reader: Reader<'_>, count: usize, map: bool, scratch: &mut Scratch) -> Option<()> {
    scratch.text.clear();
    scratch.lengths.clear();
    for index in 0..count {
        let text = match reader.item()? {
            Item::Simple(text) | Item::Bulk(text) => text,
            // A map's key is never null; its value may be.
            Item::Null if !map || index % 2 == 1 => {
                scratch.lengths.push(NULL_LENGTH);
                continue;
            }
            _ => return None,
        };
        if scratch.text.len() + text.len() > SHARED_TEXT_LIMIT || !text.is_ascii() {
            return None;
        }
        scratch.text.extend_from_slice(text);
        scratch.lengths.push(u32::try_from(text.len()).ok()?);
    }
    Some(())
}

/// The next item with everything in it, in the form that `meta` asks for.
pub fn convert(
    tape: &mut Tape<'_>,
    reader: &mut Reader<'_>,
    meta: Meta,
) -> Result<sys::napi_value> {
    let env = tape.env;
    let wants_bytes = meta.wants_bytes();
    match reader.item().ok_or_else(malformed)? {
        Item::Null => value::null(env),
        Item::Simple(text) | Item::Bulk(text) if wants_bytes => value::buffer(env, text),
        Item::Simple(text) | Item::Bulk(text) => value::string(env, text),
        Item::Integer(number) if meta.wants_exact() && number.unsigned_abs() > MAX_SAFE_INTEGER => {
            value::bigint_from(env, number)
        }
        // A double, as in Bun: exact up to 2^53.
        #[allow(
            clippy::cast_precision_loss,
            reason = "the documented loss beyond 2^53"
        )]
        Item::Integer(number) => value::double(env, number as f64),
        Item::Double(number) => value::double(env, number),
        Item::Boolean(flag) => value::boolean(env, flag),
        Item::BigNumber(digits) if wants_bytes => value::buffer(env, digits),
        Item::BigNumber(digits) => match value::bigint(env, digits)? {
            Some(number) => Ok(number),
            None => value::string(env, digits),
        },
        Item::Error(text) => tape.server_error(&lossy(text)),
        Item::Array(count) | Item::Push(count) => {
            let array = value::array(env)?;
            for index in 0..count {
                let element = convert(tape, reader, meta)?;
                let index = u32::try_from(index).map_err(|_| malformed())?;
                value::set_element(env, array, index, element)?;
            }
            Ok(array)
        }
        Item::Map(count) => {
            let object = value::dictionary(env)?;
            for _ in 0..count {
                let key = key(reader)?;
                let key = value::string(env, key.as_bytes())?;
                let element = convert(tape, reader, meta)?;
                value::set_property(env, object, key, element)?;
            }
            Ok(object)
        }
    }
}

/// A map's key as JavaScript would make a property name of it.
fn key(reader: &mut Reader<'_>) -> Result<String> {
    Ok(match reader.item().ok_or_else(malformed)? {
        Item::Simple(text) | Item::Bulk(text) | Item::BigNumber(text) | Item::Error(text) => {
            lossy(text).into_owned()
        }
        Item::Null => "null".to_owned(),
        Item::Integer(number) => number.to_string(),
        Item::Double(number) if number.is_infinite() => if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_owned(),
        Item::Double(number) => number.to_string(),
        Item::Boolean(flag) => flag.to_string(),
        Item::Array(count) | Item::Push(count) => {
            let parts: Result<Vec<_>> = (0..count).map(|_| key(reader)).collect();
            parts?.join(",")
        }
        Item::Map(count) => {
            for _ in 0..count.saturating_mul(2) {
                reader.skip().ok_or_else(malformed)?;
            }
            "[object Object]".to_owned()
        }
    })
}

/// Frames are scanned before they come here; this is the answer to a bug, not to a peer.
fn malformed() -> Error {
    Error::from_reason("a reply was delivered that is not RESP")
}
