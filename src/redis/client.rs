//! The client for Rust.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::BytesMut;

use super::callers::{Callers, Subscription, receive};
use super::config::{Config, Options, Status, Target};
use super::inflight::Entry;
use super::lane::{Delivery, Lane, Sink};
use super::meta::Meta;
use super::reply::{required, unexpected};
use super::resp::decode::Value;
use super::resp::encode;
use super::url;
use crate::error::Result;

/// One Redis or Valkey connection, shared by all clones.
///
/// Commands of concurrent callers are pipelined. The connection is closed when the last clone is
/// dropped.
///
/// ```no_run
/// # async fn example() -> s3_valkey::Result<()> {
/// use s3_valkey::redis::{SetOptions, ValkeyClient};
/// let client = ValkeyClient::connect("redis://localhost:6379").await?;
/// client.set("greeting", "hello", SetOptions::default()).await?;
/// assert_eq!(client.get("greeting").await?.as_deref(), Some("hello"));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ValkeyClient {
    inner: Arc<Inner>,
}

struct Inner {
    lane: Arc<Lane>,
    callers: Arc<Callers>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.lane.close();
    }
}

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

impl ValkeyClient {
    /// Connects with the default [`Options`].
    pub async fn connect(url: &str) -> Result<Self> {
        Self::connect_with_options(url, Options::default()).await
    }

    /// Connects and waits until the server has accepted the handshake.
    pub async fn connect_with_options(url: &str, options: Options) -> Result<Self> {
        Self::open(url::parse(url)?, options).await
    }

    async fn open(target: Target, options: Options) -> Result<Self> {
        let callers = Arc::new(Callers::default());
        let sink = Arc::clone(&callers) as Arc<dyn Sink>;
        let lane = Lane::new(Config { target, options }, sink);
        let client = Self {
            inner: Arc::new(Inner { lane, callers }),
        };
        let (id, reply) = client.inner.callers.register();
        client.inner.lane.connect(id);
        receive(reply).await?;
        Ok(client)
    }

    /// Another connection with the same target and options.
    pub async fn duplicate(&self) -> Result<Self> {
        let config = self.inner.lane.config().clone();
        Self::open(config.target, config.options).await
    }

    /// Closes the connection; commands that wait fail with `ERR_REDIS_CONNECTION_CLOSED`.
    pub fn close(&self) {
        self.inner.lane.close();
        self.inner.callers.unsubscribe_all();
    }

    /// The state of the connection.
    #[must_use]
    pub fn status(&self) -> Status {
        self.inner.lane.status()
    }

    /// Sends any command and returns its reply. A reply of the server that is an error is an
    /// [`Error`](crate::Error) of kind [`Server`](crate::ErrorKind::Server).
    pub async fn command(&self, command: &str, arguments: &[&str]) -> Result<Value> {
        let mut all: Vec<&[u8]> = Vec::with_capacity(arguments.len() + 1);
        all.push(command.as_bytes());
        all.extend(arguments.iter().map(|argument| argument.as_bytes()));
        self.call(&all, Meta::REPLY).await
    }

    async fn call(&self, arguments: &[&[u8]], meta: u32) -> Result<Value> {
        let mut bytes = BytesMut::new();
        encode::command(&mut bytes, arguments);
        let (id, reply) = self.inner.callers.register();
        let entry = Entry {
            id,
            meta: Meta(meta),
        };
        self.inner.lane.submit(&[&bytes], &[entry], self.delivery());
        receive(reply).await
    }

    fn delivery(&self) -> Delivery {
        if self.inner.lane.config().options.enable_auto_pipelining {
            Delivery::Gathered
        } else {
            Delivery::Direct
        }
    }

    /// The value of a string key.
    pub async fn get(&self, key: &str) -> Result<Option<String>> {
        self.command("GET", &[key]).await?.into_text()
    }

    /// Stores a string. A condition that is not met is no error.
    pub async fn set(&self, key: &str, value: &str, options: SetOptions) -> Result<()> {
        let (ex, px);
        let mut arguments = vec![key, value];
        if let Some(seconds) = options.ex {
            ex = seconds.to_string();
            arguments.extend(["EX", &ex]);
        }
        if let Some(milliseconds) = options.px {
            px = milliseconds.to_string();
            arguments.extend(["PX", &px]);
        }
        if options.nx {
            arguments.push("NX");
        }
        if options.xx {
            arguments.push("XX");
        }
        self.command("SET", &arguments).await.map(drop)
    }

    /// Adds one to a number and returns it.
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
    pub async fn exists(&self, keys: &[&str]) -> Result<u64> {
        self.command("EXISTS", keys).await?.into_count()
    }

    /// Sets a time to live in seconds; `false` when the key does not exist.
    pub async fn expire(&self, key: &str, seconds: u64) -> Result<bool> {
        let seconds = seconds.to_string();
        Ok(self
            .command("EXPIRE", &[key, &seconds])
            .await?
            .into_integer()?
            == 1)
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
    pub async fn hgetall(&self, key: &str) -> Result<HashMap<String, String>> {
        let flat = match self.command("HGETALL", &[key]).await? {
            Value::Map(pairs) => pairs,
            other => return Err(unexpected(&other)),
        };
        flat.into_iter()
            .map(|(field, value)| Ok((required(field)?, required(value)?)))
            .collect()
    }

    /// Adds members to a set; returns how many were new.
    pub async fn sadd(&self, key: &str, members: &[&str]) -> Result<u64> {
        self.keyed("SADD", key, members).await?.into_count()
    }

    /// The members of a set.
    pub async fn smembers(&self, key: &str) -> Result<HashSet<String>> {
        Ok(self
            .command("SMEMBERS", &[key])
            .await?
            .into_texts()?
            .into_iter()
            .collect())
    }

    /// Publishes a message; returns how many subscribers received it.
    pub async fn publish(&self, channel: &str, message: &str) -> Result<u64> {
        self.command("PUBLISH", &[channel, message])
            .await?
            .into_count()
    }

    /// Subscribes to channels and waits until the server has confirmed all of them.
    pub async fn subscribe(&self, channels: &[&str]) -> Result<Subscription> {
        let messages = self.inner.callers.listen(channels);
        let mut arguments: Vec<&[u8]> = vec![b"SUBSCRIBE"];
        arguments.extend(channels.iter().map(|channel| channel.as_bytes()));
        let count = u32::try_from(channels.len()).unwrap_or(u32::MAX >> 8);
        self.call(&arguments, Meta::SUBSCRIBE | count << 8).await?;
        Ok(Subscription::new(messages))
    }

    async fn keyed(&self, command: &str, key: &str, values: &[&str]) -> Result<Value> {
        let mut arguments = vec![key];
        arguments.extend(values);
        self.command(command, &arguments).await
    }
}
