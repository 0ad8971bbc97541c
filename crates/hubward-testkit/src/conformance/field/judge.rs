//! The comparison of an outcome with its expectation.

use serde_json::Value;

use super::super::ensure;
use super::case::{Expect, One};

/// The rules of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Strict,
    Compat,
}

impl Mode {
    fn of<'e>(self, strict: &'e str, compat: &'e str) -> &'e str {
        match self {
            Self::Strict => strict,
            Self::Compat => compat,
        }
    }
}

/// The principal of an admission, in the form of the file.
pub(super) type Principal = Value;

/// The result of one connection, request or text.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The principals of the admission, any of which may be expected, or the message of the refusal. `None` if no
    /// credential was presented.
    pub(super) admission: Option<Result<Vec<Principal>, String>>,
    /// For each put the principals, or the status and the message.
    pub(super) puts: Vec<Result<Vec<Principal>, (i32, String)>>,
    /// For each operation nothing, or the message of the denial.
    pub(super) operations: Vec<Result<(), String>>,
}

/// Compares an outcome with the expectation under one mode.
pub(super) fn judge(expect: &Expect, outcome: &Outcome, mode: Mode) -> Result<(), String> {
    let wanted = mode.of(&expect.strict, &expect.compat);
    let by_puts = !outcome.puts.is_empty() || outcome.admission.is_none();
    let admitted = if by_puts {
        ensure(expect.puts.len() == outcome.puts.len(), "another number of puts")?;
        for (at, (one, put)) in expect.puts.iter().zip(&outcome.puts).enumerate() {
            judge_put(one, put, mode).map_err(|why| format!("put {at}: {why}"))?;
        }
        outcome.puts.iter().any(Result::is_ok)
    } else {
        judge_admission(expect, wanted, outcome.admission.as_ref())?;
        matches!(outcome.admission, Some(Ok(_)))
    };
    // a refused request may have no expectation of its operation
    let count =
        expect.operations.len() == outcome.operations.len() || expect.operations.is_empty() && !admitted;
    ensure(count, "another number of operations")?;
    for (at, (one, operation)) in expect.operations.iter().zip(&outcome.operations).enumerate() {
        judge_operation(one, operation, admitted, wanted == "admit", mode)
            .map_err(|why| format!("operation {at}: {why}"))?;
    }
    let denials = outcome.operations.iter().filter_map(|operation| operation.as_ref().err());
    for denial in denials.filter(|_| admitted) {
        let said = denial.to_lowercase();
        let wrong = expect.says_none.iter().find(|text| said.contains(text.as_str()));
        ensure(wrong.is_none(), format!("a denial says {wrong:?}: {denial}"))?;
        let logged = expect.log_has.iter().all(|text| denial.contains(text.as_str()));
        ensure(logged, format!("the denial does not show {:?}: {denial}", expect.log_has))?;
    }
    Ok(())
}

fn judge_admission(
    expect: &Expect,
    wanted: &str,
    admission: Option<&Result<Vec<Principal>, String>>,
) -> Result<(), String> {
    match admission {
        Some(Ok(principals)) => {
            ensure(wanted != "refuse", format!("admitted as {principals:?}"))?;
            is_one_of(expect.principal.as_ref(), principals)
        }
        Some(Err(message)) => {
            ensure(wanted != "admit", format!("refused: {message}"))?;
            says(&expect.says_any, message)
        }
        None => Ok(()),
    }
}

fn judge_put(one: &One, put: &Result<Vec<Principal>, (i32, String)>, mode: Mode) -> Result<(), String> {
    let wanted = mode.of(&one.strict, &one.compat);
    match put {
        Ok(principals) => {
            ensure(wanted != "4xx", format!("taken as {principals:?}"))?;
            is_one_of(one.principal.as_ref(), principals)
        }
        Err((status, message)) => {
            ensure((400..500).contains(status), format!("status {status}"))?;
            ensure(wanted != "200", format!("{status}: {message}"))
        }
    }
}

fn judge_operation(
    one: &One,
    operation: &Result<(), String>,
    admitted: bool,
    must_admit: bool,
    mode: Mode,
) -> Result<(), String> {
    let wanted = mode.of(&one.strict, &one.compat);
    let Err(message) = operation else {
        return ensure(admitted && wanted != "deny", "allowed");
    };
    ensure(wanted != "allow" || !(admitted || must_admit), format!("denied: {message}"))?;
    if !admitted {
        return Ok(());
    }
    says(&one.says_any, message)?;
    match &one.needs {
        Some(right) if one.because.as_deref() == Some("right") => {
            ensure(message.contains(right.as_str()), format!("does not name {right}: {message}"))
        }
        _ => Ok(()),
    }
}

/// Requires that the expected principal is one of these. A group is compared only if it is expected.
fn is_one_of(wanted: Option<&Value>, principals: &[Principal]) -> Result<(), String> {
    let Some(wanted) = wanted else { return Ok(()) };
    let same = |found: &Value| {
        wanted
            .as_object()
            .is_some_and(|wanted| wanted.iter().all(|(name, value)| found.get(name) == Some(value)))
    };
    ensure(principals.iter().any(same), format!("admitted as {principals:?}, not {wanted}"))
}

/// Requires one of the texts in the message, in any case of letters.
pub(super) fn says(any: &[String], message: &str) -> Result<(), String> {
    let said = message.to_lowercase();
    let found = any.is_empty() || any.iter().any(|text| said.contains(text.as_str()));
    ensure(found, format!("says none of {any:?}: {message}"))
}
