//! What a consumer gives: an entry of a stream that can be acknowledged.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex};

use super::group::Group;
use crate::error::Result;
use crate::redis::callers::lock;

/// The number of a stream, and an ID.
type Key = (usize, String);

/// An entry of a stream. It stays pending on the server until it is [acknowledged](Self::ack): one
/// that is dropped without comes again when somebody claims it, when the consumer starts again, or
/// behind a lost connection.
pub struct StreamMessage {
    /// The name of the stream.
    pub stream: String,
    /// The ID in the stream.
    pub id: String,
    /// Fields and values in their order.
    pub fields: Vec<(String, String)>,
    /// How often the group has delivered it, this time included.
    pub deliveries: u64,
    key: Key,
    group: Arc<Group>,
    known: Arc<Known>,
}

/// The entries that are in somebody's hands here.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashSet<Key>>);

impl Known {
    pub fn has(&self, stream: usize, id: &str) -> bool {
        lock(&self.0).contains(&(stream, id.to_owned()))
    }

    /// A message, which is known until it is dropped.
    pub fn message(
        self: &Arc<Self>,
        group: &Arc<Group>,
        stream: usize,
        id: String,
        fields: Vec<(String, String)>,
        deliveries: u64,
    ) -> StreamMessage {
        let key = (stream, id.clone());
        lock(&self.0).insert(key.clone());
        StreamMessage {
            stream: group.streams[stream].clone(),
            id,
            fields,
            deliveries,
            key,
            group: Arc::clone(group),
            known: Arc::clone(self),
        }
    }
}

impl StreamMessage {
    /// The value of a field, the first one if there are several.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Acknowledges it: it will not be delivered again. A lost connection is waited for. Returns
    /// whether it was still pending; `false` when somebody else has acknowledged it, or this call
    /// before its connection was lost.
    pub async fn ack(&self) -> Result<bool> {
        self.group.acknowledge(self.key.0, &self.key.1).await
    }
}

impl Drop for StreamMessage {
    fn drop(&mut self) {
        lock(&self.known.0).remove(&self.key);
    }
}

impl fmt::Debug for StreamMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamMessage")
            .field("stream", &self.stream)
            .field("id", &self.id)
            .field("fields", &self.fields.len())
            .field("deliveries", &self.deliveries)
            .finish_non_exhaustive()
    }
}
