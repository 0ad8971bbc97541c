//! `hubward ca prove`.

use core::error::Error;
use std::path::PathBuf;

use clap::Args;
use hubward_x509::VerificationCode;

use super::arguments::{PeriodArguments, serial};
use super::folder::CaFolder;
use super::new_file::pem_text;
use crate::file::OutputArguments;
use crate::{Outcome, secret};

/// The days of a proof, if `--ttl` is not given.
const PROOF_DAYS: u64 = 1;

#[derive(Debug, Args)]
pub(crate) struct Prove {
    /// The folder of the CA.
    folder: PathBuf,
    /// A file with the verification code of the hub; `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    code: PathBuf,
    #[command(flatten)]
    period: PeriodArguments,
    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &Prove) -> Result<Outcome, Box<dyn Error>> {
    let ca = CaFolder::open(&arguments.folder)?;
    let text = secret::read(Some(&arguments.code), "")?;
    let code = VerificationCode::parse(text.trim())
        .map_err(|error| format!("{}: {error}", secret::source(Some(&arguments.code), "")))?;
    let validity = arguments.period.within(Some(ca.authority.validity()), PROOF_DAYS)?;
    let proof = ca.authority.proof(&code, serial()?, validity)?.sign(&ca.key)?;
    let text = pem_text("CERTIFICATE", &proof)?;
    arguments.output.write(|out| Ok(out.write_all(text.as_bytes())?))?;
    Ok(Outcome::Good)
}
