//! The TLS versions and cipher suites that a hub allows. [`TlsRules`] judge a negotiated handshake or a
//! [`ClientHello`].
//!
//! The sets are those in the documentation of the hub and of its provisioning service. TLS 1.1 and 1.0 are allowed only
//! by rules that name them.

mod hello;
mod rules;
mod suite;
mod version;

pub use hello::ClientHello;
pub use rules::{NegotiatedTls, TlsDenial, TlsRules};
pub use suite::{CipherSuite, LEGACY, NAMED, RECOMMENDED_ECC, RECOMMENDED_RSA, TLS13, UnknownSuite};
pub use version::{TlsVersion, UnknownVersion};
