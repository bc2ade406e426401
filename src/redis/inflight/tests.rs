use super::*;

fn entry(id: u32, meta: u32) -> Entry {
    Entry {
        id,
        meta: Meta(meta),
    }
}

fn push(kind: &str, channel: &str) -> Vec<u8> {
    format!(
        ">3\r\n${}\r\n{kind}\r\n${}\r\n{channel}\r\n:1\r\n",
        kind.len(),
        channel.len()
    )
    .into_bytes()
}

#[test]
fn replies_are_matched_in_order() {
    let mut inflight = InFlight::default();
    inflight.extend([entry(1, 0), entry(2, 0)]);
    assert_eq!(inflight.frame(b'+', b"+OK\r\n"), Match::Reply(entry(1, 0)));
    assert_eq!(inflight.frame(b':', b":1\r\n"), Match::Reply(entry(2, 0)));
    assert_eq!(inflight.frame(b':', b":1\r\n"), Match::Stray);
}

#[test]
fn a_refused_write_tells_of_the_servers_role_once() {
    let mut inflight = InFlight::default();
    inflight.extend([entry(1, 0), entry(2, 0)]);
    inflight.frame(b'-', b"-ERR READONLY \r\n");
    assert!(!inflight.take_demoted());
    inflight.frame(
        b'-',
        b"-READONLY You can't write against a read only replica.\r\n",
    );
    assert!(inflight.take_demoted());
    assert!(!inflight.take_demoted());
}

#[test]
fn a_message_consumes_no_reply() {
    let mut inflight = InFlight::default();
    inflight.extend([entry(1, 0)]);
    assert_eq!(inflight.frame(b'>', &push("message", "a")), Match::Push);
    assert_eq!(inflight.frame(b'>', &push("invalidate", "a")), Match::Push);
    assert_eq!(inflight.frame(b'+', b"+OK\r\n"), Match::Reply(entry(1, 0)));
}

#[test]
fn a_subscription_waits_for_all_its_confirmations() {
    let mut inflight = InFlight::default();
    let subscribe = entry(1, Meta::SUBSCRIBE | 2 << 8);
    inflight.extend([subscribe, entry(2, 0)]);
    assert_eq!(
        inflight.frame(b'>', &push("subscribe", "a")),
        Match::Confirmation
    );
    assert_eq!(inflight.frame(b'>', &push("message", "a")), Match::Push);
    assert_eq!(
        inflight.frame(b'>', &push("subscribe", "b")),
        Match::Reply(subscribe)
    );
    assert_eq!(inflight.frame(b'+', b"+OK\r\n"), Match::Reply(entry(2, 0)));
}

#[test]
fn unsubscribe_from_all_waits_for_as_many_as_there_are() {
    let mut inflight = InFlight::default();
    let subscribe = entry(1, Meta::SUBSCRIBE | 2 << 8);
    let unsubscribe = entry(2, Meta::UNSUBSCRIBE);
    inflight.extend([subscribe, unsubscribe, unsubscribe]);
    inflight.frame(b'>', &push("subscribe", "a"));
    inflight.frame(b'>', &push("subscribe", "b"));
    assert_eq!(
        inflight.frame(b'>', &push("unsubscribe", "a")),
        Match::Confirmation
    );
    assert_eq!(
        inflight.frame(b'>', &push("unsubscribe", "b")),
        Match::Reply(unsubscribe)
    );
    assert_eq!(
        inflight.frame(b'>', b">3\r\n$11\r\nunsubscribe\r\n_\r\n:0\r\n"),
        Match::Reply(unsubscribe)
    );
}

#[test]
fn an_error_answers_the_subscription_that_it_belongs_to() {
    let mut inflight = InFlight::default();
    let subscribe = entry(1, Meta::SUBSCRIBE | 2 << 8);
    inflight.extend([subscribe, entry(2, 0)]);
    assert_eq!(
        inflight.frame(b'-', b"-NOPERM\r\n"),
        Match::Reply(subscribe)
    );
    assert_eq!(inflight.frame(b'+', b"+OK\r\n"), Match::Reply(entry(2, 0)));
}

