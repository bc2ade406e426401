//! What pipelines and transactions have in common: the typed commands of
//! [`ValkeyClient`](crate::redis::ValkeyClient), gathered.

use super::{Pipeline, Transaction};
use crate::redis::commands::SetOptions;
use crate::redis::script::Invocation;

/// Gives a builder a method for each command, and those for what it has gathered. What a reply looks
/// like is told by the method of the client.
macro_rules! commands {
    ($Builder:ty) => {
        impl $Builder {
            /// The value of a string key.
            pub fn get(&mut self, key: &str) -> &mut Self {
                self.command("GET", &[key])
            }

            /// Stores a string.
            pub fn set(&mut self, key: &str, value: &str, options: SetOptions) -> &mut Self {
                let options = options.arguments();
                let options = options.iter().map(String::as_str);
                let all: Vec<&str> = [key, value].into_iter().chain(options).collect();
                self.command("SET", &all)
            }

            /// Adds one to a number.
            pub fn incr(&mut self, key: &str) -> &mut Self {
                self.command("INCR", &[key])
            }

            /// Takes one from a number.
            pub fn decr(&mut self, key: &str) -> &mut Self {
                self.command("DECR", &[key])
            }

            /// Deletes keys.
            pub fn del(&mut self, keys: &[&str]) -> &mut Self {
                self.command("DEL", keys)
            }

            /// How many of the keys exist.
            pub fn exists(&mut self, keys: &[&str]) -> &mut Self {
                self.command("EXISTS", keys)
            }

            /// Sets a time to live in seconds.
            pub fn expire(&mut self, key: &str, seconds: u64) -> &mut Self {
                self.command("EXPIRE", &[key, &seconds.to_string()])
            }

            /// The time to live in seconds.
            pub fn ttl(&mut self, key: &str) -> &mut Self {
                self.command("TTL", &[key])
            }

            /// Prepends to a list.
            pub fn lpush(&mut self, key: &str, values: &[&str]) -> &mut Self {
                self.command("LPUSH", &[&[key], values].concat())
            }

            /// Appends to a list.
            pub fn rpush(&mut self, key: &str, values: &[&str]) -> &mut Self {
                self.command("RPUSH", &[&[key], values].concat())
            }

            /// Takes the first element of a list.
            pub fn lpop(&mut self, key: &str) -> &mut Self {
                self.command("LPOP", &[key])
            }

            /// Takes the last element of a list.
            pub fn rpop(&mut self, key: &str) -> &mut Self {
                self.command("RPOP", &[key])
            }

            /// The elements of a list from `start` to `stop`, both included.
            pub fn lrange(&mut self, key: &str, start: i64, stop: i64) -> &mut Self {
                self.command("LRANGE", &[key, &start.to_string(), &stop.to_string()])
            }

            /// A field of a hash.
            pub fn hget(&mut self, key: &str, field: &str) -> &mut Self {
                self.command("HGET", &[key, field])
            }

            /// Sets a field of a hash.
            pub fn hset(&mut self, key: &str, field: &str, value: &str) -> &mut Self {
                self.command("HSET", &[key, field, value])
            }

            /// All fields of a hash.
            pub fn hgetall(&mut self, key: &str) -> &mut Self {
                self.command("HGETALL", &[key])
            }

            /// Adds members to a set.
            pub fn sadd(&mut self, key: &str, members: &[&str]) -> &mut Self {
                self.command("SADD", &[&[key], members].concat())
            }

            /// The members of a set.
            pub fn smembers(&mut self, key: &str) -> &mut Self {
                self.command("SMEMBERS", &[key])
            }

            /// Publishes a message.
            pub fn publish(&mut self, channel: &str, message: &str) -> &mut Self {
                self.command("PUBLISH", &[channel, message])
            }

            /// Publishes a message to a channel of a shard.
            pub fn spublish(&mut self, channel: &str, message: &str) -> &mut Self {
                self.command("SPUBLISH", &[channel, message])
            }

            /// Calls a script, which is sent with its whole text, because nothing can be sent again
            /// in the middle; or a function, whose library must have been loaded.
            pub fn invoke(&mut self, call: &Invocation<'_>) -> &mut Self {
                let (command, arguments) = call.command();
                self.add(command, &arguments)
            }

            /// How many commands there are.
            #[must_use]
            pub fn len(&self) -> usize {
                self.queue.len()
            }

            /// Whether there are no commands.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Drops the commands.
            pub fn discard(&mut self) {
                // What was refused goes as well.
                drop(self.queue.take());
            }
        }
    };
}

commands!(Transaction);
commands!(Pipeline);
