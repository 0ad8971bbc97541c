//! Every number of every performative at its ends, before anybody is proven and after: the others are served meanwhile,
//! and the gateway stops when it is told to.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use core::time::Duration;

use common::client::*;
use common::frames::*;
use common::process::Process;
use common::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hubward-gateway");
/// So long may an answer take while the machine is busy with other tests. What is held up here takes minutes.
const SOON: Duration = Duration::from_secs(10);

/// How a field is written.
type Write = fn(u32) -> Vec<u8>;

const UBYTE: Write = |value| ubyte(u8::try_from(value >> 24 | value & 1).unwrap());
const USHORT: Write = |value| ushort(u16::try_from(value >> 16 | value & 1).unwrap());
const ULONG: Write = |value| ulong(u64::from(value) << 32 | u64::from(value));

/// The unsigned fields of performatives, by code and index. `end` and `close` have none.
const FIELDS: [(u8, usize, Write); 28] = [
    (0x10, 2, uint),
    (0x10, 3, USHORT),
    (0x10, 4, uint),
    (0x11, 0, USHORT),
    (0x11, 1, uint),
    (0x11, 2, uint),
    (0x11, 3, uint),
    (0x11, 4, uint),
    (0x12, 1, uint),
    (0x12, 3, UBYTE),
    (0x12, 4, UBYTE),
    (0x12, 9, uint),
    (0x12, 10, ULONG),
    (0x13, 0, uint),
    (0x13, 1, uint),
    (0x13, 2, uint),
    (0x13, 3, uint),
    (0x13, 4, uint),
    (0x13, 5, uint),
    (0x13, 6, uint),
    (0x13, 7, uint),
    (0x14, 0, uint),
    (0x14, 1, uint),
    (0x14, 3, uint),
    (0x14, 6, UBYTE),
    (0x15, 1, uint),
    (0x15, 2, uint),
    (0x16, 0, uint),
];

/// What a client says from `open` to `close`, in order: a link for answers and one for tokens, and a token that is none.
fn script() -> Vec<(u8, Vec<Vec<u8>>)> {
    let terminus = |code| described(code, &[text("$cbs")]);
    let attach = |name: &str, handle, receiver| {
        let (source, target) = (terminus(0x28), terminus(0x29));
        let fields = [text(name), uint(handle), boolean(receiver), ubyte(2), ubyte(0), source, target];
        fields.into_iter().chain([null(), null(), uint(0), ulong(0)]).collect()
    };
    let (none, some) = (null(), uint(100));
    vec![
        (0x10, vec![text("sweep"), text("localhost"), uint(65_536), ushort(3), uint(60_000)]),
        (0x11, vec![null(), uint(0), uint(100), uint(100), uint(10)]),
        (0x12, attach("answers", 1, true)),
        (0x12, attach("puts", 0, false)),
        (
            0x13,
            vec![
                uint(0),
                some.clone(),
                uint(0),
                some.clone(),
                uint(1),
                uint(0),
                some,
                none.clone(),
                boolean(false),
                boolean(true),
            ],
        ),
        (0x14, vec![uint(0), uint(0), binary(b"1"), uint(0), boolean(false), boolean(false), none]),
        (0x15, vec![boolean(true), uint(0), uint(0), boolean(true)]),
        (0x15, vec![boolean(true), uint(0), uint(0), boolean(false)]),
        (0x16, vec![uint(0), boolean(true)]),
        (0x17, vec![]),
        (0x18, vec![]),
    ]
}

fn said(script: &[(u8, Vec<Vec<u8>>)]) -> Vec<u8> {
    let frames = script.iter().map(|(code, fields)| match code {
        // a message: a value that is a text
        0x14 => frame(false, &[described(0x14, fields), vec![0, 0x53, 0x77], text("no token")].concat()),
        code => performative(*code, fields),
    });
    frames.collect::<Vec<_>>().concat()
}

/// A connection on which SASL has let `dev1` in, or on which nobody is proven.
async fn begun(process: &Process, proven: bool) -> Stream {
    let mut stream = process.dial(process.amqps).await;
    if proven {
        let token = dev1_token(&key_of(&process.device), now() + 3600);
        let bytes = [SASL, &plain("dev1@sas.localhost", &token)].concat();
        stream.write_all(&bytes).await.unwrap();
        let mut answer = Vec::new();
        // until the outcome and its code are there
        while !answer.windows(4).any(|part| part == [0x50, 0, 0x41, 0x4d]) && !answer.ends_with(&[1, 0x50, 0])
        {
            answer.push(stream.read_u8().await.unwrap());
        }
    }
    stream.write_all(AMQP).await.unwrap();
    stream
}

