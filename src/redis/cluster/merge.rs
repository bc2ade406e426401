//! Making one reply of several. Pure.

use bytes::{BufMut, Bytes, BytesMut};

use crate::redis::command_table::Response;
use crate::redis::resp::decode::{Item, Reader};

/// How replies become one. The first error is the whole answer, unless one success is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// Lists whose items belong at these places of the answer.
    Lists(Vec<Vec<usize>>),
    /// Items of lists, or pairs of maps, one behind the other.
    Concatenated,
    /// The sum of integers.
    Sum,
    /// The smallest of integers; of lists, item by item.
    Least,
    /// The largest of integers; of lists, item by item.
    Most,
    /// The first reply.
    Succeeded,
    /// The first reply that is no error.
    OneSucceeded,
    /// The last reply.
    Last,
    /// A map of all replies by these names; errors are among them.
    ByName(Vec<String>),
}

impl From<Response> for Merge {
    fn from(response: Response) -> Self {
        match response {
            Response::None => Self::Concatenated,
            Response::OneSucceeded => Self::OneSucceeded,
            Response::AllSucceeded | Response::Special => Self::Succeeded,
            // Truth is told as 1 and 0.
            Response::AggLogicalAnd | Response::AggMin => Self::Least,
            Response::AggLogicalOr | Response::AggMax => Self::Most,
            Response::AggSum => Self::Sum,
        }
    }
}

impl Merge {
    /// Whether a failed part is no failure of the whole while another part succeeds.
    #[must_use]
    pub fn forgives(&self) -> bool {
        *self == Self::OneSucceeded
    }

    /// Makes one frame of whole frames, of which there is at least one. Replies that do not fit
    /// together are an error.
    #[must_use]
    pub fn frames(&self, replies: &[Bytes]) -> Bytes {
        let error = replies.iter().find(|reply| is_error(reply));
        let merged = match (self, error) {
            (Self::ByName(names), _) => Some(by_name(names, replies)),
            (Self::OneSucceeded, _) => replies
                .iter()
                .find(|reply| !is_error(reply))
                .or(error)
                .cloned(),
            (_, Some(error)) => Some(error.clone()),
            (Self::Lists(places), None) => lists(places, replies),
            (Self::Concatenated, None) => concatenated(replies),
            (Self::Sum, None) => folded(replies, i64::saturating_add),
            (Self::Least, None) => folded(replies, i64::min),
            (Self::Most, None) => folded(replies, i64::max),
            (Self::Succeeded, None) => replies.first().cloned(),
            (Self::Last, None) => replies.last().cloned(),
        };
        merged.unwrap_or(Bytes::from_static(
            b"-ERR the nodes of the cluster gave answers that do not fit together\r\n",
        ))
    }
}

fn is_error(frame: &[u8]) -> bool {
    matches!(Reader::new(frame).item(), Some(Item::Error(_)))
}

/// The items of a list as they were sent.
fn items(frame: &[u8]) -> Option<Vec<&[u8]>> {
    let mut reader = Reader::new(frame);
    let Item::Array(count) = reader.item()? else {
        return None;
    };
    (0..count)
        .map(|_| {
            let before = reader.remaining();
            reader.skip()?;
            Some(&before[..before.len() - reader.remaining().len()])
        })
        .collect()
}

fn lists(places: &[Vec<usize>], replies: &[Bytes]) -> Option<Bytes> {
    let total: usize = places.iter().map(Vec::len).sum();
    let mut all: Vec<&[u8]> = vec![&[]; total];
    if places.len() != replies.len() {
        return None;
    }
    for (places, reply) in places.iter().zip(replies) {
        let items = items(reply)?;
        if items.len() != places.len() {
            return None;
        }
        for (&place, item) in places.iter().zip(items) {
            *all.get_mut(place)? = item;
        }
    }
    Some(aggregate(b'*', total, &all))
}

fn by_name(names: &[String], replies: &[Bytes]) -> Bytes {
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("${}\r\n{name}\r\n", name.len()))
        .collect();
    let pairs: Vec<&[u8]> = names
        .iter()
        .zip(replies)
        .flat_map(|(name, reply)| [name.as_bytes(), reply])
        .collect();
    aggregate(b'%', pairs.len() / 2, &pairs)
}

fn concatenated(replies: &[Bytes]) -> Option<Bytes> {
    let mut all = Vec::new();
    let mut total = 0;
    let mut kind = None;
    for reply in replies {
        let mut reader = Reader::new(reply);
        let (Item::Array(count) | Item::Map(count)) = reader.item()? else {
            return None;
        };
        total += count;
        all.push(reader.remaining());
        if *kind.get_or_insert(reply[0]) != reply[0] {
            return None;
        }
    }
    Some(aggregate(kind?, total, &all))
}

fn aggregate(kind: u8, count: usize, items: &[&[u8]]) -> Bytes {
    let length: usize = items.iter().map(|item| item.len()).sum();
    let mut out = BytesMut::with_capacity(length + 32);
    out.put_u8(kind);
    out.put_slice(count.to_string().as_bytes());
    out.put_slice(b"\r\n");
    for item in items {
        out.put_slice(item);
    }
    out.freeze()
}

