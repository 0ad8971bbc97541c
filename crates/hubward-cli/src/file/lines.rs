//! Reads lines into one buffer of a fixed size, which is erased at the end: lines may have keys.

use core::ops::Range;
use std::io::{ErrorKind, Read, Result};

use zeroize::Zeroizing;

/// The size of the buffer in bytes, larger than every line that can be imported. A longer line is cut there.
const CAPACITY: usize = 1024 * 1024;

pub(crate) struct Lines<R> {
    from: R,
    buffer: Zeroizing<Vec<u8>>,
    held: Range<usize>,
    /// The number of held bytes that are known to have no end of a line.
    searched: usize,
    cut: bool,
    ended: bool,
    read: u64,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(from: R) -> Self {
        let buffer = Zeroizing::new(vec![0; CAPACITY]);
        Self { from, buffer, held: 0..0, searched: 0, cut: false, ended: false, read: 0 }
    }

    /// Returns the number of bytes read so far.
    pub(crate) const fn read(&self) -> u64 {
        self.read
    }

    /// Returns the next line without its end, or the beginning of a line that is longer than the buffer.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>> {
        let line = loop {
            let held = self.buffer.get(self.held.clone()).unwrap_or_default();
            let new = held.get(self.searched..).unwrap_or_default();
            let end = new.iter().position(|byte| *byte == b'\n');
            let end = end.map(|at| self.held.start.saturating_add(self.searched).saturating_add(at));
            match end {
                Some(end) => {
                    let line = self.held.start..end;
                    self.keep_from(end.saturating_add(1));
                    // skip the rest of a line whose beginning was returned
                    if !core::mem::take(&mut self.cut) {
                        break line;
                    }
                }
                None if self.ended || held.len() >= CAPACITY => {
                    let line = self.held.clone();
                    self.keep_from(line.end);
                    let (was_cut, at_end) = (self.cut, self.ended);
                    self.cut = !at_end;
                    if !was_cut && !line.is_empty() {
                        break line;
                    }
                    if at_end {
                        return Ok(None);
                    }
                }
                None => {
                    self.searched = held.len();
                    self.fill()?;
                }
            }
        };
        Ok(self.buffer.get(line))
    }

    fn keep_from(&mut self, start: usize) {
        self.held.start = start;
        self.searched = 0;
    }

    fn fill(&mut self) -> Result<()> {
        if self.held.end >= CAPACITY {
            self.buffer.copy_within(self.held.clone(), 0);
            self.held = 0..self.held.len();
        }
        let free = self.buffer.get_mut(self.held.end..).unwrap_or_default();
        match self.from.read(free) {
            Ok(0) => self.ended = true,
            Ok(more) => {
                self.held.end = self.held.end.saturating_add(more);
                self.read = self.read.saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, Lines};

    /// A reader of a few bytes at a time.
    struct Slow<'b>(&'b [u8], usize);

    impl std::io::Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let len = self.1.min(buffer.len()).min(self.0.len());
            buffer[..len].copy_from_slice(&self.0[..len]);
            self.0 = &self.0[len..];
            Ok(len)
        }
    }

    fn lines(text: &[u8], step: usize) -> Vec<Vec<u8>> {
        let mut lines = Lines::new(Slow(text, step));
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push(line.to_vec());
        }
        assert_eq!(lines.read(), u64::try_from(text.len()).unwrap());
        all
    }

    #[test]
    fn lines_are_complete_for_reads_of_any_size() {
        for step in [1, 2, 3, 100] {
            assert_eq!(lines(b"a\n\nbc\r\nd", step), [&b"a"[..], b"", b"bc\r", b"d"]);
            assert_eq!(lines(b"a\n", step), [b"a"]);
            assert!(lines(b"", step).is_empty());
        }
    }

    #[test]
    fn a_line_beyond_the_buffer_is_cut_and_the_next_is_complete() {
        for long in [CAPACITY - 1, CAPACITY, CAPACITY + 1, 3 * CAPACITY + 5] {
            for end in ["", "\n", "\nnext", "\nnext\n"] {
                let text = ["before\n", &"x".repeat(long), end].concat();
                let found = lines(text.as_bytes(), 60_000);
                assert_eq!(found[0], b"before");
                assert_eq!(found[1].len(), long.min(CAPACITY));
                let rest: Vec<_> = end.split('\n').filter(|line| !line.is_empty()).collect();
                assert_eq!(found.len() - 2, rest.len(), "{long} {end:?}");
                assert!(found[2..].iter().all(|line| line == b"next"));
            }
        }
    }
}
