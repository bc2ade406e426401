//! Finds a server of a group for a lane: runs a [`Discovery`] over sockets.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::answer::Answer;
use super::ask::ask;
use super::discovery::{Discovery, Source, Step};
use super::group::Group;
use crate::error::Result;
use crate::redis::callers::lock;
use crate::redis::config::Address;
use crate::redis::driver::End;
use crate::redis::lane::Lane;
use crate::redis::lifecycle;
use crate::redis::resolve::{Found, Resolve, Search};
use crate::redis::role::Role;

/// A sentinel that takes longer than this gets company.
const SLOW: Duration = Duration::from_millis(250);

/// Finds the server of one lane.
pub(super) struct Finder {
    group: Arc<Group>,
    role: Role,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    lane: Weak<Lane>,
    aim: Option<Address>,
    announced: Option<Address>,
    /// Counts searches, so that each replica has its turn.
    turn: usize,
}

impl Finder {
    pub(super) fn new(group: Arc<Group>, role: Role) -> Arc<Self> {
        Arc::new(Self {
            group,
            role,
            state: Mutex::default(),
        })
    }

    /// This server is the primary now: the next one to try for it, and none for a replica. The
    /// lane leaves where it does not belong any more.
    pub(super) fn announced(&self, primary: &Address) {
        let lane = {
            let mut state = lock(&self.state);
            let is_there = state.aim.as_ref().map(|aim| aim == primary);
            let leaves = match self.role {
                Role::Primary => {
                    if is_there != Some(true) {
                        state.announced = Some(primary.clone());
                    }
                    is_there == Some(false)
                }
                Role::Replica => is_there == Some(true),
            };
            state.lane.upgrade().filter(|_| leaves)
        };
        if let Some(lane) = lane {
            lane.leave(End::Moved(lifecycle::moved(primary)));
        }
    }
}

impl Resolve for Finder {
    fn search(self: Arc<Self>) -> Box<dyn Search> {
        self.group.watch();
        let turn = {
            let mut state = lock(&self.state);
            state.aim = None;
            state.turn = state.turn.wrapping_add(1);
            state.turn
        };
        let group = &self.group;
        Box::new(Hunt {
            discovery: Discovery::new(&group.options.name, self.role, group.sentinels()),
            asking: JoinSet::new(),
            trying: false,
            turn,
            finder: self,
        })
    }

    fn attach(&self, lane: &Arc<Lane>) {
        lock(&self.state).lane = Arc::downgrade(lane);
    }

    fn aim(&self) -> Option<Address> {
        lock(&self.state).aim.clone()
    }

    fn role(&self) -> Option<Role> {
        Some(self.role)
    }
}

struct Hunt {
    finder: Arc<Finder>,
    discovery: Discovery,
    asking: JoinSet<(Address, Result<Answer>)>,
    /// A server is being tried.
    trying: bool,
    turn: usize,
}

impl Search for Hunt {
    fn next(&mut self) -> Found<'_> {
        Box::pin(async {
            let mut hurry = false;
            loop {
                if let Some(announced) = lock(&self.finder.state).announced.take() {
                    self.discovery.announced(announced);
                }
                match self.discovery.step(hurry) {
                    Step::Ask(sentinel) => {
                        let group = Arc::clone(&self.finder.group);
                        self.asking.spawn(async move {
                            let answer = ask(&group, &sentinel).await;
                            (sentinel, answer)
                        });
                        hurry = false;
                    }
                    Step::Try(server) => {
                        lock(&self.finder.state).aim = Some(server.clone());
                        self.trying = true;
                        return Ok(server);
                    }
                    Step::Wait => tokio::select! {
                        Some(Ok((sentinel, answer))) = self.asking.join_next() => {
                            self.heard(sentinel, answer);
                        }
                        () = sleep(SLOW) => hurry = true,
                    },
                    Step::Exhausted { error, passing } => {
                        return Err(if passing {
                            End::Lost(error)
                        } else {
                            End::Fatal(error)
                        });
                    }
                }
            }
        })
    }

    fn rejected(&mut self, why: End) {
        self.refuse();
        match why {
            End::Lost(error) | End::Moved(error) => self.discovery.rejected(error, true),
            End::Fatal(error) => self.discovery.rejected(error, false),
            End::Superseded => {}
        }
    }

    fn accepted(&mut self) {
        self.trying = false;
        lock(&self.finder.state).announced = None;
        if let Some(candidate) = self.discovery.trying()
            && let Source::Sentinel(sentinel) = &candidate.source
        {
            self.finder.group.trust(sentinel, candidate.epoch);
        }
    }
}

impl Hunt {
    fn heard(&mut self, sentinel: Address, answer: Result<Answer>) {
        let group = &self.finder.group;
        match answer {
            Ok(mut answer) => {
                let options = &group.options;
                let map = |told: Vec<Address>| -> Vec<Address> {
                    told.into_iter().map(|told| options.mapped(told)).collect()
                };
                answer.primary = answer.primary.map(|told| options.mapped(told));
                answer.sentinels = map(answer.sentinels);
                answer.replicas = map(answer.replicas);
                let count = answer.replicas.len().max(1);
                answer.replicas.rotate_left(self.turn % count);
                group.learn(&answer.sentinels);
                self.discovery.answered(&sentinel, answer);
            }
            Err(error) => {
                group.suspect(&sentinel);
                self.discovery.failed(sentinel, error);
            }
        }
    }

    /// The server that is tried is of no use: whoever told of it comes last from now on.
    fn refuse(&mut self) {
        if !std::mem::take(&mut self.trying) || self.finder.role != Role::Primary {
            return;
        }
        let group = &self.finder.group;
        match self.discovery.trying().map(|candidate| &candidate.source) {
            Some(Source::Sentinel(sentinel)) => group.suspect(sentinel),
            Some(Source::Announced) => group.distrust(),
            None => {}
        }
    }
}

impl Drop for Hunt {
    fn drop(&mut self) {
        // The time of the attempt may be up.
        self.refuse();
    }
}
