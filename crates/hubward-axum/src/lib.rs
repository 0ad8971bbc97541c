#![doc = include_str!("../README.md")]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

mod caller;
mod hub;
mod layer;
mod refusal;
mod request;

pub use caller::Caller;
pub use hub::Hub;
pub use layer::{AuthorizationLayer, AuthorizationService};
pub use refusal::Refusal;
pub use request::PeerCertificates;
