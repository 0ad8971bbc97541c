//! The state machine of an authentication: every stage, and every transition between them.
//!
//! | stage | record looked up | next |
//! |---|---|---|
//! | [`Stage::Signer`] | the identity that signed the token | `Authenticated` |
//! | | the edge hub that signed the token | [`Stage::DelegationCheck`] |
//! | | the policy that signed the token | [`Stage::DeviceCheck`], or `Authenticated` without a device |
//! | [`Stage::DeviceCheck`] | the device that a policy's token connects | `Authenticated` |
//! | [`Stage::DelegationCheck`] | the identity below the edge hub | `Authenticated` |
//! | [`Stage::Certificate`] | the identity that presents the certificate | `Authenticated`, or [`Stage::IssuerCheck`] |
//! | [`Stage::IssuerCheck`] | the same identity, given its issuers | `Authenticated` |

use alloc::boxed::Box;
use core::fmt;

use hubward_core::{IdentityRecord, Lookup, LookupResult, MacKey, Segment, Thumbprint, UnixTime};
use hubward_sas::SasToken;

use super::authenticated::{Authenticated, CertificateState};
use super::step::{BoundCredentials, IdentitySource, LookupTarget, Proven, Stage, Step};
use super::{certificate, delegation, token};
use crate::config::HubConfig;
use crate::credentials::{Credentials, SelectedCredential, TransportContext};
use crate::error::{AuthError, refused};
use crate::store::RecordRequest;
use crate::transport::auth_chain::edge_hub;

/// The result of one step of an authentication.
#[derive(Debug)]
#[must_use = "an authentication that needs a lookup has authenticated no identity yet"]
#[expect(clippy::exhaustive_enums, reason = "an authentication is pending or complete")]
pub enum AuthenticationStep<'c, 'a, K> {
    /// A record is needed.
    NeedsLookup(PendingAuthentication<'c, 'a, K>),
    /// The identity is proven. Check its permissions with [`Authenticated::decision`] before you accept the connection.
    Authenticated(Authenticated<'a>),
}

/// A pending authentication. It needs the record that [`PendingAuthentication::lookup`] names, is consumed by
/// [`PendingAuthentication::resume`], and can be held across an `await`.
///
/// ```
/// use hubward::{AuthenticationStep, AuthError, Credentials, HubConfig};
/// use hubward::types::{LookupResult, HostName, SymmetricKey, UnixTime};
/// use hubward_rustcrypto::HmacKey;
///
/// let dummy_key = HmacKey::new(&SymmetricKey::from_bytes(b"random, used by no device")?);
/// let rules = HubConfig::new(HostName::parse("contoso.example")?, dummy_key);
/// let token = "SharedAccessSignature sr=contoso.example%2Fdevices%2Fpump-7\
///     &sig=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D&se=1800003600";
/// let username = "contoso.example/pump-7/?api-version=2021-04-12";
///
/// let pending = Credentials::mqtt("pump-7", username, Some(token))?.start(&rules)?;
/// // a store that has no record of the device
/// let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));
/// assert!(matches!(pending.resume(LookupResult::NotFound, now), Err(AuthError::Unknown)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a pending authentication that is dropped authenticates no identity"]
pub struct PendingAuthentication<'c, 'a, K> {
    bound: BoundCredentials<'c, 'a, K>,
    stage: Stage<'a>,
}

impl<'a> Credentials<'a> {
    /// Requires that all names refer to one identity at this hub, and returns the authentication, which needs the
    /// first record.
    ///
    /// # Errors
    /// [`AuthError`] if the credential is malformed, is for another hub, or is for another identity than the
    /// transport names.
    #[inline(always)]
    pub fn start<'c, K: MacKey>(
        self,
        rules: &'c HubConfig<K>,
    ) -> Result<PendingAuthentication<'c, 'a, K>, AuthError> {
        let Self { token, certificates, hub, claimed, context, operation } = self;
        if hub.is_some_and(|hub| !rules.is_named(hub)) {
            return Err(refused(AuthError::HubMismatch));
        }
        match (token, certificates, context, claimed) {
            // the token of a device or module that the transport names
            (Some(text), [], TransportContext::Empty, Some(claimed)) => {
                let token = match token::parse_for(&claimed.identity(), text.0, rules) {
                    Ok(token) => token,
                    // the path of a request is not the caller's: the token is, and the decision compares the two
                    Err(AuthError::IdentityMismatch) if operation.is_request() => {
                        let (token, claimed) = (Some(text), Some(claimed));
                        let presented = Self { token, certificates, hub, claimed, context, operation };
                        return presented.start_slow_path(rules).map_err(refused);
                    }
                    Err(error) => return Err(error),
                };
                let (target, source) = (token::signer(&token), IdentitySource::Transport);
                let bound = BoundCredentials {
                    config: rules,
                    context,
                    operation,
                    target,
                    claimed,
                    source,
                    certificate: None,
                };
                Ok(PendingAuthentication { bound, stage: Stage::Signer(token) })
            }
            (.., claimed) => {
                let presented = Self { token, certificates, hub, claimed, context, operation };
                presented.start_slow_path(rules).map_err(refused)
            }
        }
    }

