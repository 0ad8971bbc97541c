//! One gateway process with every listener under chaos: MQTT, AMQP and HTTPS, both over WebSockets, the provisioning service on each of
//! them, and the console. Honest clients come by every way and must be admitted while the store is there, and refused while it is
//! gone; hostile peers must never be let in, by their own view and by the gateway's log; `/readyz` and `/healthz` must tell the truth;
//! and memory, files and connections must not grow. It takes seconds, and 30 minutes with HUBWARD_LONG.
#![cfg(target_os = "linux")]
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod common;
#[path = "common/door/mod.rs"]
mod door;
#[path = "common/provisioning.rs"]
mod dps;
#[path = "common/registration_link.rs"]
mod link;

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use common::client::{ask, connack, publish};
use common::frames;
use door::honest::{WAYS, come, device_connect, hold, insider};
use door::hostile::{KINDS, Recorded, attack};
use door::probes::{health, lose_the_store, median, memory};
use door::{Door, Phase, streams};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

/// KiB by which the median of the resident memory in the last quarter may exceed that in the second quarter. The first quarter
/// fills caches and tables of bounded size: refusals and budgets of addresses, and the arenas of the allocator.
const MARGIN: u64 = 8 * 1024;

/// The measures of a run.
struct Measures {
    time: Duration,
    attackers: usize,
    /// Between two attacks of one attacker, and between two attempts of one honest client.
    pauses: (Duration, Duration),
    /// The times with the store, and the times without it, in turns.
    with_store: Vec<Duration>,
    without: Vec<Duration>,
    /// The seconds of the feed's timeout, and of the limits on handshakes, CONNECTs and writes.
    feed_timeout: &'static str,
    patience: &'static str,
}

impl Measures {
    fn short() -> Self {
        let (pause, honest) = (Duration::from_millis(20), Duration::from_millis(100));
        Self {
            time: Duration::from_secs(7),
            attackers: 8,
            pauses: (pause, honest),
            with_store: vec![Duration::from_millis(2500), Duration::from_secs(60)],
            without: vec![Duration::from_millis(500); 2],
            feed_timeout: "1",
            patience: "3",
        }
    }

    fn long() -> Self {
        let minutes =
            std::env::var("HUBWARD_MINUTES").ok().and_then(|minutes| minutes.parse().ok()).unwrap_or(30);
        let seconds = |seconds: &[u64]| seconds.iter().map(|seconds| Duration::from_secs(*seconds)).collect();
        Self {
            time: Duration::from_secs(60 * minutes),
            attackers: 24,
            pauses: (Duration::from_millis(50), Duration::from_millis(500)),
            with_store: seconds(&[60, 20, 45, 90]),
            // the second one is longer than the grace: sessions end
            without: seconds(&[3, 20, 8, 1]),
            // longer than other work on the machine keeps a thread of the gateway from running
            feed_timeout: "20",
            patience: "10",
        }
    }
}

/// Returns the program of this build, or of the folder `HUBWARD_PROGRAMS`: a long run measures that of a release.
fn program() -> PathBuf {
    let own = || Path::new(env!("CARGO_BIN_EXE_hubward-gateway")).parent().unwrap().to_path_buf();
    std::env::var_os("HUBWARD_PROGRAMS").map_or_else(own, PathBuf::from).join("hubward-gateway")
}

