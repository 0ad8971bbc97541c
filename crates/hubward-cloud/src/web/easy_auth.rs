//! [`UnprovenPrincipal`]: the `X-MS-CLIENT-PRINCIPAL` header of App Service authentication ("Easy Auth").

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// The most characters of a header.
const MAX_LEN: usize = 64 * 1024;

/// The user as the platform's front end describes it to the app behind it.
///
/// The header has no signature. It proves nothing by itself: any client that reaches the app without the front end can
/// send it. Use it only where the platform's authentication is on, so that the front end removes the header of clients
/// and sets its own.
///
/// ```
/// use hubward_cloud::web::UnprovenPrincipal;
///
/// // {"auth_typ":"aad","claims":[{"typ":"roles","val":"admin"}],"name_typ":"name","role_typ":"roles"}
/// let header = "eyJhdXRoX3R5cCI6ImFhZCIsImNsYWltcyI6W3sidHlwIjoicm9sZXMiLCJ2YWwiOiJhZG1pbiJ9XSwibmFtZV90eXAiOiJuYW1lIiwicm9s\
///     ZV90eXAiOiJyb2xlcyJ9";
/// let principal = UnprovenPrincipal::parse(header)?;
/// assert_eq!(principal.provider(), "aad");
/// assert!(principal.claims_role("admin"));
/// # Ok::<(), hubward_cloud::web::EasyAuthError>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
pub struct UnprovenPrincipal {
    #[serde(rename = "auth_typ")]
    provider: String,
    claims: Vec<Claim>,
    #[serde(rename = "name_typ")]
    name_type: Option<String>,
    #[serde(rename = "role_typ")]
    role_type: Option<String>,
}

/// A claim about the user.
#[derive(Debug, Clone, Deserialize)]
pub struct Claim {
    #[serde(rename = "typ")]
    name: String,
    #[serde(rename = "val")]
    value: String,
}

impl Claim {
    /// Returns the type of the claim.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its value.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// The reason for which a header is not a principal. It has nothing of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EasyAuthError {
    /// More than 65,536 characters.
    #[error("the header has more than 65536 characters")]
    TooLong,
    /// Not base64.
    #[error("the header is not base64")]
    Base64,
    /// Not a JSON object with `auth_typ` and `claims`.
    #[error("the header is not a JSON object with `auth_typ` and `claims`")]
    Json,
}

impl EasyAuthError {
    /// Returns a code for logs and counters that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "easy-auth-too-long",
            Self::Base64 => "easy-auth-base64",
            Self::Json => "easy-auth-json",
        }
    }
}

impl UnprovenPrincipal {
    /// Parses the header.
    ///
    /// # Errors
    /// [`EasyAuthError`] if the header is not base64 of a JSON object as the platform writes it.
    pub fn parse(header: &str) -> Result<Self, EasyAuthError> {
        if header.len() > MAX_LEN {
            return Err(EasyAuthError::TooLong);
        }
        let json = STANDARD.decode(header).map_err(|_| EasyAuthError::Base64)?;
        // a reader that serde derives takes an array for an object too
        if json.trim_ascii_start().first() != Some(&b'{') {
            return Err(EasyAuthError::Json);
        }
        serde_json::from_slice(&json).map_err(|_| EasyAuthError::Json)
    }

    /// Returns the identity provider.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Returns the claims.
    #[must_use]
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// Returns the claimed name of the user.
    #[must_use]
    pub fn claimed_name(&self) -> Option<&str> {
        let name = self.name_type.as_deref()?;
        self.claims.iter().find(|claim| claim.name == name).map(Claim::value)
    }

    /// Returns whether a role is claimed.
    #[must_use]
    pub fn claims_role(&self, role: &str) -> bool {
        let Some(name) = self.role_type.as_deref() else { return false };
        self.claims.iter().any(|claim| claim.name == name && claim.value == role)
    }
}
