//! The task that owns a lane's socket: dials, shakes hands, reads, sends what waits, reconnects.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::handshake::{Handshake, Step};
use super::lane::Lane;
use super::lifecycle::{self, Attempts, Verdict};
use super::receiver::Receiver;
use crate::error::{Error, ErrorKind};
use crate::net::dial;
use crate::net::stream::Socket;

/// How a connection, or the attempt to make one, ended.
pub(super) enum End {
    /// By the peer or the network; another attempt may follow.
    Lost(Error),
    /// For good.
    Fatal(Error),
    /// By the lane's users; nothing is left to do.
    Superseded,
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
            Ok((socket, receiver)) => serve(&lane, epoch, socket, receiver)
                .await
                .unwrap_or_else(|end| end),
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

async fn establish(
    lane: &Lane,
    epoch: u64,
    attempts: &mut Attempts,
) -> Result<(Socket, Receiver), End> {
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
) -> Result<(Socket, Receiver), End> {
    let config = lane.config();
    let socket = dial::connect(&(&config.target.address).into(), config.tls().as_ref())
        .await
        .map_err(|error| match error.kind() {
            // A certificate that is refused now is refused the next time.
            ErrorKind::Tls => End::Fatal(error),
            _ => End::Lost(error),
        })?;
    let mut receiver = Receiver::new();
    let (mut handshake, greeting) = Handshake::start(&config.target);
    write_all(&socket, &greeting).await.map_err(lost)?;
    loop {
        while let Some(bytes) = receiver
            .frame()
            .map_err(|malformed| End::Fatal(malformed.into()))?
        {
            match handshake.reply(bytes) {
                Step::Greeted(greeting) => {
                    attempts.reset();
                    lane.greeted(epoch, &greeting);
                }
                Step::GreetedAndDone(greeting) => {
                    attempts.reset();
                    lane.greeted(epoch, &greeting);
                    return Ok((socket, receiver));
                }
                Step::Done => return Ok((socket, receiver)),
                Step::Refused(error) => return Err(End::Fatal(error)),
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

/// Serves a connection until it ends.
async fn serve(
    lane: &Arc<Lane>,
    epoch: u64,
    socket: Socket,
    mut receiver: Receiver,
) -> Result<End, End> {
    #[cfg(unix)]
    let reads_here = !(lane.sink_reads() && socket.can_be_quiet());
    #[cfg(not(unix))]
    let reads_here = true;
    #[cfg(unix)]
    let socket = if reads_here {
        socket
    } else {
        socket.quieten().map_err(lost)?
    };
    let socket = Arc::new(socket);
    let Some(generation) = lane.ready(epoch, &socket) else {
        return Ok(End::Superseded);
    };
    lane.heard();
    let mut flushed = lane.flush(epoch, &socket).map_err(lost)?;
    if reads_here {
        // What came right behind the handshake.
        receiver.deliver(lane)?;
    } else {
        #[cfg(unix)]
        lane.hand_over(&socket, generation, std::mem::take(&mut receiver));
    }
    let idle = lane.config().idle_timeout();
    let silence = sleep_until(Instant::now() + idle.unwrap_or_default());
    tokio::pin!(silence);
    loop {
        tokio::select! {
            ready = socket.readable(), if reads_here => {
                ready.and_then(|()| receiver.read(&socket)).map_err(lost)?;
                lane.heard();
                receiver.deliver(lane)?;
                // Reading may have given the TLS session something to say.
                flushed &= socket.try_flush().map_err(lost)?;
            }
            () = lane.wake.notified() => {
                if let Some(end) = lane.take_end(epoch) {
                    return Ok(end);
                }
                flushed = lane.flush(epoch, &socket).map_err(lost)?;
            }
            ready = socket.writable(), if !flushed => {
                flushed = ready.and_then(|()| lane.flush(epoch, &socket)).map_err(lost)?;
            }
            () = &mut silence, if idle.is_some() => {
                let due = Instant::from_std(lane.last_heard()) + idle.unwrap_or_default();
                if due <= Instant::now() {
                    return Ok(End::Fatal(lifecycle::idle_timeout(lane.config().options.idle_timeout_ms)));
                }
                silence.as_mut().reset(due);
            }
        }
    }
}

pub(super) fn lost(source: io::Error) -> End {
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
