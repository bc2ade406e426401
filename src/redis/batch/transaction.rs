//! Commands between MULTI and EXEC.

use std::fmt;
use std::sync::Arc;

use bytes::BytesMut;

use super::queue::Queue;
use super::watch::Watching;
use super::{RefusedCommand, RefusedCommands, Waiting, note, submit};
use crate::error::{Error, ErrorKind, Result};
use crate::redis::callers::{Callers, receive};
use crate::redis::link::Link;
use crate::redis::meta::Meta;
use crate::redis::resp::decode::Value;
use crate::redis::resp::encode;

/// The code of the error of a transaction whose commands were refused.
pub(super) const ABORTED: &str = "ERR_REDIS_TRANSACTION_ABORTED";

/// Commands that the server executes together, with no other in between; made by
/// [`ValkeyClient::multi`](crate::redis::ValkeyClient::multi). Nothing is sent before
/// [`exec`](Self::exec). A transaction that is lost with its connection is never executed in part.
pub struct Transaction {
    link: Arc<dyn Link>,
    callers: Arc<Callers>,
    pub(super) queue: Queue,
    /// The watched keys that it depends on.
    watching: Option<Arc<Watching>>,
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("commands", &self.queue.names)
            .finish_non_exhaustive()
    }
}

impl Transaction {
    pub(in crate::redis) fn new(link: Arc<dyn Link>, callers: Arc<Callers>) -> Self {
        Self {
            link,
            callers,
            queue: Queue::default(),
            watching: None,
        }
    }

    pub(super) fn depending_on(self, watching: &Arc<Watching>) -> Self {
        Self {
            watching: Some(Arc::clone(watching)),
            ..self
        }
    }

    pub(in crate::redis) fn pooled(self) -> Self {
        Self {
            queue: Queue::pooled(),
            ..self
        }
    }

    /// Adds any command. One that cannot be inside a transaction, such as `WATCH` or `SUBSCRIBE`,
    /// makes [`exec`](Self::exec) fail with `ERR_INVALID_ARG_VALUE` before anything is sent.
    pub fn command(&mut self, command: &str, arguments: &[&str]) -> &mut Self {
        self.add(command, arguments)
    }

    pub(super) fn add<A: AsRef<[u8]>>(&mut self, command: &str, arguments: &[A]) -> &mut Self {
        self.queue.push_inside(command, arguments);
        self
    }

    /// Executes the commands and returns their replies in order; that of a command which failed
    /// while it was executed is a [`Value::Error`]. Without commands nothing is sent. The
    /// transaction is empty behind it.
    ///
    /// Fails with `ERR_REDIS_TRANSACTION_ABORTED` if the server refused commands, so that none was
    /// executed; [`RefusedCommands`] is the source of that error. A lost connection is
    /// `ERR_REDIS_CONNECTION_CLOSED`: either all commands were executed or none. If the server
    /// refuses MULTI itself, which takes a user who may not send it, it executes the commands one by
    /// one; the error is then that of MULTI.
    pub async fn exec(&mut self) -> Result<Vec<Value>> {
        let mut queue = self.queue.take()?;
        // Only watched keys make a transaction of nothing say something.
        let Some(watching) = &self.watching else {
            return if queue.len() == 0 {
                Ok(Vec::new())
            } else {
                self.send(queue).await
            };
        };
        let guarded = watching.guard(&mut queue)?;
        watching.begin(&*self.link)?;
        let outcome = self.send(queue).await;
        let mut replies = outcome.map_err(|error| watching.failed(error))?;
        if guarded {
            replies.pop();
        }
        Ok(replies)
    }

    async fn send(&self, queue: Queue) -> Result<Vec<Value>> {
        let mut bytes = BytesMut::with_capacity(queue.bytes.len() + 64);
        encode::command(&mut bytes, &[b"MULTI"]);
        bytes.extend_from_slice(&queue.bytes);
        encode::command(&mut bytes, &[b"EXEC"]);
        // Inside of a transaction nothing blocks.
        let inside = queue.metas.iter().map(|meta| Meta(meta.0 & !Meta::HOLDS));
        let metas: Vec<Meta> = std::iter::once(Meta(Meta::OPENS))
            .chain(inside)
            .chain([Meta(Meta::ENDS)])
            .collect();
        let replies = submit(&self.callers, &self.link, &bytes, &metas);
        let executed = finish(queue.names, replies, self.watching.as_deref()).await;
        note(&self.callers, &self.link, &queue.bytes);
        executed
    }
}

/// Waits for the replies of MULTI, of the commands and of EXEC.
async fn finish(
    names: Vec<String>,
    replies: Vec<Waiting>,
    watching: Option<&Watching>,
) -> Result<Vec<Value>> {
    let count = names.len();
    let mut opened = Ok(Value::Null);
    let mut refused = Vec::new();
    let mut executed = Ok(Value::Null);
    for (at, reply) in replies.into_iter().enumerate() {
        let reply = receive(reply).await;
        if let (Err(error), Some(watching)) = (&reply, watching) {
            watching.note(error);
        }
        match (at.checked_sub(1), reply) {
            (None, reply) => opened = reply,
            (Some(index), reply) if index == count => executed = reply,
            (Some(index), Err(error)) if error.kind() == ErrorKind::Server => {
                let command = names[index].clone();
                refused.push(RefusedCommand {
                    index,
                    command,
                    error,
                });
            }
            // When the connection is lost, so is EXEC.
            (Some(_), _) => {}
        }
    }
    opened?;
    match executed {
        Ok(Value::Array(values)) if values.len() == count => Ok(values),
        Ok(Value::Null) => Err(Error::new(
            ErrorKind::Conflict,
            "ERR_REDIS_WATCH_CONFLICT",
            "A watched key was changed: nothing was executed",
        )),
        Ok(_) => Err(Error::new(
            ErrorKind::Protocol,
            "ERR_REDIS_INVALID_RESPONSE",
            "The reply of EXEC does not have the replies of the transaction",
        )),
        Err(error) if error.kind() == ErrorKind::Server => Err(aborted(&error, refused)),
        Err(error) => Err(error),
    }
}

fn aborted(answer: &Error, refused: Vec<RefusedCommand>) -> Error {
    let why = refused.first().map_or(answer, |first| &first.error);
    let message = format!("The transaction was not executed: {why}");
    let aborted = Error::new(ErrorKind::Server, ABORTED, message);
    aborted.with_source(RefusedCommands(refused))
}
