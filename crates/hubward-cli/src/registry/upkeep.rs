//! `hubward registry reseal | renew-epoch`: the upkeep of a durable registry.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use hubward_store::reseal;

use super::durable::{DurableArguments, Place};
use crate::Outcome;
use crate::exit::misuse;
use crate::out::stdout;
use crate::shown;

/// Seal the keys of a durable registry under the first key of the key file.
///
/// To replace that key: write a new key as the first line of the key file and keep the old one below it, give this file to all
/// gateways, and run this command. Remove the old line afterwards, but keep it for the backups that need it. No session ends. The
/// command may be interrupted and repeated.
#[derive(Debug, Args)]
pub(crate) struct Reseal {
    #[command(flatten)]
    upkeep: Upkeep,
}

/// Give a durable registry a new epoch, after a backup was restored.
///
/// Every gateway then loads all records again and rechecks its sessions, and no etag of before the restore is accepted.
#[derive(Debug, Args)]
pub(crate) struct RenewEpoch {
    #[command(flatten)]
    upkeep: Upkeep,
}

#[derive(Debug, Args)]
struct Upkeep {
    /// The durable registry: `sqlite:FILE`, or `postgres://USER@HOST:PORT/DATABASE`.
    registry: PathBuf,
    #[command(flatten)]
    durable: DurableArguments,
}

impl Upkeep {
    fn place(&self) -> Result<Place, Box<dyn Error>> {
        Place::of(&self.registry)
            .ok_or_else(|| misuse(format!("{} is no durable registry", shown::file(&self.registry))))
    }
}

impl Reseal {
    pub(super) fn run(&self) -> Result<Outcome, Box<dyn Error>> {
        let durable = self.upkeep.place()?.open(&self.upkeep.durable, false)?;
        let result = reseal(&*durable.store, &durable.sealer)?;
        let mut out = stdout();
        writeln!(out, "{} rows are sealed anew, under key {:08x}", result.resealed, durable.sealer.key_id())?;
        for (key, error) in &result.unopened {
            writeln!(out, "not sealed: {}: {error}", shown::text(&key.name))?;
        }
        Ok(if result.unopened.is_empty() { Outcome::Good } else { Outcome::Refused })
    }
}

impl RenewEpoch {
    pub(super) fn run(&self) -> Result<Outcome, Box<dyn Error>> {
        let place = self.upkeep.place()?;
        place.renew_epoch(&self.upkeep.durable)?;
        writeln!(stdout(), "{} has a new epoch; its gateways load it again", shown::file(place.path()))?;
        Ok(Outcome::Good)
    }
}
