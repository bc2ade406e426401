//! What happens to spare connections, and what follows from it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::books::{Books, Later, Phase, Spare};
use super::hub::{Hub, tidy};
use super::spares::Spares;
use super::timers;
use super::work::{Task, Work, cannot_select, silent};
use crate::error::Error;
use crate::redis::lane::{Delivery, Event, Lane};
use crate::redis::lifecycle;
use crate::redis::meta::Meta;
use crate::redis::resp::decode::Value;

/// How long a server may take to answer a command whose own timeout has passed.
pub(super) const GRACE: Duration = Duration::from_secs(5);

impl Spares {
    /// Goes on with what a connection prepares for.
    pub(super) fn advance(&self, books: &mut Books, later: &mut Later, key: u64) {
        let Some(spare) = books.spares.get_mut(&key) else {
            return;
        };
        let Phase::Preparing { work, selecting } = &mut spare.phase else {
            return;
        };
        if !spare.connected {
            return;
        }
        if spare.lane.context().database != work.database {
            if !std::mem::replace(selecting, true) {
                select(&spare.lane, work.database);
                return;
            }
            let error = cannot_select(work.database);
            if let Phase::Preparing { work, .. } = std::mem::replace(&mut spare.phase, Phase::Idle)
            {
                self.refuse(later, work, error);
            }
            return self.give_back(books, later, key);
        }
        let Phase::Preparing { work, .. } = std::mem::replace(&mut spare.phase, Phase::Idle) else {
            return;
        };
        let ticket = work.ticket;
        match work.task {
            Task::Lease(waiter) => self.grant(books, later, key, waiter),
            Task::Reserve => self.give_back(books, later, key),
            Task::Command(blocked) => {
                let id = blocked.entry.id;
                spare.phase = Phase::Blocks { id, ticket };
                let sent =
                    spare
                        .lane
                        .try_submit(&[&blocked.bytes], &[blocked.entry], Delivery::Direct);
                if let Err(error) = sent {
                    let hub = Arc::clone(&self.hub);
                    later.push(Box::new(move || hub.failed(vec![id], &error)));
                } else if let Some(limit) = blocked.limit {
                    timers::expire_after(self, ticket, limit + GRACE);
                }
            }
        }
    }

    /// Everything that was sent on a connection has been answered.
    pub(super) fn quiet(&self, key: u64) {
        self.with(|books, later| {
            let Some(spare) = books.spares.get_mut(&key) else {
                return;
            };
            if spare.lane.load() > 0 {
                return;
            }
            match spare.phase {
                Phase::Preparing {
                    selecting: true, ..
                } => self.advance(books, later, key),
                Phase::Blocks { .. } | Phase::Returning => self.give_back(books, later, key),
                Phase::Idle => {
                    if let Some(work) = books.slots.offer(key) {
                        self.begin(books, later, key, work);
                    }
                }
                Phase::Leased | Phase::Preparing { .. } => {}
            }
        });
    }

    /// The state of a connection has changed.
    pub(super) fn happened(&self, key: u64, event: Event) {
        match event {
            Event::Connected(greeting) => self.with(|books, later| {
                if let Some(spare) = books.spares.get_mut(&key) {
                    spare.connected = true;
                    spare.client = client_of(&greeting);
                    self.advance(books, later, key);
                }
            }),
            // Before the first connection it goes on trying.
            Event::Reconnecting => self.with(|books, later| {
                if books.spares.get(&key).is_some_and(|spare| spare.connected) {
                    self.ended(books, later, key, &lifecycle::closed());
                }
            }),
            Event::Closed(error) => {
                self.with(|books, later| self.ended(books, later, key, &error));
            }
            // A single connection says so by other events.
            Event::SubscriptionsLost | Event::TrackingLost => {}
        }
    }

    /// A connection is gone: whatever it was doing has failed, unless it had not begun.
    fn ended(&self, books: &mut Books, later: &mut Later, key: u64, error: &Error) {
        let Some(mut spare) = self.lose(books, key) else {
            return;
        };
        if let Phase::Preparing { mut work, .. } = std::mem::replace(&mut spare.phase, Phase::Idle)
        {
            if spare.connected && work.again() {
                self.hold(books, later, work);
                let spares = self.this();
                later.push(Box::new(move || {
                    if let Some(spares) = spares.upgrade()
                        && spares.hub.is_greeted()
                    {
                        spares.resume();
                    }
                }));
            } else {
                self.refuse(later, work, error.clone());
            }
        }
        later.push(Box::new(spare.ending(error.clone())));
    }

