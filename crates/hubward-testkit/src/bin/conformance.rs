//! `conformance SUITE FILE...`: runs cases of real SDKs and public suites.
#![allow(clippy::print_stdout, reason = "a program")]

use std::process::ExitCode;

use hubward_testkit::conformance::{Tally, cloud, connection_strings, field, limbo, pkits, sas, x509_field};

const USAGE: &str =
    "usage: conformance sas | connection-strings | cloud | field | limbo | pkits | x509-field FILE...";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (Some(suite), files) = (args.next(), args.collect::<Vec<_>>()) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let (run, mut tally): (fn(&str, &mut Tally) -> _, _) = match suite.as_str() {
        "sas" => (sas::run, Tally::new("sas")),
        "connection-strings" => (connection_strings::run, Tally::new("connection-strings")),
        "cloud" => (cloud::run, Tally::new("cloud")),
        "field" => (field::run, Tally::new("field")),
        "limbo" => (limbo::run, Tally::new("limbo")),
        "pkits" => (pkits::run, Tally::new("pkits")),
        "x509-field" => (x509_field::run, Tally::new("x509-field")),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    if files.is_empty() {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    for file in files {
        let cases = match std::fs::read_to_string(&file) {
            Ok(cases) => cases,
            Err(error) => {
                eprintln!("{file}: {error}");
                return ExitCode::from(2);
            }
        };
        if let Err(error) = run(&cases, &mut tally) {
            eprintln!("{file}: {error}");
            return ExitCode::from(2);
        }
    }
    if tally.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
