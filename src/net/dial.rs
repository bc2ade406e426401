//! Opening a connection: name lookup, TCP or Unix socket, TLS handshake.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use super::stream::Socket;
use super::tls::{self, TlsOptions};
use crate::error::{Error, ErrorKind, Result};

/// How long a TCP connection is idle before the kernel asks whether the peer is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

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

/// Connects and, when `tls` is given, shakes hands. The caller sets the time limit.
pub async fn connect(endpoint: &Endpoint, tls: Option<&TlsOptions>) -> Result<Socket> {
    let socket = match endpoint {
        Endpoint::Tcp { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port))
                .await
                .map_err(|source| refused(endpoint, source))?;
            tune(&stream).map_err(|source| refused(endpoint, source))?;
            Socket::tcp(stream)
        }
        Endpoint::Unix(path) => connect_unix(path)
            .await
            .map_err(|source| refused(endpoint, source))?,
    };
    let Some(options) = tls else {
        return Ok(socket);
    };
    let name = match (&options.server_name, endpoint) {
        (Some(name), _) => tls::server_name(name)?,
        (None, Endpoint::Tcp { host, .. }) => tls::server_name(host)?,
        // A Unix socket has no host; the chain is verified against this name.
        (None, Endpoint::Unix(_)) => tls::server_name("localhost")?,
    };
    socket.start_tls(options.client_config()?, name).await
}

/// Small writes must leave at once, and a peer that vanished must be noticed.
fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEP_ALIVE))
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
