//! The Rust client against real clusters.

#[path = "support/cluster.rs"]
mod support;

#[path = "support/redis.rs"]
mod single;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use s3_valkey::ErrorKind;
use s3_valkey::redis::cluster::{NodeInfo, ReadFrom, Role, slot};
use s3_valkey::redis::{
    ClusterClient, ClusterConfig, Options, SetOptions, Status, ValkeyClient, Value, url,
};
use support::TestCluster;

async fn connect(cluster: &TestCluster) -> ClusterClient {
    ClusterClient::connect(&[&cluster.url()]).await.unwrap()
}

async fn set(client: &ClusterClient, key: &str, value: &str) {
    let stored = client.set(key, value, SetOptions::default()).await;
    stored.unwrap();
}

/// Keys of every slot range.
fn keys(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("key:{number}")).collect()
}

/// How many slots the node's shard serves.
fn slots(node: &NodeInfo) -> u16 {
    node.slots
        .iter()
        .map(|(first, last)| last - first + 1)
        .sum()
}

#[tokio::test]
async fn commands_go_where_their_keys_are() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    assert_eq!(client.status(), Status::Connected);
    let keys = keys(100);
    for key in &keys {
        set(&client, key, key).await;
    }
    for key in &keys {
        assert_eq!(client.get(key).await.unwrap().as_ref(), Some(key));
    }
    let nodes = client.nodes();
    assert_eq!(nodes.len(), 3);
    assert_eq!(nodes.iter().map(slots).sum::<u16>(), 16384);
    for node in &nodes {
        assert_eq!(node.role, Role::Primary);
        let size = client.command_on(node.number, "DBSIZE", &[]).await.unwrap();
        assert!(matches!(size, Value::Integer(1..100)), "{size:?}");
    }
    assert_eq!(
        client.command("DBSIZE", &[]).await.unwrap(),
        Value::Integer(100)
    );
}

#[tokio::test]
async fn slots_are_those_of_the_server() {
    let cluster = TestCluster::start();
    for key in [
        "a",
        "{user}:1",
        "x{}y",
        "{{}}",
        "{",
        "}{a}",
        "longer keys too",
    ] {
        let reply = cluster.nodes[0].send(&format!("CLUSTER KEYSLOT \"{key}\""));
        assert_eq!(reply, format!(":{}", slot::of_key(key.as_bytes())), "{key}");
    }
}

#[tokio::test]
async fn commands_with_many_keys_are_split_and_merged() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    let keys = keys(50);
    let pairs: Vec<&str> = keys.iter().flat_map(|key| [&key[..], &key[4..]]).collect();
    client.command("MSET", &pairs).await.unwrap();
    let mut asked: Vec<&str> = keys.iter().map(String::as_str).collect();
    asked.insert(3, "missing");
    asked.push("key:0");
    let expected = asked.iter().map(|key| match key.strip_prefix("key:") {
        Some(value) => Value::Bulk(value.into()),
        None => Value::Null,
    });
    assert_eq!(
        client.command("MGET", &asked).await.unwrap(),
        Value::Array(expected.collect())
    );
    assert_eq!(client.exists(&asked).await.unwrap(), 51);
    assert_eq!(client.del(&asked).await.unwrap(), 50);

    let error = client
        .command("MSETNX", &["a", "1", "b", "2"])
        .await
        .unwrap_err();
    assert_eq!(error.code(), "ERR_REDIS_CROSSSLOT");
    let error = client.command("MSET", &["a", "1", "b"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
}

#[tokio::test]
async fn commands_without_keys_reach_the_nodes_that_they_concern() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    for key in &keys(30) {
        set(&client, key, "x").await;
    }
    let Value::Array(found) = client.command("KEYS", &["*"]).await.unwrap() else {
        panic!("no list");
    };
    assert_eq!(found.len(), 30);
    let script = client
        .command("SCRIPT", &["LOAD", "return 7"])
        .await
        .unwrap();
    let sha = script.as_text().unwrap().to_owned();
    for key in &keys(10) {
        let reply = client.command("EVALSHA", &[&sha, "1", key]).await.unwrap();
        assert_eq!(reply, Value::Integer(7));
    }
    let known = client
        .command("SCRIPT", &["EXISTS", &sha, "0000"])
        .await
        .unwrap();
    assert_eq!(
        known,
        Value::Array(vec![Value::Integer(1), Value::Integer(0)])
    );
    assert_eq!(
        client.command("PING", &[]).await.unwrap(),
        Value::Simple("PONG".into())
    );
    client.command("FLUSHALL", &[]).await.unwrap();
    assert_eq!(
        client.command("DBSIZE", &[]).await.unwrap(),
        Value::Integer(0)
    );
    let refused = client.command("WATCH", &["a"]).await.unwrap_err();
    assert_eq!(refused.code(), "ERR_REDIS_CLUSTER_UNSUPPORTED");
}

