//! The figures as bars for a terminal, or as JSON.

use core::fmt::Write;

use serde_json::{Map, Value, json};

/// The characters of the longest bar.
const WIDTH: u64 = 40;

/// One measurement: its name in JSON, its text, and calls per second here and in the record.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    pub(super) here: u64,
    pub(super) recorded: u64,
}

/// Returns two bars for each row: this machine's and the recorded one.
pub(super) fn text(rows: &[Row], recorded_on: &str) -> String {
    let mut text = String::new();
    for row in rows {
        let most = row.here.max(row.recorded);
        let _ = writeln!(text, "{}", row.text);
        for (name, rate, fill) in [("here", row.here, '\u{2588}'), ("record", row.recorded, '\u{2591}')] {
            let _ = writeln!(text, "  {name:<8} {:>12} a second  {}", grouped(rate), bar(rate, most, fill));
        }
    }
    let _ = writeln!(text, "record: {recorded_on}; docs/PERFORMANCE.md tells what each figure is.");
    text
}

pub(super) fn json(rows: &[Row], recorded_on: &str) -> Value {
    let mut object = Map::new();
    for row in rows {
        object.insert(row.name.to_owned(), json!({"per_second": row.here, "recorded": row.recorded}));
    }
    object.insert("recorded_on".to_owned(), recorded_on.into());
    object.insert("status".to_owned(), 0.into());
    Value::Object(object)
}

fn bar(rate: u64, most: u64, fill: char) -> String {
    let width = rate.saturating_mul(WIDTH).checked_div(most).unwrap_or_default().max(1);
    (0..width).map(|_| fill).collect()
}

/// Writes a number with a comma before each three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digits.len().saturating_sub(at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_the_ratio_of_the_rates() {
        let row = Row { name: "tokens", text: "tokens", here: 2_000_000, recorded: 1_000_000 };
        let text = text(&[row], "a machine");
        let count = |fill| text.matches(fill).count();
        assert_eq!((count('\u{2588}'), count('\u{2591}')), (40, 20));
        assert!(text.contains("2,000,000 a second"), "{text}");
        assert_eq!((grouped(7), grouped(999), grouped(1_000)), ("7".into(), "999".into(), "1,000".into()));
    }
}
