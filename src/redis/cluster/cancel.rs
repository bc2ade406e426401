//! Giving up a command that blocks, wherever it is.
//!
//! It may be in somebody's hand, between its reply and the node that the reply names, for one: then
//! it is marked, and whoever lays it down fails it. Looking for it and laying it down are never
//! both too early, for the mark comes before the one, and is looked at behind the other.

use std::collections::HashMap;

use super::Cluster;
use super::pending::{Origin, Pending, Work};
use crate::error::{Error, ErrorKind};
use crate::redis::callers::lock;
use crate::redis::lifecycle;

/// Users' commands that block and are not answered, by their ids: whether they were given up.
pub(super) type Blocked = HashMap<u32, bool>;

impl Cluster {
    /// Fails a user's command that blocks, so that it takes nothing that nobody gets. Others are left
    /// alone. Returns whether there was one.
    pub(super) fn give_up(&self, id: u32) -> bool {
        if self.withdraw_lessee(id) {
            return true;
        }
        if lock(&self.life).withdraw(id) {
            self.sink.failed(vec![id], &given_up());
            return true;
        }
        match lock(&self.blocked).get_mut(&id) {
            Some(mark) => *mark = true,
            None => return false,
        }
        self.fail_given_up(id);
        true
    }

    /// A user's command that blocks, if it is one, is on its way.
    pub(super) fn track(&self, blocker: Option<u32>) {
        if let Some(id) = blocker {
            lock(&self.blocked).entry(id).or_insert(false);
        }
    }

    /// It is answered.
    pub(super) fn untrack(&self, id: u32) {
        lock(&self.blocked).remove(&id);
    }

    /// Whether something was given up, and must not be sent.
    pub(super) fn is_given_up(&self, work: &Work) -> bool {
        let id = work.blocker();
        id.is_some_and(|id| lock(&self.blocked).get(&id) == Some(&true))
    }

    /// Fails a command that was given up, unless somebody has it in his hand.
    fn fail_given_up(&self, id: u32) {
        let error = &given_up();
        let parked = lock(&self.parked).take(|work| work.blocker() == Some(id));
        if let Some(work) = parked {
            self.fail_work(work, error);
            return;
        }
        let own = lock(&self.waiting).find(|pending| pending.blocker() == Some(id));
        if let Some(own) = own {
            // It may have been answered just now, and its number be that of another one.
            let is_it = || self.user_of(own) == Some(id);
            let nodes = self.every_node();
            let _ = nodes.iter().any(|node| node.cancel(own, is_it, error));
        }
    }

    /// The user's command that blocks and goes by this id of the cluster's own.
    pub(super) fn user_of(&self, own: u32) -> Option<u32> {
        lock(&self.waiting).get(own).and_then(Pending::blocker)
    }

    /// A user's command is where [`give_up`](Self::give_up) finds it.
    pub(super) fn laid_down(&self, id: u32) {
        if lock(&self.blocked).get(&id) == Some(&true) {
            self.fail_given_up(id);
        }
    }
}

impl Work {
    /// The id of the user's command that this is, if it blocks.
    pub(super) fn blocker(&self) -> Option<u32> {
        match self {
            Self::One(pending) => pending.blocker(),
            Self::Whole(_) => None,
        }
    }
}

impl Pending {
    /// The id of the user's command that this is, if it blocks.
    pub(super) fn blocker(&self) -> Option<u32> {
        match &self.origin {
            Origin::User(entry) if entry.meta.holds() => Some(entry.id),
            _ => None,
        }
    }
}

