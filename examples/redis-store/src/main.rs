//! A store of one's own on an engine of one's own: the registry of a hub in Redis. `live.sh` runs it.
//!
//! `suite ADDRESS` runs the conformance suite. `write ADDRESS` writes devices until it fails, and prints each that Redis
//! acknowledged; `read ADDRESS` prints those that are there: `live.sh` kills the server between both.

mod row;
mod store;

use core::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use hubward_store::{Commit, Expected, Kind, Row, Store, Write, suite};
use store::RedisStore;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments {
        ["suite", address] => {
            // the suite cannot report that a store did not open
            RedisStore::open(address, "suite", "hub.example")?;
            suite::run(|name| {
                RedisStore::open(address, &format!("suite:{name}"), "hub.example").unwrap_or_else(|error| {
                    eprintln!("{error}");
                    std::process::exit(1)
                })
            })?;
            println!("the store in Redis passes the suite");
            Ok(())
        }
        ["write", address] => {
            let store = RedisStore::open(address, "hub", "hub.example")?;
            for number in 0_u64.. {
                let name = format!("device-{number}");
                let row = Row { etag: 1, generation: 1, ..Row::new(Kind::Identity, &name) }.into_owned();
                if let Commit::Done(_) = store.commit(&[Write::Put(row, Expected::Absent)])? {
                    writeln!(std::io::stdout(), "{name}")?;
                }
            }
            Ok(())
        }
        ["read", address] => {
            let store = RedisStore::open(address, "hub", "hub.example")?;
            store.changes(None, &mut |row| println!("{}", row.name))?;
            Ok(())
        }
        _ => Err("suite | write | read ADDRESS".into()),
    }
}