    /// Starts all authentications that [`Credentials::start`] does not start itself.
    #[cold]
    #[inline(never)]
    fn start_slow_path<'c, K: MacKey>(
        self,
        rules: &'c HubConfig<K>,
    ) -> Result<PendingAuthentication<'c, 'a, K>, AuthError> {
        use {IdentitySource as Source, LookupTarget as Target};
        let Self { token, certificates, claimed, context, operation, .. } = self;
        let mut certificate = None;
        let (claimed, source, target, stage) =
            match SelectedCredential::select(token, certificates, rules.both_credentials())? {
                SelectedCredential::Token(text) => match (context, claimed) {
                    (TransportContext::Actor(actor), claimed) => {
                        let token = delegation::parse(actor, text, rules)?;
                        let claimed = claimed.ok_or(AuthError::IdentityMismatch)?;
                        (claimed, Source::Transport, Target::EdgeHub, Stage::Signer(token))
                    }
                    (TransportContext::DeviceName, Some(claimed)) => {
                        let (token, claimed) = token::parse_for_device(claimed, text, rules)?;
                        (claimed, Source::Transport, token::signer(&token), Stage::Signer(token))
                    }
                    (TransportContext::EdgeDevice, Some(claimed)) => {
                        let (token, claimed, source) = token::parse_for_edge_device(claimed, text, rules)?;
                        (claimed, source, token::signer(&token), Stage::Signer(token))
                    }
                    (_, Some(claimed)) => match token::parse_for(&claimed.identity(), text, rules) {
                        Err(AuthError::IdentityMismatch) if operation.is_request() => {
                            let (token, claimed) = token::parse_unnamed(&context, text, rules)?;
                            (claimed, Source::Token, token::signer(&token), Stage::Signer(token))
                        }
                        token => {
                            let token = token?;
                            (claimed, Source::Transport, token::signer(&token), Stage::Signer(token))
                        }
                    },
                    (context, None) => {
                        let (token, claimed) = token::parse_unnamed(&context, text, rules)?;
                        (claimed, Source::Token, token::signer(&token), Stage::Signer(token))
                    }
                },
                SelectedCredential::Certificates(_) if matches!(context, TransportContext::Actor(_)) => {
                    return Err(AuthError::DelegationByCertificate);
                }
                SelectedCredential::Certificates(_) if rules.x509().is_none() => {
                    return Err(AuthError::CertificatesNotJudged);
                }
                SelectedCredential::Certificates(certificates) => {
                    let claimed = claimed.ok_or(AuthError::NoIdentityClaimed)?;
                    let chain = certificate::parse(certificates)?;
                    certificate = Some(Box::new(CertificateState::Credentials(chain)));
                    (claimed, Source::Transport, Target::Identity, Stage::Certificate)
                }
            };
        let bound =
            BoundCredentials { config: rules, context, operation, target, claimed, source, certificate };
        Ok(PendingAuthentication { bound, stage })
    }
}

