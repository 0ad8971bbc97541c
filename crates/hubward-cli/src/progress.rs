//! How far long work is: a bar in a terminal, a line now and then elsewhere, nothing beside JSON.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// Lines between two words where there is no terminal.
const STEP: u64 = 100_000;

pub(crate) enum Progress {
    Silent,
    Bar(ProgressBar),
    Words { doing: &'static str, said: u64 },
}

impl Progress {
    /// Work on `total` bytes, where that is known.
    pub(crate) fn new(doing: &'static str, total: Option<u64>, silent: bool) -> Self {
        if silent {
            return Self::Silent;
        }
        if !std::io::stderr().is_terminal() {
            return Self::Words { doing, said: 0 };
        }
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template = match total {
            Some(_) => "{prefix} [{bar:40}] {percent}%, {msg}, {eta} left",
            None => "{prefix} {spinner} {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(doing);
        Self::Bar(bar)
    }

    /// So many bytes and lines are done.
    pub(crate) fn at(&mut self, bytes: u64, lines: u64) {
        match self {
            Self::Silent => {}
            // a word for each line would take longer than the line
            Self::Bar(bar) if lines.trailing_zeros() >= 10 => {
                bar.set_position(bytes);
                bar.set_message(format!("{lines} lines"));
            }
            Self::Bar(_) => {}
            Self::Words { doing, said } => {
                if lines >= said.saturating_add(STEP) {
                    *said = lines;
                    eprintln!("hubward: {doing}, {lines} lines so far");
                }
            }
        }
    }

    /// Prints a line of words above the bar.
    pub(crate) fn say(&self, words: &str) {
        match self {
            Self::Bar(bar) => bar.suspend(|| eprintln!("{words}")),
            Self::Silent | Self::Words { .. } => eprintln!("{words}"),
        }
    }

    /// The bar goes; its outcome is printed by whoever made it.
    pub(crate) fn done(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
