//! A connected socket that any thread may write to without waiting.
//!
//! TLS is driven by hand (rustls without an IO wrapper), so that plain and encrypted connections
//! share one code path and a small write can be encrypted and sent on the caller's thread.

use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
#[cfg(unix)]
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::BytesMut;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

#[cfg(unix)]
use super::quiet::Quiet;
use super::verify;
use crate::error::{Error, ErrorKind, Result};
use transport::{Io, Nonblocking};

mod transport;

/// Plaintext that one call hands to the TLS session; more waits until it is on the wire.
const TLS_WRITE_LIMIT: usize = 64 * 1024;

/// A connected TCP or Unix socket, with or without TLS.
pub struct Socket {
    io: Io,
    session: Option<Mutex<ClientConnection>>,
}

impl Socket {
    /// Wraps a connected TCP stream.
    #[must_use]
    pub fn tcp(stream: TcpStream) -> Self {
        Self {
            io: Io::Tcp(stream),
            session: None,
        }
    }

    /// Wraps a connected Unix stream.
    #[cfg(unix)]
    #[must_use]
    pub fn unix(stream: UnixStream) -> Self {
        Self {
            io: Io::Unix(stream),
            session: None,
        }
    }

    /// Performs the TLS handshake and returns the encrypted socket.
    pub async fn start_tls(
        mut self,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Result<Self> {
        let mut session = ClientConnection::new(config, name).map_err(verify::handshake_failed)?;
        loop {
            while session.wants_write() {
                match session.write_tls(&mut Nonblocking(&self.io)) {
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        self.io.writable().await.map_err(handshake_error)?;
                    }
                    Err(error) => return Err(handshake_error(error)),
                }
            }
            if !session.is_handshaking() {
                break;
            }
            self.io.readable().await.map_err(handshake_error)?;
            match session.read_tls(&mut Nonblocking(&self.io)) {
                Ok(0) => return Err(handshake_error(io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {
                    if let Err(error) = session.process_new_packets() {
                        // The peer should learn why; it is gone soon, so one attempt is enough.
                        let _ = session.write_tls(&mut Nonblocking(&self.io));
                        return Err(verify::handshake_failed(error));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(handshake_error(error)),
            }
        }
        self.session = Some(Mutex::new(session));
        Ok(self)
    }

    /// Takes as many bytes as can be taken without waiting; `WouldBlock` when none can.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let Some(session) = &self.session else {
            return self.io.try_write(bytes);
        };
        let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
        if !flush_session(&mut session, &self.io)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let taken = session
            .writer()
            .write(&bytes[..bytes.len().min(TLS_WRITE_LIMIT)])?;
        flush_session(&mut session, &self.io)?;
        Ok(taken)
    }

    /// Like [`try_write`](Self::try_write) for bytes in several pieces; may stop anywhere.
    pub fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.session.is_none() {
            return self.io.try_write_vectored(pieces);
        }
        let first = pieces.iter().find(|piece| !piece.is_empty());
        first.map_or(Ok(0), |piece| self.try_write(piece))
    }

    /// Sends what the TLS session still holds. Returns whether all of it is out.
    pub fn try_flush(&self) -> io::Result<bool> {
        match &self.session {
            None => Ok(true),
            Some(session) => {
                let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
                flush_session(&mut session, &self.io)
            }
        }
    }

    /// Appends what has arrived to `buffer`, which must have spare capacity. `Ok(0)` is the end of
    /// the stream; `WouldBlock` when nothing has arrived.
    pub fn try_read(&self, buffer: &mut BytesMut) -> io::Result<usize> {
        let Some(session) = &self.session else {
            return self.io.try_read(buffer);
        };
        let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let state = session
                .process_new_packets()
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            let ready = state.plaintext_bytes_to_read();
            if ready > 0 {
                let start = buffer.len();
                buffer.resize(start + ready, 0);
                let read = session.reader().read(&mut buffer[start..])?;
                buffer.truncate(start + read);
                return Ok(read);
            }
            if state.peer_has_closed() || session.read_tls(&mut Nonblocking(&self.io))? == 0 {
                return Ok(0);
            }
        }
    }

    /// Whether [`quieten`](Self::quieten) is possible.
    #[must_use]
    pub fn can_be_quiet(&self) -> bool {
        cfg!(unix) && self.session.is_none()
    }

    /// Gives up reading through the runtime: from now on another event loop watches the
    /// descriptor and calls [`receive`](Self::receive). Only for a socket without TLS.
    #[cfg(unix)]
    pub fn quieten(self) -> io::Result<Self> {
        let quiet = match self.io {
            Io::Tcp(stream) => Quiet::Tcp(stream.into_std()?),
            Io::Unix(stream) => Quiet::Unix(stream.into_std()?),
            Io::Quiet(quiet) => quiet,
        };
        Ok(Self {
            io: Io::Quiet(quiet),
            session: self.session,
        })
    }

    /// Takes what has arrived on a quiet socket. `Ok(0)` is the end of the stream.
    #[cfg(unix)]
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.io {
            Io::Quiet(quiet) => quiet.receive(buffer),
            Io::Tcp(_) | Io::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// The descriptor that a quiet socket's reader watches.
    #[cfg(unix)]
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        match &self.io {
            Io::Tcp(stream) => stream.as_raw_fd(),
            Io::Unix(stream) => stream.as_raw_fd(),
            Io::Quiet(quiet) => quiet.as_raw_fd(),
        }
    }

    /// Whether bytes, or the end of the stream, have arrived and were not read yet.
    #[must_use]
    pub fn has_input(&self) -> bool {
        let peeked = self.io.raw().peek(&mut [MaybeUninit::uninit()]);
        peeked.is_ok()
    }

    /// Ends the connection in both directions. What has arrived can still be read, and then the
    /// end of the stream.
    pub fn shut_down(&self) {
        // A connection that is gone already has nothing to end.
        let _ = self.io.raw().shutdown(Shutdown::Both);
    }

    /// Waits until [`try_read`](Self::try_read) may find something.
    pub async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// Waits until [`try_write`](Self::try_write) may take something.
    pub async fn writable(&self) -> io::Result<()> {
        self.io.writable().await
    }
}

fn flush_session(session: &mut ClientConnection, io: &Io) -> io::Result<bool> {
    while session.wants_write() {
        match session.write_tls(&mut Nonblocking(io)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

fn handshake_error(source: io::Error) -> Error {
    Error::new(
        ErrorKind::Connection,
        "ECONNRESET",
        format!("connection lost during the TLS handshake: {source}"),
    )
    .with_source(source)
}
