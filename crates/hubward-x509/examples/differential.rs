//! `differential COUNT [SEED]`: compares this crate with rustls-webpki on random chains.
#![allow(
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    reason = "a test program"
)]

#[path = "../tests/common/differential.rs"]
mod differential;
#[path = "../tests/common/mod.rs"]
mod minting;

fn main() -> std::process::ExitCode {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().unwrap());
    let count = usize::try_from(arguments.next().unwrap_or(100_000)).unwrap();
    let report = differential::run(count, arguments.next().unwrap_or(1));
    println!("{} accepted by both, {} refused by both", report.agreed_valid, report.agreed_invalid);
    for (name, count) in &report.named {
        println!("{count} differ: {name}");
    }
    for difference in report.unnamed.iter().take(20) {
        println!("UNNAMED {difference}");
    }
    println!("{} differ without a name", report.unnamed.len());
    if report.unnamed.is_empty() { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}
