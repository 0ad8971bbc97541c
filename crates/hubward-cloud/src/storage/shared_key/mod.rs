//! Shared Key and Shared Key Lite: the signature of a whole request.

mod authorization;
mod headers;
mod order;
mod request;
mod resource;

pub use authorization::{Authorization, Scheme, SignedAuthorization};
pub use request::{Request, StringToSign};
