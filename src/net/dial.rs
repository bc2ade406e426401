//! Opening a connection: name lookup, TCP or Unix socket, TLS handshake.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use super::stream::Socket;
use super::tls::{self, TlsOptions};
use crate::error::{Error, ErrorKind, Result};

/// How often the kernel asks a silent peer, and how many times, before it ends the connection.
#[cfg(any(target_os = "linux", target_os = "macos", windows))]
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(10);
#[cfg(any(target_os = "linux", target_os = "macos", windows))]
const KEEP_ALIVE_PROBES: u32 = 6;

/// Where to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// Host name or IP address (IPv6 without brackets) and port.
    Tcp {
        /// Host name or address.
        host: String,
        /// TCP port.
        port: u16,
    },
    /// Path of a Unix socket.
    Unix(String),
}

/// How to connect.
#[derive(Debug, Clone, Default)]
pub struct Dial {
    /// TLS settings; `None` for a plain connection.
    pub tls: Option<TlsOptions>,
    /// How long a TCP connection is idle before the kernel asks whether the peer is still there;
    /// `None` never asks.
    pub keep_alive: Option<Duration>,
}

/// Connects and, when TLS is wanted, shakes hands. The caller sets the time limit.
pub async fn connect(endpoint: &Endpoint, dial: &Dial) -> Result<Socket> {
    let socket = match endpoint {
        Endpoint::Tcp { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port))
                .await
                .map_err(|source| refused(endpoint, source))?;
            tune(&stream, dial.keep_alive).map_err(|source| refused(endpoint, source))?;
            Socket::tcp(stream)
        }
        Endpoint::Unix(path) => connect_unix(path)
            .await
            .map_err(|source| refused(endpoint, source))?,
    };
    let Some(options) = &dial.tls else {
        return Ok(socket);
    };
    let (config, name) = match (&options.server_name, endpoint) {
        (Some(name), _) => (options.client_config()?, tls::server_name(name)?),
        (None, Endpoint::Tcp { host, .. }) => (options.client_config()?, tls::server_name(host)?),
        // rustls wants a name even where none is sent or checked.
        (None, Endpoint::Unix(_)) => (
            options.nameless_client_config()?,
            tls::server_name("localhost")?,
        ),
    };
    socket.start_tls(config, name).await
}

/// Small writes must leave at once, and a peer that vanished must be noticed.
fn tune(stream: &TcpStream, keep_alive: Option<Duration>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let Some(idle) = keep_alive else {
        return Ok(());
    };
    let keep_alive = TcpKeepalive::new().with_time(idle);
    #[cfg(any(target_os = "linux", target_os = "macos", windows))]
    let keep_alive = keep_alive
        .with_interval(KEEP_ALIVE_INTERVAL)
        .with_retries(KEEP_ALIVE_PROBES);
    SockRef::from(stream).set_tcp_keepalive(&keep_alive)
}

#[cfg(unix)]
async fn connect_unix(path: &str) -> io::Result<Socket> {
    Ok(Socket::unix(tokio::net::UnixStream::connect(path).await?))
}

#[cfg(not(unix))]
async fn connect_unix(_path: &str) -> io::Result<Socket> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "Unix sockets are not available on this platform",
    ))
}

fn refused(endpoint: &Endpoint, source: io::Error) -> Error {
    let target = match endpoint {
        Endpoint::Tcp { host, port } => format!("{host}:{port}"),
        Endpoint::Unix(path) => path.clone(),
    };
    Error::new(
        ErrorKind::Connection,
        "ConnectionRefused",
        format!("cannot connect to {target}: {source}"),
    )
    .with_source(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keep_alive_is_as_asked_for() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        for asked in [None, Some(Duration::from_secs(7))] {
            let stream = TcpStream::connect(address).await.unwrap();
            tune(&stream, asked).unwrap();
            assert!(stream.nodelay().unwrap());
            let socket = SockRef::from(&stream);
            assert_eq!(socket.keepalive().unwrap(), asked.is_some());
            #[cfg(unix)]
            if let Some(idle) = asked {
                assert_eq!(socket.tcp_keepalive_time().unwrap(), idle);
            }
        }
    }
}