fn folded(replies: &[Bytes], fold: fn(i64, i64) -> i64) -> Option<Bytes> {
    let mut numbers: Option<Vec<i64>> = None;
    let single = matches!(Reader::new(replies.first()?).item()?, Item::Integer(_));
    for reply in replies {
        let next = integers(reply)?;
        match &mut numbers {
            None => numbers = Some(next),
            Some(numbers) if numbers.len() == next.len() => {
                for (number, next) in numbers.iter_mut().zip(next) {
                    *number = fold(*number, next);
                }
            }
            Some(_) => return None,
        }
    }
    let texts: Vec<String> = numbers?
        .iter()
        .map(|number| format!(":{number}\r\n"))
        .collect();
    if single {
        return texts.into_iter().next().map(Bytes::from);
    }
    let items: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
    Some(aggregate(b'*', items.len(), &items))
}

/// The integer of a reply, or those of its list.
fn integers(frame: &[u8]) -> Option<Vec<i64>> {
    let mut reader = Reader::new(frame);
    match reader.item()? {
        Item::Integer(number) => Some(vec![number]),
        Item::Boolean(flag) => Some(vec![i64::from(flag)]),
        Item::Array(count) => (0..count)
            .map(|_| match reader.item()? {
                Item::Integer(number) => Some(number),
                Item::Boolean(flag) => Some(i64::from(flag)),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(merge: &Merge, replies: &[&str]) -> String {
        let replies: Vec<Bytes> = replies
            .iter()
            .map(|reply| Bytes::copy_from_slice(reply.as_bytes()))
            .collect();
        String::from_utf8(merge.frames(&replies).to_vec()).unwrap()
    }

    #[test]
    fn values_come_in_the_order_of_the_keys() {
        let merge = Merge::Lists(vec![vec![0, 3], vec![2, 1]]);
        let replies = ["*2\r\n$1\r\na\r\n_\r\n", "*2\r\n$0\r\n\r\n$2\r\n\r\n\r\n"];
        assert_eq!(
            merged(&merge, &replies),
            "*4\r\n$1\r\na\r\n$2\r\n\r\n\r\n$0\r\n\r\n_\r\n"
        );
    }

    #[test]
    fn numbers_are_added_or_compared() {
        assert_eq!(merged(&Merge::Sum, &[":1\r\n", ":2\r\n"]), ":3\r\n");
        let overflow = [":9223372036854775807\r\n", ":1\r\n"];
        assert_eq!(merged(&Merge::Sum, &overflow), overflow[0]);
        assert_eq!(merged(&Merge::Least, &[":2\r\n", ":1\r\n"]), ":1\r\n");
        assert_eq!(merged(&Merge::Most, &[":2\r\n", ":1\r\n"]), ":2\r\n");
        let lists = ["*2\r\n:1\r\n:1\r\n", "*2\r\n:1\r\n:0\r\n"];
        assert_eq!(merged(&Merge::Least, &lists), "*2\r\n:1\r\n:0\r\n");
    }

    #[test]
    fn lists_and_maps_are_put_together() {
        let lists = ["*1\r\n+a\r\n", "*0\r\n", "*2\r\n+b\r\n*1\r\n:1\r\n"];
        assert_eq!(
            merged(&Merge::Concatenated, &lists),
            "*3\r\n+a\r\n+b\r\n*1\r\n:1\r\n"
        );
        let maps = ["%1\r\n+a\r\n:1\r\n", "%1\r\n+b\r\n:2\r\n"];
        assert_eq!(
            merged(&Merge::Concatenated, &maps),
            "%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n"
        );
    }

    #[test]
    fn replies_that_stay_apart_are_told_by_their_names() {
        let merge = Merge::ByName(vec!["a:1".into(), "b:2".into()]);
        assert_eq!(
            merged(&merge, &["+OK\r\n", "-ERR x\r\n"]),
            "%2\r\n$3\r\na:1\r\n+OK\r\n$3\r\nb:2\r\n-ERR x\r\n"
        );
    }

    #[test]
    fn the_first_error_is_the_answer_unless_one_success_is_enough() {
        let replies = [":1\r\n", "-ERR a\r\n", "!5\r\nERR b\r\n"];
        for merge in [
            Merge::Sum,
            Merge::Succeeded,
            Merge::Last,
            Merge::Concatenated,
        ] {
            assert_eq!(merged(&merge, &replies), "-ERR a\r\n");
        }
        assert_eq!(merged(&Merge::OneSucceeded, &replies[1..]), "-ERR a\r\n");
        assert_eq!(
            merged(&Merge::OneSucceeded, &["-E\r\n", "+OK\r\n"]),
            "+OK\r\n"
        );
    }

    #[test]
    fn what_does_not_fit_together_is_an_error() {
        let places = Merge::Lists(vec![vec![0], vec![1]]);
        for (merge, replies) in [
            (Merge::Sum, &["+OK\r\n", ":1\r\n"][..]),
            (Merge::Least, &[":1\r\n", "*2\r\n:1\r\n:1\r\n"]),
            (Merge::Concatenated, &["*0\r\n", "%0\r\n"]),
            (places.clone(), &["*1\r\n:1\r\n", "*2\r\n:1\r\n:1\r\n"]),
            (places.clone(), &["*1\r\n:1\r\n"]),
            (places, &["*1\r\n:1\r\n", "*1\r\n:"]),
            (Merge::Last, &[]),
        ] {
            assert!(merged(&merge, replies).starts_with("-ERR"), "{replies:?}");
        }
    }
}
