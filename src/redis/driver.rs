//! The task that owns a lane's socket: dials, shakes hands, reads, sends what waits, reconnects.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::handshake::{Handshake, Step};
use super::inflight::Match;
use super::lane::{Batch, Lane, Reply};
use super::lifecycle::{self, Attempts, Verdict};
use super::resp::scan::Scanner;
use crate::error::{Error, ErrorKind};
use crate::net::dial;
use crate::net::stream::Socket;

/// Capacity of a fresh read buffer.
const READ_BUFFER: usize = 64 * 1024;
/// Less room than this is not worth a read.
const READ_MINIMUM: usize = 4 * 1024;
/// A reply that is known to be larger gets this much room at once, then as much again as it fills.
const READ_AHEAD: usize = 4 * 1024 * 1024;
/// Bytes after which replies are delivered although more may be ready.
const DELIVER_AFTER: usize = 1024 * 1024;

/// How a connection, or the attempt to make one, ended.
enum End {
    /// By the peer or the network; another attempt may follow.
    Lost(Error),
    /// For good.
    Fatal(Error),
    /// By the lane's users; nothing is left to do.
    Superseded,
}

/// A connection with what was read from it and is not used up yet.
struct Connection {
    socket: Arc<Socket>,
    buffer: BytesMut,
    scanner: Scanner,
}

/// Runs the life `epoch` of a lane until it ends.
pub(super) async fn run(lane: Arc<Lane>, epoch: u64) {
    let _guard = PanicGuard {
        lane: Arc::clone(&lane),
        epoch,
    };
    let mut attempts = Attempts::default();
    loop {
        let established = tokio::select! {
            established = establish(&lane, epoch, &mut attempts) => established,
            () = superseded(&lane, epoch) => return,
        };
        let end = match established {
            Ok(connection) => serve(&lane, epoch, connection).await,
            Err(end) => end,
        };
        match end {
            End::Superseded => return,
            End::Fatal(error) => return lane.fail(epoch, &error),
            End::Lost(error) => match attempts.lost(&lane.config().options) {
                Verdict::GiveUp(verdict) => return lane.fail(epoch, &verdict.with_source(error)),
                Verdict::RetryAfter(delay) => {
                    if !lane.reconnecting(epoch) || !pause(&lane, epoch, delay, &mut attempts).await
                    {
                        return;
                    }
                }
            },
        }
    }
}

/// Waits before the next attempt, or until `connect` asks for it. Returns whether the lane is
/// still current.
async fn pause(lane: &Lane, epoch: u64, delay: Duration, attempts: &mut Attempts) -> bool {
    let end = sleep(delay);
    tokio::pin!(end);
    loop {
        if !lane.is_current(epoch) {
            return false;
        }
        if lane.take_dial_now() {
            attempts.reset();
            return true;
        }
        tokio::select! {
            () = &mut end => return lane.is_current(epoch),
            () = lane.wake.notified() => {}
        }
    }
}

async fn superseded(lane: &Lane, epoch: u64) {
    while lane.is_current(epoch) {
        lane.wake.notified().await;
    }
}

async fn establish(lane: &Lane, epoch: u64, attempts: &mut Attempts) -> Result<Connection, End> {
    let attempt = dial_and_greet(lane, epoch, attempts);
    match lane.config().connection_timeout() {
        None => attempt.await,
        Some(limit) => timeout(limit, attempt).await.unwrap_or_else(|_| {
            let limit = lane.config().options.connection_timeout_ms;
            Err(End::Fatal(lifecycle::connect_timeout(limit)))
        }),
    }
}

