//! Event Grid: tokens and keys of topics, and the validation of webhooks.

mod key;
mod sign;
mod token;
mod webhook;

pub use key::TopicAccessKey;
pub use sign::{SignedToken, UnsignedToken};
pub use token::{Denial, Grant, Token};
pub use webhook::{EventType, allowed_origin, validation_response};
