//! `differential COUNT [SEED]`: compares this crate with rustls-webpki on random chains.
//! `differential --corpus FOLDER ROOT`: the same for the inputs of the fuzz target `x509_webpki`, whose certificates are below a
//! root.
#![allow(clippy::unwrap_used, reason = "a test program")]

#[path = "../tests/common/differential.rs"]
mod differential;
#[path = "../tests/common/second_verifier/mod.rs"]
mod second_verifier;

use std::fs;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |at: usize, otherwise: u64| arguments.get(at).map_or(otherwise, |text| text.parse().unwrap());
    let results = match &arguments[..] {
        [option, folder, root] if option == "--corpus" => {
            let files = fs::read_dir(folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
            differential::replay(files, &fs::read(root).unwrap())
        }
        _ => differential::run(usize::try_from(number(0, 100_000)).unwrap(), number(1, 1)),
    };
    for (result, count) in results.known {
        println!("{count} {result:?}");
    }
    for unnamed in results.unnamed.values() {
        println!("UNNAMED {unnamed}");
    }
    if results.unnamed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
