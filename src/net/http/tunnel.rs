//! CONNECT: a proxy's tunnel to an origin.

use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::carrier::Carrier;
use super::proxy::ProxyServer;
use crate::error::{Error, ErrorKind, Result};

/// Asks a proxy to connect to the origin.
pub(super) async fn tunnel(
    carrier: Carrier,
    proxy: &ProxyServer,
    host: &str,
    port: u16,
) -> Result<Carrier> {
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
        .handshake(TokioIo::new(carrier))
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
    match upgraded?.downcast::<TokioIo<Carrier>>() {
        Ok(parts) if parts.read_buf.is_empty() => Ok(parts.io.into_inner()),
        // TLS is silent until the client has spoken.
        _ => Err(failed("the proxy spoke out of turn".into())),
    }
}
