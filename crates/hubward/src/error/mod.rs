//! The errors of an authentication and of a session. The details are for the log; the client is told a [`PublicError`] class.

mod authentication;
mod public;
mod session;

pub use authentication::AuthError;
pub(crate) use authentication::refused;
pub use public::PublicError;
pub use session::SessionError;
