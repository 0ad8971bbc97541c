//! The last refusals, for the console: what their log lines have, and the hints that are known.

use core::net::SocketAddr;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hubward::policy::Transport;
use hubward::types::{Hint, UnixTime};

/// The number of refusals that are kept.
const MOST: usize = 100;
/// Bytes of a text: an address of an authenticated peer may be longer.
const TEXT: usize = 512;

/// The last refusals of a gateway. A clone shares them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recent(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    refusals: VecDeque<Refused>,
    /// Counts refusals and hints, so that a reader can tell if there is anything new.
    changes: u64,
}

/// A refusal, as its log line has it.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) at: UnixTime,
    pub(crate) transport: Transport,
    pub(crate) peer: SocketAddr,
    pub(crate) who: String,
    pub(crate) what: String,
    pub(crate) rule: String,
    pub(crate) code: &'static str,
    pub(crate) reason: String,
    /// The code and the sentence of a hint.
    pub(crate) hint: Option<(&'static str, String)>,
}

impl Recent {
    /// Keeps a refusal in the place of the oldest one.
    pub(crate) fn refused(&self, mut refused: Refused) {
        for text in [&mut refused.who, &mut refused.what, &mut refused.rule, &mut refused.reason] {
            let end = (0..=TEXT).rev().find(|at| text.is_char_boundary(*at));
            text.truncate(end.unwrap_or_default());
        }
        let mut table = self.lock();
        if table.refusals.len() >= MOST {
            table.refusals.pop_front();
        }
        table.refusals.push_back(refused);
        table.changes = table.changes.saturating_add(1);
    }

    /// Adds a hint to the last refusal of a connection, if it is still kept.
    pub(crate) fn hint(&self, peer: SocketAddr, hint: &Hint<'_>) {
        let mut table = self.lock();
        if let Some(refused) = table.refusals.iter_mut().rev().find(|refused| refused.peer == peer) {
            refused.hint = Some((hint.code(), hint.to_string()));
            table.changes = table.changes.saturating_add(1);
        }
    }

    /// Returns the refusals, the newest one first, with the number of changes; `None` if there was no change since that
    /// number.
    pub(crate) fn since(&self, changes: Option<u64>) -> Option<(u64, Vec<Refused>)> {
        let table = self.lock();
        (changes != Some(table.changes))
            .then(|| (table.changes, table.refusals.iter().rev().cloned().collect()))
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // no holder of the lock can panic half way
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn refused(port: u16, what: String) -> Refused {
        let text = |text: &str| text.to_owned();
        Refused {
            at: clock::at(0),
            transport: Transport::Mqtt,
            peer: ([127, 0, 0, 1], port).into(),
            who: text("unknown peer"),
            what,
            rule: text("admission"),
            code: "unknown",
            reason: text("the identity does not exist"),
            hint: None,
        }
    }

    #[test]
    fn memory_is_bounded_and_the_newest_is_first() {
        let recent = Recent::default();
        for port in 0..1000 {
            recent.refused(refused(port, "é".repeat(1000)));
        }
        let (changes, refusals) = recent.since(None).unwrap();
        assert_eq!((changes, refusals.len()), (1000, MOST));
        assert_eq!(refusals[0].peer.port(), 999);
        assert!(refusals.iter().all(|refused| refused.what.len() <= TEXT));
        assert!(recent.since(Some(changes)).is_none());
    }

    #[test]
    fn a_hint_is_for_the_last_refusal_of_its_connection() {
        let recent = Recent::default();
        for port in [1, 2, 1] {
            recent.refused(refused(port, "MQTT connect".into()));
        }
        recent.hint(([127, 0, 0, 1], 1).into(), &Hint::Quoted);
        // one that is no longer kept changes nothing
        recent.hint(([127, 0, 0, 1], 3).into(), &Hint::Quoted);
        let (changes, refusals) = recent.since(Some(3)).unwrap();
        assert_eq!(changes, 4);
        let hints: Vec<_> = refusals.iter().map(|refused| refused.hint.is_some()).collect();
        assert_eq!(hints, [true, false, false]);
    }
}
