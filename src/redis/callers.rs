//! The callers of a Rust client that wait for replies.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use tokio::sync::oneshot;

use super::cache::{ClientCache, Lookup};
use super::inflight::Entry;
use super::lane::Delivery;
use super::lifecycle;
use super::link::Link;
use super::listeners::{Family, Listeners};
use super::meta::{MOST, Meta};
use super::resp::decode::{Item, Reader, Value};
use super::resp::encode;
use crate::error::Result;
use bytes::BytesMut;
pub(super) use sink::FurtherCallers;
use waiting::Waiting;

mod sink;
mod waiting;

/// Where the link of a Rust client delivers.
#[derive(Default)]
pub(super) struct Callers {
    waiting: Mutex<Waiting>,
    pub(super) listeners: Mutex<Listeners>,
    link: OnceLock<Weak<dyn Link>>,
    cache: Option<Arc<ClientCache>>,
}

fn send(id: u32, arguments: &[&[u8]], meta: Meta, submit: impl FnOnce(&[&[u8]], &[Entry])) {
    let length: usize = arguments.iter().map(|argument| argument.len() + 16).sum();
    let mut bytes = BytesMut::with_capacity(length);
    encode::command(&mut bytes, arguments);
    submit(&[&bytes], &[Entry { id, meta }]);
}

/// Waits for a reply.
pub(super) async fn receive(reply: oneshot::Receiver<Result<Value>>) -> Result<Value> {
    reply.await.unwrap_or_else(|_| Err(lifecycle::closed()))
}

impl Callers {
    /// For a client with a cache, on connections that the server tells of changes.
    pub(super) fn with_cache(cache: ClientCache) -> Self {
        Self {
            cache: Some(Arc::new(cache)),
            ..Self::default()
        }
    }

    pub(super) fn cache(&self) -> Option<&ClientCache> {
        self.cache.as_deref()
    }

    /// Tells the cache of a command that goes out over `link`, or was answered there.
    pub(super) fn note(&self, link: &Arc<dyn Link>, command: &[&[u8]]) {
        let Some(cache) = &self.cache else {
            return;
        };
        let own = self.link.get().map(Weak::as_ptr);
        if own.is_some_and(|own| std::ptr::addr_eq(own, Arc::as_ptr(link))) {
            cache.note(command);
        } else {
            cache.note_elsewhere(command);
        }
    }

    /// As [`call`](Self::call), from the cache if the reply is there.
    pub(super) async fn call_cached(
        &self,
        link: &Arc<dyn Link>,
        arguments: &[&[u8]],
        meta: Meta,
    ) -> Result<Value> {
        let place = match self.cache.as_ref().map(|cache| cache.look(arguments)) {
            Some(Lookup::Reply(value)) => return Ok(value),
            Some(Lookup::Ask(place)) => place,
            None => None,
        };
        let value = self.call(link, arguments, meta).await?;
        if let Some(place) = place {
            place.fill(&value);
        }
        Ok(value)
    }

    /// The server tells of changed keys, if that is what it pushes.
    fn invalidated(&self, frame: &[u8]) {
        let Some(cache) = &self.cache else {
            return;
        };
        let mut reader = Reader::new(frame);
        let is_push = matches!(reader.item(), Some(Item::Push(_)));
        if !is_push || reader.text() != Some(b"invalidate") {
            return;
        }
        match reader.item() {
            Some(Item::Array(_)) => {
                let keys: Vec<&[u8]> = std::iter::from_fn(|| reader.text()).collect();
                cache.invalidated(Some(&keys));
            }
            _ => cache.invalidated(None),
        }
    }

    /// Tells what delivers here; subscriptions are made again on it.
    pub(super) fn attach(&self, link: &Arc<dyn Link>) {
        // A client attaches its one link once.
        let _ = self.link.set(Arc::downgrade(link));
    }

    /// A new id and what its reply comes through.
    pub(super) fn register(&self) -> (u32, oneshot::Receiver<Result<Value>>) {
        self.enter(false)
    }

    fn enter(&self, kept: bool) -> (u32, oneshot::Receiver<Result<Value>>) {
        let (sender, receiver) = oneshot::channel();
        let id = lock(&self.waiting).enter(sender, kept);
        (id, receiver)
    }

