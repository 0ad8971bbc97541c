//! Connections of honest clients and of hostile peers, and one that records its bytes.

use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, copy, duplex, split};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::{Dice, Door, HOSTILE};
use crate::common::client::Stream;

/// Connects an honest client.
pub async fn honest(door: &Door, to: SocketAddr) -> io::Result<Stream> {
    crate::common::client::dial(&door.process.tls, to).await
}

/// Returns an address of a hostile peer.
pub fn hostile_address(dice: &mut Dice) -> [u8; 4] {
    [127, HOSTILE, u8::try_from(dice.roll(64)).unwrap(), dice.byte()]
}

/// Connects from an address without TLS.
pub async fn tcp(from: [u8; 4], to: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    socket.connect(to).await
}

/// Connects from an address.
pub async fn dial(door: &Door, from: [u8; 4], to: SocketAddr) -> io::Result<Stream> {
    door.process.tls.connect("localhost".try_into().unwrap(), tcp(from, to).await?).await
}

/// Connects an honest client, and records what it writes on the wire.
pub async fn recorded(
    door: &Door,
    to: SocketAddr,
) -> io::Result<(TlsStream<DuplexStream>, Arc<Mutex<Vec<u8>>>)> {
    let record = Arc::new(Mutex::new(Vec::new()));
    let (near, far) = duplex(64 * 1024);
    let (mut from_client, mut to_client) = split(far);
    let (mut from_gateway, mut to_gateway) = TcpStream::connect(to).await?.into_split();
    let wire = Arc::clone(&record);
    tokio::spawn(async move {
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = from_client.read(&mut bytes).await {
            wire.lock().unwrap().extend_from_slice(&bytes[..length]);
            if to_gateway.write_all(&bytes[..length]).await.is_err() {
                break;
            }
        }
    });
    tokio::spawn(async move {
        let _ = copy(&mut from_gateway, &mut to_client).await;
        let _ = to_client.shutdown().await;
    });
    let stream = door.process.tls.connect("localhost".try_into().unwrap(), near).await?;
    Ok((stream, record))
}

/// The way in which a hostile peer sends its bytes.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    AtOnce,
    /// In pieces, with pauses.
    Pieces,
    /// A few bytes, each after a pause, and then nothing.
    Slow,
}

/// Sends bytes, and returns what is answered. The peer closes its side, or waits for the gateway to close.
pub async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    bytes: &[u8],
    pace: Pace,
    closes: bool,
) -> Vec<u8> {
    let (pieces, pause): (Vec<&[u8]>, _) = match pace {
        Pace::AtOnce => (vec![bytes], Duration::ZERO),
        Pace::Pieces => (bytes.chunks(bytes.len().div_ceil(4).max(1)).collect(), Duration::from_millis(20)),
        Pace::Slow => (bytes.chunks(1).take(12).collect(), Duration::from_millis(60)),
    };
    let mut answer = Vec::new();
    for piece in pieces {
        if stream.write_all(piece).await.is_err() || stream.flush().await.is_err() {
            break;
        }
        if !pause.is_zero() {
            // paced by the wait for an answer, which need not come
            let _ = timeout(pause, stream.read_buf(&mut answer)).await;
        }
    }
    if closes {
        let _ = stream.shutdown().await;
    }
    let wait = if closes { Duration::from_secs(2) } else { Duration::from_millis(700) };
    let _ = timeout(wait, async {
        while answer.len() < 64 * 1024 && stream.read_buf(&mut answer).await.is_ok_and(|read| read > 0) {}
    })
    .await;
    answer
}
