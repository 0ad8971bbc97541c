//! The provisioning service: a device that registers, by a token or a certificate that its enrollment asks for.
//!
//! ```text
//! MQTT CONNECT | SASL PLAIN or EXTERNAL | HTTP request, and the certificates of the connection
//!       │ PresentedRegistration         parsed, nothing judged
//!       ▼ start(rules)                  one id scope, one registration id
//! RegistrationQuestion ──answer(enrollments, make, now)──▶ Registrant: device_id(), decide(..)
//! ```

mod client;
mod judge;
mod presented;
mod registrant;
mod rules;
mod username;

pub use client::{PROVISIONING_API_VERSION, RegistrationClient};
pub use judge::RegistrationQuestion;
pub use presented::PresentedRegistration;
pub use registrant::Registrant;
pub use rules::ProvisioningRules;
