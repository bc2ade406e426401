//! The Rust client against a real server.

#[path = "support/redis.rs"]
mod support;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use s3_valkey::ErrorKind;
use s3_valkey::redis::{
    Credentials, CredentialsSource, Options, Protocol, SetOptions, Status, ValkeyClient, Value,
};
use support::Redis;

#[tokio::test]
async fn every_family_has_its_result_type() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    assert_eq!(client.status(), Status::Connected);
    assert_eq!(client.config().target.protocol, Protocol::Standalone);
    assert!(format!("{client:?}").contains("Connected"));

    let stored = SetOptions {
        ex: Some(100),
        ..SetOptions::default()
    };
    client.set("key", "välue", stored).await.unwrap();
    assert_eq!(client.get("key").await.unwrap().as_deref(), Some("välue"));
    assert_eq!(client.get("missing").await.unwrap(), None);
    assert_eq!(client.ttl("key").await.unwrap(), 100);
    assert!(client.expire("key", 50).await.unwrap());
    assert!(!client.expire("missing", 50).await.unwrap());
    assert_eq!(client.incr("n").await.unwrap(), 1);
    assert_eq!(client.decr("n").await.unwrap(), 0);
    assert_eq!(client.exists(&["key", "n", "missing"]).await.unwrap(), 2);
    assert_eq!(client.del(&["key", "missing"]).await.unwrap(), 1);

    assert_eq!(client.rpush("list", &["b", "c"]).await.unwrap(), 2);
    assert_eq!(client.lpush("list", &["a"]).await.unwrap(), 3);
    assert_eq!(client.lrange("list", 0, -1).await.unwrap(), ["a", "b", "c"]);
    assert_eq!(client.lpop("list").await.unwrap().as_deref(), Some("a"));
    assert_eq!(client.rpop("list").await.unwrap().as_deref(), Some("c"));
    assert_eq!(client.rpop("missing").await.unwrap(), None);

    client.hset("hash", "field", "value").await.unwrap();
    assert_eq!(
        client.hget("hash", "field").await.unwrap().as_deref(),
        Some("value")
    );
    assert_eq!(
        client.hgetall("hash").await.unwrap(),
        HashMap::from([("field".to_owned(), "value".to_owned())])
    );

    assert_eq!(client.sadd("set", &["a", "b"]).await.unwrap(), 2);
    assert_eq!(
        client.smembers("set").await.unwrap(),
        HashSet::from(["a".to_owned(), "b".to_owned()])
    );

    let echoed = client.command("ECHO", &["hi"]).await.unwrap();
    assert_eq!(echoed, Value::Bulk(b"hi".to_vec()));
}

#[tokio::test]
async fn concurrent_callers_get_their_own_answers() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    let callers: Vec<_> = (0..1000)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move {
                let text = number.to_string();
                client
                    .set(&text, &text, SetOptions::default())
                    .await
                    .unwrap();
                assert_eq!(client.get(&text).await.unwrap(), Some(text));
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
}

#[tokio::test]
async fn an_error_of_the_server_has_its_text() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    client.rpush("list", &["x"]).await.unwrap();
    let error = client.incr("list").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert!(error.message().starts_with("WRONGTYPE"));
}

#[tokio::test]
async fn messages_arrive_until_the_client_is_closed() {
    let server = Redis::start();
    let publisher = ValkeyClient::connect(&server.url()).await.unwrap();
    let subscriber = publisher.duplicate().await.unwrap();
    let mut messages = subscriber.subscribe(&["a", "b"]).await.unwrap();
    assert_eq!(publisher.publish("b", "hello").await.unwrap(), 1);
    let message = messages.next().await.unwrap();
    assert_eq!(
        (message.channel.as_str(), message.payload.as_slice()),
        ("b", &b"hello"[..])
    );
    subscriber.close();
    assert_eq!(messages.next().await, None);
    assert_eq!(
        subscriber.get("a").await.unwrap_err().message(),
        "Connection has failed"
    );
}

