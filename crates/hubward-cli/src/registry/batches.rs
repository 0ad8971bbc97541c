//! Imports into a durable registry, in batches: each batch is one transaction, and gateways may change records meanwhile.

use core::error::Error;
use std::collections::{BTreeSet, VecDeque};
use std::io::Read;
use std::thread::{self, ScopedJoinHandle};

use hubward_registry::{ImportError, ImportLine, ImportSummary, Importer};
use hubward_rustcrypto::HmacKey;
use hubward_store::{Changed, RowKey, change};
use zeroize::Zeroizing;

use super::durable::Durable;
use super::in_turn::{InTurn, Turns};
use crate::file::{Lines, random};
use crate::progress::Progress;

/// Lines of a batch.
const BATCH: usize = 8192;

/// Batches at once: the keys of one are sealed while the database writes the one before.
const AT_ONCE: usize = 2;

/// Some lines of the file, which are erased when dropped.
#[derive(Default)]
struct Batch {
    /// The lines with their numbers.
    lines: Vec<(u64, Zeroizing<Vec<u8>>)>,
    keys: Vec<RowKey>,
    /// The names of their devices.
    devices: BTreeSet<Box<str>>,
    /// The bytes of the file up to its end.
    read: u64,
}

type Written = Result<(ImportSummary, Vec<ImportError>), String>;

/// A batch that is being written: its last line, its devices, the bytes up to its end, and its result.
struct Under<'s> {
    last: u64,
    devices: BTreeSet<Box<str>>,
    read: u64,
    result: ScopedJoinHandle<'s, Written>,
}

/// Imports lines from number `first` on. An error says how far it came.
pub(super) fn import(
    durable: &Durable,
    from: impl Read,
    first: u64,
    progress: &mut Progress,
    mut report: impl FnMut(&ImportError, &Progress) -> Result<(), Box<dyn Error>>,
) -> Result<ImportSummary, Box<dyn Error>> {
    let (mut lines, mut number, mut done) = (Lines::new(from), 0_u64, first.saturating_sub(1));
    let (mut total, turns) = (ImportSummary::default(), Turns::default());
    thread::scope(|scope| {
        let mut under: VecDeque<Under<'_>> = VecDeque::new();
        let mut finish = |under: Under<'_>| -> Result<(), Box<dyn Error>> {
            let result = under.result.join().unwrap_or_else(|_| Err("the import failed half way".into()));
            let (summary, errors) = result.map_err(|error| {
                let next = done.saturating_add(1);
                format!("{error}; the lines before {next} are imported: go on with --from-line {next}")
            })?;
            done = under.last;
            for error in &errors {
                report(error, progress)?;
            }
            add(&mut total, summary);
            progress.at(under.read, done);
            Ok(())
        };
        for turn in 0_u64.. {
            let batch = match next(&mut lines, &mut number, first) {
                Ok(batch) => batch,
                Err(error) => {
                    // what is being written is reported first, so that the caller knows where to go on
                    under.into_iter().try_for_each(&mut finish)?;
                    let next = done.saturating_add(1);
                    let how_far =
                        format!("the lines before {next} are imported: go on with --from-line {next}");
                    return Err(format!("{error}; {how_far}").into());
                }
            };
            let Some((last, _)) = batch.lines.last() else { break };
            // a batch is read after one with the same devices is written
            while under.len() >= AT_ONCE || under.iter().any(|one| !one.devices.is_disjoint(&batch.devices)) {
                under.pop_front().map_or(Ok(()), &mut finish)?;
            }
            let (last, devices, read) = (*last, batch.devices.clone(), batch.read);
            let turns = &turns;
            let result = scope.spawn(move || turns.take(turn, || write(durable, &batch, turns, turn)));
            under.push_back(Under { last, devices, read, result });
        }
        under.into_iter().try_for_each(finish)
    })?;
    Ok(total)
}

/// Reads the lines of a batch; none at the end of the file.
fn next(lines: &mut Lines<impl Read>, number: &mut u64, first: u64) -> Result<Batch, Box<dyn Error>> {
    let mut batch = Batch::default();
    while batch.lines.len() < BATCH {
        let Some(line) = lines.next()? else { break };
        *number = number.saturating_add(1);
        if *number < first {
            continue;
        }
        let key =
            ImportLine::read(*number, line).ok().flatten().and_then(|line| RowKey::of(&line.identity()));
        if let Some(key) = key {
            batch.devices.insert(key.device().unwrap_or(&key.name).into());
            batch.keys.push(key);
        }
        batch.lines.push((*number, Zeroizing::new(line.to_owned())));
    }
    batch.read = lines.read();
    Ok(batch)
}

/// Imports a batch in one transaction, anew if others change the same records.
fn write(durable: &Durable, batch: &Batch, turns: &Turns, turn: u64) -> Written {
    let store = InTurn::new(&*durable.store, turns, turn);
    let done = change(&store, &durable.sealer, HmacKey::new, &batch.keys, |registry| {
        let (mut summary, mut errors, mut entropy) = (ImportSummary::default(), Vec::new(), random);
        let mut importer = Importer::new(registry, &mut entropy, HmacKey::new);
        for (number, line) in &batch.lines {
            let imported = match ImportLine::read(*number, line) {
                Ok(Some(line)) => importer.import(&line),
                Ok(None) => continue,
                Err(error) => Err(error),
            };
            summary.count(&imported);
            errors.extend(imported.err());
        }
        (summary, errors)
    });
    let Changed { result, .. } = done.map_err(|error| error.to_string())?;
    Ok(result)
}

fn add(total: &mut ImportSummary, more: ImportSummary) {
    for (sum, more) in [
        (&mut total.created, more.created),
        (&mut total.updated, more.updated),
        (&mut total.deleted, more.deleted),
        (&mut total.twins, more.twins),
        (&mut total.failed, more.failed),
    ] {
        *sum = sum.saturating_add(more);
    }
}
