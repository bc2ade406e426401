//! A tour of the Redis client from Rust.
//!
//! `REDIS_URL=redis://localhost:6379 cargo run --no-default-features --example redis_tour`

use s3_valkey::redis::{SetOptions, ValkeyClient};

#[tokio::main]
async fn main() -> s3_valkey::Result<()> {
    let url = std::env::var("REDIS_URL").unwrap_or_else(|_| "redis://localhost:6379".to_owned());
    let client = ValkeyClient::connect(&url).await?;

    client
        .set("tour:greeting", "hello", SetOptions::default())
        .await?;
    println!("get      {:?}", client.get("tour:greeting").await?);
    println!("incr     {}", client.incr("tour:count").await?);
    println!("expire   {}", client.expire("tour:count", 60).await?);

    client.hset("tour:hash", "field", "value").await?;
    println!("hgetall  {:?}", client.hgetall("tour:hash").await?);
    client.rpush("tour:list", &["a", "b"]).await?;
    println!("lrange   {:?}", client.lrange("tour:list", 0, -1).await?);

    let subscriber = client.duplicate().await?;
    let mut messages = subscriber.subscribe(&["tour:news"]).await?;
    client.publish("tour:news", "it works").await?;
    println!("message  {:?}", messages.next().await);

    match client.incr("tour:greeting").await {
        Err(error) => println!("error    {} {error}", error.code()),
        Ok(number) => println!("unexpected {number}"),
    }
    client
        .del(&["tour:greeting", "tour:count", "tour:hash", "tour:list"])
        .await?;
    Ok(())
}
