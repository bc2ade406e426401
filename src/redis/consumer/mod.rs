//! Consumers of streams.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::sync::watch;

use super::client::ValkeyClient;
use super::handle::sealed::Handled;
use super::pool::RedisPool;
use crate::error::{Error, Result};

mod entries;
mod feed;
mod group;
mod message;
mod options;
mod patience;

use entries::Entry;
use feed::{Feed, Want};
use group::Group;
use message::Known;
pub use message::StreamMessage;
pub use options::ConsumerOptions;
use patience::Patience;

/// A consumer of a group, as a stream of messages that ends with the first error or when it is
/// [stopped](Self::stopper). Made by [`ValkeyClient::consume`]; nothing is sent before the first
/// message is wanted.
///
/// It gives, in this order, the entries that it had been given before and has not acknowledged,
/// those that any consumer has had for longer than
/// [`min_idle`](ConsumerOptions::min_idle), and those that are new, for which it waits on a
/// connection of its own. The next entries are read when the last ones are used up, so that a slow
/// user holds no more than [`count`](ConsumerOptions::count) of each stream.
///
/// Lost connections, a server that is loading or has become a replica are waited for, with growing
/// pauses; after 20 failures in a row the error ends the stream. Entries whose delivery was lost
/// with a connection are found among the pending ones; a group that was removed is made again.
///
/// Dropping it gives up the read that waits. What was read and not acknowledged stays pending.
pub struct StreamConsumer {
    doing: Doing,
    ready: VecDeque<StreamMessage>,
    stop: ConsumerStop,
}

/// Ends a [`StreamConsumer`], from anywhere.
#[derive(Debug, Clone)]
pub struct ConsumerStop(Arc<watch::Sender<bool>>);

impl ConsumerStop {
    /// Ends the stream without an error, and at once: the read that waits is given up. Messages that
    /// were given can still be acknowledged; all others stay pending for the next start.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

enum Doing {
    Resting(Box<Reader>),
    Reading(Pin<Box<dyn Future<Output = Read> + Send>>),
    Nothing,
}

/// Messages, at least one; `None` when it was stopped.
type Read = (Box<Reader>, Option<Result<Vec<StreamMessage>>>);

/// What reads.
struct Reader {
    group: Arc<Group>,
    feed: Feed,
    known: Arc<Known>,
    patience: Patience,
    stop: watch::Receiver<bool>,
}

impl StreamConsumer {
    fn new(client: &impl Handled, streams: &[&str], options: ConsumerOptions) -> Result<Self> {
        options.validate(streams)?;
        let stop = ConsumerStop(Arc::new(watch::Sender::new(false)));
        let (block, min_idle) = (options.block, options.min_idle);
        let group = Group {
            handle: client.handle(),
            streams: streams.iter().map(|&stream| stream.to_owned()).collect(),
            options,
        };
        let reader = Reader {
            feed: Feed::new(streams.len(), block, min_idle, Instant::now()),
            group: Arc::new(group),
            known: Arc::default(),
            patience: Patience::default(),
            stop: stop.0.subscribe(),
        };
        Ok(Self {
            doing: Doing::Resting(Box::new(reader)),
            ready: VecDeque::new(),
            stop,
        })
    }

    /// The next message, `None` at the end, which is behind the first error. It can be given up and
    /// called again without a loss.
    pub async fn next(&mut self) -> Option<Result<StreamMessage>> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    /// What ends it, from anywhere.
    #[must_use]
    pub fn stopper(&self) -> ConsumerStop {
        self.stop.clone()
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<StreamMessage>>> {
        if *self.stop.0.borrow() {
            self.doing = Doing::Nothing;
            self.ready.clear();
            return Poll::Ready(None);
        }
        if let Some(message) = self.ready.pop_front() {
            return Poll::Ready(Some(Ok(message)));
        }
        let mut reading = match std::mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Resting(reader) => Box::pin(reader.read()),
            Doing::Reading(reading) => reading,
            Doing::Nothing => return Poll::Ready(None),
        };
        let Poll::Ready((reader, read)) = reading.as_mut().poll(context) else {
            self.doing = Doing::Reading(reading);
            return Poll::Pending;
        };
        Poll::Ready(match read {
            Some(Ok(messages)) => {
                self.doing = Doing::Resting(reader);
                self.ready = messages.into();
                self.ready.pop_front().map(Ok)
            }
            Some(Err(error)) => Some(Err(error)),
            None => None,
        })
    }
}

impl futures_core::Stream for StreamConsumer {
    type Item = Result<StreamMessage>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<StreamMessage>>> {
        self.poll(context)
    }
}

impl fmt::Debug for StreamConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamConsumer")
            .field("ready", &self.ready.len())
            .field("is_over", &matches!(self.doing, Doing::Nothing))
            .finish_non_exhaustive()
    }
}

