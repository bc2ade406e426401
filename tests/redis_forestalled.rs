//! A server that answers before it has read anything: whatever it says, every id comes back once.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use s3_valkey::Error;
use s3_valkey::redis::inflight::Entry;
use s3_valkey::redis::lane::{Batch, Delivery, Event, Lane, Sink};
use s3_valkey::redis::meta::Meta;
use s3_valkey::redis::{Config, Options, Status, Target, url};

const ROUNDS: u32 = 10;
/// Commands of one round, which are offered to the socket together; it does not take them all.
const TOGETHER: u32 = 2000;
const COMMANDS: u32 = ROUNDS * TOGETHER;
const VALUE: usize = 3000;

/// Counts how often each id comes back.
struct Counter {
    settled: Vec<AtomicU32>,
    left: AtomicU32,
}

impl Counter {
    fn settle(&self, id: u32) {
        if self.settled[id as usize].fetch_add(1, Ordering::Relaxed) == 0 {
            self.left.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Waits until no more than so many ids are to come.
    fn wait(&self, rest: u32) {
        while self.left.load(Ordering::Relaxed) > rest {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Sink for Counter {
    fn replies(&self, batch: Batch) {
        let answered = batch.replies.iter().filter_map(|reply| reply.entry);
        for entry in answered {
            self.settle(entry.id);
        }
    }

    fn failed(&self, ids: Vec<u32>, _: &Error) {
        for id in ids {
            self.settle(id);
        }
    }

    fn event(&self, _: Event) {}
}

/// Accepts the handshake, then answers as soon as something comes, and more than is asked, before
/// it reads on.
fn serve(mut socket: TcpStream) {
    let mut seen = [0; 16 * 1024];
    let _ = socket.read(&mut seen);
    let _ = socket.write_all(b"%1\r\n$5\r\nproto\r\n:3\r\n");
    let _ = socket.peek(&mut seen);
    let _ = socket.write_all(&b"+OK\r\n".repeat(2 * TOGETHER as usize));
    while matches!(socket.read(&mut seen), Ok(1..)) {}
}

/// Accepts the handshake, answers as soon as something comes, and reads nothing any more.
fn stall(mut socket: TcpStream) {
    let mut seen = [0; 1024];
    let _ = socket.read(&mut seen);
    let _ = socket.write_all(b"%1\r\n$5\r\nproto\r\n:3\r\n");
    let _ = socket.peek(&mut seen);
    let _ = socket.write_all(b"-ERR too much\r\n");
    thread::park();
}

/// Accepts the handshake, and answers for ever as soon as something comes, without reading.
fn flood(mut socket: TcpStream) {
    let mut seen = [0; 1024];
    let _ = socket.read(&mut seen);
    let _ = socket.write_all(b"%1\r\n$5\r\nproto\r\n:3\r\n");
    let _ = socket.peek(&mut seen);
    while socket.write_all(&b"+OK\r\n".repeat(1000)).is_ok() {}
}

/// Accepts the handshake and answers what comes in one piece.
fn answer(mut socket: TcpStream) {
    let mut seen = [0; 1024];
    let _ = socket.read(&mut seen);
    let _ = socket.write_all(b"%1\r\n$5\r\nproto\r\n:3\r\n");
    while matches!(socket.read(&mut seen), Ok(1..)) {
        let _ = socket.write_all(b"+OK\r\n");
    }
}

/// Serves every connection in a thread of its own, the first one as `first`.
fn start(first: fn(TcpStream), later: fn(TcpStream)) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut serve = first;
        for socket in listener.incoming().flatten() {
            thread::spawn(move || serve(socket));
            serve = later;
        }
    });
    url::parse(&format!("redis://127.0.0.1:{port}")).unwrap()
}

/// A lane that delivers so many ids, and gives up soon what is left without an answer.
fn lane(target: Target, ids: u32) -> (Arc<Lane>, Arc<Counter>) {
    let options = Options {
        dead_peer_timeout_ms: 50,
        ..Options::default()
    };
    let counter = Arc::new(Counter {
        settled: (0..ids).map(|_| AtomicU32::new(0)).collect(),
        left: AtomicU32::new(ids),
    });
    let lane = Lane::new(Config { target, options }, Arc::clone(&counter) as _);
    (lane, counter)
}

fn entry(id: u32) -> Entry {
    let meta = Meta::default();
    Entry { id, meta }
}

fn echo(length: usize) -> String {
    let value = "x".repeat(length);
    format!("*2\r\n$4\r\nECHO\r\n${length}\r\n{value}\r\n")
}

#[test]
fn answers_to_what_was_not_sent_settle_nothing_twice() {
    let (lane, counter) = lane(start(serve, serve), COMMANDS + 1);
    let commands = echo(VALUE).repeat(TOGETHER as usize);
    lane.connect(COMMANDS);
    for round in 0..ROUNDS {
        while lane.status() != Status::Connected {
            thread::yield_now();
        }
        let ids = round * TOGETHER..(round + 1) * TOGETHER;
        let rest = COMMANDS - ids.end;
        let entries: Vec<Entry> = ids.map(entry).collect();
        lane.submit(&[commands.as_bytes()], &entries, Delivery::Direct);
        counter.wait(rest);
    }
    lane.finalize();
    for (id, times) in counter.settled.iter().enumerate() {
        assert_eq!(times.load(Ordering::Relaxed), 1, "command {id}");
    }
}

#[test]
fn a_server_that_stops_reading_behind_an_early_answer_is_left() {
    let (lane, counter) = lane(start(stall, serve), 2);
    lane.submit(&[echo(64 << 20).as_bytes()], &[entry(0)], Delivery::Direct);
    lane.submit(&[echo(1).as_bytes()], &[entry(1)], Delivery::Direct);
    // None of the second was sent, so the next connection answers it.
    counter.wait(0);
    lane.finalize();
}

#[test]
fn a_server_that_answers_for_ever_without_reading_is_left() {
    let (lane, counter) = lane(start(flood, answer), 2);
    lane.submit(&[echo(64 << 20).as_bytes()], &[entry(0)], Delivery::Direct);
    lane.submit(&[echo(1).as_bytes()], &[entry(1)], Delivery::Direct);
    counter.wait(0);
    lane.finalize();
}
