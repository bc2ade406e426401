//! Consumers of streams of the Rust client against real servers.

#[path = "support/cluster.rs"]
mod cluster;
#[path = "support/redis.rs"]
mod support;

use std::pin::Pin;
use std::time::Duration;

use cluster::TestCluster;
use futures_core::Stream;
use s3_valkey::redis::pool::{PoolOptions, RedisPool};
use s3_valkey::redis::{
    ClusterClient, ConsumerOptions, StreamConsumer, StreamMessage, ValkeyClient, Value,
};
use support::Redis;

async fn connect(server: &Redis) -> ValkeyClient {
    ValkeyClient::connect(&server.url()).await.unwrap()
}

async fn add(client: &ValkeyClient, stream: &str, values: std::ops::Range<u32>) {
    for value in values {
        let value = value.to_string();
        let added = client.command("XADD", &[stream, "*", "n", &value]).await;
        added.unwrap();
    }
}

async fn next(consumer: &mut StreamConsumer) -> StreamMessage {
    let next = std::future::poll_fn(|context| Pin::new(&mut *consumer).poll_next(context));
    next.await.expect("not the end").unwrap()
}

fn number(message: &StreamMessage) -> u32 {
    message.field("n").unwrap().parse().unwrap()
}

/// How many entries are pending.
async fn pending(client: &ValkeyClient, stream: &str, group: &str) -> i64 {
    let reply = client.command("XPENDING", &[stream, group]).await.unwrap();
    let Value::Array(parts) = reply else {
        panic!("{reply:?}")
    };
    parts[0].clone().into_integer().unwrap()
}

#[tokio::test]
async fn entries_come_in_order_and_new_ones_are_waited_for() {
    let server = Redis::start();
    let client = connect(&server).await;
    add(&client, "s", 0..25).await;
    let mut consumer = client
        .consume(&["s"], ConsumerOptions::new("g", "c"))
        .unwrap();
    for expected in 0..25 {
        let message = next(&mut consumer).await;
        assert_eq!((number(&message), message.deliveries), (expected, 1));
        assert_eq!(message.stream, "s");
        assert!(message.ack().await.unwrap());
        assert!(!message.ack().await.unwrap());
    }
    assert_eq!(pending(&client, "s", "g").await, 0);
    // Others are not held up by the wait.
    let (message, ()) = tokio::join!(next(&mut consumer), add(&client, "s", 25..26));
    assert_eq!(number(&message), 25);
}

