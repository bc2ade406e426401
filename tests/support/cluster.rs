// Starting a real cluster for a test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest time for a cluster to come to an agreement.
const PATIENCE: Duration = Duration::from_mins(1);

/// A node on a free port; stopped when dropped.
pub struct Node {
    child: Child,
    folder: PathBuf,
    pub port: u16,
}

impl Node {
    fn start(arguments: &[&str]) -> Self {
        // The port of the cluster's bus is this one and 10,000.
        let port = loop {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let port = listener.local_addr().expect("an address").port();
            if port < 55_000 && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok() {
                break port;
            }
        };
        let folder = std::env::temp_dir().join(format!("cluster-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let child = ["valkey-server", "redis-server"]
            .iter()
            .find_map(|program| {
                Command::new(program)
                    .args(["--port", &port.to_string(), "--save", "", "--dir"])
                    .arg(&folder)
                    .args(["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"])
                    .args(["--cluster-allow-replica-migration", "no"])
                    .args(["--enable-debug-command", "yes"])
                    .args(arguments)
                    .stdout(Stdio::null())
                    .stdin(Stdio::null())
                    .spawn()
                    .ok()
            })
            .expect("valkey-server or redis-server must be installed");
        let node = Self {
            child,
            folder,
            port,
        };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "the server does not listen");
            std::thread::yield_now();
        }
        node
    }

    /// The URL of the node.
    #[allow(dead_code, reason = "each test uses a part")]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sends a command and returns the first line, or the text, of the reply.
    pub fn send(&self, command: &str) -> String {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        socket
            .write_all(format!("{command}\r\n").as_bytes())
            .expect("the node takes commands");
        let mut reader = BufReader::new(socket);
        let mut line = String::new();
        reader.read_line(&mut line).expect("a reply");
        let line = line.trim_end().to_owned();
        let Some(length) = line.strip_prefix('$').and_then(|text| text.parse().ok()) else {
            return line;
        };
        let mut text = vec![0; length];
        reader.read_exact(&mut text).expect("a text");
        String::from_utf8(text).expect("UTF-8")
    }

    /// Sends a command that must succeed.
    pub fn order(&self, command: &str) {
        let reply = self.send(command);
        assert!(!reply.starts_with('-'), "{command}: {reply}");
    }

    /// The name of the node in its cluster.
    pub fn id(&self) -> String {
        self.send("CLUSTER MYID")
    }

    /// Ends the process at once.
    #[allow(dead_code, reason = "each test uses a part")]
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Nothing to do about a server that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Waits until something is true.
pub fn until(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A cluster of primaries with equal shares of the slots, and perhaps replicas.
pub struct TestCluster {
    /// Primaries first, then the replicas of the first, the second and so on.
    pub nodes: Vec<Node>,
}

impl TestCluster {
    /// Three primaries.
    #[allow(dead_code, reason = "each test uses a part")]
    pub fn start() -> Self {
        Self::start_with(3, 0, &[])
    }

    /// So many primaries, each with so many replicas.
    pub fn start_with(primaries: usize, replicas: usize, arguments: &[&str]) -> Self {
        let count = primaries * (1 + replicas);
        let nodes: Vec<Node> = (0..count).map(|_| Node::start(arguments)).collect();
        for (number, node) in nodes[..primaries].iter().enumerate() {
            let bound = |number: usize| number * 16384 / primaries;
            let (first, last) = (bound(number), bound(number + 1) - 1);
            node.order(&format!("CLUSTER ADDSLOTSRANGE {first} {last}"));
            node.order(&format!("CLUSTER SET-CONFIG-EPOCH {}", number + 1));
        }
        for node in &nodes[1..] {
            node.order(&format!("CLUSTER MEET 127.0.0.1 {}", nodes[0].port));
        }
        let known = format!("cluster_known_nodes:{count}\r");
        until("all nodes know each other", || {
            nodes
                .iter()
                .all(|node| node.send("CLUSTER INFO").contains(&known))
        });
        for (number, replica) in nodes[primaries..].iter().enumerate() {
            let primary = &nodes[number / replicas];
            replica.order(&format!("CLUSTER REPLICATE {}", primary.id()));
        }
        let cluster = Self { nodes };
        cluster.agree();
        for replica in &cluster.nodes[primaries..] {
            until("replicas follow", || {
                replica
                    .send("INFO replication")
                    .contains("master_link_status:up")
            });
        }
        cluster
    }

    /// Waits until all slots are served as every node sees it.
    pub fn agree(&self) {
        until("the cluster is in order", || {
            self.nodes
                .iter()
                .all(|node| node.send("CLUSTER INFO").contains("cluster_state:ok"))
        });
    }

    /// The URL of the first node.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.nodes[0].port)
    }

    /// Begins to move a slot from one node to another.
    #[allow(dead_code, reason = "each test uses a part")]
    pub fn begin_move(&self, slot: u16, from: usize, to: usize) {
        let (from, to) = (&self.nodes[from], &self.nodes[to]);
        to.order(&format!("CLUSTER SETSLOT {slot} IMPORTING {}", from.id()));
        from.order(&format!("CLUSTER SETSLOT {slot} MIGRATING {}", to.id()));
    }

    /// Moves keys of a slot that is on its way.
    #[allow(dead_code, reason = "each test uses a part")]
    pub fn move_keys(&self, keys: &str, from: usize, to: usize) {
        let port = self.nodes[to].port;
        self.nodes[from].order(&format!("MIGRATE 127.0.0.1 {port} \"\" 0 5000 KEYS {keys}"));
    }

    /// Gives a slot to a node for good.
    #[allow(dead_code, reason = "each test uses a part")]
    pub fn end_move(&self, slot: u16, from: usize, to: usize) {
        let id = self.nodes[to].id();
        for node in [to, from] {
            self.nodes[node].order(&format!("CLUSTER SETSLOT {slot} NODE {id}"));
        }
    }
}
