//! `cores`: tokens and admissions per second on one to N threads over one registry, and a reader while a million lines are
//! imported on another core: into another registry, into the same one line after line, and with rests. The registry is behind
//! one lock, of each of three crates in turn.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::std_instead_of_core,
    missing_docs,
    unreachable_pub,
    reason = "a measurement that cannot go on must stop, and it must read a clock"
)]

mod shared;

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hubward::{Credentials, HubConfig};
use hubward_benches::case::cpu_time;
use hubward_benches::record;
use hubward_benches::registry::{exported, registry_of, signed_tokens};
use hubward_benches::tokens::{HOST, now};
use hubward_core::HostName;
use hubward_registry::{ImportLine, Importer, NoEntropy, Registry};
use hubward_rustcrypto::HmacKey;
use hubward_sas::{SasToken, TokenRules};
use shared::Shared;

const DEVICES: usize = 100_000;
const RULES: TokenRules = TokenRules::HUB_COMPAT;

/// The credentials that a thread presents, again and again: ids, usernames and tokens.
type Presented = [(String, String, String)];

fn main() {
    println!("{}", record::head());
    println!(
        "# {DEVICES} devices; a second of the processor's time for each thread, not of the clock, so that other programs count little"
    );
    let quick = std::env::args().any(|argument| argument == "--quick");
    let presented = signed_tokens(DEVICES, 4096);
    let lines = exported(if quick { 10_000 } else { 1_000_000 }).replace("\"device-", "\"new-");
    let config =
        HubConfig::new(HostName::parse(HOST).unwrap(), HmacKey::from_bytes(&[7; 32])).with_token_rules(RULES);
    let for_each = Duration::from_millis(if quick { 20 } else { 400 });
    let fleet = || registry_of(DEVICES, true);
    of("std", &std::sync::RwLock::new(fleet()), &presented, &config, for_each, &lines);
    of("parking_lot", &parking_lot::RwLock::new(fleet()), &presented, &config, for_each, &lines);
    of("crossbeam", &crossbeam_utils::sync::ShardedLock::new(fleet()), &presented, &config, for_each, &lines);
}

fn of<S: Shared>(
    name: &str,
    shared: &S,
    presented: &Presented,
    config: &HubConfig<HmacKey>,
    time: Duration,
    lines: &str,
) {
    let token = |at: usize| {
        let text = &presented[at % presented.len()].2;
        let token = SasToken::parse(black_box(text), &RULES).unwrap();
        shared.read(|registry| {
            let found = registry.find(&token.signer(), &[]);
            let keys = hubward_benches::registry::keys(&found);
            let _ = black_box(token.verify_for_any_host(keys, now(), &RULES)).unwrap();
        });
    };
    let admission = |at: usize| {
        let (id, username, token) = black_box(&presented[at % presented.len()]);
        let credentials = Credentials::mqtt(id, username, Some(token)).unwrap();
        shared.read(|registry| {
            let authenticated = config.authenticate(credentials, registry, now).unwrap();
            assert!(black_box(authenticated.decision()).is_allow());
        });
    };
    let cores = core_affinity::get_core_ids().unwrap_or_default().len().max(1);
    scale(&format!("tokens.{name}"), cores, time, &token);
    scale(&format!("admissions.{name}"), cores, time, &admission);
    if cores > 1 {
        let apart = std::sync::RwLock::new(Registry::unseeded());
        let text = format!("{name} during an import");
        reader(&format!("{text} into another registry"), &admission, |pace| {
            import(&apart, lines, pace, false)
        });
        reader(&text, &admission, |pace| import(shared, lines, pace, false));
        shared.write(|registry| *registry = registry_of(DEVICES, true));
        reader(&format!("{text} with rests"), &admission, |pace| import(shared, few(lines), pace, true));
    }
}

/// Prints the calls per second on one to N threads.
fn scale(name: &str, cores: usize, time: Duration, call: &(impl Fn(usize) + Sync)) {
    let mut rates = vec![Vec::new(); cores];
    for _ in 0..5 {
        for (threads, rates) in (1..).zip(&mut rates) {
            rates.push(rate(threads, time, call));
        }
    }
    let medians: Vec<f64> = rates
        .iter_mut()
        .map(|rates| {
            rates.sort_by(f64::total_cmp);
            rates[rates.len() / 2]
        })
        .collect();
    for (threads, rate) in (1..).zip(&medians) {
        println!("{name} {threads} threads {rate:.0} a second, {:.2}x", rate / medians[0]);
    }
}

fn rate(threads: usize, time: Duration, call: &(impl Fn(usize) + Sync)) -> f64 {
    let start = Barrier::new(threads);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads)
            .map(|thread| {
                let start = &start;
                scope.spawn(move || {
                    pin(thread);
                    start.wait();
                    let (begin, mut calls) = (cpu_time(), 0_usize);
                    while cpu_time() - begin < time {
                        for _ in 0..256 {
                            call(calls + thread * 1024);
                            calls += 1;
                        }
                    }
                    calls as f64 / (cpu_time() - begin).as_secs_f64()
                })
            })
            .collect();
        all.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

