//! The error of a call that asks a store.

use core::convert::Infallible;

use crate::error::{AuthError, PublicError, SessionError};

/// The reason for which a call with a store failed: the store's error, or the reason of hubward. Both deny.
///
/// A store that cannot answer is never taken for one that has no record.
///
/// ```
/// use hubward::{AuthError, PublicError, StoreOr};
///
/// let error: StoreOr<AuthError, std::io::Error> = StoreOr::Store(std::io::Error::other("no connection"));
/// assert_eq!((error.code(), error.public()), ("store", PublicError::Unauthorized));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(
    clippy::exhaustive_enums,
    reason = "either the store failed, or the credential or session is not valid"
)]
pub enum StoreOr<R, E> {
    /// The credential or the session was refused.
    #[error(transparent)]
    Refused(R),
    /// The store did not answer. Nothing is known about the identity: deny, and let the client try again.
    #[error("the store failed: {0}")]
    Store(E),
}

impl<E> StoreOr<AuthError, E> {
    /// Returns the class of the error, the only part that the client is told.
    #[must_use]
    pub const fn public(&self) -> PublicError {
        match self {
            Self::Refused(error) => error.public(),
            Self::Store(_) => PublicError::Unauthorized,
        }
    }

    /// Returns a stable code for metrics and logs; `store` for a store's error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.code(),
            Self::Store(_) => "store",
        }
    }
}

impl<E> StoreOr<SessionError, E> {
    /// Returns a stable code for metrics and logs; `store` for a store's error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.code(),
            Self::Store(_) => "store",
        }
    }
}

/// A store that cannot fail leaves the reason.
impl From<StoreOr<Self, Infallible>> for AuthError {
    fn from(error: StoreOr<Self, Infallible>) -> Self {
        match error {
            StoreOr::Refused(error) => error,
            StoreOr::Store(never) => match never {},
        }
    }
}

/// A store that cannot fail leaves the reason.
impl From<StoreOr<Self, Infallible>> for SessionError {
    fn from(error: StoreOr<Self, Infallible>) -> Self {
        match error {
            StoreOr::Refused(error) => error,
            StoreOr::Store(never) => match never {},
        }
    }
}
