//! Scripts and functions of the Rust client against real servers.

#[path = "support/cluster.rs"]
mod cluster;
#[path = "support/redis.rs"]
mod support;

use cluster::TestCluster;
use s3_valkey::ErrorKind;
use s3_valkey::redis::pool::{PoolOptions, RedisPool};
use s3_valkey::redis::{
    ClusterClient, Function, FunctionLibrary, Script, SetOptions, ValkeyClient, Value,
};
use support::Redis;

const BUMP: &str = "return redis.call('INCRBY', KEYS[1], ARGV[1])";
const COUNTERS: &str = "#!lua name=counters
redis.register_function('bump', function(keys, args)
    return redis.call('INCRBY', keys[1], args[1])
end)
redis.register_function{
    function_name='look',
    callback=function(keys) return redis.call('GET', keys[1]) end,
    flags={'no-writes'}
}";

/// How often the server has run a command.
async fn calls(client: &ValkeyClient, command: &str) -> u64 {
    let stats = client.command("INFO", &["commandstats"]).await.unwrap();
    let line = format!("cmdstat_{command}:calls=");
    let stats = stats.as_text().unwrap().to_owned();
    stats
        .lines()
        .find_map(|stat| stat.strip_prefix(&line)?.split(',').next()?.parse().ok())
        .unwrap_or(0)
}

#[tokio::test]
async fn the_text_is_sent_once_and_again_when_the_server_has_forgotten_it() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    let bump = Script::new(BUMP);
    for expected in 1..=3 {
        let reply = bump.key("n").arg("1").invoke(&client).await.unwrap();
        assert_eq!(reply, Value::Integer(expected));
    }
    assert_eq!(calls(&client, "eval").await, 1);
    assert_eq!(calls(&client, "evalsha").await, 3);
    client.command("SCRIPT", &["FLUSH"]).await.unwrap();
    let reply = bump.key("n").arg("1").invoke(&client).await.unwrap();
    assert_eq!(reply, Value::Integer(4));
    assert_eq!(calls(&client, "eval").await, 2);
}

#[tokio::test]
async fn keys_and_arguments_are_bytes_and_errors_are_the_scripts_own() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    let echo = Script::new("return {KEYS[1], ARGV[1], ARGV[2], #KEYS}");
    let call = echo.key([0xff, 0]).arg(b"\r\n").arg("");
    let reply = call.invoke(&client).await.unwrap();
    let bulk = |bytes: &[u8]| Value::Bulk(bytes.to_vec());
    let expected = [
        bulk(&[0xff, 0]),
        bulk(b"\r\n"),
        bulk(b""),
        Value::Integer(1),
    ];
    assert_eq!(reply, Value::Array(expected.into()));

    let fails = Script::new("return redis.error_reply('TOOLITTLE only 3')");
    let error = fails.prepare().invoke(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert!(error.message().starts_with("TOOLITTLE"), "{error}");
    assert_eq!(calls(&client, "eval").await, 2);

    let unreadable = Script::new("return )").load(&client).await.unwrap_err();
    assert!(unreadable.message().contains("compil"), "{unreadable}");
    let writes = Script::read_only(BUMP);
    let refused = writes.key("n").arg("1").invoke(&client).await.unwrap_err();
    assert!(refused.message().contains("rite"), "{refused}");
}

#[tokio::test]
async fn scripts_run_in_batches_on_leases_and_pools() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    let bump = Script::new(BUMP);
    let call = bump.key("n").arg("2");
    let mut transaction = client.multi().await;
    let replies = transaction.invoke(&call).get("n").invoke(&call).exec();
    let expected = [
        Value::Integer(2),
        Value::Bulk(b"2".to_vec()),
        Value::Integer(4),
    ];
    assert_eq!(replies.await.unwrap(), expected);
    let mut pipeline = client.pipeline();
    let results = pipeline.invoke(&call).invoke(&call).exec().await.unwrap();
    assert_eq!(results[1].as_ref().unwrap(), &Value::Integer(8));

    let lease = client.acquire(None).await.unwrap();
    assert_eq!(call.invoke(&lease).await.unwrap(), Value::Integer(10));
    let pool = RedisPool::connect(&server.url(), PoolOptions::default())
        .await
        .unwrap();
    assert_eq!(call.invoke(&pool).await.unwrap(), Value::Integer(12));
    let replies = client
        .watch(&["n"], async |watched| {
            let seen = call.invoke(watched).await;
            seen?;
            watched.multi().get("n").exec().await
        })
        .await;
    // The script has changed what was watched, at each attempt.
    assert_eq!(replies.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_function_brings_its_library_and_leaves_another_version_alone() {
    let server = Redis::start();
    let client = ValkeyClient::connect(&server.url()).await.unwrap();
    let unknown = Function::new("bump");
    let error = unknown.key("n").arg("1").invoke(&client).await.unwrap_err();
    assert!(error.message().contains("Function not found"), "{error}");

    let counters = FunctionLibrary::new(COUNTERS).unwrap();
    let bump = counters.function("bump");
    for expected in 1..=2 {
        let reply = bump.key("n").arg("1").invoke(&client).await.unwrap();
        assert_eq!(reply, Value::Integer(expected));
    }
    let look = counters.function("look").read_only();
    let seen = look.key("n").invoke(&client).await.unwrap();
    assert_eq!(seen.as_text(), Some("2"));

    // Another version, without this function, is not replaced by a call.
    let newer = FunctionLibrary::new(
        "#!lua name=counters\nredis.register_function('other', function() end)",
    );
    newer.unwrap().load(&client).await.unwrap();
    let error = bump.key("n").arg("1").invoke(&client).await.unwrap_err();
    assert!(error.message().contains("Function not found"), "{error}");
    counters.load(&client).await.unwrap();
    let mut transaction = client.multi().await;
    let replies = transaction.invoke(&bump.key("n").arg("1")).exec().await;
    assert_eq!(replies.unwrap(), [Value::Integer(3)]);
}

#[tokio::test]
async fn in_a_cluster_they_run_where_their_keys_are() {
    let servers = TestCluster::start();
    let client = ClusterClient::connect(&[&servers.url()]).await.unwrap();
    let bump = Script::new(BUMP);
    let counters = FunctionLibrary::new(COUNTERS).unwrap();
    let function = counters.function("bump");
    for key in ["a", "b", "c", "d", "e", "f"] {
        client.set(key, "1", SetOptions::default()).await.unwrap();
        let reply = bump.key(key).arg("1").invoke(&client).await.unwrap();
        assert_eq!(reply, Value::Integer(2));
        let reply = function.key(key).arg("1").invoke(&client).await.unwrap();
        assert_eq!(reply, Value::Integer(3));
    }
    let apart = bump.key("a").key("b").arg("1").invoke(&client).await;
    assert_eq!(apart.unwrap_err().code(), "ERR_REDIS_CROSSSLOT");
    let other = Script::new("return 7");
    other.load(&client).await.unwrap();
    for node in &servers.nodes {
        let known = node.send(&format!("EVALSHA {} 0", other.digest()));
        assert_eq!(known, ":7");
    }
}
