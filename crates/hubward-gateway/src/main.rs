//! The program `hubward-gateway`.

#[path = "../../hubward-cli/src/misuse.rs"]
mod misuse;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match misuse::parse() {
        Ok(arguments) => arguments,
        Err(status) => return status,
    };
    match hubward_gateway::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hubward-gateway: {error}");
            ExitCode::from(2)
        }
    }
}
