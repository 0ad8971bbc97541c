//! Which versions and cipher suites of TLS a hub takes: of a handshake that was negotiated, and of a ClientHello.
//!
//! The sets are those that the hub and its provisioning service document. TLS 1.1 and 1.0 are taken by no rule that
//! does not name them.

mod hello;
mod rules;
mod suite;
mod version;

pub use hello::ClientHello;
pub use rules::{Agreed, TlsDenial, TlsRules};
pub use suite::{CipherSuite, LEGACY, NAMED, RECOMMENDED_ECC, RECOMMENDED_RSA, TLS13, UnknownSuite};
pub use version::{TlsVersion, UnknownVersion};
