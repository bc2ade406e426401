//! The Rust client with sentinels, against real servers.

mod support {
    include!("support/redis.rs");
    include!("support/sentinel.rs");
}

use s3_valkey::redis::{Address, Options, ReadFrom, SentinelOptions, SetOptions, ValkeyClient};
use support::{Group, Redis};

async fn connect(group: &Group) -> ValkeyClient {
    let options = SentinelOptions::new("mymaster", &[&group.sentinel()]).unwrap();
    ValkeyClient::connect_sentinel(options, Options::default())
        .await
        .unwrap()
}

fn at(server: &Redis) -> String {
    server.url().replace("redis://", "")
}

#[tokio::test]
async fn the_primary_is_found_and_followed_with_its_subscriptions() {
    let group = Group::start();
    let client = connect(&group).await;
    assert_eq!(client.address().to_string(), at(&group.primary));
    client
        .set("key", "value", SetOptions::default())
        .await
        .unwrap();
    let mut messages = client.subscribe(&["news"]).await.unwrap();
    let mut states = client.observe();
    states.mark_unchanged();

    assert!(group.ask("FAILOVER").starts_with("+OK"));
    // The client leaves by itself and comes back.
    while client.address().to_string() != at(&group.replica) {
        states.changed().await.unwrap();
    }
    client
        .set("key", "later", SetOptions::default())
        .await
        .unwrap();
    let other = ValkeyClient::connect(&group.replica.url()).await.unwrap();
    assert_eq!(other.get("key").await.unwrap().as_deref(), Some("later"));
    assert!(format!("{client:?}").contains("Connected"));

    let copy = client.duplicate().await.unwrap();
    assert_eq!(copy.address(), client.address());
    while copy.publish("news", "after").await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(messages.next().await.unwrap().payload, b"after");
}

#[tokio::test]
async fn a_replica_serves_what_only_reads() {
    let group = Group::start();
    let options = SentinelOptions {
        read_from: ReadFrom::Replica,
        ..SentinelOptions::new("mymaster", &[&group.sentinel()]).unwrap()
    };
    let client = ValkeyClient::connect_sentinel(options, Options::default())
        .await
        .unwrap();
    client
        .set("key", "value", SetOptions::default())
        .await
        .unwrap();
    while client.get("key").await.unwrap().as_deref() != Some("value") {
        tokio::task::yield_now().await;
    }
    let replica = ValkeyClient::connect(&group.replica.url()).await.unwrap();
    let stats = replica.command("INFO", &["commandstats"]).await.unwrap();
    assert!(stats.as_text().unwrap().contains("cmdstat_get:"));
}

#[tokio::test]
async fn an_unknown_name_and_unreachable_sentinels_are_told_apart() {
    let group = Group::start();
    let mut options = SentinelOptions::new("other", &[&group.sentinel()]).unwrap();
    let unknown = ValkeyClient::connect_sentinel(options.clone(), Options::default()).await;
    assert_eq!(
        unknown.unwrap_err().code(),
        "ERR_REDIS_SENTINEL_UNKNOWN_NAME"
    );

    options.sentinels = vec![Address::Host {
        host: "127.0.0.1".into(),
        port: 1,
    }];
    let few = Options {
        max_retries: 1,
        ..Options::default()
    };
    let unreachable = ValkeyClient::connect_sentinel(options, few).await;
    assert_eq!(
        unreachable.unwrap_err().code(),
        "ERR_REDIS_SENTINEL_UNREACHABLE"
    );
}
