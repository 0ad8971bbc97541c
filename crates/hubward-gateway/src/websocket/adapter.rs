//! Gives the codec of WebSockets, which reads and writes without waiting, a stream of a task.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, Read, Write};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tungstenite::Error;

/// A stream at one poll: a call that would wait returns `WouldBlock`, and the task is woken later.
pub(super) struct AtPoll<'s, 'c, 'w, S> {
    pub(super) stream: &'s mut S,
    pub(super) cx: &'c mut Context<'w>,
    /// Bytes that the peer may still send before authentication; `None` for any number.
    pub(super) allowance: &'s mut Option<usize>,
}

impl<S: AsyncRead + Unpin> Read for AtPoll<'_, '_, '_, S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut bytes = ReadBuf::new(bytes);
        not_waiting(Pin::new(&mut *self.stream).poll_read(self.cx, &mut bytes))?;
        let read = bytes.filled().len();
        if let Some(allowance) = self.allowance {
            *allowance = allowance.checked_sub(read).ok_or(io::ErrorKind::InvalidData)?;
        }
        Ok(read)
    }
}

impl<S: AsyncWrite + Unpin> Write for AtPoll<'_, '_, '_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        not_waiting(Pin::new(&mut *self.stream).poll_write(self.cx, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        not_waiting(Pin::new(&mut *self.stream).poll_flush(self.cx))
    }
}

fn not_waiting<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

/// Returns `Pending` for `WouldBlock`.
pub(super) fn waiting<T>(result: Result<T, Error>) -> Poll<Result<T, Error>> {
    match result {
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}

/// Returns `Ok` for the end of a connection, which is no failure of a write.
pub(super) fn written(poll: Poll<Result<(), Error>>) -> Poll<io::Result<()>> {
    Poll::Ready(match ready!(poll) {
        Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => Ok(()),
        Err(Error::Io(error)) => Err(error),
        Err(error) => Err(io::Error::other(error)),
    })
}
