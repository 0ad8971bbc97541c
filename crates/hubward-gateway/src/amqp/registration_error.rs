//! The errors of registrations as AMQP has them: a condition that clients know, and the service's body as the description.

use fe2o3_amqp::types::definitions::{self, AmqpError, ErrorCondition, Fields};
use fe2o3_amqp::types::primitives::{Symbol, Value};

use crate::provisioning::{Failure, RETRY_AFTER};

/// Returns the error of a request that was not carried out.
pub(super) fn error(failure: Failure) -> definitions::Error {
    let microsoft = |name: &str| ErrorCondition::Custom(Symbol::from(format!("com.microsoft:{name}")));
    let condition = match failure {
        Failure::BadRequest | Failure::NoHub => microsoft("argument-error"),
        Failure::Unauthorized => AmqpError::UnauthorizedAccess.into(),
        Failure::Taken => microsoft("device-already-exists"),
        Failure::NotFound => AmqpError::NotFound.into(),
        Failure::Full => AmqpError::ResourceLimitExceeded.into(),
        Failure::TooMany => microsoft("device-container-throttled"),
        Failure::NotImplemented => AmqpError::NotImplemented.into(),
        Failure::Unavailable => AmqpError::InternalError.into(),
    };
    let info = failure.is_temporary().then(|| {
        let mut info = Fields::new();
        info.insert(Symbol::from("retry-after"), Value::Uint(RETRY_AFTER));
        info
    });
    definitions::Error::new(condition, failure.body().to_string(), info)
}
