//! The driver's way to a connection: finds the server, dials, finds credentials, shakes hands.

use std::io;

use bytes::Bytes;
use tokio::time::timeout;

use super::config::{Address, Config};
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
    let Some(resolver) = lane.resolver() else {
        return connect(lane, epoch, &lane.config().target.address).await;
    };
    let mut search = resolver.search();
    loop {
        let address = search.next().await?;
        lane.log(|| format!("trying {address}"));
        match connect(lane, epoch, &address).await {
            Ok(connection) => {
                search.accepted();
                return Ok(connection);
            }
            Err(End::Superseded) => return Err(End::Superseded),
            Err(end) => search.rejected(end),
        }
    }
}

async fn connect(lane: &Lane, epoch: u64, address: &Address) -> Result<(Socket, Receiver), End> {
    let config = lane.config();
    let located = locate(config, address).await?;
    let socket = open(&located, &config.dial()).await?;
    let introduction = Introduction {
        credentials: credentials(lane).await?,
        database: config.target.database,
        client_name: config.options.client_name.clone(),
        library: config.options.library.clone(),
        role: lane.resolver().and_then(|resolver| resolver.role()),
        tracking: config.options.tracking.clone(),
    };
    let mut receiver = Receiver::new();
    shake_hands(
        &socket,
        &mut receiver,
        introduction,
        |greeting, protocol| {
            lane.log(|| format!("logged in, RESP{protocol}"));
            lane.greeted(epoch, &greeting);
        },
    )
    .await?;
    Ok((socket, receiver))
}

/// Where an address leads from here.
pub(super) async fn locate(config: &Config, address: &Address) -> Result<Address, End> {
    match &config.options.location {
        None => Ok(address.clone()),
        Some(source) => source.ask(address.clone()).await.map_err(End::Lost),
    }
}

/// Dials.
pub(super) async fn open(address: &Address, dial: &dial::Dial) -> Result<Socket, End> {
    dial::connect(&address.into(), dial)
        .await
        .map_err(|error| match error.kind() {
            // A certificate that is refused now, and settings of no use, are so the next time.
            ErrorKind::Tls | ErrorKind::InvalidInput => End::Fatal(error),
            _ => End::Lost(error),
        })
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

/// Logs in; `greeted` is told the HELLO reply and the protocol's version.
pub(super) async fn shake_hands(
    socket: &Socket,
    receiver: &mut Receiver,
    introduction: Introduction,
    greeted: impl Fn(Bytes, u8),
) -> Result<(), End> {
    let (mut handshake, bytes) = Handshake::start(introduction);
    write_all(socket, &bytes).await.map_err(lost)?;
    loop {
        while let Some(frame) = receiver
            .frame()
            .map_err(|malformed| End::Fatal(malformed.into()))?
        {
            match handshake.reply(frame) {
                Step::Next => {}
                Step::Send(bytes) => write_all(socket, &bytes).await.map_err(lost)?,
                Step::Greeted(greeting) => greeted(greeting, handshake.protocol()),
                Step::Refused { error, passing } => {
                    return Err(if passing {
                        End::Lost(error)
                    } else {
                        End::Fatal(error)
                    });
                }
            }
            if handshake.is_done() {
                return Ok(());
            }
        }
        socket.readable().await.map_err(lost)?;
        receiver.read(socket).map_err(lost)?;
    }
}

/// Writes all of it.
pub(super) async fn write_all(socket: &Socket, mut bytes: &[u8]) -> io::Result<()> {
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
