//! [`Sink`]: takes the text that is signed, as a tag that is being computed, or as text.

use core::fmt;

use hubward_core::{StreamKey, Tag, TagStream};

/// Takes the bytes of the text that is signed.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

/// Something with a text to be signed.
pub(crate) trait Signed {
    fn put_signed(&self, sink: &mut impl Sink);
}

/// Bytes that are collected before they are hashed: enough for most texts, so that the hash has one call. Without it the
/// hash has a call for each of up to 28 lines.
const ROOM: usize = 512;

struct TagSink<S> {
    stream: S,
    room: [u8; ROOM],
    len: usize,
}

impl<S: TagStream> Sink for TagSink<S> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        let end = self.len.wrapping_add(bytes.len());
        if let Some(slot) = self.room.get_mut(self.len..end) {
            slot.copy_from_slice(bytes);
            self.len = end;
        } else {
            self.stream.update(self.room.get(..self.len).unwrap_or_default());
            self.len = 0;
            self.stream.update(bytes);
        }
    }
}

/// Computes the tag over the text of `signed`.
pub(crate) fn tag(key: &impl StreamKey, signed: &impl Signed) -> Tag {
    let mut sink = TagSink { stream: key.start(), room: [0; ROOM], len: 0 };
    signed.put_signed(&mut sink);
    sink.stream.update(sink.room.get(..sink.len).unwrap_or_default());
    sink.stream.finish()
}

/// Writes to a formatter. Pieces of one character are kept until it is complete.
struct TextSink<'f, 'b> {
    out: &'f mut fmt::Formatter<'b>,
    held: [u8; 4],
    len: usize,
    result: fmt::Result,
}

impl TextSink<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> fmt::Result {
        for byte in bytes {
            *self.held.get_mut(self.len).ok_or(fmt::Error)? = *byte;
            self.len = self.len.saturating_add(1);
            if let Ok(text) = core::str::from_utf8(self.held.get(..self.len).unwrap_or_default()) {
                self.out.write_str(text)?;
                self.len = 0;
            }
        }
        Ok(())
    }
}

impl Sink for TextSink<'_, '_> {
    fn put(&mut self, bytes: &[u8]) {
        let result = match (self.len, core::str::from_utf8(bytes)) {
            (0, Ok(text)) => self.out.write_str(text),
            _ => self.write(bytes),
        };
        self.result = self.result.and(result);
    }
}

/// Writes the text of `signed`.
pub(crate) fn write(signed: &impl Signed, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut sink = TextSink { out, held: [0; 4], len: 0, result: Ok(()) };
    signed.put_signed(&mut sink);
    sink.result
}

/// Lower-cases ASCII letters on their way.
pub(crate) struct LowerCase<'s, S>(pub(crate) &'s mut S);

impl<S: Sink> Sink for LowerCase<'_, S> {
    fn put(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(32) {
            let mut lower = [0; 32];
            let slot = lower.get_mut(..piece.len()).unwrap_or_default();
            slot.copy_from_slice(piece);
            slot.make_ascii_lowercase();
            self.0.put(slot);
        }
    }
}

/// Drops everything after a number of segments.
pub(crate) struct Segments<'s, S> {
    pub(crate) sink: &'s mut S,
    pub(crate) left: usize,
}

impl<S: Sink> Sink for Segments<'_, S> {
    fn put(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|b| *b == b'/') {
            match (self.left, piece) {
                (0, _) => return,
                (1, [name @ .., b'/']) => {
                    self.sink.put(name);
                    self.left = 0;
                }
                (_, [.., b'/']) => {
                    self.sink.put(piece);
                    self.left = self.left.saturating_sub(1);
                }
                _ => self.sink.put(piece),
            }
        }
    }
}

/// Collects ASCII text for a formatter, so that it has few calls: with one call for each run of characters, signing a
/// token takes a third longer.
pub(crate) struct EscapedSink<'f, 'b> {
    out: &'f mut fmt::Formatter<'b>,
    room: [u8; ROOM],
    len: usize,
    result: fmt::Result,
}

impl<'f, 'b> EscapedSink<'f, 'b> {
    pub(crate) const fn new(out: &'f mut fmt::Formatter<'b>) -> Self {
        Self { out, room: [0; ROOM], len: 0, result: Ok(()) }
    }

    /// Adds ASCII text without escapes; a text is shorter than the room.
    pub(crate) fn put_plain(&mut self, text: &[u8]) {
        if self.len.saturating_add(text.len()) > ROOM {
            self.flush();
        }
        let end = self.len.saturating_add(text.len());
        match self.room.get_mut(self.len..end) {
            Some(slot) => {
                slot.copy_from_slice(text);
                self.len = end;
            }
            None => self.result = Err(fmt::Error),
        }
    }

    fn flush(&mut self) {
        let text = self.room.get(..self.len).and_then(|text| core::str::from_utf8(text).ok());
        let result = text.ok_or(fmt::Error).and_then(|text| self.out.write_str(text));
        (self.result, self.len) = (self.result.and(result), 0);
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// The error of the formatter.
    pub(crate) fn finish(mut self) -> fmt::Result {
        self.flush();
        self.result
    }
}

impl Sink for EscapedSink<'_, '_> {
    /// Adds text, percent-encoded with upper-case hex digits. Letters, digits and `- . _ ~` stay.
    fn put(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(ROOM) {
            let mut rest = piece;
            while let Some(at) = rest.iter().position(|byte| !hubward_core::is_unreserved(*byte)) {
                let (run, [byte, tail @ ..]) = rest.split_at_checked(at).unwrap_or_default() else { break };
                self.put_plain(run);
                self.put_plain(&[b'%', hex_digit(byte.wrapping_shr(4)), hex_digit(byte & 0x0f)]);
                rest = tail;
            }
            self.put_plain(rest);
        }
    }
}

/// Returns the upper-case digit of a number below 16.
const fn hex_digit(number: u8) -> u8 {
    if number < 10 { b'0'.wrapping_add(number) } else { b'A'.wrapping_sub(10).wrapping_add(number) }
}

/// Writes the text of `signed` percent-encoded.
pub(crate) fn write_escaped(signed: &impl Signed, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut sink = EscapedSink::new(out);
    signed.put_signed(&mut sink);
    sink.finish()
}
