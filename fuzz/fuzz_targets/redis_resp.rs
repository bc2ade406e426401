//! What a server sends: no bytes make the scanner or the decoder panic or take memory without end,
//! and they mean the same however they are cut.
//!
//! `cargo +nightly fuzz run redis_resp`

#![no_main]

use libfuzzer_sys::fuzz_target;
use s3_valkey::redis::inflight::{Entry, InFlight};
use s3_valkey::redis::meta::Meta;
use s3_valkey::redis::resp::decode::Value;
use s3_valkey::redis::resp::scan::Scanner;

fuzz_target!(|input: (u8, &[u8])| {
    let (step, bytes) = input;
    let whole = frames(bytes, bytes.len().max(1));
    let cut = frames(bytes, usize::from(step).max(1));
    assert_eq!(whole, cut);
    let mut inflight = InFlight::default();
    inflight.extend(
        [
            Meta::default(),
            Meta(Meta::SUBSCRIBE | 2 << 8),
            Meta(Meta::UNSUBSCRIBE),
        ]
        .map(|meta| Entry { id: 1, meta }),
    );
    for (kind, frame) in &whole.0 {
        inflight.frame(*kind, frame);
        let _ = Value::decode(frame);
    }
    let _ = Value::decode(bytes);
});

/// The frames of bytes that arrive in pieces of `step`, and whether they end in an error.
fn frames(bytes: &[u8], step: usize) -> (Vec<(u8, Vec<u8>)>, bool) {
    let mut scanner = Scanner::default();
    let (mut buffer, mut frames) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(step) {
        buffer.extend_from_slice(piece);
        let mut end = 0;
        loop {
            match scanner.next(&buffer) {
                Ok(Some(frame)) => {
                    frames.push((frame.kind, buffer[frame.start..frame.end].to_vec()));
                    end = frame.end;
                }
                Ok(None) => break,
                Err(_) => return (frames, true),
            }
        }
        buffer.drain(..end);
        scanner.consume(end);
    }
    (frames, false)
}
