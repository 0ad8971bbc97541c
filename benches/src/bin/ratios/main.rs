//! `ratios`: runs all cases in turn in one process and prints one line per ratio of medians: NAME RATIO (our ns /
//! their ns). Arguments are parts of names: `ratios cloud sign` measures the lines with such a name and no others.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::std_instead_of_core,
    missing_docs,
    unreachable_pub,
    reason = "a measurement that cannot go on must stop, and it must read a clock"
)]

mod feed;

use hubward_benches::case::{Case, measure, pin};
use hubward_benches::{certificates, cloud, issuing, lengths, peers, registry, rights, tokens};

/// A compared case: the name of the ratio, and of the two cases.
type Ratio = (&'static str, &'static str, &'static str);

fn main() {
    let parts: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |name: &str| parts.is_empty() || parts.iter().any(|part| name.contains(part));
    let wanted = |ratios: &[Ratio]| ratios.iter().any(|(name, ..)| is_wanted(name));

    let followed = wanted(feed::RATIOS).then(feed::Both::new);
    pin();
    let fleet = (wanted(registry::RATIOS) || is_wanted(registry::IMPORT)).then(registry::Fleet::new);
    if let Some(fleet) = fleet.as_ref().filter(|_| is_wanted(registry::IMPORT)) {
        // before the others use the memory that it needs
        registry::import(fleet);
    }
    let (fixture, lengths) = (tokens::Fixture::new(), lengths::Lengths::new());
    let mut cases = tokens::ours(&fixture);
    cases.extend(peers::cases(&fixture));
    cases.extend(rights::cases());
    cases.extend(certificates::cases());
    cases.extend(issuing::cases());
    cases.extend(cloud::cases());
    cases.extend(fleet.iter().flat_map(registry::cases));
    cases.extend(followed.iter().flat_map(feed::cases));
    let parts =
        [RATIOS, certificates::RATIOS, cloud::RATIOS, issuing::RATIOS, registry::RATIOS, feed::RATIOS];
    let mut ratios: Vec<Ratio> = parts.concat();
    ratios.retain(|(name, ..)| is_wanted(name));
    cases.retain(|case| ratios.iter().any(|(_, mine, theirs)| [mine, theirs].contains(&&case.name)));
    let by_length = lengths::NAMES.iter().any(|name| is_wanted(name));
    cases.extend(by_length.then(|| lengths.cases()).into_iter().flatten());
    measure(&mut cases);

    println!("# token of {} bytes, signed message of {} bytes", fixture.token.len(), fixture.message.len());
    print(&cases, &ratios);
    if by_length {
        lengths::print(|name| median(&cases, name));
    }
}

fn median(cases: &[Case<'_>], name: &str) -> f64 {
    cases.iter().find(|case| case.name == name).map(|case| case.median).expect(name)
}

fn print(cases: &[Case<'_>], ratios: &[Ratio]) {
    for (name, mine, theirs) in ratios {
        let (mine, theirs) = (median(cases, mine), median(cases, theirs));
        println!("{name} {:.2} ({mine:.0} / {theirs:.0})", mine / theirs);
    }
}

/// The compared cases. `x-per-y` of peers is their time over ours, so that more is better there too.
const RATIOS: &[Ratio] = &[
    ("verify.one-key/ring-keyed-verify", "verify one", "ring verify"),
    ("verify.two-keys/ring-keyed-verify", "verify two", "ring verify"),
    ("verify.ring-provider/ring-keyed-verify", "verify ring provider", "ring verify"),
    ("verify.ring-provider-two-keys/ring-keyed-verify", "verify ring provider two", "ring verify"),
    ("verify.one-key/three-compressions", "verify one", "three compressions"),
    ("verify.parse-only/ring-keyed-verify", "parse", "ring verify"),
    ("peer.naive-strings/verify.one-key", "naive", "verify one"),
    ("peer.jsonwebtoken/verify.one-key", "jsonwebtoken", "verify one"),
    ("peer.jwt-simple/verify.one-key", "jwt-simple", "verify one"),
    ("batch.one-at-a-time/batch", "sixteen parsed one at a time", "sixteen parsed in a batch"),
    ("batch.with-parsing.one-at-a-time/batch", "sixteen one at a time", "sixteen in a batch"),
    ("sign/ring-keyed-sign", "sign", "ring sign"),
    ("peer.jsonwebtoken-sign/sign", "jsonwebtoken sign", "sign"),
    ("peer.jwt-simple-sign/sign", "jwt-simple sign", "sign"),
    ("peer.cedar-5-policies/rights", "cedar 5", "rights"),
    ("peer.cedar-100-policies/statements-100", "cedar 100", "statements 100"),
    ("mqtt-admission/verify.two-keys", "mqtt admission", "verify two"),
];
