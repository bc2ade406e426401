//! Listens to one sentinel for the announcement of another primary.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};

use super::answer::{self, Announcement, CHANNELS};
use super::group::Group;
use crate::error::Error;
use crate::redis::callers::lock;
use crate::redis::config::{Address, Config, Options};
use crate::redis::driver::End;
use crate::redis::inflight::Entry;
use crate::redis::lane::{Batch, Delivery, Event, Lane, Sink};
use crate::redis::lifecycle;
use crate::redis::meta::Meta;
use crate::redis::resolve::{Found, Resolve, Search};
use crate::redis::resp::decode::{Reader, Value};
use crate::redis::resp::encode;
use bytes::BytesMut;

/// After so much silence, in milliseconds, the sentinel is asked whether it is there, and after as
/// much again it is left for another one.
const SILENCE_MS: u32 = 2_000;
/// The limit for reaching a sentinel, in milliseconds.
const CONNECT_MS: u32 = 2_000;

const SUBSCRIBED: u32 = 0;
const ADDRESS: u32 = 1;
const EPOCH: u32 = 2;

/// A lane that listens. It starts by [`Group::watch`].
pub(super) fn watch(group: &Arc<Group>) -> Arc<Lane> {
    let sentinel = &group.sentinel;
    let config = Config {
        target: sentinel.target.clone(),
        options: Options {
            max_retries: u32::MAX,
            dead_peer_timeout_ms: SILENCE_MS,
            connection_timeout_ms: match sentinel.options.connection_timeout_ms {
                0 => CONNECT_MS,
                limit => limit.min(CONNECT_MS),
            },
            ..sentinel.options.clone()
        },
    };
    let ears = Arc::new(Ears {
        group: Arc::downgrade(group),
        name: group.options.name.clone(),
        lane: Mutex::default(),
        address: Mutex::new(Value::Null),
    });
    let seats = Arc::new(Seats {
        group: Arc::downgrade(group),
        aim: Mutex::default(),
    });
    let lane = Lane::make(config, Arc::clone(&ears) as _, Some(seats));
    *lock(&ears.lane) = Arc::downgrade(&lane);
    lane
}

/// Hears what the sentinel says.
struct Ears {
    group: Weak<Group>,
    name: String,
    lane: Mutex<Weak<Lane>>,
    /// The reply to the first question, until that to the second is there.
    address: Mutex<Value>,
}

impl Ears {
    fn subscribe(&self) {
        let Some(lane) = lock(&self.lane).upgrade() else {
            return;
        };
        let mut bytes = BytesMut::new();
        let channels = CHANNELS.map(str::as_bytes);
        encode::command(&mut bytes, &[b"SUBSCRIBE", channels[0], channels[1]]);
        // What was announced before is not said again.
        for question in &answer::questions(&self.name)[..2] {
            bytes.extend_from_slice(question);
        }
        let entry = |id, meta| Entry { id, meta };
        let entries = [
            entry(SUBSCRIBED, Meta(Meta::SUBSCRIBE | 2 << 8)),
            entry(ADDRESS, Meta::default()),
            entry(EPOCH, Meta::default()),
        ];
        lane.submit(&[&bytes], &entries, Delivery::Gathered);
    }

    fn hear(&self, entry: Option<Entry>, frame: &[u8]) -> Option<Announcement> {
        match entry {
            None => {
                let (channel, payload) = message(frame)?;
                Announcement::of_message(&self.name, channel, payload)
            }
            Some(Entry { id: ADDRESS, .. }) => {
                *lock(&self.address) = Value::decode(frame).ok()?;
                None
            }
            Some(Entry { id: EPOCH, .. }) => {
                let address = std::mem::replace(&mut *lock(&self.address), Value::Null);
                Announcement::of(&address, &Value::decode(frame).ok()?).ok()
            }
            Some(_) => None,
        }
    }
}

/// The channel and the payload of a message.
fn message(frame: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = Reader::new(frame);
    reader.item()?;
    let is_message = reader.text()? == b"message";
    Some((reader.text()?, reader.text()?)).filter(|_| is_message)
}

impl Sink for Ears {
    fn replies(&self, batch: Batch) {
        for reply in &batch.replies {
            let frame = &batch.bytes[reply.start..reply.end];
            let heard = self.hear(reply.entry, frame);
            if let (Some(announcement), Some(group)) = (heard, self.group.upgrade()) {
                group.announced(announcement);
            }
        }
    }

    fn failed(&self, _ids: Vec<u32>, _error: &Error) {
        // The next connection asks anew.
    }

    fn event(&self, event: Event) {
        if let Event::Connected(_) = event {
            self.subscribe();
        }
    }
}

/// Chooses the sentinel to listen to.
struct Seats {
    group: Weak<Group>,
    aim: Mutex<Option<Address>>,
}

impl Resolve for Seats {
    fn search(self: Arc<Self>) -> Box<dyn Search> {
        let group = self.group.upgrade();
        let mut sentinels = group.map(|group| group.sentinels()).unwrap_or_default();
        // The one whose connection was lost, or that was false, comes last.
        if let Some(last) = lock(&self.aim).take()
            && let Some(at) = sentinels.iter().position(|sentinel| *sentinel == last)
        {
            let last = sentinels.remove(at);
            sentinels.push(last);
        }
        Box::new(Choice {
            seats: self,
            left: sentinels.into(),
            why: End::Lost(lifecycle::closed()),
        })
    }

    fn aim(&self) -> Option<Address> {
        lock(&self.aim).clone()
    }

    fn is_attentive(&self) -> bool {
        true
    }
}

struct Choice {
    seats: Arc<Seats>,
    left: VecDeque<Address>,
    why: End,
}

impl Search for Choice {
    fn next(&mut self) -> Found<'_> {
        let found = match self.left.pop_front() {
            Some(sentinel) => {
                *lock(&self.seats.aim) = Some(sentinel.clone());
                Ok(sentinel)
            }
            // Whatever was wrong with the last one, another one may be reached later.
            None => Err(match std::mem::replace(&mut self.why, End::Superseded) {
                End::Fatal(error) => End::Lost(error),
                end => end,
            }),
        };
        Box::pin(std::future::ready(found))
    }

    fn rejected(&mut self, why: End) {
        self.why = why;
    }

    fn accepted(&mut self) {}
}
