//! Randomness for pauses.

use std::hash::{BuildHasher, RandomState};

/// A number in 0..1; each `RandomState` has keys of its own.
#[must_use]
pub fn chance() -> f64 {
    let number = RandomState::new().hash_one(0u8) >> 32;
    f64::from(u32::try_from(number).unwrap_or_default()) / f64::from(u32::MAX)
}
