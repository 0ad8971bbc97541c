//! [`Sink`]: takes the text that is signed, as a tag that is being computed, or as text.

use core::fmt;

use hubward_core::{StreamKey, Tag, TagStream};

/// Takes the bytes of the text that is signed.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);

    /// Puts the first `len` bytes of a text.
    #[inline]
    fn put_first(&mut self, text: &[u8], len: usize) {
        self.put(text.get(..len).unwrap_or_default());
    }

    /// Puts at most 32 line feeds.
    #[inline]
    fn put_line_feeds(&mut self, count: usize) {
        self.put_first(&[b'\n'; 32], count);
    }
}

/// Something with a text to be signed.
pub(crate) trait Signed {
    fn put_signed(&self, sink: &mut impl Sink);

    /// Writes a text of the usual form and returns its length, as [`place`] does; `None` for another form.
    #[inline]
    fn put_usual(&self, _room: &mut Room) -> Option<usize> {
        None
    }
}

/// Bytes that are collected before they are hashed or written: enough for most texts, so that the hash has one call.
/// Without it the hash has a call for each of up to 28 lines.
const ROOM: usize = 512;
/// The length of a text that is longer than the room. Nothing fits after it.
const TOO_LONG: usize = usize::MAX;

/// A place for a text that is collected.
pub(crate) type Room = [u8; ROOM];

/// Puts bytes after `len` others in a room, and returns the length of the text. The length goes through values and not
/// through a reference, so that it stays in a register.
#[inline]
pub(crate) fn place(room: &mut Room, len: usize, bytes: &[u8]) -> usize {
    let end = len.wrapping_add(bytes.len());
    match room.get_mut(len..end) {
        Some(slot) => {
            copy(slot, bytes);
            end
        }
        None => TOO_LONG,
    }
}

/// As [`place`], for the first bytes of a text. Bytes after them are overwritten by the next ones, so that most pieces are
/// copied in one step.
#[inline]
pub(crate) fn place_first(room: &mut Room, len: usize, text: &[u8], count: usize) -> usize {
    let free = room.get_mut(len..).and_then(|free| free.first_chunk_mut::<WIDE>());
    match (free, text.first_chunk()) {
        (Some(slot), Some(first)) if count <= WIDE => {
            *slot = *first;
            len.wrapping_add(count)
        }
        _ => place(room, len, text.get(..count).unwrap_or_default()),
    }
}

/// Collects a text.
struct RoomSink<'r> {
    room: &'r mut Room,
    len: usize,
}

impl Sink for RoomSink<'_> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.len = place(self.room, self.len, bytes);
    }

    #[inline]
    fn put_first(&mut self, text: &[u8], len: usize) {
        self.len = place_first(self.room, self.len, text, len);
    }
}

/// The bytes that are copied at once.
const WIDE: usize = 32;

/// Copies bytes of the same length. Most pieces are short, and a call of `memcpy` for each takes longer.
#[inline]
fn copy(to: &mut [u8], from: &[u8]) {
    if let ([slot], [byte]) = (&mut *to, from) {
        *slot = *byte;
    } else if let Some((first, last)) = ends::<8>(from) {
        copy_ends(to, first, last);
    } else if let Some((first, last)) = ends::<16>(from) {
        copy_ends(to, first, last);
    } else {
        to.copy_from_slice(from);
    }
}

/// Returns the first and the last `N` bytes, if these are all.
#[inline]
fn ends<const N: usize>(from: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
    if from.len() > N.saturating_mul(2) {
        return None;
    }
    from.first_chunk().zip(from.last_chunk())
}

/// Copies the first and the last bytes, which together are all.
#[inline]
fn copy_ends<const N: usize>(to: &mut [u8], first: &[u8; N], last: &[u8; N]) {
    if let Some(slot) = to.first_chunk_mut() {
        *slot = *first;
    }
    if let Some(slot) = to.last_chunk_mut() {
        *slot = *last;
    }
}

/// Computes the tag over the text of `signed`.
pub(crate) fn tag(key: &impl StreamKey, signed: &impl Signed) -> Tag {
    let mut room = [0; ROOM];
    let len = signed.put_usual(&mut room).unwrap_or_else(|| collected(signed, &mut room));
    match room.get(..len) {
        Some(text) => key.tag_of(text),
        None => streamed(key, signed),
    }
}

/// Writes a text and returns its length, [`TOO_LONG`] for one that is longer than the room.
fn collected(signed: &impl Signed, room: &mut Room) -> usize {
    let mut sink = RoomSink { room, len: 0 };
    signed.put_signed(&mut sink);
    sink.len
}

/// Streams a text of any length into a tag.
struct StreamSink<S>(S);

impl<S: TagStream> Sink for StreamSink<S> {
    fn put(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

/// As [`tag`], for a long text.
#[cold]
fn streamed(key: &impl StreamKey, signed: &impl Signed) -> Tag {
    let mut sink = StreamSink(key.start());
    signed.put_signed(&mut sink);
    sink.0.finish()
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
