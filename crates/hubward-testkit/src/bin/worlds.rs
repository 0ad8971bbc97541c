//! `worlds N [SEED]`: compares the facade with the model of admission in N random worlds. Each difference is printed as a test.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::arithmetic_side_effects, reason = "a program")]

use std::process::ExitCode;

use hubward_testkit::worlds::{Tally, as_test, model, real, run};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>());
    let (worlds, seed) = match (args.next(), args.next(), args.next()) {
        (Some(Ok(worlds)), None, _) => (worlds, 1),
        (Some(Ok(worlds)), Some(Ok(seed)), None) => (worlds, seed),
        _ => {
            eprintln!("usage: worlds N [SEED]");
            return ExitCode::from(2);
        }
    };
    let tally = in_parallel(seed, worlds);
    for (number, world) in &tally.differences {
        println!("{}", as_test(&format!("world_{number}_of_{seed}"), world));
        println!("// facade: {:?}\n// model:  {:?}\n", real(world), model(world));
    }
    println!("{} worlds, {} admitted, {} differences", tally.worlds, tally.admitted, tally.differences.len());
    if tally.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Compares the worlds on every processor.
fn in_parallel(seed: u64, worlds: u64) -> Tally {
    let threads =
        std::thread::available_parallelism().map_or(1, |count| u64::try_from(count.get()).unwrap_or(1));
    let part = worlds.div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|at| scope.spawn(move || run(seed, (at * part).min(worlds)..((at + 1) * part).min(worlds))))
            .collect();
        let mut all = Tally::default();
        for part in parts {
            // a world that panics has no result to compare: the process ends with its message
            let Ok(part) = part.join() else { std::process::exit(101) };
            all.worlds += part.worlds;
            all.admitted += part.admitted;
            all.differences.extend(part.differences);
        }
        all
    })
}