impl<'a, K> PendingAuthentication<'_, 'a, K> {
    /// Returns the record that is needed.
    #[must_use]
    #[inline]
    pub const fn lookup(&self) -> Lookup<'a> {
        match (self.bound.target, &self.bound.context, &self.stage) {
            (LookupTarget::EdgeHub, TransportContext::Actor(actor), _) => edge_hub(*actor),
            (LookupTarget::Policy, _, Stage::Signer(token)) => match token.policy() {
                Some(name) => Lookup::Policy(name),
                None => self.bound.claimed.lookup(),
            },
            _ => self.bound.claimed.lookup(),
        }
    }

    /// Returns the record that is needed, with everything that a store may need to answer.
    #[must_use]
    #[inline]
    pub const fn request(&self) -> RecordRequest<'_> {
        RecordRequest::new(self.lookup()).with_issuers(self.issuers()).with_actor(self.actor())
    }

    /// Returns the lookup of the claimed identity.
    #[inline]
    pub(super) const fn claimed_lookup(&self) -> Lookup<'a> {
        self.bound.claimed.lookup()
    }

    /// Returns the number of lookups that the way of these credentials has at most. It depends on what was presented, and
    /// on no record.
    #[inline]
    pub(super) const fn lookups(&self) -> u8 {
        match (&self.stage, self.bound.target, self.bound.source) {
            // the signer, then the device that a policy's or an edge hub's token connects
            (Stage::Signer(_), LookupTarget::EdgeHub, _)
            | (Stage::Signer(_), LookupTarget::Policy, IdentitySource::Transport)
            // the identity, then the identity with the issuers of its certificate
            | (Stage::Certificate, ..) => 2,
            _ => 1,
        }
    }

    /// Returns the edge device whose edge hub acts on behalf of the looked-up identity, once that hub's token is
    /// verified. The record must then come with the edge devices above the identity
    /// ([`IdentityRecord::with_ancestors`](hubward_core::IdentityRecord::with_ancestors)), and this device must be one of
    /// them.
    #[must_use]
    pub const fn actor(&self) -> Option<Segment<'a>> {
        match self.stage {
            Stage::DelegationCheck { .. } => self.bound.actor(),
            _ => None,
        }
    }

    /// Returns the SHA-256 thumbprints of the authorities above a verified certificate, its issuer first. Pass them to a
    /// store whose lists can block an issuer ([`Registry::find`](hubward_registry::Registry::find)).
    /// Empty for a token, and before the certificate is verified. If not empty, the lookup is that of the previous
    /// stage again: only the status of the record may differ.
    #[must_use]
    pub const fn issuers(&self) -> &[Thumbprint] {
        match &self.bound.certificate {
            Some(certificate) => match certificate.evidence() {
                Some(evidence) => evidence.issuers(),
                None => &[],
            },
            None => &[],
        }
    }
}

impl<'c, 'a, K: MacKey> PendingAuthentication<'c, 'a, K> {
    /// Resumes the authentication with the record that the store returned for [`PendingAuthentication::lookup`], at the time `now`.
    ///
    /// The same work is done if the store has no record, so the duration does not tell whether the identity exists.
    ///
    /// # Errors
    /// [`AuthError`] with the reason. Reject the client.
    #[inline(always)]
    pub fn resume(
        self,
        found: LookupResult<'_, K>,
        now: UnixTime,
    ) -> Result<AuthenticationStep<'c, 'a, K>, AuthError> {
        self.resume_with(&found, now)
    }

    /// Does what [`PendingAuthentication::resume`] does without a copy of the record.
    #[inline(always)]
    pub(super) fn resume_with(
        self,
        found: &LookupResult<'_, K>,
        now: UnixTime,
    ) -> Result<AuthenticationStep<'c, 'a, K>, AuthError> {
        match self.own_token(found) {
            Some((token, record)) => {
                self.resume_with_own_token(token, record, now).map(AuthenticationStep::Authenticated)
            }
            None => self.resume_slow_path(found, now).map_err(refused),
        }
    }

