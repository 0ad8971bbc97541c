//! The suite passes for the store in memory, and finds stores that break a promise.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

use core::convert::Infallible;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use hubward_store::{Commit, Expected, Kind, MemoryStore, Position, Row, RowKey, Store, Write, suite};

/// A rule that a store breaks.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    NoConditions,
    FoldsNames,
    ForgetsTombstones,
    NumbersTwice,
    LosesKeys,
}

struct Faulty(Arc<MemoryStore>, Fault);

impl Store for Faulty {
    type Error = Infallible;

    fn hub(&self) -> &str {
        self.0.hub()
    }
    fn position(&self) -> Result<Position, Infallible> {
        self.0.position()
    }
    fn read(&self, keys: &[RowKey], each: &mut dyn FnMut(Row<'_>)) -> Result<(), Infallible> {
        self.0.read(keys, &mut |row| {
            let primary = if self.1 == Fault::LosesKeys { None } else { row.primary.clone() };
            each(Row { primary, ..row });
        })
    }
    fn commit(&self, writes: &[Write]) -> Result<Commit, Infallible> {
        let writes: Vec<Write> = writes
            .iter()
            .cloned()
            .map(|write| match (write, self.1) {
                (Write::Put(row, Expected::Etag(_)), Fault::NoConditions) => {
                    Write::Put(row, Expected::Present)
                }
                (Write::Put(row, expected), Fault::FoldsNames) => {
                    let name = row.name.to_ascii_lowercase().into();
                    Write::Put(Row { name, ..row }, expected)
                }
                (write, _) => write,
            })
            .collect();
        self.0.commit(&writes)
    }
    fn changes(&self, after: Option<u64>, each: &mut dyn FnMut(Row<'_>)) -> Result<Position, Infallible> {
        self.0.changes(after, &mut |row| match self.1 {
            Fault::ForgetsTombstones if row.deleted => {}
            Fault::NumbersTwice => each(Row { change: row.change / 2, ..row }),
            _ => each(row),
        })
    }
    fn wait(&self, at_most: Duration) -> Result<(), Infallible> {
        self.0.wait(at_most)
    }
    fn purge(&self, up_to: u64) -> Result<u64, Infallible> {
        self.0.purge(up_to)
    }
}

fn run(fault: Fault) -> Result<(), suite::Broken> {
    let mut stores = BTreeMap::new();
    suite::run(|name| {
        let store = stores.entry(name.to_owned()).or_insert_with(|| Arc::new(MemoryStore::new("hub")));
        Faulty(Arc::clone(store), fault)
    })
}

#[test]
fn the_store_in_memory_passes() {
    run(Fault::None).unwrap();
}

#[test]
fn each_fault_is_found() {
    for (fault, rule) in [
        (Fault::NoConditions, "a condition is checked"),
        (Fault::FoldsNames, "names are compared byte by byte"),
        (Fault::ForgetsTombstones, "a device's tombstone comes with those of its modules"),
        (Fault::NumbersTwice, "each written row has a higher number than all before"),
        (Fault::LosesKeys, "values come back as they were written"),
    ] {
        assert_eq!(run(fault).unwrap_err().rule, rule, "{fault:?}");
    }
}

#[test]
fn numbers_of_kinds_and_proofs_are_kept() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_number(kind.number().into()), Some(kind));
    }
    assert_eq!(Kind::from_number(9), None);
}
