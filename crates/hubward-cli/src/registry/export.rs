//! `hubward registry export`.

use core::error::Error;
use std::io::stdout;
use std::path::PathBuf;

use clap::Args;
use hubward_registry::ExportKeys;

use super::kept::{FileArguments, Kept, write_lines};
use crate::Outcome;
use crate::file::{Seen, replace};
use crate::progress::Progress;

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    file: FileArguments,
    /// The file to write, which is replaced where it is there (default: standard output).
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write the keys: whoever reads the lines can be any of the devices. Without it `null` stands in their place,
    /// and an import leaves the keys of those that are there.
    #[arg(long)]
    with_keys: bool,
}

pub(super) fn run(arguments: &Export) -> Result<Outcome, Box<dyn Error>> {
    let keys = if arguments.with_keys { ExportKeys::Included } else { ExportKeys::LeftOut };
    let kept = Kept::open(&arguments.file, false)?;
    match &arguments.output {
        None => write_lines(&kept.registry, keys, &mut stdout().lock(), &mut Progress::Silent)?,
        Some(path) => {
            let mut progress = Progress::new("exporting", None, false);
            let written = Seen::of(path).map_err(Into::into).and_then(|seen| {
                replace(path, seen, |out| write_lines(&kept.registry, keys, out, &mut progress))
            });
            progress.done();
            written?;
        }
    }
    Ok(Outcome::Well)
}