/// Of a kind after which nothing is sent again.
pub(super) fn given_up() -> Error {
    Error::new(
        ErrorKind::Cancelled,
        lifecycle::closed().code().to_owned(),
        "the command was given up",
    )
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::{Arc, Mutex, mpsc};
    use std::task::{Context, Waker};
    use std::thread;
    use std::time::{Duration, Instant};

    use bytes::{Bytes, BytesMut};

    use super::*;
    use crate::redis::cluster::gather::Gather;
    use crate::redis::cluster::pending::Pending;
    use crate::redis::cluster::{ClusterConfig, Place};
    use crate::redis::config::Options;
    use crate::redis::inflight::Entry;
    use crate::redis::lane::{Batch, Delivery, Event, Sink};
    use crate::redis::meta::Meta;
    use crate::redis::resp::encode;

    #[derive(Default)]
    struct Failures(Mutex<Vec<u32>>);

    impl Failures {
        fn take(&self) -> Vec<u32> {
            std::mem::take(&mut *lock(&self.0))
        }
    }

    impl Sink for Failures {
        fn replies(&self, _: Batch) {}
        fn failed(&self, ids: Vec<u32>, _: &Error) {
            lock(&self.0).extend(ids);
        }
        fn event(&self, _: Event) {}
    }

    fn blocking(id: u32) -> (Bytes, Entry) {
        let mut bytes = BytesMut::new();
        encode::command(&mut bytes, &[b"BLPOP", id.to_string().as_bytes(), b"0"]);
        let meta = Meta(Meta::HOLDS);
        (bytes.freeze(), Entry { id, meta })
    }

    /// A cluster whose nodes accept connections and say nothing.
    fn silent() -> (TcpListener, Arc<Failures>, Arc<Cluster>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (failures, cluster) = cluster(&listener);
        (listener, failures, cluster)
    }

    /// Shakes hands on every connection, which gets a number, counted from 100, and tells what comes
    /// with the number.
    fn polite(listener: TcpListener) -> mpsc::Receiver<(u32, String)> {
        let (heard, hearing) = mpsc::channel();
        thread::spawn(move || {
            for (number, socket) in (100..).zip(listener.incoming()) {
                let (mut socket, heard) = (socket.unwrap(), heard.clone());
                thread::spawn(move || {
                    let greeting = format!("%2\r\n+id\r\n:{number}\r\n+proto\r\n:3\r\n");
                    let mut bytes = [0; 4096];
                    while let Ok(count @ 1..) = socket.read(&mut bytes) {
                        let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
                        if text.contains("HELLO") {
                            let _ = socket.write_all(greeting.as_bytes());
                        }
                        let _ = heard.send((number, text));
                    }
                });
            }
        });
        hearing
    }

    fn cluster(listener: &TcpListener) -> (Arc<Failures>, Arc<Cluster>) {
        cluster_with(listener, Options::default())
    }

    fn cluster_with(listener: &TcpListener, options: Options) -> (Arc<Failures>, Arc<Cluster>) {
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let failures = Arc::new(Failures::default());
        let sink: Arc<dyn Sink> = Arc::clone(&failures) as _;
        let seeds = vec![crate::redis::url::parse(&url).unwrap()];
        let config = ClusterConfig::new(seeds, options);
        let factory = Box::new(|_| Arc::new(Failures::default()) as Arc<dyn Sink>);
        let lessee_sinks = Arc::new(|| Arc::new(Failures::default()) as Arc<dyn Sink>);
        let cluster = Cluster::new(config, sink, factory, lessee_sinks).unwrap();
        (failures, cluster)
    }

    #[test]
    fn one_that_waits_for_the_first_map_is_taken_out_alone() {
        let (_listener, failures, cluster) = silent();
        let all: Vec<_> = (1..=3).map(blocking).collect();
        let bytes: Vec<&[u8]> = all.iter().map(|(bytes, _)| &bytes[..]).collect();
        let entries: Vec<Entry> = all.iter().map(|(_, entry)| *entry).collect();
        cluster.submit(&bytes, &entries, Delivery::Held);
        assert!(cluster.give_up(2) && !cluster.give_up(2));
        assert_eq!(failures.take(), [2]);
        let left = [&all[0].0[..], &all[2].0[..]].concat();
        assert_eq!(cluster.backlog().bytes, left.len());
        assert_eq!(cluster.backlog().commands, 2);
    }

    #[test]
    fn one_that_was_parked_or_redirected_is_found_by_its_users_id() {
        let (_listener, failures, cluster) = silent();
        cluster.connect(9);
        let pending = |id| {
            let (bytes, entry) = blocking(id);
            Work::One(Pending::of_user(entry, bytes))
        };
        cluster.park(Instant::now() + Duration::from_mins(10), pending(1));
        assert!(cluster.give_up(1) && !cluster.give_up(1));
        assert_eq!(failures.take(), [1]);
        let node = cluster.seeds().remove(0);
        let mut gather = Gather::default();
        cluster.add_work(&mut gather, &node, pending(2), true);
        gather.send(&cluster, Delivery::Direct);
        assert!(failures.take().is_empty());
        assert!(cluster.give_up(2) && !cluster.give_up(2));
        assert_eq!(failures.take(), [2]);
        cluster.close();
    }

    #[test]
    fn one_that_is_in_somebodys_hand_fails_when_it_is_laid_down() {
        let (_listener, failures, cluster) = silent();
        cluster.connect(9);
        let node = cluster.seeds().remove(0);
        let pending = |id| {
            let (bytes, entry) = blocking(id);
            Work::One(Pending::of_user(entry, bytes))
        };
        // On its way to a connection.
        let mut gather = Gather::default();
        cluster.add_work(&mut gather, &node, pending(1), false);
        assert!(cluster.give_up(1));
        assert!(failures.take().is_empty());
        gather.send(&cluster, Delivery::Direct);
        assert_eq!(failures.take(), [1]);
        // Due, redirected or returned.
        let later = Instant::now() + Duration::from_mins(10);
        for id in [2, 3] {
            cluster.park(later, pending(id));
            let mut taken = lock(&cluster.parked).all();
            let work = taken.remove(0);
            assert!(cluster.give_up(id));
            assert!(failures.take().is_empty());
            if id == 2 {
                cluster.park(later, work);
                assert_eq!(lock(&cluster.parked).iter().count(), 0);
            } else {
                cluster.add_work(&mut gather, &node, work, true);
            }
            assert_eq!(failures.take(), [id]);
        }
        // Whoever uses the id next is not meant.
        assert!(lock(&cluster.blocked).is_empty());
        assert!(!cluster.give_up(1));
        cluster.close();
    }

    #[test]
    fn what_waits_on_its_own_connection_or_not_at_all_is_not_kept_in_mind() {
        let (_listener, failures, cluster) = silent();
        let wait = |command: &[&[u8]], id| {
            let mut bytes = BytesMut::new();
            encode::command(&mut bytes, command);
            let meta = Meta(Meta::HOLDS);
            cluster.submit(&[&bytes], &[Entry { id, meta }], Delivery::Held);
        };
        wait(&[b"WAIT", b"1", b"0"], 1);
        wait(&[b"XREAD", b"STREAMS", b"s", b"0"], 2);
        wait(&[b"BLPOP", b"a", b"b", b"0"], 3);
        wait(&[b"BLPOP", b"a", b"0"], 4);
        cluster.connect(9);
        let node = cluster.seeds().remove(0);
        let shard = crate::redis::cluster::map::Nodes {
            primary: node,
            primary_zone: None,
            replicas: Vec::new(),
        };
        let map = crate::redis::cluster::map::SlotMap::new(vec![(shard, vec![(0, 16383)])]);
        let epoch = lock(&cluster.life).epoch;
        cluster.ready(epoch, &Arc::new(map));
        let tracked: Vec<u32> = lock(&cluster.blocked).keys().copied().collect();
        assert_eq!(tracked, [4]);
        // Its keys are in two slots.
        assert_eq!(failures.take(), [3]);
        cluster.close();
        assert!(lock(&cluster.blocked).is_empty());
    }

    #[test]
    fn one_who_waits_for_a_connection_of_his_own_is_told_that_there_is_none() {
        let (_listener, _, cluster) = silent();
        let (sender, receiver) = std::sync::mpsc::channel();
        let acquire = |id| {
            let sender = sender.clone();
            let grant = move |outcome: crate::error::Result<_>| {
                drop(sender.send((id, outcome.map(drop))));
            };
            cluster.acquire(Place::Slot(0), id, None, Box::new(grant));
        };
        let ended = || {
            let (id, outcome) = receiver.recv_timeout(Duration::from_secs(30)).unwrap();
            (id, outcome.unwrap_err().code().to_owned())
        };
        let closed = || lifecycle::closed().code().to_owned();
        acquire(1);
        acquire(2);
        assert!(cluster.give_up(1) && !cluster.give_up(1));
        assert_eq!(ended(), (1, closed()));
        // It may not have begun to wait; whoever comes too late is refused as well.
        cluster.connect(9);
        cluster.close();
        assert_eq!(ended(), (2, closed()));
        acquire(3);
        assert_eq!(ended(), (3, closed()));
    }

    #[tokio::test]
    async fn one_who_waits_is_not_taken_for_a_command_of_who_has_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let options = Options {
            max_blocking_connections: 1,
            ..Options::default()
        };
        let (_, cluster) = cluster_with(&listener, options);
        let _hearing = polite(listener);
        cluster.connect(9);
        let node = cluster.seeds().remove(0);
        let mut changes = cluster.changes.subscribe();
        let place = Place::Slot(0);
        let first = cluster.lease_of(&node, place, &mut changes).await;
        let first = first.unwrap().unwrap();
        let mut changes = cluster.changes.subscribe();
        let mut next = Box::pin(cluster.lease_of(&node, place, &mut changes));
        let mut context = Context::from_waker(Waker::noop());
        assert!(next.as_mut().poll(&mut context).is_pending());
        assert_eq!(node.lease_counts().unwrap().waiting, 1);
        // Nothing of the first one blocks.
        assert!((0..10).all(|id| !first.cancel(id)));
        drop(first);
        assert!(next.await.unwrap().is_some());
        cluster.close();
    }

    #[test]
    fn the_wait_on_the_server_is_ended_before_what_is_sent_afterwards() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (failures, cluster) = cluster(&listener);
        let hearing = polite(listener);
        let heard = |what: &str| loop {
            let (number, text) = hearing.recv_timeout(Duration::from_secs(10)).unwrap();
            if text.contains(what) {
                return (number, text);
            }
        };
        // Its look at the nodes makes the shared connection.
        cluster.connect(9);
        let (shared, _) = heard("CLUSTER");
        let node = cluster.seeds().remove(0);
        let mut gather = Gather::default();
        let (bytes, entry) = blocking(1);
        let work = Work::One(Pending::of_user(entry, bytes));
        // As one that was redirected.
        cluster.add_work(&mut gather, &node, work, true);
        gather.send(&cluster, Delivery::Direct);
        let (blocked, _) = heard("BLPOP");
        assert!(cluster.give_up(1));
        let later = BytesMut::from(&b"*1\r\n$5\r\nLATER\r\n"[..]);
        gather.add(&node, &later, &[crate::redis::cluster::node::UNANSWERED]);
        gather.send(&cluster, Delivery::Direct);
        let (on, text) = heard("UNBLOCK");
        assert_eq!(on, shared);
        assert!(text.contains(&blocked.to_string()));
        let before = text.split("UNBLOCK").next().unwrap();
        assert!(!before.contains("LATER"), "{text}");
        assert_eq!(failures.take(), [1]);
        cluster.close();
    }

    #[test]
    fn a_node_that_is_leaving_ends_with_the_cluster() {
        let (_listener, failures, cluster) = silent();
        cluster.connect(9);
        let node = cluster.seeds().remove(0);
        let (bytes, entry) = blocking(1);
        let mut gather = Gather::default();
        cluster.add_work(
            &mut gather,
            &node,
            Work::One(Pending::of_user(entry, bytes)),
            false,
        );
        gather.send(&cluster, Delivery::Direct);
        cluster.retire_strangers(&crate::redis::cluster::map::SlotMap::new(Vec::new()));
        assert!(failures.take().is_empty());
        assert!(cluster.close());
        assert!(failures.take().contains(&1));
    }
}
