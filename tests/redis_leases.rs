//! Commands that block and connections of one's own, from Rust, against a real server.

#[path = "support/redis.rs"]
mod support;

use std::time::Duration;

use s3_valkey::redis::{Options, PoolOptions, RedisPool, ValkeyClient, Value};
use support::Redis;

/// Waits until so many connections of the server are blocked.
async fn blocked(client: &ValkeyClient, count: usize) {
    let expected = format!("blocked_clients:{count}\r");
    loop {
        let info = client.command("INFO", &["clients"]).await.unwrap();
        if info.as_text().unwrap().contains(&expected) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn client(server: &Redis, max: u32) -> ValkeyClient {
    let options = Options {
        max_blocking_connections: max,
        ..Options::default()
    };
    ValkeyClient::connect_with_options(&server.url(), options)
        .await
        .unwrap()
}

fn pair(key: &str, value: &str) -> Value {
    let bulk = |text: &str| Value::Bulk(text.into());
    Value::Array(vec![bulk(key), bulk(value)])
}

#[tokio::test]
async fn nobody_waits_behind_a_command_that_blocks() {
    let server = Redis::start();
    let client = client(&server, 100).await;
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.command("BLPOP", &["queue", "0"]).await }
    });
    blocked(&client, 1).await;
    client.command("RPUSH", &["queue", "a"]).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), pair("queue", "a"));
}

#[tokio::test]
async fn a_call_that_is_dropped_takes_nothing() {
    let server = Redis::start();
    let client = client(&server, 1).await;
    for round in 0..20 {
        let waiting = tokio::spawn({
            let client = client.clone();
            async move { client.command("BLPOP", &["queue", "0"]).await }
        });
        blocked(&client, 1).await;
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        let length = client.command("RPUSH", &["queue", "a"]).await.unwrap();
        assert_eq!(length, Value::Integer(1), "round {round}");
        let taken = client.command("BLPOP", &["queue", "0"]).await.unwrap();
        assert_eq!(taken, pair("queue", "a"));
    }
}

#[tokio::test]
async fn a_lease_is_given_back_clean_and_waited_for() {
    let server = Redis::start();
    let client = client(&server, 1).await;
    client.command("SELECT", &["2"]).await.unwrap();
    let lease = client.acquire(None).await.unwrap();
    let id = lease.command("CLIENT", &["ID"]).await.unwrap();
    lease.command("SET", &["here", "2"]).await.unwrap();
    lease.command("SELECT", &["5"]).await.unwrap();
    lease.command("WATCH", &["k"]).await.unwrap();
    lease.command("MULTI", &[]).await.unwrap();

    let limit = Some(Duration::from_millis(20));
    let error = client.acquire(limit).await.unwrap_err();
    assert_eq!(error.code(), "ERR_REDIS_POOL_TIMEOUT");

    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.acquire(None).await }
    });
    lease.release();
    let next = waiting.await.unwrap().unwrap();
    assert_eq!(next.command("CLIENT", &["ID"]).await.unwrap(), id);
    let here = next.command("GET", &["here"]).await.unwrap();
    assert_eq!(here, Value::Bulk(b"2".to_vec()));

    // What cannot be undone ends the connection.
    next.command("CLIENT", &["SETNAME", "spoilt"])
        .await
        .unwrap();
    drop(next);
    let fresh = client.acquire(None).await.unwrap();
    assert_ne!(fresh.command("CLIENT", &["ID"]).await.unwrap(), id);
}

#[tokio::test]
async fn closing_ends_what_blocks_and_what_waits() {
    let server = Redis::start();
    let client = client(&server, 1).await;
    let call = |command: &'static str| {
        let client = client.clone();
        tokio::spawn(async move { client.command(command, &["queue", "0"]).await })
    };
    let running = call("BLPOP");
    blocked(&client, 1).await;
    let queued = call("BRPOP");
    let lease = tokio::spawn({
        let client = client.clone();
        async move { client.acquire(None).await.map(drop) }
    });
    tokio::task::yield_now().await;
    client.close();
    for outcome in [running.await.unwrap(), queued.await.unwrap()] {
        assert_eq!(outcome.unwrap_err().code(), "ERR_REDIS_CONNECTION_CLOSED");
    }
    let error = lease.await.unwrap().unwrap_err();
    assert_eq!(error.code(), "ERR_REDIS_CONNECTION_CLOSED");
}

#[tokio::test]
async fn a_pool_answers_many_and_lends_within_its_bounds() {
    let server = Redis::start();
    let options = PoolOptions {
        max: 3,
        max_waiting: 1,
        acquire_timeout: Some(Duration::from_millis(20)),
        ..PoolOptions::default()
    };
    let pool = RedisPool::connect(&server.url(), options).await.unwrap();
    let callers: Vec<_> = (0..500)
        .map(|number| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let text = number.to_string();
                pool.command("SET", &[&text, &text]).await.unwrap();
                let value = pool.command("GET", &[&text]).await.unwrap();
                assert_eq!(value.as_text(), Some(&*text));
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let leases = [pool.acquire().await.unwrap(), pool.acquire().await.unwrap()];
    let counts = pool.metrics();
    assert_eq!((counts.total(), counts.in_use, counts.idle), (3, 2, 1));
    let (late, refused) = tokio::join!(pool.acquire(), pool.acquire());
    assert_eq!(late.unwrap_err().code(), "ERR_REDIS_POOL_TIMEOUT");
    assert_eq!(refused.unwrap_err().code(), "ERR_REDIS_POOL_EXHAUSTED");
    assert_eq!(
        pool.command("PING", &[]).await.unwrap().as_text(),
        Some("PONG")
    );
    drop(leases);
    assert_eq!(pool.metrics().in_use, 0);

    let refused = pool.command("SELECT", &["1"]).await.unwrap_err();
    assert_eq!(refused.code(), "ERR_REDIS_INVALID_STATE");
    pool.close();
    let error = pool.command("PING", &[]).await.unwrap_err();
    assert_eq!(error.code(), "ERR_REDIS_CONNECTION_CLOSED");
}

#[tokio::test]
async fn bounds_that_contradict_each_other_are_refused() {
    for (min, max) in [(0, 1), (3, 2)] {
        let options = PoolOptions {
            min,
            max,
            ..PoolOptions::default()
        };
        let error = RedisPool::connect("redis://localhost", options)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "ERR_INVALID_ARG_VALUE");
    }
}