    /// Returns the token of a device or module that signed it itself, and its record.
    #[inline(always)]
    pub(super) const fn own_token<'f, 'r>(
        &self,
        found: &'f LookupResult<'r, K>,
    ) -> Option<(SasToken<'a>, &'f IdentityRecord<'r, K>)> {
        match (&self.stage, self.bound.target, found) {
            (Stage::Signer(token), LookupTarget::Identity, LookupResult::Identity(record)) => {
                Some((*token, record))
            }
            _ => None,
        }
    }

    /// Ends the authentication with what [`own_token`](Self::own_token) returned.
    #[inline(always)]
    pub(super) fn resume_with_own_token(
        self,
        token: SasToken<'a>,
        record: &IdentityRecord<'_, K>,
        now: UnixTime,
    ) -> Result<Authenticated<'a>, AuthError> {
        let Self { bound, .. } = self;
        let proven = token::verify_by_identity(bound.config, &bound.claimed, token, record, now)?;
        Ok(authenticated(bound, proven))
    }

    /// Resumes all stages that [`PendingAuthentication::resume`] does not resume itself.
    #[cold]
    #[inline(never)]
    fn resume_slow_path(
        self,
        found: &LookupResult<'_, K>,
        now: UnixTime,
    ) -> Result<AuthenticationStep<'c, 'a, K>, AuthError> {
        let Self { mut bound, stage } = self;
        let step = match stage {
            Stage::Signer(token) => match (bound.target, found) {
                (LookupTarget::Identity, LookupResult::Identity(record)) => Step::Authenticated(
                    token::verify_by_identity(bound.config, &bound.claimed, token, record, now)?,
                ),
                (LookupTarget::EdgeHub, LookupResult::Identity(record)) => {
                    delegation::verify_edge_hub(&bound, token, record, now)?
                }
                (LookupTarget::Policy, LookupResult::Policy(policy)) => {
                    token::verify_by_policy(&bound, token, policy, now)?
                }
                (_, LookupResult::NotFound) => token::signer_not_found(&bound, token, now)?,
                _ => return Err(token::reject(bound.config, token, AuthError::RecordMismatch, now)),
            },
            Stage::DeviceCheck { token, rights, version } => {
                Step::Authenticated(token::check_device(&bound, token, rights, version, found, now)?)
            }
            Stage::DelegationCheck { token, version } => {
                Step::Authenticated(delegation::check(&bound, token, version, found, now)?)
            }
            Stage::Certificate => {
                let (evidence, step) = certificate::verify(&bound, found, now)?;
                bound.certificate = Some(Box::new(CertificateState::Accepted(evidence)));
                step
            }
            Stage::IssuerCheck { until, version } => {
                Step::Authenticated(certificate::check_issuers(&bound, until, version, found, now)?)
            }
        };
        Ok(match step {
            Step::Lookup(target, stage) => AuthenticationStep::NeedsLookup(PendingAuthentication {
                bound: BoundCredentials { target, ..bound },
                stage,
            }),
            Step::Authenticated(proven) => AuthenticationStep::Authenticated(authenticated(bound, proven)),
        })
    }
}

/// Ends an authentication.
#[inline(always)]
fn authenticated<'a, K>(bound: BoundCredentials<'_, 'a, K>, proven: Proven<'a>) -> Authenticated<'a> {
    let actor = bound.actor();
    let BoundCredentials { operation, claimed, certificate, .. } = bound;
    let Proven { policy, token_policy, key_slot, granted, scope, versions, edge_device, until } = proven;
    let identity = policy.unwrap_or(claimed);
    Authenticated {
        identity,
        actor,
        granted,
        scope,
        token_policy,
        key_slot,
        certificate,
        versions,
        edge_device,
        until,
        operation,
    }
}

impl<K> fmt::Debug for PendingAuthentication<'_, '_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingAuthentication").field("lookup", &self.lookup()).finish_non_exhaustive()
    }
}
