//! Dialling: name lookup, TCP, a proxy's tunnel, TLS; always on the shared runtime.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

#[cfg(unix)]
use super::connection::RUNTIME;
use super::connection::{Connection, Home};
use super::proxy::{ProxyServer, Route};
use super::stream::Stream;
use super::timed_out;
use crate::error::{Error, ErrorKind, Result};
use crate::net::runtime;
use crate::net::tls::{self, TlsOptions};
use crate::net::verify::handshake_failed;

/// Makes connections with one set of TLS settings.
pub(super) struct Connector {
    options: TlsOptions,
    /// Reading the platform's roots takes milliseconds; plain connections never pay for it.
    config: OnceLock<Result<Arc<ClientConfig>>>,
}

impl Connector {
    pub(super) fn new(options: TlsOptions) -> Self {
        Self {
            options,
            config: OnceLock::new(),
        }
    }

    pub(super) fn options(&self) -> &TlsOptions {
        &self.options
    }

    /// Connects within the time limit, for the tasks of an event loop.
    pub(super) async fn connect(
        self: &Arc<Self>,
        route: &Arc<Route>,
        limit: Option<Duration>,
        home: Home,
    ) -> Result<Box<Connection>> {
        let (connector, route) = (Arc::clone(self), Arc::clone(route));
        // A socket belongs to the runtime on which it was made, and must outlive the caller's.
        let dial = Abandoned(runtime::shared().spawn(async move {
            let dial = connector.dial(&route);
            let stream = match limit {
                None => dial.await?,
                Some(limit) => tokio::time::timeout(limit, dial).await.map_err(|_| {
                    timed_out("the connection could not be made in time (connectTimeout)")
                })??,
            };
            #[cfg(unix)]
            let stream = match home {
                RUNTIME => stream,
                _ => stream.watched().map_err(dial_error)?,
            };
            Connection::new(stream, home).await
        }));
        dial.finish().await
    }

    async fn dial(&self, route: &Route) -> Result<Stream> {
        let (host, port) = route.origin.host_and_port();
        let stream = match &route.proxy {
            None => connect_tcp(host, port).await?,
            Some(proxy) => {
                let stream = connect_tcp(&proxy.host, proxy.port).await?;
                if route.origin.https {
                    tunnel(stream, proxy, host, port).await?
                } else {
                    stream
                }
            }
        };
        if !route.origin.https {
            return Ok(Stream::Plain(stream));
        }
        let config = self
            .config
            .get_or_init(|| self.options.client_config())
            .clone()?;
        let name = tls::server_name(self.options.server_name.as_deref().unwrap_or(host))?;
        let stream = TlsConnector::from(config)
            .connect(name, stream)
            .await
            .map_err(tls_error)?;
        Ok(Stream::Tls(Box::new(stream)))
    }
}

/// A dial that ends when nobody waits for it any more.
struct Abandoned(tokio::task::JoinHandle<Result<Box<Connection>>>);

impl Abandoned {
    async fn finish(mut self) -> Result<Box<Connection>> {
        (&mut self.0).await.unwrap_or_else(|source| {
            let message = "the connection attempt was cancelled";
            Err(Error::new(ErrorKind::Connection, "ConnectionClosed", message).with_source(source))
        })
    }
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The first address that answers; the last error when none does.
async fn connect_tcp(host: &str, port: u16) -> Result<TcpStream> {
    let addresses = tokio::net::lookup_host((host, port))
        .await
        .map_err(|source| {
            let message = format!("cannot resolve the host: {source}");
            Error::new(ErrorKind::Connection, "DNSResolveFailed", message).with_source(source)
        })?;
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true).map_err(dial_error)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(dial_error(last))
}

/// Asks a proxy to connect to the origin.
async fn tunnel(
    stream: TcpStream,
    proxy: &ProxyServer,
    host: &str,
    port: u16,
) -> Result<TcpStream> {
    let failed = |why: String| Error::new(ErrorKind::Connection, "ProxyConnectFailed", why);
    let broken = |source: hyper::Error| {
        failed(format!("the proxy closed the connection: {source}")).with_source(source)
    };
    let authority = if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    };
    let mut request = hyper::Request::connect(&authority).header("host", &authority);
    if let Some(authorization) = &proxy.authorization {
        request = request.header("proxy-authorization", authorization);
    }
    let request = request
        .body(Empty::<Bytes>::new())
        .map_err(|error| failed(format!("the host cannot be asked for: {error}")))?;
    let (mut sender, connection) = http1::Builder::new()
        .handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let answer = async move {
        let answer = sender.send_request(request).await.map_err(broken)?;
        match answer.status().as_u16() {
            200..300 => hyper::upgrade::on(answer).await.map_err(broken),
            status => Err(failed(format!("the proxy refused to connect: {status}"))),
        }
    };
    let (upgraded, _) = tokio::join!(answer, connection.with_upgrades());
    match upgraded?.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) if parts.read_buf.is_empty() => Ok(parts.io.into_inner()),
        // TLS is silent until the client has spoken.
        _ => Err(failed("the proxy spoke out of turn".into())),
    }
}

fn dial_error(source: io::Error) -> Error {
    let code = match source.kind() {
        io::ErrorKind::ConnectionRefused => "ConnectionRefused",
        _ => "ConnectionClosed",
    };
    let message = format!("cannot connect: {source}");
    Error::new(ErrorKind::Connection, code, message).with_source(source)
}

fn tls_error(source: io::Error) -> Error {
    let inner = source.get_ref().and_then(|inner| inner.downcast_ref());
    if let Some(error @ rustls::Error::InvalidCertificate(_)) = inner {
        // What may be wrong with a certificate has names of its own.
        return handshake_failed(error.clone());
    }
    let message = format!("TLS handshake failed: {source}");
    Error::new(ErrorKind::Tls, "TLSHandshakeFailed", message).with_source(source)
}
