//! The task of a connected cluster: sends what was to be sent later, and asks the nodes for changes.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::{sleep, sleep_until};

use super::answers::passes;
use super::gather::Gather;
use super::pending::Work;
use super::vigil::{ROUND, Vigil};
use super::{Cluster, chance, discovery};
use crate::net::runtime;
use crate::redis::callers::lock;
use crate::redis::lane::Delivery;
use crate::redis::lifecycle::{self, Attempts, Verdict};

/// How long more changes of the map may follow one.
const SOON: Duration = Duration::from_millis(20);

/// Runs the life `epoch` of a cluster until it ends.
pub(super) async fn run(cluster: Weak<Cluster>, epoch: u64, wake: Arc<Notify>) {
    let mut guard = Guard {
        cluster: Weak::clone(&cluster),
        epoch,
        wake: Arc::clone(&wake),
        finished: false,
    };
    keep(cluster, epoch, wake).await;
    guard.finished = true;
}

/// The end of the runtime that the keeper was started on is not the end of the cluster.
struct Guard {
    cluster: Weak<Cluster>,
    epoch: u64,
    wake: Arc<Notify>,
    finished: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let cluster = self.cluster.upgrade().filter(|_| !self.finished);
        let Some(cluster) = cluster.filter(|cluster| cluster.is_current(self.epoch)) else {
            return;
        };
        if std::thread::panicking() {
            cluster.fail(self.epoch, &lifecycle::closed());
            return;
        }
        let cluster = Weak::clone(&self.cluster);
        runtime::shared().spawn(run(cluster, self.epoch, Arc::clone(&self.wake)));
    }
}

async fn keep(cluster: Weak<Cluster>, epoch: u64, wake: Arc<Notify>) {
    let ready = |cluster: &Weak<Cluster>| cluster.upgrade().is_some_and(|one| one.is_ready(epoch));
    if !ready(&cluster) && !connect(&cluster, epoch, &wake).await {
        return;
    }
    let Some(mut changes) = cluster.upgrade().map(|cluster| cluster.changes.subscribe()) else {
        return;
    };
    let mut vigil = Vigil::default();
    let mut round = Instant::now();
    let mut looked = round;
    let mut period = cluster.upgrade().and_then(|cluster| cluster.period());
    loop {
        let next = {
            let Some(cluster) = cluster.upgrade().filter(|one| one.is_current(epoch)) else {
                return;
            };
            let now = Instant::now();
            if round <= now {
                cluster.go_round(&mut vigil, now);
                round = now + about(ROUND);
            }
            cluster.send_due();
            let regular = period.map(|period| looked + period);
            let stale = cluster.stale.load(Ordering::Relaxed);
            let wanted = stale.then(|| looked + vigil.pause(now));
            let due = regular.into_iter().chain(wanted).min();
            if due.is_some_and(|due| due <= now) && cluster.look() {
                looked = now;
                period = cluster.period();
            }
            let due = due.filter(|due| *due > now);
            let parked = lock(&cluster.parked).next();
            due.into_iter().chain(parked).fold(round, Instant::min)
        };
        tokio::select! {
            () = sleep_until(next.into()) => {}
            () = wake.notified() => {}
            // Who is silent may have been replaced. One round for many slots that move.
            _ = changes.changed() => round = round.min(Instant::now() + SOON),
        }
    }
}

/// Finds the nodes. Returns whether the cluster is connected.
async fn connect(cluster: &Weak<Cluster>, epoch: u64, wake: &Notify) -> bool {
    let mut attempts = Attempts::default();
    loop {
        let Some(strong) = cluster.upgrade().filter(|one| one.is_current(epoch)) else {
            return false;
        };
        let seeds = strong.seeds();
        let found = tokio::select! {
            found = discovery::discover(&strong, seeds) => found,
            () = superseded(&strong, epoch, wake) => return false,
        };
        let error = match found {
            Ok(topology) => {
                let map = strong.arrange(&topology);
                strong.ready(epoch, &map);
                strong.retire_strangers(&map);
                return true;
            }
            Err(error) => error,
        };
        let verdict = if passes(&error) {
            attempts.lost(&strong.config.options, &error)
        } else {
            Verdict::GiveUp(error)
        };
        match verdict {
            Verdict::GiveUp(error) => {
                strong.fail(epoch, &error);
                return false;
            }
            Verdict::RetryAfter(delay) => {
                drop(strong);
                tokio::select! {
                    () = sleep(lifecycle::jittered(delay, chance())) => {}
                    () = wake.notified() => {}
                }
            }
        }
    }
}

