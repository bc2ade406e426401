//! The transports below a socket, as one.

use std::io::{self, IoSlice, Read, Write};

use bytes::BufMut;
use socket2::SockRef;
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

#[cfg(unix)]
use crate::net::quiet::Quiet;

/// A connected stream without TLS.
pub(super) enum Io {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    #[cfg(unix)]
    Quiet(Quiet),
}

impl Io {
    pub(super) fn raw(&self) -> SockRef<'_> {
        match self {
            Self::Tcp(stream) => SockRef::from(stream),
            #[cfg(unix)]
            Self::Unix(stream) => SockRef::from(stream),
            #[cfg(unix)]
            Self::Quiet(Quiet::Tcp(stream)) => SockRef::from(stream),
            #[cfg(unix)]
            Self::Quiet(Quiet::Unix(stream)) => SockRef::from(stream),
        }
    }

    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_write(bytes),
            #[cfg(unix)]
            Self::Quiet(quiet) => quiet.try_write(bytes),
        }
    }

    pub(super) fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write_vectored(pieces),
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_write_vectored(pieces),
            #[cfg(unix)]
            Self::Quiet(quiet) => quiet.try_write_vectored(pieces),
        }
    }

    pub(super) fn try_read(&self, buffer: &mut impl BufMut) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read_buf(buffer),
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_read_buf(buffer),
            #[cfg(unix)]
            Self::Quiet(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    pub(super) async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.readable().await,
            #[cfg(unix)]
            Self::Unix(stream) => stream.readable().await,
            #[cfg(unix)]
            Self::Quiet(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    pub(super) async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.writable().await,
            #[cfg(unix)]
            Self::Unix(stream) => stream.writable().await,
            #[cfg(unix)]
            Self::Quiet(quiet) => quiet.writable().await,
        }
    }
}

/// What rustls reads from and writes to.
pub(super) struct Nonblocking<'a>(pub(super) &'a Io);

impl Read for Nonblocking<'_> {
    fn read(&mut self, mut buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(&mut buffer)
    }
}

impl Write for Nonblocking<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
