//! Users of a directory: their bearer tokens are verified with its keys, and their roles authorize them.

mod cbs;
mod jwt;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use hubward::policy::Operation;
use hubward::policy::roles::{Access, ArmScope, built_in};
use hubward::types::{Shown, UnixTime};
use hubward::{
    AuthError, Bearer, DirectoryConfig, HUB_AUDIENCE, Principal, PrincipalRecord, User, UserDecision,
    UserDenial,
};
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;

use crate::clock;
use crate::decision_log::{ADMISSION, Entry, Who, record};
use crate::files::shown;
use crate::hub::{Hub, Refusal};
use crate::peer::Peer;
pub(crate) use cbs::users_until;
use jwt::IssuerKey;

/// The reason why the file of users was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UsersError {
    /// The file cannot be read.
    #[error("{}: {error}", shown(file))]
    Read {
        /// The file.
        file: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
    /// The file is not JSON of this form.
    #[error(
        "{}: line {line}, column {column}: not {{hub, issuer, audience, keys, assignments}}",
        shown(file)
    )]
    Json {
        /// The file.
        file: PathBuf,
        /// The line. The message is left out, since it may quote the file.
        line: usize,
        /// The column.
        column: usize,
    },
    /// A value in the file is not valid.
    #[error("{}: {problem}", shown(file))]
    Content {
        /// The file.
        file: PathBuf,
        /// The problem.
        problem: String,
    },
}

/// The file: the hub's resource id, the issuer and its keys, and the role assignments.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// The hub's resource id.
    hub: String,
    issuer: String,
    audience: Option<String>,
    /// The public keys of the issuer, as JWKs (RFC 7517).
    keys: Vec<Jwk>,
    assignments: Vec<Assignment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Assignment {
    /// The object id of a user, a service or a group.
    principal: String,
    /// A built-in role, by its name or its id.
    role: String,
    /// The scope of the assignment; the hub if absent.
    scope: Option<String>,
}

/// The directory whose users are authenticated by bearer tokens.
#[derive(Debug)]
pub(crate) struct Users {
    config: DirectoryConfig,
    access: Access,
    issuer: String,
    audience: String,
    keys: Vec<IssuerKey>,
    /// The keys as they were written, by which a removed one is noticed.
    written: Vec<Jwk>,
    /// Rises when tokens that were verified before may no longer be.
    version: u64,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    oid: String,
    #[serde(default)]
    groups: Vec<String>,
    aud: String,
    exp: u64,
    nbf: Option<u64>,
}

/// Seconds before its `nbf` from which a token is accepted, for clock skew.
const NOT_BEFORE_LEEWAY: u64 = 60;

/// The users of a file that is read again while connections live.
#[derive(Debug)]
pub(crate) struct UsersFile {
    file: PathBuf,
    current: RwLock<Arc<Users>>,
}

impl UsersFile {
    /// Reads the file.
    pub(crate) fn open(file: PathBuf) -> Result<Self, UsersError> {
        let current = RwLock::new(Arc::new(Users::read(&file)?));
        Ok(Self { file, current })
    }

    /// Reads the file again, without applying it.
    pub(crate) fn read(&self) -> Result<Users, UsersError> {
        Users::read(&self.file)
    }

