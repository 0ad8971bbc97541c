//! Users of a directory: their bearer tokens are verified with its keys, and roles decide.

use std::fs;
use std::path::{Path, PathBuf};

use hubward::policy::Operation;
use hubward::policy::roles::{Access, ArmScope, built_in};
use hubward::{
    AuthError, Bearer, FoundPrincipal, HUB_AUDIENCE, Principal, UserDecision, UserDenial, UserRules,
};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

use crate::clock;
use crate::decision_log::{ADMISSION, Entry, Who, record};
use crate::hub::{Hub, Refusal, leaked};
use crate::peer::Peer;

/// Why the file of users is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UsersError {
    /// It cannot be read.
    #[error("{}: {error}", file.display())]
    Read {
        /// Which.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is no such JSON.
    #[error("{}: {error}", file.display())]
    Json {
        /// Which.
        file: PathBuf,
        /// Where and why; the file holds no secrets.
        error: serde_json::Error,
    },
    /// Something in it is not what it should be.
    #[error("{}: {problem}", file.display())]
    Content {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

/// The file: where the hub is, who issues tokens with which keys, and who has which role.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// The hub's resource id.
    hub: String,
    issuer: String,
    audience: Option<String>,
    /// The public keys of the issuer, as its metadata has them (RFC 7517).
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
    /// Where it holds: the hub, unless it says another.
    scope: Option<String>,
}

/// Who is admitted with a bearer token.
#[derive(Debug)]
pub(crate) struct Users {
    rules: UserRules<'static>,
    access: Access,
    keys: Vec<Key>,
}

struct Key {
    id: Option<String>,
    key: DecodingKey,
    validation: Validation,
}

impl core::fmt::Debug for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Claims {
    oid: String,
    #[serde(default)]
    groups: Vec<String>,
    aud: String,
    exp: u64,
}

impl Users {
    /// Reads the file.
    pub(crate) fn read(file: &Path) -> Result<Self, UsersError> {
        let text = fs::read(file).map_err(|error| UsersError::Read { file: file.into(), error })?;
        let document: Document =
            serde_json::from_slice(&text).map_err(|error| UsersError::Json { file: file.into(), error })?;
        Self::of(document).map_err(|problem| UsersError::Content { file: file.into(), problem })
    }

    fn of(document: Document) -> Result<Self, String> {
        let hub = leaked(&document.hub);
        let scope = ArmScope::parse(hub).map_err(|error| format!("hub: {error}"))?;
        let mut rules = UserRules::new(scope);
        rules.audience = document.audience.as_deref().map_or(HUB_AUDIENCE, leaked);
        let mut access = Access::new();
        for Assignment { principal, role, scope } in &document.assignments {
            let role = built_in(role).ok_or_else(|| format!("there is no built-in role `{role}`"))?;
            let scope = scope.as_deref().unwrap_or(hub);
            access.assign(principal, role, scope).map_err(|error| format!("{principal}: {error}"))?;
        }
        let keys =
            document.keys.iter().map(|key| Key::of(key, &document.issuer)).collect::<Result<_, _>>()?;
        Ok(Self { rules, access, keys })
    }

    /// Whether this `Authorization` is of their scheme.
    pub(super) fn speaks_to(&self, authorization: &str) -> bool {
        authorization.split(' ').next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("Bearer"))
    }

    /// Judges a request with a bearer token, and the decision on it. Both are logged.
    pub(super) fn enter(
        &self,
        hub: &Hub,
        peer: &Peer,
        operation: &Operation<'_>,
        [method, path, authorization]: [&str; 3],
    ) -> Result<(), Refusal> {
        let refuse = |error: AuthError| {
            let (who, rule, code) = (Who::Nobody, ADMISSION, error.code());
            let reason = Some(format_args!("{error}"));
            record(&hub.metrics, &Entry { peer, who, operation, allow: false, rule, code, reason });
            Refusal::Unproven(error)
        };
        if !peer.certificates.is_empty() {
            return Err(refuse(AuthError::BothCredentials));
        }
        let question = Bearer::http(method, path, authorization).map_err(refuse)?.start(&self.rules);
        let claims = self.verified(question.token());
        let ids: Vec<&str> = claims
            .iter()
            .flat_map(|claims| core::iter::once(&claims.oid).chain(&claims.groups))
            .map(String::as_str)
            .collect();
        let found = match &claims {
            Some(claims) => {
                FoundPrincipal::Verified(Principal::new(&ids, &claims.aud, clock::at(claims.exp)))
            }
            None => FoundPrincipal::Refused,
        };
        let user = question.answer(found, clock::now()).map_err(refuse)?;
        peer.place.proven();
        let rule = operation.endpoint().map_or("none", |endpoint| endpoint.name());
        let (allow, code, outcome) = match user.decision(&self.access) {
            UserDecision::Allow { .. } => (true, "allowed", Ok(())),
            UserDecision::Deny(denial @ UserDenial::UnknownOperation) => {
                (false, denial.code(), Err(Refusal::UnknownOperation))
            }
            UserDecision::Deny(denial) => (false, denial.code(), Err(Refusal::Denied)),
        };
        let who = Who::User(user.object_id());
        record(&hub.metrics, &Entry { peer, who, operation, allow, rule, code, reason: None });
        outcome
    }

    /// What the token says, where one of the keys signed it. The key says by which algorithm, never the token.
    fn verified(&self, token: &str) -> Option<Claims> {
        let id = decode_header(token).ok()?.kid;
        let mut keys = self.keys.iter().filter(|key| id.is_none() || key.id == id);
        keys.find_map(|key| decode::<Claims>(token, &key.key, &key.validation).ok()).map(|token| token.claims)
    }
}

impl Key {
    fn of(jwk: &Jwk, issuer: &str) -> Result<Self, String> {
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(curve) => match curve.curve {
                EllipticCurve::P256 => Algorithm::ES256,
                EllipticCurve::P384 => Algorithm::ES384,
                _ => return Err("keys: a curve that is not P-256 or P-384".into()),
            },
            AlgorithmParameters::OctetKeyPair(_) => Algorithm::EdDSA,
            // whoever verifies with such a key can sign with it
            _ => return Err("keys: a key that is not RSA, EC or OKP".into()),
        };
        let key = DecodingKey::from_jwk(jwk).map_err(|_| "keys: a key that cannot be read".to_owned())?;
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "iss"]);
        validation.validate_nbf = true;
        // hubward judges these, at its own time
        (validation.validate_aud, validation.validate_exp) = (false, false);
        Ok(Self { id: jwk.common.key_id.clone(), key, validation })
    }
}
