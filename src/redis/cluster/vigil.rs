//! Looking out for nodes that are lost or silent: their slots may have another node by now. Pure, but for the nodes that it
//! looks at.
//!
//! A process that is stopped, or behind a network that is gone, keeps its connections: without this, commands would wait
//! on them until the watchdog of a connection gives it up, long after others have taken over.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::node::Node;
use crate::redis::watchdog::{Oldest, Sight, Watchdog};

/// Between two rounds on average, and between two questions what the cluster looks like while something is wrong.
pub(super) const ROUND: Duration = Duration::from_millis(500);
/// A reply that is owed for so long makes a node suspect. Shorter than any round.
const SUSPICIOUS: Duration = Duration::from_millis(350);
/// A node that others have replaced is given up after so long.
const SILENT: Duration = Duration::from_millis(700);
/// When something is wrong for long, it is not asked more often than this.
const RARELY: Duration = Duration::from_secs(5);
/// A time of trouble is divided by this for the pause between two questions: a cluster that takes half a minute to
/// choose a new primary is still asked twice a second.
const SHARE: u32 = 64;

/// How long nodes have been lost or silent.
#[derive(Default)]
pub(super) struct Vigil {
    watched: HashMap<u32, Watchdog>,
    trouble: Option<Instant>,
}

/// What a round has found.
#[derive(Default)]
pub(super) struct Found {
    /// The cluster should be asked what it looks like.
    pub(super) trouble: bool,
    /// Nodes that owe replies and are not heard.
    pub(super) silent: Vec<Arc<Node>>,
}

impl Vigil {
    /// Goes round all nodes.
    pub(super) fn round(&mut self, now: Instant, nodes: &[Arc<Node>]) -> Found {
        let numbers = nodes.iter().map(|node| node.number);
        let numbers: std::collections::HashSet<u32> = numbers.collect();
        self.watched.retain(|number, _| numbers.contains(number));
        let mut found = Found::default();
        for node in nodes {
            let silence = self.silence(node.number, now, node.sight());
            node.set_silent(silence >= SUSPICIOUS);
            found.trouble |= node.is_doubtful();
            if silence >= SILENT {
                found.silent.push(Arc::clone(node));
            }
        }
        self.trouble = found.trouble.then(|| self.trouble.unwrap_or(now));
        found
    }

    /// How long the node has owed a reply, as rounds have seen it.
    fn silence(&mut self, number: u32, now: Instant, sight: Option<Sight>) -> Duration {
        let patient = Sight {
            heard: now,
            oldest: Oldest::Patient,
        };
        let watchdog = self.watched.entry(number);
        let watchdog = watchdog.or_insert_with(|| Watchdog::new(SILENT));
        // The connection has its own watchdog, and that acts.
        let _ = watchdog.look(now, sight.unwrap_or(patient));
        watchdog.silence(now)
    }

    /// How long to wait between two questions what the cluster looks like.
    pub(super) fn pause(&self, now: Instant) -> Duration {
        let age = self
            .trouble
            .map(|since| now.saturating_duration_since(since));
        (age.unwrap_or_default() / SHARE).clamp(ROUND, RARELY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence(vigil: &mut Vigil, number: u32, now: Instant, heard: Instant) -> Duration {
        let oldest = Oldest::Owed;
        vigil.silence(number, now, Some(Sight { heard, oldest }))
    }

    #[test]
    fn silence_counts_from_the_round_that_sees_it_first() {
        let start = Instant::now();
        let at = |round: u32| start + ROUND * round;
        let mut vigil = Vigil::default();
        assert_eq!(silence(&mut vigil, 1, at(0), start), Duration::ZERO);
        assert_eq!(silence(&mut vigil, 1, at(1), start), ROUND);
        assert_eq!(silence(&mut vigil, 2, at(1), start), Duration::ZERO);
        assert_eq!(silence(&mut vigil, 1, at(2), start), ROUND * 2);
        // Any byte, or nothing that is owed, ends it.
        assert_eq!(silence(&mut vigil, 1, at(3), at(2)), Duration::ZERO);
        assert_eq!(silence(&mut vigil, 1, at(4), at(2)), ROUND);
        assert_eq!(vigil.silence(1, at(5), None), Duration::ZERO);
    }

    #[test]
    fn long_trouble_is_asked_about_less_often() {
        let start = Instant::now();
        let mut vigil = Vigil::default();
        assert_eq!(vigil.pause(start), ROUND);
        vigil.trouble = Some(start);
        let after = |seconds| vigil.pause(start + Duration::from_secs(seconds));
        assert_eq!(after(30), ROUND);
        assert_eq!(after(64), Duration::from_secs(1));
        assert_eq!(after(100_000), RARELY);
    }
}
