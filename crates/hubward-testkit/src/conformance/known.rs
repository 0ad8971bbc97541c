//! Cases that are not judged, or that are known to differ, each with its reason. An entry for a known failure that
//! passes is itself a failure.

/// What is known of a case.
#[derive(Debug)]
pub struct Entry {
    /// The suite.
    pub suite: &'static str,
    /// The case's id.
    pub id: &'static str,
    /// What is done about it.
    pub kind: Kind,
    /// Why.
    pub reason: &'static str,
}

/// What is done about a known case.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// Not judged: it tests nothing, or something that is not this project's.
    Skip,
    /// Judged, and known to differ.
    Fails,
}

const KNOWN: &[Entry] = &[];

pub(crate) fn entry(suite: &str, id: &str) -> Option<&'static Entry> {
    KNOWN.iter().find(|entry| entry.suite == suite && entry.id == id)
}
