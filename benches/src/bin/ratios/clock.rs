//! Runs the cases in turn in many rounds and takes medians. A short disturbance of the machine affects all cases
//! alike.

use std::time::Instant;

use crate::case::Case;

const ROUNDS: usize = 301;

/// Pins the process to one core, if the system allows it.
pub fn pin() {
    let core = core_affinity::get_core_ids().and_then(|cores| cores.last().copied());
    let pinned = core.is_some_and(core_affinity::set_for_current);
    println!("# {}", if pinned { "pinned to one core" } else { "not pinned" });
}

pub fn measure(cases: &mut [Case<'_>]) {
    let mut times = vec![Vec::with_capacity(ROUNDS); cases.len()];
    for round in 0..ROUNDS + 20 {
        for (case, times) in cases.iter_mut().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..case.calls {
                (case.run)();
            }
            let elapsed = start.elapsed();
            // the first rounds warm up caches and clock rates
            if round >= 20 {
                times.push(elapsed.as_nanos() as f64 / f64::from(case.calls));
            }
        }
    }
    for (case, mut times) in cases.iter_mut().zip(times) {
        times.sort_by(f64::total_cmp);
        case.median = times[times.len() / 2];
    }
}
