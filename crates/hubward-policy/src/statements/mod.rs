//! Statements: allow and deny rules over identities, operations and resources. A deny wins, and what no
//! statement allows is denied.

mod act;
mod compile;
mod evaluate;
mod filter;
#[cfg(feature = "json")]
mod json;
mod statement;
mod whom;

pub use act::{Act, Action, Effect, UnknownAction};
pub use compile::Statements;
pub use evaluate::{Refusal, Verdict};
#[cfg(feature = "json")]
pub use json::{JsonError, statements_from_json};
pub use statement::{Part, Statement, StatementError, StatementProblem};
