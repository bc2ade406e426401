//! Commands that are gathered until they are sent. Pure.

use bytes::BytesMut;

use crate::error::{Error, ErrorKind, Result};
use crate::redis::endpoint::changes_state;
use crate::redis::meta::{Answered, Meta};
use crate::redis::resp::encode;

/// Commands that the server does at once also inside a transaction, and that would take it apart.
const NOT_QUEUED: [&str; 3] = ["WATCH", "RESET", "QUIT"];

/// Encoded commands.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub bytes: BytesMut,
    pub names: Vec<String>,
    pub metas: Vec<Meta>,
    /// Why the commands cannot be sent.
    refusal: Option<Error>,
    /// Whether they go to one of several connections, which must stay as it is.
    pooled: bool,
}

impl Queue {
    /// For one of several connections: what changes its state is refused.
    pub fn pooled() -> Self {
        Self {
            pooled: true,
            ..Self::default()
        }
    }

    /// Adds a command. One that cannot be among others is told by [`take`](Self::take).
    pub fn push<A: AsRef<[u8]>>(&mut self, command: &str, arguments: &[A]) {
        let mut all: Vec<&[u8]> = Vec::with_capacity(arguments.len() + 1);
        all.push(command.as_bytes());
        all.extend(arguments.iter().map(AsRef::as_ref));
        match Meta::of_call(all[0], &all[1..]) {
            Ok(meta) if self.pooled && changes_state(meta, &all) => self.refuse(command),
            Ok(meta) if meta.answered() == Answered::Reply => {
                encode::command(&mut self.bytes, &all);
                self.names.push(command.to_ascii_uppercase());
                self.metas.push(meta);
            }
            Ok(_) => self.refuse(command),
            Err(error) => self.refusal = self.refusal.take().or(Some(error)),
        }
    }

    /// Adds a command of a transaction.
    pub fn push_inside<A: AsRef<[u8]>>(&mut self, command: &str, arguments: &[A]) {
        let meta = Meta::of(command.as_bytes());
        let apart = NOT_QUEUED
            .iter()
            .any(|name| command.eq_ignore_ascii_case(name));
        if apart || meta.ends() || meta.transaction(false) {
            self.refuse(command);
        } else {
            self.push(command, arguments);
        }
    }

    fn refuse(&mut self, command: &str) {
        let message = format!(
            "{} cannot be among other commands",
            command.to_ascii_uppercase()
        );
        let error = Error::new(ErrorKind::InvalidInput, "ERR_INVALID_ARG_VALUE", message);
        self.refusal.get_or_insert(error);
    }

    /// Takes all commands out; the queue is empty behind it.
    pub fn take(&mut self) -> Result<Self> {
        let pooled = self.pooled;
        let next = Self {
            pooled,
            ..Self::default()
        };
        let mut all = std::mem::replace(self, next);
        all.refusal.take().map_or(Ok(all), Err)
    }

    pub fn len(&self) -> usize {
        self.metas.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_cannot_be_among_others_are_told_once() {
        for (name, inside) in [
            ("subscribe", false),
            ("MONITOR", false),
            ("multi", true),
            ("EXEC", true),
            ("Discard", true),
            ("WATCH", true),
            ("reset", true),
            ("QUIT", true),
            ("UNSUBSCRIBE", true),
        ] {
            let mut queue = Queue::default();
            let push = if inside {
                Queue::push_inside
            } else {
                Queue::push
            };
            push(&mut queue, "GET", &["a"]);
            push(&mut queue, name, &["a"]);
            push(&mut queue, "GET", &["b"]);
            let refused = queue.take().unwrap_err();
            assert_eq!(refused.code(), "ERR_INVALID_ARG_VALUE", "{name}");
            assert_eq!(queue.len(), 0);
            assert!(queue.take().is_ok());
        }
    }

    #[test]
    fn commands_are_kept_in_order_with_what_is_known_of_them() {
        let mut queue = Queue::default();
        queue.push("get", &["a"]);
        queue.push("BLPOP", &["b", "0"]);
        let taken = queue.take().unwrap();
        assert_eq!(taken.names, ["GET", "BLPOP"]);
        assert!(!taken.metas[0].holds() && taken.metas[1].holds());
        assert!(
            taken
                .bytes
                .starts_with(b"*2\r\n$3\r\nget\r\n$1\r\na\r\n*3\r\n")
        );
    }
}