fn pin(core: usize) {
    if let Some(core) = core_affinity::get_core_ids().and_then(|cores| cores.get(core).copied()) {
        core_affinity::set_for_current(core);
    }
}

/// Whether the importer works or waits: both in turn, so that a change of the processor's clock counts for both.
#[derive(Default)]
struct Pace {
    works: AtomicBool,
    stop: AtomicBool,
}

/// The time that the importer works or waits.
const TURN: Duration = Duration::from_millis(100);

impl Pace {
    /// Waits while the importer is to wait.
    fn wait(&self) {
        while !self.works.load(Ordering::Relaxed) && !self.stop.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

/// Measures a reader on the first core, alone and while an importer works on the second.
fn reader(name: &str, call: &(impl Fn(usize) + Sync), import: impl FnOnce(&Pace) -> f64 + Send) {
    let pace = Pace::default();
    let ([alone, during], rate) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| read(call, &pace));
        let importer = scope.spawn(|| {
            pin(1);
            import(&pace)
        });
        while !importer.is_finished() {
            std::thread::sleep(TURN);
            pace.works.fetch_xor(true, Ordering::Relaxed);
        }
        pace.stop.store(true, Ordering::Relaxed);
        (reader.join().unwrap().map(Times::of), importer.join().unwrap())
    });
    println!(
        "reader.{name} {:.0} a second ({:.2} of alone), p50 {} ns (alone {}), p99.9 {} ns ({:.1}x its median; alone {}), longest {:.1} ms; {rate:.0} lines a second",
        during.rate,
        during.rate / alone.rate,
        during.median,
        alone.median,
        during.tail,
        f64::from(during.tail) / f64::from(during.median),
        alone.tail,
        f64::from(during.longest) / 1e6
    );
}

/// Calls until it is told to stop, and returns the times of calls in nanoseconds: while the importer waits, and while it works.
fn read(call: &(impl Fn(usize) + Sync), pace: &Pace) -> [Vec<u32>; 2] {
    pin(0);
    let mut times = [const { Vec::new() }; 2];
    times.iter_mut().for_each(|times| times.reserve(1 << 26));
    let (mut last, mut at) = (Instant::now(), 0);
    while !pace.stop.load(Ordering::Relaxed) {
        let works = pace.works.load(Ordering::Relaxed);
        call(at);
        at += 1;
        let next = Instant::now();
        let times = &mut times[usize::from(works)];
        if times.len() < times.capacity() {
            times.push(u32::try_from((next - last).as_nanos()).unwrap_or(u32::MAX));
        }
        last = next;
    }
    times
}

struct Times {
    rate: f64,
    median: u32,
    tail: u32,
    longest: u32,
}

impl Times {
    fn of(mut times: Vec<u32>) -> Self {
        let total: f64 = times.iter().copied().map(f64::from).sum();
        let rate = times.len() as f64 / total * 1e9;
        times.sort_unstable();
        let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
        Self { rate, median: at(0.5), tail: at(0.999), longest: at(1.0) }
    }
}

/// The lines that an importer with rests writes under one lock, and its rest after them.
const TOGETHER: usize = 128;
const REST: Duration = Duration::from_millis(8);

/// Returns the first tenth of the lines: an importer with rests takes its time.
fn few(lines: &str) -> &str {
    let end = lines.lines().take(lines.lines().count() / 10).map(|line| line.len() + 1).sum();
    lines.get(..end).unwrap_or(lines)
}

/// Reads lines without the lock, and writes them under the lock: each alone, or many at once and a rest after them. Returns
/// the lines per second of its working time.
fn import<S: Shared>(shared: &S, lines: &str, pace: &Pace, rests: bool) -> f64 {
    let mut entropy = |_: &mut [u8]| Err(NoEntropy);
    let (mut numbered, mut count, mut time) = ((1..).zip(lines.lines()), 0, Duration::ZERO);
    loop {
        pace.wait();
        let begin = Instant::now();
        let slice: Vec<_> = numbered
            .by_ref()
            .take(if rests { TOGETHER } else { 1 })
            .map(|(number, line)| ImportLine::read(number, line.as_bytes()).unwrap().unwrap())
            .collect();
        if slice.is_empty() {
            return count as f64 / time.as_secs_f64();
        }
        count += slice.len();
        shared.write(|registry: &mut Registry<HmacKey>| {
            let mut importer = Importer::new(registry, &mut entropy, HmacKey::new);
            slice.iter().for_each(|line| assert!(importer.import(line).is_ok()));
        });
        if rests {
            std::thread::sleep(REST);
        }
        time += begin.elapsed();
    }
}
