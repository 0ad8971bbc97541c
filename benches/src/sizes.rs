//! The sizes that a growing case runs at, limited by the environment variable `HUBWARD_BENCH_MOST`.

/// The limit if the variable is not set: a million of the smallest thing fits into a gigabyte.
const MOST: usize = 1_000_000;

/// Returns the powers of ten from `10^first` to `10^last` that are within the limit. With `--test`, which runs each bench
/// once, the limit is ten thousand.
pub fn powers(first: u32, last: u32) -> impl Iterator<Item = usize> {
    let most = most();
    (first..=last).map(|power| 10_usize.pow(power)).filter(move |size| *size <= most)
}

fn most() -> usize {
    if std::env::args().any(|argument| argument == "--test") {
        return 10_000;
    }
    let asked = std::env::var("HUBWARD_BENCH_MOST").ok();
    asked.map_or(MOST, |text| text.parse().expect("HUBWARD_BENCH_MOST is a number"))
}
