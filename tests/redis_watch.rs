//! Transactions of the Rust client that depend on watched keys, against a real server.

#[path = "support/redis.rs"]
mod support;

use std::sync::atomic::{AtomicU32, Ordering};

use s3_valkey::ErrorKind;
use s3_valkey::redis::pool::{PoolOptions, RedisPool};
use s3_valkey::redis::{SetOptions, ValkeyClient, Value};
use support::Redis;

#[tokio::test]
async fn a_hundred_callers_count_every_turn() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                let count = async |watched: &s3_valkey::redis::Watched| {
                    let count = watched.get("n").await?.unwrap_or_default();
                    let next = count.parse().unwrap_or(0) + 1;
                    let mut transaction = watched.multi();
                    transaction.set("n", &next.to_string(), SetOptions::default());
                    transaction.exec().await
                };
                client
                    .watch_with_retries(&["n"], 10_000, count)
                    .await
                    .unwrap();
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(client.get("n").await.unwrap().as_deref(), Some("100"));
}

#[tokio::test]
async fn a_conflict_runs_the_function_again_as_often_as_it_may() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    let runs = AtomicU32::new(0);
    let replies = client
        .watch(&["a", "b"], async |watched| {
            if runs.fetch_add(1, Ordering::Relaxed) < 3 {
                client.incr("b").await?;
            }
            watched.multi().get("b").exec().await
        })
        .await
        .unwrap();
    assert_eq!(runs.load(Ordering::Relaxed), 4);
    assert_eq!(replies[0].as_text(), Some("3"));

    let error = client
        .watch_with_retries(&["a"], 2, async |watched| {
            client.incr("a").await?;
            watched.multi().incr("never").exec().await
        })
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Conflict, "ERR_REDIS_WATCH_CONFLICT")
    );
    assert_eq!(client.get("a").await.unwrap().as_deref(), Some("3"));
    assert_eq!(client.exists(&["never"]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_connection_that_is_lost_before_the_transaction_is_a_conflict() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    let runs = AtomicU32::new(0);
    let kill = async |watched: &s3_valkey::redis::Watched| {
        let Value::Integer(id) = watched.command("CLIENT", &["ID"]).await? else {
            panic!("a number");
        };
        client
            .command("CLIENT", &["KILL", "ID", &id.to_string()])
            .await
    };
    let replies = client
        .watch(&["a"], async |watched| {
            if runs.fetch_add(1, Ordering::Relaxed) == 0 {
                kill(watched).await?;
                // Whoever asks next finds out.
                assert!(watched.get("a").await.is_err());
            }
            watched.multi().incr("n").exec().await
        })
        .await
        .unwrap();
    assert_eq!(replies, [Value::Integer(1)]);
    let error = client
        .watch_with_retries(&["a"], 1, async |watched| {
            kill(watched).await?;
            watched.get("a").await
        })
        .await
        .unwrap_err();
    assert_eq!(error.code(), "ERR_REDIS_WATCH_CONFLICT");
}

#[tokio::test]
async fn a_run_has_one_transaction_and_may_end_without_one() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    let error = client
        .watch(&["a"], async |watched| {
            watched.pipeline().incr("n").exec().await?;
            assert!(watched.multi().exec().await?.is_empty());
            watched.multi().incr("n").exec().await
        })
        .await
        .unwrap_err();
    assert_eq!(error.code(), "ERR_REDIS_INVALID_STATE");
    client
        .watch(&["a"], async |watched| watched.get("a").await)
        .await
        .unwrap();
    client.incr("a").await.unwrap();
    // The connection watches nothing any more when the next one gets it.
    let executed = client
        .watch_with_retries(&["b"], 0, async |watched| {
            watched.multi().incr("b").exec().await
        })
        .await;
    assert_eq!(executed.unwrap(), [Value::Integer(1)]);
}

#[tokio::test]
async fn pools_and_leases_have_them_too() {
    let server = Redis::start();
    let pool = RedisPool::connect(&server.url(), PoolOptions::default())
        .await
        .unwrap();
    let counts: Vec<_> = (0..50)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let replies = pool.multi().incr("n").incr("n").exec().await.unwrap();
                let [Value::Integer(first), Value::Integer(second)] = replies[..] else {
                    panic!("two numbers");
                };
                assert_eq!(second, first + 1);
            })
        })
        .collect();
    for count in counts {
        count.await.unwrap();
    }
    let results = pool.pipeline().get("n").exec().await.unwrap();
    assert_eq!(results[0].as_ref().unwrap().as_text(), Some("100"));
    let refused = pool
        .multi()
        .incr("n")
        .command("SELECT", &["1"])
        .exec()
        .await;
    assert_eq!(refused.unwrap_err().code(), "ERR_INVALID_ARG_VALUE");
    let executed = pool
        .watch(&["a"], async |watched| {
            watched.multi().command("SELECT", &["1"]).exec().await
        })
        .await;
    assert_eq!(executed.unwrap().len(), 1);
    let lease = pool.acquire().await.unwrap();
    assert_eq!(
        lease.multi().get("n").exec().await.unwrap()[0].as_text(),
        Some("100")
    );
    assert_eq!(lease.pipeline().get("n").exec().await.unwrap().len(), 1);
}
