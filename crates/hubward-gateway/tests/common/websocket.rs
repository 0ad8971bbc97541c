//! A WebSocket client byte by byte (RFC 6455), including frames that no client would send.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};

use super::client::Stream;
use super::process::Process;

pub const CONTINUATION: u8 = 0;
pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;
/// Set in the last frame of a message.
pub const FIN: u8 = 0x80;
const MASK: [u8; 4] = [1, 2, 3, 4];

/// Returns a request for a WebSocket with these further header lines, each with its end.
pub fn request(protocol: &str, more: &str) -> String {
    format!(
        "GET /$iothub/websocket?iothub-no-client-cert=true HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: {protocol}\r\n{more}\r\n"
    )
}

/// Returns a masked frame; `first` is its opcode, with [`FIN`] for the last of a message.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let masked = payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask);
    [head(first, payload.len(), true), masked.collect()].concat()
}

/// Returns a frame that is not masked.
pub fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    [&head(first, payload.len(), false)[..], payload].concat()
}

/// Returns the head of a frame of any length, with its mask.
pub fn head(first: u8, length: usize, masked: bool) -> Vec<u8> {
    let (mask, bytes): (u8, &[u8]) = if masked { (0x80, &MASK) } else { (0, &[]) };
    let head = match length {
        0..126 => vec![first, mask | u8::try_from(length).unwrap()],
        126..0x1_0000 => [&[first, mask | 126][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
        _ => [&[first, mask | 127][..], &u64::try_from(length).unwrap().to_be_bytes()].concat(),
    };
    [&head, bytes].concat()
}

/// Reads a frame of the gateway, its first byte and its payload; `None` if the connection has ended.
pub async fn next(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<(u8, Vec<u8>)> {
    let (first, length) = (stream.read_u8().await.ok()?, stream.read_u8().await.ok()?);
    let length = match length {
        126 => usize::from(stream.read_u16().await.ok()?),
        127 => usize::try_from(stream.read_u64().await.ok()?).unwrap(),
        // a server does not mask
        length => usize::from(length),
    };
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await.ok()?;
    Some((first, payload))
}

/// Sends a request and returns the head of the answer.
pub async fn open(stream: &mut Stream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// Returns an open WebSocket as a stream of the bytes in its messages. Each write is a message of `frames` frames.
pub async fn tunnel(mut stream: Stream, protocol: &str, frames: usize) -> DuplexStream {
    let answer = open(&mut stream, &request(protocol, "")).await;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    let (near, far) = duplex(512 * 1024);
    tokio::spawn(async move {
        let ((mut from, mut to), (mut reads, mut writes)) = (split(stream), split(far));
        let outgoing = async {
            let mut bytes = vec![0; 512 * 1024];
            while let Ok(length @ 1..) = reads.read(&mut bytes).await {
                let parts: Vec<_> = bytes[..length].chunks(length.div_ceil(frames)).collect();
                for (at, part) in parts.iter().enumerate() {
                    let fin = if at + 1 == parts.len() { FIN } else { 0 };
                    let opcode = if at == 0 { BINARY } else { CONTINUATION };
                    to.write_all(&frame(fin | opcode, part)).await.unwrap();
                }
                to.flush().await.unwrap();
            }
            let _ = to.write_all(&frame(FIN | CLOSE, &1000_u16.to_be_bytes())).await;
            let _ = to.flush().await;
        };
        let incoming = async {
            while let Some((first, payload)) = next(&mut from).await {
                if first != FIN | BINARY || writes.write_all(&payload).await.is_err() {
                    break;
                }
            }
            let _ = writes.shutdown().await;
        };
        tokio::join!(outgoing, incoming);
    });
    near
}

/// Opens a WebSocket of a process, and sends bytes in one message.
pub async fn half_a_message(process: &Process, protocol: &str, bytes: &[u8]) -> Stream {
    let mut stream = process.dial(process.https).await;
    assert!(open(&mut stream, &request(protocol, "")).await.starts_with("HTTP/1.1 101 "));
    stream.write_all(&frame(BINARY, bytes)).await.unwrap();
    stream.flush().await.unwrap();
    stream
}
