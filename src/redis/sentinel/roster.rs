//! The sentinels that are known, in the order in which they are asked. Pure.

use crate::redis::config::Address;

/// More sentinels than this are not remembered.
const MOST: usize = 64;

/// Known sentinels: those whose word was true come first, those that failed come last.
#[derive(Debug, Clone)]
pub struct Roster {
    known: Vec<Address>,
    /// Of them, those that were given and not learnt: they are never forgotten.
    given: usize,
    seeds: Vec<Address>,
}

impl Roster {
    /// The sentinels that are given.
    #[must_use]
    pub fn new(seeds: &[Address]) -> Self {
        let mut known: Vec<Address> = Vec::new();
        for seed in seeds {
            if !known.contains(seed) {
                known.push(seed.clone());
            }
        }
        Self {
            given: known.len(),
            seeds: known.clone(),
            known,
        }
    }

    /// In the order in which they are asked.
    #[must_use]
    pub fn order(&self) -> Vec<Address> {
        self.known.clone()
    }

    /// Sentinels that another one told. When there are too many, those that were learnt and come
    /// last make room.
    pub fn learn(&mut self, told: &[Address]) {
        for sentinel in told {
            if self.known.contains(sentinel) {
                continue;
            }
            if self.known.len() >= MOST.max(self.given + 1) {
                let learnt = |known: &Address| !self.seeds.contains(known);
                let Some(last) = self.known.iter().rposition(learnt) else {
                    return;
                };
                self.known.remove(last);
            }
            self.known.push(sentinel.clone());
        }
    }

    /// What this one said was true.
    pub fn trust(&mut self, sentinel: &Address) {
        self.put(sentinel, 0);
    }

    /// This one did not answer, or what it said was not true.
    pub fn suspect(&mut self, sentinel: &Address) {
        self.put(sentinel, self.known.len().saturating_sub(1));
    }

    fn put(&mut self, sentinel: &Address, place: usize) {
        if let Some(at) = self.known.iter().position(|known| known == sentinel) {
            let known = self.known.remove(at);
            self.known.insert(place, known);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> Address {
        Address::Host {
            host: "s".into(),
            port,
        }
    }

    fn ports(roster: &Roster) -> Vec<u16> {
        let port = |address: Address| match address {
            Address::Host { port, .. } => port,
            Address::Unix(_) => unreachable!("no sentinel listens there"),
        };
        roster.order().into_iter().map(port).collect()
    }

    #[test]
    fn true_words_lead_and_failures_end() {
        let mut roster = Roster::new(&[at(1), at(2), at(1), at(3)]);
        roster.trust(&at(3));
        assert_eq!(ports(&roster), [3, 1, 2]);
        roster.suspect(&at(3));
        assert_eq!(ports(&roster), [1, 2, 3]);
        roster.trust(&at(9));
        roster.learn(&[at(2), at(4)]);
        assert_eq!(ports(&roster), [1, 2, 3, 4]);
    }

    #[test]
    fn a_liar_cannot_drive_out_those_that_were_given() {
        let mut roster = Roster::new(&[at(1), at(2)]);
        for round in 0..10 {
            let told: Vec<_> = (0..100).map(|port| at(100 + round * 100 + port)).collect();
            roster.learn(&told);
        }
        assert_eq!(ports(&roster).len(), MOST);
        assert!(ports(&roster).starts_with(&[1, 2]));
        let many: Vec<_> = (1..=100).map(at).collect();
        let mut roster = Roster::new(&many);
        roster.learn(&[at(1000)]);
        roster.learn(&[at(1001)]);
        assert_eq!(ports(&roster).len(), 101);
    }
}
