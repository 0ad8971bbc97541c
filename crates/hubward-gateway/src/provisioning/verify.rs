//! The credential of a device that registers: verified off the serving threads, within the budget of its address.

use core::net::IpAddr;
use core::time::Duration;
use std::sync::Arc;

use hubward::policy::Transport;
use hubward::policy::provisioning::{ProvisioningDenial, ProvisioningEndpoint};
use hubward::types::Hint;
use hubward::{AuthError, RegistrationCredentials};
use hubward_rustcrypto::HmacKey;
use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::Provisioning;
use crate::clock;

/// The longest time that a device is connected: a registration takes seconds, and a device that registers has no seat, so
/// that it may have any number of connections.
const LIFETIME: Duration = Duration::from_secs(300);

/// The operation of a packet or a link: its transport, its verb and its address.
pub(crate) type Packet = (Transport, &'static str, String);

/// The credentials of a device, which are verified again for each of its operations.
pub(crate) struct Attempt {
    pub(crate) names: Names,
    pub(crate) certificates: Vec<CertificateDer<'static>>,
}

/// The names and the token that a transport carries.
pub(crate) enum Names {
    Mqtt { client_id: String, username: String, password: Option<Zeroizing<String>> },
    AmqpPlain { username: String, password: Zeroizing<String> },
    AmqpExternal { address: String },
    Http { method: String, path: String, host: String, authorization: Option<Zeroizing<String>> },
}

/// A device whose credential was verified for one operation.
#[derive(Debug)]
pub(crate) struct Registrant {
    /// The registration id as the device wrote it.
    pub(crate) id: Box<str>,
    pub(crate) device_id: Box<str>,
    /// The group that the device is a member of.
    pub(crate) group: Option<Box<str>>,
    /// The last second at which the credential is valid.
    pub(crate) until: u64,
    /// The decision on the operation; `None` for a CONNECT, which requests none.
    pub(crate) decision: Option<Result<&'static ProvisioningEndpoint, ProvisioningDenial>>,
}

impl Registrant {
    /// Returns the time for which the device may stay connected.
    pub(crate) fn lifetime(&self) -> Duration {
        let left = self.until.saturating_add(1).saturating_sub(clock::now().as_secs());
        Duration::from_secs(left).min(LIFETIME)
    }
}

/// The reason why a device is refused.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refused {
    /// It is not authenticated.
    Unauthenticated(AuthError),
    /// Its address has no verification left.
    OverBudget,
    /// A thread failed.
    Interrupted,
}

impl core::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // the names may have a key in place of a name
        f.debug_struct("Attempt").finish_non_exhaustive()
    }
}

impl Attempt {
    pub(crate) fn credentials(&self) -> Result<RegistrationCredentials<'_>, AuthError> {
        let credentials = match &self.names {
            Names::Mqtt { client_id, username, password } => RegistrationCredentials::mqtt(
                client_id,
                username,
                password.as_ref().map(|text| text.as_str()),
            )?,
            Names::AmqpPlain { username, password } => {
                RegistrationCredentials::amqp_plain(username, password)?
            }
            Names::AmqpExternal { address } => {
                RegistrationCredentials::amqp_external(address, &self.certificates)?
            }
            Names::Http { method, path, host, authorization } => {
                let authorization = authorization.as_ref().map(|text| text.as_str());
                RegistrationCredentials::http(method, path, authorization)?.with_host(host)?
            }
        };
        Ok(credentials.with_certificates(&self.certificates))
    }
}

impl Provisioning {
    /// Verifies the credential of a device, and decides on its operation: that of the request, or of a packet or a link.
    pub(crate) async fn verify(
        self: &Arc<Self>,
        address: IpAddr,
        attempt: &Arc<Attempt>,
        packet: Option<Packet>,
    ) -> Result<Registrant, Refused> {
        let attempt = Arc::clone(attempt);
        self.verified(address, move |this| this.verify_now(&attempt, packet)).await
    }

    /// Calls a function that verifies a device, off the serving threads and within the budget of its address.
    pub(super) async fn verified<T: Send + 'static>(
        self: &Arc<Self>,
        address: IpAddr,
        verify: impl FnOnce(&Self) -> Result<T, AuthError> + Send + 'static,
    ) -> Result<T, Refused> {
        if !self.budget.take(address) {
            return Err(Refused::OverBudget);
        }
        self.unlimited(verify).await
    }

    /// Calls it off the serving threads, when a worker is free.
    pub(super) async fn unlimited<T: Send + 'static>(
        self: &Arc<Self>,
        verify: impl FnOnce(&Self) -> Result<T, AuthError> + Send + 'static,
    ) -> Result<T, Refused> {
        let permit = Arc::clone(&self.workers).acquire_owned().await.map_err(|_| Refused::Interrupted)?;
        let this = Arc::clone(self);
        let verified = tokio::task::spawn_blocking(move || {
            let verified = verify(&this);
            drop(permit);
            verified
        });
        verified.await.map_err(|_| Refused::Interrupted)?.map_err(Refused::Unauthenticated)
    }

    /// Does as [`Self::verify`] does for a device that was verified, after a change of this gateway's own: it is not within the
    /// budget of the address.
    pub(crate) async fn verify_again(
        self: &Arc<Self>,
        attempt: &Arc<Attempt>,
        packet: Option<Packet>,
    ) -> Result<Registrant, Refused> {
        let attempt = Arc::clone(attempt);
        self.unlimited(move |this| this.verify_now(&attempt, packet)).await
    }

    /// Returns the known mistake of a refused device, for the log. It tries the keys of the groups: call it later, and rarely.
    pub(crate) fn hint(&self, attempt: &Attempt) -> Option<Hint<'static>> {
        let (credentials, config) = (attempt.credentials().ok()?, self.config());
        credentials.explain(&config, self.index().enrollments(), HmacKey::new, clock::now())
    }

    fn verify_now(&self, attempt: &Attempt, packet: Option<Packet>) -> Result<Registrant, AuthError> {
        let (credentials, config) = (attempt.credentials()?, self.config());
        let (index, now) = (self.index(), clock::now());
        let all = index.enrollments();
        // the key of a TPM is in no enrollment
        let own = self.tpm.as_ref().and_then(|tpm| tpm.enrollment(all, &credentials, now));
        let own = own
            .as_ref()
            .and_then(|own| config.authenticate(credentials.clone(), own, HmacKey::new, now).ok());
        let one = match own {
            Some(one) => one,
            None => config.authenticate(credentials, all, HmacKey::new, now)?,
        };
        let decision = match packet {
            Some((transport, verb, address)) => Some(one.decide(transport, verb, &address)),
            None => one.decision(),
        };
        Ok(Registrant {
            id: one.id().as_str().into(),
            device_id: one.device_id().as_str().into(),
            group: one.group().map(Into::into),
            until: one.until().as_secs(),
            decision,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_ends_with_its_credential_and_after_five_minutes() {
        let lifetime = |left: u64| {
            let until = clock::now().as_secs().saturating_add(left);
            let (id, device_id) = ("sn-7".into(), "sn-7".into());
            Registrant { id, device_id, group: None, until, decision: None }.lifetime()
        };
        assert!((60..=61).contains(&lifetime(60).as_secs()));
        assert_eq!(lifetime(3600), Duration::from_secs(5 * 60));
        assert_eq!(lifetime(u64::MAX), Duration::from_secs(5 * 60));
    }
}
