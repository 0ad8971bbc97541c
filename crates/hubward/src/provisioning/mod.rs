//! The provisioning service (DPS): a device registers with a token or a certificate, as its enrollment requires.
//!
//! ```text
//! MQTT CONNECT | SASL PLAIN or EXTERNAL | HTTP request, and the certificates of the connection
//!       │ RegistrationCredentials         parsed, not verified
//!       ▼ start(rules)                  one id scope, one registration id
//! PendingRegistration ──answer(enrollments, make, now)──▶ AuthenticatedRegistration: device_id(), decide(..)
//! ```
//!
//! - [`credentials`] and [`username`]: the presented names and credentials.
//! - [`authentication`]: the verification against the enrollments.
//! - [`registrant`]: the result.
//! - [`explain`]: the hint about a refused registration.
//! - [`service`]: services with the token of a policy, which manage enrollments and registrations.
//! - [`client`]: the device's side.

mod authentication;
mod client;
mod credentials;
mod explain;
mod registrant;
mod service;
mod username;

pub use authentication::PendingRegistration;
pub use client::{PROVISIONING_API_VERSION, RegistrationClient};
pub use credentials::RegistrationCredentials;
pub use registrant::AuthenticatedRegistration;
pub use service::{AuthenticatedService, PendingService, ServiceCredentials, ServicePolicyRecord};
