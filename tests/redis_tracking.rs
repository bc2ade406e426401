//! What a cluster tells of changed keys, and that it tells no more: for whoever keeps replies in memory.

#[path = "support/cluster.rs"]
mod support;

use std::sync::{Arc, Mutex};

use s3_valkey::Error;
use s3_valkey::redis::cluster::{Cluster, ClusterConfig};
use s3_valkey::redis::inflight::Entry;
use s3_valkey::redis::lane::{Batch, Delivery, Event, Sink};
use s3_valkey::redis::link::Link;
use s3_valkey::redis::meta::Meta;
use s3_valkey::redis::{Options, Tracking, url};
use support::{TestCluster, until};

/// Writes down what it is told.
#[derive(Default)]
struct Record {
    /// Ids that were answered, and pushes as text.
    lines: Mutex<Vec<String>>,
}

impl Record {
    fn add(&self, line: String) {
        self.lines.lock().unwrap().push(line);
    }

    fn has(&self, wanted: &str) -> bool {
        let lines = self.lines.lock().unwrap();
        lines.iter().any(|line| line.contains(wanted))
    }
}

impl Sink for Record {
    fn replies(&self, batch: Batch) {
        for reply in &batch.replies {
            let frame = String::from_utf8_lossy(&batch.bytes[reply.start..reply.end]);
            let from = reply
                .entry
                .map_or("push".into(), |entry| entry.id.to_string());
            self.add(format!("{from}: {}", frame.replace("\r\n", " ")));
        }
    }

    fn failed(&self, ids: Vec<u32>, error: &Error) {
        self.add(format!("{ids:?}: {}", error.code()));
    }

    fn event(&self, event: Event) {
        self.add(format!("{event:?}"));
    }
}

fn ask(cluster: &Cluster, id: u32, key: &str) {
    let command = format!("*2\r\n$3\r\nGET\r\n${}\r\n{key}\r\n", key.len());
    let entry = Entry {
        id,
        meta: Meta::of(b"GET"),
    };
    cluster.submit(&[command.as_bytes()], &[entry], Delivery::Direct);
}

#[test]
fn every_node_tells_of_changes_until_its_connection_is_lost() {
    let servers = TestCluster::start();
    let options = Options {
        tracking: Some(Tracking::Read),
        ..Options::default()
    };
    let seeds = vec![url::parse(&servers.url()).unwrap()];
    let record = Arc::new(Record::default());
    let sink: Arc<dyn Sink> = record.clone();
    let factory = Box::new({
        let sink = Arc::clone(&sink);
        move |_| Arc::clone(&sink)
    });
    let lessees = Arc::new({
        let sink = Arc::clone(&sink);
        move || Arc::clone(&sink)
    });
    let config = ClusterConfig::new(seeds, options);
    let cluster = Cluster::new(config, sink, factory, lessees).unwrap();

    for (number, key) in ["a", "b", "c", "d", "e", "f"].into_iter().enumerate() {
        let id = u32::try_from(number).unwrap() + 1;
        ask(&cluster, id, key);
        until("the key is read", || record.has(&format!("{id}: ")));
        for node in &servers.nodes {
            node.send(&format!("SET {key} changed"));
        }
        let told = format!("push: >2 $10 invalidate *1 $1 {key} ");
        until("the change is told", || record.has(&told));
    }
    assert!(!record.has("TrackingLost"));
    servers.nodes[0].order("CLIENT KILL TYPE normal SKIPME yes");
    until("the loss is told", || record.has("TrackingLost"));
    cluster.close();
}
