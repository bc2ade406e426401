//! What a consumer is told.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

/// Options of [`ValkeyClient::consume`](crate::redis::ValkeyClient::consume).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerOptions {
    /// The group of consumers that share the work. It is made when there is none.
    pub group: String,
    /// The name of this consumer in the group. One that is always the same gets what it had not
    /// acknowledged when it starts again.
    pub consumer: String,
    /// Where a group begins that is made: behind this ID, `$` for the end of the stream. Default
    /// `0`, the beginning.
    pub start: String,
    /// Entries that one read brings at most, for each stream; the next read waits until they are
    /// used up. Default 10, at least 1.
    pub count: u32,
    /// How long one read waits on the server. Default 5 seconds, at least 1 millisecond.
    pub block: Duration,
    /// After which time an entry that some consumer has not acknowledged is claimed by this one
    /// (`XAUTOCLAIM`, since Redis 6.2), and how often that is looked for. It should be much longer
    /// than the work on an entry takes. Default `None`: nothing is claimed.
    pub min_idle: Option<Duration>,
}

impl ConsumerOptions {
    /// For this consumer of this group, with the defaults.
    #[must_use]
    pub fn new(group: &str, consumer: &str) -> Self {
        Self {
            group: group.to_owned(),
            consumer: consumer.to_owned(),
            start: "0".to_owned(),
            count: 10,
            block: Duration::from_secs(5),
            min_idle: None,
        }
    }

    pub(super) fn validate(&self, streams: &[&str]) -> Result<()> {
        let shortest = self.min_idle.unwrap_or(self.block).min(self.block);
        let message = if streams.is_empty() {
            "A consumer needs at least one stream"
        } else if self.count == 0 {
            "A consumer needs a count of at least 1"
        } else if shortest < Duration::from_millis(1) {
            "The times of a consumer must be at least one millisecond"
        } else {
            return Ok(());
        };
        Err(Error::new(
            ErrorKind::InvalidInput,
            "ERR_INVALID_ARG_VALUE",
            message,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_read_can_be_made_of_is_refused() {
        let good = ConsumerOptions::new("group", "me");
        assert!(good.validate(&["a"]).is_ok());
        assert!(good.validate(&[]).is_err());
        let none = ConsumerOptions {
            count: 0,
            ..good.clone()
        };
        assert!(none.validate(&["a"]).is_err());
        // For the server, 0 is for ever.
        let block = ConsumerOptions {
            block: Duration::ZERO,
            ..good.clone()
        };
        assert!(block.validate(&["a"]).is_err());
        let min_idle = ConsumerOptions {
            min_idle: Some(Duration::ZERO),
            ..good
        };
        let error = min_idle.validate(&["a"]).unwrap_err();
        assert_eq!(error.code(), "ERR_INVALID_ARG_VALUE");
    }
}
