//! The typed commands of the client for Rust; every other one goes through
//! [`command`](ValkeyClient::command).

use std::collections::{HashMap, HashSet};

use super::client::ValkeyClient;
use super::resp::decode::Value;
use crate::error::Result;

/// How long and under which condition `set` stores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SetOptions {
    /// Time to live in seconds.
    pub ex: Option<u64>,
    /// Time to live in milliseconds.
    pub px: Option<u64>,
    /// Only if the key does not exist.
    pub nx: bool,
    /// Only if the key exists.
    pub xx: bool,
}

impl SetOptions {
    /// What follows the value in `SET`.
    pub(super) fn arguments(self) -> Vec<String> {
        let times = [("EX", self.ex), ("PX", self.px)];
        let conditions = [("NX", self.nx), ("XX", self.xx)];
        let times = times
            .into_iter()
            .filter_map(|(word, time)| Some([word.to_owned(), time?.to_string()]))
            .flatten();
        let conditions = conditions
            .into_iter()
            .filter(|(_, wanted)| *wanted)
            .map(|(word, _)| word.to_owned());
        times.chain(conditions).collect()
    }
}

impl ValkeyClient {
    /// The value of a string key.
    pub async fn get(&self, key: &str) -> Result<Option<String>> {
        self.command("GET", &[key]).await?.into_text()
    }

    /// Stores a string. A condition that is not met is no error.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # support::run(async |url| {
    /// # use s3_valkey::redis::{SetOptions, ValkeyClient};
    /// # let client = ValkeyClient::connect(&url).await?;
    /// let once = SetOptions { ex: Some(60), nx: true, ..SetOptions::default() };
    /// client.set("lock", "mine", once).await?;
    /// client.set("lock", "theirs", once).await?;
    /// assert_eq!(client.get("lock").await?.as_deref(), Some("mine"));
    /// assert!(client.ttl("lock").await? > 0);
    /// # Ok(()) });
    /// ```
    pub async fn set(&self, key: &str, value: &str, options: SetOptions) -> Result<()> {
        let options = options.arguments();
        let mut arguments = vec![key, value];
        arguments.extend(options.iter().map(String::as_str));
        self.command("SET", &arguments).await.map(drop)
    }

    /// Adds one to a number and returns it.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # support::run(async |url| {
    /// # use s3_valkey::redis::{SetOptions, ValkeyClient};
    /// # let client = ValkeyClient::connect(&url).await?;
    /// assert_eq!(client.incr("visits").await?, 1);
    /// assert_eq!(client.decr("visits").await?, 0);
    /// # Ok(()) });
    /// ```
    pub async fn incr(&self, key: &str) -> Result<i64> {
        self.command("INCR", &[key]).await?.into_integer()
    }

    /// Takes one from a number and returns it.
    pub async fn decr(&self, key: &str) -> Result<i64> {
        self.command("DECR", &[key]).await?.into_integer()
    }

    /// Deletes keys; returns how many existed.
    pub async fn del(&self, keys: &[&str]) -> Result<u64> {
        self.command("DEL", keys).await?.into_count()
    }

    /// How many of the keys exist.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # support::run(async |url| {
    /// # use s3_valkey::redis::{SetOptions, ValkeyClient};
    /// # let client = ValkeyClient::connect(&url).await?;
    /// client.incr("a").await?;
    /// assert_eq!(client.exists(&["a", "b"]).await?, 1);
    /// assert_eq!(client.del(&["a", "b"]).await?, 1);
    /// # Ok(()) });
    /// ```
    pub async fn exists(&self, keys: &[&str]) -> Result<u64> {
        self.command("EXISTS", keys).await?.into_count()
    }

    /// Sets a time to live in seconds; `false` when the key does not exist.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # support::run(async |url| {
    /// # use s3_valkey::redis::{SetOptions, ValkeyClient};
    /// # let client = ValkeyClient::connect(&url).await?;
    /// client.incr("a").await?;
    /// assert!(client.expire("a", 60).await?);
    /// assert!(!client.expire("missing", 60).await?);
    /// # Ok(()) });
    /// ```
    pub async fn expire(&self, key: &str, seconds: u64) -> Result<bool> {
        let seconds = seconds.to_string();
        let reply = self.command("EXPIRE", &[key, &seconds]).await?;
        Ok(reply.into_integer()? == 1)
    }

