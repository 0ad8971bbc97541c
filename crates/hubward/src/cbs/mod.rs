//! AMQP's claims-based security (CBS): tokens that are put on an open connection, and the links that they permit.
//!
//! ```text
//! Cbs::put_token ──▶ CbsStep::NeedsLookup(PendingCbs) ──answer──▶ .. ──▶ CbsStep::Replied(CbsResponse)     200 only after verification
//! Cbs::on_behalf(chain, now) ──▶ PendingDelegation ──answer──▶ ..                           an edge hub and an identity below it
//! Cbs::may_attach(role, address, recheck) ──▶ LinkDecision: Allow | Deny with the reason
//! ```
//!
//! - [`connection`]: [`Cbs`], the verified identities of one connection.
//! - [`put`]: putting a token.
//! - [`delegation`]: links of an edge hub on behalf of an identity below it.
//! - [`link`]: the decision on a link.
//! - [`with_store`]: puts and delegations in one call.

mod connection;
mod delegation;
mod link;
mod put;
mod with_store;

pub use connection::{Cbs, MAX_IDENTITIES};
pub use delegation::PendingDelegation;
pub use link::{LinkDecision, LinkDenial, LinkRole};
pub use put::{CbsResponse, CbsStep, PendingCbs};
