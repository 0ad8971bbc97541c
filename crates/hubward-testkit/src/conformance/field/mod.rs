//! What official clients present: each case is one connection, request or text, run through the facade under both
//! rules of tokens.

mod amqp;
mod case;
mod dps;
mod hub;
mod judge;
mod text;
mod world;

use core::panic::AssertUnwindSafe;
use std::collections::BTreeMap;
use std::panic::catch_unwind;

use case::{Case, File, Presented};
use judge::{Mode, judge};
use world::World;

use super::Tally;

/// Runs the cases of `json`.
///
/// # Errors
/// The error of the JSON reader if `json` is not a file of this suite.
pub fn run(json: &str, tally: &mut Tally) -> Result<(), serde_json::Error> {
    let File { worlds, cases } = serde_json::from_str(json)?;
    let worlds: BTreeMap<_, _> =
        worlds.iter().map(|(name, data)| (name.as_str(), World::new(data))).collect();
    for case in &cases {
        if matches!(&case.presented, Presented::Mqtt(connect) if connect.protocol.is_some()) {
            tally.skip(
                &case.id,
                "the facade is not told the version of the protocol; the gateway's tests have it",
            );
            continue;
        }
        tally.case(&case.id, || {
            let world = worlds.get(case.world.as_str()).ok_or("no such world")?;
            run_case(case, world)
        });
    }
    Ok(())
}

fn run_case(case: &Case, world: &World<'_>) -> Result<(), String> {
    for mode in [Mode::Strict, Mode::Compat] {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            match &case.presented {
                Presented::Mqtt(connect) => hub::mqtt(world, connect, mode),
                Presented::Http(request) => hub::http(world, request, mode),
                Presented::Amqp(connection) => amqp::run(world, connection, mode),
                Presented::DpsMqtt(connect) => dps::mqtt(world, connect, mode),
                Presented::DpsHttp(request) => dps::http(world, request, mode),
                Presented::DpsAmqp(connection) => dps::amqp(world, connection, mode),
                Presented::Text(text) => return text::judge_text(&case.expect, text, mode).map(|()| None),
            }
            .map(Some)
        }));
        let outcome = outcome.map_err(|_| format!("{mode:?}: it panics"))?;
        if let Some(outcome) = outcome.map_err(|why| format!("{mode:?}: {why}"))? {
            judge(&case.expect, &outcome, mode).map_err(|why| format!("{mode:?}: {why}"))?;
        }
    }
    Ok(())
}
