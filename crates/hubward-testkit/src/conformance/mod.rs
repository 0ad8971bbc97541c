//! Conformance cases of real SDKs and public suites.

pub mod cloud;
pub mod connection_strings;
pub mod field;
pub mod known;
pub mod limbo;
pub mod pkits;
pub mod sas;
mod time;
pub mod x509_field;

use std::collections::BTreeMap;

/// The results of one suite.
#[derive(Debug, Default)]
pub struct Tally {
    suite: &'static str,
    passed: usize,
    failed: usize,
    skipped: usize,
    /// For each kind that may differ, the number of differences and of cases.
    kinds: BTreeMap<&'static str, (usize, usize)>,
}

impl Tally {
    /// Creates an empty tally of `suite`.
    #[must_use]
    pub fn new(suite: &'static str) -> Self {
        Self { suite, ..Self::default() }
    }

    /// Runs one case, unless the list of known cases has an entry for it; prints differences.
    pub fn case(&mut self, id: &str, judge: impl FnOnce() -> Result<(), String>) {
        match (known::entry(self.suite, id), judge()) {
            (None, Ok(())) => self.passed += 1,
            (None, Err(why)) => self.fail(id, &why),
            (Some(known::Entry { kind: known::Kind::Skip, reason, .. }), _) => self.skip(id, reason),
            (Some(known::Entry { kind: known::Kind::Fails, reason, .. }), Err(_)) => self.skip(id, reason),
            (Some(_), Ok(())) => self.fail(id, "is listed as a known failure, and passes"),
        }
    }

    /// Runs one case of a kind that may differ, with the reason. A kind without a difference no longer belongs to the
    /// list, and is a failure at the end.
    pub fn may_differ(
        &mut self,
        id: &str,
        kind: &'static str,
        reason: &str,
        judge: impl FnOnce() -> Result<(), String>,
    ) {
        let result = judge();
        let (differ, all) = self.kinds.entry(kind).or_default();
        *all += 1;
        *differ += usize::from(result.is_err());
        match result {
            Ok(()) => self.passed += 1,
            Err(_) => self.skip(id, reason),
        }
    }

    /// Counts a case that cannot be run, with the reason.
    pub fn skip(&mut self, id: &str, why: &str) {
        println!("SKIP {id}: {why}");
        self.skipped += 1;
    }

    fn fail(&mut self, id: &str, why: &str) {
        println!("FAIL {id}: {why}");
        self.failed += 1;
    }

    /// Prints the summary and returns whether at least one case was run and none failed.
    #[must_use]
    pub fn finish(&mut self) -> bool {
        let kinds = core::mem::take(&mut self.kinds);
        for (kind, _) in kinds.iter().filter(|(_, counts)| matches!(counts, (0, 1..))) {
            self.fail(kind, "may differ, and all of it passes");
        }
        println!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped);
        self.failed == 0 && self.passed > 0
    }
}

/// Returns `Ok` if `ok`, else `why`.
pub(crate) fn ensure(ok: bool, why: impl Into<String>) -> Result<(), String> {
    if ok { Ok(()) } else { Err(why.into()) }
}
