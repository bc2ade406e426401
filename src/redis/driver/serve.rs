//! Serving one connection: reads, sends what waits, keeps the timers, until it ends.

use std::io;
use std::sync::Arc;

use tokio::task::yield_now;
use tokio::time::{Instant, sleep, sleep_until};

use super::{End, Life, lost};
use crate::net::stream::Socket;
use crate::redis::lane::Lane;
use crate::redis::lifecycle;
use crate::redis::receiver::Receiver;
use crate::redis::watchdog::{Order, Watchdog};

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

impl Life {
    /// Serves a connection until it ends.
    pub(super) async fn serve(&self, socket: Socket, mut receiver: Receiver) -> Result<End, End> {
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

fn mute(source: io::Error) -> Halt {
    Halt::Mute(lost(source))
}
