//! Logic Apps, App Service and Functions: credentials that only the platform can check. They are parsed, inspected and
//! redacted.

mod callback;
#[cfg(feature = "json")]
mod easy_auth;
mod function_key;

pub use callback::CallbackUrl;
#[cfg(feature = "json")]
pub use easy_auth::{Claim, EasyAuthError, UnprovenPrincipal};
pub use function_key::{FunctionKey, FunctionUrl};
