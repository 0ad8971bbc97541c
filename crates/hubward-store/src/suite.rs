//! The conformance suite for stores: it checks the promises of [`Store`] that one process can check.
//!
//! Durability after a crash, and the order of commits under concurrent transactions of several processes, need tests with
//! the engine itself.

use core::time::Duration;
use std::collections::BTreeMap;
use std::thread;

use crate::row::{Kind, Proof, Row, RowKey};
use crate::store::{Commit, Expected, Position, Store, Write};

/// A broken promise.
#[derive(Debug, thiserror::Error)]
#[error("{rule}: {found}")]
#[expect(clippy::exhaustive_structs, reason = "a finding has these parts")]
pub struct Broken {
    /// The promise.
    pub rule: &'static str,
    /// The observation.
    pub found: String,
}

type Checked = Result<(), Broken>;

fn require(rule: &'static str, holds: bool, found: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(Broken { rule, found: found() }) }
}

fn works<T, E: core::fmt::Display>(rule: &'static str, result: Result<T, E>) -> Result<T, Broken> {
    result.map_err(|error| Broken { rule, found: error.to_string() })
}

/// Runs the suite. `open` opens the store of this name, empty at first: two calls with one name are two
/// connections to one store.
///
/// # Errors
/// The first broken promise.
pub fn run<S: Store>(mut open: impl FnMut(&str) -> S) -> Checked {
    values_come_back(&open("values"))?;
    names_are_bytes(&open("bytes"))?;
    conditions_hold(&open("conditions"))?;
    commits_are_atomic(&open("atomic"))?;
    devices_take_their_modules(&open("modules"))?;
    kinds_are_apart(&open("kinds"))?;
    numbers_rise(&open("numbers"))?;
    tombstones_are_purged(&open("purge"))?;
    let two = (open("two"), open("two"));
    one_of_two_writers_wins(&two.0, &two.1)?;
    readers_miss_nothing(&two.0, &two.1)?;
    waiting_ends(&two.0, &two.1)
}

fn device(name: &str, etag: u64) -> Row<'static> {
    Row { etag, generation: 1, ..Row::new(Kind::Identity, name) }.into_owned()
}

fn key(name: &str) -> RowKey {
    RowKey { kind: Kind::Identity, name: name.into() }
}

fn put(name: &str, etag: u64, expected: Expected) -> Write {
    Write::Put(device(name, etag), expected)
}

fn commit<S: Store>(rule: &'static str, store: &S, writes: &[Write]) -> Result<Option<u64>, Broken> {
    Ok(match works(rule, store.commit(writes))? {
        Commit::Done(change) => Some(change),
        Commit::Conflict => None,
    })
}

fn read<S: Store>(rule: &'static str, store: &S, keys: &[RowKey]) -> Result<Vec<Row<'static>>, Broken> {
    let mut rows = Vec::new();
    works(rule, store.read(keys, &mut |row| rows.push(row.into_owned())))?;
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rows)
}

fn changes<S: Store>(
    rule: &'static str,
    store: &S,
    after: Option<u64>,
) -> Result<(Vec<Row<'static>>, Position), Broken> {
    let mut rows = Vec::new();
    let place = works(rule, store.changes(after, &mut |row| rows.push(row.into_owned())))?;
    Ok((rows, place))
}

fn values_come_back<S: Store>(store: &S) -> Checked {
    let rule = "values come back as they were written";
    let most = u64::MAX >> 1;
    for (at, kind) in Kind::ALL.into_iter().enumerate() {
        for (name, proof) in [
            ("full", Proof::Keys),
            ("prints", Proof::Thumbprints),
            ("tpm", Proof::Tpm),
            ("none", Proof::None),
        ] {
            let mut row = Row {
                etag: most,
                generation: most,
                primary_version: most.saturating_sub(1),
                secondary_version: most.saturating_sub(2),
                enabled: at % 2 == 0,
                rights: 15,
                proof,
                detail: "{\"statusReason\":\"\u{e9} \\\"'%\"}".into(),
                ..Row::new(kind, name)
            };
            if proof != Proof::None {
                row.primary = Some((0..=u8::MAX).collect::<Vec<u8>>().into());
                row.secondary = (proof == Proof::Keys).then(|| vec![0; 93].into());
            }
            let written = row.into_owned();
            let done = commit(rule, store, &[Write::Put(written.clone(), Expected::Absent)])?;
            let rows = read(rule, store, &[written.key()])?;
            let expected = Row { change: done.unwrap_or_default(), ..written };
            require(rule, rows == [expected.clone()], || format!("{expected:?} became {rows:?}"))?;
        }
    }
    Ok(())
}

