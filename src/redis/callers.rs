//! The callers of a Rust client that wait for replies, and the listeners of its channels.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::lane::{Batch, Event, Sink};
use super::lifecycle;
use super::resp::decode::{Reader, Value, lossy};
use crate::error::{Error, Result};

/// Unbounded, because delivery happens where replies are matched and must not wait for a subscriber.
type Messages = mpsc::UnboundedSender<Message>;

/// A message that was published to a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it was published.
    pub channel: String,
    /// What was published.
    pub payload: Vec<u8>,
}

/// A stream of messages; it ends when the client is closed.
#[derive(Debug)]
pub struct Subscription {
    messages: mpsc::UnboundedReceiver<Message>,
}

impl Subscription {
    pub(super) fn new(messages: mpsc::UnboundedReceiver<Message>) -> Self {
        Self { messages }
    }

    /// The next message, `None` at the end.
    pub async fn next(&mut self) -> Option<Message> {
        self.messages.recv().await
    }
}

impl futures_core::Stream for Subscription {
    type Item = Message;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Message>> {
        self.messages.poll_recv(context)
    }
}

/// Waits for a reply.
pub(super) async fn receive(reply: oneshot::Receiver<Result<Value>>) -> Result<Value> {
    reply.await.unwrap_or_else(|_| Err(lifecycle::closed()))
}

/// The callers that wait for replies, and the listeners of channels.
#[derive(Default)]
pub(super) struct Callers {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u32,
    callers: HashMap<u32, oneshot::Sender<Result<Value>>>,
    listeners: HashMap<Vec<u8>, Vec<Messages>>,
}

impl Callers {
    pub(super) fn register(&self) -> (u32, oneshot::Receiver<Result<Value>>) {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        // An id is free again long before the counter comes round, unless its caller still waits.
        while state.callers.contains_key(&state.next) {
            state.next = state.next.wrapping_add(1);
        }
        let id = state.next;
        state.next = id.wrapping_add(1);
        state.callers.insert(id, sender);
        (id, receiver)
    }

    pub(super) fn listen(&self, channels: &[&str]) -> mpsc::UnboundedReceiver<Message> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut state = self.lock();
        for channel in channels {
            state
                .listeners
                .entry(channel.as_bytes().to_vec())
                .or_default()
                .push(sender.clone());
        }
        receiver
    }

    pub(super) fn unsubscribe_all(&self) {
        self.lock().listeners.clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Callers {
    fn replies(&self, batch: Batch) {
        let mut state = self.lock();
        for reply in batch.replies {
            let frame = &batch.bytes[reply.start..reply.end];
            let Some(entry) = reply.entry else {
                deliver(&mut state, frame);
                continue;
            };
            if let Some(caller) = state.callers.remove(&entry.id) {
                // A caller that no longer waits has dropped its end.
                let _ = caller.send(Value::decode(frame));
            }
        }
    }

    fn failed(&self, ids: Vec<u32>, error: &Error) {
        let mut state = self.lock();
        for id in ids {
            if let Some(caller) = state.callers.remove(&id) {
                let _ = caller.send(Err(error.clone()));
            }
        }
    }

    fn event(&self, event: Event) {
        if let Event::Closed(_) = event {
            self.unsubscribe_all();
        }
    }
}

fn deliver(state: &mut State, frame: &[u8]) {
    let mut reader = Reader::new(frame);
    reader.item();
    if reader.text() != Some(b"message") {
        return;
    }
    let (Some(channel), Some(payload)) = (reader.text(), reader.text()) else {
        return;
    };
    if let Some(listeners) = state.listeners.get_mut(channel) {
        let message = Message {
            channel: lossy(channel).into_owned(),
            payload: payload.to_vec(),
        };
        listeners.retain(|listener| listener.send(message.clone()).is_ok());
    }
}
