//! Runs this program under callgrind, and sums what its functions executed themselves.

use std::process::Command;

/// The calls of one run: the first ones, which warm up, weigh little.
const CALLS: u64 = 200;
/// The function that is counted, with everything that it calls.
const COUNTED: &str = "*counted_hot_path*";

/// Returns the instructions of one call of a hot path, without SHA-256's compressions.
pub(crate) fn count(name: &str) -> u64 {
    let out = std::env::temp_dir().join(format!(
        "hubward-callgrind-{}-{}",
        std::process::id(),
        name.replace('/', "-")
    ));
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "-q", "--compress-strings=no", "--compress-pos=no"])
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().unwrap())
        .args(["run", name, &CALLS.to_string()])
        .status()
        .expect("valgrind is installed (apt-get install valgrind)");
    assert!(status.success(), "{name} under valgrind: {status}");
    let text = std::fs::read_to_string(&out).unwrap();
    std::fs::remove_file(&out).unwrap();
    sum(&text) / CALLS
}

/// Sums the lines of costs of all functions but those of SHA-256. The line after `calls=` is what a callee cost, which its
/// own lines have too.
fn sum(text: &str) -> u64 {
    let (mut total, mut counts, mut callee) = (0, true, false);
    for line in text.lines() {
        if let Some(function) = line.strip_prefix("fn=") {
            counts = !(function.contains("sha2::") || function.contains("sha256"));
        } else if line.starts_with("calls=") {
            callee = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            let cost = line.split_whitespace().nth(1).and_then(|cost| cost.parse::<u64>().ok());
            if counts && !callee {
                total += cost.unwrap_or(0);
            }
            callee = false;
        }
    }
    total
}
