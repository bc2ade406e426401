//! Dialling: name lookup, TCP, a proxy's tunnel, TLS; always on the shared runtime.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::carrier::Carrier;
#[cfg(unix)]
use super::connection::RUNTIME;
use super::connection::{Connection, Home};
use super::proxy::{ProxyServer, Route};
use super::stream::Stream;
use super::timed_out;
use super::tunnel::tunnel;
use crate::error::{Error, ErrorKind, Result};
use crate::net::runtime;
use crate::net::tls::{self, TlsOptions};
use crate::net::verify::handshake_failed;

/// Makes connections with one set of TLS settings.
pub(super) struct Connector {
    options: TlsOptions,
    /// Reading the platform's roots takes milliseconds; plain connections never pay for it.
    config: OnceLock<Result<Arc<ClientConfig>>>,
    /// For proxies.
    proxy_config: OnceLock<Result<Arc<ClientConfig>>>,
}

impl Connector {
    pub(super) fn new(options: TlsOptions) -> Self {
        Self {
            options,
            config: OnceLock::new(),
            proxy_config: OnceLock::new(),
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
        let https = route.origin.https;
        let carrier = match &route.proxy {
            None => Carrier::Tcp(connect_tcp(host, port).await?),
            Some(proxy) => {
                let carrier = self.reach(proxy).await?;
                if https {
                    tunnel(carrier, proxy, host, port).await?
                } else {
                    carrier
                }
            }
        };
        match carrier {
            Carrier::Tcp(stream) if !https => Ok(Stream::Plain(stream)),
            Carrier::Tls(stream) if !https => Ok(Stream::Forwarded(stream)),
            carrier => {
                let config = get_or_make(&self.config, &self.options)?;
                let name = tls::server_name(self.options.server_name.as_deref().unwrap_or(host))?;
                let stream = encrypt(config, name, carrier).await?;
                Ok(Stream::Tls(Box::new(stream)))
            }
        }
    }

    /// Connects to a proxy.
    async fn reach(&self, proxy: &ProxyServer) -> Result<Carrier> {
        let stream = connect_tcp(&proxy.host, proxy.port).await?;
        if !proxy.https {
            return Ok(Carrier::Tcp(stream));
        }
        // Whom the store may know, and under which name it goes, is no business of the proxy.
        let options = TlsOptions {
            cert: None,
            key: None,
            server_name: None,
            ..self.options.clone()
        };
        let config = get_or_make(&self.proxy_config, &options)?;
        let name = tls::server_name(&proxy.host)?;
        let stream = encrypt(config, name, stream).await?;
        Ok(Carrier::Tls(Box::new(stream)))
    }
}

fn get_or_make(
    config: &OnceLock<Result<Arc<ClientConfig>>>,
    options: &TlsOptions,
) -> Result<Arc<ClientConfig>> {
    config.get_or_init(|| options.client_config()).clone()
}

async fn encrypt<C: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    carrier: C,
) -> Result<TlsStream<C>> {
    let connecting = TlsConnector::from(config).connect(name, carrier);
    connecting.await.map_err(tls_error)
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
