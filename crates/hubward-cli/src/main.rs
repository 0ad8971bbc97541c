//! The program `hubward`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hubward_cli::main()
}
