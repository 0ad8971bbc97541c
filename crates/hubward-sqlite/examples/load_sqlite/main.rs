//! Measures how long a gateway takes to load its index from a file: `load_sqlite FILE [DEVICES]`. Without the file it is
//! created first, with two keys for each device.
#![allow(clippy::disallowed_methods, clippy::arithmetic_side_effects, reason = "a measurement")]

mod measure;

use core::error::Error;
use std::path::Path;

use hubward_sqlite::SqliteStore;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("load_sqlite FILE [DEVICES]")?;
    let devices = arguments.next().map_or(Ok(1_000_000), |devices| devices.parse())?;
    measure::measure(&SqliteStore::create(Path::new(&file), "hub.example")?, devices)
}
