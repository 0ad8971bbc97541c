//! Progress of long work: a bar in a terminal, a message for each 100,000 lines elsewhere, nothing with JSON output.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// The number of lines between two messages without a terminal.
const STEP: u64 = 100_000;

pub(crate) enum Progress {
    Silent,
    Bar(ProgressBar),
    Messages { action: &'static str, printed: u64 },
}

impl Progress {
    /// Begins work on `total` bytes, if their number is known.
    pub(crate) fn new(action: &'static str, total: Option<u64>, silent: bool) -> Self {
        if silent {
            return Self::Silent;
        }
        if !std::io::stderr().is_terminal() {
            return Self::Messages { action, printed: 0 };
        }
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template = match total {
            Some(_) => "{prefix} [{bar:40}] {percent}%, {msg}, {eta} left",
            None => "{prefix} {spinner} {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(action);
        Self::Bar(bar)
    }

    /// Shows the number of bytes and lines done.
    pub(crate) fn at(&mut self, bytes: u64, lines: u64) {
        match self {
            Self::Silent => {}
            // an update for each line would take longer than the line
            Self::Bar(bar) if lines.trailing_zeros() >= 10 => {
                bar.set_position(bytes);
                bar.set_message(format!("{lines} lines"));
            }
            Self::Bar(_) => {}
            Self::Messages { action, printed } => {
                if lines >= printed.saturating_add(STEP) {
                    *printed = lines;
                    eprintln!("hubward: {action}, {lines} lines so far");
                }
            }
        }
    }

    /// Prints a message above the bar.
    pub(crate) fn print(&self, message: &str) {
        match self {
            Self::Bar(bar) => bar.suspend(|| eprintln!("{message}")),
            Self::Silent | Self::Messages { .. } => eprintln!("{message}"),
        }
    }

    /// Removes the bar. The caller prints the result.
    pub(crate) fn done(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
