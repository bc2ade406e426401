//! The driver's way to a connection: dials, finds credentials, shakes hands.

use std::io;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::time::timeout;

use super::credentials::Credentials;
use super::driver::{Connection, End, READ_BUFFER, lost};
use super::handshake::{Handshake, Introduction, Step};
use super::lane::Lane;
use super::lifecycle;
use super::resp::scan::Scanner;
use crate::error::ErrorKind;
use crate::net::dial;
use crate::net::stream::Socket;

/// Makes one attempt, within the connection timeout.
pub(super) async fn establish(lane: &Lane, epoch: u64) -> Result<Connection, End> {
    let attempt = attempt(lane, epoch);
    match lane.config().connection_timeout() {
        None => attempt.await,
        Some(limit) => timeout(limit, attempt).await.unwrap_or_else(|_| {
            let limit = lane.config().options.connection_timeout_ms;
            Err(End::Lost(lifecycle::connect_timeout(limit)))
        }),
    }
}

async fn attempt(lane: &Lane, epoch: u64) -> Result<Connection, End> {
    let config = lane.config();
    let endpoint = (&config.target.address).into();
    let (socket, credentials) = tokio::join!(
        dial::connect(&endpoint, &config.dial()),
        credentials(lane)
    );
    let socket = socket.map_err(|error| match error.kind() {
        // A certificate that is refused now is refused the next time.
        ErrorKind::Tls => End::Fatal(error),
        _ => End::Lost(error),
    })?;
    let connection = Connection {
        socket: Arc::new(socket),
        buffer: BytesMut::with_capacity(READ_BUFFER),
        scanner: Scanner::default(),
    };
    let introduction = Introduction {
        credentials: credentials?,
        database: config.target.database,
        client_name: config.options.client_name.clone(),
        library: config.options.library.clone(),
    };
    greet(lane, epoch, connection, introduction).await
}

/// The URL's credentials, or those of the provider.
async fn credentials(lane: &Lane) -> Result<Credentials, End> {
    let config = lane.config();
    match &config.options.credentials {
        None => Ok(Credentials {
            username: config.target.username.clone(),
            password: config.target.password.clone(),
        }),
        Some(source) => source.ask().await.map_err(End::Lost),
    }
}

async fn greet(
    lane: &Lane,
    epoch: u64,
    mut connection: Connection,
    introduction: Introduction,
) -> Result<Connection, End> {
    let (mut handshake, bytes) = Handshake::start(introduction);
    write_all(&connection.socket, &bytes).await.map_err(lost)?;
    loop {
        while let Some(frame) = connection
            .scanner
            .next(&connection.buffer)
            .map_err(|malformed| End::Fatal(malformed.into()))?
        {
            let bytes = connection.buffer.split_to(frame.end).freeze();
            connection.scanner.consume(frame.end);
            match handshake.reply(bytes.slice(frame.start..)) {
                Step::Next => {}
                Step::Send(bytes) => {
                    lane.log(|| "the server does not take HELLO: going on with RESP2".into());
                    write_all(&connection.socket, &bytes).await.map_err(lost)?;
                }
                Step::Greeted(greeting) => lane.greeted(epoch, &greeting),
                Step::Refused { error, passing } => {
                    return Err(if passing {
                        End::Lost(error)
                    } else {
                        End::Fatal(error)
                    });
                }
            }
            if handshake.is_done() {
                return Ok(connection);
            }
        }
        connection.socket.readable().await.map_err(lost)?;
        connection.read().map_err(lost)?;
    }
}

async fn write_all(socket: &Socket, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match socket.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => socket.writable().await?,
            Err(error) => return Err(error),
        }
    }
    while !socket.try_flush()? {
        socket.writable().await?;
    }
    Ok(())
}
