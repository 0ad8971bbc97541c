//! What a bundle trusts, and what of it stops on which date.

use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::bundle::TrustBundle;
use super::contents::{BundledAnchor, Window};
use super::signed::SignedBundle;

/// A bundle seen from one time on.
#[derive(Debug, Clone)]
pub struct Report {
    at: UnixTime,
    expires: UnixTime,
    anchors: Vec<Term>,
}

/// When an anchor works: where its window and its certificate's dates meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Term {
    /// Both ends included; it ends before it begins where the two do not meet.
    pub works: Window,
    /// What ends it; the certificate, where both end at once.
    pub ends_by: Cause,
}

/// Something that stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lapse {
    /// The last second in which it works.
    pub last: UnixTime,
    /// Why it stops.
    pub cause: Cause,
    /// Which anchor, counted from 0; none where it is all of them.
    pub anchor: Option<usize>,
}

/// Why something stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are these three dates")]
pub enum Cause {
    /// The window that the bundle gives the anchor is over.
    Window,
    /// The anchor's certificate expires.
    Certificate,
    /// The bundle expires, and nothing is trusted any more.
    Bundle,
}

impl Report {
    fn new<'a>(at: UnixTime, expires: UnixTime, anchors: impl Iterator<Item = BundledAnchor<'a>>) -> Self {
        Self { at, expires, anchors: anchors.map(|anchor| Term::of(&anchor)).collect() }
    }

    /// The term of each anchor, in order.
    #[must_use]
    pub fn anchors(&self) -> &[Term] {
        &self.anchors
    }

    /// Whether the anchor of this number works at the time of the report.
    #[must_use]
    pub fn is_trusted(&self, anchor: usize) -> bool {
        self.at <= self.expires && self.anchors.get(anchor).is_some_and(|term| term.works.contains(self.at))
    }

    /// What stops from then on, in the order of time: anchors that work now or will, and the bundle itself.
    #[must_use]
    pub fn lapses(&self) -> Vec<Lapse> {
        let anchors = self.anchors.iter().enumerate().map(|(anchor, term)| {
            (Lapse { last: term.works.until, cause: term.ends_by, anchor: Some(anchor) }, term.works.from)
        });
        let bundle = Lapse { last: self.expires, cause: Cause::Bundle, anchor: None };
        let mut lapses: Vec<Lapse> = anchors
            .chain([(bundle, self.at)])
            .filter(|(lapse, from)| self.at <= lapse.last && *from <= lapse.last)
            .map(|(lapse, _)| lapse)
            .collect();
        lapses.sort_by_key(|lapse| lapse.last);
        lapses
    }

    /// The last second until which, without a gap from the time of the report, at least one anchor works; `None`
    /// where none does then. A device needs an update before.
    #[must_use]
    pub fn trusted_until(&self) -> Option<UnixTime> {
        let mut covered = None;
        let mut next = self.at;
        // each round goes beyond the end of at least one anchor
        while next <= self.expires {
            let here = self.anchors.iter().filter(|term| term.works.contains(next));
            let Some(until) = here.map(|term| term.works.until).max() else { break };
            covered = Some(until.min(self.expires));
            next = UnixTime::since_unix_epoch(Duration::from_secs(until.as_secs().saturating_add(1)));
        }
        covered
    }
}

impl Term {
    fn of(anchor: &BundledAnchor<'_>) -> Self {
        // a validity that ended before 1970 ends before any window begins but one that begins at 0
        let second = |at: i64| UnixTime::since_unix_epoch(Duration::from_secs(at.try_into().unwrap_or(0)));
        let (window, dates) = (anchor.window(), anchor.certificate().validity());
        let (from, until) = (second(dates.not_before), second(dates.not_after));
        let ends_by = if until <= window.until { Cause::Certificate } else { Cause::Window };
        let works = Window { from: window.from.max(from), until: window.until.min(until) };
        Self { works, ends_by }
    }
}

impl TrustBundle {
    /// What works at `at`, and what stops from then on.
    #[must_use]
    pub fn report(&self, at: UnixTime) -> Report {
        Report::new(at, self.expires(), self.all_anchors())
    }
}

impl SignedBundle<'_> {
    /// What would work at `at`, and what would stop from then on, were it in force.
    #[must_use]
    pub fn report(&self, at: UnixTime) -> Report {
        Report::new(at, self.expires(), self.anchors())
    }
}