/// Increments counters until told to stop; returns how many increments of each succeeded.
async fn count(client: ClusterClient, key: String, stop: Arc<AtomicBool>) -> i64 {
    let mut last = 0;
    while !stop.load(Ordering::Relaxed) {
        let next = client.incr(&key).await.unwrap();
        assert_eq!(next, last + 1, "{key} was incremented twice or not at all");
        last = next;
    }
    last
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_repeated_while_slots_move() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    let stop = Arc::new(AtomicBool::new(false));
    let keys: Vec<String> = keys(40)
        .into_iter()
        .filter(|key| slot::of_key(key.as_bytes()) < 5461)
        .collect();
    let counters: Vec<_> = keys
        .iter()
        .map(|key| tokio::spawn(count(client.clone(), key.clone(), Arc::clone(&stop))))
        .collect();
    let moved = {
        let keys = keys.clone();
        tokio::task::spawn_blocking(move || {
            for key in &keys {
                let slot = slot::of_key(key.as_bytes());
                cluster.begin_move(slot, 0, 1);
                cluster.move_keys(key, 0, 1);
                cluster.end_move(slot, 0, 1);
            }
            cluster
        })
    };
    let cluster = moved.await.unwrap();
    stop.store(true, Ordering::Relaxed);
    for (counter, key) in counters.into_iter().zip(&keys) {
        let last = counter.await.unwrap();
        assert!(last > 0);
        assert_eq!(
            cluster.nodes[1].send(&format!("GET {key}")),
            last.to_string()
        );
    }
}

#[tokio::test]
async fn a_slot_on_its_way_is_asked_for_at_both_ends() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    let slot = slot::of_key(b"{a}");
    let from = usize::from(slot) * 3 / 16384;
    let to = (from + 1) % 3;
    set(&client, "{a}1", "one").await;
    set(&client, "{a}2", "two").await;
    cluster.begin_move(slot, from, to);
    cluster.move_keys("{a}1", from, to);
    assert_eq!(client.get("{a}1").await.unwrap().as_deref(), Some("one"));
    assert_eq!(client.get("{a}2").await.unwrap().as_deref(), Some("two"));
    set(&client, "{a}3", "three").await;
    // Keys at both ends: the server wants to be asked again, until all have arrived.
    let asking = tokio::spawn({
        let client = client.clone();
        async move { client.command("MGET", &["{a}1", "{a}2"]).await }
    });
    tokio::task::yield_now().await;
    cluster.move_keys("{a}2", from, to);
    let both = asking.await.unwrap().unwrap();
    let expected = [&b"one"[..], b"two"].map(|text| Value::Bulk(text.into()));
    assert_eq!(both, Value::Array(expected.into()));
    cluster.end_move(slot, from, to);
    assert_eq!(client.get("{a}3").await.unwrap().as_deref(), Some("three"));
}

