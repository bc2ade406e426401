//! Dialling: name lookup, TCP, a proxy's tunnel, TLS; always on the shared runtime.

use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BufMut;
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::connection::Connection;
use super::head::{MAX_HEAD, ResponseHead, end_of_head};
use super::proxy::{ProxyServer, Route};
use super::timed_out;
use crate::error::{Error, ErrorKind, Result};
use crate::net::runtime;
use crate::net::tls::{self, TlsOptions};

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

    /// Connects within the time limit.
    pub(super) async fn connect(
        self: &Arc<Self>,
        route: &Arc<Route>,
        limit: Option<Duration>,
    ) -> Result<Connection> {
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
            Ok(Connection::new(stream))
        }));
        dial.finish().await
    }

    async fn dial(&self, route: &Route) -> Result<Stream> {
        let (host, port) = route.origin.host_and_port();
        let stream = match &route.proxy {
            None => connect_tcp(host, port).await?,
            Some(proxy) => {
                let mut stream = connect_tcp(&proxy.host, proxy.port).await?;
                if route.origin.https {
                    tunnel(&mut stream, proxy, host, port).await?;
                }
                stream
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
struct Abandoned(tokio::task::JoinHandle<Result<Connection>>);

impl Abandoned {
    async fn finish(mut self) -> Result<Connection> {
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
async fn tunnel(stream: &mut TcpStream, proxy: &ProxyServer, host: &str, port: u16) -> Result<()> {
    let failed = |why: String| Error::new(ErrorKind::Connection, "ProxyConnectFailed", why);
    let broken = |source: io::Error| {
        failed(format!("the proxy closed the connection: {source}")).with_source(source)
    };
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nhost: {host}:{port}\r\n");
    if let Some(authorization) = &proxy.authorization {
        request.push_str("proxy-authorization: ");
        request.push_str(authorization);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.map_err(broken)?;
    let mut answer = Vec::new();
    // Byte by byte: what follows the head belongs to TLS.
    while end_of_head(&answer, answer.len().saturating_sub(1)).is_none() {
        if answer.len() == MAX_HEAD {
            return Err(failed("the proxy's answer is too long".into()));
        }
        answer.push(stream.read_u8().await.map_err(broken)?);
    }
    match ResponseHead::parse(&answer)?.status {
        200..300 => Ok(()),
        status => Err(failed(format!("the proxy refused to connect: {status}"))),
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
    let message = format!("TLS handshake failed: {source}");
    Error::new(ErrorKind::Tls, "TLSHandshakeFailed", message).with_source(source)
}

/// Bytes to and from the peer.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Reads what is there into the free room of `buffer`.
    pub(super) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut impl BufMut,
    ) -> Poll<io::Result<usize>> {
        fn read<S: AsyncRead + Unpin>(
            stream: &mut S,
            context: &mut Context<'_>,
            buffer: &mut impl BufMut,
        ) -> Poll<io::Result<usize>> {
            pin!(stream.read_buf(buffer)).poll(context)
        }
        match self {
            Self::Plain(stream) => read(stream, context, buffer),
            Self::Tls(stream) => read(&mut **stream, context, buffer),
        }
    }

    /// Writes a part of the slices.
    pub(super) fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write_vectored(context, slices),
        }
    }

    pub(super) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_flush(context),
        }
    }

    /// Whether the peer has neither closed nor sent anything that nobody asked for. TLS may send
    /// tickets at any time.
    pub(super) fn is_quiet(&self) -> bool {
        let (stream, tls) = match self {
            Self::Plain(stream) => (stream, false),
            Self::Tls(stream) => (stream.get_ref().0, true),
        };
        let mut byte = [0];
        let mut context = Context::from_waker(std::task::Waker::noop());
        match stream.poll_peek(&mut context, &mut ReadBuf::new(&mut byte)) {
            Poll::Pending => true,
            Poll::Ready(Ok(count)) => tls && count > 0,
            Poll::Ready(Err(_)) => false,
        }
    }
}
