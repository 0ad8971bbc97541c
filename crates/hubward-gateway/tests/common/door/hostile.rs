//! Hostile peers of each listener: garbage, cut and slow bytes, half handshakes, wrong and replayed credentials, and frames that no
//! client sends. None has a credential that admits it.

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;

use tokio::time::{sleep, timeout};

use super::claims::{self, Claim};
use super::streams::{Pace, dial, exchange, hostile_address, tcp};
use super::{Dice, Door, http};
use crate::common::amqp::Amqp;
use crate::common::client::{PINGREQ, Stream, connect, packet, publish, subscribe};
use crate::common::{frames, websocket};
use crate::dps;
use crate::link;

/// Recorded bytes of honest clients on the wire, TLS records, each with its listener.
pub type Recorded = Arc<Vec<(SocketAddr, Vec<u8>)>>;

/// The kinds of attacks.
pub const KINDS: [&str; 9] = [
    "TLS",
    "MQTT",
    "MQTT over a WebSocket",
    "AMQP",
    "AMQP over a WebSocket",
    "put-token",
    "HTTPS",
    "WebSocket",
    "console or metrics",
];

/// Attacks one listener after another, until the test ends.
pub async fn attack(door: Arc<Door>, recorded: Recorded, number: usize, pause: Duration) {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ u64::try_from(number).unwrap());
    for kind in (0..KINDS.len()).cycle().skip(number) {
        if door.stopped() {
            break;
        }
        let seed = dice.bytes(8).try_into().unwrap();
        let one = once(Arc::clone(&door), Arc::clone(&recorded), kind, seed);
        // a task of its own: a helper of the tests may panic if its connection ends
        if let Ok(Ok(Some(got))) = tokio::spawn(timeout(Duration::from_secs(20), one)).await {
            door.record().fault(got);
        }
        sleep(pause).await;
    }
}

/// Attacks once, and counts it when it has connected. Returns what the peer was given, if it was let in.
async fn once(door: Arc<Door>, recorded: Recorded, kind: usize, seed: [u8; 8]) -> Option<String> {
    let mut dice = Dice(u64::from_le_bytes(seed) | 1);
    let from = hostile_address(&mut dice);
    let connected = || door.record().count(&format!("attacks: {}", KINDS[kind]));
    let process = &door.process;
    match kind {
        0 => {
            half_tls(from, &recorded, &mut dice, connected).await;
            None
        }
        1 => {
            let bytes = mqtt_bytes(&door, &mut dice);
            let stream = dial(&door, from, process.mqtt).await.ok()?;
            connected();
            is_admitted(&sent(stream, bytes, &mut dice).await)
        }
        2 => {
            let stream = dial(&door, from, process.https).await.ok()?;
            let (bytes, parts) = (mqtt_bytes(&door, &mut dice), 1 + dice.roll(3));
            let stream = websocket::tunnel(stream, "mqtt", parts).await;
            connected();
            is_admitted(&sent(stream, bytes, &mut dice).await)
        }
        3 => {
            let bytes = amqp_bytes(&door, &mut dice);
            let stream = dial(&door, from, process.amqps).await.ok()?;
            connected();
            is_authenticated(&sent(stream, bytes, &mut dice).await)
        }
        4 => {
            let stream = dial(&door, from, process.https).await.ok()?;
            let (bytes, parts) = (amqp_bytes(&door, &mut dice), 1 + dice.roll(3));
            let stream = websocket::tunnel(stream, "amqp", parts).await;
            connected();
            is_authenticated(&sent(stream, bytes, &mut dice).await)
        }
        5 => put_token(&door, from, &mut dice, connected).await,
        6 => requests(&door, from, &mut dice, connected).await,
        7 => broken_websocket(&door, from, &mut dice, connected).await,
        _ => plain_listeners(&door, from, &mut dice, connected).await,
    }
}

