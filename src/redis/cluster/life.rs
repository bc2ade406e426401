//! Connecting, as a lane does.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};

use super::map::SlotMap;
use super::{Cluster, keeper};
use crate::error::Result;
use crate::net::runtime;
use crate::redis::callers::lock;
use crate::redis::config::Config;
use crate::redis::inflight::Entry;
use crate::redis::lane::{Delivery, Event};
use crate::redis::lifecycle;
use crate::redis::meta::Meta;
use crate::redis::outbox::Backlog;
use crate::redis::resp::encode::length;
use crate::redis::state::{Facts, Phase, State};

/// What a cluster is in the course of doing.
pub(super) struct Life {
    pub(super) phase: Phase,
    /// Counts lives: what belongs to an earlier one must not touch anything.
    pub(super) epoch: u64,
    /// Wakes the keeper of this life.
    pub(super) wake: Arc<Notify>,
    /// The nodes are known, and their users were told.
    pub(super) found: bool,
    /// The HELLO reply of a node.
    pub(super) greeting: Option<Bytes>,
    /// Ids of `connect` calls that wait.
    pub(super) callers: Vec<u32>,
    /// Others that wait for the first map.
    pub(super) lookers: Vec<oneshot::Sender<Result<()>>>,
    /// Commands that wait for the first map.
    pub(super) early: Vec<(Bytes, Vec<Entry>)>,
    pub(super) finalized: bool,
}

impl Default for Life {
    fn default() -> Self {
        Self {
            phase: Phase::Idle,
            epoch: 0,
            wake: Arc::default(),
            found: false,
            greeting: None,
            callers: Vec::new(),
            lookers: Vec::new(),
            early: Vec::new(),
            finalized: false,
        }
    }
}

/// Where the commands are that block; inside of a transaction none does.
fn blockers(entries: &[Entry]) -> impl Iterator<Item = usize> {
    let mut open = false;
    let blocks = entries.iter().map(move |entry| {
        let blocks = !open && entry.meta.holds();
        open = entry.meta.transaction(open);
        blocks
    });
    blocks
        .enumerate()
        .filter_map(|(at, blocks)| blocks.then_some(at))
}

impl Life {
    pub(super) fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Connecting | Phase::Ready)
    }

    pub(super) fn state(&self, first: &Config) -> State {
        let facts = Facts {
            phase: self.phase,
            greeted: self.found,
            lost: false,
            finalized: self.finalized,
        };
        facts.state(first)
    }

    /// Takes a command that blocks out of those that wait for the first map. Returns whether it was
    /// there.
    pub(super) fn withdraw(&mut self, id: u32) -> bool {
        self.early.iter_mut().any(|(bytes, entries)| {
            let Some(at) = blockers(entries).find(|at| entries[*at].id == id) else {
                return false;
            };
            let start = length(bytes, at);
            let end = length(bytes, at + 1);
            *bytes = [&bytes[..start], &bytes[end..]].concat().into();
            entries.remove(at);
            true
        })
    }

    pub(super) fn backlog(&self) -> Backlog {
        Backlog {
            bytes: self.early.iter().map(|(bytes, _)| bytes.len()).sum(),
            commands: self.early.iter().map(|(_, entries)| entries.len()).sum(),
        }
    }
}

impl Cluster {
    /// Connects, reviving a closed or failed cluster; `id` is answered with a node's HELLO reply.
    pub fn connect(self: &Arc<Self>, id: u32) {
        let mut life = lock(&self.life);
        if life.phase == Phase::Ready
            && let Some(greeting) = life.greeting.clone()
        {
            drop(life);
            self.greet(&greeting, &[id]);
            return;
        }
        life.callers.push(id);
        if life.phase.has_ended() {
            life.phase = Phase::Idle;
        }
        life.wake.notify_one();
        self.start(&mut life);
    }

    /// Takes commands while there is no map. Returns whether they were dealt with; if not, there is
    /// a map now.
    pub(super) fn wait_for_map(
        self: &Arc<Self>,
        pieces: &[&[u8]],
        entries: &[Entry],
        delivery: Delivery,
    ) -> bool {
        let mut life = lock(&self.life);
        let refusal = match life.phase {
            Phase::Ready => return false,
            Phase::Closed | Phase::Failed => Some(lifecycle::failed()),
            Phase::Idle | Phase::Connecting
                if !life.found && !self.config.options.enable_offline_queue =>
            {
                Some(lifecycle::offline())
            }
            Phase::Idle | Phase::Connecting => {
                life.early.push((pieces.concat().into(), entries.to_vec()));
                None
            }
        };
        if delivery != Delivery::Held && !life.phase.has_ended() {
            self.start(&mut life);
        }
        drop(life);
        if let Some(error) = refusal {
            let ids = entries.iter().map(|entry| entry.id).collect();
            self.sink.failed(ids, &error);
        }
        true
    }

