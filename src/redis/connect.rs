//! The driver's way to a connection: dials, finds credentials, shakes hands.

use std::io;

use tokio::time::timeout;

use super::credentials::Credentials;
use super::driver::{End, lost};
use super::handshake::{Handshake, Step};
use super::introduction::Introduction;
use super::lane::Lane;
use super::lifecycle;
use super::receiver::Receiver;
use crate::error::ErrorKind;
use crate::net::dial;
use crate::net::stream::Socket;

/// Makes one attempt, within the connection timeout.
pub(super) async fn establish(lane: &Lane, epoch: u64) -> Result<(Socket, Receiver), End> {
    let attempt = attempt(lane, epoch);
    match lane.config().connection_timeout() {
        None => attempt.await,
        Some(limit) => timeout(limit, attempt).await.unwrap_or_else(|_| {
            let limit = lane.config().options.connection_timeout_ms;
            Err(End::Lost(lifecycle::connect_timeout(limit)))
        }),
    }
}

async fn attempt(lane: &Lane, epoch: u64) -> Result<(Socket, Receiver), End> {
    let config = lane.config();
    let endpoint = (&config.target.address).into();
    let socket = dial::connect(&endpoint, &config.dial())
        .await
        .map_err(|error| match error.kind() {
            // A certificate that is refused now, and settings of no use, are so the next time.
            ErrorKind::Tls | ErrorKind::InvalidInput => End::Fatal(error),
            _ => End::Lost(error),
        })?;
    let introduction = Introduction {
        credentials: credentials(lane).await?,
        database: config.target.database,
        client_name: config.options.client_name.clone(),
        library: config.options.library.clone(),
        tracking: config.options.tracking.clone(),
    };
    greet(lane, epoch, socket, introduction).await
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
    socket: Socket,
    introduction: Introduction,
) -> Result<(Socket, Receiver), End> {
    let (mut handshake, bytes) = Handshake::start(introduction);
    write_all(&socket, &bytes).await.map_err(lost)?;
    let mut receiver = Receiver::new();
    loop {
        while let Some(frame) = receiver
            .frame()
            .map_err(|malformed| End::Fatal(malformed.into()))?
        {
            match handshake.reply(frame) {
                Step::Next => {}
                Step::Send(bytes) => write_all(&socket, &bytes).await.map_err(lost)?,
                Step::Greeted(greeting) => {
                    lane.log(|| format!("logged in, RESP{}", handshake.protocol()));
                    lane.greeted(epoch, &greeting);
                }
                Step::Refused { error, passing } => {
                    return Err(if passing {
                        End::Lost(error)
                    } else {
                        End::Fatal(error)
                    });
                }
            }
            if handshake.is_done() {
                return Ok((socket, receiver));
            }
        }
        socket.readable().await.map_err(lost)?;
        receiver.read(&socket).map_err(lost)?;
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
