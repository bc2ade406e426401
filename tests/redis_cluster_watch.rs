//! Watched keys and connections of one's own in a cluster, for the Rust client.

#[path = "support/cluster.rs"]
mod support;

use std::time::Duration;

use s3_valkey::ErrorKind;
use s3_valkey::redis::cluster::{Place, slot};
use s3_valkey::redis::{ClusterClient, ClusterConfig, Options, SetOptions, Value, url};
use support::TestCluster;

const KEY: &str = "{a}n";

async fn connect(cluster: &TestCluster) -> ClusterClient {
    ClusterClient::connect(&[&cluster.url()]).await.unwrap()
}

/// The slot of the test's keys, the position of the node that has it, and another one.
fn place(cluster: &TestCluster) -> (u16, usize, usize) {
    let slot = slot::of_key(KEY.as_bytes());
    let owner = cluster
        .nodes
        .iter()
        .position(|node| !node.send(&format!("GET {KEY}")).starts_with("-MOVED"))
        .unwrap();
    (slot, owner, (owner + 1) % cluster.nodes.len())
}

fn move_slot(cluster: &TestCluster) {
    let (slot, from, to) = place(cluster);
    cluster.begin_move(slot, from, to);
    if cluster.nodes[from].send(&format!("EXISTS {KEY}")) == ":1" {
        cluster.move_keys(KEY, from, to);
    }
    cluster.end_move(slot, from, to);
}

#[tokio::test]
async fn a_lease_leads_to_one_node_and_says_so() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    let lease = client
        .acquire(Place::of_key(KEY.as_bytes()), None)
        .await
        .unwrap();
    lease.command("WATCH", &[KEY]).await.unwrap();
    lease.command("MULTI", &[]).await.unwrap();
    lease.command("INCR", &[KEY]).await.unwrap();
    let executed = lease.command("EXEC", &[]).await.unwrap();
    assert_eq!(executed, Value::Array(vec![Value::Integer(1)]));
    assert_eq!(client.metrics().in_use, 1);

    let error = lease.command("GET", &["b"]).await.unwrap_err();
    assert_eq!(error.code(), "ERR_REDIS_CLUSTER_WRONG_NODE");
    assert!(error.message().contains("this connection is to"), "{error}");

    for node in client.nodes() {
        let number = client.number_of(&node.address);
        let lease = client.acquire(Place::Node(number), None).await.unwrap();
        lease.command("PING", &[]).await.unwrap();
    }
    let stranger = client.number_of(&url::parse("redis://127.0.0.1:1").unwrap().address);
    let error = client.acquire(Place::Node(stranger), None).await;
    assert_eq!(error.unwrap_err().code(), "ERR_REDIS_CLUSTER_UNKNOWN_NODE");
}

#[tokio::test]
async fn one_who_gives_up_waits_no_more() {
    let cluster = TestCluster::start();
    let options = Options {
        max_blocking_connections: 1,
        ..Options::default()
    };
    let config = ClusterConfig::new(vec![url::parse(&cluster.url()).unwrap()], options);
    let client = ClusterClient::connect_with_config(config).await.unwrap();
    let place = Place::of_key(KEY.as_bytes());
    let first = client.acquire(place, None).await.unwrap();
    let late = client.acquire(place, Some(Duration::from_millis(10))).await;
    let error = late.unwrap_err();
    assert_eq!(error.code(), "ERR_REDIS_POOL_TIMEOUT");
    assert_eq!(client.metrics().waiting, 0);
    drop(first);
    client.acquire(place, None).await.unwrap().release();
}

#[tokio::test]
async fn a_slot_that_moves_is_a_conflict() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    for value in [Some("1"), None] {
        client.del(&[KEY]).await.unwrap();
        if let Some(value) = value {
            let options = SetOptions::default();
            client.set(KEY, value, options).await.unwrap();
        }
        let mut runs = 0;
        let replies = client
            .watch(&[KEY], async |watched| {
                let read = watched.get(KEY).await?;
                runs += 1;
                if runs == 1 {
                    move_slot(&cluster);
                }
                // Of commands without keys the server would think nothing.
                let mut transaction = watched.multi();
                if read.is_some() {
                    transaction.incr(KEY);
                }
                transaction.exec().await
            })
            .await
            .unwrap();
        assert_eq!(runs, 2, "{value:?}");
        assert_eq!(replies.len(), usize::from(value.is_some()));
    }
}

#[tokio::test]
async fn what_was_executed_is_not_run_again_whatever_else_was_refused() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    let options = SetOptions::default();
    client.set(KEY, "1", options).await.unwrap();
    let (slot, from, to) = place(&cluster);
    cluster.begin_move(slot, from, to);
    let mut runs = 0;
    let ended = client
        .watch(&[KEY], async |watched| {
            runs += 1;
            let refusal = watched.get("{a}absent").await.unwrap_err();
            let replies = watched.multi().incr(KEY).exec().await?;
            assert_eq!(replies, [Value::Integer(2)]);
            Err::<(), _>(refusal)
        })
        .await;
    let refusal = ended.unwrap_err();
    assert!(refusal.message().starts_with("ASK "), "{refusal}");
    assert_eq!(runs, 1);
    cluster.move_keys(KEY, from, to);
    cluster.end_move(slot, from, to);
    assert_eq!(client.get(KEY).await.unwrap().as_deref(), Some("2"));
}

#[tokio::test]
async fn keys_of_several_slots_are_refused_and_conflicts_are_told_in_the_end() {
    let cluster = TestCluster::start();
    let client = connect(&cluster).await;
    let apart = client.watch(&["a", "b"], async |_| Ok(())).await;
    assert_eq!(apart.unwrap_err().code(), "ERR_REDIS_CROSSSLOT");
    let outside = client
        .watch(&[KEY], async |watched| {
            watched.multi().incr("b").exec().await
        })
        .await;
    assert_eq!(outside.unwrap_err().code(), "ERR_REDIS_CROSSSLOT");

    let (slot, from, to) = place(&cluster);
    cluster.begin_move(slot, from, to);
    let conflict = client
        .watch_with_retries(&[KEY], 1, async |watched| watched.get(KEY).await)
        .await
        .unwrap_err();
    assert_eq!(conflict.code(), "ERR_REDIS_WATCH_CONFLICT");
    assert_eq!(conflict.kind(), ErrorKind::Conflict);
    cluster.end_move(slot, from, to);
    let seen = client
        .watch(&[KEY], async |watched| watched.get(KEY).await)
        .await;
    assert_eq!(seen.unwrap(), None);
}
