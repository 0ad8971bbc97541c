//! `hubward demo`: a hub in memory, its clients, and impostors. Every verdict in the table is the result of an
//! authentication and an authorization of bytes that a client could send. Only the expected verdicts are written down.

mod certificates;
mod client;
mod fixtures;
mod scenarios;
mod speed;

use core::error::Error;
use std::io::Write;

use crate::Outcome;
pub(crate) use certificates::Certificates;
use client::Verdict;
pub(crate) use fixtures::{HOST, Hub};

pub(crate) fn run() -> Result<Outcome, Box<dyn Error>> {
    let mut out = crate::out::stdout().lock();
    let certificates = Certificates::read()?;
    let anchors = certificates.anchors()?;
    let hub = Hub::provision(&certificates, anchors)?;
    writeln!(out, "The hub {} is provisioned in memory. Its clients connect, and impostors try to.\n", HOST)?;

    let mut unexpected = 0_usize;
    let mut refused = 0_usize;
    let mut attempts = 0_usize;
    for (section, rows) in scenarios::rows(&hub)? {
        writeln!(out, "{section}")?;
        for row in rows {
            let verdict = row.attempt.run(&hub);
            let expected = verdict.code() == row.expect;
            let mark = if expected { " " } else { "!" };
            writeln!(out, "{mark} {:<9} {:<62} {}", verdict.word(), row.name, verdict.explanation())?;
            if !expected {
                unexpected = unexpected.saturating_add(1);
                writeln!(out, "  expected {}, got {}", row.expect, verdict.code())?;
            }
            attempts = attempts.saturating_add(1);
            refused = refused.saturating_add(usize::from(!matches!(verdict, Verdict::Allowed { .. })));
        }
        writeln!(out)?;
    }

    writeln!(out, "{attempts} attempts, {refused} refused, {unexpected} with an unexpected verdict.")?;
    if unexpected > 0 {
        return Ok(Outcome::Refused);
    }
    writeln!(out, "{}", speed::measure(&hub)?)?;
    Ok(Outcome::Good)
}
