//! Compares hubward-cloud with the crates `azure_storage_sas` and `hmac` in one process, in turns, and prints one line
//! per ratio: NAME RATIO (our ns / their ns), the median of all rounds and the minimum.
//!
//! `CASE COUNT` as arguments runs one case that often, for a counter of instructions.

mod cases;

use std::time::Instant;

const ROUNDS: usize = 400;
/// As in `ratios`: the first calls of a turn, with cold caches, weigh little.
const CALLS: u32 = 2_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut cases = cases::all();
    if let [name, count] = arguments.as_slice() {
        let (_, run) = cases.iter_mut().find(|(own, _)| own == name).expect("a case");
        (0..count.parse().expect("a count")).for_each(|_| run());
        return;
    }
    let mut times = vec![Vec::with_capacity(ROUNDS); cases.len()];
    for _ in 0..ROUNDS {
        for ((_, run), times) in cases.iter_mut().zip(&mut times) {
            let start = Instant::now();
            (0..CALLS).for_each(|_| run());
            times.push(start.elapsed().as_nanos() as f64 / f64::from(CALLS));
        }
    }
    times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    let of = |name: &str| {
        let at = cases.iter().position(|(own, _)| *own == name).expect("a case");
        (times[at][ROUNDS / 2], times[at][0])
    };
    for (name, mine, theirs) in RATIOS {
        let ((mine, my_least), (theirs, their_least)) = (of(mine), of(theirs));
        let (ratio, least) = (mine / theirs, my_least / their_least);
        println!("{name} {ratio:.2} ({mine:.0} / {theirs:.0}), of minimums {least:.2} ({my_least:.0} / {their_least:.0})");
    }
}

const RATIOS: [(&str, &str, &str); 7] = [
    ("tag", "tag", "hmac"),
    ("verify-parsed", "verify-parsed", "hmac"),
    ("blob-sas-verify/hmac-crate-with-key-setup", "verify", "hmac"),
    ("blob-sas-verify/hmac-crate-keyed", "verify", "keyed-hmac"),
    ("blob-sas-parse/hmac-crate-with-key-setup", "parse", "hmac"),
    ("delegated-blob-sas-sign/azure_storage_sas", "sign", "peer-sign"),
    ("delegated-blob-sas-sign-into-buffer/azure_storage_sas", "sign-into", "peer-sign"),
];