    /// The time to live in seconds; -1 without one, -2 without the key.
    pub async fn ttl(&self, key: &str) -> Result<i64> {
        self.command("TTL", &[key]).await?.into_integer()
    }

    /// Prepends to a list; returns its length.
    pub async fn lpush(&self, key: &str, values: &[&str]) -> Result<u64> {
        self.keyed("LPUSH", key, values).await?.into_count()
    }

    /// Appends to a list; returns its length.
    pub async fn rpush(&self, key: &str, values: &[&str]) -> Result<u64> {
        self.keyed("RPUSH", key, values).await?.into_count()
    }

    /// Takes the first element of a list.
    pub async fn lpop(&self, key: &str) -> Result<Option<String>> {
        self.command("LPOP", &[key]).await?.into_text()
    }

    /// Takes the last element of a list.
    pub async fn rpop(&self, key: &str) -> Result<Option<String>> {
        self.command("RPOP", &[key]).await?.into_text()
    }

    /// The elements of a list from `start` to `stop`, both included; negative counts from the end.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # support::run(async |url| {
    /// # use s3_valkey::redis::{SetOptions, ValkeyClient};
    /// # let client = ValkeyClient::connect(&url).await?;
    /// client.rpush("queue", &["b", "c"]).await?;
    /// client.lpush("queue", &["a"]).await?;
    /// assert_eq!(client.lrange("queue", 0, -1).await?, ["a", "b", "c"]);
    /// assert_eq!(client.rpop("queue").await?.as_deref(), Some("c"));
    /// # Ok(()) });
    /// ```
    pub async fn lrange(&self, key: &str, start: i64, stop: i64) -> Result<Vec<String>> {
        let (start, stop) = (start.to_string(), stop.to_string());
        self.command("LRANGE", &[key, &start, &stop])
            .await?
            .into_texts()
    }

    /// A field of a hash.
    pub async fn hget(&self, key: &str, field: &str) -> Result<Option<String>> {
        self.command("HGET", &[key, field]).await?.into_text()
    }

    /// Sets a field of a hash.
    pub async fn hset(&self, key: &str, field: &str, value: &str) -> Result<()> {
        self.command("HSET", &[key, field, value]).await.map(drop)
    }

    /// All fields of a hash; empty when the key does not exist.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # support::run(async |url| {
    /// # use s3_valkey::redis::{SetOptions, ValkeyClient};
    /// # let client = ValkeyClient::connect(&url).await?;
    /// client.hset("user", "name", "Ann").await?;
    /// assert_eq!(client.hgetall("user").await?["name"], "Ann");
    /// assert!(client.hgetall("nobody").await?.is_empty());
    /// # Ok(()) });
    /// ```
    pub async fn hgetall(&self, key: &str) -> Result<HashMap<String, String>> {
        self.command("HGETALL", &[key]).await?.into_text_map()
    }

    /// Adds members to a set; returns how many were new.
    pub async fn sadd(&self, key: &str, members: &[&str]) -> Result<u64> {
        self.keyed("SADD", key, members).await?.into_count()
    }

    /// The members of a set.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # support::run(async |url| {
    /// # use s3_valkey::redis::{SetOptions, ValkeyClient};
    /// # let client = ValkeyClient::connect(&url).await?;
    /// assert_eq!(client.sadd("tags", &["new", "hot", "new"]).await?, 2);
    /// assert!(client.smembers("tags").await?.contains("hot"));
    /// # Ok(()) });
    /// ```
    pub async fn smembers(&self, key: &str) -> Result<HashSet<String>> {
        let members = self.command("SMEMBERS", &[key]).await?.into_texts()?;
        Ok(members.into_iter().collect())
    }

    /// Publishes a message; returns how many subscribers received it.
    pub async fn publish(&self, channel: &str, message: &str) -> Result<u64> {
        self.command("PUBLISH", &[channel, message])
            .await?
            .into_count()
    }

    /// Publishes a message to a channel of a shard; returns how many subscribers of
    /// [`ssubscribe`](Self::ssubscribe) received it.
    pub async fn spublish(&self, channel: &str, message: &str) -> Result<u64> {
        self.command("SPUBLISH", &[channel, message])
            .await?
            .into_count()
    }

    async fn keyed(&self, command: &str, key: &str, values: &[&str]) -> Result<Value> {
        let mut arguments = vec![key];
        arguments.extend(values);
        self.command(command, &arguments).await
    }
}
