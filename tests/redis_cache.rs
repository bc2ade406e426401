//! The client-side cache of the Rust client against real servers.

#[path = "support/cluster.rs"]
mod cluster;
#[path = "support/redis.rs"]
mod support;

use std::time::Duration;

use cluster::TestCluster;
use s3_valkey::redis::{
    CacheOptions, CacheStats, ClusterClient, ClusterConfig, Options, Script, SetOptions, Tracking,
    ValkeyClient, Value, url,
};
use support::Redis;

async fn cached_with(server: &Redis, options: Options, cache: CacheOptions) -> ValkeyClient {
    let client = ValkeyClient::connect_with_cache(&server.url(), options, cache).await;
    client.unwrap()
}

async fn cached(server: &Redis) -> ValkeyClient {
    cached_with(server, Options::default(), CacheOptions::default()).await
}

async fn plain(server: &Redis) -> ValkeyClient {
    ValkeyClient::connect(&server.url()).await.unwrap()
}

async fn set(client: &ValkeyClient, key: &str, value: &str) {
    client.set(key, value, SetOptions::default()).await.unwrap();
}

async fn get(client: &ValkeyClient, key: &str) -> String {
    client.get(key).await.unwrap().unwrap_or_default()
}

fn stats(client: &ValkeyClient) -> CacheStats {
    client.cache().unwrap().stats()
}

/// Reads until the value is there.
async fn until(client: &ValkeyClient, key: &str, value: &str) {
    let seen = async {
        while get(client, key).await != value {
            tokio::task::yield_now().await;
        }
    };
    let limit = Duration::from_secs(20);
    tokio::time::timeout(limit, seen)
        .await
        .expect("the change arrives");
}

#[tokio::test]
async fn a_reply_is_used_until_somebody_changes_the_key() {
    let server = Redis::start();
    let (client, other) = (cached(&server).await, plain(&server).await);
    set(&other, "a", "1").await;
    for _ in 0..10 {
        assert_eq!(get(&client, "a").await, "1");
        assert_eq!(client.exists(&["a", "b"]).await.unwrap(), 1);
    }
    let now = stats(&client);
    assert_eq!((now.hits, now.misses, now.entries), (18, 2, 2));
    set(&other, "a", "2").await;
    until(&client, "a", "2").await;
    assert_eq!(stats(&client).invalidations, 2);
    other.command("FLUSHALL", &[]).await.unwrap();
    until(&client, "a", "").await;
    client.cache().unwrap().clear();
    assert_eq!((stats(&client).entries, stats(&client).bytes), (0, 0));
    assert!(other.cache().is_none());
}

#[tokio::test]
async fn a_client_sees_what_it_has_written_itself() {
    let server = Redis::start();
    let client = cached(&server).await;
    let bump = Script::new("return redis.call('INCR', KEYS[1])");
    let mut expected = 0;
    for _ in 0..100 {
        set(&client, "n", &expected.to_string()).await;
        assert_eq!(get(&client, "n").await, expected.to_string());
        client.incr("n").await.unwrap();
        assert_eq!(get(&client, "n").await, (expected + 1).to_string());
        client.multi().await.incr("n").exec().await.unwrap();
        assert_eq!(get(&client, "n").await, (expected + 2).to_string());
        client.pipeline().incr("n").exec().await.unwrap();
        assert_eq!(get(&client, "n").await, (expected + 3).to_string());
        bump.key("n").invoke(&client).await.unwrap();
        assert_eq!(get(&client, "n").await, (expected + 4).to_string());
        let lease = client.acquire(None).await.unwrap();
        lease.command("INCR", &["n"]).await.unwrap();
        assert_eq!(get(&client, "n").await, (expected + 5).to_string());
        expected += 5;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_reader_is_left_with_an_old_reply() {
    let server = Redis::start();
    let (client, other) = (cached(&server).await, plain(&server).await);
    for round in 0..300 {
        let value = round.to_string();
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move {
                    for _ in 0..20 {
                        get(&client, "k").await;
                    }
                })
            })
            .collect();
        let writer = if round % 2 == 0 { &client } else { &other };
        set(writer, "k", &value).await;
        if round % 2 == 0 {
            assert_eq!(get(&client, "k").await, value);
        }
        for reader in readers {
            reader.await.unwrap();
        }
        until(&client, "k", &value).await;
    }
    assert!(stats(&client).hits > 0);
}

