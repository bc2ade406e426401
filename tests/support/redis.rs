// Starting a real Redis server for a test.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server on a free port with nothing on disk; stopped when dropped.
pub struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    /// Starts `valkey-server` or `redis-server`, whichever is installed.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Like `start`, with further arguments such as `--requirepass secret`.
    pub fn start_with(arguments: &[&str]) -> Self {
        let folder = std::env::temp_dir();
        let folder = folder.to_str().expect("a path that is text");
        Self::spawn(&[&["--save", "", "--dir", folder], arguments].concat())
    }

    /// Starts the program with these arguments and a port.
    fn spawn(arguments: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let child = ["valkey-server", "redis-server"]
            .iter()
            .find_map(|program| {
                Command::new(program)
                    .args(arguments)
                    .args(["--port", &port.to_string()])
                    .stdout(Stdio::null())
                    .stdin(Stdio::null())
                    .spawn()
                    .ok()
            })
            .expect("valkey-server or redis-server must be installed");
        let server = Self { child, port };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "the server does not listen");
            std::thread::yield_now();
        }
        server
    }

    /// The URL of database 0.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Nothing to do about a server that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