impl Reader {
    async fn read(mut self: Box<Self>) -> Read {
        let mut stop = self.stop.clone();
        let read = tokio::select! {
            biased;
            _ = stop.wait_for(|&stopped| stopped) => None,
            read = self.messages() => Some(read),
        };
        (self, read)
    }

    async fn messages(&mut self) -> Result<Vec<StreamMessage>> {
        loop {
            match self.step().await {
                Ok(messages) => {
                    self.patience.succeeded();
                    if !messages.is_empty() {
                        return Ok(messages);
                    }
                }
                Err(error) => self.recover(error).await?,
            }
        }
    }

    async fn recover(&mut self, error: Error) -> Result<()> {
        if self.feed.failed(&error) {
            return Ok(());
        }
        self.group.wait_out(&mut self.patience, error).await
    }

    /// Asks once.
    async fn step(&mut self) -> Result<Vec<StreamMessage>> {
        match self.feed.next(Instant::now()) {
            Want::Groups => {
                self.group.make().await?;
                self.feed.made();
                Ok(Vec::new())
            }
            Want::Pending { stream, after } => {
                let entries = self.group.read_pending(stream, &after).await?;
                let last = entries.last().map(|entry| entry.id.clone());
                let messages = self.again(stream, entries).await?;
                self.feed.pending_read(stream, last);
                Ok(messages)
            }
            Want::Idle { stream, cursor } => {
                let (cursor, entries) = self.group.claim(stream, &cursor).await?;
                let messages = self.again(stream, entries).await?;
                self.feed.claimed(stream, cursor, Instant::now());
                Ok(messages)
            }
            Want::New { wait } => {
                let found = self.group.read_new(wait).await?;
                let entries = found.into_iter().flat_map(|(stream, entries)| {
                    entries.into_iter().map(move |entry| (stream, entry))
                });
                let messages = entries.map(|(stream, Entry { id, fields })| {
                    self.message(stream, id, fields.unwrap_or_default(), 1)
                });
                Ok(messages.collect())
            }
        }
    }

    /// Entries that were delivered before. What is being worked on here is no news, and of what was
    /// deleted since there is nothing to work on.
    async fn again(&self, stream: usize, entries: Vec<Entry>) -> Result<Vec<StreamMessage>> {
        let mut deleted = Vec::new();
        let mut left = Vec::new();
        for Entry { id, fields } in entries {
            match fields {
                None => deleted.push(id),
                Some(_) if self.known.has(stream, &id) => {}
                Some(fields) => left.push((id, fields)),
            }
        }
        self.group.forget(stream, &deleted).await?;
        let ids: Vec<String> = left.iter().map(|(id, _)| id.clone()).collect();
        let deliveries = self.group.deliveries(stream, &ids).await?;
        let counted = left.into_iter().zip(deliveries);
        let message = |((id, fields), count)| self.message(stream, id, fields, count);
        Ok(counted.map(message).collect())
    }

    fn message(
        &self,
        stream: usize,
        id: String,
        fields: Vec<(String, String)>,
        deliveries: u64,
    ) -> StreamMessage {
        let Self { known, group, .. } = self;
        known.message(group, stream, id, fields, deliveries)
    }
}

/// Gives a client the method that makes a consumer.
macro_rules! consumes {
    ($Client:ty) => {
        impl $Client {
            /// Consumes one or several streams as a member of a group; in a cluster they must belong
            /// to one slot. See [`StreamConsumer`].
            ///
            /// Fails with `ERR_INVALID_ARG_VALUE` without streams, and for options that are zero.
            ///
            /// ```
            /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
            /// # support::run(async |url| {
            /// use s3_valkey::redis::{ConsumerOptions, ValkeyClient};
            ///
            /// let client = ValkeyClient::connect(&url).await?;
            /// client.command("XADD", &["orders", "*", "item", "tea"]).await?;
            /// let mut orders = client.consume(&["orders"], ConsumerOptions::new("billing", "one"))?;
            /// while let Some(order) = orders.next().await {
            ///     let order = order?;
            ///     assert_eq!(order.field("item"), Some("tea"));
            ///     assert!(order.ack().await?);
            ///     orders.stopper().stop();
            /// }
            /// # Ok(()) });
            /// ```
            pub fn consume(
                &self,
                streams: &[&str],
                options: ConsumerOptions,
            ) -> Result<StreamConsumer> {
                StreamConsumer::new(self, streams, options)
            }
        }
    };
}

consumes!(ValkeyClient);
consumes!(RedisPool);
