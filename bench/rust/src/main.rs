//! The Rust Redis client beside redis-rs and fred: GET with so many concurrent callers on one
//! connection each, all clients in turns against one server.
//!
//! `cargo run --release --manifest-path bench/rust/Cargo.toml [-- --rounds 9 --slice 700]`

mod clients;
mod report;
#[path = "../../../tests/support/redis.rs"]
mod server;

use std::time::{Duration, Instant};

use clients::Client;
use report::{Report, Slice};

const CALLERS: [usize; 3] = [1, 50, 1000];
pub const KEY: &str = "bench:key";
pub const VALUE: &str = "0123456789abcdef";

#[tokio::main]
async fn main() {
    let rounds = argument("--rounds", 5);
    let slice = Duration::from_millis(u64::try_from(argument("--slice", 700)).expect("a time"));
    let server = server::Redis::start();
    let clients = clients::connect(&server.url()).await;
    for callers in CALLERS {
        let mut report = Report::new(callers);
        for client in &clients {
            load(client, callers, slice / 4).await;
        }
        for round in 0..rounds {
            // Each round starts with another client, so that a busy moment hits all alike.
            for turn in 0..clients.len() {
                let client = &clients[(round + turn) % clients.len()];
                report.add(client.name(), load(client, callers, slice).await);
            }
        }
        report.print();
    }
}

/// Keeps `callers` GETs in flight for a while; every answer is checked.
async fn load(client: &Client, callers: usize, time: Duration) -> Slice {
    let (cpu, start) = (report::processor_time(), Instant::now());
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while start.elapsed() < time {
                    let sent = Instant::now();
                    assert_eq!(client.get(KEY).await, VALUE, "a wrong answer");
                    latencies.push(sent.elapsed());
                }
                latencies
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.expect("no caller fails"));
    }
    Slice::new(latencies, start.elapsed(), report::processor_time() - cpu)
}

fn argument(name: &str, missing: usize) -> usize {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    match arguments.nth(1) {
        None => missing,
        Some(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} takes a number")),
    }
}
