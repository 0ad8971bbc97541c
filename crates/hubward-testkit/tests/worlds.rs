//! The facade against the model of admission. `cargo run --release -p hubward-testkit --bin worlds -- 1000000` compares more.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use hubward_testkit::worlds::*;

#[test]
fn the_facade_admits_exactly_what_the_model_admits() {
    let tally = run(1, 0..2_000);
    let tests: Vec<String> =
        tally.differences.iter().map(|(number, world)| as_test(&format!("world_{number}"), world)).collect();
    assert!(tests.is_empty(), "{} differences:\n{}", tests.len(), tests.join("\n"));
    // a run in which nearly all are refused, or nearly none, compares little
    assert!(
        (tally.worlds / 20..tally.worlds * 4 / 5).contains(&tally.admitted),
        "{} admitted",
        tally.admitted
    );
}

#[test]
fn a_world_follows_from_its_number() {
    assert_eq!(world(1, 7), world(1, 7));
    assert_ne!(world(1, 7), world(1, 8));
    assert_ne!(world(1, 7), world(2, 7));
}

#[test]
fn a_difference_is_made_smaller_and_printed() {
    // a world that differs from another model: one that admits no device with a plus
    let found = (0..).map(|number| world(1, number)).find(admits_a_plus).unwrap();
    let smaller = shrunk(found, admits_a_plus);
    assert!(admits_a_plus(&smaller));
    assert_eq!(
        (smaller.devices.len(), smaller.modules.len(), smaller.policies.len()),
        (1, 0, 0),
        "{smaller:?}"
    );
    let text = as_test("smaller", &smaller);
    assert!(
        text.contains("id: \"a+b\".into()")
            && text.ends_with("assert_eq!(real(&world), model(&world));\n}\n")
    );
}

fn admits_a_plus(world: &World) -> bool {
    real(world) == Verdict::Admitted("device a+b".to_owned())
}
