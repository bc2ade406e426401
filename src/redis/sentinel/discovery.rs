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
mod tests {
    use super::*;

    fn at(port: u16) -> Address {
        Address::Host {
            host: "h".into(),
            port,
        }
    }

    fn search(sentinels: &[u16]) -> Discovery {
        let sentinels = sentinels.iter().copied().map(at).collect();
        Discovery::new("m", Role::Primary, sentinels)
    }

    fn says(primary: u16) -> Answer {
        Answer {
            primary: Some(at(primary)),
            ..Answer::default()
        }
    }

    fn down() -> Error {
        Error::new(ErrorKind::Connection, "ConnectionRefused", "refused")
    }

    /// The steps as words.
    fn step(search: &mut Discovery, hurry: bool) -> String {
        match search.step(hurry) {
            Step::Ask(sentinel) => format!("ask {sentinel}"),
            Step::Try(server) => format!("try {server}"),
            Step::Wait => "wait".into(),
            Step::Exhausted { error, passing } => format!("{} {passing}", error.code()),
        }
    }

    #[test]
    fn the_first_answer_is_tried() {
        let mut search = search(&[1, 2]);
        assert_eq!(step(&mut search, false), "ask h:1");
        assert_eq!(step(&mut search, false), "wait");
        search.answered(&at(1), says(7));
        assert_eq!(step(&mut search, false), "try h:7");
        assert_eq!(search.trying().unwrap().source, Source::Sentinel(at(1)));
    }

    #[test]
    fn a_slow_sentinel_gets_company_up_to_a_limit() {
        let mut search = search(&[1, 2, 3, 4]);
        for expected in ["ask h:1", "ask h:2", "ask h:3", "wait"] {
            assert_eq!(step(&mut search, true), expected);
        }
        search.failed(at(2), down());
        assert_eq!(step(&mut search, true), "ask h:4");
        search.answered(&at(4), says(7));
        assert_eq!(step(&mut search, true), "try h:7");
    }

    #[test]
    fn a_rejected_server_is_not_tried_again_and_another_word_is() {
        let mut search = search(&[1, 2, 3]);
        step(&mut search, false);
        search.answered(&at(1), says(7));
        step(&mut search, false);
        search.rejected(down(), true);
        assert_eq!(step(&mut search, false), "ask h:2");
        search.answered(&at(2), says(7));
        assert_eq!(step(&mut search, false), "ask h:3");
        search.answered(&at(3), says(8));
        assert_eq!(step(&mut search, false), "try h:8");
        search.rejected(down(), false);
        assert_eq!(step(&mut search, false), "ConnectionRefused false");
    }

    #[test]
    fn what_was_announced_is_tried_before_anyone_is_asked() {
        let mut search = search(&[1]);
        search.announced(at(9));
        assert_eq!(step(&mut search, false), "try h:9");
        assert_eq!(search.trying().unwrap().source, Source::Announced);
        search.rejected(down(), true);
        assert_eq!(step(&mut search, false), "ask h:1");
    }

    #[test]
    fn unknown_is_not_unreachable() {
        let mut unknown = search(&[1, 2]);
        step(&mut unknown, false);
        unknown.answered(&at(1), Answer::default());
        step(&mut unknown, false);
        unknown.answered(&at(2), Answer::default());
        assert_eq!(
            step(&mut unknown, false),
            "ERR_REDIS_SENTINEL_UNKNOWN_NAME false"
        );

        let mut partly = search(&[1, 2]);
        step(&mut partly, false);
        partly.failed(at(1), down());
        step(&mut partly, false);
        partly.answered(&at(2), Answer::default());
        assert_eq!(
            step(&mut partly, false),
            "ERR_REDIS_SENTINEL_UNKNOWN_NAME true"
        );

        let mut unreachable = search(&[1]);
        step(&mut unreachable, false);
        unreachable.failed(at(1), down());
        assert_eq!(
            step(&mut unreachable, false),
            "ERR_REDIS_SENTINEL_UNREACHABLE true"
        );
    }

    #[test]
    fn a_login_that_all_refuse_is_the_reason() {
        let mut search = search(&[1]);
        step(&mut search, false);
        let refused = Error::new(
            ErrorKind::Credentials,
            "ERR_REDIS_AUTHENTICATION_FAILED",
            "no",
        );
        search.failed(at(1), refused);
        assert_eq!(
            step(&mut search, false),
            "ERR_REDIS_AUTHENTICATION_FAILED false"
        );
    }

    #[test]
    fn sentinels_that_are_told_are_asked_too_and_none_twice() {
        let mut search = search(&[1]);
        step(&mut search, false);
        search.answered(
            &at(1),
            Answer {
                sentinels: vec![at(1), at(2)],
                ..Answer::default()
            },
        );
        assert_eq!(step(&mut search, false), "ask h:2");
        let liar = Answer {
            sentinels: (100..300).map(at).collect(),
            ..Answer::default()
        };
        search.answered(&at(2), liar);
        let mut asked = 2;
        while let Step::Ask(sentinel) = search.step(false) {
            asked += 1;
            search.failed(sentinel, down());
        }
        assert_eq!(asked, MOST_ASKED);
    }

    #[test]
    fn replicas_are_tried_in_turn() {
        let mut search = Discovery::new("m", Role::Replica, vec![at(1), at(2)]);
        step(&mut search, false);
        search.answered(
            &at(1),
            Answer {
                replicas: vec![at(8), at(9)],
                ..says(7)
            },
        );
        assert_eq!(step(&mut search, false), "try h:8");
        assert_eq!(step(&mut search, false), "try h:9");
        step(&mut search, false);
        search.answered(&at(2), says(7));
        assert_eq!(
            step(&mut search, false),
            "ERR_REDIS_SENTINEL_NO_REPLICA true"
        );
    }
}
