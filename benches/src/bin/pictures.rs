//! `pictures FOLDER`: draws the pictures of docs/PERFORMANCE.md from the records in `benches/record`.
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

use std::path::Path;

use hubward_benches::pictures::{Bar, bars, growth};

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "docs/pictures".to_owned());
    let record = |name: &str| std::fs::read_to_string(Path::new("benches/record").join(name)).expect(name);
    let write = |name: &str, svg: String| {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(Path::new(&folder).join(name), svg).unwrap();
    };
    write("growth.svg", growth(&record("growth.txt")));
    write("peers.svg", peers(&record("ratios.txt")));
    write("parts.svg", parts(&record("parts.txt")));
    write("cores.svg", cores(&record("cores.txt")));
}

/// Both times of a line `NAME RATIO (ours / theirs)`.
fn times(ratios: &str, name: &str) -> (f64, f64) {
    let line = ratios.lines().find(|line| line.split(' ').next() == Some(name)).expect(name);
    let (_, pair) = line.split_once('(').unwrap();
    let (mine, theirs) = pair.split(')').next().unwrap().split_once(" / ").unwrap();
    (mine.parse().unwrap(), theirs.parse().unwrap())
}

fn bar(name: &str, ns: f64, ours: bool) -> Bar {
    Bar { name: name.to_owned(), value: ns, text: format!("{ns:.0} ns"), ours }
}

fn peers(ratios: &str) -> String {
    let (one, ring) = times(ratios, "verify.one-key/ring-keyed-verify");
    let (two, _) = times(ratios, "verify.two-keys/ring-keyed-verify");
    let (sign, ring_sign) = times(ratios, "sign/ring-keyed-sign");
    let all = [
        bar("verify, one key", one, true),
        bar("verify, two keys", two, true),
        bar("ring: the HMAC alone, keyed", ring, false),
        bar("naive strings over ring", times(ratios, "peer.naive-strings/verify.one-key").0, false),
        bar("jsonwebtoken, HS256", times(ratios, "peer.jsonwebtoken/verify.one-key").0, false),
        bar("jwt-simple, HS256", times(ratios, "peer.jwt-simple/verify.one-key").0, false),
        bar("sign", sign, true),
        bar("ring: the HMAC alone, keyed", ring_sign, false),
        bar("jsonwebtoken signs", times(ratios, "peer.jsonwebtoken-sign/sign").0, false),
        bar("jwt-simple signs", times(ratios, "peer.jwt-simple-sign/sign").0, false),
    ];
    bars("a token verified and signed, next to its peers", &all)
}

fn parts(record: &str) -> String {
    let all: Vec<Bar> = record
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, count) = line.rsplit_once(' ').unwrap();
            let value = count.parse().unwrap();
            Bar { name: name.to_owned(), value, text: format!("{value:.0} instructions"), ours: true }
        })
        .collect();
    bars("instructions of verify.one-key without the compressions", &all)
}

fn cores(record: &str) -> String {
    let all: Vec<Bar> = record
        .lines()
        .filter(|line| !line.starts_with('#') && line.contains(" threads "))
        .map(|line| {
            let (name, rest) = line.split_once(" threads ").unwrap();
            let value: f64 = rest.split(' ').next().unwrap().parse().unwrap();
            let text = format!("{:.2} million a second", value / 1e6);
            let name = format!("{name} threads");
            Bar { ours: !name.contains("std") && !name.contains("parking_lot"), name, value, text }
        })
        .collect();
    bars("over one registry, by the number of threads", &all)
}