fn names_are_bytes<S: Store>(store: &S) -> Checked {
    let rule = "names are compared byte by byte";
    let names = ["dev", "DEV", "dev ", "d%v", "d_v", "dev'", "dev\"", "dev.", "dev:1", "dev$"];
    for (etag, name) in (1..).zip(names) {
        let done = commit(rule, store, &[put(name, etag, Expected::Absent)])?;
        require(rule, done.is_some(), || format!("{name:?} is taken"))?;
    }
    for (etag, name) in (1..).zip(names) {
        let rows = read(rule, store, &[key(name)])?;
        let found = rows.iter().map(|row| (&*row.name, row.etag)).collect::<Vec<_>>();
        require(rule, found == [(name, etag)], || format!("{name:?} is answered by {found:?}"))?;
    }
    Ok(())
}

fn conditions_hold<S: Store>(store: &S) -> Checked {
    let rule = "a condition is checked";
    for (write, holds) in [
        (put("a", 1, Expected::Etag(0)), false),
        (put("a", 1, Expected::Present), false),
        (Write::Delete(key("a"), Expected::Present), false),
        (Write::Delete(key("a"), Expected::Any), true),
        (put("a", 1, Expected::Absent), true),
        (put("a", 2, Expected::Absent), false),
        (put("a", 2, Expected::Etag(3)), false),
        (put("a", 2, Expected::Etag(1)), true),
        (put("a", 3, Expected::Present), true),
        (put("a", 4, Expected::Any), true),
        (Write::Delete(key("a"), Expected::Etag(3)), false),
        (Write::Delete(key("a"), Expected::Etag(4)), true),
        (put("a", 5, Expected::Etag(4)), false),
        (put("a", 5, Expected::Present), false),
        (put("a", 6, Expected::Absent), true),
        (put("a/m", 1, Expected::Absent), true),
        (put("b/m", 1, Expected::Absent), false),
        (put("b/m", 1, Expected::Any), false),
    ] {
        let done = commit(rule, store, core::slice::from_ref(&write))?.is_some();
        require(rule, done == holds, || format!("{write:?} was {}", if done { "done" } else { "refused" }))?;
    }
    Ok(())
}

fn commits_are_atomic<S: Store>(store: &S) -> Checked {
    let rule = "a commit with a conflict has no effect";
    let before = works(rule, store.position())?;
    let writes =
        [put("a", 1, Expected::Absent), put("b", 1, Expected::Absent), put("a", 2, Expected::Absent)];
    let done = commit(rule, store, &writes)?;
    require(rule, done.is_none(), || "the conflict was not detected".into())?;
    let rows = read(rule, store, &[key("a"), key("b")])?;
    require(rule, rows.is_empty(), || format!("{rows:?} was written"))?;
    let (rows, after) = changes(rule, store, None)?;
    require(rule, rows.is_empty() && after.epoch == before.epoch, || format!("{rows:?}"))?;
    let done = commit(rule, store, writes.get(..2).unwrap_or_default())?;
    require(rule, done.is_some(), || "what is left of a conflict blocks a later commit".into())
}

fn devices_take_their_modules<S: Store>(store: &S) -> Checked {
    let rule = "a device's tombstone comes with those of its modules";
    let writes = ["a", "a/1", "a/2", "ab", "ab/1"].map(|name| put(name, 1, Expected::Absent));
    let done = commit(rule, store, &writes)?;
    let start = done.unwrap_or_default();
    let rows = read(rule, store, &[key("a")])?;
    let names: Vec<_> = rows.iter().map(|row| &*row.name).collect();
    require(rule, names == ["a", "a/1", "a/2"], || format!("a device is read as {names:?}"))?;
    commit(rule, store, &[Write::Delete(key("a"), Expected::Etag(1))])?;
    let (rows, _) = changes(rule, store, None)?;
    let names: Vec<_> = rows.iter().map(|row| &*row.name).collect();
    require(rule, names == ["ab", "ab/1"], || format!("{names:?} are left"))?;
    let (rows, _) = changes(rule, store, Some(start))?;
    let mut names: Vec<_> = rows.iter().map(|row| (&*row.name, row.deleted)).collect();
    names.sort_unstable();
    let all = [("a", true), ("a/1", true), ("a/2", true)];
    require(rule, names == all, || format!("the changes are {names:?}"))?;
    require(rule, rows.iter().all(|row| row.primary.is_none()), || "a tombstone keeps a key".into())
}

