//! Where a command goes when its submitter says so, in its meta word. Pure.

use super::slot::SLOTS;
use crate::redis::meta::{Answered, Meta};

const KIND_SHIFT: u32 = 8;
const KIND_MASK: u32 = 0b111;
const VALUE_SHIFT: u32 = 11;
const VALUE_MASK: u32 = (Meta::INTERNAL >> VALUE_SHIFT) - 1;

/// A destination that does not follow from a command's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// Each primary.
    AllPrimaries,
    /// Each primary and each replica.
    AllNodes,
    /// Any primary.
    Random,
    /// The shard of this slot.
    Slot(u16),
    /// The node that has this number by [`Cluster::number_of`](super::Cluster::number_of).
    Node(u32),
}

impl Destination {
    /// What the meta word says; `None` leaves it to the keys. Those of subscription commands have
    /// another meaning.
    #[must_use]
    pub fn of(meta: Meta) -> Option<Self> {
        let value = meta.0 >> VALUE_SHIFT & VALUE_MASK;
        let destination = match meta.0 >> KIND_SHIFT & KIND_MASK {
            1 => Self::AllPrimaries,
            2 => Self::AllNodes,
            3 => Self::Random,
            4 => Self::Slot(u16::try_from(value).ok().filter(|slot| *slot < SLOTS)?),
            5 => Self::Node(value),
            _ => return None,
        };
        (meta.answered() == Answered::Reply).then_some(destination)
    }

    /// The meta word that says it.
    #[must_use]
    pub fn meta(self) -> Meta {
        let (kind, value) = match self {
            Self::AllPrimaries => (1, 0),
            Self::AllNodes => (2, 0),
            Self::Random => (3, 0),
            Self::Slot(slot) => (4, u32::from(slot)),
            Self::Node(number) => (5, number),
        };
        Meta(kind << KIND_SHIFT | value << VALUE_SHIFT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_says_what_it_was_made_of() {
        for destination in [
            Destination::AllPrimaries,
            Destination::AllNodes,
            Destination::Random,
            Destination::Slot(0),
            Destination::Slot(SLOTS - 1),
            Destination::Node(0),
            Destination::Node(VALUE_MASK),
        ] {
            let Meta(bits) = destination.meta();
            let meta = Meta(bits | Meta::BYTES | Meta::STATE | Meta::INTERNAL);
            assert_eq!(Destination::of(meta), Some(destination));
        }
    }

    #[test]
    fn other_words_leave_it_to_the_keys() {
        let unserved = Destination::Slot(SLOTS).meta();
        let subscribe = Meta(Meta::SUBSCRIBE | 3 << 8);
        for meta in [Meta::default(), Meta(0xff), unserved, subscribe] {
            assert_eq!(Destination::of(meta), None);
        }
    }
}