    /// Gives up a command that blocks, or the wait for a connection. What has begun is ended on the
    /// server before anything that is sent afterwards, so that it takes nothing that comes later.
    pub(in crate::redis) fn cancel(&self, id: u32) -> bool {
        let error = lifecycle::closed();
        self.withdraw(
            &error,
            true,
            |work| work.id() == Some(id),
            |running, _| running == id,
        )
    }

    /// A wait was too long, or nobody waits any more.
    pub(in crate::redis) fn give_up_waiting(&self, ticket: u64, error: &Error) {
        self.withdraw(error, false, |work| work.ticket == ticket, |_, _| false);
    }

    /// A server should have answered long ago.
    pub(super) fn expire(&self, ticket: u64) {
        self.withdraw(
            &silent(GRACE),
            false,
            |_| false,
            |_, running| running == ticket,
        );
    }

    fn withdraw(
        &self,
        error: &Error,
        unblocks: bool,
        waits: impl Fn(&Work) -> bool,
        runs: impl Fn(u32, u64) -> bool,
    ) -> bool {
        self.with(|books, later| {
            let (mut out, stay): (Vec<_>, Vec<_>) = std::mem::take(&mut books.held)
                .into_iter()
                .partition(&waits);
            books.held = stay;
            out.extend(books.slots.withdraw(&waits));
            let running = books.spares.iter().find_map(|(key, spare)| {
                let meant = match &spare.phase {
                    Phase::Preparing { work, .. } => waits(work),
                    Phase::Blocks { id, ticket } => runs(*id, *ticket),
                    _ => false,
                };
                meant.then_some(*key)
            });
            let found = running.is_some() || !out.is_empty();
            if let Some(spare) = running.and_then(|key| self.lose(books, key)) {
                later.extend(self.break_off(spare, error, unblocks, &mut out));
            }
            for work in out {
                self.refuse(later, work, error.clone());
            }
            found
        })
    }

    /// Ends a connection and what it was doing.
    fn break_off(
        &self,
        mut spare: Spare,
        error: &Error,
        unblocks: bool,
        out: &mut Vec<Work>,
    ) -> Later {
        let mut later = Later::new();
        match std::mem::replace(&mut spare.phase, Phase::Idle) {
            Phase::Preparing { work, .. } => out.push(work),
            Phase::Blocks { .. } if unblocks => {
                if let Some(client) = spare.client {
                    let hub = Arc::clone(&self.hub);
                    later.push(Box::new(move || unblock(&*hub, client)));
                }
            }
            _ => {}
        }
        later.push(Box::new(spare.ending(error.clone())));
        later
    }

    /// Ends the wait of a leased connection on the server.
    pub(super) fn unblock(&self, key: u64) {
        let client = self.lock().spares.get(&key).and_then(|spare| spare.client);
        if let Some(client) = client {
            unblock(&*self.hub, client);
        }
    }

    /// A lease is over. A connection whose state is not known any more is closed.
    pub(super) fn release(&self, key: u64, spoilt: bool, watches: bool) {
        self.with(|books, later| {
            let Some(spare) = books.spares.get_mut(&key) else {
                return;
            };
            if !matches!(spare.phase, Phase::Leased) {
                return;
            }
            let context = spare.lane.context();
            if spoilt || context.holds || !spare.lane.is_greeted() {
                let error = lifecycle::closed();
                if let Some(spare) = self.lose(books, key) {
                    later.push(Box::new(spare.ending(error)));
                }
                return;
            }
            if context.in_transaction {
                tidy(&spare.lane, &[b"DISCARD"], Meta(Meta::PROBE | Meta::ENDS));
            } else if watches {
                tidy(&spare.lane, &[b"UNWATCH"], Meta(Meta::PROBE));
            }
            if spare.lane.load() == 0 {
                self.give_back(books, later, key);
            } else {
                spare.phase = Phase::Returning;
            }
        });
    }
}

fn select(lane: &Arc<Lane>, database: u32) {
    let number = database.to_string();
    let meta = Meta(Meta::PROBE).selecting(database);
    tidy(lane, &[b"SELECT", number.as_bytes()], meta);
}

/// Ends the wait of another connection, in the order of this one's commands. The other one is
/// closed as well, but the server may learn of that too late.
fn unblock(hub: &dyn Hub, client: i64) {
    let client = client.to_string();
    hub.tell(&[b"CLIENT", b"UNBLOCK", client.as_bytes()]);
}

/// The server's number for a connection, from its greeting.
pub(in crate::redis) fn client_of(greeting: &Bytes) -> Option<i64> {
    let Ok(Value::Map(pairs)) = Value::decode(greeting) else {
        return None;
    };
    pairs.into_iter().find_map(|(key, value)| match value {
        Value::Integer(number) if key.as_text() == Some("id") => Some(number),
        _ => None,
    })
}
