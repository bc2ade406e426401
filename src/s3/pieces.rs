//! Bytes that wait to become a part: taken off in the pieces in which they came. Pure.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Pieces up to this length are gathered: a part is not made of thousands of them.
const SMALL: usize = 16 * 1024;
/// How much is gathered.
const GATHERED: usize = 64 * 1024;

/// A queue of bytes.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    sealed: VecDeque<Bytes>,
    /// Small pieces behind the others.
    gathered: BytesMut,
    length: u64,
}

impl Pieces {
    /// Bytes that wait.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Adds bytes at the end.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.length += bytes.len() as u64;
        if bytes.len() <= SMALL {
            self.gathered.extend_from_slice(&bytes);
            if self.gathered.len() >= GATHERED {
                self.seal();
            }
        } else {
            self.seal();
            self.sealed.push_back(bytes);
        }
    }

    /// Takes the first `length` bytes, which must be there.
    pub(super) fn take(&mut self, length: u64) -> Vec<Bytes> {
        self.seal();
        self.length -= length;
        let mut left = usize::try_from(length).unwrap_or(usize::MAX);
        let mut taken = Vec::new();
        while left > 0
            && let Some(mut piece) = self.sealed.pop_front()
        {
            let rest = piece.split_off(piece.len().min(left));
            left -= piece.len();
            taken.push(piece);
            if !rest.is_empty() {
                self.sealed.push_front(rest);
            }
        }
        taken
    }

    fn seal(&mut self) {
        if !self.gathered.is_empty() {
            self.sealed.push_back(self.gathered.split().freeze());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_keep_their_order_in_pieces_of_any_length() {
        let all: Vec<u8> = (0..400_000_u32)
            .map(|number| number.to_be_bytes()[3])
            .collect();
        for (step, part) in [
            (1, 100_000),
            (SMALL, 30_000),
            (SMALL + 1, 30_001),
            (150_000, 65_536),
        ] {
            let mut pieces = Pieces::default();
            let mut taken = Vec::new();
            for piece in all.chunks(step) {
                pieces.push(Bytes::copy_from_slice(piece));
                while pieces.length() >= part {
                    let part_pieces = pieces.take(part);
                    assert_eq!(
                        part_pieces.iter().map(Bytes::len).sum::<usize>() as u64,
                        part
                    );
                    assert!(part_pieces.len() <= 10);
                    taken.extend(part_pieces.concat());
                }
            }
            taken.extend(pieces.take(pieces.length()).concat());
            assert_eq!(taken, all, "{step} {part}");
            assert_eq!(pieces.take(0), Vec::<Bytes>::new());
        }
    }

    #[test]
    fn large_pieces_are_not_copied() {
        let piece = Bytes::from(vec![1; SMALL * 2]);
        let mut pieces = Pieces::default();
        pieces.push(piece.clone());
        assert_eq!(pieces.take(100)[0].as_ptr(), piece.as_ptr());
    }
}
