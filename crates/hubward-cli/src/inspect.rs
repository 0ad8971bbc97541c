//! `hubward inspect`: recognises a pasted text. `hubward-inspect` does that; the narrower commands print its parts.

mod request;
mod serve;

use core::error::Error;
use core::net::SocketAddr;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use hubward_ring::Digests;
use zeroize::Zeroizing;

use crate::Outcome;
use crate::clock::NowArgument;
use crate::{shown, terminal};

/// The largest input that is read.
const MAX_LEN: u64 = 16 * 1024 * 1024;

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A file with the text; `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    text: PathBuf,
    /// Serve a page that does the same in a browser, on a loopback address; by default on a free port of 127.0.0.1.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:0",
        conflicts_with_all = ["text", "now"])]
    serve: Option<SocketAddr>,
    #[command(flatten)]
    now: NowArgument,
}

pub(crate) fn run(arguments: &Inspect) -> Result<Outcome, Box<dyn Error>> {
    if let Some(address) = arguments.serve {
        return serve::run(address);
    }
    let name = shown::file(if arguments.text == Path::new("-") {
        Path::new("standard input")
    } else {
        &arguments.text
    });
    let mut bytes = Zeroizing::new(Vec::new());
    let limit = MAX_LEN.saturating_add(1);
    let read = if arguments.text == Path::new("-") {
        terminal::input("a text of any kind")?.take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(&arguments.text).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map_err(|error| format!("{name}: {error}"))?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len > MAX_LEN) {
        return Err(format!("{name}: longer than everything that is recognised").into());
    }
    Ok(hubward_inspect::inspect(&bytes, &Digests, arguments.now.time(), &mut crate::out::stdout())?)
}
