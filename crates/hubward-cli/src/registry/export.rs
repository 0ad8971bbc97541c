//! `hubward registry export`.

use core::error::Error;

use clap::Args;
use hubward_registry::ExportKeys;

use super::file::{FileArguments, RegistryFile, write_lines};
use crate::Outcome;
use crate::file::OutputArguments;
use crate::progress::Progress;

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    output: OutputArguments,
    /// Write the keys: a reader of the lines can connect as each of the devices. Without this option the lines have
    /// `null`, and an import of them does not change existing keys.
    #[arg(long)]
    with_keys: bool,
}

pub(super) fn run(arguments: &Export) -> Result<Outcome, Box<dyn Error>> {
    let keys = if arguments.with_keys { ExportKeys::Included } else { ExportKeys::LeftOut };
    let file = RegistryFile::open(&arguments.file, false)?;
    let mut progress = match arguments.output.target()? {
        Some(_) => Progress::new("exporting", None, false),
        None => Progress::Silent,
    };
    let written = arguments.output.write(|out| write_lines(&file.registry, keys, out, &mut progress));
    progress.done();
    written?;
    Ok(Outcome::Good)
}
