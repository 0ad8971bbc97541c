//! A device whose registration is proven.

use hubward_core::{DeviceId, IdScope, RegistrationId};
use hubward_policy::Transport;
use hubward_policy::provisioning::{
    ProvisioningDenial, ProvisioningEndpoint, ProvisioningSubject, decide_provisioning,
};
use hubward_registry::Selected;

use super::presented::PresentedRegistration;

/// A device that proved the registration it names, until its credential expires. Only an answered
/// [`RegistrationQuestion`](crate::RegistrationQuestion) makes one.
///
/// ```compile_fail,E0451
/// # use hubward::Registrant;
/// fn another<'a, 'e>(one: Registrant<'a, 'e>) -> Registrant<'a, 'e> {
///     Registrant { until: u64::MAX, ..one }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Registrant<'a, 'e> {
    pub(super) presented: PresentedRegistration<'a>,
    pub(super) selected: Selected<'e>,
    pub(super) until: u64,
}

impl<'e> Registrant<'_, 'e> {
    /// The id scope that it registers in.
    #[must_use]
    pub fn scope(&self) -> IdScope<'_> {
        self.presented.scope()
    }

    /// Its registration id.
    #[must_use]
    pub fn id(&self) -> RegistrationId<'_> {
        self.presented.id()
    }

    /// The id that its enrollment gives to the device.
    #[must_use]
    pub fn device_id(&self) -> DeviceId<'_> {
        // selecting checked it
        DeviceId::assertion(&self.selected.device_id)
    }

    /// The enrollment that decided: the group's name, or `None` for an individual one.
    #[must_use]
    pub const fn group(&self) -> Option<&'e str> {
        self.selected.group
    }

    /// The last second, since 1970, at which it is good.
    #[must_use]
    pub const fn until(&self) -> u64 {
        self.until
    }

    /// The decision on the HTTP request that presented the credential. Connecting asks for nothing, so that it is
    /// `None` then.
    pub fn decision(&self) -> Option<Result<&'static ProvisioningEndpoint, ProvisioningDenial>> {
        let (transport, verb, address) = self.presented.operation?;
        Some(self.decide(transport, verb, address))
    }

    /// Whether it may do this at the service: register itself, and ask how that goes.
    ///
    /// # Errors
    /// [`ProvisioningDenial`] where it may not.
    pub fn decide(
        &self,
        transport: Transport,
        verb: &str,
        address: &str,
    ) -> Result<&'static ProvisioningEndpoint, ProvisioningDenial> {
        #[expect(clippy::disallowed_methods, reason = "this registration has been verified")]
        let subject = ProvisioningSubject::registrant_assertion(self.scope(), self.id());
        decide_provisioning(&subject, transport, verb, address)
    }
}