#[test]
fn an_unsubscription_by_the_server_answers_nothing() {
    let mut inflight = InFlight::default();
    inflight.extend([entry(1, 0)]);
    assert_eq!(
        inflight.frame(b'>', &push("sunsubscribe", "a")),
        Match::Push
    );
}

fn array(kind: &str, channel: &str) -> Vec<u8> {
    let mut frame = push(kind, channel);
    frame[0] = b'*';
    frame
}

#[test]
fn in_resp2_arrays_are_pushes_while_subscribed() {
    let mut inflight = InFlight::default();
    let subscribe = entry(2, Meta::SUBSCRIBE | 1 << 8);
    let unsubscribe = entry(4, Meta::UNSUBSCRIBE | 1 << 8);
    let list = array("message", "a");
    inflight.extend([
        entry(1, 0),
        subscribe,
        entry(3, 0),
        unsubscribe,
        entry(5, 0),
    ]);
    assert_eq!(inflight.frame(b'*', &list), Match::Reply(entry(1, 0)));
    let confirmed = array("subscribe", "a");
    assert_eq!(inflight.frame(b'*', &confirmed), Match::Reply(subscribe));
    assert_eq!(inflight.frame(b'*', &array("message", "a")), Match::Push);
    assert_eq!(inflight.frame(b'*', &array("pmessage", "a")), Match::Push);
    let pong = b"*2\r\n$4\r\npong\r\n$0\r\n\r\n";
    assert_eq!(inflight.frame(b'*', pong), Match::Reply(entry(3, 0)));
    let ended = array("unsubscribe", "a");
    assert_eq!(inflight.frame(b'*', &ended), Match::Reply(unsubscribe));
    assert_eq!(inflight.frame(b'*', &list), Match::Reply(entry(5, 0)));
}

#[test]
fn in_resp3_a_list_that_looks_like_a_message_is_a_reply() {
    let mut inflight = InFlight::default();
    let subscribe = entry(1, Meta::SUBSCRIBE | 1 << 8);
    inflight.extend([subscribe, entry(2, 0), entry(3, 0)]);
    let confirmed = push("subscribe", "a");
    assert_eq!(inflight.frame(b'>', &confirmed), Match::Reply(subscribe));
    let lists = [array("message", "a"), array("subscribe", "a")];
    assert_eq!(inflight.frame(b'*', &lists[0]), Match::Reply(entry(2, 0)));
    assert_eq!(inflight.frame(b'*', &lists[1]), Match::Reply(entry(3, 0)));
}

#[test]
fn the_answer_to_a_probe_is_nobodys() {
    let mut inflight = InFlight::default();
    inflight.extend([entry(1, 0), Entry::PROBE]);
    inflight.frame(b'+', b"+OK\r\n");
    assert_eq!(inflight.frame(b'+', b"+PONG\r\n"), Match::Confirmation);
}

#[test]
fn what_the_oldest_allows() {
    let of = |name: &[u8]| Meta::of(name).0;
    let mut inflight = InFlight::default();
    assert_eq!(inflight.oldest(), Oldest::Patient);
    inflight.extend([entry(1, of(b"BLPOP")), entry(2, 0)]);
    assert_eq!(inflight.oldest(), Oldest::Patient);
    inflight.frame(b'_', b"_\r\n");
    assert_eq!(inflight.oldest(), Oldest::Owed);
    inflight.extend([entry(3, of(b"MULTI")), entry(4, 0)]);
    assert_eq!(inflight.oldest(), Oldest::OwedInTransaction);
    inflight.frame(b':', b":1\r\n");
    inflight.frame(b'+', b"+OK\r\n");
    assert_eq!(inflight.oldest(), Oldest::OwedInTransaction);
    inflight.extend([entry(5, of(b"exec"))]);
    assert_eq!(inflight.oldest(), Oldest::Owed);
}
