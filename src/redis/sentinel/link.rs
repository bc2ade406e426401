//! The connections to a group of servers, as one.

use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::group::{Group, Lanes};
use super::options::{ReadFrom, SentinelOptions};
use super::preferred::PreferredSink;
use super::sink::PrimarySink;
use super::split::{Part, Splitter};
use super::watcher;
use crate::error::Result;
use crate::redis::callers::lock;
use crate::redis::config::{Config, Options, Status, Target};
use crate::redis::endpoint::{Endpoint, Reserve};
use crate::redis::inflight::Entry;
use crate::redis::lane::{Delivery, Lane, Sink};
use crate::redis::link::Link;
use crate::redis::outbox::Backlog;
use crate::redis::resolve::{MakeResolver, Resolve};
use crate::redis::role::Role;
use crate::redis::state::State;

/// Failed attempts after which a replica that is only preferred is done without for now.
const TRIES: u32 = 2;

/// The connections to the primary of a group, and one to a replica if that is to be read from.
pub struct SentinelLink {
    primary: Arc<Endpoint>,
    replica: Option<Arc<Lane>>,
    read_from: ReadFrom,
    splitter: Arc<Mutex<Splitter>>,
    group: Arc<Group>,
    /// Only the link keeps the lane that listens.
    _watch: Arc<Lane>,
}

impl SentinelLink {
    /// Nothing is dialled yet. The events of the connection to the primary are those of `sink`;
    /// every other connection delivers to a sink of its own, which `make_sink` makes.
    ///
    /// Fails as [`SentinelOptions::validate`] and [`Options::validate`].
    pub fn new(
        sentinel: SentinelOptions,
        options: Options,
        sink: Arc<dyn Sink>,
        make_sink: impl Fn() -> Arc<dyn Sink> + Send + Sync + 'static,
    ) -> Result<Arc<Self>> {
        sentinel.validate()?;
        options.validate()?;
        let read_from = sentinel.read_from;
        let at_sentinel = sentinel.sentinel_config(&options);
        let config = sentinel.server_config(options);
        let group = Group::new(sentinel, at_sentinel);
        let splitter = Arc::new(Mutex::new(Splitter::default()));
        let watch = watcher::watch(&group);

        let mut preferred = None;
        let replica = (read_from != ReadFrom::Primary).then(|| {
            let config = replica_config(config.clone(), read_from);
            let finder: Arc<dyn Resolve> = group.finder(Role::Replica);
            let finder = Some(finder);
            if read_from == ReadFrom::PreferReplica {
                let sink = preferred.insert(PreferredSink::new(make_sink()));
                Lane::make_keeping(config, Arc::clone(sink) as _, finder)
            } else {
                Lane::make(config, make_sink(), finder)
            }
        });
        let sink = Arc::new(PrimarySink {
            sink,
            group: Arc::downgrade(&group),
            splitter: Arc::clone(&splitter),
        });
        let resolvers: MakeResolver = {
            let group = Arc::clone(&group);
            Arc::new(move || group.finder(Role::Primary))
        };
        let reserve = Reserve::of(&config);
        let primary = Endpoint::resolved(config, reserve, sink, make_sink, Some(resolvers));
        if let Some(preferred) = preferred {
            preferred.attach(&primary);
        }
        group.attach(Lanes {
            primary: Arc::downgrade(primary.shared()),
            replica: replica.as_ref().map(Arc::downgrade),
            watch: Arc::downgrade(&watch),
        });
        Ok(Arc::new(Self {
            primary,
            replica,
            read_from,
            splitter,
            group,
            _watch: watch,
        }))
    }

    /// The connections to the primary.
    #[must_use]
    pub fn primary(&self) -> &Arc<Endpoint> {
        &self.primary
    }

    /// The lane that serves what only reads.
    fn reader(&self) -> Option<&Lane> {
        let replica = self.replica.as_deref()?;
        if self.primary.shared().has_ended() {
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

fn replica_config(mut config: Config, read_from: ReadFrom) -> Config {
    // What is read here is in nobody's cache.
    config.options.tracking = None;
    if read_from == ReadFrom::PreferReplica {
        config.options.max_retries = config.options.max_retries.min(TRIES);
    }
    config
}

fn submit(lane: &dyn Link, part: &Part, delivery: Delivery) {
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
        submit(&*self.primary, &split.primary, delivery);
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

    fn cancel(&self, id: u32) -> bool {
        self.primary.cancel(id)
    }

    fn config(&self) -> &Config {
        self.primary.config()
    }

    fn target(&self) -> Target {
        let mut target = self.primary.config().target.clone();
        let resolver = self.primary.shared().resolver();
        if let Some(aim) = resolver.and_then(|resolver| resolver.aim()) {
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