/// Sends bytes in one of the paces, and returns the answer.
async fn sent(
    mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    bytes: Vec<u8>,
    dice: &mut Dice,
) -> Vec<u8> {
    let pace = [Pace::AtOnce, Pace::AtOnce, Pace::Pieces, Pace::Slow][dice.roll(4)];
    exchange(&mut stream, &bytes, pace, dice.roll(2) == 0).await
}

fn is_admitted(answer: &[u8]) -> Option<String> {
    answer.starts_with(&[0x20, 2, 0, 0]).then(|| "let in by a CONNACK".into())
}

/// Returns whether an answer has the SASL outcome `ok`.
fn is_authenticated(answer: &[u8]) -> Option<String> {
    let outcome = answer.windows(3).position(|part| part == [0, 0x53, 0x44])?;
    // a list of one field, which is a byte
    let code = answer[outcome..].windows(2).find(|part| part[0] == 0x50)?;
    (code[1] == 0).then(|| "let in by SASL".into())
}

/// A handshake that is not completed: nothing, plain bytes, a part of a recorded one, all of it again, or with changes.
async fn half_tls(from: [u8; 4], recorded: &Recorded, dice: &mut Dice, connected: impl Fn()) {
    let (listener, wire) = &recorded[dice.roll(recorded.len())];
    let mut bytes = wire.clone();
    match dice.roll(6) {
        0 => bytes.clear(),
        1 => bytes = [&packet(0x10, b"\0\x04MQTT\x04\0\0\x3c\0\x01x")[..], frames::AMQP].concat(),
        2 => bytes.truncate(dice.roll(400)),
        3 => {}
        4 => bytes = dice.bytes(300),
        _ => mangle(&mut bytes, dice),
    }
    if let Ok(stream) = tcp(from, *listener).await {
        connected();
        // the log tells whether one was let in
        sent(stream, bytes, dice).await;
    }
}

/// Changes bytes in up to three places.
fn mangle(bytes: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..dice.roll(4) {
        let at = dice.roll(bytes.len());
        match dice.roll(5) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << dice.roll(8),
            1 => bytes.truncate(at + 1),
            2 => bytes.insert(at, dice.byte()),
            3 => bytes.extend_from_within(at..),
            _ => {
                let more = dice.roll(40);
                bytes.extend(dice.bytes(more));
            }
        }
    }
}

fn mqtt_bytes(door: &Door, dice: &mut Dice) -> Vec<u8> {
    let mut bytes = match dice.roll(8) {
        0..4 => {
            let Claim { id, token } = claims::device(door, dice);
            connect(id, &format!("localhost/{id}/?api-version=2021-04-12"), Some(&token), None)
        }
        4 | 5 => {
            let Claim { id, token } = claims::registration(dice);
            dps::register_connect(id, Some(&token))
        }
        6 => {
            let seeds: [Vec<u8>; 5] = [
                publish("devices/victim/messages/events/", 1, b"x"),
                subscribe(&["devices/victim/messages/devicebound/#"]),
                PINGREQ.into(),
                // lengths of 256 MiB, and of more than a CONNECT may have
                vec![0x30, 0xff, 0xff, 0xff, 0x7f],
                vec![0x10, 0xff, 0xff, 0x7f],
            ];
            seeds[dice.roll(5)].clone()
        }
        _ => dice.bytes(200),
    };
    if dice.roll(3) == 0 {
        // packets that only an admitted device may send
        bytes.extend(publish("devices/victim/messages/events/", 1, b"x"));
    }
    mangle(&mut bytes, dice);
    bytes
}

