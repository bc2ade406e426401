//! One search for a server: which sentinel to ask next, and which server to try. Pure.

use std::collections::VecDeque;

use super::answer::{Answer, listed};
use crate::error::{Error, ErrorKind};
use crate::redis::config::Address;
use crate::redis::role::Role;

/// So many sentinels are asked at the same time at most.
const TOGETHER: usize = 3;
/// So many sentinels are asked in one search at most.
const MOST_ASKED: usize = 64;

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Ask this sentinel.
    Ask(Address),
    /// Connect to this server.
    Try(Address),
    /// A sentinel is being asked: wait for its answer, or hurry.
    Wait,
    /// Nothing is left to do.
    Exhausted {
        /// Why nothing was found.
        error: Error,
        /// Whether it may be found later.
        passing: bool,
    },
}

/// A search for one server of a group.
#[derive(Debug)]
pub struct Discovery {
    name: String,
    role: Role,
    waiting: VecDeque<Address>,
    asked: Vec<Address>,
    asking: usize,
    candidates: VecDeque<Candidate>,
    tried: Vec<Candidate>,
    /// Sentinels that do not know the group.
    strangers: usize,
    /// Sentinels that know the group, but nothing to try.
    empty: usize,
    failures: Vec<(Address, Error)>,
    rejection: Option<(Error, bool)>,
}

/// A server to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where it is.
    pub server: Address,
    /// Who told so.
    pub source: Source,
    /// The epoch of the answer.
    pub epoch: u64,
}

/// Who told of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// This sentinel, when asked.
    Sentinel(Address),
    /// An announcement.
    Announced,
}

impl Discovery {
    /// A search for a server of this `role` in the group `name`. The sentinels are asked in their
    /// order.
    #[must_use]
    pub fn new(name: &str, role: Role, sentinels: Vec<Address>) -> Self {
        Self {
            name: name.to_owned(),
            role,
            waiting: sentinels.into(),
            asked: Vec::new(),
            asking: 0,
            candidates: VecDeque::new(),
            tried: Vec::new(),
            strangers: 0,
            empty: 0,
            failures: Vec::new(),
            rejection: None,
        }
    }

    /// What to do next. `hurry` when those that are asked take long: then another one is asked
    /// besides.
    pub fn step(&mut self, hurry: bool) -> Step {
        if let Some(candidate) = self.candidates.pop_front() {
            let server = candidate.server.clone();
            self.tried.push(candidate);
            return Step::Try(server);
        }
        let may_ask = self.asking == 0 || (hurry && self.asking < TOGETHER);
        while may_ask && self.asked.len() < MOST_ASKED {
            let Some(sentinel) = self.waiting.pop_front() else {
                break;
            };
            if self.asked.contains(&sentinel) {
                continue;
            }
            self.asked.push(sentinel.clone());
            self.asking += 1;
            return Step::Ask(sentinel);
        }
        if self.asking > 0 {
            return Step::Wait;
        }
        self.exhausted()
    }

    /// This server was announced: it is tried before all others.
    pub fn announced(&mut self, server: Address) {
        self.candidates.push_front(Candidate {
            server,
            source: Source::Announced,
            epoch: 0,
        });
    }

    /// A sentinel has answered; addresses are those to connect to.
    pub fn answered(&mut self, sentinel: &Address, answer: Answer) {
        self.asking -= 1;
        self.waiting.extend(answer.sentinels);
        let Some(primary) = answer.primary else {
            self.strangers += 1;
            return;
        };
        let servers = match self.role {
            Role::Primary => vec![primary],
            Role::Replica => answer.replicas,
        };
        if servers.is_empty() {
            self.empty += 1;
        }
        for server in servers {
            let known = |candidate: &Candidate| candidate.server == server;
            if !self.tried.iter().chain(&self.candidates).any(known) {
                self.candidates.push_back(Candidate {
                    server,
                    source: Source::Sentinel(sentinel.clone()),
                    epoch: answer.epoch,
                });
            }
        }
    }

    /// A sentinel could not be asked.
    pub fn failed(&mut self, sentinel: Address, error: Error) {
        self.asking -= 1;
        self.failures.push((sentinel, error));
    }

    /// The server that was tried last is of no use; `passing` if it may be later.
    pub fn rejected(&mut self, error: Error, passing: bool) {
        self.rejection = Some((error, passing));
    }

    /// The server that was tried last.
    #[must_use]
    pub fn trying(&self) -> Option<&Candidate> {
        self.tried.last()
    }

    fn exhausted(&mut self) -> Step {
        if let Some((error, passing)) = self.rejection.clone() {
            return Step::Exhausted { error, passing };
        }
        let final_word = |error: &Error| {
            matches!(
                error.kind(),
                ErrorKind::Credentials | ErrorKind::Tls | ErrorKind::InvalidInput
            )
        };
        let (code, message, passing) = if self.empty > 0 {
            (
                "ERR_REDIS_SENTINEL_NO_REPLICA",
                format!(
                    "The sentinels know no {} of \"{}\" that is up",
                    self.role, self.name
                ),
                true,
            )
        } else if self.strangers > 0 {
            (
                "ERR_REDIS_SENTINEL_UNKNOWN_NAME",
                format!(
                    "No sentinel knows \"{}\": asked were {}",
                    self.name,
                    listed(&self.asked)
                ),
                // Those that were not reached may know it.
                !self.failures.is_empty(),
            )
        } else if let [(_, first), ..] = self.failures.as_slice()
            && self.failures.iter().all(|(_, error)| final_word(error))
        {
            return Step::Exhausted {
                error: first.clone(),
                passing: false,
            };
        } else {
            (
                "ERR_REDIS_SENTINEL_UNREACHABLE",
                format!(
                    "No sentinel could be asked: tried were {}",
                    listed(&self.asked)
                ),
                true,
            )
        };
        let mut error = Error::new(ErrorKind::Connection, code, message);
        if let Some((_, source)) = self.failures.pop() {
            error = error.with_source(source);
        }
        Step::Exhausted { error, passing }
    }
}

#[cfg(test)]
mod tests;