/// Records what an honest client writes on each listener.
async fn record(door: &Door) -> Recorded {
    let mut all = Vec::new();
    let amqp = [frames::SASL, &frames::plain("h-amqp@sas.localhost", &door::own_token("h-amqp"))].concat();
    let https = door::http::text("GET /devices", &format!("Authorization: {}\r\n", door.owner_token()), "")
        .into_bytes();
    let process = &door.process;
    for (to, bytes) in
        [(process.mqtt, device_connect("h-mqtt")), (process.amqps, amqp), (process.https, https)]
    {
        let (mut stream, wire) = streams::recorded(door, to).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        stream.flush().await.unwrap();
        assert!(stream.read_u8().await.is_ok(), "it is answered");
        all.push((to, wire.lock().unwrap().clone()));
    }
    Arc::new(all)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_hostile_peer_is_let_in_on_any_listener() {
    let long = std::env::var_os("HUBWARD_LONG").is_some();
    let measures = if long { Measures::long() } else { Measures::short() };
    let program = program();
    let Measures { feed_timeout, patience, .. } = measures;
    let arguments = ["--feed-timeout", feed_timeout, "--feed-grace", "30", "--drain-notice", "5"];
    let limits =
        ["--handshake-timeout", patience, "--connect-timeout", patience, "--write-timeout", patience];
    let door = Door::start(program.to_str().unwrap(), &[&arguments[..], &limits].concat()).await;
    let recorded = record(&door).await;
    // attempts may fail in helpers of the tests, which panic on threads of the runtime
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name().is_none_or(|name| !name.starts_with("tokio")) {
            hook(panic);
        }
    }));
    let sampling = tokio::spawn(memory(Arc::clone(&door), measures.time / 200));
    let files = door.process.files();
    let mut tasks = Vec::new();
    let (pause, honest) = measures.pauses;
    for way in WAYS {
        tasks.push(tokio::spawn(come(Arc::clone(&door), way, honest)));
    }
    tasks.push(tokio::spawn(hold(Arc::clone(&door), honest)));
    tasks.push(tokio::spawn(health(Arc::clone(&door), honest)));
    tasks.push(tokio::spawn(inside(Arc::clone(&door), honest)));
    for attacker in 0..measures.attackers {
        tasks.push(tokio::spawn(attack(Arc::clone(&door), Arc::clone(&recorded), attacker, pause)));
    }
    let (with, without) = (measures.with_store.clone(), measures.without.clone());
    let losses = tokio::spawn(lose_the_store(Arc::clone(&door), with, without));
    let start = Instant::now();
    sleep(measures.time).await;
    door.stop();
    for task in tasks {
        task.await.unwrap();
    }
    let ends = timeout(Duration::from_secs(120), async {
        // the store comes back first, if it is gone
        while door.phase().0 != Phase::Healthy {
            sleep(Duration::from_millis(50)).await;
        }
    });
    ends.await.unwrap();
    losses.abort();
    let _ = losses.await;
    let samples = sampling.await.unwrap();
    let left = everything_ends(&door, files).await;
    let drained = drain(&door).await;
    let _ = std::panic::take_hook();

    report(&door, &measures, start.elapsed(), &samples, left);
    let faults = door.record().faults.lock().unwrap().clone();
    assert!(faults.is_empty(), "{faults:#?}");
    did_something(&door, long);
    let grown = quarter(&samples, 3).saturating_sub(quarter(&samples, 1));
    assert!(grown <= MARGIN, "the memory grew by {grown} KiB, at most {MARGIN}");
    assert_eq!(left, (0, 0), "connections and files are left");
    assert!(drained, "the checks of a gateway that is about to stop");
    let door = Arc::into_inner(door).unwrap();
    assert!(door.process.terminate(Duration::from_secs(30)).await, "it ends by itself");
}

async fn inside(door: Arc<Door>, pause: Duration) {
    while !door.stopped() {
        let again = Arc::clone(&door);
        let one = async move { insider(&again).await };
        if let Ok(Ok(Some(got))) = tokio::spawn(timeout(Duration::from_secs(20), one)).await {
            door.record().fault(got);
        }
        sleep(pause).await;
    }
}

/// Waits until the connections of all peers have ended, and returns those that are left, and the files.
async fn everything_ends(door: &Door, files: usize) -> (i64, usize) {
    let mut left = (0, 0);
    for _ in 0..300 {
        let open = door.metric("hubward_connections_open ").await.unwrap_or(i64::MAX);
        // the store's readers open files of their own
        left = (open, door.process.files().saturating_sub(files + 8));
        if left == (0, 0) {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    left
}

/// Tells the gateway to stop, and returns whether the checks tell so while it still serves.
async fn drain(door: &Door) -> bool {
    let mut device = streams::honest(door, door.process.mqtt).await.unwrap();
    let admitted = ask(&mut device, &device_connect("h-mqtt")).await == connack(0);
    door.process.signal("TERM");
    door.set_phase(Phase::Changing);
    door.until_ready_is(503).await;
    let live = door.status("/healthz").await == 200;
    let topic = "devices/h-mqtt/messages/events/";
    let served = ask(&mut device, &publish(topic, 1, b"x")).await.is_some();
    admitted && live && served
}

fn quarter(samples: &[u64], number: usize) -> u64 {
    median(samples.chunks(samples.len().div_ceil(4).max(1)).nth(number).unwrap_or_default())
}

fn report(door: &Door, measures: &Measures, took: Duration, samples: &[u64], left: (i64, usize)) {
    let quarters: Vec<u64> = (0..4).map(|number| quarter(samples, number)).collect();
    let (most, counts) = (samples.iter().max(), door.record().counts.lock().unwrap());
    println!(
        "{:?} of {took:.0?} with {} attackers: resident memory in KiB by quarters {quarters:?}, most {most:?}; left {left:?}",
        measures.time, measures.attackers
    );
    counts.iter().for_each(|(name, count)| println!("{count:8} {name}"));
}

/// A test that attacks nothing or admits nothing proves nothing.
fn did_something(door: &Door, long: bool) {
    let counts = door.record().counts.lock().unwrap();
    let count = |name: &str| counts.get(name).copied().unwrap_or_default();
    for way in WAYS {
        assert!(count(&format!("admitted: {way:?}")) > if long { 50 } else { 0 }, "{way:?} {counts:#?}");
    }
    assert!(count("times without the store") > 0 && count("sessions held") > 0, "{counts:#?}");
    assert!(count("/readyz: 503 while Lost") > 0 && count("/readyz: 200 while Healthy") > 0, "{counts:#?}");
    for kind in KINDS.into_iter().chain(["insider"]) {
        assert!(count(&format!("attacks: {kind}")) > 0, "{kind} {counts:#?}");
    }
    assert!(count("decisions: deny, hostile") > 0, "{counts:#?}");
}
