//! One connection of each client.

use fred::interfaces::{ClientLike, KeysInterface};
use redis::AsyncCommands;
use s3_valkey::redis::{SetOptions, ValkeyClient};

use crate::{KEY, VALUE};

#[derive(Clone)]
pub enum Client {
    S3Valkey(ValkeyClient),
    RedisRs(redis::aio::MultiplexedConnection),
    Fred(fred::clients::Client),
}

impl Client {
    pub fn name(&self) -> &'static str {
        match self {
            Self::S3Valkey(_) => "s3-valkey",
            Self::RedisRs(_) => "redis-rs",
            Self::Fred(_) => "fred",
        }
    }

    pub async fn get(&self, key: &str) -> String {
        match self {
            Self::S3Valkey(client) => client.get(key).await.expect("GET").expect("a value"),
            Self::RedisRs(connection) => connection.clone().get(key).await.expect("GET"),
            Self::Fred(client) => client.get(key).await.expect("GET"),
        }
    }
}

/// Connects all of them and stores the value.
pub async fn connect(url: &str) -> Vec<Client> {
    let ours = ValkeyClient::connect(url)
        .await
        .expect("s3-valkey connects");
    ours.set(KEY, VALUE, SetOptions::default())
        .await
        .expect("SET");
    let redis_rs = redis::Client::open(url)
        .expect("a URL")
        .get_multiplexed_async_connection()
        .await
        .expect("redis-rs connects");
    let config = fred::types::config::Config::from_url(url).expect("a URL");
    let fred = fred::types::Builder::from_config(config)
        .build()
        .expect("a client");
    fred.init().await.expect("fred connects");
    vec![
        Client::S3Valkey(ours),
        Client::RedisRs(redis_rs),
        Client::Fred(fred),
    ]
}
