//! The recheck of a session against revocation lists that are newer than the session.

use hubward_core::{MacKey, UnixTime};
use hubward_x509::{ChainError, Problem, crl::UnknownStatus};
use rustls_pki_types::CertificateDer;

use super::Session;
use crate::authentication::certificate::parse;
use crate::config::HubConfig;
use crate::error::SessionError;

impl<K: MacKey> HubConfig<K> {
    /// Checks that neither the certificate of a session nor one above it is revoked by the lists of this configuration.
    /// `certificates` are those of the connection, the client's own first. Call it for each session when the lists change:
    /// it verifies the chain anew, so [`HubConfig::recheck`] does not include it.
    ///
    /// A status that is unknown, because a list is missing or has expired, ends no session: it is judged when a client
    /// authenticates, by [`Revocation::with_unknown`](hubward_x509::Revocation::with_unknown). A session by a token or by a thumbprint
    /// passes: no list of an authority is about it.
    ///
    /// # Errors
    /// [`SessionError::CertificateRevoked`], or another error if the chain has no valid path any more: close the connection.
    ///
    /// ```
    /// use hubward::types::UnixTime;
    /// use hubward::x509::{Crls, Revocation};
    /// use hubward::{CertificateDer, HubConfig, Session};
    /// use hubward_rustcrypto::HmacKey;
    ///
    /// /// Returns whether a connection may stay after the revocation lists were read again.
    /// fn may_stay(
    ///     config: &mut HubConfig<HmacKey>,
    ///     crls: &Crls,
    ///     (session, certificates): (&Session, &[CertificateDer<'_>]),
    ///     now: UnixTime,
    /// ) -> bool {
    ///     if let Some(x509) = config.x509().cloned() {
    ///         *config = config.clone().with_x509(x509.with_revocation(Revocation::by(crls)));
    ///     }
    ///     config.recheck_revocation(session, certificates, now).is_ok()
    /// }
    /// ```
    pub fn recheck_revocation(
        &self,
        session: &Session,
        certificates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), SessionError> {
        if session.issuers().is_empty() {
            return Ok(());
        }
        let config = self.x509().ok_or(SessionError::AuthorityRemoved)?;
        let Some(revocation) = config.revocation() else { return Ok(()) };
        let refused = SessionError::CertificateRefused;
        let chain = parse(certificates).map_err(|_| refused)?;
        let identity = session.identity();
        let profile = config.profile(&identity).ok_or(refused)?;
        // a certificate whose status is unknown must not hide a revoked one above it
        let profile = profile.with_revocation(revocation.with_unknown(UnknownStatus::Allow));
        match chain.verify(config.anchors(), &profile, config.algorithms, now) {
            Ok(_) => Ok(()),
            Err(ChainError::Refused { problem: Problem::Revoked { .. }, .. }) => {
                Err(SessionError::CertificateRevoked)
            }
            Err(_) => Err(refused),
        }
    }
}
