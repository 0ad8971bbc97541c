//! Runs the public conformance suites: `conformance_x509 limbo|pkits FILE...`.
#![allow(
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_core,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a program for tests: a broken suite file ends the run"
)]

mod limbo;
mod outcome;
mod pkits;

use std::process::ExitCode;

use outcome::Outcome;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let run: fn(&str) -> Outcome = match arguments.next().as_deref() {
        Some("limbo") => limbo::run,
        Some("pkits") => pkits::run,
        _ => {
            eprintln!("usage: conformance_x509 limbo|pkits FILE...");
            return ExitCode::from(2);
        }
    };
    let mut all = Outcome::default();
    for file in arguments {
        all.add(run(&std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"))));
    }
    print!("{all}");
    if all.has_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
