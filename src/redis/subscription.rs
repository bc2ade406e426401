//! Receiving what is published.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use super::callers::{Callers, lock, receive};
use super::client::ValkeyClient;
use super::lifecycle;
use super::listeners::{Family, Inbox, Message};
use crate::error::{Error, ErrorKind, Result};

/// A stream of messages. It ends when the client is closed or has failed; dropping it ends the
/// subscription. A lost connection does not end it: the client subscribes again, and
/// [`gaps`](Self::gaps) tells that messages may have been missed.
///
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
/// # support::run(async |url| {
/// use s3_valkey::redis::ValkeyClient;
///
/// let publisher = ValkeyClient::connect(&url).await?;
/// let subscriber = publisher.duplicate().await?;
/// let mut news = subscriber.subscribe(&["news", "weather"]).await?;
/// publisher.publish("news", "hello").await?;
/// let message = news.next().await.expect("the client is open");
/// assert_eq!((message.channel.as_str(), message.payload.as_slice()), ("news", &b"hello"[..]));
/// # Ok(()) });
/// ```
pub struct Subscription {
    callers: Arc<Callers>,
    family: Family,
    channels: Vec<Vec<u8>>,
    inbox: Inbox,
}

impl Subscription {
    /// The next message, `None` at the end.
    pub async fn next(&mut self) -> Option<Message> {
        self.inbox.messages.recv().await
    }

    /// How many times the subscription was made again behind a lost connection. Messages that
    /// were published meanwhile did not arrive.
    #[must_use]
    pub fn gaps(&self) -> u64 {
        self.inbox.gaps.load(Ordering::Relaxed)
    }
}

impl futures_core::Stream for Subscription {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Message>> {
        self.inbox.messages.poll_recv(context)
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription")
            .field("family", &self.family)
            .field("channels", &self.channels.len())
            .field("gaps", &self.gaps())
            .finish_non_exhaustive()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut listeners = lock(&self.callers.listeners);
        let left = listeners.remove(self.family, &self.channels, self.inbox.id);
        drop(listeners);
        if !left.is_empty() {
            // Nobody waits for the answer.
            drop(self.callers.submit_channels(self.family, false, &left));
        }
    }
}

impl ValkeyClient {
    /// Subscribes to channels and waits until the server has confirmed all of them.
    pub async fn subscribe(&self, channels: &[&str]) -> Result<Subscription> {
        self.listen(Family::Channel, channels).await
    }

    /// Subscribes to all channels whose names match one of the patterns, such as `news.*`.
    pub async fn psubscribe(&self, patterns: &[&str]) -> Result<Subscription> {
        self.listen(Family::Pattern, patterns).await
    }

    /// Subscribes to channels of a shard, which [`spublish`](Self::spublish) publishes to. In a
    /// cluster all of them must belong to one slot.
    pub async fn ssubscribe(&self, channels: &[&str]) -> Result<Subscription> {
        self.listen(Family::Shard, channels).await
    }

    async fn listen(&self, family: Family, channels: &[&str]) -> Result<Subscription> {
        if channels.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "ERR_INVALID_ARG_VALUE",
                "a subscription needs at least one channel",
            ));
        }
        let callers = Arc::clone(self.callers());
        let mut channels: Vec<Vec<u8>> = channels
            .iter()
            .map(|channel| channel.as_bytes().to_vec())
            .collect();
        channels.sort_unstable();
        channels.dedup();
        let inbox = lock(&callers.listeners).add(family, &channels);
        // From here on a failure drops the listener again.
        let subscription = Subscription {
            callers,
            family,
            channels,
            inbox,
        };
        let confirmed = subscription
            .callers
            .submit_channels(family, true, &subscription.channels)
            .ok_or_else(lifecycle::failed)?;
        receive(confirmed).await?;
        Ok(subscription)
    }
}
