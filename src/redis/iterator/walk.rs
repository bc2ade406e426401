//! Where a walk is. Pure.

use std::collections::VecDeque;

use super::options::{ElementOptions, ScanOptions};

/// The cursor of the beginning, which is also that of the end.
const START: &str = "0";

/// A walk over one server, over several, or over one key.
#[derive(Debug)]
pub(super) struct Walk {
    command: &'static str,
    key: Option<String>,
    options: Vec<String>,
    cursor: String,
    /// The nodes to walk over, the first one at the cursor; `None` is the one that a key has, or the
    /// only one.
    nodes: Option<VecDeque<Option<u32>>>,
}

/// What to ask for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub node: Option<u32>,
    pub command: &'static str,
    pub arguments: Vec<String>,
}

impl Walk {
    pub fn of_keys(options: ScanOptions) -> Self {
        Self {
            command: "SCAN",
            key: None,
            options: options.arguments(),
            cursor: START.to_owned(),
            nodes: None,
        }
    }

    pub fn of(command: &'static str, key: &str, options: ElementOptions) -> Self {
        Self {
            command,
            key: Some(key.to_owned()),
            options: options.arguments(),
            cursor: START.to_owned(),
            nodes: Some([None].into()),
        }
    }

    /// Whether it is known which nodes to walk over.
    pub fn has_begun(&self) -> bool {
        self.nodes.is_some()
    }

    /// These nodes have keys; `None` for a single server.
    pub fn begin(&mut self, nodes: Option<Vec<u32>>) {
        self.nodes = Some(nodes.map_or_else(
            || [None].into(),
            |nodes| nodes.into_iter().map(Some).collect(),
        ));
    }

    /// What to ask for, `None` at the end.
    pub fn step(&self) -> Option<Step> {
        let node = *self.nodes.as_ref()?.front()?;
        let arguments = self.key.iter().chain([&self.cursor]).chain(&self.options);
        Some(Step {
            node,
            command: self.command,
            arguments: arguments.cloned().collect(),
        })
    }

    /// A page has come, with the cursor of the next one.
    pub fn advance(&mut self, next: String) {
        if next == START
            && let Some(nodes) = &mut self.nodes
        {
            nodes.pop_front();
        }
        self.cursor = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(walk: &Walk) -> Option<(Option<u32>, String)> {
        let step = walk.step()?;
        Some((step.node, step.arguments.join(" ")))
    }

    #[test]
    fn one_node_is_walked_to_its_end_before_the_next_one() {
        let mut walk = Walk::of_keys(ScanOptions::matching("a*"));
        assert!(!walk.has_begun());
        walk.begin(Some(vec![4, 7]));
        assert_eq!(next(&walk), Some((Some(4), "0 MATCH a*".to_owned())));
        walk.advance("12".to_owned());
        assert_eq!(next(&walk), Some((Some(4), "12 MATCH a*".to_owned())));
        walk.advance("0".to_owned());
        assert_eq!(next(&walk), Some((Some(7), "0 MATCH a*".to_owned())));
        walk.advance("0".to_owned());
        assert_eq!(next(&walk), None);
    }

    #[test]
    fn a_single_server_and_a_key_are_one_walk() {
        let mut keys = Walk::of_keys(ScanOptions::default());
        keys.begin(None);
        assert_eq!(next(&keys), Some((None, "0".to_owned())));
        let mut tags = Walk::of("SSCAN", "tags", ElementOptions::default());
        assert!(tags.has_begun());
        assert_eq!(next(&tags), Some((None, "tags 0".to_owned())));
        tags.advance("0".to_owned());
        assert_eq!(next(&tags), None);
    }
}
