//! Asking a server to tell when keys change, for whoever keeps replies in memory. Pure.
//!
//! Source: <https://redis.io/docs/latest/develop/reference/client-side-caching/>

use crate::error::{Error, ErrorKind};

/// Which changes the server tells the connection of, with `invalidate` pushes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tracking {
    /// Those of the keys that the connection has read.
    Read,
    /// Those of all keys that begin with one of these; of every key if there are none.
    Broadcast(Vec<Vec<u8>>),
}

impl Tracking {
    /// The command that turns it on.
    pub(super) fn command(&self) -> Vec<&[u8]> {
        let mut command: Vec<&[u8]> = vec![b"CLIENT", b"TRACKING", b"ON"];
        if let Self::Broadcast(prefixes) = self {
            command.push(b"BCAST");
            for prefix in prefixes {
                command.extend([b"PREFIX".as_slice(), prefix]);
            }
        }
        command
    }
}

/// The server cannot or will not tell: without that, what is kept in memory would grow stale.
pub(super) fn refused(reason: &str) -> Error {
    Error::new(
        ErrorKind::Server,
        "ERR_REDIS_TRACKING_UNSUPPORTED",
        format!(
            "The server does not tell which keys change, as the client-side cache needs: {reason}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_names_what_is_watched() {
        let words = |tracking: Tracking| tracking.command().join(&b' ');
        assert_eq!(words(Tracking::Read), b"CLIENT TRACKING ON");
        assert_eq!(
            words(Tracking::Broadcast(Vec::new())),
            b"CLIENT TRACKING ON BCAST"
        );
        assert_eq!(
            words(Tracking::Broadcast(vec![b"a:".to_vec(), b"b:".to_vec()])),
            b"CLIENT TRACKING ON BCAST PREFIX a: PREFIX b:"
        );
    }
}
