//! Event Hubs and Service Bus: SAS tokens, rules of namespaces and entities, publishers.
//!
//! The built-in Event Hubs-compatible endpoint of an IoT hub takes the same tokens: its namespace is that of the
//! endpoint, its entity the compatible name, and its rules are the hub's policies.

mod audience;
mod rule;
mod sign;
mod token;

pub use audience::Audience;
pub use rule::{Denial, Grant, Right, Rights, Rule};
pub use sign::{SignedToken, UnsignedToken};
pub use token::Token;
