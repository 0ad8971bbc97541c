//! Imports into a durable registry, in batches: each batch is one transaction, and gateways may change records meanwhile.

use core::error::Error;
use std::io::Read;

use hubward_registry::{ImportError, ImportLine, ImportSummary, Importer};
use hubward_rustcrypto::HmacKey;
use hubward_store::{Changed, RowKey, change};
use zeroize::Zeroizing;

use super::durable::Durable;
use crate::file::{Lines, random};
use crate::progress::Progress;

/// Lines of a batch.
const BATCH: usize = 2000;

/// The lines of a batch, with their numbers. They are erased when dropped.
type Batch = Vec<(u64, Zeroizing<Vec<u8>>)>;

/// Imports lines from number `first` on. An error says how far it came.
pub(super) fn import(
    durable: &Durable,
    from: impl Read,
    first: u64,
    progress: &mut Progress,
    mut report: impl FnMut(&ImportError, &Progress) -> Result<(), Box<dyn Error>>,
) -> Result<ImportSummary, Box<dyn Error>> {
    let (mut lines, mut number, mut done) = (Lines::new(from), 0_u64, first.saturating_sub(1));
    let mut total = ImportSummary::default();
    loop {
        let (mut batch, read) = (Batch::new(), lines.read());
        while batch.len() < BATCH {
            let Some(line) = lines.next()? else { break };
            number = number.saturating_add(1);
            if number >= first {
                batch.push((number, Zeroizing::new(line.to_owned())));
            }
        }
        let Some((last, _)) = batch.last() else { return Ok(total) };
        let last = *last;
        let (summary, errors) = write(durable, &batch).map_err(|error| {
            let next = done.saturating_add(1);
            format!("{error}; the lines before {next} are imported: go on with --from-line {next}")
        })?;
        done = last;
        for error in &errors {
            report(error, progress)?;
        }
        add(&mut total, summary);
        progress.at(read, done);
    }
}

/// Imports a batch in one transaction, anew if others change the same records.
fn write(durable: &Durable, batch: &Batch) -> Result<(ImportSummary, Vec<ImportError>), Box<dyn Error>> {
    let keys: Vec<RowKey> = batch
        .iter()
        .filter_map(|(number, line)| RowKey::of(&ImportLine::read(*number, line).ok()??.identity()))
        .collect();
    let Changed { result, .. } = change(&*durable.store, &durable.sealer, HmacKey::new, &keys, |registry| {
        let (mut summary, mut errors, mut entropy) = (ImportSummary::default(), Vec::new(), random);
        let mut importer = Importer::new(registry, &mut entropy, HmacKey::new);
        for (number, line) in batch {
            let imported = match ImportLine::read(*number, line) {
                Ok(Some(line)) => importer.import(&line),
                Ok(None) => continue,
                Err(error) => Err(error),
            };
            summary.count(&imported);
            errors.extend(imported.err());
        }
        (summary, errors)
    })?;
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
