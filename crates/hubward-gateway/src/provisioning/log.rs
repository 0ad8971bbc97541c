//! The lines of the log about devices that register.

use std::sync::Arc;

use hubward::policy::Operation;
use hubward::policy::provisioning::ProvisioningDenial;

use super::Provisioning;
use super::verify::{Attempt, Refused, Registrant};
use crate::decision_log::{ADMISSION, Entry, Who, record};
use crate::hub::Hub;
use crate::peer::Peer;

/// Logs the refusal of a device. A name that was not verified is not written: it may be a key.
pub(crate) fn log_refusal(hub: &Hub, peer: &Peer, operation: &Operation<'_>, refused: &Refused) {
    let log = |code, reason: &str| {
        hub.log_refusal(peer, Who::Unknown, operation, ADMISSION, code, format_args!("{reason}"));
    };
    match refused {
        Refused::Unauthenticated(error) => log(error.code(), &error.to_string()),
        Refused::OverBudget => log("over-budget", "the address has had too many registrations verified"),
        Refused::Interrupted => log("unavailable", "the verification was interrupted"),
    }
}

/// Logs the known mistake of a refused device, if there is one, after the answer to it.
pub(crate) fn log_hint(hub: &Hub, service: &Arc<Provisioning>, peer: &Peer, attempt: &Arc<Attempt>) {
    let (service, attempt) = (Arc::clone(service), Arc::clone(attempt));
    hub.hints.log(peer, [""], move |_| service.hint(&attempt));
}

/// Logs the decision on an operation of a device that was verified.
pub(crate) fn log_decision(hub: &Hub, peer: &Peer, operation: &Operation<'_>, registrant: &Registrant) {
    let (allow, rule, code) = match &registrant.decision {
        None => (true, ADMISSION, "admitted"),
        Some(Ok(endpoint)) => (true, endpoint.name(), "allowed"),
        Some(Err(denial)) => (false, "none", denial_code(denial)),
    };
    let who = Who::Registration(&registrant.id);
    record(&hub.metrics, &Entry { peer, who, operation, allow, rule, code, reason: None });
}

/// Returns a code for the log.
pub(crate) const fn denial_code(denial: &ProvisioningDenial) -> &'static str {
    match denial {
        ProvisioningDenial::UnknownOperation => "unknown-operation",
        ProvisioningDenial::MissingRight(_) => "missing-right",
        ProvisioningDenial::AnotherRegistration => "another-registration",
        ProvisioningDenial::OutOfScope => "out-of-scope",
        ProvisioningDenial::NotADevice => "not-a-device",
        _ => "denied",
    }
}
