use std::cell::Cell;
use std::net::TcpListener;

use super::*;

/// Counts how often it was asked to watch.
#[derive(Default)]
struct Counting(Cell<u32>);

impl Reactor for Counting {
    fn id(&self) -> u64 {
        1
    }

    fn watch(&self, _socket: &Arc<Watched>, _writable: bool) -> io::Result<()> {
        self.0.set(self.0.get() + 1);
        Ok(())
    }

    fn unwatch(&self, _socket: &Watched) {}
}

/// A socket to receive from, and its peer.
fn pair() -> io::Result<(WatchedStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let peer = TcpStream::connect(listener.local_addr()?)?;
    let (stream, _) = listener.accept()?;
    stream.set_nonblocking(true)?;
    Ok((WatchedStream::new(stream), peer))
}

#[test]
fn a_peer_that_is_never_slow_leaves_the_event_loop_its_turns() {
    let (stream, mut peer) = pair().unwrap();
    let mut context = Context::from_waker(Waker::noop());
    let mut buffer = vec![0; 4096];
    // There is always more to receive than is taken at once.
    peer.write_all(&vec![1; 64 * 1024]).unwrap();
    let reactor = Rc::new(Counting::default());
    within(Rc::clone(&reactor) as _, || {
        for _ in 0..3 {
            let _ = stream.0.ready();
            let mut received = 0;
            while let Poll::Ready(count) = stream.poll_read(&mut context, &mut buffer) {
                let count = count.unwrap();
                peer.write_all(&buffer[..count]).unwrap();
                received += count;
                assert!(received <= TURN, "it never waits");
            }
            assert!(received > 0);
            // It waits to be told of the rest, and is watched for that.
            assert!(stream.0.lock().reader.is_some());
            assert_eq!(reactor.0.get(), 1);
        }
    });
}

#[test]
fn who_waits_for_a_socket_that_is_not_watched_any_more_waits_anew() -> io::Result<()> {
    let (stream, _peer) = pair()?;
    let counting = Rc::new(Counting::default());
    let read = || {
        let mut context = Context::from_waker(Waker::noop());
        within(Rc::clone(&counting) as _, || {
            stream.poll_read(&mut context, &mut [0; 8]).is_pending()
        })
    };
    assert!(read() && read());
    assert_eq!(counting.0.get(), 1);
    stream.0.unwatched();
    assert!(read());
    assert_eq!(counting.0.get(), 2);
    Ok(())
}
