//! Splitting a command whose keys are of several slots. Pure.
//!
//! The parts are independent commands: together they are not atomic.

use bytes::{Bytes, BytesMut};

use super::merge::Merge;
use super::request::Request;
use super::slot;
use super::vocabulary::Shape;
use crate::redis::meta::{Answered, MOST, Meta};
use crate::redis::resp::encode;

/// One command for one slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The command.
    pub command: Bytes,
    /// How it is answered.
    pub meta: Meta,
}

/// Splits a command of this shape, in the order in which slots first appear. Also returns how the
/// replies become one.
#[must_use]
pub fn split(request: &Request<'_>, shape: Shape, meta: Meta) -> (Vec<Part>, Merge) {
    let step = if shape == Shape::Pairs { 2 } else { 1 };
    let arguments: Vec<&[u8]> = request.arguments().skip(1).collect();
    let mut order: Vec<(u16, usize)> = Vec::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, words) in arguments.chunks(step).enumerate() {
        let slot = slot::of_key(words[0]);
        let at = match order.binary_search_by_key(&slot, |(slot, _)| *slot) {
            Ok(at) => order[at].1,
            Err(at) => {
                order.insert(at, (slot, groups.len()));
                groups.push(Vec::new());
                groups.len() - 1
            }
        };
        groups[at].push(index);
    }
    let parts = groups
        .iter()
        .map(|indexes| {
            let words = indexes
                .iter()
                .flat_map(|index| arguments[index * step..].iter().take(step).copied());
            let command: Vec<&[u8]> = std::iter::once(request.name).chain(words).collect();
            let mut bytes = BytesMut::new();
            encode::command(&mut bytes, &command);
            Part {
                command: bytes.freeze(),
                meta: part_meta(meta, indexes.len()),
            }
        })
        .collect();
    let merge = if meta.answered() != Answered::Reply {
        Merge::Last
    } else if shape == Shape::Pairs {
        Merge::Succeeded
    } else if request.name.eq_ignore_ascii_case(b"MGET") {
        Merge::Lists(groups)
    } else {
        Merge::Sum
    };
    (parts, merge)
}

/// A part of a subscription waits for the confirmations of its own channels.
fn part_meta(meta: Meta, channels: usize) -> Meta {
    match meta.answered() {
        Answered::Subscribe | Answered::Unsubscribe => {
            let count = u32::try_from(channels).map_or(MOST, |count| count.min(MOST));
            Meta(meta.0 & 0xff | count << 8)
        }
        Answered::Reply | Answered::Probe => meta,
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::Requests;
    use super::*;

    fn parts(command: &str, shape: Shape) -> (Vec<String>, Vec<Meta>, Merge) {
        let words: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
        let mut bytes = BytesMut::new();
        encode::command(&mut bytes, &words);
        let request = Requests::new(&bytes).next().unwrap();
        let meta = Meta::of_call(words[0], &words[1..]).unwrap();
        let (parts, merge) = split(&request, shape, meta);
        let text = |part: &Part| {
            let request = Requests::new(&part.command).next().unwrap();
            let words: Vec<&str> = request
                .arguments()
                .map(|word| std::str::from_utf8(word).unwrap())
                .collect();
            words.join(" ")
        };
        let metas = parts.iter().map(|part| part.meta).collect();
        (parts.iter().map(text).collect(), metas, merge)
    }

    #[test]
    fn keys_stay_together_by_slot_and_know_their_place() {
        let (commands, _, merge) = parts("mget b {b}1 a {b}2 a", Shape::Keys);
        assert_eq!(commands, ["mget b {b}1 {b}2", "mget a a"]);
        assert_eq!(merge, Merge::Lists(vec![vec![0, 1, 3], vec![2, 4]]));
        assert_eq!(parts("DEL a b", Shape::Keys).2, Merge::Sum);
    }

    #[test]
    fn values_stay_with_their_keys() {
        let (commands, _, merge) = parts("MSET a 1 b 2 {a} 3", Shape::Pairs);
        assert_eq!(commands, ["MSET a 1 {a} 3", "MSET b 2"]);
        assert_eq!(merge, Merge::Succeeded);
        // A value that is missing is for the server to miss.
        assert_eq!(parts("MSET a 1 b", Shape::Pairs).0, ["MSET a 1", "MSET b"]);
    }

    #[test]
    fn each_part_of_a_subscription_has_its_own_confirmations() {
        let (commands, metas, merge) = parts("SSUBSCRIBE a b {a}", Shape::Keys);
        assert_eq!(commands, ["SSUBSCRIBE a {a}", "SSUBSCRIBE b"]);
        let of = |count: u32| Meta(Meta::SUBSCRIBE | count << 8);
        assert_eq!(metas, [of(2), of(1)]);
        assert_eq!(merge, Merge::Last);
    }
}
