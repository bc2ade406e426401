//! What a cache is made from, and what it tells of itself.

use std::time::Duration;

use crate::redis::tracking::Tracking;

/// Options of a client's cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheOptions {
    /// Bytes that the replies may need, with what belongs to them, roughly; those used longest ago
    /// make room. Default 64 MiB.
    pub max_bytes: usize,
    /// After which time a reply is not used any more, even if the server tells of no change. It
    /// bounds how long an old reply is used while a server that has silently gone is not found out.
    /// Default `None`: no limit.
    pub ttl: Option<Duration>,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self {
            max_bytes: 64 * 1024 * 1024,
            ttl: None,
        }
    }
}

/// What a cache has done since its client was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Commands that were answered without a request.
    pub hits: u64,
    /// Commands that could have been, and went to the server.
    pub misses: u64,
    /// Replies that were dropped because the server told of a change.
    pub invalidations: u64,
    /// Replies that were dropped because of their age.
    pub expirations: u64,
    /// Replies that were dropped to make room.
    pub evictions: u64,
    /// Bytes in use now, roughly.
    pub bytes: usize,
    /// Replies that are there or on their way now.
    pub entries: usize,
}

/// What a cache is made from.
#[derive(Debug, Clone)]
pub(in crate::redis) struct CacheSource {
    pub options: CacheOptions,
    /// What the client's connections are told of.
    pub tracking: Option<Tracking>,
}