/// A device, its enrollment and its registration have one name, and one transaction writes them.
fn kinds_are_apart<S: Store>(store: &S) -> Checked {
    let rule = "rows of different kinds are apart";
    let row = |kind, etag| Row { etag, generation: 1, ..Row::new(kind, "sn-7") }.into_owned();
    let writes = Kind::ALL.map(|kind| Write::Put(row(kind, 1), Expected::Absent));
    let start = commit(rule, store, &writes)?;
    require(rule, start.is_some(), || "rows of one name and several kinds are in conflict".into())?;
    let key = |kind| RowKey { kind, name: "sn-7".into() };
    // a device's deletion leaves its enrollment, which another condition would hold back
    let writes = [
        Write::Delete(key(Kind::Identity), Expected::Etag(1)),
        Write::Put(row(Kind::Enrollment, 2), Expected::Etag(1)),
        Write::Put(row(Kind::Registration, 2), Expected::Etag(9)),
    ];
    require(rule, commit(rule, store, &writes)?.is_none(), || "a conflict was not detected".into())?;
    let done = commit(rule, store, writes.get(..2).unwrap_or_default())?;
    require(rule, done.is_some(), || "a condition was checked with another kind's etag".into())?;
    let mut etags = BTreeMap::new();
    let mut each = |row: Row<'_>| etags.extend([(row.kind, row.etag)]);
    works(rule, store.read(&Kind::ALL.map(key), &mut each))?;
    let expected: BTreeMap<Kind, u64> = Kind::ALL
        .into_iter()
        .filter(|kind| *kind != Kind::Identity)
        .map(|kind| (kind, if kind == Kind::Enrollment { 2 } else { 1 }))
        .collect();
    require(rule, etags == expected, || format!("{etags:?} are left"))?;
    let (rows, _) = changes(rule, store, start)?;
    let mut found: Vec<_> = rows.iter().map(|row| (row.kind, row.deleted)).collect();
    found.sort_unstable();
    require(rule, found == [(Kind::Identity, true), (Kind::Enrollment, false)], || format!("{found:?}"))
}

fn numbers_rise<S: Store>(store: &S) -> Checked {
    let rule = "each written row has a higher number than all before";
    let mut last = works(rule, store.position())?.change;
    for etag in 1..20 {
        let name = ["a", "b", "c"].get(usize::try_from(etag % 3).unwrap_or(0)).copied().unwrap_or("a");
        let done = commit(rule, store, &[put(name, etag, Expected::Any)])?.unwrap_or_default();
        let place = works(rule, store.position())?;
        require(rule, done > last && place.change == done, || format!("{done} after {last}, at {place:?}"))?;
        let (rows, after) = changes(rule, store, Some(last))?;
        let found: Vec<_> = rows.iter().map(|row| (&*row.name, row.change)).collect();
        require(rule, found == [(name, done)] && after == place, || format!("{found:?} at {after:?}"))?;
        last = done;
    }
    let writes: Vec<Write> = (0..5).map(|at| put(&format!("d{at}"), 1, Expected::Absent)).collect();
    commit(rule, store, &writes)?;
    let (rows, _) = changes(rule, store, Some(last))?;
    let numbers: std::collections::BTreeSet<u64> = rows.iter().map(|row| row.change).collect();
    require(rule, numbers.len() == 5 && numbers.first() > Some(&last), || format!("{numbers:?}"))
}

