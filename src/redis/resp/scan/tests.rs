use super::*;

/// Feeds `bytes` in pieces of `step` and returns the frames as slices.
fn scan(bytes: &[u8], step: usize) -> Result<Vec<Vec<u8>>, Malformed> {
    let mut scanner = Scanner::default();
    let mut buffer = Vec::new();
    let mut frames = Vec::new();
    for piece in bytes.chunks(step) {
        buffer.extend_from_slice(piece);
        let mut end = 0;
        while let Some(frame) = scanner.next(&buffer)? {
            frames.push(buffer[frame.start..frame.end].to_vec());
            end = frame.end;
        }
        buffer.drain(..end);
        scanner.consume(end);
    }
    Ok(frames)
}

const REPLIES: &[&[u8]] = &[
    b"+OK\r\n",
    b"-ERR no\r\n",
    b":-12\r\n",
    b"$5\r\nhe\r\no\r\n",
    b"$-1\r\n",
    b"$0\r\n\r\n",
    b"*-1\r\n",
    b"*0\r\n",
    b"*2\r\n*1\r\n:1\r\n$1\r\na\r\n",
    b"%1\r\n+a\r\n~2\r\n:1\r\n:2\r\n",
    b"_\r\n",
    b"#t\r\n",
    b",3.25\r\n",
    b",-inf\r\n",
    b"(123456789012345678901234567890\r\n",
    b"=8\r\ntxt:abcd\r\n",
    b"!5\r\nERR x\r\n",
    b">2\r\n+message\r\n+x\r\n",
    b"|1\r\n+ttl\r\n:3\r\n$1\r\nv\r\n",
    b"*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n",
    b"|0\r\n:7\r\n",
];

#[test]
fn every_type_is_found_whole_and_in_pieces_of_every_size() {
    let all = REPLIES.concat();
    for step in 1..=all.len() {
        assert_eq!(scan(&all, step).unwrap(), REPLIES, "step {step}");
    }
}

#[test]
fn a_truncated_reply_is_no_reply() {
    for reply in REPLIES {
        for end in 0..reply.len() {
            assert_eq!(
                scan(&reply[..end], reply.len()).unwrap(),
                Vec::<Vec<u8>>::new()
            );
        }
    }
}

#[test]
fn the_kind_is_that_of_the_value_behind_an_attribute() {
    let mut scanner = Scanner::default();
    let frame = scanner
        .next(b"|1\r\n+a\r\n+b\r\n$1\r\nv\r\n")
        .unwrap()
        .unwrap();
    assert_eq!(frame.kind, b'$');
}

#[test]
fn malformed_bytes_are_named() {
    for (bytes, expected) in [
        (&b"?x\r\n"[..], Malformed::Type),
        (b"x", Malformed::Type),
        (b"\r\n", Malformed::Type),
        (b":1x\r\n", Malformed::Integer),
        (b":99999999999999999999\r\n", Malformed::Integer),
        (b"$x\r\n", Malformed::Integer),
        (b"$-2\r\n", Malformed::BulkString),
        (b"$536870913\r\n", Malformed::BulkString),
        (b"$1\r\nabc", Malformed::BulkString),
        (b"*-2\r\n", Malformed::Response),
        (b"%-1\r\n", Malformed::Response),
        (b">0\r\n", Malformed::Response),
        (b"=3\r\ntxt\r\n", Malformed::Response),
        (b"=5\r\ntxt?a\r\n", Malformed::Response),
        (b"=5\r\ntxt:abc", Malformed::Response),
        (b"!1\r\nabc", Malformed::Response),
        (b"!-1\r\n", Malformed::Response),
        (b">2\r\n:1\r\n:2\r\n", Malformed::Response),
        (b"#x\r\n", Malformed::Response),
        (b",x\r\n", Malformed::Response),
        (b"+a\n", Malformed::Response),
    ] {
        assert_eq!(
            scan(bytes, 64),
            Err(expected),
            "{:?}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn depth_is_capped() {
    let nested = |depth: usize| [b"*1\r\n".repeat(depth), b":1\r\n".to_vec()].concat();
    assert_eq!(scan(&nested(MAX_DEPTH), 4096).unwrap().len(), 1);
    assert_eq!(scan(&nested(MAX_DEPTH + 1), 4096), Err(Malformed::Response));
}

#[test]
fn a_huge_announced_count_allocates_nothing() {
    let mut scanner = Scanner::default();
    assert_eq!(scanner.next(b"*9223372036854775807\r\n:1\r\n"), Ok(None));
    assert!(scanner.open.capacity() < 16);
    assert_eq!(
        Scanner::default().next(b"%9223372036854775807\r\n"),
        Ok(None)
    );
}

#[test]
fn the_missing_part_of_a_string_is_known() {
    let mut scanner = Scanner::default();
    assert_eq!(scanner.next(b"$10\r\nabc"), Ok(None));
    assert_eq!(scanner.missing(), 9);
}
