//! `hubward bench`: its figures, and the recorded ones.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::Folder;
use serde_json::Value;

#[test]
fn each_figure_is_measured_and_has_the_recorded_one_with_it() {
    let folder = Folder::new("bench");
    let (status, text) = folder.hubward("bench --seconds 1 --json");
    assert_eq!(status, 0, "{text}");
    let figures: Value = serde_json::from_str(&text).unwrap();
    for name in ["tokens", "admissions", "chains"] {
        assert!(figures[name]["per_second"].as_u64().unwrap() > 0, "{text}");
        assert!(figures[name]["recorded"].as_u64().unwrap() > 0, "{text}");
    }
    let (status, text) = folder.hubward("bench --seconds 0");
    assert_eq!(status, 2, "{text}");
}

/// The program has the figures of the repository's record.
#[test]
fn the_recorded_figures_are_those_of_the_record() {
    let record = include_str!("../../../benches/record/ratios.txt");
    let ours = |name: &str| -> u64 {
        let line = record.lines().find(|line| line.starts_with(name)).unwrap();
        line.split('(').nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
    };
    let lines = ["verify.two-keys/ring-keyed-verify ", "mqtt-admission/", "chain.p256/two-bare-verifies "];
    assert_eq!(lines.map(ours), hubward_cli::RECORDED_NS);
}
