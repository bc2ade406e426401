//! The slot of a key.
//!
//! Source: <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>

use crate::error::{Error, ErrorKind, Result};
use crate::redis::resp::decode::lossy;

/// How many slots a cluster has.
pub const SLOTS: u16 = 16384;
/// Longest part of a key in a message, in bytes.
const SHOWN: usize = 64;

/// The slot of a key. If the key has a tag, the part between the first `{` and the first `}` behind
/// it, only the tag counts, so that keys with the same tag are in the same slot.
#[must_use]
pub fn of_key(key: &[u8]) -> u16 {
    crc16(tag(key)) % SLOTS
}

/// The slot of all these keys; `None` when there are none.
///
/// Fails with `ERR_REDIS_CROSSSLOT`, naming two of them, when they are not in one slot.
pub fn common_slot<'a>(keys: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<u16>> {
    let mut keys = keys.into_iter();
    let Some(first) = keys.next() else {
        return Ok(None);
    };
    let slot = of_key(first);
    match keys.find(|key| of_key(key) != slot) {
        Some(other) => Err(cross_slot(first, other)),
        None => Ok(Some(slot)),
    }
}

/// The error of keys that are not in one slot.
pub(super) fn cross_slot(one: &[u8], other: &[u8]) -> Error {
    let shown = |key: &[u8]| {
        let more = if key.len() > SHOWN { "..." } else { "" };
        format!(
            "\"{}{more}\" (slot {})",
            lossy(&key[..key.len().min(SHOWN)]),
            of_key(key)
        )
    };
    Error::new(
        ErrorKind::InvalidInput,
        "ERR_REDIS_CROSSSLOT",
        format!(
            "CROSSSLOT Keys in request don't hash to the same slot: {} and {}",
            shown(one),
            shown(other)
        ),
    )
}

fn tag(key: &[u8]) -> &[u8] {
    let Some(open) = memchr::memchr(b'{', key) else {
        return key;
    };
    let rest = &key[open + 1..];
    match memchr::memchr(b'}', rest) {
        None | Some(0) => key,
        Some(close) => &rest[..close],
    }
}

/// CRC-16/XMODEM.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc: u16, byte| {
        let [high, low] = crc.to_be_bytes();
        u16::from(low) << 8 ^ TABLE[usize::from(high ^ byte)]
    })
}

static TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut entry: u16 = 0;
    while entry < 256 {
        let mut crc = entry << 8;
        let mut bit = 0;
        while bit < 8 {
            let carry = crc & 0x8000 != 0;
            crc <<= 1;
            if carry {
                crc ^= 0x1021;
            }
            bit += 1;
        }
        table[entry as usize] = crc;
        entry += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_check_value() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }

    /// Slots as `CLUSTER KEYSLOT` gave them.
    #[test]
    fn slots_are_those_of_a_server() {
        for (key, slot) in [
            ("", 0),
            ("a", 15495),
            ("foo", 12182),
            ("bar", 5061),
            ("user1000", 3443),
            ("{user1000}.following", 3443),
            ("foo{}{bar}", 8363),
            ("foo{{bar}}zap", 4015),
            ("foo{bar}{zap}", 5061),
            ("{bar", 4015),
        ] {
            assert_eq!(of_key(key.as_bytes()), slot, "{key}");
        }
    }
}
