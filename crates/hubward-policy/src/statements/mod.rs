//! Statements: allow and deny rules over identities, operations and resources. A deny wins, and an operation that no
//! statement allows is denied.
//!
//! A [`Statement`] is written with a builder or read from JSON, [`Statements::compile`] checks a set of them, and
//! [`Statements::evaluate`] judges an [`StatementRequest`], which an [`Operation`](crate::Operation) and an identity make.

mod compile;
mod evaluate;
mod filter;
mod identity_pattern;
#[cfg(feature = "json")]
mod json;
mod request;
mod statement;

pub use compile::Statements;
pub use evaluate::{StatementDenial, StatementVerdict};
#[cfg(feature = "json")]
pub use json::{JsonError, statements_from_json};
pub use request::{Action, Effect, StatementRequest, UnknownAction};
pub use statement::{Statement, StatementError, StatementPart, StatementProblem};
