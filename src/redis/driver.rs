//! The task that owns a lane's socket: dials, shakes hands, reads, sends what waits, reconnects.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{Instant, sleep, sleep_until};

use super::connect::establish;
use super::lane::Lane;
use super::lifecycle::{self, Attempts, Verdict};
use super::receiver::Receiver;
use super::watchdog::{Order, Watchdog};
use crate::error::{Error, ErrorKind};
use crate::net::runtime;
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
    let mut guard = Guard {
        lane: Arc::clone(&lane),
        epoch,
        finished: false,
    };
    drive(lane, epoch).await;
    guard.finished = true;
}

async fn drive(lane: Arc<Lane>, epoch: u64) {
    let mut attempts = Attempts::default();
    loop {
        lane.log(|| format!("connecting, {} attempts failed before", attempts.failed()));
        let established = tokio::select! {
            established = establish(&lane, epoch) => established,
            () = superseded(&lane, epoch) => return,
        };
        let end = match established {
            Ok((socket, receiver)) => {
                attempts.reset();
                serve(&lane, epoch, socket, receiver)
                    .await
                    .unwrap_or_else(|end| end)
            }
            Err(end) => end,
        };
        match end {
            End::Superseded => return,
            End::Fatal(error) => return lane.fail(epoch, &error),
            End::Lost(error) => match attempts.lost(&lane.config().options, &error) {
                Verdict::GiveUp(verdict) => return lane.fail(epoch, &verdict),
                Verdict::RetryAfter(delay) => {
                    lane.log(|| format!("{error}; again in {} ms", delay.as_millis()));
                    let current = lane.reconnecting(epoch, &error);
                    if !current || !pause(&lane, epoch, delay, &mut attempts).await {
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
    let mut watchdog = lane.config().dead_peer_timeout().map(Watchdog::new);
    let pause = watchdog.as_ref().map(Watchdog::pause).unwrap_or_default();
    let look = sleep(pause);
    tokio::pin!(look);
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
                if receiver.served_many() {
                    // Those who got their replies together go on together: one write for all.
                    yield_now().await;
                }
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
            () = &mut look, if watchdog.is_some() => {
                if let Some(watchdog) = &mut watchdog {
                    flushed &= watch(lane, epoch, &socket, watchdog)?;
                }
                look.as_mut().reset(Instant::now() + pause);
            }
        }
    }
}

/// Looks whether the server is still there. Returns whether everything is sent.
fn watch(lane: &Lane, epoch: u64, socket: &Socket, watchdog: &mut Watchdog) -> Result<bool, End> {
    match watchdog.look(std::time::Instant::now(), lane.sight(socket)) {
        Order::Wait => Ok(true),
        Order::Probe => {
            lane.log(|| "a command waits and nothing is heard: asking with PING".into());
            lane.probe(epoch, socket).map_err(lost)
        }
        Order::Drop => Err(End::Lost(lifecycle::dead_peer(watchdog.patience()))),
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

/// Neither a bug nor the end of the driver's runtime may leave callers waiting for ever.
struct Guard {
    lane: Arc<Lane>,
    epoch: u64,
    finished: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let error = |message| {
            Error::new(
                ErrorKind::Connection,
                "ERR_REDIS_CONNECTION_CLOSED",
                message,
            )
        };
        if std::thread::panicking() {
            let bug = error("Connection closed by an internal error");
            self.lane.fail(self.epoch, &bug);
            return;
        }
        let ended = error("the runtime that served the connection has ended");
        if self.lane.reconnecting(self.epoch, &ended) {
            runtime::shared().spawn(run(Arc::clone(&self.lane), self.epoch));
        }
    }
}
