//! `instructions`: counts the instructions of twelve hot paths under callgrind, without those of SHA-256's compressions, and
//! compares them with `benches/record/instructions.txt`. `--write` renews that file. A count does not depend on what else
//! the machine does, so two percent are a change of the program.
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

mod callgrind;
mod paths;

use std::process::{Command, ExitCode};

/// The largest accepted difference from the recorded count.
const TOLERANCE: f64 = 0.02;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &*arguments.iter().map(String::as_str).collect::<Vec<_>>() {
        ["run", name, calls] => {
            paths::run(name, calls.parse().unwrap());
            ExitCode::SUCCESS
        }
        [] => compare(),
        ["--write"] => {
            let counts = counts();
            let lines: String = counts.iter().map(|(name, count)| format!("{name} {count}\n")).collect();
            std::fs::write(record(), format!("{HEAD}# {}\n{lines}", rustc())).unwrap();
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: instructions [--write]");
            ExitCode::from(2)
        }
    }
}

const HEAD: &str = "# Instructions of one call, without SHA-256's compressions: cargo run --release -p hubward-benches --bin instructions -- --write\n";

fn record() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("record/instructions.txt")
}

fn rustc() -> String {
    let output = Command::new("rustc").arg("-V").output().expect("rustc");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn counts() -> Vec<(&'static str, u64)> {
    let count = |name: &'static str| {
        let count = callgrind::count(name);
        println!("{name} {count}");
        (name, count)
    };
    paths::NAMES.iter().copied().map(count).collect()
}

/// Prints each count next to the recorded one. Another compiler makes another program: its counts are printed only.
fn compare() -> ExitCode {
    let text = std::fs::read_to_string(record()).unwrap_or_default();
    let same = text.contains(&format!("# {}\n", rustc()));
    let recorded = |name: &str| -> Option<u64> {
        text.lines().filter_map(|line| line.split_once(' ')).find(|line| line.0 == name)?.1.parse().ok()
    };
    let mut changed = 0;
    for (name, count) in counts() {
        let Some(before) = recorded(name) else {
            println!("  {name} has no recorded count");
            changed += 1;
            continue;
        };
        let change = count as f64 / before as f64 - 1.0;
        if change.abs() > TOLERANCE {
            println!("  {name} had {before}: {:+.1} %", change * 100.0);
            changed += 1;
        }
    }
    if changed == 0 {
        return ExitCode::SUCCESS;
    }
    if !same {
        println!("not compared: the record is of another compiler than {}", rustc());
        return ExitCode::SUCCESS;
    }
    println!(
        "{changed} of {} counts differ by more than 2 %. Mend the cause, or renew the record with --write",
        paths::NAMES.len()
    );
    ExitCode::FAILURE
}
