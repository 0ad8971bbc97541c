//! Azure Storage: shared access signatures of accounts, services and user delegation keys, and Shared Key.

mod claims;
mod delegation;
mod field;
mod grant;
mod kind;
mod layout;
pub(crate) mod permissions;
mod policy;
mod request;
mod resource;
mod sas;
pub mod shared_key;
mod sign;
mod string_to_sign;
mod upload;
mod usual_text;
mod values;
mod verify;
mod version;

pub use delegation::UserDelegation;
pub use grant::{Access, Denial, Grant};
pub use kind::{Protocol, ResourceType, SasKind, Service};
pub use permissions::{Permission, Permissions};
pub use policy::StoredPolicy;
pub use request::RequestParameters;
pub use resource::Resource;
pub use sas::Sas;
pub use sign::{SignedSas, UnsignedSas};
pub use string_to_sign::StringToSign;
pub use upload::UploadUri;
pub use verify::Context;
pub(crate) use verify::check_period;
pub use version::Version;
