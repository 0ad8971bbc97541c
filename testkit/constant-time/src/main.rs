//! `valgrind hubward-constant-time`: shows that no branch and no address depends on a secret, the verdicts excepted.
//!
//! Each case handles secrets that are undefined to valgrind, and is compared with the number of valgrind's reports. Two
//! cases leak on purpose and must be reported.

mod cases;
mod leaky;
mod poison;

use std::process::ExitCode;

use cases::{ALL, Case};

fn main() -> ExitCode {
    if crabgrind::run_mode() != crabgrind::RunMode::Valgrind {
        eprintln!("run this program under valgrind: testkit/constant-time/run.sh does");
        return ExitCode::from(2);
    }
    let wrong = ALL.iter().filter(|case| !holds(case)).count();
    println!("{} cases, {wrong} wrong", ALL.len());
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a case and returns whether valgrind reported as much as it should.
fn holds(case: &Case) -> bool {
    let before = crabgrind::count_errors();
    let verdicts = (case.run)();
    let reports = crabgrind::count_errors().saturating_sub(before);
    let (holds, expected) = if case.leaks {
        (reports > 0, "at least 1 expected".to_owned())
    } else {
        (reports <= verdicts, format!("at most {verdicts} expected"))
    };
    println!("{}: {}: {reports} reports, {expected}", if holds { "holds" } else { "WRONG" }, case.name);
    holds
}