    /// Replaces the users: the next request is decided on by the new ones. Wake the connections after it.
    pub(crate) fn set(&self, mut users: Users) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        users.version = current.version.saturating_add(u64::from(!users.verifies_all_of(&current)));
        *current = Arc::new(users);
    }

    /// Returns the users of this moment.
    pub(crate) fn current(&self) -> Arc<Users> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Users {
    /// Reads the file.
    pub(crate) fn read(file: &Path) -> Result<Self, UsersError> {
        let text = fs::read(file).map_err(|error| UsersError::Read { file: file.into(), error })?;
        let document: Document = serde_json::from_slice(&text).map_err(|error| UsersError::Json {
            file: file.into(),
            line: error.line(),
            column: error.column(),
        })?;
        Self::of(document).map_err(|problem| UsersError::Content { file: file.into(), problem })
    }

    fn of(document: Document) -> Result<Self, String> {
        let hub = document.hub.as_str();
        let scope = ArmScope::parse(hub).map_err(|error| format!("hub: {error}"))?;
        let audience = document.audience.as_deref().unwrap_or(HUB_AUDIENCE);
        let config = DirectoryConfig::new(scope).with_audience(audience);
        let mut access = Access::new();
        for Assignment { principal, role, scope } in &document.assignments {
            let role =
                built_in(role).ok_or_else(|| format!("there is no built-in role `{}`", Shown::new(role)))?;
            let scope = scope.as_deref().unwrap_or(hub);
            access.assign(principal, role, scope).map_err(|error| {
                let principal = Shown::new(principal);
                format!("{principal}: {error}")
            })?;
        }
        let key = |(at, jwk)| {
            IssuerKey::of(jwk).map_err(|problem| format!("keys: the key at position {at} {problem}"))
        };
        let keys = (1_usize..).zip(&document.keys).map(key).collect::<Result<_, _>>()?;
        let (issuer, audience, written) = (document.issuer, audience.to_owned(), document.keys);
        Ok(Self { config, access, issuer, audience, keys, written, version: 0 })
    }

    /// Returns the version, which rises when the issuer or the audience has changed or a key was removed: a user whose token
    /// was verified by another version must put it again.
    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    /// Returns whether every token that `former` verifies is verified still.
    fn verifies_all_of(&self, former: &Self) -> bool {
        let same = (&self.issuer, &self.audience) == (&former.issuer, &former.audience);
        same && former.written.iter().all(|key| self.written.contains(key))
    }

    /// Returns whether an `Authorization` header has the scheme `Bearer`.
    pub(crate) fn takes(&self, authorization: &str) -> bool {
        authorization.split(' ').next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("Bearer"))
    }

    /// Authenticates a request by its bearer token and decides on it. Both results are logged.
    pub(crate) fn authorize(
        &self,
        hub: &Hub,
        peer: &Peer,
        operation: &Operation<'_>,
        [method, path, authorization]: [&str; 3],
    ) -> Result<(), Refusal> {
        let refuse = |error: AuthError| {
            let (who, rule, code) = (Who::Unknown, ADMISSION, error.code());
            let reason = Some(format_args!("{error}"));
            record(&hub.metrics, &Entry { peer, who, operation, allow: false, rule, code, reason });
            Refusal::Unauthenticated(error)
        };
        let with_certificate = !peer.certificates.is_empty();
        self.with_user([method, path, authorization], with_certificate, |user| {
            let (user, access) = user.map_err(refuse)?;
            let rule = operation.endpoint().map_or("none", |endpoint| endpoint.name());
            let (allow, code, outcome) = match user.decision(access) {
                UserDecision::Allow { .. } => {
                    // everyone in the directory has a token: only a role distinguishes the hub's users
                    peer.slot.set_authenticated();
                    (true, "allowed", Ok(()))
                }
                UserDecision::Deny(denial @ UserDenial::UnknownOperation) => {
                    (false, denial.code(), Err(Refusal::UnknownOperation))
                }
                UserDecision::Deny(denial) => (false, denial.code(), Err(Refusal::Denied)),
            };
            let who = Who::User(user.object_id());
            record(&hub.metrics, &Entry { peer, who, operation, allow, rule, code, reason: None });
            outcome
        })
    }

    /// Verifies the bearer token of a request, and passes its user with the role assignments to `then`, or the reason why it is
    /// refused. A certificate and a token exclude each other.
    pub(crate) fn with_user<T>(
        &self,
        [method, path, authorization]: [&str; 3],
        with_certificate: bool,
        then: impl FnOnce(Result<(User<'_, '_>, &Access), AuthError>) -> T,
    ) -> T {
        if with_certificate {
            return then(Err(AuthError::BothCredentials));
        }
        let pending = match Bearer::http(method, path, authorization) {
            Ok(bearer) => bearer.start(&self.config),
            Err(error) => return then(Err(error)),
        };
        let claims = self.verified(pending.token(), clock::now());
        let ids = ids(claims.as_ref());
        let user = pending.resume(result(claims.as_ref(), &ids), clock::now());
        then(user.map(|user| (user, &self.access)))
    }

    /// Returns the claims of a token that one of the issuer's keys signed. hubward checks its audience and its expiry.
    fn verified(&self, token: &str, now: UnixTime) -> Option<Claims> {
        let claims: Claims = jwt::verified(token, &self.keys)?;
        let begun = claims.nbf.is_none_or(|from| from <= now.as_secs().saturating_add(NOT_BEFORE_LEEWAY));
        (claims.iss == self.issuer && begun).then_some(claims)
    }
}

/// Returns the object id of a token's user, followed by the ids of its groups.
fn ids(claims: Option<&Claims>) -> Vec<&str> {
    let ids = claims.into_iter().flat_map(|claims| core::iter::once(&claims.oid).chain(&claims.groups));
    ids.map(String::as_str).collect()
}

/// Returns the result of a token's verification, with the ids of its user.
fn result<'c>(claims: Option<&'c Claims>, ids: &'c [&'c str]) -> PrincipalRecord<'c> {
    match claims {
        Some(claims) => PrincipalRecord::Verified(Principal::new(ids, &claims.aud, clock::at(claims.exp))),
        None => PrincipalRecord::Refused,
    }
}
