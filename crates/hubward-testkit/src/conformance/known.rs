//! Cases that are skipped or known to differ, each with its reason. A case that is listed as a failure and passes is
//! a failure.

/// A list of known cases.
#[derive(Debug)]
pub struct Entry {
    /// The suite.
    pub suite: &'static str,
    /// The ids of the cases.
    pub ids: &'static [&'static str],
    /// The treatment of the cases.
    pub kind: Kind,
    /// The reason.
    pub reason: &'static str,
}

/// The treatment of a known case.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// Skipped: the case tests nothing, or something outside this project.
    Skip,
    /// Run, and known to differ.
    Fails,
}

const KNOWN: &[Entry] = &[];

pub(crate) fn entry(suite: &str, id: &str) -> Option<&'static Entry> {
    KNOWN.iter().find(|entry| entry.suite == suite && entry.ids.contains(&id))
}
