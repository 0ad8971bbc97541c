//! The exit status: 0 good, 1 refused, 2 misuse, 3 could not be judged.

use core::error::Error;
use core::fmt;
use std::process::ExitCode;

use crate::out;

/// The result of a command that came to a judgement: it did what was asked or its judgement is good, or it refused something
/// and printed the reason on standard output.
pub(crate) use hubward_inspect::Outcome;

/// An error in the command line: exit status 2. Every other error is status 3.
#[derive(Debug)]
pub(crate) struct Misuse(Box<dyn Error>);

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Misuse {}

/// Returns an error in the command line.
pub(crate) fn misuse(error: impl Into<Box<dyn Error>>) -> Box<dyn Error> {
    Misuse(error.into()).into()
}

/// Marks the error of a value that was given on the command line.
pub(crate) trait OrMisuse<T> {
    /// Returns the value, or its error as an error in the command line.
    fn or_misuse(self) -> Result<T, Box<dyn Error>>;
}

impl<T, E: Into<Box<dyn Error>>> OrMisuse<T> for Result<T, E> {
    fn or_misuse(self) -> Result<T, Box<dyn Error>> {
        self.map_err(misuse)
    }
}

/// Returns the exit status of a command, and prints its error.
pub(crate) fn status(result: Result<Outcome, Box<dyn Error>>) -> ExitCode {
    match result {
        Ok(Outcome::Good) => finished(0),
        Ok(Outcome::Refused) => finished(1),
        // the reader of standard output has closed it, as `head` does
        Err(error) if is_closed_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            let status = if error.is::<Misuse>() { 2 } else { 3 };
            // the lines before the error, if there are some
            let _ = out::flush_held();
            if out::is_json() {
                eprintln!("{}", serde_json::json!({"error": error.to_string(), "status": status}));
            } else {
                eprintln!("hubward: {error}");
            }
            ExitCode::from(status)
        }
    }
}

/// Prints the output that is held, and returns the status.
fn finished(status: u8) -> ExitCode {
    match out::finish(status) {
        Ok(()) => ExitCode::from(status),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hubward: standard output: {error}");
            ExitCode::from(3)
        }
    }
}

fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}
