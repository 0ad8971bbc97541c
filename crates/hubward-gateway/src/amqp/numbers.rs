//! The numbers of a peer's performatives, bounded before the codec has them.
//!
//! The codec does work for numbers: it looks for every delivery from the `first` of a disposition to its `last`, it keeps
//! each flow for a handle that is not attached, it sends an empty frame each `idle-time-out`. What passes here costs the
//! codec work and memory that are linear in the frame's bytes.

use std::collections::BTreeSet;

use super::guard::Malformed;
use super::values::{Value, Values};

/// Sessions of a connection: clients have one or two.
pub(super) const SESSIONS: usize = 4;
/// Links of a session, less one: a device has seven at most, a gateway in the field some for each of its devices.
pub(super) const LAST_HANDLE: u32 = 255;
/// Deliveries that one disposition may name. The gateway waits for the outcome of one delivery on each link.
const DELIVERIES: u32 = LAST_HANDLE.saturating_add(1);
/// The least that a frame may be at most (AMQP 1.0, 2.7.1).
const LEAST_FRAME: u32 = 512;
/// The least milliseconds of silence after which a peer may call its connection broken: an empty frame is sent as often.
const LEAST_IDLE: u32 = 1000;

/// Sessions that a peer may have at a time before it is authenticated: one for `$cbs`, and one that some clients begin
/// first. Each costs the codec some 25 KiB.
const STRANGER_SESSIONS: usize = 2;
/// Sessions that it may begin in all.
const STRANGER_BEGINS: usize = 8;
/// Links that a peer may attach before it is authenticated: the two of `$cbs`, again after a refused token, and some that
/// are refused because they came too early.
const STRANGER_LINKS: usize = 8;

/// The sessions that the peer has begun, and the handles that it has attached in each.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: [Option<BTreeSet<u32>>; SESSIONS],
    /// Sessions begun and links attached before the peer was authenticated, ended ones included.
    stranger_begins: usize,
    stranger_links: usize,
}

/// What a frame begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A message, which may be long.
    Transfer,
    /// Any other performative.
    Other,
}

/// A performative (AMQP 1.0, 2.7): the code of its descriptor, and its fields.
#[derive(Debug)]
struct Performative<'b> {
    code: usize,
    fields: Vec<Value<'b>>,
}

/// The most fields that a performative has, those of `attach`.
const FIELDS: usize = 14;

impl<'b> Performative<'b> {
    /// Reads what a frame's first value is; the value was read whole.
    fn read(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let described = bytes.strip_prefix(&[0]).ok_or(Malformed)?;
        let mut values = Values::new(described, usize::MAX);
        let code = values.next()?.ulong()?.ok_or(Malformed)?;
        let mut list = values.next()?.list()?;
        let mut fields = Vec::with_capacity(FIELDS);
        while !list.is_empty() {
            if fields.len() == FIELDS {
                return Err(Malformed);
            }
            fields.push(list.next()?);
        }
        Ok(Self { code, fields })
    }

    fn uint(&self, index: usize) -> Result<Option<u32>, Malformed> {
        self.fields.get(index).map_or(Ok(None), Value::uint)
    }

    fn is(&self, index: usize) -> Result<bool, Malformed> {
        self.fields.get(index).map_or(Ok(false), Value::boolean)
    }

    fn has(&self, index: usize) -> bool {
        self.fields.get(index).is_some_and(|value| !value.is_null())
    }

    /// A field that must be there.
    fn number(&self, index: usize) -> Result<u32, Malformed> {
        self.uint(index)?.ok_or(Malformed)
    }

    /// Every one of these is a number or not there.
    fn numbers(&self, indices: &[usize]) -> Result<(), Malformed> {
        indices.iter().try_for_each(|index| self.uint(*index).map(drop))
    }
}

/// Whether a frame's first value may be long. The value need not be whole.
pub(super) fn kind(bytes: &[u8]) -> Kind {
    match bytes {
        [0, 0x53, 0x14, ..] | [0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x14, ..] => Kind::Transfer,
        _ => Kind::Other,
    }
}

