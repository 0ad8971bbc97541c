//! `hubward registry import`.

use core::error::Error;
use std::fs::File;
use std::io::{Read, Write, stdin, stdout};
use std::path::{Path, PathBuf};

use clap::Args;
use hubward_registry::{ImportError, ImportSummary, Importer};
use hubward_rustcrypto::HmacKey;
use serde_json::json;

use super::kept::{FileArguments, Kept};
use crate::Outcome;
use crate::file::{Lines, random};
use crate::progress::Progress;
use crate::shown;

/// Create, change and delete identities by lines of JSON, such as a hub's `devices.txt`.
///
/// Each line is one identity in the format of a hub's bulk import: `id`, `status`, and what else is to be said;
/// `importMode` says what is to be done with it, `createOrUpdate` where it is left out. A device without keys is given
/// new ones. A line that is wrong is named, and the others are imported; the exit status is then 1.
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    file: FileArguments,
    /// The lines to import (default: standard input).
    #[arg(default_value = "-", hide_default_value = true)]
    lines: PathBuf,
    /// Keep a registry that is new as plain lines, with its keys for every reader of the file.
    #[arg(long)]
    plain: bool,
    /// Say what would be done, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print JSON: an object for each line that is not imported, and one with the counts.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Import) -> Result<Outcome, Box<dyn Error>> {
    let from_input = arguments.lines == Path::new("-");
    if from_input && arguments.file.key_from_standard_input() {
        return Err("the lines and the key cannot both come from standard input".into());
    }
    let mut kept = Kept::open_or_begin(&arguments.file, arguments.plain, arguments.json)?;
    let summary = if from_input {
        import(&mut kept, stdin().lock(), None, arguments.json)?
    } else {
        let named = |error| format!("{}: {error}", shown::file(&arguments.lines));
        let file = File::open(&arguments.lines).map_err(named)?;
        let len = file.metadata().ok().map(|about| about.len());
        import(&mut kept, file, len, arguments.json)?
    };
    let changed = summary.created.saturating_add(summary.updated).saturating_add(summary.deleted) > 0;
    let ImportSummary { created, updated, deleted, twins, failed, .. } = summary;
    let say = |written: &str, out: &mut Vec<u8>| {
        if arguments.json {
            let counts = json!({
                "created": created, "updated": updated, "deleted": deleted, "twins": twins, "failed": failed,
            });
            return writeln!(out, "{counts}");
        }
        writeln!(out, "{created} created, {updated} updated, {deleted} deleted, {failed} not imported")?;
        if twins > 0 {
            writeln!(out, "{twins} lines are for twins, which a registry does not keep")?;
        }
        writeln!(out, "{written}")
    };
    let unwritten = match (arguments.dry_run, changed || kept.is_new()) {
        (true, _) => Some("nothing is written: a dry run".to_owned()),
        (false, true) => None,
        (false, false) => Some(format!("{} is as it was", shown::file(kept.path()))),
    };
    match unwritten {
        None => kept.save(say)?,
        Some(words) => {
            let mut out = Vec::new();
            say(&words, &mut out)?;
            stdout().write_all(&out)?;
        }
    }
    Ok(if failed == 0 { Outcome::Well } else { Outcome::Refused })
}

fn import(
    kept: &mut Kept,
    from: impl Read,
    len: Option<u64>,
    json: bool,
) -> Result<ImportSummary, Box<dyn Error>> {
    let mut progress = Progress::new("importing", len, json);
    let mut lines = Lines::new(from);
    let mut summary = ImportSummary::default();
    let mut entropy = random;
    let mut importer = Importer::new(&mut kept.registry, &mut entropy, HmacKey::new);
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
        progress.say(&format!("hubward: {error}"));
    }
    Ok(())
}