async fn dial_and_greet(
    lane: &Lane,
    epoch: u64,
    attempts: &mut Attempts,
) -> Result<Connection, End> {
    let config = lane.config();
    let socket = dial::connect(&(&config.target.address).into(), config.tls().as_ref())
        .await
        .map_err(|error| match error.kind() {
            // A certificate that is refused now is refused the next time.
            ErrorKind::Tls => End::Fatal(error),
            _ => End::Lost(error),
        })?;
    let mut connection = Connection {
        socket: Arc::new(socket),
        buffer: BytesMut::with_capacity(READ_BUFFER),
        scanner: Scanner::default(),
    };
    let (mut handshake, greeting) = Handshake::start(&config.target);
    write_all(&connection.socket, &greeting)
        .await
        .map_err(lost)?;
    loop {
        while let Some(frame) = connection
            .scanner
            .next(&connection.buffer)
            .map_err(|malformed| End::Fatal(malformed.into()))?
        {
            let bytes = connection.buffer.split_to(frame.end).freeze();
            connection.scanner.consume(frame.end);
            match handshake.reply(bytes.slice(frame.start..)) {
                Step::Greeted(greeting) => {
                    attempts.reset();
                    lane.greeted(epoch, &greeting);
                }
                Step::GreetedAndDone(greeting) => {
                    attempts.reset();
                    lane.greeted(epoch, &greeting);
                    return Ok(connection);
                }
                Step::Done => return Ok(connection),
                Step::Refused(error) => return Err(End::Fatal(error)),
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

async fn serve(lane: &Lane, epoch: u64, mut connection: Connection) -> End {
    let socket = Arc::clone(&connection.socket);
    let mut flushed = match lane.ready(epoch, &socket) {
        Ok(flushed) => flushed,
        Err(error) => return lost(error),
    };
    let idle = lane.config().idle_timeout();
    let silence = sleep_until(Instant::now() + idle.unwrap_or_default());
    tokio::pin!(silence);
    // What came right behind the handshake.
    if let Err(end) = connection.deliver(lane) {
        return end;
    }
    loop {
        tokio::select! {
            ready = socket.readable() => {
                let step = ready
                    .and_then(|()| connection.read())
                    .map_err(lost)
                    .and_then(|()| connection.deliver(lane));
                if let Err(end) = step {
                    return end;
                }
                // Reading may have given the TLS session something to say.
                match socket.try_flush() {
                    Ok(done) => flushed &= done,
                    Err(error) => return lost(error),
                }
                if let Some(limit) = idle {
                    silence.as_mut().reset(Instant::now() + limit);
                }
            }
            () = lane.wake.notified() => {
                if !lane.is_current(epoch) {
                    return End::Superseded;
                }
                match lane.flush(epoch, &socket) {
                    Ok(done) => flushed = done,
                    Err(error) => return lost(error),
                }
            }
            ready = socket.writable(), if !flushed => {
                match ready.and_then(|()| lane.flush(epoch, &socket)) {
                    Ok(done) => flushed = done,
                    Err(error) => return lost(error),
                }
            }
            () = &mut silence, if idle.is_some() => {
                return End::Fatal(lifecycle::idle_timeout(lane.config().options.idle_timeout_ms));
            }
        }
    }
}

impl Connection {
    /// Reads what has arrived, as far as one delivery should hold.
    fn read(&mut self) -> io::Result<()> {
        let mut total = 0;
        loop {
            if self.buffer.capacity() - self.buffer.len() < READ_MINIMUM {
                // The peer chose how much is missing: trust it only as far as it keeps sending.
                let trusted = self.buffer.len().max(READ_AHEAD);
                self.buffer
                    .reserve(self.scanner.missing().clamp(READ_BUFFER, trusted));
            }
            let room = self.buffer.capacity() - self.buffer.len();
            match self.socket.try_read(&mut self.buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    total += count;
                    // A short read emptied the socket: asking again would only cost a call.
                    if count < room || total >= DELIVER_AFTER {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Delivers all whole replies in the buffer.
    fn deliver(&mut self, lane: &Lane) -> Result<(), End> {
        let mut replies = Vec::new();
        let mut end = 0;
        let outcome = {
            let mut inflight = lane.inflight();
            loop {
                match self.scanner.next(&self.buffer) {
                    Ok(Some(frame)) => {
                        let bytes = &self.buffer[frame.start..frame.end];
                        end = frame.end;
                        let entry = match inflight.frame(frame.kind, bytes) {
                            Match::Reply(entry) => Some(entry),
                            Match::Push => None,
                            Match::Confirmation | Match::Stray => continue,
                        };
                        replies.push(Reply {
                            entry,
                            start: frame.start,
                            end,
                        });
                    }
                    Ok(None) => break Ok(()),
                    Err(malformed) => break Err(End::Fatal(malformed.into())),
                }
            }
        };
        let bytes = self.buffer.split_to(end).freeze();
        self.scanner.consume(end);
        if !replies.is_empty() {
            lane.deliver(Batch { bytes, replies });
        }
        outcome
    }
}

fn lost(source: io::Error) -> End {
    End::Lost(
        Error::new(
            ErrorKind::Connection,
            "ERR_REDIS_CONNECTION_CLOSED",
            format!("connection lost: {source}"),
        )
        .with_source(source),
    )
}

/// A bug must not leave promises waiting for ever.
struct PanicGuard {
    lane: Arc<Lane>,
    epoch: u64,
}

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let error = Error::new(
                ErrorKind::Connection,
                "ERR_REDIS_CONNECTION_CLOSED",
                "Connection closed by an internal error",
            );
            self.lane.fail(self.epoch, &error);
        }
    }
}