impl Sessions {
    /// Checks the performative that a frame on `channel` begins with; `stranger` if the peer is not authenticated yet.
    pub(super) fn check(&mut self, channel: u16, bytes: &[u8], stranger: bool) -> Result<(), Malformed> {
        let it = Performative::read(bytes)?;
        if stranger {
            self.count(&it)?;
        }
        let session = self.open.get_mut(usize::from(channel)).ok_or(Malformed)?;
        match it.code {
            0x10 => open(&it),
            0x11 => {
                // the gateway begins none that the peer could answer
                if it.has(0) || session.is_some() {
                    return Err(Malformed);
                }
                it.numbers(&[1, 2, 3, 4])?;
                *session = Some(BTreeSet::new());
                Ok(())
            }
            0x18 => Ok(()),
            code => {
                let attached = session.as_mut().ok_or(Malformed)?;
                match code {
                    0x12 => attach(&it, attached),
                    0x13 => flow(&it, attached),
                    0x14 => transfer(&it, attached),
                    0x15 => disposition(&it),
                    0x16 => {
                        // some clients answer a detach twice
                        attached.remove(&it.number(0)?);
                        Ok(())
                    }
                    0x17 => {
                        *session = None;
                        Ok(())
                    }
                    _ => Err(Malformed),
                }
            }
        }
    }
}

impl Sessions {
    /// Counts what a peer begins before it is authenticated.
    fn count(&mut self, it: &Performative<'_>) -> Result<(), Malformed> {
        let (counted, most) = match it.code {
            0x11 if self.open.iter().flatten().count() >= STRANGER_SESSIONS => return Err(Malformed),
            0x11 => (&mut self.stranger_begins, STRANGER_BEGINS),
            0x12 => (&mut self.stranger_links, STRANGER_LINKS),
            _ => return Ok(()),
        };
        *counted = counted.saturating_add(1);
        if *counted > most { Err(Malformed) } else { Ok(()) }
    }
}

fn open(it: &Performative<'_>) -> Result<(), Malformed> {
    let (frame, idle) = (it.uint(2)?.unwrap_or(u32::MAX), it.uint(4)?.unwrap_or(0));
    // 0 is no time-out
    if frame < LEAST_FRAME || (1..LEAST_IDLE).contains(&idle) { Err(Malformed) } else { Ok(()) }
}

fn attach(it: &Performative<'_>, attached: &mut BTreeSet<u32>) -> Result<(), Malformed> {
    it.numbers(&[9])?;
    let handle = it.number(1)?;
    if handle > LAST_HANDLE || !attached.insert(handle) { Err(Malformed) } else { Ok(()) }
}

fn flow(it: &Performative<'_>, attached: &BTreeSet<u32>) -> Result<(), Malformed> {
    it.numbers(&[0, 1, 2, 3, 5, 6, 7])?;
    match it.uint(4)? {
        // the codec keeps what is for a handle that it does not know yet
        Some(handle) if !attached.contains(&handle) => Err(Malformed),
        _ => Ok(()),
    }
}

fn transfer(it: &Performative<'_>, attached: &BTreeSet<u32>) -> Result<(), Malformed> {
    it.numbers(&[1, 3])?;
    // a message comes in one frame: of several, the codec would keep each until the last
    let [more, resume, aborted] = [it.is(5)?, it.is(8)?, it.is(9)?];
    if more || resume || aborted || !attached.contains(&it.number(0)?) { Err(Malformed) } else { Ok(()) }
}

