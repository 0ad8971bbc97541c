//! The feed's state machine: it decides when to load, when to read changes, and whether a gateway may admit. It reads no
//! clock and no database.

use core::time::Duration;

use crate::store::Position;

/// The times of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a feed has these two times")]
pub struct FeedTimes {
    /// Without a heartbeat for this long, a gateway admits no more sessions.
    pub timeout: Duration,
    /// Without a heartbeat for this long, a gateway ends its sessions.
    pub grace: Duration,
}

impl Default for FeedTimes {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(5), grace: Duration::from_secs(60) }
    }
}

impl FeedTimes {
    /// Returns what a gateway may do by the time of its last heartbeat.
    #[must_use]
    pub fn health(self, heartbeat: Option<Duration>, now: Duration) -> FeedHealth {
        let Some(heartbeat) = heartbeat else { return FeedHealth::Lost };
        let age = now.saturating_sub(heartbeat);
        if age < self.timeout {
            FeedHealth::Current
        } else if age < self.grace.max(self.timeout) {
            FeedHealth::Late
        } else {
            FeedHealth::Lost
        }
    }
}

/// The next step of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a caller does each of them")]
pub enum FeedStep {
    /// Load everything into a new index, and recheck every session.
    Load,
    /// Read the changes after this one.
    Read(u64),
    /// The index is current: wait for a hint.
    Wait,
}

/// What a gateway may do by the age of its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a gateway distinguishes these")]
pub enum FeedHealth {
    /// The index is current: sessions are admitted.
    Current,
    /// The index may be out of date: no session is admitted, and those that are open stay.
    Late,
    /// The index is out of date for longer than the grace: no session may stay open.
    Lost,
}

/// The state of one gateway's feed.
///
/// Times are durations since a start that the caller chooses, of a monotonic clock.
///
/// ```
/// use core::time::Duration;
/// use hubward_store::{Feed, FeedHealth, FeedStep, FeedTimes, Position};
///
/// let mut feed = Feed::new(FeedTimes::default());
/// let at = |change| Position { epoch: [1; 16], change, purged: 0 };
/// let second = Duration::from_secs;
/// assert_eq!(feed.step(at(7)), FeedStep::Load);
/// feed.applied(at(7), second(1));
/// assert_eq!(feed.step(at(9)), FeedStep::Read(7));
/// assert_eq!(feed.step(at(3)), FeedStep::Load);
/// assert_eq!(feed.health(second(2)), FeedHealth::Current);
/// assert_eq!(feed.health(second(10)), FeedHealth::Late);
/// ```
#[derive(Debug, Clone)]
pub struct Feed {
    times: FeedTimes,
    reached: Option<Position>,
    heartbeat: Option<Duration>,
}

impl Feed {
    /// Creates the feed of an index that is not loaded.
    #[must_use]
    pub const fn new(times: FeedTimes) -> Self {
        Self { times, reached: None, heartbeat: None }
    }

    /// Decides by the current place of the store.
    #[must_use]
    pub fn step(&self, current: Position) -> FeedStep {
        match self.reached {
            // numbers that rewind are those of a restored backup
            Some(reached) if reached.epoch == current.epoch && reached.change <= current.change => {
                if reached.change < current.purged {
                    FeedStep::Load
                } else if reached.change == current.change {
                    FeedStep::Wait
                } else {
                    FeedStep::Read(reached.change)
                }
            }
            _ => FeedStep::Load,
        }
    }

    /// Notes that the index has all changes up to this place, which was asked for at this time, before the answer.
    pub fn applied(&mut self, place: Position, asked: Duration) {
        self.reached = Some(place);
        self.heartbeat = Some(asked);
    }

    /// Returns the number of the last change that the index has.
    #[must_use]
    pub fn reached(&self) -> Option<u64> {
        self.reached.map(|place| place.change)
    }

    /// Forgets the index: everything is loaded again, after any doubt that changes were missed.
    pub const fn forget(&mut self) {
        self.reached = None;
    }

    /// Returns what the gateway may do at this time.
    #[must_use]
    pub fn health(&self, now: Duration) -> FeedHealth {
        self.times.health(self.heartbeat, now)
    }

    /// Returns the time at which the store was asked last, of a question that was answered.
    #[must_use]
    pub const fn heartbeat(&self) -> Option<Duration> {
        self.heartbeat
    }
}
