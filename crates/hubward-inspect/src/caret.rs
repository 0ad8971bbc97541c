//! A caret under a byte of a text whose secrets are masked.

use std::io::{self, Write};

/// The number of characters that are shown on each side of the caret.
const CONTEXT: usize = 60;

/// Prints the part of a masked text around a character, and a caret under it.
pub(crate) fn caret(out: &mut dyn Write, masked: &str, before: usize) -> io::Result<()> {
    let before = before.min(masked.chars().count());
    let skipped = before.saturating_sub(CONTEXT);
    let shown: String = masked.chars().skip(skipped).take(CONTEXT.saturating_mul(2)).collect();
    writeln!(out, "  {shown}\n  {}^", " ".repeat(before.saturating_sub(skipped)))
}

/// Prints a text of which only the characters of `open` are shown, and a caret under the byte at `offset`.
pub(crate) fn masked(out: &mut dyn Write, text: &str, offset: usize, open: &[char]) -> io::Result<()> {
    let hidden: String = text.chars().map(|c| if open.contains(&c) { c } else { '*' }).collect();
    let before = text.char_indices().take_while(|(at, _)| *at < offset).count();
    caret(out, &hidden, before)
}
