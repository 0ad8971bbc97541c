//! `hubward registry import`.

use core::error::Error;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use hubward_registry::{ImportError, ImportSummary, Importer};
use hubward_rustcrypto::HmacKey;
use serde_json::json;

use super::file::{FileArguments, RegistryFile};
use super::{az, batches};
use crate::Outcome;
use crate::exit::misuse;
use crate::file::{Lines, random};
use crate::out::{is_json, stdout};
use crate::progress::Progress;
use crate::shown;

/// Create, update and delete identities from lines of JSON, such as a hub's `devices.txt`.
///
/// The list that `az iot hub device-identity list` prints is read too; it has no keys, so that its devices get new ones.
/// Each line is one identity in the format of a hub's bulk import: `id`, `status`, and other properties. `importMode` is
/// the action, by default `createOrUpdate`. A device without keys gets new keys. A wrong line is reported, and the others
/// are imported; the exit status is then 1. `--json` prints an object for each line that is not imported, and an object
/// with the counts.
///
/// A durable registry is written in batches, while gateways serve: each batch of 8192 lines is one transaction, and
/// they are committed in the order of the file. If one fails, the message says how far it came, and `--from-line` goes on there.
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    file: FileArguments,
    /// A file with the lines to import; `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    lines: PathBuf,
    /// Write a new registry as plain lines. Every reader of the file can read its keys.
    #[arg(long)]
    plain: bool,
    /// Begin with this line of the file, to go on with an import into a durable registry that was interrupted.
    #[arg(long, value_name = "NUMBER", default_value = "1", hide_default_value = true)]
    from_line: u64,
    /// Print the result, but write nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(arguments: &Import) -> Result<Outcome, Box<dyn Error>> {
    let from_input = arguments.lines == Path::new("-");
    if from_input && arguments.file.key_from_standard_input() {
        return Err(misuse("the lines and the key cannot both come from standard input"));
    }
    let (lines, len): (Box<dyn Read>, _) = if from_input {
        (Box::new(az::lines(crate::terminal::input("lines of JSON")?)?), None)
    } else {
        let named = |error| format!("{}: {error}", shown::file(&arguments.lines));
        let lines = File::open(&arguments.lines).map_err(named)?;
        let len = lines.metadata().ok().map(|about| about.len());
        (Box::new(az::lines(lines)?), len)
    };
    if let (false, Some(durable)) = (arguments.dry_run, arguments.file.durable()?) {
        let mut progress = Progress::new("importing", len, is_json());
        let reported = |error: &ImportError, progress: &Progress| report(error, is_json(), progress);
        let summary = batches::import(&durable, lines, arguments.from_line, &mut progress, reported);
        progress.done();
        let summary = summary?;
        let name = shown::file(&arguments.file.registry);
        let message = if changes(&summary) {
            format!("{name} is written, and gateways see it")
        } else {
            format!("{name} is unchanged")
        };
        let mut out = Vec::new();
        print_counts(&summary, is_json(), &message, &mut out)?;
        stdout().write_all(&out)?;
        return Ok(if summary.failed == 0 { Outcome::Good } else { Outcome::Refused });
    }
    if arguments.from_line != 1 {
        return Err(misuse(
            "--from-line goes on with an import into a durable registry; a file is written as a whole",
        ));
    }
    let mut file = RegistryFile::open_or_create(&arguments.file, arguments.plain, is_json())?;
    let summary = import(&mut file, lines, len, is_json())?;
    let changed = changes(&summary);
    let print = |written: &str, out: &mut Vec<u8>| print_counts(&summary, is_json(), written, out);
    let unwritten = match (arguments.dry_run, changed || file.is_new()) {
        (true, _) => Some("nothing is written: --dry-run".to_owned()),
        (false, true) => None,
        (false, false) => Some(format!("{} is unchanged", shown::file(file.path()))),
    };
    match unwritten {
        None => file.save(print)?,
        Some(message) => {
            let mut out = Vec::new();
            print(&message, &mut out)?;
            stdout().write_all(&out)?;
        }
    }
    Ok(if summary.failed == 0 { Outcome::Good } else { Outcome::Refused })
}

const fn changes(summary: &ImportSummary) -> bool {
    summary.created > 0 || summary.updated > 0 || summary.deleted > 0
}

fn print_counts(
    summary: &ImportSummary,
    json: bool,
    written: &str,
    out: &mut Vec<u8>,
) -> std::io::Result<()> {
    let ImportSummary { created, updated, deleted, twins, failed, .. } = summary;
    if json {
        let counts = json!({
            "created": created, "updated": updated, "deleted": deleted, "twins": twins, "failed": failed,
        });
        return writeln!(out, "{counts}");
    }
    writeln!(out, "{created} created, {updated} updated, {deleted} deleted, {failed} not imported")?;
    if *twins > 0 {
        writeln!(out, "{twins} lines are for device twins, which a registry does not store")?;
    }
    writeln!(out, "{written}")
}

fn import(
    file: &mut RegistryFile,
    from: impl Read,
    len: Option<u64>,
    json: bool,
) -> Result<ImportSummary, Box<dyn Error>> {
    let mut progress = Progress::new("importing", len, json);
    let mut lines = Lines::new(from);
    let mut summary = ImportSummary::default();
    let mut entropy = random;
    let mut importer = Importer::new(&mut file.registry, &mut entropy, HmacKey::new);
    let mut done = 0_u64;
    loop {
        let read = lines.read();
        let Some(line) = lines.next()? else { break };
        let imported = importer.line(line);
        if let Err(error) = &imported {
            report(error, json, &progress)?;
        }
        summary.count(&imported);
        done = done.saturating_add(1);
        progress.at(read, done);
    }
    progress.done();
    Ok(summary)
}

fn report(error: &ImportError, json: bool, progress: &Progress) -> Result<(), Box<dyn Error>> {
    if json {
        writeln!(stdout(), "{}", json!({"line": error.line, "problem": error.problem.to_string()}))?;
    } else {
        progress.print(&format!("hubward: {error}"));
    }
    Ok(())
}
