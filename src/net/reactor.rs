//! Sockets that are watched by another event loop than the runtime's, for tasks that are polled
//! on the thread of that loop: nothing wakes another thread.

use std::cell::RefCell;
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Bytes that are received for one arrival. What a fast peer sends meanwhile waits for the next turn
/// of the event loop, which has other things to do as well.
const TURN: usize = 1024 * 1024;

/// An event loop that can watch sockets.
pub trait Reactor {
    /// Different for each.
    fn id(&self) -> u64;
    /// Calls [`Watched::ready`] on this thread while there is something to receive, and if
    /// `writable` also while there is room for bytes, until that says to stop.
    fn watch(&self, socket: &Arc<Watched>, writable: bool) -> io::Result<()>;
    /// Ends that at once.
    fn unwatch(&self, socket: &Watched);
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<dyn Reactor>>> = const { RefCell::new(None) };
}

/// The event loop on whose thread the caller's task is polled, unless it is the runtime's.
#[must_use]
pub fn current() -> Option<Rc<dyn Reactor>> {
    // Threads that end have none.
    CURRENT.try_with(|current| current.borrow().clone()).ok()?
}

/// Runs `work`, which polls tasks, on the thread of `reactor`.
pub fn within<T>(reactor: Rc<dyn Reactor>, work: impl FnOnce() -> T) -> T {
    struct Restore(Option<Rc<dyn Reactor>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    let _restore = Restore(CURRENT.replace(Some(reactor)));
    work()
}

/// A connected, non-blocking socket that a [`Reactor`] watches.
pub struct Watched {
    stream: TcpStream,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Bytes, or the end, may have arrived.
    readable: bool,
    /// Bytes that may still be received before the event loop tells of more.
    turn: usize,
    watched: bool,
    /// Nobody will read or write it any more.
    abandoned: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl State {
    fn can_be_read(&mut self) {
        self.readable = true;
        self.turn = TURN;
    }
}

impl Watched {
    /// What a reactor watches.
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.stream.as_raw_fd()
    }

    /// Wakes those who wait. Returns whether it should be watched further, for reading: when
    /// nobody waits, an arrival would be told again and again.
    #[must_use]
    pub fn ready(&self) -> bool {
        let mut state = self.lock();
        state.can_be_read();
        let (reader, writer) = (state.reader.take(), state.writer.take());
        state.watched = reader.is_some() || writer.is_some();
        let keep = state.watched && !state.abandoned;
        drop(state);
        for waker in [reader, writer].into_iter().flatten() {
            waker.wake();
        }
        keep
    }

    /// Wakes those who wait: it is not watched any more.
    pub fn unwatched(&self) {
        let mut state = self.lock();
        state.can_be_read();
        state.watched = false;
        let (reader, writer) = (state.reader.take(), state.writer.take());
        drop(state);
        for waker in [reader, writer].into_iter().flatten() {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the current reactor watch it; elsewhere nobody would wake the caller.
    fn wait(self: &Arc<Self>, writable: bool) -> io::Result<()> {
        let lost = || io::Error::from(io::ErrorKind::ConnectionAborted);
        current().ok_or_else(lost)?.watch(self, writable)
    }
}

/// The one user of a watched socket.
pub struct WatchedStream(Arc<Watched>);

impl WatchedStream {
    /// To be used by tasks that are polled by a reactor.
    #[must_use]
    pub fn new(stream: TcpStream) -> Self {
        Self(Arc::new(Watched {
            stream,
            state: Mutex::default(),
        }))
    }

    /// Looks whether anything has arrived at the next read, even if the event loop has not told.
    pub fn distrust(&self) {
        self.0.lock().can_be_read();
    }

    /// Receives into `buffer`.
    pub fn poll_read(
        &self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock();
        if state.readable {
            match (&self.0.stream).read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => {
                    if let Ok(count @ 1..) = outcome {
                        state.turn = state.turn.saturating_sub(count);
                        // If all of it has been taken, the event loop tells of the end and of more.
                        state.readable = count == buffer.len() && state.turn > 0;
                    }
                    return Poll::Ready(outcome);
                }
            }
            state.readable = false;
        }
        remember(&mut state.reader, context);
        if !state.watched {
            state.watched = true;
            drop(state);
            if let Err(error) = self.0.wait(false) {
                self.0.lock().watched = false;
                return Poll::Ready(Err(error));
            }
        }
        Poll::Pending
    }

    /// Sends bytes in several pieces; may stop anywhere.
    pub fn poll_write(
        &self,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match (&self.0.stream).write_vectored(pieces) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            outcome => return Poll::Ready(outcome),
        }
        let mut state = self.0.lock();
        remember(&mut state.writer, context);
        state.watched = true;
        drop(state);
        match self.0.wait(true) {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Ends the sending.
    pub fn finish(&self) -> io::Result<()> {
        self.0.stream.shutdown(Shutdown::Write)
    }

    /// The same connection, to be used by the runtime's tasks. Only on the thread of the reactor that
    /// watches it; nothing else may be done with this one.
    pub fn leave(&self) -> io::Result<TcpStream> {
        let stream = self.0.stream.try_clone()?;
        if let Some(reactor) = current() {
            reactor.unwatch(&self.0);
        }
        self.0.lock().watched = false;
        Ok(stream)
    }
}

impl Drop for WatchedStream {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.abandoned = true;
        (state.reader, state.writer) = (None, None);
        if !state.watched {
            return;
        }
        drop(state);
        match current() {
            Some(reactor) => reactor.unwatch(&self.0),
            // The event loop sees that, and lets go of it on its own thread.
            None => drop(self.0.stream.shutdown(Shutdown::Both)),
        }
    }
}

fn remember(place: &mut Option<Waker>, context: &Context<'_>) {
    match place {
        Some(waker) => waker.clone_from(context.waker()),
        None => *place = Some(context.waker().clone()),
    }
}

#[cfg(test)]
mod tests;
