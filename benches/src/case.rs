//! A case is one call of a hot path. Cases run in turn in many rounds, and medians are taken: a short disturbance of the
//! machine affects all cases alike.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

pub struct Case<'f> {
    pub name: &'static str,
    pub run: Box<dyn FnMut() + 'f>,
    /// The number of calls in one turn.
    pub calls: u32,
    pub median: f64,
}

impl<'f> Case<'f> {
    pub fn new(name: &'static str, run: impl FnMut() + 'f) -> Self {
        Case { name, run: Box::new(run), calls: 2_000, median: 0.0 }
    }

    pub fn calls(self, calls: u32) -> Self {
        Self { calls, ..self }
    }
}

const ROUNDS: usize = 301;

/// Returns the time that this thread has run: what other programs take meanwhile is not in it.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap())
}

/// Pins the process to one core, if the system allows it.
pub fn pin() {
    let core = core_affinity::get_core_ids().and_then(|cores| cores.last().copied());
    let pinned = core.is_some_and(core_affinity::set_for_current);
    println!("# {}", if pinned { "pinned to one core" } else { "not pinned" });
}

pub fn measure(cases: &mut [Case<'_>]) {
    measure_rounds(cases, ROUNDS);
}

pub fn measure_rounds(cases: &mut [Case<'_>], rounds: usize) {
    let warm = rounds / 15;
    let mut times = vec![Vec::with_capacity(rounds); cases.len()];
    for round in 0..rounds + warm {
        for (case, times) in cases.iter_mut().zip(&mut times) {
            let start = cpu_time();
            for _ in 0..case.calls {
                (case.run)();
            }
            let elapsed = cpu_time() - start;
            // the first rounds warm up caches and clock rates
            if round >= warm {
                times.push(elapsed.as_nanos() as f64 / f64::from(case.calls));
            }
        }
    }
    for (case, mut times) in cases.iter_mut().zip(times) {
        times.sort_by(f64::total_cmp);
        case.median = times[times.len() / 2];
    }
}
