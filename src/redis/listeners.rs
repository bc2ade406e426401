//! Who receives the messages of which channel. Pure.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use super::resp::decode::{Reader, lossy};

/// A message that was published to a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it was published.
    pub channel: String,
    /// The pattern that the channel matched, for a subscription to patterns.
    pub pattern: Option<String>,
    /// What was published.
    pub payload: Vec<u8>,
}

/// What is subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Channels by name.
    Channel,
    /// Channels by pattern.
    Pattern,
    /// Channels of a shard of a cluster.
    Shard,
}

impl Family {
    pub(super) fn subscribe(self) -> &'static str {
        match self {
            Self::Channel => "SUBSCRIBE",
            Self::Pattern => "PSUBSCRIBE",
            Self::Shard => "SSUBSCRIBE",
        }
    }

    pub(super) fn unsubscribe(self) -> &'static str {
        match self {
            Self::Channel => "UNSUBSCRIBE",
            Self::Pattern => "PUNSUBSCRIBE",
            Self::Shard => "SUNSUBSCRIBE",
        }
    }
}

type Key = (Family, Vec<u8>);

/// The listeners of one client.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    next: u64,
    by_channel: HashMap<Key, Vec<Listener>>,
}

#[derive(Debug, Clone)]
struct Listener {
    id: u64,
    /// Unbounded, because delivery happens where replies are matched and must not wait for a
    /// subscriber.
    messages: mpsc::UnboundedSender<Message>,
    gaps: Arc<AtomicU64>,
}

/// The receiving end of a listener.
#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) id: u64,
    pub(super) messages: mpsc::UnboundedReceiver<Message>,
    pub(super) gaps: Arc<AtomicU64>,
}

impl Listeners {
    pub(super) fn add(&mut self, family: Family, channels: &[Vec<u8>]) -> Inbox {
        let (sender, receiver) = mpsc::unbounded_channel();
        let listener = Listener {
            id: self.next,
            messages: sender,
            gaps: Arc::default(),
        };
        self.next += 1;
        for channel in channels {
            let listeners = self.by_channel.entry((family, channel.clone()));
            listeners.or_default().push(listener.clone());
        }
        Inbox {
            id: listener.id,
            messages: receiver,
            gaps: listener.gaps,
        }
    }

    /// Removes a listener; returns those of its channels that nobody listens to any more.
    pub(super) fn remove(&mut self, family: Family, channels: &[Vec<u8>], id: u64) -> Vec<Vec<u8>> {
        let mut left = Vec::new();
        for channel in channels {
            let key = (family, channel.clone());
            let Some(listeners) = self.by_channel.get_mut(&key) else {
                continue;
            };
            listeners.retain(|listener| listener.id != id);
            if listeners.is_empty() {
                self.by_channel.remove(&key);
                left.push(key.1);
            }
        }
        left
    }

    /// Ends all streams.
    pub(super) fn clear(&mut self) {
        self.by_channel.clear();
    }

