//! `hubward demo`: a hub in memory, its clients, and impostors. Every verdict in the table is the outcome of an
//! admission and a decision on bytes that a client could send; what is written down is only what to expect.

mod attempt;
mod cast;
mod certificates;
mod script;
mod speed;

use core::error::Error;
use std::io::Write;

use crate::Outcome;
use attempt::Verdict;
use cast::Hub;
use certificates::Minted;

pub(crate) fn run() -> Result<Outcome, Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let minted = Minted::read()?;
    let anchors = minted.anchors()?;
    let hub = Hub::provision(&minted, &anchors)?;
    writeln!(
        out,
        "A hub, {}, is provisioned in memory. Its clients connect, and impostors try.\n",
        cast::HOST
    )?;

    let mut surprises = 0_usize;
    let mut refused = 0_usize;
    let mut attempts = 0_usize;
    for (section, rows) in script::rows(&hub)? {
        writeln!(out, "{section}")?;
        for row in rows {
            let verdict = row.attempt.make(&hub);
            let expected = verdict.code() == row.expect;
            let mark = if expected { " " } else { "!" };
            writeln!(out, "{mark} {:<9} {:<62} {}", verdict.word(), row.what, verdict.why())?;
            if !expected {
                surprises = surprises.saturating_add(1);
                writeln!(out, "  expected {}, got {}", row.expect, verdict.code())?;
            }
            attempts = attempts.saturating_add(1);
            refused = refused.saturating_add(usize::from(!matches!(verdict, Verdict::Allowed { .. })));
        }
        writeln!(out)?;
    }

    writeln!(out, "{attempts} attempts, {refused} refused, {surprises} with another outcome than expected.")?;
    if surprises > 0 {
        return Ok(Outcome::Refused);
    }
    writeln!(out, "{}", speed::measure(&hub)?)?;
    Ok(Outcome::Well)
}
