//! What the connections to one group of servers share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use super::answer::Announcement;
use super::finder::Finder;
use super::options::SentinelOptions;
use super::roster::Roster;
use crate::redis::callers::lock;
use crate::redis::config::{Address, Config};
use crate::redis::driver::End;
use crate::redis::lane::Lane;
use crate::redis::lifecycle;

/// A group of servers with its sentinels, and the connections to it.
pub(super) struct Group {
    pub(super) options: SentinelOptions,
    /// How to connect to a sentinel.
    pub(super) sentinel: Config,
    roster: Mutex<Roster>,
    /// Of the newest answer that was true.
    epoch: AtomicU64,
    lanes: OnceLock<Lanes>,
}

/// The connections to a group.
pub(super) struct Lanes {
    pub(super) primary: Member,
    pub(super) replica: Option<Member>,
    pub(super) watch: Weak<Lane>,
}

/// A connection to one server of a group.
pub(super) struct Member {
    pub(super) lane: Weak<Lane>,
    pub(super) finder: Weak<Finder>,
}

impl Group {
    pub(super) fn new(options: SentinelOptions, sentinel: Config) -> Arc<Self> {
        Arc::new(Self {
            roster: Mutex::new(Roster::new(&options.sentinels)),
            options,
            sentinel,
            epoch: AtomicU64::new(0),
            lanes: OnceLock::new(),
        })
    }

    /// Tells what serves the group, once.
    pub(super) fn attach(&self, lanes: Lanes) {
        // A link attaches what it has made.
        let _ = self.lanes.set(lanes);
    }

    /// The sentinels in the order in which they are asked.
    pub(super) fn sentinels(&self) -> Vec<Address> {
        lock(&self.roster).order()
    }

    pub(super) fn learn(&self, sentinels: &[Address]) {
        lock(&self.roster).learn(sentinels);
    }

    pub(super) fn trust(&self, sentinel: &Address, epoch: u64) {
        lock(&self.roster).trust(sentinel);
        self.epoch.fetch_max(epoch, Ordering::Relaxed);
    }

    pub(super) fn suspect(&self, sentinel: &Address) {
        lock(&self.roster).suspect(sentinel);
    }

    /// Listens for announcements from now on, if not yet.
    pub(super) fn watch(&self) {
        let (Some(lanes), Some(watch)) = (self.lanes.get(), self.watch_lane()) else {
            return;
        };
        watch.begin();
        // Whoever closed the primary's lane just now may have closed this one before it began.
        let primary = lanes.primary.lane.upgrade();
        if primary.is_none_or(|primary| primary.has_ended()) {
            watch.close();
        }
    }

    /// The connection to the primary has ended: closes the others.
    pub(super) fn rest(&self) {
        if let Some(watch) = self.watch_lane() {
            watch.close();
        }
        if let Some(replica) = self.lanes.get().and_then(|lanes| lanes.replica.as_ref())
            && let Some(lane) = replica.lane.upgrade()
        {
            lane.close();
        }
    }

    /// What was announced is not true: listens to another sentinel.
    pub(super) fn distrust(&self) {
        if let Some(watch) = self.watch_lane() {
            watch.leave(End::Lost(lifecycle::closed()));
        }
    }

    fn watch_lane(&self) -> Option<Arc<Lane>> {
        self.lanes.get()?.watch.upgrade()
    }

    /// A sentinel says where the primary is: whoever is elsewhere leaves at once.
    pub(super) fn announced(&self, announcement: Announcement) {
        let Some(lanes) = self.lanes.get() else {
            return;
        };
        // Sentinels learn of a change one after the other: only a newer answer counts.
        if let Some(epoch) = announcement.epoch
            && self.epoch.fetch_max(epoch, Ordering::Relaxed) >= epoch
        {
            return;
        }
        let primary = self.options.mapped(announcement.primary);
        if let Some(finder) = lanes.primary.finder.upgrade() {
            finder.announced(&primary);
            if finder.is_aimed_elsewhere(&primary) {
                lanes.primary.leave(&primary);
            }
        }
        let replica = lanes.replica.as_ref();
        if let Some((replica, finder)) =
            replica.zip(replica.and_then(|replica| replica.finder.upgrade()))
            && !finder.is_aimed_elsewhere(&primary)
        {
            replica.leave(&primary);
        }
    }
}

impl Member {
    fn leave(&self, primary: &Address) {
        if let Some(lane) = self.lane.upgrade() {
            lane.leave(End::Moved(lifecycle::moved(primary)));
        }
    }
}