#[tokio::test]
async fn a_refused_connection_is_an_error_with_its_cause() {
    let options = Options {
        max_retries: 0,
        ..Options::default()
    };
    let refused = ValkeyClient::connect_with_options("redis://127.0.0.1:1", options).await;
    let error = refused.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Connection);
    let mut chain = std::iter::successors(std::error::Error::source(&error), |link| link.source());
    let system = chain.find_map(|link| link.downcast_ref::<std::io::Error>());
    assert_eq!(
        system.unwrap().kind(),
        std::io::ErrorKind::ConnectionRefused
    );
}

#[tokio::test]
async fn commands_are_in_order_without_pipelining_too() {
    let server = Redis::start();
    let options = Options {
        enable_auto_pipelining: false,
        ..Options::default()
    };
    let client = ValkeyClient::connect_with_options(&server.url(), options)
        .await
        .unwrap();
    let (first, second, third) = tokio::join!(client.incr("n"), client.incr("n"), client.incr("n"));
    assert_eq!((first.unwrap(), second.unwrap(), third.unwrap()), (1, 2, 3));
}

async fn connection_id(client: &ValkeyClient) -> s3_valkey::Result<Value> {
    client.command("CLIENT", &["ID"]).await
}

/// Drops the client's connection on the server's side, and waits until there is another.
async fn drop_connection(client: &ValkeyClient, other: &ValkeyClient) {
    let before = connection_id(client).await.unwrap();
    let Value::Integer(id) = before else {
        panic!("CLIENT ID is a number");
    };
    let id = id.to_string();
    let killed = other.command("CLIENT", &["KILL", "ID", &id]).await;
    assert_eq!(killed.unwrap(), Value::Integer(1));
    // What is sent before the loss is noticed is lost; what follows waits for the new connection.
    while connection_id(client)
        .await
        .is_ok_and(|after| after == before)
    {}
    connection_id(client).await.unwrap();
}

#[tokio::test]
async fn a_subscription_survives_a_lost_connection_and_tells_the_gap() {
    let server = Redis::start();
    let publisher = ValkeyClient::connect(&server.url()).await.unwrap();
    let subscriber = publisher.duplicate().await.unwrap();
    let mut channels = subscriber.subscribe(&["a"]).await.unwrap();
    let mut patterns = subscriber.psubscribe(&["b*"]).await.unwrap();
    let mut shard = subscriber.ssubscribe(&["c"]).await.unwrap();
    assert_eq!(channels.gaps(), 0);
    drop_connection(&subscriber, &publisher).await;
    // What is sent behind the subscriptions is answered behind them.
    subscriber.command("PING", &[]).await.unwrap();
    assert_eq!(channels.gaps(), 1);
    assert_eq!(publisher.publish("a", "1").await.unwrap(), 1);
    assert_eq!(publisher.publish("bb", "2").await.unwrap(), 1);
    assert_eq!(publisher.spublish("c", "3").await.unwrap(), 1);
    assert_eq!(channels.next().await.unwrap().payload, b"1");
    let message = patterns.next().await.unwrap();
    assert_eq!(
        (message.channel.as_str(), message.pattern.as_deref()),
        ("bb", Some("b*"))
    );
    assert_eq!(shard.next().await.unwrap().payload, b"3");
}

#[tokio::test]
async fn a_dropped_subscription_is_ended_on_the_server() {
    let server = Redis::start();
    let publisher = ValkeyClient::connect(&server.url()).await.unwrap();
    let subscriber = publisher.duplicate().await.unwrap();
    let first = subscriber.subscribe(&["a", "b"]).await.unwrap();
    let second = subscriber.subscribe(&["b"]).await.unwrap();
    drop(first);
    subscriber.command("PING", &[]).await.unwrap();
    assert_eq!(publisher.publish("a", "x").await.unwrap(), 0);
    assert_eq!(publisher.publish("b", "x").await.unwrap(), 1);
    drop(second);
    subscriber.command("PING", &[]).await.unwrap();
    assert_eq!(publisher.publish("b", "x").await.unwrap(), 0);
    assert!(subscriber.subscribe(&[]).await.is_err());
}

