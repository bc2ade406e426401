//! The connections to a group of servers, as one.

use std::sync::{Arc, Mutex, Weak};

use tokio::sync::watch;

use super::finder::Finder;
use super::group::{Group, Lanes, Member};
use super::options::{ReadFrom, SentinelOptions};
use super::sinks::{PrimarySink, QuietSink};
use super::split::{Part, Splitter};
use super::watcher;
use crate::error::Result;
use crate::redis::callers::lock;
use crate::redis::config::{Config, Options, Status, Target};
use crate::redis::inflight::Entry;
use crate::redis::lane::{Delivery, Lane, Sink};
use crate::redis::link::Link;
use crate::redis::outbox::Backlog;
use crate::redis::resolve::Resolve;
use crate::redis::role::Role;
use crate::redis::state::State;

/// Failed attempts after which a replica that is only preferred is done without for now.
const TRIES: u32 = 2;

/// A lane to the primary of a group, and another one to a replica if that is to be read from.
pub struct SentinelLink {
    primary: Arc<Lane>,
    replica: Option<Arc<Lane>>,
    read_from: ReadFrom,
    splitter: Arc<Mutex<Splitter>>,
    finder: Arc<Finder>,
    group: Arc<Group>,
    /// Only the link keeps the lane that listens.
    _watch: Arc<Lane>,
}

impl SentinelLink {
    /// Nothing is dialled yet. The events are those of the connection to the primary.
    ///
    /// Fails as [`SentinelOptions::validate`] and [`Options::validate`].
    pub fn new(
        sentinel: SentinelOptions,
        options: Options,
        sink: Arc<dyn Sink>,
    ) -> Result<Arc<Self>> {
        sentinel.validate()?;
        options.validate()?;
        let read_from = sentinel.read_from;
        let at_sentinel = sentinel.sentinel_config(&options);
        let config = sentinel.server_config(options);
        let group = Group::new(sentinel, at_sentinel);
        let splitter = Arc::new(Mutex::new(Splitter::default()));
        let watch = watcher::watch(&group);

        let finder = Finder::new(Arc::clone(&group), Role::Primary);
        let quiet = Arc::new(QuietSink(Arc::clone(&sink)));
        let sink = Arc::new(PrimarySink {
            sink,
            group: Arc::downgrade(&group),
            splitter: Arc::clone(&splitter),
        });
        let primary = Lane::resolved(config.clone(), sink, Arc::clone(&finder) as _);
        let (replica, follower) = match read_from {
            ReadFrom::Primary => (None, None),
            ReadFrom::Replica | ReadFrom::PreferReplica => {
                let finder = Finder::new(Arc::clone(&group), Role::Replica);
                let weak = Arc::downgrade(&finder);
                let lane = Lane::resolved(replica_config(config, read_from), quiet, finder);
                let member = member(&lane, weak);
                (Some(lane), Some(member))
            }
        };
        group.attach(Lanes {
            primary: member(&primary, Arc::downgrade(&finder)),
            replica: follower,
            watch: Arc::downgrade(&watch),
        });
        Ok(Arc::new(Self {
            primary,
            replica,
            read_from,
            splitter,
            finder,
            group,
            _watch: watch,
        }))
    }

    /// The group's name and sentinels, and what else it was made with.
    #[must_use]
    pub fn options(&self) -> &SentinelOptions {
        &self.group.options
    }

    /// The lane that serves what only reads.
    fn reader(&self) -> Option<&Lane> {
        let replica = self.replica.as_deref()?;
        if self.primary.has_ended() {
            return None;
        }
        if self.read_from == ReadFrom::PreferReplica && replica.status() != Status::Connected {
            // The next time, perhaps.
            replica.begin();
            return None;
        }
        if replica.has_ended() {
            replica.begin();
        }
        Some(replica)
    }
}

fn member(lane: &Arc<Lane>, finder: Weak<Finder>) -> Member {
    Member {
        lane: Arc::downgrade(lane),
        finder,
    }
}

fn replica_config(mut config: Config, read_from: ReadFrom) -> Config {
    if read_from == ReadFrom::PreferReplica {
        config.options.max_retries = config.options.max_retries.min(TRIES);
    }
    config
}

fn submit(lane: &Lane, part: &Part, delivery: Delivery) {
    if !part.entries.is_empty() {
        lane.submit(&[&part.bytes], &part.entries, delivery);
    }
}

impl Link for SentinelLink {
    fn submit(&self, pieces: &[&[u8]], entries: &[Entry], delivery: Delivery) {
        let Some(reader) = self.reader() else {
            self.primary.submit(pieces, entries, delivery);
            return;
        };
        let joined;
        let bytes = if let [bytes] = pieces {
            bytes
        } else {
            joined = pieces.concat();
            joined.as_slice()
        };
        let split = lock(&self.splitter).split(bytes, entries);
        submit(&self.primary, &split.primary, delivery);
        submit(reader, &split.replica, delivery);
    }

    fn connect(&self, id: u32) {
        self.primary.connect(id);
        if let Some(replica) = &self.replica {
            replica.begin();
        }
    }

    fn close(&self) -> bool {
        let closed = self.primary.close();
        self.group.rest();
        closed
    }

    fn finalize(&self) {
        self.close();
        self.primary.finalize();
    }

    fn config(&self) -> &Config {
        self.primary.config()
    }

    fn target(&self) -> Target {
        let mut target = self.primary.config().target.clone();
        if let Some(aim) = self.finder.aim() {
            target.address = aim;
        }
        target
    }

    fn status(&self) -> Status {
        self.primary.status()
    }

    fn is_active(&self) -> bool {
        self.primary.is_active()
    }

    fn observe(&self) -> watch::Receiver<State> {
        self.primary.observe()
    }

    fn buffered(&self) -> usize {
        let replica = self.replica.as_ref();
        self.primary.buffered() + replica.map_or(0, |replica| replica.buffered())
    }

    fn backlog(&self) -> Backlog {
        let primary = self.primary.backlog();
        let replica = self.replica.as_ref().map(|replica| replica.backlog());
        let replica = replica.unwrap_or_default();
        Backlog {
            bytes: primary.bytes + replica.bytes,
            commands: primary.commands + replica.commands,
        }
    }
}
