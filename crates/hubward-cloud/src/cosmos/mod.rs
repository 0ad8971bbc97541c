//! Cosmos DB: the header of a master key for every verb and resource type, resource tokens, and tokens of the
//! directory.

mod link;
mod request;
mod token;

pub use link::{ResourceLink, ResourceType, Verb};
pub use request::{Request, SignedHeader};
pub use token::{Credential, MasterToken, ResourceToken};
