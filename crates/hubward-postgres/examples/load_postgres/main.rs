//! Measures how long a gateway takes to load its index from a database: `load_postgres postgres://USER@HOST/DB [DEVICES]`.
//! An empty database is filled first, with two keys for each device.
#![allow(clippy::disallowed_methods, clippy::arithmetic_side_effects, reason = "a measurement")]

#[path = "../../../hubward-sqlite/examples/load_sqlite/measure.rs"]
mod measure;

use core::error::Error;

use hubward_postgres::{PostgresConfig, PostgresStore};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("load_postgres ADDRESS [DEVICES]")?;
    let devices = arguments.next().map_or(Ok(1_000_000), |devices| devices.parse())?;
    measure::measure(&PostgresStore::open(&PostgresConfig::parse(&address)?, "hub.example")?, devices)
}