fn disposition(it: &Performative<'_>) -> Result<(), Malformed> {
    let first = it.number(1)?;
    // the codec goes from the first to the last, and nowhere where the last is before the first
    let more = it.uint(2)?.unwrap_or(first).saturating_sub(first);
    if more < DELIVERIES { Ok(()) } else { Err(Malformed) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "a test")]

    use super::*;

    const U32: fn(u32) -> Vec<u8> = |number| [&[0x70], &number.to_be_bytes()[..]].concat();

    fn performative(code: u8, fields: &[Vec<u8>]) -> Vec<u8> {
        let body = fields.concat();
        let size = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        let count = u32::try_from(fields.len()).unwrap().to_be_bytes();
        [&[0, 0x53, code, 0xd0], &size[..], &count, &body].concat()
    }

    fn null() -> Vec<u8> {
        vec![0x40]
    }

    /// A session on channel 0 with the handle 7 attached.
    fn begun() -> Sessions {
        let mut sessions = Sessions::default();
        let begin = performative(0x11, &[null(), U32(0), U32(10), U32(10)]);
        let attach = performative(0x12, &[vec![0xa1, 1, b'x'], U32(7), vec![0x42]]);
        assert_eq!(sessions.check(0, &begin, false).and_then(|()| sessions.check(0, &attach, false)), Ok(()));
        sessions
    }

    #[test]
    fn a_disposition_names_as_many_deliveries_as_can_be_unsettled() {
        for (first, last, passes) in [
            (0, 255, true),
            (0, 256, false),
            (0, u32::MAX, false),
            (u32::MAX, u32::MAX, true),
            (u32::MAX - 255, u32::MAX, true),
            (u32::MAX, 0, true),
            (1 << 31, u32::MAX, false),
        ] {
            let bytes = performative(0x15, &[vec![0x41], U32(first), U32(last), vec![0x41]]);
            assert_eq!(begun().check(0, &bytes, false).is_ok(), passes, "{first} to {last}");
        }
        assert_eq!(begun().check(0, &performative(0x15, &[vec![0x41], U32(5)]), false), Ok(()));
        assert_eq!(begun().check(0, &performative(0x15, &[vec![0x41]]), false), Err(Malformed));
    }

    #[test]
    fn an_idle_time_and_a_frame_have_a_least() {
        for (frame, idle, passes) in [
            (null(), null(), true),
            (U32(512), U32(0), true),
            (U32(u32::MAX), U32(1000), true),
            (U32(511), null(), false),
            (U32(0), null(), false),
            (null(), U32(1), false),
            (null(), U32(999), false),
            // a number of another type, which the codec may read otherwise
            (null(), vec![0x54, 1], false),
        ] {
            let bytes = performative(0x10, &[vec![0xa1, 1, b'x'], null(), frame, null(), idle]);
            assert_eq!(Sessions::default().check(0, &bytes, false).is_ok(), passes, "{bytes:02x?}");
        }
    }

    #[test]
    fn only_what_was_begun_and_attached_is_spoken_on() {
        let flow = |handle| performative(0x13, &[null(), U32(1), U32(0), U32(1), handle, U32(0), U32(5)]);
        let transfer = |handle| performative(0x14, &[U32(handle), U32(0), vec![0xa0, 1, 1]]);
        let detach = performative(0x16, &[U32(7), vec![0x41]]);
        let mut sessions = begun();
        for (channel, bytes, passes) in [
            (0, flow(U32(7)), true),
            (0, flow(null()), true),
            (0, flow(U32(8)), false),
            (1, flow(U32(7)), false),
            (9, flow(U32(7)), false),
            (0, transfer(7), true),
            (0, transfer(8), false),
            (0, performative(0x12, &[null(), U32(7)]), false),
            (0, performative(0x12, &[null(), U32(256)]), false),
            (0, performative(0x12, &[null(), U32(255)]), true),
            (0, detach.clone(), true),
            (0, detach, true),
            (0, flow(U32(7)), false),
            (0, performative(0x11, &[null(), U32(0), U32(1), U32(1)]), false),
            (0, performative(0x17, &[]), true),
            (0, performative(0x17, &[]), false),
            (0, performative(0x11, &[vec![0x60, 0, 0], U32(0), U32(1), U32(1)]), false),
            (0, performative(0x11, &[null(), U32(0), U32(1), U32(1)]), true),
            (0, performative(0x19, &[]), false),
            (0, performative(0x41, &[]), false),
        ] {
            assert_eq!(sessions.check(channel, &bytes, false).is_ok(), passes, "{channel}: {bytes:02x?}");
        }
    }

    #[test]
    fn a_message_comes_in_one_frame() {
        for (index, passes) in [(4, true), (5, false), (8, false), (9, false), (10, true)] {
            let mut fields = vec![U32(7), U32(0), vec![0xa0, 1, 1]];
            fields.resize(11, null());
            fields[index] = vec![0x41];
            assert_eq!(begun().check(0, &performative(0x14, &fields), false).is_ok(), passes, "{index}");
        }
    }

    #[test]
    fn a_stranger_begins_two_sessions_and_attaches_eight_links() {
        let begin = performative(0x11, &[null(), U32(0), U32(10), U32(10)]);
        let attach = |handle| performative(0x12, &[vec![0xa1, 1, b'x'], U32(handle), vec![0x42]]);
        let end = performative(0x17, &[]);
        let mut sessions = Sessions::default();
        for (channel, bytes, passes) in [
            (0, &begin, true),
            (1, &begin, true),
            (0, &attach(0), true),
            (0, &attach(1), true),
            (0, &attach(2), true),
            (0, &attach(3), true),
            (1, &attach(0), true),
            (1, &attach(1), true),
            (1, &attach(2), true),
            (1, &attach(3), true),
            (1, &attach(4), false),
            (2, &begin, false),
            (1, &end, true),
            (1, &begin, true),
            // a link that has ended still counts
            (1, &attach(0), false),
        ] {
            assert_eq!(sessions.check(channel, bytes, true).is_ok(), passes, "{channel}: {bytes:02x?}");
        }
        assert_eq!(sessions.check(2, &begin, false), Ok(()), "the bound ends with the proof");
    }
}
