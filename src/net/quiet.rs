//! A plain socket that is read by another event loop than the runtime's.
//!
//! It is registered with the runtime only while it is full: otherwise every arrival would wake
//! the runtime's thread for nothing.

use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;

/// A connected, non-blocking socket.
pub enum Quiet {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a Unix socket.
    Unix(UnixStream),
}

impl Quiet {
    /// Takes as many bytes as can be taken without waiting.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => (&*stream).write(bytes),
            Self::Unix(stream) => (&*stream).write(bytes),
        }
    }

    /// Like `try_write` for bytes in several pieces; may stop anywhere.
    pub fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => (&*stream).write_vectored(pieces),
            Self::Unix(stream) => (&*stream).write_vectored(pieces),
        }
    }

    /// Takes what has arrived; `WouldBlock` when nothing has.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => (&*stream).read(buffer),
            Self::Unix(stream) => (&*stream).read(buffer),
        }
    }

    /// Waits until `try_write` may take something.
    pub async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                let registered = tokio::net::TcpStream::from_std(stream.try_clone()?)?;
                registered.writable().await
            }
            Self::Unix(stream) => {
                let registered = tokio::net::UnixStream::from_std(stream.try_clone()?)?;
                registered.writable().await
            }
        }
    }
}

impl AsRawFd for Quiet {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Self::Tcp(stream) => stream.as_raw_fd(),
            Self::Unix(stream) => stream.as_raw_fd(),
        }
    }
}