#[tokio::test]
async fn a_server_without_hello_works_too() {
    let server = Redis::start_with(&["--rename-command", "HELLO", "", "--requirepass", "pw"]);
    let url = format!("{}/1", server.url().replace("redis://", "redis://:pw@"));
    let client = ValkeyClient::connect(&url).await.unwrap();
    client.hset("hash", "field", "value").await.unwrap();
    let expected = HashMap::from([("field".to_owned(), "value".to_owned())]);
    assert_eq!(client.hgetall("hash").await.unwrap(), expected);
    client.sadd("set", &["a"]).await.unwrap();
    assert_eq!(client.smembers("set").await.unwrap().len(), 1);
    let subscriber = client.duplicate().await.unwrap();
    let mut messages = subscriber.subscribe(&["c"]).await.unwrap();
    client.publish("c", "hello").await.unwrap();
    assert_eq!(messages.next().await.unwrap().payload, b"hello");
}

#[tokio::test]
async fn credentials_are_asked_for_on_each_connection() {
    let server = Redis::start_with(&["--requirepass", "pw"]);
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    let options = Options {
        credentials: Some(CredentialsSource::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
            async {
                Ok(Credentials {
                    password: "pw".into(),
                    ..Credentials::default()
                })
            }
        })),
        ..Options::default()
    };
    let connected = ValkeyClient::connect_with_options(&server.url(), options).await;
    let client = connected.unwrap();
    let other = client.duplicate().await.unwrap();
    drop_connection(&client, &other).await;
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn the_state_can_be_watched_to_the_end() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    assert!(client.flags().is_authenticated && !client.flags().needs_to_open_socket);
    let mut states = client.observe();
    client.close();
    assert_eq!(client.status(), Status::Disconnected);
    assert!(client.flags().is_manually_closed && !client.flags().failed);
    drop(client);
    states
        .wait_for(|state| state.flags.finalized)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_client_that_gave_up_has_failed() {
    let server = Redis::start();
    let options = Options {
        enable_auto_reconnect: false,
        ..Options::default()
    };
    let connected = ValkeyClient::connect_with_options(&server.url(), options).await;
    let client = connected.unwrap();
    let mut states = client.observe();
    drop(server);
    let state = *states.wait_for(|state| state.flags.failed).await.unwrap();
    assert_eq!(state.status, Status::Disconnected);
    assert_eq!(
        client.get("k").await.unwrap_err().message(),
        "Connection has failed"
    );
}

#[tokio::test]
async fn a_name_that_no_server_takes_is_refused_at_once() {
    let options = Options {
        client_name: Some("two words".into()),
        ..Options::default()
    };
    let refused = ValkeyClient::connect_with_options("redis://127.0.0.1:1", options).await;
    assert_eq!(refused.err().unwrap().kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_client_outlives_the_runtime_that_it_was_made_on() {
    let server = Redis::start();
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let first = runtime();
    let client = first
        .block_on(ValkeyClient::connect(&server.url()))
        .unwrap();
    let second = runtime();
    drop(first);
    let pong = second.block_on(client.command("PING", &[])).unwrap();
    assert_eq!(pong, Value::Simple("PONG".into()));
}

#[tokio::test]
async fn raw_subscriptions_keep_the_order_of_replies() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    let (subscribed, pong, refused) = tokio::join!(
        client.command("SUBSCRIBE", &["a", "b"]),
        client.command("PING", &[]),
        client.command("MONITOR", &[]),
    );
    assert!(
        matches!(subscribed.unwrap(), Value::Array(push) if push[1] == Value::Bulk(b"b".to_vec()))
    );
    assert_eq!(pong.unwrap(), Value::Simple("PONG".into()));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    let left = client.command("UNSUBSCRIBE", &[]).await.unwrap();
    assert!(matches!(left, Value::Array(push) if push[2] == Value::Integer(0)));
}