    /// Waits until the nodes are known, connecting first where needed.
    pub(super) async fn known(self: &Arc<Self>) -> Result<()> {
        let looker = {
            let mut life = lock(&self.life);
            match life.phase {
                Phase::Ready => return Ok(()),
                Phase::Closed | Phase::Failed => return Err(lifecycle::failed()),
                Phase::Idle | Phase::Connecting
                    if !life.found && !self.config.options.enable_offline_queue =>
                {
                    return Err(lifecycle::offline());
                }
                Phase::Idle | Phase::Connecting => {}
            }
            let (sender, receiver) = oneshot::channel();
            life.lookers.push(sender);
            self.start(&mut life);
            receiver
        };
        looker.await.unwrap_or_else(|_| Err(lifecycle::closed()))
    }

    fn start(self: &Arc<Self>, life: &mut Life) {
        if life.phase == Phase::Idle {
            life.phase = Phase::Connecting;
            life.epoch += 1;
            life.wake = Arc::default();
            self.publish(life);
            let keeper = keeper::run(Arc::downgrade(self), life.epoch, Arc::clone(&life.wake));
            runtime::current().spawn(keeper);
        }
    }

    /// Whether the nodes of this life are known.
    pub(super) fn is_ready(&self, epoch: u64) -> bool {
        let life = lock(&self.life);
        life.epoch == epoch && life.phase == Phase::Ready
    }

    pub(super) fn is_current(&self, epoch: u64) -> bool {
        lock(&self.life).epoch == epoch
    }

    /// Rings for the keeper.
    pub(super) fn wake(&self) {
        lock(&self.life).wake.notify_one();
    }

    /// Asks for a look at the nodes soon.
    pub(super) fn want_refresh(&self) {
        if !self.stale.swap(true, Ordering::Relaxed) {
            self.wake();
        }
    }

    /// A node has accepted the login.
    pub(super) fn greeted(&self, greeting: &Bytes) {
        let mut life = lock(&self.life);
        if life.is_active() {
            life.greeting.get_or_insert_with(|| greeting.clone());
        }
    }

    /// The first map of a life is there: sends what waited for it.
    pub(super) fn ready(self: &Arc<Self>, epoch: u64, map: &Arc<SlotMap>) {
        loop {
            let mut life = lock(&self.life);
            if life.epoch != epoch {
                return;
            }
            let greeting = life.greeting.clone().unwrap_or_default();
            if !life.found {
                // Before the first reply.
                life.found = true;
                self.publish(&life);
                drop(life);
                self.sink.event(Event::Connected(greeting));
                continue;
            }
            let early = std::mem::take(&mut life.early);
            if early.is_empty() {
                self.replace_map(Some(Arc::clone(map)));
                life.phase = Phase::Ready;
                let callers = std::mem::take(&mut life.callers);
                let lookers = std::mem::take(&mut life.lookers);
                self.publish(&life);
                drop(life);
                self.greet(&greeting, &callers);
                tell_all(lookers, &Ok(()));
                return;
            }
            // They are looked for here no more.
            for (_, entries) in &early {
                blockers(entries).for_each(|at| self.track(Some(entries[at].id)));
            }
            drop(life);
            // What is submitted meanwhile waits behind these.
            for (commands, entries) in early {
                self.submit_by(map, &commands, &entries, Delivery::Gathered);
            }
        }
    }

    fn greet(&self, greeting: &Bytes, callers: &[u32]) {
        for &id in callers {
            let meta = Meta::default();
            self.answer((Entry { id, meta }, Ok(greeting.clone())));
        }
    }

    pub(super) fn publish(&self, life: &Life) {
        self.state.send_replace(life.state(&self.first));
    }
}

pub(super) fn tell_all(lookers: Vec<oneshot::Sender<Result<()>>>, outcome: &Result<()>) {
    for looker in lookers {
        // He may have given up.
        let _ = looker.send(outcome.clone());
    }
}
