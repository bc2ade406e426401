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
use crate::redis::role::Role;

/// A group of servers with its sentinels, and the connections to it.
pub(super) struct Group {
    pub(super) options: SentinelOptions,
    /// How to connect to a sentinel.
    pub(super) sentinel: Config,
    roster: Mutex<Roster>,
    /// Of the newest answer that was true.
    epoch: AtomicU64,
    /// Of all connections.
    finders: Mutex<Vec<Weak<Finder>>>,
    lanes: OnceLock<Lanes>,
}

/// The connections to a group that last as long as the link.
pub(super) struct Lanes {
    pub(super) primary: Weak<Lane>,
    pub(super) replica: Option<Weak<Lane>>,
    pub(super) watch: Weak<Lane>,
}

impl Group {
    pub(super) fn new(options: SentinelOptions, sentinel: Config) -> Arc<Self> {
        Arc::new(Self {
            roster: Mutex::new(Roster::new(&options.sentinels)),
            options,
            sentinel,
            epoch: AtomicU64::new(0),
            finders: Mutex::default(),
            lanes: OnceLock::new(),
        })
    }

    /// What finds the server of one more connection.
    pub(super) fn finder(self: &Arc<Self>, role: Role) -> Arc<Finder> {
        let finder = Finder::new(Arc::clone(self), role);
        let mut finders = lock(&self.finders);
        finders.retain(|finder| finder.strong_count() > 0);
        finders.push(Arc::downgrade(&finder));
        finder
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
        let primary = lanes.primary.upgrade();
        if primary.is_none_or(|primary| primary.has_ended()) {
            watch.close();
        }
    }

    /// The connection to the primary has ended: closes the others.
    pub(super) fn rest(&self) {
        if let Some(watch) = self.watch_lane() {
            watch.close();
        }
        let replica = self.lanes.get().and_then(|lanes| lanes.replica.as_ref());
        if let Some(replica) = replica.and_then(Weak::upgrade) {
            replica.close();
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
        // Sentinels learn of a change one after the other: only a newer answer counts.
        if let Some(epoch) = announcement.epoch
            && self.epoch.fetch_max(epoch, Ordering::Relaxed) >= epoch
        {
            return;
        }
        let primary = self.options.mapped(announcement.primary);
        let finders: Vec<_> = lock(&self.finders)
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        for finder in finders {
            finder.announced(&primary);
        }
    }
}
