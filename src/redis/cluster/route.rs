//! Where in a cluster a command goes. Pure.

use super::destination::Destination;
use super::request::Request;
use super::slot::{self, common_slot};
use super::vocabulary::{self, Known, Shape};
use crate::error::{Error, ErrorKind, Result};
use crate::redis::command_table::{self, Command, Request as Policy, Response};
use crate::redis::keys::key_positions;
use crate::redis::meta::{Answered, Meta};

/// Where a command goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// To the shard of this slot.
    Slot {
        /// The slot of all its keys.
        slot: u16,
        /// It only reads, so that a replica will do.
        reads: bool,
    },
    /// To several shards: its keys are of several slots, and it can be split.
    Split(Shape),
    /// To many nodes, whose replies become one.
    Many {
        /// Replicas too.
        replicas: bool,
        /// What becomes of the replies; `None` keeps them apart, each with its node.
        response: Option<Response>,
    },
    /// To the node of this number.
    Node(u32),
    /// To any primary.
    Any,
    /// To the node that serves publish and subscribe.
    Channels,
}

/// Finds the way of one command.
///
/// Fails with `ERR_REDIS_CROSSSLOT` when it has keys of several slots and cannot be split, and with
/// `ERR_REDIS_CLUSTER_UNSUPPORTED` when it makes no sense on connections that are shared.
pub fn route(request: &Request<'_>, meta: Meta) -> Result<Route> {
    if let Some(destination) = Destination::of(meta) {
        return Ok(sent_to(destination, request));
    }
    let Some(known) = vocabulary::find(request.name) else {
        // One who knows the command knows where it goes, and will say so.
        return Ok(Route::Any);
    };
    match known.shape {
        Shape::FirstKey if request.count > 1 && !known.has_subcommands => {
            return Ok(Route::Slot {
                slot: slot::of_key(request.first),
                reads: known.command.read_only,
            });
        }
        Shape::Keys | Shape::Pairs if request.count > 1 => return Ok(keys(request, &known)),
        _ => {}
    }
    let command = if known.has_subcommands {
        command_table::lookup(request.name, Some(request.first)).unwrap_or(known.command)
    } else {
        known.command
    };
    supported(request, command)?;
    match keyed(request, command)? {
        Some(route) => Ok(route),
        None => Ok(keyless(command, meta)),
    }
}

fn sent_to(destination: Destination, request: &Request<'_>) -> Route {
    let known = || command_table::lookup(request.name, Some(request.first));
    match destination {
        Destination::AllPrimaries | Destination::AllNodes => Route::Many {
            replicas: destination == Destination::AllNodes,
            response: known().and_then(together),
        },
        Destination::Random => Route::Any,
        Destination::Slot(slot) => Route::Slot {
            slot,
            reads: known().is_some_and(|command| command.read_only),
        },
        Destination::Node(number) => Route::Node(number),
    }
}

/// What becomes of the replies of many nodes; `None` when each stands for itself.
fn together(command: &Command) -> Option<Response> {
    match (command.request, command.response) {
        (_, Response::Special) => None,
        (Policy::AllNodes | Policy::AllShards, response) => Some(response),
        (_, Response::None) => None,
        (_, response) => Some(response),
    }
}

fn keys(request: &Request<'_>, known: &Known) -> Route {
    let step = if known.shape == Shape::Pairs { 2 } else { 1 };
    let slot = slot::of_key(request.first);
    let mut keys = request.arguments().skip(1).step_by(step);
    if request.count == 2 || keys.all(|key| slot::of_key(key) == slot) {
        let reads = known.command.read_only;
        return Route::Slot { slot, reads };
    }
    Route::Split(known.shape)
}

fn supported(request: &Request<'_>, command: &Command) -> Result<()> {
    let message = match command.name {
        "WATCH" | "UNWATCH" => {
            "WATCH needs a connection of its own: use watch(), or one of acquire()"
        }
        "SCAN" => "SCAN walks one node: iterate over the nodes of the cluster",
        "SUNSUBSCRIBE" if request.count < 2 => "SUNSUBSCRIBE in a cluster must name the channels",
        "MULTI" | "EXEC" | "DISCARD" => {
            "a transaction of a cluster must be sent as a whole, with commands of one slot"
        }
        _ => return Ok(()),
    };
    Err(unsupported(message))
}

/// The error of what a cluster's shared connections cannot do.
pub(super) fn unsupported(message: &'static str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "ERR_REDIS_CLUSTER_UNSUPPORTED",
        message,
    )
}

fn keyed(request: &Request<'_>, command: &Command) -> Result<Option<Route>> {
    if command.keys.is_empty() {
        return Ok(None);
    }
    let arguments: Vec<&[u8]> = request.arguments().collect();
    let keys = key_positions(&arguments)
        .into_iter()
        .map(|at| arguments[at]);
    let slot = common_slot(keys)?;
    Ok(slot.map(|slot| Route::Slot {
        slot,
        reads: command.read_only,
    }))
}

