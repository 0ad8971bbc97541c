//! Authentication: from presented credentials to an authenticated identity, one record lookup at a time.
//!
//! [`state_machine`] has every stage and every transition. It calls the functions of [`token`], [`certificate`] and
//! [`delegation`], and each returns a [`step::Step`]: another lookup, or the proven identity.
//!
//! ```text
//! Credentials::start ──▶ PendingAuthentication: Signer ──┬──▶ DeviceCheck ──────┐   a policy signed for a device
//!                          │              ├──▶ DelegationCheck ──┤   an edge hub signed for an identity below it
//!                          │              └──────────────────────┼──▶ Authenticated
//!                          └── Certificate ─┬──▶ IssuerCheck ────┤   a registered authority issued the certificate
//!                                           └────────────────────┘   by thumbprint
//! ```
//!
//! - [`step`]: the data of a pending authentication.
//! - [`evidence`]: the verification of a certificate against the registered thumbprints or authorities.
//! - [`authenticated`]: the result.
//! - [`with_store`]: the whole authentication in one call.

pub(crate) mod authenticated;
pub(crate) mod certificate;
mod delegation;
pub(crate) mod evidence;
pub(crate) mod state_machine;
pub(crate) mod step;
pub(crate) mod token;
mod with_store;
