use super::*;
use crate::redis::inflight::{Lost, Match};
use crate::redis::meta::Meta;
use crate::redis::resp::encode::command;
use bytes::BytesMut;

fn get(key: &str) -> Vec<u8> {
    let mut out = BytesMut::new();
    command(&mut out, &[b"GET", key.as_bytes()]);
    out.to_vec()
}

fn entries(ids: std::ops::Range<u32>) -> Vec<Entry> {
    ids.map(|id| Entry {
        id,
        meta: Meta::default(),
    })
    .collect()
}

fn ids(inflight: &Mutex<InFlight>) -> Vec<u32> {
    lock(inflight).take().iter().map(|entry| entry.id).collect()
}

/// A socket that takes `room` bytes in pieces of at most `step`.
fn socket<'a>(
    room: &'a mut usize,
    step: usize,
    wire: &'a mut Vec<u8>,
) -> impl FnMut(&[u8]) -> io::Result<usize> + 'a {
    move |bytes| {
        let count = bytes.len().min(*room).min(step);
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        *room -= count;
        wire.extend_from_slice(&bytes[..count]);
        Ok(count)
    }
}

/// The same socket for bytes in several pieces.
fn vectored(
    mut write: impl FnMut(&[u8]) -> io::Result<usize>,
) -> impl FnMut(&[IoSlice<'_>]) -> io::Result<usize> {
    move |pieces| {
        write(
            &pieces
                .iter()
                .flat_map(|piece| piece.to_vec())
                .collect::<Vec<_>>(),
        )
    }
}

#[test]
fn one_large_command_in_pieces_is_kept_from_where_the_socket_stopped() {
    let bytes = get("a");
    for room in 0..=bytes.len() {
        let mut outbox = Outbox::default();
        let inflight = Mutex::new(InFlight::default());
        let (mut wire, mut left) = (Vec::new(), room);
        let (head, tail) = bytes.split_at(7);
        outbox
            .send(
                &[head, &[], tail],
                &entries(0..1),
                &inflight,
                &mut vectored(socket(&mut left, 4, &mut wire)),
            )
            .unwrap();
        assert_eq!(outbox.len(), bytes.len() - room);
        let mut plenty = usize::MAX;
        outbox
            .flush(&inflight, &mut socket(&mut plenty, 1000, &mut wire))
            .unwrap();
        assert_eq!(wire, bytes, "room {room}");
        assert_eq!(ids(&inflight), [0]);
    }
}

#[test]
fn whatever_the_socket_takes_the_stream_is_whole_and_in_order() {
    let first = [get("a"), get("bb"), get("ccc")].concat();
    let second = get("d");
    let whole = [first.clone(), second.clone()].concat();
    for room in 0..=first.len() {
        for step in [1, 7, 1000] {
            let mut outbox = Outbox::default();
            let inflight = Mutex::new(InFlight::default());
            let mut wire = Vec::new();
            let mut left = room;
            let (head, tail) = first.split_at(5);
            outbox
                .send(
                    &[head, tail],
                    &entries(0..3),
                    &inflight,
                    &mut vectored(socket(&mut left, step, &mut wire)),
                )
                .unwrap();
            outbox.push(&[&second], &entries(3..4));
            assert_eq!(outbox.len(), whole.len() - room);
            let unsent = outbox.backlog().commands;
            assert_eq!(lock(&inflight).len() + unsent, 4);
            let mut plenty = usize::MAX;
            // `flush` offers a chunk once; a short write means more room later.
            while !outbox
                .flush(&inflight, &mut socket(&mut plenty, step, &mut wire))
                .unwrap()
            {}
            assert_eq!(wire, whole, "room {room} step {step}");
            assert_eq!(outbox.backlog(), Backlog::default());
            assert_eq!(ids(&inflight), [0, 1, 2, 3]);
        }
    }
}

#[test]
fn a_lost_connection_loses_exactly_what_had_begun() {
    let bytes = [get("a"), get("bb"), get("ccc")].concat();
    let ends = [
        0,
        get("a").len(),
        get("a").len() + get("bb").len(),
        bytes.len(),
    ];
    for room in 0..=bytes.len() {
        let mut outbox = Outbox::default();
        let inflight = Mutex::new(InFlight::default());
        let (mut wire, mut left) = (Vec::new(), room);
        outbox
            .send(
                &[&bytes],
                &entries(0..3),
                &inflight,
                &mut vectored(socket(&mut left, 1000, &mut wire)),
            )
            .unwrap();
        let begun = u32::try_from(ends.iter().filter(|end| **end < room).count()).unwrap();
        let begun = begun.min(3);
        outbox.lost(false);
        assert_eq!(
            ids(&inflight),
            (0..begun).collect::<Vec<_>>(),
            "room {room}"
        );
        wire.clear();
        let mut plenty = usize::MAX;
        outbox
            .flush(&inflight, &mut socket(&mut plenty, 1000, &mut wire))
            .unwrap();
        assert_eq!(wire, bytes[ends[begun as usize]..]);
        assert_eq!(ids(&inflight), (begun..3).collect::<Vec<_>>());
    }
}

#[test]
fn a_reply_may_come_while_the_rest_is_still_waiting() {
    let bytes = [get("a"), get("b")].concat();
    let mut outbox = Outbox::default();
    let inflight = Mutex::new(InFlight::default());
    let (mut wire, mut room) = (Vec::new(), get("a").len() + 1);
    outbox
        .send(
            &[&bytes],
            &entries(0..2),
            &inflight,
            &mut vectored(socket(&mut room, 1000, &mut wire)),
        )
        .unwrap();
    assert!(matches!(lock(&inflight).frame(b'_', b"_\r\n"), Match::Reply(entry) if entry.id == 0));
    assert!(!outbox.is_empty());
}

#[test]
fn what_gathers_goes_out_in_one_write_and_in_order() {
    let mut outbox = Outbox::default();
    let inflight = Mutex::new(InFlight::default());
    for id in 0..3 {
        let bytes = get(&id.to_string());
        let (head, tail) = bytes.split_at(3);
        outbox.push(&[head, tail], &entries(id..id + 1));
    }
    let large = vec![b'x'; GATHER];
    outbox.push(&[&large], &entries(3..4));
    outbox.push(&[&get("4")], &entries(4..5));
    let mut writes = Vec::new();
    let mut write = |bytes: &[u8]| {
        writes.push(bytes.to_vec());
        Ok(bytes.len())
    };
    assert!(outbox.flush(&inflight, &mut write).unwrap());
    let first = [get("0"), get("1"), get("2"), large].concat();
    assert_eq!(writes, [first, get("4")]);
    assert!(outbox.is_empty());
    assert_eq!(ids(&inflight), [0, 1, 2, 3, 4]);
}

#[test]
fn what_has_gathered_is_taken_and_measured() {
    let mut outbox = Outbox::default();
    outbox.push(&[&get("a")], &entries(0..1));
    outbox.lost(false);
    assert_eq!(outbox.len(), get("a").len());
    let waiting = Chunk {
        bytes: get("a").into(),
        entries: entries(0..1),
    };
    assert_eq!(outbox.take(), [waiting]);
    assert!(outbox.is_empty());
}

/// A command, a transaction of two, another transaction and a command, with their entries.
fn transactions() -> Vec<(Vec<u8>, Entry)> {
    let names = [
        "GET", "MULTI", "INCR", "INCR", "EXEC", "MULTI", "INCR", "DISCARD", "GET",
    ];
    let commands = names.iter().zip(0..).map(|(name, id)| {
        let mut bytes = BytesMut::new();
        command(&mut bytes, &[name.as_bytes()]);
        let meta = Meta::of(name.as_bytes());
        (bytes.to_vec(), Entry { id, meta })
    });
    commands.collect()
}

/// Loses the connection of an outbox and returns the commands that fail with it.
fn lose(outbox: &mut Outbox, inflight: &Mutex<InFlight>) -> Vec<u32> {
    let mut inflight = lock(inflight);
    let open = inflight.transaction_is_open();
    let mut failed = inflight.take();
    failed.extend(outbox.lost(open));
    failed.iter().map(|entry| entry.id).collect()
}

/// Submits all commands at once, to a socket with some room or to an outbox that waits.
fn submit(commands: &[(Vec<u8>, Entry)], room: usize, directly: bool) -> (Outbox, Mutex<InFlight>) {
    let mut outbox = Outbox::default();
    let inflight = Mutex::new(InFlight::default());
    let (mut wire, mut left) = (Vec::new(), room);
    let entries: Vec<Entry> = commands.iter().map(|(_, entry)| *entry).collect();
    let bytes: Vec<&[u8]> = commands.iter().map(|(bytes, _)| &**bytes).collect();
    let mut write = socket(&mut left, 1000, &mut wire);
    if directly {
        let mut write = vectored(write);
        outbox
            .send(&bytes, &entries, &inflight, &mut write)
            .unwrap();
    } else {
        for (bytes, entry) in commands {
            outbox.push(&[bytes], &[*entry]);
        }
        outbox.flush(&inflight, &mut write).unwrap();
    }
    (outbox, inflight)
}

#[test]
fn a_lost_connection_loses_the_whole_of_a_transaction_that_had_begun() {
    let commands = transactions();
    let ends: Vec<usize> = commands
        .iter()
        .scan(0, |end, (bytes, _)| {
            *end += bytes.len();
            Some(*end)
        })
        .collect();
    let whole = commands
        .iter()
        .map(|(bytes, _)| &**bytes)
        .collect::<Vec<_>>();
    // The first command that stays when the last byte sent is one of each command's.
    let stays = [1, 5, 5, 5, 5, 8, 8, 8, 9];
    for room in 0..=*ends.last().unwrap() {
        for directly in [true, false] {
            let (mut outbox, inflight) = submit(&commands, room, directly);
            let touched = ends.iter().position(|end| room <= *end).unwrap();
            let first = if room == 0 { 0 } else { stays[touched] };
            let failed: Vec<u32> = (0..u32::try_from(first).unwrap()).collect();
            assert_eq!(lose(&mut outbox, &inflight), failed, "room {room}");
            let left = whole[first..].concat();
            let backlog = Backlog {
                bytes: left.len(),
                commands: commands.len() - first,
            };
            assert_eq!(outbox.backlog(), backlog);
            let (mut wire, mut plenty) = (Vec::new(), usize::MAX);
            let flushed = outbox.flush(&inflight, &mut socket(&mut plenty, 1000, &mut wire));
            assert!(flushed.unwrap());
            assert_eq!(wire, left, "room {room}");
        }
    }
}

#[test]
fn a_transaction_whose_end_has_not_been_submitted_is_lost_as_far_as_it_is() {
    let commands = transactions();
    let mut outbox = Outbox::default();
    let inflight = Mutex::new(InFlight::default());
    lock(&inflight).extend([commands[1].1]);
    lock(&inflight).frame(b'+', b"+OK\r\n");
    let large = vec![b'x'; GATHER];
    outbox.push(&[&commands[2].0], &[commands[2].1]);
    outbox.push(&[&large], &[commands[3].1]);
    outbox.push(&[&commands[3].0], &[commands[3].1]);
    assert_eq!(lose(&mut outbox, &inflight), [2, 3, 3]);
    assert_eq!(outbox.backlog(), Backlog::default());
    assert!(outbox.is_empty());
    // What comes later stands outside of it.
    outbox.push(&[&commands[0].0], &[commands[0].1]);
    assert_eq!(lose(&mut outbox, &inflight), [] as [u32; 0]);
    assert_eq!(outbox.backlog().commands, 1);
}

/// Offers three commands to a socket with some `room` whose server answers the first `early` of
/// them while they are offered.
fn forestall(room: usize, early: usize, directly: bool, keeping: bool) {
    let case = format!("room {room} early {early} directly {directly} keeping {keeping}");
    let commands = [get("a"), get("bb"), get("ccc")];
    let bytes = commands.concat();
    let mut outbox = Outbox::default();
    let inflight = Mutex::new(if keeping {
        InFlight::keeping()
    } else {
        InFlight::default()
    });
    let mut settled = Vec::new();
    let (mut wire, mut left) = (Vec::new(), room);
    let mut take = socket(&mut left, 1000, &mut wire);
    let mut answered = false;
    let mut write = |bytes: &[u8]| {
        let taken = take(bytes);
        if !std::mem::replace(&mut answered, true) {
            let replies = (0..early).map(|_| lock(&inflight).frame(b'_', b"_\r\n"));
            settled.extend(replies.map(|reply| match reply {
                Match::Reply(entry) => entry.id,
                other => panic!("{case}: {other:?}"),
            }));
        }
        taken
    };
    let outcome = if directly {
        lock(&inflight).keep(&bytes.clone().into(), 3);
        outbox.send(&[&bytes], &entries(0..3), &inflight, &mut vectored(write))
    } else {
        outbox.push(&[&bytes], &entries(0..3));
        outbox.flush(&inflight, &mut write).map(drop)
    };
    let (begun, _) = begun(&bytes, room);
    assert_eq!(outcome.is_err(), early > begun, "{case}");
    // Nothing more is sent on a connection that is over.
    let (mut wire, mut plenty) = (Vec::new(), usize::MAX);
    if outcome.is_err() {
        let flushed = outbox.flush(&inflight, &mut socket(&mut plenty, 1000, &mut wire));
        assert!(flushed.is_err(), "{case}");
    }
    assert_eq!(wire, b"", "{case}");
    let unsent = usize::max(begun, early);
    assert_eq!(outbox.backlog().commands, 3 - unsent, "{case}");

    if keeping {
        let Lost::Kept(leftover) = lock(&inflight).lost(outbox.take()) else {
            panic!("{case}: nothing was kept");
        };
        for returned in leftover.commands {
            let id = returned.entry.id;
            assert_eq!(returned.command, commands[id as usize], "{case}");
            assert_eq!(returned.begun, (id as usize) < begun, "{case}");
            settled.push(id);
        }
    } else {
        settled.extend(lose(&mut outbox, &inflight));
        let flushed = outbox.flush(&inflight, &mut socket(&mut plenty, 1000, &mut wire));
        assert!(flushed.unwrap(), "{case}");
        assert_eq!(wire, commands[unsent..].concat(), "{case}");
        settled.extend(ids(&inflight));
    }
    assert_eq!(settled, [0, 1, 2], "{case}");
}

#[test]
fn a_server_that_answers_what_was_not_sent_settles_nothing_twice() {
    let length = [get("a"), get("bb"), get("ccc")].concat().len();
    for room in 0..=length {
        for early in 0..=3 {
            for (directly, keeping) in [(true, true), (true, false), (false, true), (false, false)]
            {
                forestall(room, early, directly, keeping);
            }
        }
    }
}

#[test]
fn a_confirmation_of_what_was_not_sent_does_not_count_for_the_next_connection() {
    let mut bytes = BytesMut::new();
    command(&mut bytes, &[b"SUBSCRIBE", b"a", b"b"]);
    let subscribe = Entry {
        id: 0,
        meta: Meta(Meta::SUBSCRIBE | 2 << 8),
    };
    let confirmed = b">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n";
    let inflight = Mutex::new(InFlight::default());
    let mut outbox = Outbox::default();
    outbox.push(&[&bytes], &[subscribe]);
    let full = outbox.flush(&inflight, &mut |_| {
        lock(&inflight).frame(b'>', confirmed);
        Err(io::ErrorKind::WouldBlock.into())
    });
    assert!(!full.unwrap());
    assert!(
        outbox
            .flush(&inflight, &mut |bytes| Ok(bytes.len()))
            .unwrap()
    );
    let mut inflight = lock(&inflight);
    assert_eq!(inflight.frame(b'>', confirmed), Match::Confirmation);
    assert_eq!(inflight.frame(b'>', confirmed), Match::Reply(subscribe));
}
