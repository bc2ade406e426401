//! Commands that are sent together and do not depend on each other.

use std::fmt;
use std::sync::Arc;

use super::queue::Queue;
use super::{note, submit};
use crate::error::Result;
use crate::redis::callers::{Callers, receive};
use crate::redis::link::Link;
use crate::redis::resp::decode::Value;

/// Commands that are sent together, each with a result of its own; made by
/// [`ValkeyClient::pipeline`](crate::redis::ValkeyClient::pipeline). Nothing is sent before
/// [`exec`](Self::exec).
pub struct Pipeline {
    link: Arc<dyn Link>,
    callers: Arc<Callers>,
    pub(super) queue: Queue,
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("commands", &self.queue.names)
            .finish_non_exhaustive()
    }
}

impl Pipeline {
    pub(in crate::redis) fn new(link: Arc<dyn Link>, callers: Arc<Callers>) -> Self {
        Self {
            link,
            callers,
            queue: Queue::default(),
        }
    }

    pub(in crate::redis) fn pooled(self) -> Self {
        Self {
            queue: Queue::pooled(),
            ..self
        }
    }

    /// Adds any command. One whose replies do not come in order, such as `SUBSCRIBE`, makes
    /// [`exec`](Self::exec) fail with `ERR_INVALID_ARG_VALUE` before anything is sent.
    pub fn command(&mut self, command: &str, arguments: &[&str]) -> &mut Self {
        self.add(command, arguments)
    }

    pub(super) fn add<A: AsRef<[u8]>>(&mut self, command: &str, arguments: &[A]) -> &mut Self {
        self.queue.push(command, arguments);
        self
    }

    /// Sends the commands and returns their results in order, when all have one. The pipeline is
    /// empty behind it.
    pub async fn exec(&mut self) -> Result<Vec<Result<Value>>> {
        let queue = self.queue.take()?;
        if queue.len() == 0 {
            return Ok(Vec::new());
        }
        let replies = submit(&self.callers, &self.link, &queue.bytes, &queue.metas);
        let mut results = Vec::with_capacity(replies.len());
        for reply in replies {
            results.push(receive(reply).await);
        }
        note(&self.callers, &self.link, &queue.bytes);
        Ok(results)
    }
}
