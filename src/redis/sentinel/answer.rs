//! What sentinels say. Pure. Everything in it may be wrong, and is bounded.

use std::fmt::Write as _;

use crate::error::{Error, ErrorKind, Result};
use crate::redis::config::Address;
use crate::redis::resp::decode::{Value, server_error};
use crate::redis::resp::encode;
use bytes::BytesMut;

/// The channel on which sentinels announce another primary, when all has been told to follow it.
const SWITCH: &str = "+switch-master";
/// The channel on which the sentinel in charge announces the promotion, which comes before that.
const PROMOTED: &str = "+promoted-slave";
/// The channels on which there are [announcements](Announcement::of_message).
pub const CHANNELS: [&str; 2] = [SWITCH, PROMOTED];
/// More sentinels or replicas than this are not listened to.
const MOST: usize = 64;
/// The longest name of a host.
const LONGEST_HOST: usize = 255;

/// How many [`questions`] there are.
pub const QUESTIONS: usize = 4;

/// What a sentinel knows about a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The primary; `None` when the sentinel does not know the group.
    pub primary: Option<Address>,
    /// Counts the changes of the primary: a higher number is newer.
    pub epoch: u64,
    /// Replicas that the sentinel believes to be there.
    pub replicas: Vec<Address>,
    /// Other sentinels of the group.
    pub sentinels: Vec<Address>,
}

/// The commands that ask about the group `name`. The first two are those of [`Announcement::of`].
#[must_use]
pub fn questions(name: &str) -> [BytesMut; QUESTIONS] {
    ["GET-MASTER-ADDR-BY-NAME", "MASTER", "REPLICAS", "SENTINELS"].map(|question| {
        let mut bytes = BytesMut::new();
        let command: [&[u8]; 3] = [b"SENTINEL", question.as_bytes(), name.as_bytes()];
        encode::command(&mut bytes, &command);
        bytes
    })
}

impl Answer {
    /// From the replies to [`questions`]. Fails with the error of a sentinel that does not answer
    /// the first one.
    pub fn of(replies: [Value; QUESTIONS]) -> Result<Self> {
        let [primary, master, replicas, sentinels] = replies;
        if primary == Value::Null {
            return Ok(Self::default());
        }
        let Announcement { primary, epoch } = Announcement::of(&primary, &master)?;
        Ok(Self {
            primary: Some(primary),
            epoch: epoch.unwrap_or(0),
            replicas: records(&replicas)
                .filter(Record::is_up)
                .filter_map(|record| record.address)
                .take(MOST)
                .collect(),
            sentinels: records(&sentinels)
                .filter_map(|record| record.address)
                .take(MOST)
                .collect(),
        })
    }
}

/// Another primary, or the one that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Where it is.
    pub primary: Address,
    /// As in [`Answer`]; `None` when it is not told.
    pub epoch: Option<u64>,
}

impl Announcement {
    /// From a message on one of the [`CHANNELS`], which is about any group.
    #[must_use]
    pub fn of_message(name: &str, channel: &[u8], payload: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(payload).ok()?;
        let parts: Vec<&str> = text.split(' ').take(9).collect();
        let (group, host, port) = match parts.as_slice() {
            [group, _, _, host, port] if channel == SWITCH.as_bytes() => (group, host, port),
            ["slave", _, host, port, "@", group, _, _] if channel == PROMOTED.as_bytes() => {
                (group, host, port)
            }
            _ => return None,
        };
        Some(Self {
            primary: address(host, port).filter(|_| *group == name)?,
            epoch: None,
        })
    }

    /// From the replies to the first two of the [`questions`]: where the primary is, and how new that
    /// is. The second tells an address too, which is the former one until a failover has ended.
    pub fn of(primary: &Value, master: &Value) -> Result<Self> {
        let parts = match primary {
            Value::Array(parts) => parts.as_slice(),
            Value::Error(text) => return Err(server_error(text.clone())),
            _ => &[],
        };
        let [host, port] = parts else {
            return Err(nonsense());
        };
        let told = host.as_text().zip(port.as_text());
        Ok(Self {
            primary: told
                .and_then(|(host, port)| address(host, port))
                .ok_or_else(nonsense)?,
            epoch: Record::of(master).map(|record| record.epoch),
        })
    }
}

/// One of the lists of properties that describe a server.
struct Record {
    address: Option<Address>,
    flags: String,
    epoch: u64,
}

impl Record {
    fn of(value: &Value) -> Option<Self> {
        let pairs: Vec<(&str, &str)> = match value {
            Value::Map(pairs) => pairs
                .iter()
                .filter_map(|(key, value)| Some((key.as_text()?, value.as_text()?)))
                .collect(),
            // The old protocol has no maps.
            Value::Array(items) => items
                .chunks_exact(2)
                .filter_map(|pair| Some((pair[0].as_text()?, pair[1].as_text()?)))
                .collect(),
            _ => return None,
        };
        let get = |name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
        };
        Some(Self {
            address: address(get("ip")?, get("port")?),
            flags: get("flags").unwrap_or_default().to_owned(),
            epoch: get("config-epoch")
                .and_then(|epoch| epoch.parse().ok())
                .unwrap_or(0),
        })
    }

    /// Whether the sentinel does not think that the server is gone.
    fn is_up(&self) -> bool {
        self.flags
            .split(',')
            .all(|flag| !["s_down", "o_down", "disconnected"].contains(&flag))
    }
}

fn records(list: &Value) -> impl Iterator<Item = Record> {
    let items = match list {
        Value::Array(items) => items.as_slice(),
        _ => &[],
    };
    items.iter().filter_map(Record::of)
}

