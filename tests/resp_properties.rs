//! Properties of the RESP scanner and decoder, over random values and random bytes.

#[path = "support/seeded.rs"]
mod seeded;

use s3_valkey::redis::resp::decode::Value;
use s3_valkey::redis::resp::scan::{MAX_DEPTH, Malformed, Scanner};
use seeded::Seeded;

const CASES: u64 = 2000;

/// A random value with one of its encodings.
fn value(random: &mut Seeded, depth: u32, out: &mut Vec<u8>) -> Value {
    if random.percent(5) {
        let count = random.below(3);
        out.extend(format!("|{count}\r\n").bytes());
        for _ in 0..count * 2 {
            value(random, depth.saturating_sub(1), out);
        }
    }
    let kinds = if depth == 0 { 10 } else { 14 };
    match random.below(kinds) {
        0 => {
            out.extend(random.pick(&[&b"_\r\n"[..], b"$-1\r\n", b"*-1\r\n"]));
            Value::Null
        }
        1 => {
            let text = word(random);
            out.extend(format!("+{text}\r\n").bytes());
            Value::Simple(text)
        }
        2 => {
            let bytes = random.bytes(40);
            out.extend(format!("${}\r\n", bytes.len()).bytes());
            out.extend(&bytes);
            out.extend(b"\r\n");
            Value::Bulk(bytes)
        }
        3 => {
            let text = word(random);
            let (kind, head) = (random.percent(50), text.len());
            let line = if kind {
                format!("-{text}\r\n")
            } else {
                format!("!{head}\r\n{text}\r\n")
            };
            out.extend(line.bytes());
            Value::Error(text)
        }
        4 => {
            let number = random.number();
            out.extend(format!(":{number}\r\n").bytes());
            Value::Integer(number)
        }
        5 => {
            // What the decimal form says, and that alone, is what is read.
            let number = f64::from(i32::try_from(random.number() >> 40).unwrap_or(0)) / 8.0;
            out.extend(format!(",{number}\r\n").bytes());
            Value::Double(number)
        }
        6 => {
            let flag = random.percent(50);
            out.extend(if flag { b"#t\r\n" } else { b"#f\r\n" });
            Value::Boolean(flag)
        }
        7 => {
            let digits = format!("{}{:019}", random.number(), random.below(u64::MAX));
            out.extend(format!("({digits}\r\n").bytes());
            Value::BigNumber(digits)
        }
        8 | 9 => {
            let bytes = random.bytes(20);
            out.extend(format!("={}\r\ntxt:", bytes.len() + 4).bytes());
            out.extend(&bytes);
            out.extend(b"\r\n");
            Value::Bulk(bytes)
        }
        10 | 11 => {
            let count = random.below(6);
            let kind = random.pick(&['*', '~']);
            out.extend(format!("{kind}{count}\r\n").bytes());
            Value::Array((0..count).map(|_| value(random, depth - 1, out)).collect())
        }
        12 => {
            let text = word(random);
            let count = random.below(4);
            out.extend(format!(">{}\r\n+{text}\r\n", count + 1).bytes());
            let first = Value::Simple(text);
            let rest = (0..count).map(|_| value(random, depth - 1, out));
            Value::Array(std::iter::once(first).chain(rest).collect())
        }
        _ => {
            let count = random.below(4);
            out.extend(format!("%{count}\r\n").bytes());
            let mut pair = || (value(random, depth - 1, out), value(random, depth - 1, out));
            Value::Map((0..count).map(|_| pair()).collect())
        }
    }
}

fn word(random: &mut Seeded) -> String {
    let length = random.below(12);
    (0..length)
        .map(|_| random.pick(&['a', 'Z', '0', ' ', '$', '*', 'é', '\r']))
        .collect()
}