#[tokio::test]
async fn a_transaction_follows_its_slot() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    let slot = slot::of_key(b"{a}");
    let from = usize::from(slot) * 3 / 16384;
    let to = (from + 1) % 3;
    let count = async || {
        let mut transaction = client.multi().await;
        transaction.incr("{a}n").get("{a}n");
        let replies = transaction.exec().await.unwrap();
        let Value::Integer(number) = replies[0] else {
            panic!("{replies:?}");
        };
        assert_eq!(replies[1], Value::Bulk(number.to_string().into()));
        number
    };
    assert_eq!(count().await, 1);
    cluster.begin_move(slot, from, to);
    cluster.move_keys("{a}n", from, to);
    assert_eq!(count().await, 2);
    cluster.end_move(slot, from, to);
    assert_eq!(count().await, 3);
    let mut transaction = client.multi().await;
    transaction.incr("a").incr("b");
    let error = transaction.exec().await.unwrap_err();
    assert_eq!(error.code(), "ERR_REDIS_CROSSSLOT");
    assert_eq!(client.exists(&["a", "b"]).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_takes_over_and_other_shards_do_not_notice() {
    let mut cluster = TestCluster::start_with(3, 1, &[]);
    let client = connect(&cluster).await;
    let keys = keys(60);
    for key in &keys {
        set(&client, key, key).await;
    }
    let of_first = |key: &&String| slot::of_key(key.as_bytes()) < 5461;
    let (lost, others): (Vec<_>, Vec<_>) = keys.iter().partition(of_first);
    // The replica must have all when its primary is gone.
    let acknowledged = client.command("WAIT", &["1", "5000"]).await.unwrap();
    assert_eq!(acknowledged, Value::Integer(1));
    cluster.nodes[0].kill();
    let reads = lost.iter().map(|key| {
        let (client, key) = (client.clone(), (*key).clone());
        tokio::spawn(async move { client.get(&key).await })
    });
    let reads: Vec<_> = reads.collect();
    // The others answer while these wait.
    for key in &others {
        assert_eq!(client.get(key).await.unwrap().as_ref(), Some(*key));
    }
    for (read, key) in reads.into_iter().zip(&lost) {
        assert_eq!(read.await.unwrap().unwrap().as_ref(), Some(*key));
    }
    for key in &lost {
        set(&client, key, "new").await;
    }
    assert!(client.nodes().iter().any(|node| node.address.to_string()
        == format!("127.0.0.1:{}", cluster.nodes[3].port)
        && node.role == Role::Primary));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planned_takeover_loses_and_repeats_nothing() {
    let cluster = TestCluster::start_with(3, 1, &[]);
    let client = connect(&cluster).await;
    let stop = Arc::new(AtomicBool::new(false));
    let keys = keys(30);
    let counters: Vec<_> = keys
        .iter()
        .map(|key| tokio::spawn(count(client.clone(), key.clone(), Arc::clone(&stop))))
        .collect();
    let cluster = tokio::task::spawn_blocking(move || {
        for replica in &cluster.nodes[3..] {
            replica.order("CLUSTER FAILOVER");
            support::until("the replica takes over", || {
                replica.send("INFO replication").contains("role:master")
            });
        }
        cluster
    });
    let cluster = cluster.await.unwrap();
    stop.store(true, Ordering::Relaxed);
    for (counter, key) in counters.into_iter().zip(&keys) {
        let last = counter.await.unwrap();
        let owner = 3 + usize::from(slot::of_key(key.as_bytes())) * 3 / 16384;
        let stored = cluster.nodes[owner].send(&format!("GET {key}"));
        assert_eq!(stored, last.to_string());
    }
}

async fn connect_reading(cluster: &TestCluster, read_from: ReadFrom) -> ClusterClient {
    let seed = url::parse(&cluster.url()).unwrap();
    let config = ClusterConfig {
        read_from,
        ..ClusterConfig::new(vec![seed], Options::default())
    };
    ClusterClient::connect_with_config(config).await.unwrap()
}

#[tokio::test]
async fn reads_fall_back_to_the_primary_when_that_is_allowed() {
    let mut cluster = TestCluster::start_with(3, 1, &[]);
    let client = connect_reading(&cluster, ReadFrom::PreferReplica).await;
    let keys = keys(30);
    for key in &keys {
        set(&client, key, key).await;
        client.get(key).await.unwrap();
    }
    for replica in &mut cluster.nodes[3..] {
        replica.kill();
    }
    for key in &keys {
        assert_eq!(client.get(key).await.unwrap().as_ref(), Some(key));
    }
    assert!(reads_of(&cluster, 0..3) >= 30);
}

#[tokio::test]
async fn reads_go_to_replicas_when_that_is_wanted() {
    let cluster = TestCluster::start_with(3, 1, &[]);
    let client = connect_reading(&cluster, ReadFrom::Replica).await;
    let before = reads_of(&cluster, 3..6);
    for key in &keys(30) {
        set(&client, key, key).await;
        client.get(key).await.unwrap();
    }
    assert_eq!(reads_of(&cluster, 3..6) - before, 30);
    assert_eq!(reads_of(&cluster, 0..3), 0);
}

/// How often nodes have executed GET.
fn reads_of(cluster: &TestCluster, nodes: std::ops::Range<usize>) -> usize {
    let calls = cluster.nodes[nodes].iter().map(|node| {
        let stats = node.send("INFO commandstats");
        let line = stats
            .lines()
            .find_map(|line| line.strip_prefix("cmdstat_get:calls="));
        line.and_then(|rest| rest.split(',').next()?.parse().ok())
            .unwrap_or(0)
    });
    calls.sum()
}

#[tokio::test]
async fn messages_of_all_families_arrive() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    let mut news = client.subscribe(&["news"]).await.unwrap();
    let mut all = client.psubscribe(&["n*"]).await.unwrap();
    let mut shards = client.ssubscribe(&["a", "b", "c"]).await.unwrap();
    let publisher = client.duplicate().await.unwrap();
    publisher.publish("news", "1").await.unwrap();
    for channel in ["a", "b", "c"] {
        assert_eq!(publisher.spublish(channel, "2").await.unwrap(), 1);
    }
    assert_eq!(news.next().await.unwrap().payload, b"1");
    assert_eq!(all.next().await.unwrap().channel, "news");
    let mut channels = Vec::new();
    for _ in 0..3 {
        channels.push(shards.next().await.unwrap().channel);
    }
    channels.sort();
    assert_eq!(channels, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_channel_of_a_shard_follows_its_slot() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    let publisher = client.duplicate().await.unwrap();
    let slot = slot::of_key(b"a");
    let from = usize::from(slot) * 3 / 16384;
    let to = (from + 1) % 3;
    let mut messages = client.ssubscribe(&["a"]).await.unwrap();
    cluster.begin_move(slot, from, to);
    cluster.end_move(slot, from, to);
    // It takes a moment to be subscribed again.
    while publisher.spublish("a", "here").await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(messages.next().await.unwrap().payload, b"here");
    assert_eq!(messages.gaps(), 1);
}

#[tokio::test]
async fn subscriptions_outlive_their_connection() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    let mut messages = client.subscribe(&["news"]).await.unwrap();
    for node in &cluster.nodes {
        node.order("CLIENT KILL TYPE pubsub");
    }
    let publisher = client.duplicate().await.unwrap();
    let heard = async {
        let message = messages.next().await.unwrap();
        assert_eq!(message.payload, b"again");
    };
    let spoken = async {
        loop {
            publisher.publish("news", "again").await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = heard => {}
        () = spoken => {}
    }
    assert_eq!(messages.gaps(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_may_have_been_executed_is_not_sent_again() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    let owner = usize::from(slot::of_key(b"{a}")) * 3 / 16384;
    let blocked = |wanted: usize| {
        let wanted = format!("blocked_clients:{wanted}\r");
        support::until("a command blocks", || {
            cluster.nodes[owner].send("INFO clients").contains(&wanted)
        });
    };
    let calls = [
        ["BLPOP", "{a}list", "0"].as_slice(),
        &["XREAD", "BLOCK", "0", "STREAMS", "{a}stream", "0"],
    ];
    for call in calls {
        let client = client.clone();
        let hanging = tokio::spawn(async move { client.command(call[0], &call[1..]).await });
        tokio::task::yield_now().await;
        blocked(1);
        cluster.nodes[owner].order("CLIENT KILL TYPE normal SKIPME yes");
        if call[0] == "BLPOP" {
            let error = hanging.await.unwrap().unwrap_err();
            assert_eq!(error.code(), "ERR_REDIS_CONNECTION_CLOSED");
            assert!(
                error.message().contains("may have been executed"),
                "{error}"
            );
        } else {
            // It only reads: it waits again, and nobody notices.
            blocked(1);
            cluster.nodes[owner].order("XADD {a}stream 1-1 field value");
            assert!(matches!(hanging.await.unwrap().unwrap(), Value::Map(_)));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_blocks_is_in_nobodys_way() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    let owner = usize::from(slot::of_key(b"{a}")) * 3 / 16384;
    let blocked = |wanted: usize| {
        let wanted = format!("blocked_clients:{wanted}\r");
        support::until("commands block", || {
            cluster.nodes[owner].send("INFO clients").contains(&wanted)
        });
    };
    let wait = |key: &'static str| {
        let client = client.clone();
        tokio::spawn(async move { client.command("BLPOP", &[key, "0"]).await })
    };
    let waits = [wait("{a}1"), wait("{a}2"), wait("{a}3")];
    blocked(3);
    set(&client, "{a}", "x").await;
    for key in ["{a}2", "{a}1"] {
        client.lpush(key, &["y"]).await.unwrap();
    }
    blocked(1);
    let [first, second, third] = waits;
    for wait in [first, second] {
        assert!(matches!(wait.await.unwrap().unwrap(), Value::Array(_)));
    }
    // One who gives up leaves nothing behind on the server, however soon the next command follows.
    let mut given_up = third;
    for pushed in 1..=20 {
        given_up.abort();
        assert!(given_up.await.unwrap_err().is_cancelled());
        assert_eq!(client.lpush("{a}3", &["z"]).await.unwrap(), pushed);
        given_up = wait("{a}4");
        blocked(1);
    }
}

#[tokio::test]
async fn a_duplicate_has_connections_of_its_own_in_whatever_way_it_is_made() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    let plain = ValkeyClient::duplicate(&client).await.unwrap();
    let whole = client.duplicate().await.unwrap();
    plain.set("a", "1", SetOptions::default()).await.unwrap();
    drop(client);
    let again = plain.duplicate().await.unwrap();
    plain.close();
    assert_eq!(again.get("a").await.unwrap().as_deref(), Some("1"));
    assert_eq!(whole.get("a").await.unwrap().as_deref(), Some("1"));
    assert_eq!(whole.nodes().len(), 3);
}

#[tokio::test]
async fn an_instance_without_a_cluster_is_told_as_such() {
    let server = single::Redis::start();
    let error = ClusterClient::connect(&[&server.url()]).await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("cluster support disabled"), "{cause}");
}

#[tokio::test]
async fn a_closed_client_answers_everything() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    let mut messages = client.subscribe(&["news"]).await.unwrap();
    let calls: Vec<_> = keys(100)
        .into_iter()
        .map(|key| {
            let client = client.clone();
            tokio::spawn(async move { client.get(&key).await })
        })
        .collect();
    tokio::task::yield_now().await;
    client.close();
    for call in calls {
        // Some were faster.
        if let Err(error) = call.await.unwrap() {
            assert_eq!(error.code(), "ERR_REDIS_CONNECTION_CLOSED");
        }
    }
    assert_eq!(messages.next().await, None);
    assert_eq!(client.status(), Status::Disconnected);
    assert!(client.get("a").await.is_err());
}