fn tombstones_are_purged<S: Store>(store: &S) -> Checked {
    let rule = "removed tombstones are detected";
    commit(rule, store, &[put("a", 1, Expected::Absent), put("b", 1, Expected::Absent)])?;
    let gone = commit(rule, store, &[Write::Delete(key("a"), Expected::Present)])?.unwrap_or_default();
    let kept = commit(rule, store, &[Write::Delete(key("b"), Expected::Present)])?.unwrap_or_default();
    let removed = works(rule, store.purge(gone))?;
    require(rule, removed == 1, || format!("{removed} rows were removed"))?;
    let place = works(rule, store.position())?;
    require(rule, place.purged == gone && place.change == kept, || format!("{place:?}"))?;
    let (rows, place) = changes(rule, store, Some(0))?;
    let names: Vec<_> = rows.iter().map(|row| &*row.name).collect();
    require(rule, names == ["b"] && place.purged == gone, || format!("{names:?} at {place:?}"))
}

fn one_of_two_writers_wins<S: Store>(one: &S, two: &S) -> Checked {
    let rule = "of two writers with one etag, one has a conflict";
    commit(rule, one, &[put("race", 1, Expected::Absent)])?;
    let race = |store: &S, own: u64| -> Result<u64, Broken> {
        let mut won = 0_u64;
        for round in 1..=50_u64 {
            // both writers set one etag in each round, so that the winner is unknown and the next etag is not
            let row = Row { generation: own, ..device("race", round.saturating_add(1)) };
            let write = Write::Put(row, Expected::Etag(round));
            loop {
                if commit(rule, store, core::slice::from_ref(&write))?.is_some() {
                    won = won.saturating_add(1);
                    break;
                }
                let rows = read(rule, store, &[key("race")])?;
                if rows.first().is_none_or(|row| row.etag > round) {
                    break;
                }
            }
        }
        Ok(won)
    };
    let (first, second) = thread::scope(|scope| {
        let other = scope.spawn(|| race(two, 2));
        let first = race(one, 1);
        (first, other.join())
    });
    let second = second.map_err(|_| Broken { rule, found: "a writer panicked".into() })?;
    let won = first?.saturating_add(second?);
    require(rule, won == 50, || format!("{won} of 50 writes were done"))
}

fn readers_miss_nothing<S: Store>(one: &S, two: &S) -> Checked {
    let rule = "a reader that has seen a number never misses a lower one";
    let writes = |store: &S, own: &str| -> Checked {
        (0..100).try_for_each(|at| {
            let name = format!("{own}{}", at % 10);
            let write = if at % 7 == 6 {
                Write::Delete(key(&name), Expected::Any)
            } else {
                put(&name, at, Expected::Any)
            };
            commit(rule, store, &[write]).map(drop)
        })
    };
    let mut last = works(rule, one.position())?.change;
    let (mut seen, mut problem) = (BTreeMap::new(), Ok(()));
    thread::scope(|scope| {
        let writers = [scope.spawn(|| writes(one, "x")), scope.spawn(|| writes(two, "y"))];
        let mut finished = false;
        while problem.is_ok() {
            match changes(rule, one, Some(last)) {
                Ok((rows, place)) => {
                    last = place.change;
                    seen.extend(rows.into_iter().map(|row| (row.key(), (row.change, row.deleted))));
                }
                Err(broken) => problem = Err(broken),
            }
            if finished {
                break;
            }
            finished = writers.iter().all(thread::ScopedJoinHandle::is_finished);
        }
        for writer in writers {
            match writer.join() {
                Ok(Ok(())) => {}
                Ok(Err(broken)) => problem = Err(broken),
                Err(_) => problem = Err(Broken { rule, found: "a writer panicked".into() }),
            }
        }
    });
    problem?;
    let (rows, _) = changes(rule, one, Some(0))?;
    let all: BTreeMap<_, _> = rows.iter().map(|row| (row.key(), (row.change, row.deleted))).collect();
    for (key, expected) in all.iter().filter(|(key, _)| key.name.starts_with(['x', 'y'])) {
        require(rule, seen.get(key) == Some(expected), || {
            format!("{key:?} was seen as {:?}", seen.get(key))
        })?;
    }
    Ok(())
}

fn waiting_ends<S: Store>(one: &S, two: &S) -> Checked {
    let rule = "waiting ends in time";
    works(rule, one.wait(Duration::from_millis(1)))?;
    commit(rule, two, &[put("wait", 1, Expected::Any)])?;
    works(rule, one.wait(Duration::from_millis(1)))
}