fn amqp_bytes(door: &Door, dice: &mut Dice) -> Vec<u8> {
    use frames::*;
    let open = performative(0x10, &[text("x")]);
    let begin = performative(0x11, &[null(), uint(0), uint(10), uint(10)]);
    let attach = |address: &str| {
        let (source, target) = (described(0x28, &[text(address)]), described(0x29, &[text(address)]));
        performative(0x12, &[text("l"), uint(0), boolean(false), ubyte(2), ubyte(0), source, target])
    };
    let sasl = |id: String, token: &str| [SASL, &plain(&id, token)].concat();
    let mut bytes = match dice.roll(8) {
        0..3 => {
            let Claim { id, token } = claims::device(door, dice);
            sasl(format!("{id}@sas.localhost"), &token)
        }
        3 | 4 => {
            let Claim { id, token } = claims::registration(dice);
            sasl(link::address(id), &token)
        }
        // links without authentication
        5 => [AMQP, &open, &begin, &attach("/devices/victim/messages/events")].concat(),
        // a frame of 2 GiB
        6 => [AMQP, &[0x7f, 0xff, 0xff, 0xff, 2, 0, 0, 0]].concat(),
        _ => dice.bytes(200),
    };
    if dice.roll(2) == 0 {
        // what an authenticated device would send
        bytes.extend([AMQP, &open, &begin, &attach("/devices/victim/messages/events")].concat());
    }
    mangle(&mut bytes, dice);
    bytes
}

/// Puts a wrong token on `$cbs`, or attaches links without one.
async fn put_token(door: &Door, from: [u8; 4], dice: &mut Dice, connected: impl Fn()) -> Option<String> {
    let stream = dial(door, from, door.process.amqps).await.ok()?;
    let mut amqp = Amqp::open(stream, None).await.ok()?;
    connected();
    let Claim { id, token } = claims::device(door, dice);
    let status = amqp.cbs().await.put(&format!("localhost/devices/{id}"), &token).await;
    if status == 200 {
        return Some("a token is accepted on $cbs".into());
    }
    amqp.sends(&format!("/devices/{id}/messages/events")).await.then(|| "a link without a token".into())
}

/// Requests by wrong credentials, and heads that are no requests.
async fn requests(door: &Door, from: [u8; 4], dice: &mut Dice, connected: impl Fn()) -> Option<String> {
    let stream = dial(door, from, door.process.https).await.ok()?;
    connected();
    let authorization = |token: &str| format!("Authorization: {token}\r\n");
    let (request, headers) = match dice.roll(8) {
        0 | 1 => {
            let Claim { id, token } = claims::device(door, dice);
            (format!("POST /devices/{id}/messages/events?api-version=2021-04-12"), authorization(&token))
        }
        2 => {
            let Claim { id, token } = claims::registration(dice);
            (format!("PUT /{}/registrations/{id}/register", dps::SCOPE), authorization(&token))
        }
        3 | 4 => {
            let what =
                ["GET /devices", "DELETE /devices/victim", "PUT /devices/new", "GET /enrollments/sn-own"];
            let all = "If-Match: *\r\n";
            (what[dice.roll(4)].into(), authorization(&claims::service(door, dice)) + all)
        }
        5 => {
            // two credentials, two lengths
            let token = claims::service(door, dice);
            ("GET /devices".into(), authorization(&token) + &authorization(&token) + "Content-Length: 5\r\n")
        }
        6 => {
            // a head beyond its limit, and one that never ends
            let bytes = format!("GET /devices HTTP/1.1\r\nX: {}", "x".repeat(dice.roll(80_000)));
            return refused("an endless head", &sent(stream, bytes.into_bytes(), dice).await);
        }
        _ => {
            let token = claims::service(door, dice);
            let mut bytes = http::text("GET /devices", &authorization(&token), "").into_bytes();
            mangle(&mut bytes, dice);
            return refused("a mangled request", &sent(stream, bytes, dice).await);
        }
    };
    let body = ["", "{}", "hello"][dice.roll(3)];
    let (status, _) = http::send(stream, &request, &headers, body).await?;
    (200..300).contains(&status).then(|| format!("{request}: {status}"))
}

fn refused(what: &str, answer: &[u8]) -> Option<String> {
    answer.starts_with(b"HTTP/1.1 2").then(|| format!("{what} is answered by success"))
}

