// Starting a primary with a replica, watched by a sentinel, for a test. Needs `Redis` beside it.

use std::path::PathBuf;

/// A group named `mymaster`.
pub struct Group {
    /// The server that is the primary at first.
    pub primary: Redis,
    /// The server that is a replica at first.
    pub replica: Redis,
    sentinel: Redis,
    folder: PathBuf,
}

impl Group {
    /// Starts the servers; ready when the sentinel knows the replica.
    pub fn start() -> Self {
        let primary = Redis::start();
        let master = format!("127.0.0.1 {}", primary.port);
        let replica = Redis::start_with(&["--replicaof", &master, "--repl-diskless-sync-delay", "0"]);
        let folder = std::env::temp_dir().join(format!("s3-valkey-sentinel-{}-{}", std::process::id(), primary.port));
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("sentinel.conf");
        let lines = format!(
            "sentinel monitor mymaster {master} 1\nsentinel down-after-milliseconds mymaster 500\n"
        );
        std::fs::write(&file, lines).expect("a file");
        let file = file.to_str().expect("a path that is text").to_owned();
        let sentinel = Redis::spawn(&[&file, "--sentinel"]);
        let group = Self { primary, replica, sentinel, folder };
        group.wait_until(|| group.ask("REPLICAS").contains(&group.replica.port.to_string()) && group.synced());
        group
    }

    /// The sentinel as `host:port`.
    pub fn sentinel(&self) -> String {
        format!("127.0.0.1:{}", self.sentinel.port)
    }

    /// What the sentinel answers to one of its commands about the group.
    pub fn ask(&self, command: &str) -> String {
        exchange(self.sentinel.port, &format!("SENTINEL {command} mymaster\r\n"))
    }

    fn synced(&self) -> bool {
        let role = exchange(self.replica.port, "ROLE\r\n");
        role.contains("connected") && self.ask("REPLICAS").contains("master-link-status\r\n$2\r\nok")
    }

    fn wait_until(&self, condition: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !condition() {
            assert!(Instant::now() < deadline, "the group is not ready: {}", self.ask("REPLICAS"));
            std::thread::yield_now();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The system empties its folder of temporary files at last.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Sends one command on a connection of its own and reads what comes back.
fn exchange(port: u16, command: &str) -> String {
    use std::io::{Read, Write};
    let mut text = String::new();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
    stream.write_all(command.as_bytes()).expect("the server reads");
    stream.shutdown(std::net::Shutdown::Write).expect("the connection is there");
    stream.read_to_string(&mut text).expect("the server answers");
    text
}
