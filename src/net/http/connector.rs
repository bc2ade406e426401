//! Connections for the pool: plain or TLS, made on the shared runtime.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::{Error, ErrorKind, Result};
use crate::net::runtime;
use crate::net::tls::{self, TlsOptions};

/// Longest time for name lookup, TCP and TLS together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Dials for the pool.
#[derive(Clone)]
pub(super) struct Connector {
    tls: Arc<TlsSettings>,
}

struct TlsSettings {
    options: TlsOptions,
    /// Reading the platform's roots takes milliseconds; plain connections never pay for it.
    config: OnceLock<Result<Arc<ClientConfig>>>,
}

impl Connector {
    pub(super) fn new(options: TlsOptions) -> Self {
        Self {
            tls: Arc::new(TlsSettings {
                options,
                config: OnceLock::new(),
            }),
        }
    }

    async fn dial(self, uri: Uri) -> Result<Stream> {
        let https = uri.scheme_str() == Some("https");
        let host = uri.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        let addresses = tokio::net::lookup_host((bare, port))
            .await
            .map_err(lookup_error)?;
        let stream = connect_any(addresses).await.map_err(dial_error)?;
        stream.set_nodelay(true).map_err(dial_error)?;
        if !https {
            return Ok(Stream::Plain(TokioIo::new(stream)));
        }
        let config = self
            .tls
            .config
            .get_or_init(|| self.tls.options.client_config())
            .clone()?;
        let name = tls::server_name(self.tls.options.server_name.as_deref().unwrap_or(host))?;
        let stream = TlsConnector::from(config)
            .connect(name, stream)
            .await
            .map_err(tls_error)?;
        Ok(Stream::Tls(Box::new(TokioIo::new(stream))))
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = Stream;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Stream>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // A socket belongs to the runtime on which it was made, and must outlive the caller's.
        let dial = runtime::shared().spawn(tokio::time::timeout(
            CONNECT_TIMEOUT,
            self.clone().dial(uri),
        ));
        Box::pin(async move {
            match dial.await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(_)) => Err(Error::new(
                    ErrorKind::Timeout,
                    "Timeout",
                    "the connection could not be made in time",
                )),
                Err(source) => Err(Error::new(
                    ErrorKind::Connection,
                    "ConnectionClosed",
                    "the connection attempt was cancelled",
                )
                .with_source(source)),
            }
        })
    }
}

/// The first address that answers; the last error when none does.
async fn connect_any(
    addresses: impl Iterator<Item = std::net::SocketAddr>,
) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn lookup_error(source: io::Error) -> Error {
    Error::new(
        ErrorKind::Connection,
        "DNSResolveFailed",
        format!("cannot resolve the host: {source}"),
    )
    .with_source(source)
}

fn dial_error(source: io::Error) -> Error {
    let code = match source.kind() {
        io::ErrorKind::ConnectionRefused => "ConnectionRefused",
        _ => "ConnectionClosed",
    };
    Error::new(
        ErrorKind::Connection,
        code,
        format!("cannot connect: {source}"),
    )
    .with_source(source)
}

fn tls_error(source: io::Error) -> Error {
    Error::new(
        ErrorKind::Tls,
        "TLSHandshakeFailed",
        format!("TLS handshake failed: {source}"),
    )
    .with_source(source)
}

/// A connection of the pool.
pub(super) enum Stream {
    Plain(TokioIo<TcpStream>),
    Tls(Box<TokioIo<TlsStream<TcpStream>>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// Calls the same method on whichever stream there is.
macro_rules! either {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Plain(inner) => {
                let $stream = Pin::new(inner);
                $call
            }
            Self::Tls(inner) => {
                let $stream = Pin::new(&mut **inner);
                $call
            }
        }
    };
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_read(context, buffer))
    }
}

impl Write for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => stream.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_shutdown(context))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => stream.poll_write_vectored(context, slices))
    }
}
