//! The stable codes of all crates: sentence, cause, cure, the word for the peer, and the test that makes each.
//!
//! The table is text, one file for each area. `tests/codes.rs` compares it with the functions `code()` of the sources.

/// The files of the table.
const FILES: [&str; 10] = [
    include_str!("codes/authentication.txt"),
    include_str!("codes/token.txt"),
    include_str!("codes/session.txt"),
    include_str!("codes/operation.txt"),
    include_str!("codes/roles.txt"),
    include_str!("codes/tls.txt"),
    include_str!("codes/registry.txt"),
    include_str!("codes/connection-string.txt"),
    include_str!("codes/cloud.txt"),
    include_str!("codes/hint.txt"),
];

/// The codes of one area.
pub(crate) struct Area {
    pub(crate) title: &'static str,
    /// The answer to the peer, for all codes of the area.
    pub(crate) about: &'static str,
    pub(crate) codes: Vec<Code>,
}

/// One code.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Code {
    pub(crate) code: &'static str,
    /// The crate and the variant of its error.
    pub(crate) variant: &'static str,
    /// The sentence of the error; `..` is a value.
    pub(crate) says: &'static str,
    pub(crate) cause: &'static str,
    pub(crate) cure: &'static str,
    /// The word for the peer.
    pub(crate) peer: &'static str,
    /// The file and the name of a test that makes the code.
    pub(crate) test: &'static str,
}

/// Returns the table.
pub(crate) fn areas() -> Vec<Area> {
    FILES.iter().copied().map(area).collect()
}

/// Returns the entries of a code. Two crates can have the same word for two reasons.
pub(crate) fn find(code: &str) -> Vec<Code> {
    areas().iter().flat_map(|area| &area.codes).filter(|entry| entry.code == code).copied().collect()
}

fn area(file: &'static str) -> Area {
    let mut area = Area { title: "", about: "", codes: Vec::new() };
    for line in file.lines() {
        if let Some(code) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            area.codes.push(Code { code, ..Code::default() });
            continue;
        }
        let Some((name, value)) = line.split_once(": ") else { continue };
        let mut unused = "";
        let last = area.codes.last_mut();
        let place = match (name, last) {
            ("title", None) => &mut area.title,
            ("about", None) => &mut area.about,
            ("is", Some(code)) => &mut code.variant,
            ("says", Some(code)) => &mut code.says,
            ("cause", Some(code)) => &mut code.cause,
            ("cure", Some(code)) => &mut code.cure,
            ("peer", Some(code)) => &mut code.peer,
            ("test", Some(code)) => &mut code.test,
            _ => &mut unused,
        };
        *place = value;
    }
    area
}
