//! Certificates, lists, keys and thumbprints from real deployments.

mod operations;
mod refusal;
mod verify;

use core::panic::AssertUnwindSafe;
use std::collections::BTreeMap;
use std::panic::catch_unwind;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use super::{Tally, ensure};
use refusal::Refusal;

/// A case of the suite.
#[derive(Debug, Deserialize)]
struct Case {
    id: String,
    op: String,
    files: BTreeMap<String, String>,
    args: Value,
    expect: Expect,
}

#[derive(Debug, Deserialize)]
struct Expect {
    result: String,
    thumbprints: Option<Vec<String>>,
    certificates: Option<usize>,
    #[serde(default)]
    revoked: bool,
    #[serde(default)]
    says_any: Vec<String>,
    #[serde(default)]
    says_none: Vec<String>,
    max_message: Option<usize>,
    #[serde(default)]
    secret: Vec<String>,
}

impl Case {
    /// Returns the bytes of a file.
    fn file(&self, role: &str) -> Vec<u8> {
        STANDARD.decode(self.files.get(role).expect("a file of this role")).expect("base64")
    }

    /// Returns the text of an argument.
    fn arg(&self, name: &str) -> Option<&str> {
        self.args[name].as_str()
    }

    fn flag(&self, name: &str) -> bool {
        self.args[name].as_bool().unwrap_or_default()
    }
}

/// The result of an accepted case.
#[derive(Debug, Default)]
struct Accepted {
    /// Lower-case hex, in order, if the operation computes thumbprints.
    thumbprints: Option<Vec<String>>,
    /// The number of certificates, if the operation reads a file of them.
    certificates: Option<usize>,
}

/// Runs the cases of `json`.
///
/// # Errors
/// The error of the JSON reader if `json` is not a file of this suite.
pub fn run(json: &str, tally: &mut Tally) -> Result<(), serde_json::Error> {
    for case in serde_json::from_str::<Vec<Case>>(json)? {
        tally.case(&case.id, || {
            let result = catch_unwind(AssertUnwindSafe(|| operate(&case)));
            judge(&case.expect, result.map_err(|_| "it panics")?)
        });
    }
    Ok(())
}

fn operate(case: &Case) -> Result<Accepted, Refusal> {
    match case.op.as_str() {
        "read" => operations::read(case),
        "thumbprints" => operations::thumbprints(case),
        "private-key" => operations::private_key(case),
        "trust-bundle" => operations::trust_bundle(case),
        "enroll-individual" => operations::enroll_individual(case),
        "enroll-group" => operations::enroll_group(case),
        "thumbprint-text" => operations::thumbprint_text(case),
        "registry-import" => operations::registry_import(case),
        "verify" => verify::verify(case),
        "pin" => verify::pin(case),
        other => panic!("an operation called {other}"),
    }
}

fn judge(expect: &Expect, result: Result<Accepted, Refusal>) -> Result<(), String> {
    match (expect.result.as_str(), result) {
        ("accept" | "either", Ok(accepted)) => {
            let found = accepted.thumbprints.or(expect.thumbprints.is_some().then(Vec::new));
            ensure(expect.thumbprints.is_none() || expect.thumbprints == found, "other thumbprints")?;
            let count = expect.certificates.is_none() || expect.certificates == accepted.certificates;
            ensure(count, "another number of certificates")
        }
        ("refuse" | "either", Err(refusal)) => refusal.judge(expect),
        ("accept", Err(refusal)) => Err(format!("refused: {}", refusal.message)),
        _ => Err("accepted".into()),
    }
}
