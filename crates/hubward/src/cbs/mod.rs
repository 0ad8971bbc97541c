//! AMQP's claims-based security (CBS): tokens that are put on an open connection, and the links that they permit.
//!
//! ```text
//! Cbs::put_token ──▶ CbsStep::NeedsLookup(PendingCbs) ──answer──▶ .. ──▶ CbsStep::Replied(CbsResponse)     200 only after verification
//! Cbs::on_behalf(chain, now) ──▶ PendingDelegation ──answer──▶ ..                           an edge hub and an identity below it
//! Cbs::may_attach(role, address, config, recheck) ──▶ LinkStep::NeedsLookup(PendingLink) ──answer──▶ .. ──▶ LinkDecision: Allow | Deny with the reason
//! ```
//!
//! - [`connection`]: [`Cbs`], the verified identities of one connection.
//! - [`put`]: putting a token.
//! - [`bearer`]: putting a bearer token of the directory.
//! - [`delegation`]: links of an edge hub on behalf of an identity below it.
//! - [`link`]: the decision on a link.
//! - [`many_devices`]: links of many devices by one token of a policy.
//! - [`with_store`]: puts, delegations and links in one call.

mod bearer;
mod connection;
mod delegation;
mod link;
mod many_devices;
mod put;
mod with_store;

pub use bearer::{CbsUser, PendingCbsBearer, UserLinkDecision};
pub use connection::{Cbs, MAX_IDENTITIES};
pub use delegation::PendingDelegation;
pub use link::{LinkDecision, LinkDenial, LinkRole, LinkStep};
pub use many_devices::PendingLink;
pub use put::{CbsResponse, CbsStep, PendingCbs};