/// An address that can be dialled.
fn address(host: &str, port: &str) -> Option<Address> {
    let odd = |letter: char| letter.is_control() || letter.is_whitespace() || letter == '/';
    if host.is_empty() || host.len() > LONGEST_HOST || host.contains(odd) {
        return None;
    }
    let port = port.parse().ok().filter(|port| *port != 0)?;
    Some(Address::Host {
        host: host.to_owned(),
        port,
    })
}

fn nonsense() -> Error {
    Error::new(
        ErrorKind::Protocol,
        "ERR_REDIS_INVALID_RESPONSE",
        "the sentinel did not tell an address",
    )
}

/// Addresses as a text.
pub(super) fn listed<'a>(addresses: impl IntoIterator<Item = &'a Address>) -> String {
    let mut text = String::new();
    for address in addresses {
        let comma = if text.is_empty() { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(text, "{comma}{address}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Value {
        Value::Array(
            texts
                .iter()
                .map(|text| Value::Bulk((*text).into()))
                .collect(),
        )
    }

    fn map(texts: &[&str]) -> Value {
        let bulk = |text: &str| Value::Bulk(text.into());
        let pairs = texts.chunks(2).map(|pair| (bulk(pair[0]), bulk(pair[1])));
        Value::Map(pairs.collect())
    }

    fn at(text: &str) -> Address {
        crate::redis::url::parse(text).unwrap().address
    }

    #[test]
    fn an_answer_in_either_protocol() {
        let up = ["ip", "r1", "port", "1", "flags", "slave"];
        let down = [
            "ip",
            "r2",
            "port",
            "2",
            "flags",
            "s_down,slave,disconnected",
        ];
        let other = ["name", "id", "ip", "s2", "port", "26379"];
        let master = ["ip", "p", "port", "6379", "config-epoch", "7"];
        for record in [texts, map] {
            let answer = Answer::of([
                texts(&["p", "6379"]),
                record(&master),
                Value::Array(vec![record(&up), record(&down), Value::Null]),
                Value::Array(vec![record(&other), record(&["ip", "s3"])]),
            ]);
            let expected = Answer {
                primary: Some(at("p:6379")),
                epoch: 7,
                replicas: vec![at("r1:1")],
                sentinels: vec![at("s2:26379")],
            };
            assert_eq!(answer.unwrap(), expected);
        }
    }

    #[test]
    fn an_unknown_group_is_no_error() {
        let no = || Value::Error("ERR No such master with that name".into());
        let answer = Answer::of([Value::Null, no(), no(), no()]).unwrap();
        assert_eq!(answer, Answer::default());
    }

    #[test]
    fn what_an_old_sentinel_does_not_know_is_left_out() {
        let no = || Value::Error("ERR Unknown sentinel subcommand".into());
        let answer = Answer::of([texts(&["p", "1"]), no(), no(), no()]).unwrap();
        assert_eq!(answer.primary, Some(at("p:1")));
        assert!(answer.replicas.is_empty());
    }

    #[test]
    fn hostile_answers_are_refused_or_cut() {
        let none = || Value::Array(Vec::new());
        let primary = |value| Answer::of([value, none(), none(), none()]);
        let long = "h".repeat(LONGEST_HOST + 1);
        for parts in [
            &["", "1"][..],
            &["h", "0"],
            &["h", "65536"],
            &["h", "x"],
            &["h\r\n", "1"],
            &["../h", "1"],
            &[&long, "1"],
            &["h"],
            &["h", "1", "2"],
        ] {
            let refused = primary(texts(parts)).unwrap_err();
            assert_eq!(refused.code(), "ERR_REDIS_INVALID_RESPONSE", "{parts:?}");
        }
        assert!(primary(Value::Integer(1)).is_err());
        assert!(primary(Value::Error("NOAUTH".into())).is_err());
        let many = vec![texts(&["ip", "s", "port", "1"]); 10_000];
        let answer = Answer::of([
            texts(&["p", "1"]),
            none(),
            Value::Array(many.clone()),
            Value::Array(many),
        ])
        .unwrap();
        assert_eq!(
            (answer.replicas.len(), answer.sentinels.len()),
            (MOST, MOST)
        );
    }

    #[test]
    fn announcements_are_about_a_group() {
        let on = |channel: &str, text: &str| {
            Announcement::of_message("m", channel.as_bytes(), text.as_bytes())
        };
        let of = |text: &str| on(SWITCH, text);
        let promoted = "slave 2.2.2.2:2 2.2.2.2 2 @ m 1.1.1.1 1";
        assert_eq!(on(PROMOTED, promoted).unwrap().primary, at("2.2.2.2:2"));
        assert_eq!(on(PROMOTED, "slave 2:2 2 2 @ n 1 1"), None);
        assert_eq!(on(SWITCH, promoted), None);
        assert_eq!(on(PROMOTED, "m 1.1.1.1 1 2.2.2.2 2"), None);
        assert_eq!(
            of("m 1.1.1.1 1 2.2.2.2 2").unwrap().primary,
            at("2.2.2.2:2")
        );
        for other in ["n 1 1 2 2", "m 1 1 2", "m 1 1 2 x", "m 1 1 2 2 2", "", "m"] {
            assert_eq!(of(other), None, "{other}");
        }
        let master = texts(&["ip", "p", "port", "1", "config-epoch", "3"]);
        let announcement = Announcement::of(&texts(&["q", "2"]), &master).unwrap();
        assert_eq!(announcement.epoch, Some(3));
        assert_eq!(announcement.primary, at("q:2"));
        assert!(Announcement::of(&Value::Null, &master).is_err());
    }
}
