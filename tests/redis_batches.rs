//! Transactions and pipelines of the Rust client against a real server.

#[path = "support/redis.rs"]
mod support;

use std::error::Error;

use s3_valkey::ErrorKind;
use s3_valkey::redis::{Options, RefusedCommands, SetOptions, ValkeyClient, Value};
use support::Redis;

#[tokio::test]
async fn a_transaction_has_the_replies_of_its_commands_in_order() {
    let server = Redis::start();
    for enable_auto_pipelining in [true, false] {
        let options = Options {
            enable_auto_pipelining,
            ..Options::default()
        };
        let client = ValkeyClient::connect_with_options(&server.url(), options)
            .await
            .unwrap();
        client.command("FLUSHALL", &[]).await.unwrap();
        let brief = SetOptions {
            px: Some(60_000),
            nx: true,
            ..SetOptions::default()
        };
        let mut transaction = client.multi().await;
        transaction
            .set("text", "välue", brief)
            .get("text")
            .incr("n")
            .incr("n")
            .decr("n")
            .exists(&["n", "missing"])
            .expire("n", 100)
            .ttl("n")
            .rpush("list", &["b", "c"])
            .lpush("list", &["a"])
            .lrange("list", 0, -1)
            .lpop("list")
            .rpop("list")
            .hset("hash", "field", "value")
            .hget("hash", "field")
            .hgetall("hash")
            .sadd("set", &["member"])
            .smembers("set")
            .publish("channel", "message")
            .spublish("channel", "message")
            .del(&["n"])
            .command("ECHO", &["any"]);
        assert_eq!(transaction.len(), 22);
        assert!(format!("{transaction:?}").contains("ECHO"));
        let text = |text: &str| Value::Bulk(text.as_bytes().to_vec());
        let list = |texts: &[&str]| Value::Array(texts.iter().map(|&part| text(part)).collect());
        let number = Value::Integer;
        let replies = transaction.exec().await.unwrap();
        assert!(transaction.is_empty());
        let expected = [
            Value::Simple("OK".to_owned()),
            text("välue"),
            number(1),
            number(2),
            number(1),
            number(1),
            number(1),
            number(100),
            number(2),
            number(3),
            list(&["a", "b", "c"]),
            text("a"),
            text("c"),
            number(1),
            text("value"),
            Value::Map(vec![(text("field"), text("value"))]),
            number(1),
            list(&["member"]),
            number(0),
            number(0),
            number(1),
            text("any"),
        ];
        assert_eq!(replies, expected);
        assert_eq!(
            replies[1].clone().into_text().unwrap().as_deref(),
            Some("välue")
        );
        assert_eq!(replies[10].clone().into_texts().unwrap(), ["a", "b", "c"]);
        assert_eq!(replies[2].clone().into_integer().unwrap(), 1);
    }
}

#[tokio::test]
async fn errors_are_elements_or_refuse_the_whole() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    client
        .set("k", "text", SetOptions::default())
        .await
        .unwrap();
    let replies = client
        .multi()
        .await
        .incr("k")
        .get("k")
        .exec()
        .await
        .unwrap();
    assert!(matches!(&replies[0], Value::Error(text) if text.contains("not an integer")));
    assert_eq!(replies[1].as_text(), Some("text"));

    let mut transaction = client.multi().await;
    transaction
        .command("NOSUCH", &[])
        .incr("n")
        .command("GET", &[]);
    let error = transaction.exec().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Server, "ERR_REDIS_TRANSACTION_ABORTED")
    );
    let source = error.source().unwrap();
    let RefusedCommands(refused) = source.downcast_ref().unwrap();
    let told: Vec<_> = refused
        .iter()
        .map(|refused| (refused.index, &*refused.command))
        .collect();
    assert_eq!(told, [(0, "NOSUCH"), (2, "GET")]);
    assert!(
        source
            .to_string()
            .starts_with("NOSUCH at 0: ERR unknown command")
    );
    assert_eq!(client.get("n").await.unwrap(), None);

    let error = client
        .multi()
        .await
        .incr("n")
        .command("watch", &["k"])
        .exec()
        .await;
    assert_eq!(error.unwrap_err().code(), "ERR_INVALID_ARG_VALUE");
    let mut dropped = client.multi().await;
    dropped.incr("n").discard();
    assert!(dropped.exec().await.unwrap().is_empty());
    assert_eq!(client.get("n").await.unwrap(), None);
}

#[tokio::test]
async fn transactions_of_many_callers_do_not_mix() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    let callers: Vec<_> = (0..200)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move {
                let (key, text) = (number.to_string(), "x".repeat(number * 50));
                let mut transaction = client.multi().await;
                transaction
                    .set(&key, &text, SetOptions::default())
                    .get(&key)
                    .incr("n");
                let (replies, alone) = tokio::join!(transaction.exec(), client.incr("alone"));
                alone.unwrap();
                assert_eq!(replies.unwrap()[1].as_text(), Some(&*text));
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(client.get("n").await.unwrap().as_deref(), Some("200"));
}

#[tokio::test]
async fn a_pipeline_has_a_result_for_each_command() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    let mut pipeline = client.pipeline();
    pipeline
        .set("k", "text", SetOptions::default())
        .incr("k")
        .command("BLPOP", &["none", "0.01"])
        .get("k");
    let results = pipeline.exec().await.unwrap();
    assert!(results[0].is_ok());
    assert_eq!(results[1].as_ref().unwrap_err().kind(), ErrorKind::Server);
    assert_eq!(*results[2].as_ref().unwrap(), Value::Null);
    assert_eq!(results[3].as_ref().unwrap().as_text(), Some("text"));
    assert!(pipeline.exec().await.unwrap().is_empty());
    let refused = client.pipeline().command("SUBSCRIBE", &["c"]).exec().await;
    assert_eq!(refused.unwrap_err().code(), "ERR_INVALID_ARG_VALUE");
}

#[tokio::test]
async fn what_waits_when_the_client_closes_fails_once() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    client.close();
    let error = client.multi().await.incr("n").exec().await.unwrap_err();
    assert_eq!(error.code(), "ERR_REDIS_CONNECTION_CLOSED");
    let results = client.pipeline().incr("n").exec().await.unwrap();
    assert_eq!(
        results[0].as_ref().unwrap_err().code(),
        "ERR_REDIS_CONNECTION_CLOSED"
    );
}