#[tokio::test]
async fn a_slow_user_holds_no_more_than_one_read() {
    let server = Redis::start();
    let client = connect(&server).await;
    add(&client, "s", 0..50).await;
    let options = ConsumerOptions {
        count: 3,
        ..ConsumerOptions::new("g", "c")
    };
    let mut consumer = client.consume(&["s"], options).unwrap();
    let first = next(&mut consumer).await;
    assert_eq!(pending(&client, "s", "g").await, 3);
    let _second = next(&mut consumer).await;
    let third = next(&mut consumer).await;
    assert_eq!((number(&first), number(&third)), (0, 2));
    assert_eq!(pending(&client, "s", "g").await, 3);
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again_at_the_next_start() {
    let server = Redis::start();
    let client = connect(&server).await;
    add(&client, "s", 0..4).await;
    let options = ConsumerOptions::new("g", "c");
    let mut consumer = client.consume(&["s"], options.clone()).unwrap();
    for _ in 0..2 {
        next(&mut consumer).await.ack().await.unwrap();
    }
    let held = next(&mut consumer).await;
    consumer.stopper().stop();
    assert!(consumer.next().await.is_none());
    drop(consumer);
    client.command("XDEL", &["s", &held.id]).await.unwrap();

    let mut again = client.consume(&["s"], options).unwrap();
    let message = next(&mut again).await;
    // The third one was deleted: there is nothing to work on.
    assert_eq!((number(&message), message.deliveries), (3, 2));
    assert_eq!(pending(&client, "s", "g").await, 1);
    assert!(!held.ack().await.unwrap());
    assert!(message.ack().await.unwrap());
}

#[tokio::test]
async fn what_others_leave_is_claimed() {
    let server = Redis::start();
    let client = connect(&server).await;
    add(&client, "s", 0..30).await;
    let mut lost = client
        .consume(&["s"], ConsumerOptions::new("g", "lost"))
        .unwrap();
    let mut left = Vec::new();
    for _ in 0..20 {
        left.push(number(&next(&mut lost).await));
    }
    drop(lost);
    let options = ConsumerOptions {
        min_idle: Some(Duration::from_millis(1)),
        count: 4,
        ..ConsumerOptions::new("g", "heir")
    };
    let mut heir = client.consume(&["s"], options).unwrap();
    let mut again = Vec::new();
    while again.len() < 20 {
        let message = next(&mut heir).await;
        message.ack().await.unwrap();
        if message.deliveries > 1 {
            again.push(number(&message));
        }
    }
    again.sort_unstable();
    assert_eq!(again, left);
}

#[tokio::test]
async fn what_is_worked_on_is_not_claimed_from_oneself() {
    let server = Redis::start();
    let client = connect(&server).await;
    add(&client, "s", 0..5).await;
    let options = ConsumerOptions {
        min_idle: Some(Duration::from_millis(1)),
        count: 1,
        ..ConsumerOptions::new("g", "c")
    };
    let mut consumer = client.consume(&["s"], options).unwrap();
    let mut held = Vec::new();
    while held.len() < 5 {
        held.push(next(&mut consumer).await);
    }
    let numbers: Vec<u32> = held.iter().map(number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    // One that was dropped comes again.
    drop(held.remove(2));
    let message = next(&mut consumer).await;
    assert_eq!(number(&message), 2);
    assert!(message.deliveries > 1);
}

#[tokio::test]
async fn a_stop_ends_the_wait_from_anywhere() {
    let server = Redis::start();
    let client = connect(&server).await;
    let options = ConsumerOptions {
        block: Duration::from_mins(10),
        ..ConsumerOptions::new("g", "c")
    };
    let mut consumer = client.consume(&["s"], options).unwrap();
    let stop = consumer.stopper();
    let waiting = tokio::spawn(async move { consumer.next().await.is_none() });
    let blocked = async || {
        let info = client.command("INFO", &["clients"]).await.unwrap();
        info.as_text().unwrap().contains("blocked_clients:1")
    };
    while !blocked().await {}
    stop.stop();
    assert!(waiting.await.unwrap());
    while blocked().await {}
}

#[tokio::test]
async fn lost_connections_and_groups_are_outlived_and_errors_are_not() {
    let server = Redis::start();
    let client = connect(&server).await;
    add(&client, "s", 0..2).await;
    let mut consumer = client
        .consume(&["s"], ConsumerOptions::new("g", "c"))
        .unwrap();
    let first = next(&mut consumer).await;
    let second = next(&mut consumer).await;
    let admin = connect(&server).await;
    admin
        .command("CLIENT", &["KILL", "TYPE", "normal", "SKIPME", "yes"])
        .await
        .unwrap();
    assert!(first.ack().await.unwrap());
    // The other one is in somebody's hands here.
    let (third, ()) = tokio::join!(next(&mut consumer), add(&admin, "s", 2..3));
    assert_eq!(number(&third), 2);
    assert!(second.ack().await.unwrap() && third.ack().await.unwrap());

    admin
        .command("XGROUP", &["DESTROY", "s", "g"])
        .await
        .unwrap();
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(number(&next(&mut consumer).await));
    }
    assert_eq!(seen, [0, 1, 2]);

    admin.command("DEL", &["s"]).await.unwrap();
    admin.rpush("s", &["x"]).await.unwrap();
    let error = consumer.next().await.unwrap().unwrap_err();
    assert!(error.message().starts_with("WRONGTYPE"), "{error}");
    assert!(consumer.next().await.is_none());
}

#[tokio::test]
async fn a_closed_client_ends_with_its_error() {
    let server = Redis::start();
    let client = connect(&server).await;
    let mut consumer = client
        .consume(&["s"], ConsumerOptions::new("g", "c"))
        .unwrap();
    client.close();
    let error = consumer.next().await.unwrap().unwrap_err();
    assert_eq!(error.code(), "ERR_REDIS_CONNECTION_CLOSED");
    assert!(consumer.next().await.is_none());
    assert!(client.consume(&[], ConsumerOptions::new("g", "c")).is_err());
}

#[tokio::test]
async fn several_streams_are_read_on_pools_and_clusters() {
    let server = Redis::start();
    let client = connect(&server).await;
    let pool = RedisPool::connect(&server.url(), PoolOptions::default())
        .await
        .unwrap();
    let servers = TestCluster::start();
    let cluster = ClusterClient::connect(&[&servers.url()]).await.unwrap();
    let options = || ConsumerOptions::new("g", "c");
    let on_pool = pool.consume(&["{s}a", "{s}b"], options()).unwrap();
    let on_cluster = cluster.consume(&["{s}a", "{s}b"], options()).unwrap();
    for (client, mut consumer) in [(&client, on_pool), (&*cluster, on_cluster)] {
        add(client, "{s}b", 0..12).await;
        add(client, "{s}a", 0..1).await;
        let mut streams = Vec::new();
        for _ in 0..13 {
            let message = next(&mut consumer).await;
            assert!(message.ack().await.unwrap());
            streams.push(message.stream.clone());
        }
        streams.sort();
        assert_eq!((streams[0].as_str(), streams[1].as_str()), ("{s}a", "{s}b"));
    }
}
