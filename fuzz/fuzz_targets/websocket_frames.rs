//! Bytes of a WebSocket's peer, in pieces of any size: the messages do not depend on the pieces, none is longer than the limit,
//! and no byte beyond the allowance before authentication is read.
#![no_main]

#[path = "../../crates/hubward-gateway/src/websocket/adapter.rs"]
mod adapter;

use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::io;

use adapter::{AtPoll, waiting};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message};

/// Bytes of a message, and of all frames before authentication; as in the gateway, but smaller, so that inputs reach them.
const MESSAGE: usize = 256;
const ALLOWANCE: usize = 1024;

// The first byte gives the sizes of the pieces; the rest are the peer's bytes.
fuzz_target!(|bytes: &[u8]| {
    let Some((pieces, sent)) = bytes.split_first() else { return };
    let all = messages(sent, usize::MAX, false);
    let some = messages(sent, usize::from(pieces % 16) + 1, pieces & 16 != 0);
    if sent.len() <= ALLOWANCE {
        assert_eq!(all, some, "the messages or the end depend on the pieces");
    }
    for messages in [all.0, some.0] {
        assert!(messages.iter().map(Message::len).sum::<usize>() <= ALLOWANCE);
        assert!(messages.iter().all(|message| message.len() <= MESSAGE));
    }
});

/// Returns the messages of a peer's bytes, and how the connection ended.
fn messages(sent: &[u8], piece: usize, waits: bool) -> (Vec<Message>, String) {
    let config = WebSocketConfig::default()
        .read_buffer_size(64)
        .write_buffer_size(0)
        .max_write_buffer_size(usize::MAX)
        .max_message_size(Some(MESSAGE))
        .max_frame_size(Some(MESSAGE))
        .accept_unmasked_frames(false);
    let mut codec = WebSocketContext::new(Role::Server, Some(config));
    let mut stream = Pieces { sent, piece, waits, ready: true };
    let mut allowance = Some(ALLOWANCE);
    let mut cx = Context::from_waker(Waker::noop());
    let mut messages = Vec::new();
    loop {
        let mut at = AtPoll { stream: &mut stream, cx: &mut cx, allowance: &mut allowance };
        match waiting(codec.read(&mut at)) {
            Poll::Pending => {}
            Poll::Ready(Ok(message)) => messages.push(message),
            Poll::Ready(Err(error)) => return (messages, end(&error)),
        }
    }
}

/// Returns the kind of an end.
fn end(error: &Error) -> String {
    match error {
        Error::Io(error) => format!("{:?}", error.kind()),
        other => other.to_string(),
    }
}

/// A stream that gives the bytes in pieces, and takes every answer.
struct Pieces<'b> {
    sent: &'b [u8],
    piece: usize,
    /// Each second read has to wait.
    waits: bool,
    ready: bool,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.ready = !self.ready || !self.waits;
        if !self.ready {
            return Poll::Pending;
        }
        let length = self.piece.min(buffer.remaining()).min(self.sent.len());
        let (piece, rest) = self.sent.split_at(length);
        buffer.put_slice(piece);
        self.sent = rest;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pieces<'_> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
