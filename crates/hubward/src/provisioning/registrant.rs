//! An authenticated registration.

use core::time::Duration;

use hubward_core::{DeviceId, IdScope, RegistrationId, UnixTime};
use hubward_policy::Transport;
use hubward_policy::provisioning::{
    ProvisioningDenial, ProvisioningEndpoint, ProvisioningPrincipal, decide_provisioning,
};
use hubward_registry::EnrollmentMatch;

use super::credentials::RegistrationCredentials;
use crate::config::ProvisioningHosts;
use crate::transport::hub_name::HubName;
use crate::transport::uri::link_path;

/// An authenticated registration, valid until its credential expires. Only
/// [`PendingRegistration::resume`](crate::PendingRegistration::resume) creates one.
///
/// ```compile_fail,E0451
/// # use hubward::AuthenticatedRegistration;
/// fn another<'a, 'e>(one: AuthenticatedRegistration<'a, 'e>) -> AuthenticatedRegistration<'a, 'e> {
///     AuthenticatedRegistration { until: u64::MAX, ..one }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct AuthenticatedRegistration<'a, 'e> {
    pub(super) presented: RegistrationCredentials<'a>,
    pub(super) selected: EnrollmentMatch<'e>,
    pub(super) until: u64,
    pub(super) hosts: ProvisioningHosts,
}

impl<'e> AuthenticatedRegistration<'_, 'e> {
    /// Returns the id scope.
    #[must_use]
    pub fn scope(&self) -> IdScope<'_> {
        self.presented.scope()
    }

    /// Returns the registration id.
    #[must_use]
    pub fn id(&self) -> RegistrationId<'_> {
        self.presented.id()
    }

    /// Returns the device id that the enrollment assigns.
    #[must_use]
    pub fn device_id(&self) -> DeviceId<'_> {
        // the enrollments checked it when this one was selected
        DeviceId::assertion(&self.selected.device_id)
    }

    /// Returns the name of the matching enrollment group, or `None` for an individual enrollment.
    #[must_use]
    pub const fn group(&self) -> Option<&'e str> {
        self.selected.group
    }

    /// Returns the last second at which the credential is valid.
    #[must_use]
    pub fn until(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.until))
    }

    /// Decides on the HTTP request that presented the credential. Returns `None` for MQTT and AMQP, where connecting
    /// requests no operation.
    pub fn decision(&self) -> Option<Result<&'static ProvisioningEndpoint, ProvisioningDenial>> {
        let (transport, verb, address) = self.presented.operation?;
        Some(self.decide(transport, verb, address))
    }

    /// Decides on an operation at the service. A device may register itself and query the status of its registration.
    /// The address of a link may be a URI of one of the service's hosts.
    ///
    /// # Errors
    /// [`ProvisioningDenial`] with the reason for a denial.
    pub fn decide(
        &self,
        transport: Transport,
        verb: &str,
        address: &str,
    ) -> Result<&'static ProvisioningEndpoint, ProvisioningDenial> {
        let address = match transport {
            Transport::Amqp => link_path(address, |host| self.is_host(host))
                .map_err(|_| ProvisioningDenial::UnknownOperation)?,
            _ => address,
        };
        #[expect(clippy::disallowed_methods, reason = "this registration has been verified")]
        let subject = ProvisioningPrincipal::registrant_assertion(self.scope(), self.id());
        decide_provisioning(&subject, transport, verb, address)
    }

    fn is_host(&self, host: HubName<'_>) -> bool {
        matches!(host, HubName::Header(host) if self.hosts.is_device(&host))
    }
}
