//! The task that owns a lane's socket: dials, shakes hands, reads, sends what waits, reconnects.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, sleep_until};

use super::cluster::chance;
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
    /// The server is another one now: the next attempt follows at once.
    Moved(Error),
    /// For good.
    Fatal(Error),
    /// By the lane's users; nothing is left to do.
    Superseded,
}

/// Why a connection is not served any more.
enum Halt {
    End(End),
    /// Nothing can or shall be sent, but there may be replies that were not read yet.
    Mute(End),
}

impl From<End> for Halt {
    fn from(end: End) -> Self {
        Self::End(end)
    }
}

/// One life of a lane, with the bell that is rung when there is something to look at.
struct Life {
    lane: Arc<Lane>,
    epoch: u64,
    wake: Arc<Notify>,
}

/// Runs the life `epoch` of a lane until it ends.
pub(super) async fn run(lane: Arc<Lane>, epoch: u64, wake: Arc<Notify>) {
    let mut guard = Guard {
        lane: Arc::clone(&lane),
        epoch,
        wake: Arc::clone(&wake),
        finished: false,
    };
    drive(Life { lane, epoch, wake }).await;
    guard.finished = true;
}

async fn drive(life: Life) {
    let (lane, epoch) = (&life.lane, life.epoch);
    let mut attempts = Attempts::default();
    loop {
        lane.log(|| format!("connecting, {} attempts failed before", attempts.failed()));
        let established = tokio::select! {
            established = establish(lane, epoch) => established,
            end = life.interrupted() => Err(end),
        };
        let end = match established {
            Ok((socket, receiver)) => {
                attempts.reset();
                life.serve(socket, receiver).await.unwrap_or_else(|end| end)
            }
            Err(end) => end,
        };
        match end {
            End::Superseded => return,
            End::Fatal(error) => return lane.fail(epoch, &error),
            End::Moved(error) => {
                lane.log(|| error.message().to_owned());
                attempts.reset();
                if !lane.reconnecting(epoch, &error) {
                    return;
                }
            }
            End::Lost(error) => match attempts.lost(&lane.config().options, &error) {
                Verdict::GiveUp(verdict) => return lane.fail(epoch, &verdict),
                Verdict::RetryAfter(delay) => {
                    // The times of a client of one server are settled; all clients of a group lose
                    // their primary together.
                    let delay = match lane.resolver() {
                        Some(_) => lifecycle::jittered(delay, chance()),
                        None => delay,
                    };
                    lane.log(|| format!("{error}; again in {} ms", delay.as_millis()));
                    let current = lane.reconnecting(epoch, &error);
                    if !current || !life.pause(delay, &mut attempts).await {
                        return;
                    }
                }
            },
        }
    }
}

impl Life {
    /// Waits before the next attempt, or until `connect` asks for it. Returns whether the lane is
    /// still current.
    async fn pause(&self, delay: Duration, attempts: &mut Attempts) -> bool {
        let Self { lane, epoch, wake } = self;
        let end = sleep(delay);
        tokio::pin!(end);
        loop {
            if !lane.is_current(*epoch) {
                return false;
            }
            if lane.take_dial_now() || lane.take_left(*epoch).is_some() {
                attempts.reset();
                return true;
            }
            tokio::select! {
                () = &mut end => return lane.is_current(*epoch),
                () = wake.notified() => {}
            }
        }
    }

    /// Waits until there is no sense any more in what the life is about to do.
    async fn interrupted(&self) -> End {
        loop {
            if let Some(end) = self.lane.take_left(self.epoch) {
                return end;
            }
            self.wake.notified().await;
        }
    }