#[tokio::test]
async fn a_lost_connection_empties_the_cache() {
    let server = Redis::start();
    let (client, other) = (cached(&server).await, plain(&server).await);
    set(&other, "a", "1").await;
    assert_eq!(get(&client, "a").await, "1");
    let kill = ["KILL", "TYPE", "normal", "SKIPME", "yes"];
    other.command("CLIENT", &kill).await.unwrap();
    set(&other, "a", "2").await;
    until(&client, "a", "2").await;
    // The new connection is told, too.
    set(&other, "a", "3").await;
    until(&client, "a", "3").await;
    // What was read before may be forgotten once more, when the server tells of the last change.
    let hits = stats(&client).hits;
    let used = async {
        while stats(&client).hits == hits {
            assert_eq!(get(&client, "a").await, "3");
        }
    };
    let limit = Duration::from_secs(20);
    let outcome = tokio::time::timeout(limit, used).await;
    outcome.expect("the new connection has a cache");
}

#[tokio::test]
async fn memory_and_time_are_bounded() {
    let server = Redis::start();
    let options = CacheOptions {
        max_bytes: 20_000,
        ttl: Some(Duration::from_millis(1)),
    };
    let client = cached_with(&server, Options::default(), options).await;
    let long = "x".repeat(2000);
    for number in 0..50 {
        let key = format!("k{number}");
        set(&client, &key, &long).await;
        assert_eq!(get(&client, &key).await, long);
        assert!(stats(&client).bytes <= 20_000);
    }
    assert!(stats(&client).evictions > 0);
    while stats(&client).expirations == 0 {
        get(&client, "a").await;
    }
}

#[tokio::test]
async fn what_the_server_does_not_tell_of_is_not_kept() {
    let server = Redis::start();
    let options = Options {
        tracking: Some(Tracking::Broadcast(vec![b"user:".to_vec()])),
        ..Options::default()
    };
    let client = cached_with(&server, options, CacheOptions::default()).await;
    let other = plain(&server).await;
    for key in ["user:1", "other"] {
        set(&other, key, "1").await;
        get(&client, key).await;
        get(&client, key).await;
    }
    assert_eq!(stats(&client).hits, 1);
    set(&other, "user:1", "2").await;
    until(&client, "user:1", "2").await;

    let client = cached(&server).await;
    for command in [["SELECT", "1"], ["SELECT", "0"]] {
        get(&client, "other").await;
        client.command(command[0], &command[1..]).await.unwrap();
        assert_eq!(stats(&client).entries, 0);
    }
    assert_eq!(get(&client, "other").await, "1");
    client
        .command("CLIENT", &["TRACKING", "OFF"])
        .await
        .unwrap();
    get(&client, "other").await;
    assert_eq!((stats(&client).hits, stats(&client).entries), (0, 0));
    let reply = client.command("GET", &["other"]).await.unwrap();
    assert_eq!(reply, Value::Bulk(b"1".to_vec()));
}

#[tokio::test]
async fn every_node_of_a_cluster_tells() {
    let servers = TestCluster::start();
    let seeds = vec![url::parse(&servers.url()).unwrap()];
    let config = ClusterConfig::new(seeds, Options::default());
    let client = ClusterClient::connect_with_cache(config, CacheOptions::default());
    let client = client.await.unwrap();
    let other = ClusterClient::connect(&[&servers.url()]).await.unwrap();
    for key in ["a", "b", "c", "d", "e", "f"] {
        set(&other, key, "1").await;
        until(&client, key, "1").await;
        let hits = stats(&client).hits;
        get(&client, key).await;
        assert_eq!(stats(&client).hits, hits + 1);
        set(&other, key, "2").await;
        until(&client, key, "2").await;
    }
    let another = client.duplicate().await.unwrap();
    assert_eq!(stats(&another), CacheStats::default());
}
