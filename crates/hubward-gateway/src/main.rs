//! The program `hubward-gateway`.

use std::process::ExitCode;

use clap::Parser;
use hubward_gateway::Arguments;

fn main() -> ExitCode {
    match hubward_gateway::run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hubward-gateway: {error}");
            ExitCode::from(2)
        }
    }
}
