//! Peers that send as many bytes as they may before authentication, and wait.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::client::{Stream, packet};
use super::frames::*;
use super::process::Process;
use super::websocket;

/// The transports, for AMQP with the last step of the client.
pub const KINDS: [&str; 9] = [
    "tls",
    "mqtt",
    "https",
    "amqp header",
    "amqp open",
    "amqp begin",
    "amqp attach",
    "websocket mqtt",
    "websocket amqp",
];

/// Returns the bytes of a peer, close to the limit of its transport.
fn bytes(kind: &str) -> Vec<u8> {
    match kind {
        // a handshake only
        "tls" => Vec::new(),
        // a CONNECT of nearly 8 KiB without its end
        "mqtt" => {
            let mut bytes = packet(0x10, &[b'x'; 8000]);
            bytes[..10].copy_from_slice(b"\x10\xc0\x3e\x00\x04MQTT\x04");
            bytes.truncate(7900);
            bytes
        }
        // an incomplete head
        "https" => [b"GET /devices/dev1 HTTP/1.1\r\nHost: localhost\r\nX: ", &[b'x'; 15_000][..]].concat(),
        // a link with a long name, and an incomplete frame
        _ => {
            let open = performative(0x10, &[text("x")]);
            let begin = performative(0x11, &[null(), uint(0), uint(10), uint(10)]);
            let (source, target) = (described(0x28, &[text("$cbs")]), described(0x29, &[text("$cbs")]));
            let name = text(&"x".repeat(900));
            let fields = [name, uint(0), boolean(false), ubyte(2), ubyte(0), source, target];
            let attach = performative(0x12, &fields);
            let transfer = described(0x14, &[uint(0), uint(0), binary(b"1"), uint(0), boolean(true)]);
            let message = frame(false, &[transfer, vec![0, 0x53, 0x75], binary(&[b'x'; 8000])].concat());
            let half = &message[..8000];
            match kind {
                "amqp header" => AMQP.into(),
                "amqp open" => [AMQP, &open].concat(),
                "amqp begin" => [AMQP, &open, &begin].concat(),
                _ => [AMQP, &open, &begin, &attach, half].concat(),
            }
        }
    }
}

/// Connects, sends the bytes, and reads the gateway's answers to them.
pub async fn unauthenticated_peer(process: &Process, kind: &str) -> Stream {
    match kind {
        "websocket mqtt" => return websocket::half_a_message(process, "mqtt", &bytes("mqtt")).await,
        "websocket amqp" => return websocket::half_a_message(process, "AMQPWSB10", &[b'x'; 8000]).await,
        _ => {}
    }
    let address = match kind {
        "mqtt" | "tls" => process.mqtt,
        "https" => process.https,
        _ => process.amqps,
    };
    let mut stream = process.dial(address).await;
    stream.write_all(&bytes(kind)).await.unwrap();
    stream.flush().await.unwrap();
    let last: &[u8] = match kind {
        "amqp header" => AMQP,
        "amqp open" => &[0, 0x53, 0x10],
        "amqp begin" => &[0, 0x53, 0x11],
        "amqp attach" => &[0, 0x53, 0x12],
        _ => &[],
    };
    let mut answer = Vec::new();
    while !answer.ends_with(last) {
        answer.push(stream.read_u8().await.unwrap());
    }
    stream
}
