//! Reading statements from JSON.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use serde::Deserialize;

use super::compile::Statements;
use super::request::{Action, Effect};
use super::statement::{Statement, StatementError, StatementPart, StatementProblem};
use crate::json::Object;

/// The error of a JSON text, all of which is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// Not JSON, or a member is unknown, missing, duplicate or of the wrong type.
    #[error("line {line}, column {column}: not the JSON of a set of statements")]
    Json {
        /// The line, from one.
        line: usize,
        /// The column, from one.
        column: usize,
    },
    /// A statement is invalid.
    #[error(transparent)]
    Statement(#[from] StatementError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    #[serde(borrow)]
    statements: Vec<Object<Entry<'a>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    #[serde(borrow, default, rename = "description")]
    _description: Option<Cow<'a, str>>,
    #[serde(borrow)]
    effect: Cow<'a, str>,
    #[serde(borrow, default)]
    identities: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    policies: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    operations: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    resources: Vec<Cow<'a, str>>,
}

/// Parses and compiles `{"statements": [{"effect": "allow", "identities": [..], "operations": [..], "resources": [..]},
/// ..]}`. A statement may also have `policies` and a `description`.
///
/// # Errors
/// [`JsonError`] if any part of the text is not understood.
pub fn statements_from_json(text: &str) -> Result<Statements, JsonError> {
    let Object(document): Object<Document<'_>> = serde_json::from_str(text)
        .map_err(|error| JsonError::Json { line: error.line(), column: error.column() })?;
    let mut statements = Vec::with_capacity(document.statements.len());
    for (at, Object(entry)) in document.statements.into_iter().enumerate() {
        let wrong =
            |part, index| StatementError { statement: at, part, index, problem: StatementProblem::Name };
        let mut statement = Statement::new(match &*entry.effect {
            "allow" => Effect::Allow,
            "deny" => Effect::Deny,
            _ => return Err(wrong(StatementPart::Effect, 0).into()),
        });
        for (index, name) in entry.operations.iter().enumerate() {
            statement = statement
                .with_action(name.parse::<Action>().map_err(|_| wrong(StatementPart::Operation, index))?);
        }
        statement.identities = entry.identities.into_iter().map(Cow::into_owned).collect();
        statement.policies = entry.policies.into_iter().map(Cow::into_owned).collect();
        statement.resources = entry.resources.into_iter().map(Cow::into_owned).collect();
        statements.push(statement);
    }
    Ok(Statements::compile(&statements)?)
}
