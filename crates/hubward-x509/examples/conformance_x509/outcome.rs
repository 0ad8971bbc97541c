//! What became of the cases of a suite.

use std::collections::BTreeMap;
use std::fmt;

/// Counts, and a line for each case that did not pass.
#[derive(Debug, Default)]
pub struct Outcome {
    lines: Vec<String>,
    passed: usize,
    failed: usize,
    skipped: usize,
    /// How many cases of each listed kind differed, and how many there were.
    kinds: BTreeMap<&'static str, (usize, usize)>,
}

/// A kind of cases that are let differ, and why.
pub type Skip = (&'static str, &'static str);

impl Outcome {
    /// Takes one case in: `result` says why it differs from what was expected, `skip` that it may.
    pub fn case(&mut self, id: &str, result: Result<(), String>, skip: Option<&Skip>) {
        if let Some((kind, _)) = skip {
            let (differ, all) = self.kinds.entry(kind).or_default();
            *all += 1;
            *differ += usize::from(result.is_err());
        }
        match (result, skip) {
            (Ok(()), _) => self.passed += 1,
            (Err(why), None) => self.fail(id, &why),
            (Err(_), Some((_, reason))) => self.skip(id, reason),
        }
    }

    /// A kind of which there were cases, none of which differed, no longer belongs to the list.
    pub fn check_used(&mut self, skips: &[Skip]) {
        for (kind, _) in skips {
            if let Some((0, 1..)) = self.kinds.get(kind) {
                self.fail(kind, "is listed to be skipped, but all of it passes");
            }
        }
    }

    /// A case that is not judged whatever its result would be.
    pub fn skip(&mut self, id: &str, reason: &str) {
        self.lines.push(format!("SKIP {id}: {reason}"));
        self.skipped += 1;
    }

    fn fail(&mut self, id: &str, why: &str) {
        self.lines.push(format!("FAIL {id}: {why}"));
        self.failed += 1;
    }

    /// Adds the cases of another file.
    pub fn add(&mut self, other: Self) {
        self.lines.extend(other.lines);
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// Whether any differed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed > 0
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// `YYYY-MM-DDTHH:MM:SS`, whatever fraction and zone follow (the suites write UTC), in seconds since 1970.
pub fn seconds(time: &str) -> u64 {
    let number = |range: std::ops::Range<usize>| time[range].parse::<i64>().unwrap();
    let (mut year, mut month) = (number(0..4), number(5..7));
    if month < 3 {
        (year, month) = (year - 1, month + 12);
    }
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + number(8..10)
        - 719_469;
    let seconds = days * 86_400 + number(11..13) * 3_600 + number(14..16) * 60 + number(17..19);
    seconds.try_into().unwrap()
}
