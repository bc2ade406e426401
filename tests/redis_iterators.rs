//! Iterators of the Rust client against real servers.

#[path = "support/cluster.rs"]
mod cluster;
#[path = "support/redis.rs"]
mod support;

use std::collections::BTreeSet;
use std::pin::Pin;

use cluster::TestCluster;
use futures_core::Stream;
use s3_valkey::redis::pool::{PoolOptions, RedisPool};
use s3_valkey::redis::{ClusterClient, ElementOptions, ScanIter, ScanOptions, ValkeyClient};
use support::Redis;

/// All elements, taken as of any stream.
async fn all<T: Ord>(mut iter: ScanIter<T>) -> BTreeSet<T> {
    let mut found = BTreeSet::new();
    while let Some(element) =
        std::future::poll_fn(|context| Pin::new(&mut iter).poll_next(context)).await
    {
        found.insert(element.unwrap());
    }
    found
}

fn names(prefix: &str, count: usize) -> BTreeSet<String> {
    (0..count)
        .map(|number| format!("{prefix}{number}"))
        .collect()
}

async fn store(client: &ValkeyClient, keys: &BTreeSet<String>) {
    let mut pipeline = client.pipeline();
    for key in keys {
        pipeline.command("SET", &[key, "x"]);
    }
    for result in pipeline.exec().await.unwrap() {
        result.unwrap();
    }
}

#[tokio::test]
async fn every_key_comes_that_matches() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    let keys = names("key:", 500);
    store(&client, &keys).await;
    client.rpush("list", &["a"]).await.unwrap();
    let matching = |count| ScanOptions {
        count,
        ..ScanOptions::matching("key:*")
    };
    assert_eq!(all(client.scan_iter(matching(None))).await, keys);
    assert_eq!(all(client.scan_iter(matching(Some(7)))).await, keys);
    assert_eq!(all(client.scan_iter(matching(Some(1000)))).await, keys);
    assert_eq!(
        all(client.scan_iter(ScanOptions::default())).await.len(),
        501
    );
    let lists = ScanOptions {
        kind: Some("list".to_owned()),
        ..ScanOptions::default()
    };
    assert_eq!(
        all(client.scan_iter(lists)).await,
        BTreeSet::from(["list".to_owned()])
    );
    assert!(
        all(client.scan_iter(ScanOptions::matching("none*")))
            .await
            .is_empty()
    );

    let lease = client.acquire(None).await.unwrap();
    assert_eq!(all(lease.scan_iter(matching(None))).await, keys);
    let pool = RedisPool::connect(&server.url(), PoolOptions::default())
        .await
        .unwrap();
    assert_eq!(all(pool.scan_iter(matching(None))).await, keys);
}

#[tokio::test]
async fn every_element_comes_in_its_shape() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    let members = names("m", 1000);
    let mut pipeline = client.pipeline();
    for (number, member) in members.iter().enumerate() {
        pipeline.hset("hash", member, &number.to_string());
        pipeline.sadd("set", &[member]);
        pipeline.command("ZADD", &["board", &format!("{number}.5"), member]);
    }
    pipeline.exec().await.unwrap();
    let any = ElementOptions::default;
    assert_eq!(all(client.sscan_iter("set", any())).await, members);
    let numbers = members.iter().zip(0u32..);
    let fields = numbers
        .clone()
        .map(|(name, at)| (name.clone(), at.to_string()));
    assert_eq!(
        all(client.hscan_iter("hash", any())).await,
        fields.collect()
    );
    let mut board = client.zscan_iter("board", any());
    let mut scores = BTreeSet::new();
    let mut pages = 0;
    while let Some(page) = board.next_page().await {
        let page = page.unwrap();
        assert!(!page.is_empty());
        pages += 1;
        scores.extend(
            page.into_iter()
                .map(|(member, score)| (member, score.to_string())),
        );
    }
    assert!(pages > 10, "{pages}");
    let expected = numbers.map(|(name, at)| (name.clone(), format!("{at}.5")));
    assert_eq!(scores, expected.collect());
    assert!(all(client.sscan_iter("missing", any())).await.is_empty());
}

#[tokio::test]
async fn an_error_is_the_end() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    client.rpush("list", &["a"]).await.unwrap();
    let mut wrong = client.sscan_iter("list", ElementOptions::default());
    let error = wrong.next().await.unwrap().unwrap_err();
    assert!(error.message().starts_with("WRONGTYPE"), "{error}");
    assert!(wrong.next().await.is_none());

    store(&client, &names("key:", 200)).await;
    let mut keys = client.scan_iter(ScanOptions::default());
    keys.next().await.unwrap().unwrap();
    client.close();
    let error = loop {
        match keys.next().await.expect("an error before the end") {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), "ERR_REDIS_CONNECTION_CLOSED");
    assert!(keys.next().await.is_none());
}

#[tokio::test]
async fn a_walk_keeps_its_client_open() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    let keys = names("key:", 100);
    store(&client, &keys).await;
    let iter = client.scan_iter(ScanOptions::default());
    drop(client);
    assert_eq!(all(iter).await, keys);
}

#[tokio::test]
async fn in_a_cluster_all_primaries_are_visited() {
    let servers = TestCluster::start_with(3, 1, &[]);
    let client = ClusterClient::connect(&[&servers.url()]).await.unwrap();
    let keys = names("key:", 300);
    store(&client, &keys).await;
    assert_eq!(all(client.scan_iter(ScanOptions::default())).await, keys);
    client.sadd("tags", &["a", "b"]).await.unwrap();
    let tags = all(client.sscan_iter("tags", ElementOptions::default())).await;
    assert_eq!(tags.len(), 2);
    client.close();
    let mut closed = client.scan_iter(ScanOptions::default());
    assert!(closed.next().await.unwrap().is_err());
    assert!(closed.next().await.is_none());
}