/// Scans bytes that arrive in pieces of random length; the frames, and how it ended.
fn scan(bytes: &[u8], random: &mut Seeded) -> (Vec<Vec<u8>>, Result<(), Malformed>) {
    let mut scanner = Scanner::default();
    let mut frames = Vec::new();
    let (mut buffer, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let longest = random.pick(&[1, 4, 64, 4096]);
        let (piece, later) = rest.split_at(rest.len().min(1 + random.index(longest)));
        buffer.extend_from_slice(piece);
        rest = later;
        let mut end = 0;
        loop {
            match scanner.next(&buffer) {
                Ok(Some(frame)) => {
                    assert_eq!(frame.start, end, "frames follow each other");
                    frames.push(buffer[frame.start..frame.end].to_vec());
                    end = frame.end;
                }
                Ok(None) => break,
                Err(malformed) => return (frames, Err(malformed)),
            }
        }
        buffer.drain(..end);
        scanner.consume(end);
    }
    (frames, Ok(()))
}

#[test]
fn what_is_encoded_is_decoded_however_it_is_cut() {
    for seed in 0..CASES {
        let mut random = Seeded::new(seed);
        let (mut bytes, mut encoded, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..=random.below(5) {
            let start = bytes.len();
            values.push(value(&mut random, 4, &mut bytes));
            encoded.push(bytes[start..].to_vec());
        }
        let (frames, outcome) = scan(&bytes, &mut random);
        assert_eq!(outcome, Ok(()), "seed {seed}");
        assert_eq!(frames, encoded, "seed {seed}");
        for (frame, value) in frames.iter().zip(values) {
            match (Value::decode(frame), value) {
                (Ok(decoded), value) => assert_eq!(decoded, value, "seed {seed}"),
                (Err(error), Value::Error(text)) => {
                    assert!(text.is_empty() || error.message() == text, "seed {seed}");
                }
                (Err(error), value) => panic!("seed {seed}: {value:?} became {error}"),
            }
        }
    }
}

#[test]
fn hostile_bytes_do_no_harm_and_mean_the_same_however_they_are_cut() {
    for seed in 0..CASES {
        let mut random = Seeded::new(seed);
        let mut bytes = Vec::new();
        if random.percent(50) {
            for _ in 0..3 {
                value(&mut random, 3, &mut bytes);
            }
            for _ in 0..=random.below(3) {
                let at = random.index(bytes.len());
                match random.below(3) {
                    0 => bytes[at] = random.byte(),
                    1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, random.byte()),
                }
            }
        } else {
            bytes.extend((0..random.below(200)).map(|_| random.byte()));
        }
        let whole = scan(&bytes, &mut random);
        for _ in 0..3 {
            let cut = scan(&bytes, &mut random);
            // The error may be met before or behind more bytes, but it is met.
            assert_eq!(cut.0, whole.0, "seed {seed}");
            assert_eq!(cut.1.is_err(), whole.1.is_err(), "seed {seed}");
        }
        for frame in &whole.0 {
            if let Ok(decoded) = Value::decode(frame) {
                assert!(items(&decoded) <= frame.len(), "seed {seed}");
            }
        }
        // Bytes that were not scanned are refused, not trusted.
        if let Ok(decoded) = Value::decode(&bytes) {
            assert!(items(&decoded) <= bytes.len(), "seed {seed}");
        }
    }
}

/// How many values there are: each takes a byte of the frame at least.
fn items(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(items).sum::<usize>(),
        Value::Map(pairs) => {
            let of_pair = |(key, value): &(Value, Value)| items(key) + items(value);
            1 + pairs.iter().map(of_pair).sum::<usize>()
        }
        _ => 1,
    }
}

#[test]
fn no_depth_overflows_the_stack() {
    for kind in [
        "*1\r\n",
        "%1\r\n+k\r\n",
        "~1\r\n",
        ">1\r\n",
        "|1\r\n",
        "|1\r\n+a\r\n",
    ] {
        let bytes = kind.repeat(1_000_000);
        assert!(Value::decode(bytes.as_bytes()).is_err(), "{kind:?}");
        let mut scanner = Scanner::default();
        assert!(scanner.next(bytes.as_bytes()).is_err(), "{kind:?}");
    }
    let deepest = format!("{}:1\r\n", "*1\r\n".repeat(MAX_DEPTH));
    assert!(Value::decode(deepest.as_bytes()).is_ok());
}
