//! The twelve hot paths. What they read is the same in each run: no key and no seed is random.

use std::hint::black_box;

use hubward_benches::case::Case;
use hubward_benches::registry::{exported, import_lines};
use hubward_benches::{admissions, connection_strings, rights, tokens};
use hubward_x509::{Certificate, pem};

/// The names, as in the record.
pub(crate) const NAMES: [&str; 12] = [
    "token.parse",
    "token.verify-one-key",
    "token.verify-two-keys",
    "token.sign",
    "admission.mqtt-connect",
    "admission.cbs-put-token",
    "admission.http-request",
    "session.recheck",
    "certificate.parse",
    "statements.100",
    "import.100-lines",
    "connection-string.device",
];

const CERTIFICATES: &[u8] = include_bytes!("../../../../crates/hubward-cli/src/demo/certificates.pem");

/// Calls a hot path a number of times.
pub(crate) fn run(name: &str, calls: u64) {
    let (fixture, world) = (tokens::Fixture::new(), admissions::World::new());
    let named = |cases: Vec<Case<'_>>, name: &str| {
        count(cases.into_iter().find(|case| case.name == name).expect(name), calls)
    };
    match name {
        "token.parse" => named(tokens::ours(&fixture), "parse"),
        "token.verify-one-key" => named(tokens::ours(&fixture), "verify one"),
        "token.verify-two-keys" => named(tokens::ours(&fixture), "verify two"),
        "token.sign" => named(tokens::ours(&fixture), "sign"),
        "admission.mqtt-connect" => named(world.cases(), "mqtt connect"),
        "admission.cbs-put-token" => named(world.cases(), "cbs put-token"),
        "admission.http-request" => named(world.cases(), "http request"),
        "session.recheck" => named(world.cases(), "recheck and decide"),
        "certificate.parse" => {
            let leaf = pem::certificates(CERTIFICATES).unwrap().swap_remove(2);
            let parse = || {
                let _ = black_box(Certificate::parse(black_box(&leaf)).unwrap());
            };
            count(Case::new("parse", parse), calls);
        }
        "statements.100" => count(rights::statements("statements", 100), calls),
        "import.100-lines" => {
            let text = exported(100);
            count(Case::new("import", || drop(black_box(import_lines(&text)))), calls);
        }
        "connection-string.device" => named(connection_strings::cases(), "device string"),
        _ => panic!("{name} is no hot path"),
    }
}

fn count(mut case: Case<'_>, calls: u64) {
    // lazily created tables are created
    (case.run)();
    counted_hot_path(&mut case, calls);
}

#[inline(never)]
fn counted_hot_path(case: &mut Case<'_>, calls: u64) {
    for _ in 0..calls {
        (case.run)();
    }
}
