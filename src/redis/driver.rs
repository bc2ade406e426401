//! The task that owns a lane's socket: dials, shakes hands, reads, sends what waits, reconnects.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use super::cluster::chance;
use super::connect::establish;
use super::lane::Lane;
use super::lifecycle::{self, Attempts, Verdict};
use crate::error::{Error, ErrorKind};
use crate::net::runtime;

mod serve;

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
