//! The Rust client against a real server.

mod support;

use std::collections::{HashMap, HashSet};

use s3_valkey::ErrorKind;
use s3_valkey::redis::{Options, SetOptions, Status, ValkeyClient, Value};
use support::Redis;

#[tokio::test]
async fn every_family_has_its_result_type() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    assert_eq!(client.status(), Status::Connected);

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
    assert!(std::error::Error::source(&error).is_some());
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
