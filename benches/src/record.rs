//! The first line of a record: the date, the machine and the compiler.

use std::process::Command;

/// Returns `# date, processor, cores, rustc`, as far as the machine says.
pub fn head() -> String {
    let printed = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output().ok();
        output.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let processor = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(": ")?.1.to_owned())
    });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (date, rustc) = (printed("date", "+%F"), printed("rustc", "-V"));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    format!(
        "# {date}, {}, {cores} cores, load average {load}, {rustc}",
        processor.as_deref().unwrap_or("unknown processor")
    )
}