/// Says the script in parts: the codec takes no frames of a session before it has answered `begin`. The gateway may close
/// at any time. The codes of the performatives that it said.
async fn converse(stream: &mut Stream, script: &[(u8, Vec<Vec<u8>>)]) -> Vec<u8> {
    let mut answer = Vec::new();
    let codes = |answer: &[u8]| -> Vec<u8> {
        let all = answer.windows(3).filter(|at| at[..2] == [0, 0x53] && (0x10..=0x18).contains(&at[2]));
        all.map(|at| at[2]).collect()
    };
    for (part, code, times) in [
        (&script[..2], 0x11, 1),
        (&script[2..4], 0x12, 2),
        (&script[4..8], 0x15, 1),
        (&script[8..10], 0x17, 1),
        (&script[10..], 0x18, 1),
    ] {
        if stream.write_all(&said(part)).await.is_err() || stream.flush().await.is_err() {
            break;
        }
        let answered = async {
            while codes(&answer).iter().filter(|its| **its == code).count() < times {
                match stream.read_u8().await {
                    Ok(byte) => answer.push(byte),
                    Err(_) => return false,
                }
            }
            true
        };
        // an altered script may have no answer
        if timeout(Duration::from_millis(500), answered).await == Ok(false) {
            break;
        }
    }
    codes(&answer)
}

#[tokio::test]
async fn what_is_altered_is_understood_as_it_is() {
    let process = Process::start(PROGRAM, &["--refusal-delay", "0"]);
    for proven in [false, true] {
        let mut stream = begun(&process, proven).await;
        let codes = converse(&mut stream, &script()).await;
        let all = [0x10, 0x11, 0x12, 0x13, 0x15, 0x16, 0x17, 0x18];
        assert!(all.iter().all(|code| codes.contains(code)), "{codes:x?}");
    }
}

/// The others: a module over MQTT that was there before, and whoever asks for `/healthz`.
struct Bystander(Stream);

impl Bystander {
    async fn new(process: &Process) -> Self {
        let mut stream = process.dial(process.mqtt).await;
        // the module: the device connects over AMQP
        let username = "localhost/dev1/mod1/?api-version=2021-04-12";
        let token = mod1_token(&key_of(&process.module), now() + 3600);
        assert_eq!(ask(&mut stream, &connect("dev1/mod1", username, Some(&token), None)).await, connack(0));
        Self(stream)
    }

    async fn is_served(&mut self, what: &str) {
        let answer = timeout(SOON, ask(&mut self.0, &PINGREQ)).await;
        assert_eq!(answer, Ok(Some(PINGRESP)), "after {what}");
    }
}

async fn is_healthy(process: &Process) {
    let asked = async {
        let mut stream = process.dial(process.https).await;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
    };
    timeout(SOON, asked).await.unwrap();
}

#[tokio::test]
async fn every_number_at_its_ends_holds_nobody_up() {
    let process = Process::start(PROGRAM, &["--refusal-delay", "0"]);
    let mut bystander = Bystander::new(&process).await;
    // what is open stays, with whatever it has the gateway do
    let mut open = Vec::new();
    for proven in [false, true] {
        for (code, index, write) in FIELDS {
            for value in [0, 1, 1 << 31, u32::MAX] {
                let mut script = script();
                let fields = script.iter_mut().filter(|(its, _)| *its == code);
                fields.for_each(|(_, fields)| fields[index] = write(value));
                let mut stream = begun(&process, proven).await;
                converse(&mut stream, &script).await;
                bystander.is_served(&format!("{code:#04x} {index}: {value}, proven: {proven}")).await;
                open.push(stream);
            }
        }
        is_healthy(&process).await;
    }
    bystander.is_served("all of them").await;
    assert!(process.terminate(Duration::from_secs(15)).await, "it did not stop in its time");
}

#[tokio::test]
async fn dispositions_of_all_deliveries_hold_nobody_up() {
    let process = Process::start(PROGRAM, &["--refusal-delay", "0"]);
    let mut bystander = Bystander::new(&process).await;
    let mut open = Vec::new();
    for proven in [false, true] {
        for (last, settled) in [(u32::MAX, true), (u32::MAX, false), (255, true), (255, false)] {
            let script = &script()[..2];
            let disposition = [boolean(true), uint(0), uint(last), boolean(settled)];
            let many = performative(0x15, &disposition).repeat(256);
            let mut stream = begun(&process, proven).await;
            let _ = stream.write_all(&[said(script), many].concat()).await;
            let _ = stream.flush().await;
            bystander.is_served(&format!("{last} {settled} {proven}")).await;
            is_healthy(&process).await;
            open.push(stream);
        }
    }
    assert!(process.terminate(Duration::from_secs(15)).await, "it did not stop in its time");
}

/// The codec of a session with a refused link would wait for the peer's `end` without sleeping.
#[tokio::test]
async fn a_link_name_in_use_closes_the_connection_at_once() {
    let process = Process::start(PROGRAM, &["--refusal-delay", "0", "--write-timeout", "60"]);
    for proven in [false, true] {
        let mut stream = begun(&process, proven).await;
        let mut script = script();
        // the second of the same name and role, on another handle
        script[2] = script[3].clone();
        script[2].1[1] = uint(1);
        stream.write_all(&said(&script[..4])).await.unwrap();
        let mut rest = Vec::new();
        let closed = timeout(SOON, stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "proven: {proven}");
    }
}
