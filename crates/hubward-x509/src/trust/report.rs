//! The report about a bundle: which anchors it trusts, and when each of them expires.

use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::bundle::TrustBundle;
use super::contents::{BundledAnchor, TrustPeriod};
use super::signed::SignedBundle;

/// The state of a bundle from a point in time on.
#[derive(Debug, Clone)]
pub struct Report {
    at: UnixTime,
    expires: UnixTime,
    anchors: Vec<AnchorPeriod>,
}

/// The period in which an anchor is usable: the intersection of its trust period and its certificate's validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnchorPeriod {
    /// Both ends inclusive; empty (`until` before `from`) if the two do not overlap.
    pub works: TrustPeriod,
    /// The cause of its end; the certificate if both end at the same time.
    pub ends_by: ExpiryCause,
}

/// The end of an anchor or of the whole bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnchorExpiry {
    /// The last second in which it is usable.
    pub last: UnixTime,
    /// The cause.
    pub cause: ExpiryCause,
    /// The number of the anchor, counted from 0; `None` for the whole bundle.
    pub anchor: Option<usize>,
}

/// The cause of an expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are three dates")]
pub enum ExpiryCause {
    /// The trust period of the anchor in the bundle ends.
    TrustPeriod,
    /// The anchor's certificate expires.
    Certificate,
    /// The bundle expires, and no anchor is trusted any more.
    Bundle,
}

impl Report {
    fn new<'a>(at: UnixTime, expires: UnixTime, anchors: impl Iterator<Item = BundledAnchor<'a>>) -> Self {
        Self { at, expires, anchors: anchors.map(|anchor| AnchorPeriod::of(&anchor)).collect() }
    }

    /// Returns the usable period of each anchor, in order.
    #[must_use]
    pub fn anchors(&self) -> &[AnchorPeriod] {
        &self.anchors
    }

    /// Returns `true` if the anchor with this number is usable at the time of the report.
    #[must_use]
    pub fn is_trusted(&self, anchor: usize) -> bool {
        self.at <= self.expires && self.anchors.get(anchor).is_some_and(|term| term.works.contains(self.at))
    }

    /// Returns what expires from the time of the report on, sorted by time: present and future anchors, and the bundle.
    #[must_use]
    pub fn expiries(&self) -> Vec<AnchorExpiry> {
        let anchors = self.anchors.iter().enumerate().map(|(anchor, term)| {
            (
                AnchorExpiry { last: term.works.until, cause: term.ends_by, anchor: Some(anchor) },
                term.works.from,
            )
        });
        let bundle = AnchorExpiry { last: self.expires, cause: ExpiryCause::Bundle, anchor: None };
        let mut expiries: Vec<AnchorExpiry> = anchors
            .chain([(bundle, self.at)])
            .filter(|(expiry, from)| self.at <= expiry.last && *from <= expiry.last)
            .map(|(expiry, _)| expiry)
            .collect();
        expiries.sort_by_key(|expiry| expiry.last);
        expiries
    }

    /// Returns the end of the uninterrupted period, starting at the time of the report, in which at least one anchor is
    /// usable; `None` if no anchor is usable at that time. A device needs an update before then.
    #[must_use]
    pub fn trusted_until(&self) -> Option<UnixTime> {
        let mut covered = None;
        let mut next = self.at;
        // each round ends after the end of at least one anchor
        while next <= self.expires {
            let here = self.anchors.iter().filter(|term| term.works.contains(next));
            let Some(until) = here.map(|term| term.works.until).max() else { break };
            covered = Some(until.min(self.expires));
            next = UnixTime::since_unix_epoch(Duration::from_secs(until.as_secs().saturating_add(1)));
        }
        covered
    }
}

impl AnchorPeriod {
    fn of(anchor: &BundledAnchor<'_>) -> Self {
        // a validity that ended before 1970 ends before the start of any period, except one that starts at 0
        let second = |at: i64| UnixTime::since_unix_epoch(Duration::from_secs(at.try_into().unwrap_or(0)));
        let (period, dates) = (anchor.period(), anchor.certificate().validity());
        let (from, until) = (second(dates.not_before), second(dates.not_after));
        let ends_by = if until <= period.until { ExpiryCause::Certificate } else { ExpiryCause::TrustPeriod };
        let works = TrustPeriod { from: period.from.max(from), until: period.until.min(until) };
        Self { works, ends_by }
    }
}

impl TrustBundle {
    /// Reports the anchors that are usable at `at`, and what expires from then on.
    #[must_use]
    pub fn report(&self, at: UnixTime) -> Report {
        Report::new(at, self.expires(), self.all_anchors())
    }
}

impl SignedBundle<'_> {
    /// Reports the anchors that would be usable at `at`, and what would expire from then on, if the bundle were in
    /// force.
    #[must_use]
    pub fn report(&self, at: UnixTime) -> Report {
        Report::new(at, self.expires(), self.anchors())
    }
}
