//! Lines of a reader, in one buffer of a fixed size that is erased at the end: they may hold keys.

use core::ops::Range;
use std::io::{ErrorKind, Read, Result};

use zeroize::Zeroizing;

/// Bytes of the buffer, beyond any line that is imported. A longer line is cut there.
const ROOM: usize = 1024 * 1024;

pub(crate) struct Lines<R> {
    from: R,
    buffer: Zeroizing<Vec<u8>>,
    held: Range<usize>,
    /// How far of what is held no end of a line was found.
    searched: usize,
    cut: bool,
    ended: bool,
    read: u64,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(from: R) -> Self {
        let buffer = Zeroizing::new(vec![0; ROOM]);
        Self { from, buffer, held: 0..0, searched: 0, cut: false, ended: false, read: 0 }
    }

    /// Bytes read so far.
    pub(crate) const fn read(&self) -> u64 {
        self.read
    }

    /// The next line without its end; of one that is longer than the buffer, its beginning.
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
                    // the rest of a line that was handed out cut
                    if !core::mem::take(&mut self.cut) {
                        break line;
                    }
                }
                None if self.ended || held.len() >= ROOM => {
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
        if self.held.end >= ROOM {
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
    use super::{Lines, ROOM};

    /// Gives a few bytes at a time.
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
    fn lines_come_whole_however_they_are_read() {
        for step in [1, 2, 3, 100] {
            assert_eq!(lines(b"a\n\nbc\r\nd", step), [&b"a"[..], b"", b"bc\r", b"d"]);
            assert_eq!(lines(b"a\n", step), [b"a"]);
            assert!(lines(b"", step).is_empty());
        }
    }

    #[test]
    fn a_line_beyond_the_buffer_is_cut_and_the_next_is_whole() {
        for long in [ROOM - 1, ROOM, ROOM + 1, 3 * ROOM + 5] {
            for end in ["", "\n", "\nnext", "\nnext\n"] {
                let text = ["before\n", &"x".repeat(long), end].concat();
                let found = lines(text.as_bytes(), 60_000);
                assert_eq!(found[0], b"before");
                assert_eq!(found[1].len(), long.min(ROOM));
                let rest: Vec<_> = end.split('\n').filter(|line| !line.is_empty()).collect();
                assert_eq!(found.len() - 2, rest.len(), "{long} {end:?}");
                assert!(found[2..].iter().all(|line| line == b"next"));
            }
        }
    }
}