    /// Serves a connection until it ends.
    async fn serve(&self, socket: Socket, mut receiver: Receiver) -> Result<End, End> {
        let lane = &self.lane;
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
        let Some(generation) = lane.ready(self.epoch, &socket) else {
            return Ok(End::Superseded);
        };
        lane.heard();
        receiver.is_for(generation);
        if !reads_here {
            #[cfg(unix)]
            lane.hand_over(&socket, generation, std::mem::take(&mut receiver));
        }
        let end = match self.attend(&socket, reads_here, &mut receiver).await {
            Ok(end) | Err(Halt::End(end)) => end,
            Err(Halt::Mute(end)) => {
                self.read_rest(&socket, reads_here, &mut receiver).await;
                end
            }
        };
        // Whoever reads elsewhere must hear of the end, and let go of the socket.
        #[cfg(unix)]
        if !reads_here {
            socket.shut_down();
        }
        Ok(end)
    }

    async fn attend(
        &self,
        socket: &Arc<Socket>,
        reads_here: bool,
        receiver: &mut Receiver,
    ) -> Result<End, Halt> {
        let Self { lane, epoch, wake } = self;
        let send = || lane.flush(*epoch, socket).map_err(mute);
        let mut flushed = send()?;
        if reads_here {
            // What came right behind the handshake.
            receiver.deliver(lane)?;
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
                    ready.and_then(|()| receiver.read(socket)).map_err(lost)?;
                    lane.heard();
                    receiver.deliver(lane)?;
                    // Reading may have given the TLS session something to say.
                    flushed &= socket.try_flush().map_err(mute)?;
                }
                () = wake.notified() => {
                    if receiver.served_many() {
                        // Those who got their replies together go on together: one write for all.
                        yield_now().await;
                    }
                    if let Some(end) = lane.take_end(*epoch) {
                        return Ok(end);
                    }
                    if let Some(end) = lane.take_left(*epoch) {
                        return Err(Halt::Mute(end));
                    }
                    flushed = send()?;
                }
                ready = socket.writable(), if !flushed => {
                    ready.map_err(mute)?;
                    flushed = send()?;
                }
                () = &mut silence, if idle.is_some() => {
                    let due = Instant::from_std(lane.last_heard()) + idle.unwrap_or_default();
                    if due <= Instant::now() {
                        let limit = lane.config().options.idle_timeout_ms;
                        return Ok(End::Fatal(lifecycle::idle_timeout(limit)));
                    }
                    silence.as_mut().reset(due);
                }
                () = &mut look, if watchdog.is_some() => {
                    if let Some(watchdog) = &mut watchdog {
                        flushed &= watch(lane, *epoch, socket, watchdog)?;
                    }
                    look.as_mut().reset(Instant::now() + pause);
                }
            }
        }
    }

    /// Delivers the replies that arrived before the connection broke.
    async fn read_rest(&self, socket: &Socket, reads_here: bool, receiver: &mut Receiver) {
        if reads_here {
            while matches!(receiver.read(socket), Ok(1..)) {
                if receiver.deliver(&self.lane).is_err() {
                    return;
                }
            }
            return;
        }
        // The reader meets the end, behind what has arrived.
        socket.shut_down();
        while self.lane.take_end(self.epoch).is_none() {
            self.wake.notified().await;
        }
    }
}

/// Looks whether the server is still there. Returns whether everything is sent.
fn watch(lane: &Lane, epoch: u64, socket: &Socket, watchdog: &mut Watchdog) -> Result<bool, Halt> {
    match watchdog.look(std::time::Instant::now(), lane.sight(socket)) {
        Order::Wait => Ok(true),
        Order::Probe => {
            lane.log(|| "a command waits and nothing is heard: asking with PING".into());
            lane.probe(epoch, socket).map_err(mute)
        }
        Order::Drop => Err(End::Lost(lifecycle::dead_peer(watchdog.patience())).into()),
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

fn mute(source: io::Error) -> Halt {
    Halt::Mute(lost(source))
}

/// Neither a bug nor the end of the driver's runtime may leave callers waiting for ever.
struct Guard {
    lane: Arc<Lane>,
    epoch: u64,
    wake: Arc<Notify>,
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
            let (lane, wake) = (Arc::clone(&self.lane), Arc::clone(&self.wake));
            runtime::shared().spawn(run(lane, self.epoch, wake));
        }
    }
}