fn keyless(command: &Command, meta: Meta) -> Route {
    if meta.answered() != Answered::Reply {
        return Route::Channels;
    }
    match (command.request, together(command)) {
        // What each node says stands for itself.
        (Policy::AllNodes | Policy::AllShards, response @ Some(_)) => Route::Many {
            replicas: command.request == Policy::AllNodes,
            response,
        },
        _ => Route::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::Requests;
    use super::*;
    use crate::redis::resp::encode;
    use bytes::BytesMut;

    fn words(command: &str) -> Vec<&[u8]> {
        command.split(' ').map(str::as_bytes).collect()
    }

    fn encoded(command: &str) -> BytesMut {
        let mut bytes = BytesMut::new();
        encode::command(&mut bytes, &words(command));
        bytes
    }

    fn meta_of(command: &str) -> Meta {
        let words = words(command);
        Meta::of_call(words[0], &words[1..]).unwrap()
    }

    fn routed(command: &str) -> Result<Route> {
        let bytes = encoded(command);
        let request = Requests::new(&bytes).next().unwrap();
        route(&request, meta_of(command))
    }

    fn to(command: &str) -> Route {
        routed(command).unwrap()
    }

    fn slot_of(key: &str, reads: bool) -> Route {
        let slot = slot::of_key(key.as_bytes());
        Route::Slot { slot, reads }
    }

    #[test]
    fn keys_decide() {
        assert_eq!(to("get a"), slot_of("a", true));
        assert_eq!(to("SET a b"), slot_of("a", false));
        assert_eq!(to("EVAL x 0 k"), Route::Any);
        assert_eq!(to("EVAL x 1 k v"), slot_of("k", false));
        assert_eq!(to("XGROUP CREATE s g $"), slot_of("s", false));
        assert_eq!(to("XREAD STREAMS s 0"), slot_of("s", true));
        assert_eq!(to("OBJECT ENCODING o"), slot_of("o", true));
        assert_eq!(to("SPUBLISH c m"), slot_of("c", false));
        assert_eq!(to("RENAME {t}a {t}b"), slot_of("t", false));
        assert_eq!(to("DEL a"), slot_of("a", false));
        assert_eq!(to("MSET {t}a 1 {t}b 2"), slot_of("t", false));
    }

    #[test]
    fn keys_of_several_slots_are_split_or_refused() {
        assert_eq!(to("MGET a b"), Route::Split(Shape::Keys));
        assert_eq!(to("MSET a 1 b 2"), Route::Split(Shape::Pairs));
        assert_eq!(to("SSUBSCRIBE a b"), Route::Split(Shape::Keys));
        for command in [
            "MSETNX a 1 b 2",
            "RENAME a b",
            "SINTER a b",
            "MSETEX 2 a 1 b 2",
        ] {
            let error = routed(command).unwrap_err();
            assert_eq!(error.code(), "ERR_REDIS_CROSSSLOT");
            let named = error
                .message()
                .contains("\"a\" (slot 15495) and \"b\" (slot 3300)");
            assert!(named, "{error}");
        }
    }

    #[test]
    fn commands_without_keys_follow_their_policy() {
        let many = |replicas, response| Route::Many {
            replicas,
            response: Some(response),
        };
        assert_eq!(to("DBSIZE"), many(false, Response::AggSum));
        assert_eq!(to("KEYS *"), many(false, Response::None));
        assert_eq!(to("SCRIPT LOAD x"), many(true, Response::AllSucceeded));
        assert_eq!(to("CONFIG SET a b"), many(true, Response::AllSucceeded));
        assert_eq!(to("WAIT 1 0"), many(false, Response::AggMin));
        for command in [
            "INFO",
            "RANDOMKEY",
            "ECHO x",
            "PUBLISH c m",
            "CONFIG GET a",
            "NOSUCH x",
        ] {
            assert_eq!(to(command), Route::Any, "{command}");
        }
        assert_eq!(to("SUBSCRIBE a b"), Route::Channels);
        assert_eq!(to("PUNSUBSCRIBE"), Route::Channels);
    }

    #[test]
    fn a_destination_wins_over_keys() {
        let sent = |command: &str, destination: Destination| {
            let bytes = encoded(command);
            let request = Requests::new(&bytes).next().unwrap();
            route(&request, destination.meta()).unwrap()
        };
        let many = |replicas, response| Route::Many { replicas, response };
        let all = Destination::AllNodes;
        assert_eq!(sent("DBSIZE", all), many(true, Some(Response::AggSum)));
        assert_eq!(sent("KEYS *", all), many(true, Some(Response::None)));
        for each in ["INFO", "ECHO x", "CONFIG GET a", "GET a", "NOSUCH"] {
            assert_eq!(
                sent(each, Destination::AllPrimaries),
                many(false, None),
                "{each}"
            );
        }
        assert_eq!(sent("GET a", Destination::Random), Route::Any);
        assert_eq!(sent("SCAN 0", Destination::Node(7)), Route::Node(7));
        for (command, reads) in [("GET a", true), ("EVAL x 0", false)] {
            let slot = Route::Slot { slot: 5, reads };
            assert_eq!(sent(command, Destination::Slot(5)), slot);
        }
    }

    #[test]
    fn what_needs_a_connection_or_a_node_of_its_own_is_refused() {
        for command in ["WATCH a", "SCAN 0", "MULTI", "EXEC", "SUNSUBSCRIBE"] {
            let error = routed(command).unwrap_err();
            assert_eq!(error.code(), "ERR_REDIS_CLUSTER_UNSUPPORTED", "{command}");
        }
    }
}
