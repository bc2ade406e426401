//! What a walk shows. Pure.

/// Options of [`ValkeyClient::scan_iter`](crate::redis::ValkeyClient::scan_iter). Default: all keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanOptions {
    /// Only keys that match a pattern such as `user:*`. With one that matches few, many pages are
    /// empty and never seen: raise `count`.
    pub pattern: Option<String>,
    /// About how many keys the server looks at for one page; it uses 10 if nothing is said. A small
    /// number costs a round trip for few keys, a large one holds up the server for longer.
    pub count: Option<u32>,
    /// Only keys of this type, such as `hash`.
    pub kind: Option<String>,
}

impl ScanOptions {
    /// For the keys that match a pattern.
    #[must_use]
    pub fn matching(pattern: &str) -> Self {
        Self {
            pattern: Some(pattern.to_owned()),
            ..Self::default()
        }
    }

    pub(super) fn arguments(self) -> Vec<String> {
        let Self {
            pattern,
            count,
            kind,
        } = self;
        let mut arguments = ElementOptions { pattern, count }.arguments();
        if let Some(kind) = kind {
            arguments.extend(["TYPE".to_owned(), kind]);
        }
        arguments
    }
}

/// Options of [`hscan_iter`](crate::redis::ValkeyClient::hscan_iter) and its kin. Default: all
/// elements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ElementOptions {
    /// Only fields or members that match a pattern.
    pub pattern: Option<String>,
    /// About how many elements the server looks at for one page; it uses 10 if nothing is said.
    pub count: Option<u32>,
}

impl ElementOptions {
    /// For the elements that match a pattern.
    #[must_use]
    pub fn matching(pattern: &str) -> Self {
        Self {
            pattern: Some(pattern.to_owned()),
            ..Self::default()
        }
    }

    pub(super) fn arguments(self) -> Vec<String> {
        let pattern = self.pattern.map(|pattern| ["MATCH".to_owned(), pattern]);
        let count = self
            .count
            .map(|count| ["COUNT".to_owned(), count.to_string()]);
        [pattern, count].into_iter().flatten().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_is_sent() {
        assert!(ScanOptions::default().arguments().is_empty());
        let all = ScanOptions {
            count: Some(500),
            kind: Some("hash".to_owned()),
            ..ScanOptions::matching("a*")
        };
        assert_eq!(all.arguments().join(" "), "MATCH a* COUNT 500 TYPE hash");
        let some = ElementOptions::matching("b?");
        assert_eq!(some.arguments().join(" "), "MATCH b?");
    }
}
