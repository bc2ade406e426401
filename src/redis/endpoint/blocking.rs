//! Which commands wait on the server, and for how long. Pure: the one place where that is decided.

use std::time::Duration;

/// The wait of a command that blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// As the command says; `None` for any time, or when that cannot be told.
    pub limit: Option<Duration>,
    /// It may wait on any connection. `WAIT` and `WAITAOF` concern what their own one has written.
    pub movable: bool,
}

/// How a command waits whose name is that of one that may; `None` when it does not, such as `XREAD`
/// without `BLOCK`. The first argument is the name.
///
/// ```
/// use s3_valkey::redis::endpoint::blocking::wait;
/// use std::time::Duration;
///
/// let limit = |arguments: &[&[u8]]| wait(arguments).map(|wait| wait.limit);
/// assert_eq!(limit(&[b"BLPOP", b"queue", b"1.5"]), Some(Some(Duration::from_millis(1500))));
/// assert_eq!(limit(&[b"BLPOP", b"queue", b"0"]), Some(None));
/// assert_eq!(limit(&[b"XREAD", b"STREAMS", b"s", b"0"]), None);
/// ```
#[must_use]
pub fn wait(arguments: &[&[u8]]) -> Option<Wait> {
    let (name, rest) = arguments.split_first()?;
    let last = rest.last().copied().unwrap_or_default();
    let nth = |index: usize| rest.get(index).copied().unwrap_or_default();
    let (limit, movable) = match name.to_ascii_uppercase().as_slice() {
        b"XREAD" | b"XREADGROUP" => (milliseconds(block(rest)?), true),
        b"WAIT" => (milliseconds(nth(1)), false),
        b"WAITAOF" => (milliseconds(nth(2)), false),
        b"BLMPOP" | b"BZMPOP" => (seconds(nth(0)), true),
        _ => (seconds(last), true),
    };
    Some(Wait { limit, movable })
}

/// What follows `BLOCK` in the options of XREAD and XREADGROUP, which end at `STREAMS`.
fn block<'a>(arguments: &[&'a [u8]]) -> Option<&'a [u8]> {
    let mut at = 0;
    while let Some(word) = arguments.get(at) {
        let is = |other: &str| word.eq_ignore_ascii_case(other.as_bytes());
        if is("BLOCK") {
            return Some(arguments.get(at + 1).copied().unwrap_or_default());
        }
        if is("STREAMS") {
            return None;
        }
        at += match () {
            () if is("GROUP") => 3,
            () if is("COUNT") || is("CLAIM") => 2,
            () => 1,
        };
    }
    None
}

fn milliseconds(text: &[u8]) -> Option<Duration> {
    let number = std::str::from_utf8(text).ok()?.parse().ok()?;
    (number > 0).then(|| Duration::from_millis(number))
}

fn seconds(text: &[u8]) -> Option<Duration> {
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    Duration::try_from_secs_f64(number)
        .ok()
        .filter(|limit| !limit.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(command: &str) -> Option<(Option<u64>, bool)> {
        let arguments: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
        let millis = |limit: Duration| u64::try_from(limit.as_millis()).unwrap();
        wait(&arguments).map(|wait| (wait.limit.map(millis), wait.movable))
    }

    #[test]
    fn each_command_has_its_timeout_where_the_server_reads_it() {
        for (command, limit) in [
            ("blpop a b 2", 2000),
            ("BRPOP a 0.25", 250),
            ("BLMOVE a b LEFT RIGHT 3", 3000),
            ("BRPOPLPUSH a b 4", 4000),
            ("BLMPOP 5 1 a LEFT COUNT 9", 5000),
            ("BZMPOP 6 1 a MIN", 6000),
            ("BZPOPMIN a 7", 7000),
            ("XREAD COUNT 5 BLOCK 80 STREAMS s $", 80),
            ("xreadgroup group block c BLOCK 90 NOACK STREAMS s >", 90),
        ] {
            assert_eq!(of(command), Some((Some(limit), true)), "{command}");
        }
        assert_eq!(of("WAIT 1 100"), Some((Some(100), false)));
        assert_eq!(of("WAITAOF 1 0 100"), Some((Some(100), false)));
    }

    #[test]
    fn no_limit_and_none_that_can_be_told() {
        for command in [
            "BLPOP a 0",
            "BLPOP a soon",
            "BLPOP a -1",
            "BLPOP a inf",
            "BLPOP",
            "XREAD BLOCK 0 STREAMS s $",
        ] {
            assert_eq!(of(command), Some((None, true)), "{command}");
        }
    }

    #[test]
    fn streams_are_waited_for_only_with_block() {
        for command in [
            "XREAD STREAMS block 0",
            "XREAD COUNT 1 STREAMS s 0",
            "XREADGROUP GROUP block block COUNT 1 STREAMS s >",
        ] {
            assert_eq!(of(command), None, "{command}");
        }
    }
}
