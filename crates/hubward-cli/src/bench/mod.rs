//! `hubward bench`: tokens, admissions and chains per second on one core of this machine, with the recorded figures below.

mod chart;
mod work;

use core::error::Error;
use core::time::Duration;
use std::io::Write;

use clap::Args;

use crate::clock::stopwatch;
use crate::demo::{Certificates, Hub};
use crate::exit::Outcome;
use crate::out;
use chart::Row;

/// Measure tokens, admissions and certificate chains per second on one core, and show the recorded figures below.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// The time of all measurements together, in seconds.
    #[arg(long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=3600))]
    seconds: u16,
}

/// The machine of the recorded figures.
const RECORDED_ON: &str = "AMD EPYC, one core, rustc 1.95.0";
/// The recorded times of one call in nanoseconds: a token with both keys, an MQTT CONNECT to its decision, and a P-256 chain.
/// `tests/bench.rs` compares them with `benches/record/ratios.txt`.
#[doc(hidden)]
pub const RECORDED_NS: [u64; 3] = [243, 415, 107_706];

pub(crate) fn run(arguments: &Bench) -> Result<Outcome, Box<dyn Error>> {
    let certificates = Certificates::read()?;
    let hub = Hub::provision(&certificates, certificates.anchors()?)?;
    let (tokens, admissions, chains) = (work::token(&hub)?, work::admission(&hub)?, work::chain(&hub)?);
    let works: [(&str, &str, &dyn Fn() -> bool); 3] = [
        ("tokens", "tokens verified, both keys", &tokens),
        ("admissions", "MQTT CONNECTs to their decision", &admissions),
        ("chains", "chains of two P-256 certificates verified", &chains),
    ];
    let each = Duration::from_secs(arguments.seconds.into()).checked_div(3).unwrap_or_default();
    let mut rows = Vec::new();
    for ((name, text, work), recorded) in works.into_iter().zip(RECORDED_NS) {
        let recorded = 1_000_000_000_u64.checked_div(recorded).unwrap_or_default();
        rows.push(Row { name, text, here: per_second(each, work)?, recorded });
    }
    let mut out = out::stdout().lock();
    if out::is_json() {
        writeln!(out, "{}", chart::json(&rows, RECORDED_ON))?;
    } else {
        write!(out, "{}", chart::text(&rows, RECORDED_ON))?;
    }
    Ok(Outcome::Good)
}

/// Calls `work` for a time, and returns the calls per second.
fn per_second(time: Duration, work: &dyn Fn() -> bool) -> Result<u64, Box<dyn Error>> {
    let start = stopwatch();
    let mut calls = 0_u64;
    while start.elapsed() < time {
        for _ in 0..32 {
            if !work() {
                return Err("a valid credential was refused while the time was taken".into());
            }
        }
        calls = calls.saturating_add(32);
    }
    let micros = u64::try_from(start.elapsed().as_micros())?.max(1);
    Ok(calls.saturating_mul(1_000_000).checked_div(micros).unwrap_or_default())
}
