//! Random worlds of registries, lists, enrollments, hierarchies, clocks, rules and certificates, in each of which one client
//! attempts to be admitted. The facade is compared with a model that is written from the documents.
//!
//! ```text
//! draw::world(seed, number) ──▶ World ──▶ real(&world)  == model(&world)
//!   records                      │  shrunk(world, differs) ──▶ as_test: the smallest difference as a Rust test
//!   clients, mint: an attempt    │
//!   attackers: an altered one    │
//! ```

mod attackers;
mod cbs_clients;
mod cbs_model;
mod certificates;
mod clients;
mod draw;
mod http_model;
mod mint;
mod model;
mod mqtt_model;
mod print;
mod random;
mod real;
mod records;
mod register_model;
mod shrink;
mod text;
mod token;
mod world;

pub use certificates::{BRIEF_END, LEAF_END, Shown, TODAY, certificates, issuers};
pub use draw::world;
pub use model::model;
pub use print::as_test;
pub use real::real;
pub use records::{HUB, SCOPE, key_bytes};
pub use shrink::shrunk;
pub use world::{
    Attempt, Attestation, Both, Credential, Device, Enrollment, Entry, Lists, Module, Policy, Print, Rules,
    Verdict, World,
};

/// The results of a run.
#[derive(Debug, Default)]
pub struct Tally {
    /// The worlds that were compared.
    pub worlds: u64,
    /// The worlds in which both admitted the client.
    pub admitted: u64,
    /// The worlds in which the two differ, each made smaller, with their numbers.
    pub differences: Vec<(u64, World)>,
}

/// The differences after which a run ends.
const ENOUGH: usize = 10;

/// Compares worlds `from` to `to` of the run with a seed.
#[must_use]
pub fn run(seed: u64, numbers: core::ops::Range<u64>) -> Tally {
    let mut tally = Tally::default();
    for number in numbers {
        let drawn = world(seed, number);
        let (real, expected) = (real(&drawn), model(&drawn));
        tally.worlds += 1;
        if real != expected {
            tally.differences.push((number, shrunk(drawn, differs)));
            if tally.differences.len() == ENOUGH {
                break;
            }
        } else if real != Verdict::Refused {
            tally.admitted += 1;
        }
    }
    tally
}

fn differs(world: &World) -> bool {
    real(world) != model(world)
}
