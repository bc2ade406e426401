//! The event loop as the reactor of tasks that use sockets.

use std::io;
use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::Result;

use super::event_loop::{EventLoop, Key, Next, Source};
use super::port::PortHandle;
use super::tape::Tape;
use crate::net::reactor::{Reactor, Watched};

impl Reactor for EventLoop {
    fn id(&self) -> u64 {
        self.port().id()
    }

    fn watch(&self, socket: &Arc<Watched>, writable: bool) -> io::Result<()> {
        let key = Key::Socket(socket.descriptor());
        let known = writable.then(|| self.watch_for_room(key)).flatten();
        known.unwrap_or_else(|| {
            let source = Rc::new(Socket {
                watched: Arc::clone(socket),
                port: self.port(),
            });
            EventLoop::unwatch(self, key);
            EventLoop::watch(self, key, socket.descriptor(), source, writable)
        })
    }

    fn unwatch(&self, socket: &Watched) {
        EventLoop::unwatch(self, Key::Socket(socket.descriptor()));
    }
}

struct Socket {
    watched: Arc<Watched>,
    port: PortHandle,
}

impl Source for Socket {
    fn arrived(&self) -> Next {
        let tasks = self.port.tasks();
        let mut keep = false;
        tasks.attend(|| keep = self.watched.ready());
        match keep {
            false => Next::UnpackAndStop,
            true if tasks.are_woken() => Next::Unpack,
            true => Next::Wait,
        }
    }

    fn abandoned(&self, _: io::Error) {
        // Its tasks look at the socket themselves, and meet the error where they wait again.
        self.watched.unwatched();
    }

    fn unpack(&self, tape: &mut Tape<'_>) -> Result<bool> {
        self.port.tasks().run(tape)
    }
}