/// Malformed requests for WebSockets, and frames that no client sends.
async fn broken_websocket(
    door: &Door,
    from: [u8; 4],
    dice: &mut Dice,
    connected: impl Fn(),
) -> Option<String> {
    use websocket::*;
    let mut stream: Stream = dial(door, from, door.process.https).await.ok()?;
    connected();
    let protocol = ["mqtt", "AMQPWSB10", "amqp"][dice.roll(3)];
    let broken = |text: String| match text.len() % 4 {
        0 => text.replace("Version: 13", "Version: 12"),
        1 => text.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"),
        2 => text.replace("Protocol: ", "Protocol: soap, "),
        _ => text.replace("Connection: Upgrade", "Connection: close"),
    };
    let more: String = match dice.roll(6) {
        0 => "Sec-WebSocket-Extensions: permessage-deflate\r\n".into(),
        1 => format!("X: {}\r\n", "x".repeat(dice.roll(20_000))),
        2 => "Origin: https://other.example\r\n".into(),
        _ => "X: ".to_owned() + &"y".repeat(dice.roll(4)) + "\r\n",
    };
    let request = request(protocol, &more);
    if dice.roll(4) == 0 {
        let answer = sent(stream, broken(request).into_bytes(), dice).await;
        return answer
            .windows(4)
            .position(|part| part == b"\r\n\r\n")
            .and_then(|at| is_admitted(&answer[at + 4..]));
    }
    if !open(&mut stream, &request).await.starts_with("HTTP/1.1 101 ") {
        return None;
    }
    let Claim { id, token } = claims::device(door, dice);
    let packet = connect(id, &format!("localhost/{id}/?api-version=2021-04-12"), Some(&token), None);
    let bytes = match dice.roll(9) {
        0 => unmasked(FIN | BINARY, &packet),
        1 => frame(FIN | TEXT, &packet),
        2 => frame(FIN | CONTINUATION, &packet),
        // a message that begins within another, and a control frame in two parts
        3 => [frame(BINARY, &packet[..20]), frame(FIN | BINARY, &packet[20..])].concat(),
        4 => [frame(PING, b"p"), frame(FIN | CONTINUATION, b"p")].concat(),
        5 => head(FIN | BINARY, [9000, 1 << 20, 1 << 40][dice.roll(3)], true),
        6 => frame(FIN | BINARY | 0x40, &packet),
        7 => frame(BINARY, b"").repeat(200),
        _ => {
            let mut bytes = frame(FIN | BINARY, &packet);
            mangle(&mut bytes, dice);
            bytes
        }
    };
    let answer = sent(stream, bytes, dice).await;
    (answer.first() == Some(&(FIN | BINARY))).then(|| is_admitted(answer.get(2..)?)).flatten()
}

/// Requests to the console by wrong tokens and from other sites, and garbage for it and for the metrics.
async fn plain_listeners(
    door: &Door,
    from: [u8; 4],
    dice: &mut Dice,
    connected: impl Fn(),
) -> Option<String> {
    let to = if dice.roll(4) == 0 { door.metrics } else { door.console };
    let stream = tcp(from, to).await.ok()?;
    connected();
    if to == door.metrics || dice.roll(3) == 0 {
        let mut bytes = http::text("GET /api/sessions", "", "").into_bytes();
        mangle(&mut bytes, dice);
        let answer = sent(stream, bytes, dice).await;
        // the page itself is for everyone
        return String::from_utf8_lossy(&answer).contains("\"sessions\"").then(|| "garbage lets in".into());
    }
    let (host, token) = match dice.roll(4) {
        // a valid token from another name: DNS rebinding
        0 => ("rebound.example".into(), door.owner_token()),
        _ => (door.console.to_string(), claims::service(door, dice)),
    };
    let path = ["/api/sessions", "/api/refusals", "/api/rates"][dice.roll(3)];
    let headers = format!("Host: {host}\r\nAuthorization: {token}\r\n");
    let (status, _) = http::send(stream, &format!("GET {path}"), &headers, "").await?;
    (200..300).contains(&status).then(|| format!("the console shows {path}"))
}
