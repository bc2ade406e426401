//! The pooled HTTP/1.1 client.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::{Error, ErrorKind, Result};
use crate::net::tls::{TlsOptions, server_name};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A keep-alive pool of connections. Cloning shares the pool.
#[derive(Clone)]
pub struct HttpClient(Client<Connector, Full<Bytes>>);

impl HttpClient {
    /// A client that dials with `tls` for `https` addresses; the settings are read at first use.
    #[must_use]
    pub fn new(tls: TlsOptions) -> Self {
        let connector = Connector(Arc::new(TlsState {
            options: tls,
            config: OnceLock::new(),
        }));
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }

    /// Sends one request and waits for the head of its response.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>> {
        self.0.request(request).await.map_err(classify)
    }
}

/// Finds the crate's own error inside hyper's, else names what hyper saw.
fn classify(error: hyper_util::client::legacy::Error) -> Error {
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        if let Some(own) = inner.downcast_ref::<Error>() {
            return own.clone();
        }
        if let Some(protocol) = inner.downcast_ref::<hyper::Error>()
            && protocol.is_parse()
        {
            return Error::new(
                ErrorKind::Protocol,
                "Malformed_HTTP_Response",
                "the server did not answer with HTTP",
            )
            .with_source(error);
        }
        source = inner.source();
    }
    Error::new(
        ErrorKind::Connection,
        "ConnectionClosed",
        "the connection was closed before the response",
    )
    .with_source(error)
}

struct TlsState {
    options: TlsOptions,
    config: OnceLock<Result<Arc<rustls::ClientConfig>>>,
}

#[derive(Clone)]
struct Connector(Arc<TlsState>);

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Socket>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let tls = Arc::clone(&self.0);
        Box::pin(async move {
            tokio::time::timeout(CONNECT_TIMEOUT, dial(&uri, &tls))
                .await
                .map_err(|_| Error::new(ErrorKind::Timeout, "Timeout", "connecting timed out"))?
                .map(TokioIo::new)
        })
    }
}

async fn dial(uri: &Uri, tls: &TlsState) -> Result<Socket> {
    let secure = uri.scheme_str() == Some("https");
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let addresses: Vec<_> = tokio::net::lookup_host((bare, port))
        .await
        .map_err(|error| {
            Error::new(
                ErrorKind::Connection,
                "DNSResolveFailed",
                format!("cannot resolve {bare}"),
            )
            .with_source(error)
        })?
        .collect();
    let tcp = TcpStream::connect(&*addresses).await.map_err(|error| {
        Error::new(
            ErrorKind::Connection,
            "ConnectionRefused",
            format!("cannot connect to {host}:{port}"),
        )
        .with_source(error)
    })?;
    // Small requests must not wait for the acknowledgement of earlier ones.
    let _ = tcp.set_nodelay(true);
    if !secure {
        return Ok(Socket::Tcp(tcp));
    }
    let config = tls
        .config
        .get_or_init(|| tls.options.client_config())
        .clone()?;
    let name = server_name(tls.options.server_name.as_deref().unwrap_or(host))?;
    let stream = TlsConnector::from(config)
        .connect(name, tcp)
        .await
        .map_err(|error| {
            Error::new(
                ErrorKind::Tls,
                "TLSHandshakeFailed",
                format!("TLS handshake with {host} failed: {error}"),
            )
            .with_source(error)
        })?;
    Ok(Socket::Tls(Box::new(stream)))
}

enum Socket {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
