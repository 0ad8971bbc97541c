//! AMQP's claims-based security (CBS): tokens that are put on an open connection, and the links that they permit.
//!
//! ```text
//! Cbs::put_token ──▶ Put::Needs(PutQuestion) ──answer──▶ .. ──▶ Put::Replied(Reply)     200 only after verification
//! Cbs::on_behalf(chain, now) ──▶ BehalfQuestion ──answer──▶ ..                           an edge hub and an identity below it
//! Cbs::may_attach(role, address, now) ──▶ Attach: Allow | Deny with the reason
//! ```
//!
//! - [`connection`]: [`Cbs`], the verified identities of one connection.
//! - [`put`]: putting a token.
//! - [`delegation`]: links of an edge hub on behalf of an identity below it.
//! - [`link`]: the decision on a link.

mod connection;
mod delegation;
mod link;
mod put;

pub use connection::{Cbs, MAX_IDENTITIES};
pub use delegation::BehalfQuestion;
pub use link::{Attach, Detached, Role};
pub use put::{Put, PutQuestion, Reply};