    /// Submits a command without waiting for it. `None` when the client is gone.
    pub(super) fn submit(
        &self,
        arguments: &[&[u8]],
        meta: u32,
        delivery: Delivery,
    ) -> Option<oneshot::Receiver<Result<Value>>> {
        let link = self.link.get()?.upgrade()?;
        let (id, reply) = self.register();
        let submit = |pieces: &[&[u8]], entries: &[Entry]| link.submit(pieces, entries, delivery);
        send(id, arguments, Meta(meta), submit);
        Some(reply)
    }

    /// Sends a command in another way than all others, and waits for its reply.
    pub(super) async fn call_by(
        &self,
        arguments: &[&[u8]],
        meta: Meta,
        submit: impl FnOnce(&[&[u8]], &[Entry]),
    ) -> Result<Value> {
        let link = self.link.get().and_then(Weak::upgrade);
        let note = || link.iter().for_each(|link| self.note(link, arguments));
        let (id, reply) = self.register();
        note();
        send(id, arguments, meta, submit);
        let reply = receive(reply).await;
        note();
        reply
    }

    /// Sends a command over `link`, which delivers here, and waits for its reply. One that blocks is
    /// given up when this is dropped.
    pub(super) async fn call(
        &self,
        link: &Arc<dyn Link>,
        arguments: &[&[u8]],
        meta: Meta,
    ) -> Result<Value> {
        let delivery = if link.config().options.enable_auto_pipelining {
            Delivery::Gathered
        } else {
            Delivery::Direct
        };
        self.note(link, arguments);
        let (id, reply) = self.enter(meta.holds());
        send(id, arguments, meta, |pieces, entries| {
            link.submit(pieces, entries, delivery);
        });
        let _patience = meta.holds().then(|| Patience {
            callers: self,
            link,
            id,
        });
        let reply = receive(reply).await;
        self.note(link, arguments);
        reply
    }

    /// Subscribes to channels, or ends their subscription, in one command.
    pub(super) fn submit_channels(
        &self,
        family: Family,
        subscribes: bool,
        channels: &[Vec<u8>],
    ) -> Option<oneshot::Receiver<Result<Value>>> {
        let (name, kind) = if subscribes {
            (family.subscribe(), Meta::SUBSCRIBE)
        } else {
            (family.unsubscribe(), Meta::UNSUBSCRIBE)
        };
        let mut arguments: Vec<&[u8]> = vec![name.as_bytes()];
        arguments.extend(channels.iter().map(Vec::as_slice));
        let count = u32::try_from(channels.len()).map_or(MOST, |count| count.min(MOST));
        self.submit(&arguments, kind | count << 8, Delivery::Gathered)
    }

    /// A message, or the end of a subscription that the server has to end.
    fn pushed(&self, frame: &[u8]) {
        self.invalidated(frame);
        let ended = lock(&self.listeners).deliver(frame);
        if let Some(channel) = ended {
            // Its slot is served by another node now.
            drop(self.submit_channels(Family::Shard, true, &[channel]));
        }
    }

    /// Nobody tells of changes any more.
    fn forget(&self) {
        if let Some(cache) = &self.cache {
            cache.clear();
        }
    }

    /// The server forgets subscriptions with the connection: asks for them again.
    fn resubscribe(&self) {
        let channels = lock(&self.listeners).reconnected();
        for (family, channels) in channels {
            // An error of the server shows as silence; there is nobody to tell.
            drop(self.submit_channels(family, true, &channels));
        }
    }
}

/// One who waits for a command that blocks; when it is dropped, nobody does any more.
struct Patience<'a> {
    callers: &'a Callers,
    link: &'a Arc<dyn Link>,
    id: u32,
}

impl Drop for Patience<'_> {
    fn drop(&mut self) {
        let pending = lock(&self.callers.waiting).keep(self.id, true);
        if pending {
            self.link.cancel(self.id);
        }
        lock(&self.callers.waiting).keep(self.id, false);
    }
}

/// A lock that a panic elsewhere does not take away: every change is one step.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::lane::Sink;

    #[test]
    fn an_id_is_given_again_only_when_its_caller_is_served() {
        let callers = Callers::default();
        let (first, _reply) = callers.register();
        let (second, mut failed) = callers.register();
        assert_ne!(first, second);
        callers.failed(vec![second], &lifecycle::closed());
        assert!(failed.try_recv().unwrap().is_err());
        assert_eq!(callers.register().0, second);
        assert_ne!(callers.register().0, first);
    }

    #[test]
    fn an_unknown_id_is_nobody() {
        let callers = Callers::default();
        callers.failed(vec![7], &lifecycle::closed());
        assert_eq!(callers.register().0, 0);
    }
}