/// Three to five quarters of a time, as chance has it: clients of the same cluster do not all ask at once.
fn about(time: Duration) -> Duration {
    let half = u64::try_from(time.as_millis() / 2).unwrap_or(u64::MAX / 2);
    time * 3 / 4 + Duration::from_millis(chance() % (half + 1))
}

async fn superseded(cluster: &Cluster, epoch: u64, wake: &Notify) {
    while cluster.is_current(epoch) {
        wake.notified().await;
    }
}

/// One look at the nodes; it may be cut short.
struct Look {
    cluster: Arc<Cluster>,
    done: bool,
}

impl Look {
    async fn run(mut self) {
        let nodes = self.cluster.acquaintances();
        if let Ok(topology) = discovery::discover(&self.cluster, nodes).await {
            self.cluster.changed(&topology);
            self.done = true;
        }
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        if !self.done {
            self.cluster.stale.store(true, Ordering::Relaxed);
        }
        self.cluster.refreshing.store(false, Ordering::Relaxed);
    }
}

impl Cluster {
    /// The period of looking at the nodes, as chance has it this time.
    fn period(&self) -> Option<Duration> {
        let period = self.config.refresh_period;
        (!period.is_zero()).then(|| about(period))
    }

    /// Wants to know what the cluster looks like when nodes are lost or silent, and gives up those that are silent and have
    /// been replaced.
    fn go_round(&self, vigil: &mut Vigil, now: Instant) {
        let found = vigil.round(now, &self.every_node());
        if found.trouble {
            self.stale.store(true, Ordering::Relaxed);
        }
        let Some(map) = self.map() else { return };
        for node in found.silent.iter().filter(|node| !map.needs(node)) {
            node.give_up(&lifecycle::replaced());
        }
        let leaving = lock(&self.members).leaving.clone();
        for node in &leaving {
            // Only its other connections may wait for it, and of those silence is not seen.
            node.tell(&[b"PING"]);
        }
    }

    /// Sends what was parked and is due.
    fn send_due(self: &Arc<Self>) {
        let due = lock(&self.parked).due(Instant::now());
        self.send_all(due);
    }

    fn send_all(self: &Arc<Self>, works: Vec<Work>) {
        if works.is_empty() {
            return;
        }
        let mut gather = Gather::default();
        for work in works {
            match self.map() {
                Some(map) => self.dispatch(&mut gather, &map, work),
                None => self.fail_work(work, &lifecycle::closed()),
            }
        }
        gather.send(self, Delivery::Direct);
    }

    /// Asks the nodes for changes, unless that is being done. Returns whether it has begun.
    fn look(self: &Arc<Self>) -> bool {
        if self.refreshing.swap(true, Ordering::Relaxed) {
            return false;
        }
        self.stale.store(false, Ordering::Relaxed);
        let look = Look {
            cluster: Arc::clone(self),
            done: false,
        };
        runtime::current().spawn(look.run());
        true
    }

    /// Takes over a new view of the cluster.
    fn changed(self: &Arc<Self>, topology: &super::topology::Topology) {
        let Some(before) = self.map() else {
            return;
        };
        let map = self.arrange(topology);
        let same = map.agrees(&before);
        {
            let mut place = self
                .map
                .write()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            // Not when the cluster was closed meanwhile.
            if place.is_none() {
                return;
            }
            *place = Some(Arc::clone(&map));
        }
        self.changes.send_replace(());
        self.retire_strangers(&map);
        if !same {
            // What waits for a node to come back may have another one now.
            self.every_node().iter().for_each(|node| node.let_go());
            let parked = lock(&self.parked).all();
            self.send_all(parked);
        }
    }
}