    /// A connection was made: everything that must be subscribed to again. Each listener may have
    /// missed messages.
    pub(super) fn reconnected(&mut self) -> Vec<(Family, Vec<Vec<u8>>)> {
        let mut families: HashMap<Family, Vec<Vec<u8>>> = HashMap::new();
        let mut seen = Vec::new();
        for ((family, channel), listeners) in &self.by_channel {
            families.entry(*family).or_default().push(channel.clone());
            for listener in listeners {
                if !seen.contains(&listener.id) {
                    seen.push(listener.id);
                    listener.gaps.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        families.into_iter().collect()
    }

    /// Delivers a push, if it is a message. Returns the channel of a shard whose subscription the
    /// server has ended although somebody listens; they may miss messages.
    pub(super) fn deliver(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        let Some((key, message)) = parse(frame) else {
            let key = (Family::Shard, ended(frame)?);
            for listener in self.by_channel.get(&key)? {
                listener.gaps.fetch_add(1, Ordering::Relaxed);
            }
            return Some(key.1);
        };
        for listener in self.by_channel.get(&key)? {
            // One whose stream is gone is about to be removed.
            let _ = listener.messages.send(message.clone());
        }
        None
    }
}

/// The channel whose subscription has ended.
fn ended(frame: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(frame);
    reader.item()?;
    (reader.text()? == b"sunsubscribe").then(|| reader.text().map(<[u8]>::to_vec))?
}

fn parse(frame: &[u8]) -> Option<(Key, Message)> {
    let mut reader = Reader::new(frame);
    reader.item()?;
    let family = match reader.text()? {
        b"message" => Family::Channel,
        b"pmessage" => Family::Pattern,
        b"smessage" => Family::Shard,
        _ => return None,
    };
    let name = reader.text()?;
    let (pattern, channel) = match family {
        Family::Pattern => (Some(lossy(name).into_owned()), reader.text()?),
        Family::Channel | Family::Shard => (None, name),
    };
    let message = Message {
        channel: lossy(channel).into_owned(),
        pattern,
        payload: reader.text()?.to_vec(),
    };
    Some(((family, name.to_vec()), message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<Vec<u8>> {
        names.iter().map(|name| name.as_bytes().to_vec()).collect()
    }

    fn push(words: &[&str]) -> Vec<u8> {
        format!(">{}\r\n+{}\r\n", words.len(), words.join("\r\n+")).into_bytes()
    }

    #[test]
    fn a_message_reaches_the_listeners_of_its_channel_only() {
        let mut listeners = Listeners::default();
        let mut both = listeners.add(Family::Channel, &names(&["a", "b"]));
        let mut one = listeners.add(Family::Channel, &names(&["a"]));
        let mut other = listeners.add(Family::Shard, &names(&["a"]));
        listeners.deliver(&push(&["message", "a", "1"]));
        listeners.deliver(&push(&["message", "b", "2"]));
        listeners.deliver(&push(&["message", "c", "3"]));
        listeners.deliver(&push(&["invalidate", "a", "4"]));
        let payloads = |inbox: &mut Inbox| {
            std::iter::from_fn(|| inbox.messages.try_recv().ok())
                .map(|message| message.payload)
                .collect::<Vec<_>>()
        };
        assert_eq!(payloads(&mut both), [b"1", b"2"]);
        assert_eq!(payloads(&mut one), [b"1"]);
        assert!(payloads(&mut other).is_empty());
    }

    #[test]
    fn a_pattern_comes_with_the_channel_that_matched() {
        let mut listeners = Listeners::default();
        let mut inbox = listeners.add(Family::Pattern, &names(&["a*"]));
        listeners.deliver(&push(&["pmessage", "a*", "ab", "x"]));
        let message = inbox.messages.try_recv().unwrap();
        assert_eq!(message.channel, "ab");
        assert_eq!(message.pattern.as_deref(), Some("a*"));
    }

    #[test]
    fn a_channel_is_left_with_its_last_listener() {
        let mut listeners = Listeners::default();
        let channels = names(&["a", "b"]);
        let first = listeners.add(Family::Channel, &channels);
        let second = listeners.add(Family::Channel, &names(&["a"]));
        let left = listeners.remove(Family::Channel, &channels, first.id);
        assert_eq!(left, names(&["b"]));
        let left = listeners.remove(Family::Channel, &names(&["a"]), second.id);
        assert_eq!(left, names(&["a"]));
        assert!(listeners.reconnected().is_empty());
    }

    #[test]
    fn a_subscription_that_the_server_ends_is_a_gap_for_those_who_listen() {
        let mut listeners = Listeners::default();
        let inbox = listeners.add(Family::Shard, &names(&["a"]));
        let ended = |channel| push(&["sunsubscribe", channel, "0"]);
        assert_eq!(listeners.deliver(&ended("b")), None);
        assert_eq!(listeners.deliver(&ended("a")), Some(b"a".to_vec()));
        assert_eq!(inbox.gaps.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_reconnect_is_one_gap_for_each_listener() {
        let mut listeners = Listeners::default();
        let inbox = listeners.add(Family::Channel, &names(&["a", "b"]));
        let mut again = listeners.reconnected();
        again[0].1.sort();
        assert_eq!(again, [(Family::Channel, names(&["a", "b"]))]);
        assert_eq!(inbox.gaps.load(Ordering::Relaxed), 1);
    }
}
