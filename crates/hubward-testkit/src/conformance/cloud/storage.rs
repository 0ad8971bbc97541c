//! Shared access signatures of storage accounts.

use hubward_cloud::storage::{
    Access, Context, Permissions, RequestParameters, Resource, Sas, SasKind, Service, SignedSas,
    StoredPolicy, UnsignedSas, UserDelegation,
};
use hubward_cloud::{AccountKey, DelegationKey, IpRange, Text};
use hubward_rustcrypto::GeneralKey;
use serde_json::Value;

use super::resource::Parts;
use super::{Case, at, field, refuse_flipped, same_signature, same_text};
use crate::conformance::ensure;

/// The last second of a policy whose tokens have no expiry.
const POLICY_EXPIRY: u64 = 1_893_456_000;

/// The key of a case.
enum Key {
    Account(AccountKey<GeneralKey>),
    Delegation(DelegationKey<GeneralKey>),
}

impl Key {
    fn of(case: &Case) -> Result<Self, String> {
        match case.input.get("user_delegation_key").and_then(|key| key.get("value")?.as_str()) {
            Some(value) => DelegationKey::from_base64(value).map(Self::Delegation),
            None => AccountKey::from_base64(case.required(&["key", "account_key"])?).map(Self::Account),
        }
        .map_err(|error| error.to_string())
    }
}

/// A case with what its verification needs.
struct Prepared<'c> {
    case: &'c Case,
    key: Key,
    headers: Vec<(&'c str, &'c str)>,
    query: Vec<(&'c str, &'c str)>,
}

pub(super) fn judge(case: &Case) -> Result<(), String> {
    let text = case.token()?;
    let sas = Sas::parse(text).map_err(|error| error.to_string())?;
    let prepared = Prepared {
        case,
        key: Key::of(case)?,
        headers: pairs(case, &["request_headers", "requestHeaders"]),
        query: pairs(case, &["request_query_params", "requestQueryParameters"]),
    };
    let now = sas.expiry().map_or(POLICY_EXPIRY, |time| time.seconds());
    let all = resources(case, &sas)?;
    for parts in &all {
        let resource = parts.resource()?;
        prepared.verify(text, &resource, now)?;
        ensure(prepared.verify(text, &resource, now + 1).is_err(), "does not expire")?;
    }
    let resource = all.first().ok_or("no resource")?.resource()?;
    let signature = field(text, "sig").unwrap_or_default();
    refuse_flipped(text, signature, |text| prepared.verify(text, &resource, now))?;
    prepared.agrees_with_input(&sas)?;

    let parameters = RequestParameters::new(&prepared.headers, &prepared.query);
    if omitted(case, &sas).is_none() {
        same_text(case, &sas.string_to_sign(&resource, parameters))?;
    }
    let id = omitted(case, &sas);
    let unsigned = rebuild(case, text, &sas)?;
    let unsigned = match id {
        Some(id) => unsigned.with_identifier(id).map_err(|error| error.to_string())?,
        None => unsigned,
    };
    same_text(case, &unsigned.string_to_sign(&resource, parameters).map_err(|error| error.to_string())?)?;
    let signed = prepared.sign(unsigned, &resource)?.to_string();
    same_signature(field(&signed, "sig").unwrap_or_default(), signature)?;
    prepared.verify(&signed, &resource, now)
}

impl Prepared<'_> {
    fn verify(&self, text: &str, resource: &Resource<'_>, now: u64) -> Result<(), String> {
        let sas = Sas::parse(text).map_err(|error| error.to_string())?;
        let id = sas.identifier().map(|id| id.to_string()).or(omitted(self.case, &sas).map(str::to_owned));
        let id = id.unwrap_or_default();
        let mut policy = StoredPolicy::new(&id);
        if sas.permissions().is_none() {
            let permissions = Permissions::parse(sas.kind(), "r").map_err(|error| error.to_string())?;
            policy = policy.with_permissions(permissions);
        }
        if sas.expiry().is_none() {
            policy = policy.with_expiry(at(POLICY_EXPIRY));
        }
        let parameters = RequestParameters::new(&self.headers, &self.query);
        let mut context = Context::new(at(now)).with_parameters(parameters);
        context = match omitted(self.case, &sas) {
            Some(_) => context.with_omitted_policy(&policy),
            None => context.with_policy(&policy),
        };
        let grant = match &self.key {
            Key::Account(key) => sas.verify(resource, key, &context),
            Key::Delegation(key) => sas.verify_delegated(resource, key, &context),
        }
        .map_err(|error| error.to_string())?;
        let permission = grant.permissions().iter().next().ok_or("no permission")?;
        let user = grant.user().map(|user| user.to_string()).unwrap_or_default();
        let mut access = Access::new(resource, permission, at(now)).with_user(&user);
        if let Some(range) = grant.addresses() {
            access = access.with_address(range.last());
        }
        let partition = field(text, "spk").map(super::decode).transpose()?.unwrap_or_default();
        let row = field(text, "srk").map(super::decode).transpose()?.unwrap_or_default();
        grant.judge(&access.with_entity(&partition, &row)).map_err(|error| error.to_string())
    }

    fn sign<'a>(&self, unsigned: UnsignedSas<'a>, resource: &Resource<'_>) -> Result<SignedSas<'a>, String> {
        match &self.key {
            Key::Account(key) => unsigned.sign(resource, key),
            Key::Delegation(key) => {
                let parameters = RequestParameters::new(&self.headers, &self.query);
                unsigned.sign_delegated(resource, key, parameters)
            }
        }
        .map_err(|error| error.to_string())
    }

    /// Compares permissions and times of the token with those of the input, where the input has them.
    fn agrees_with_input(&self, sas: &Sas<'_>) -> Result<(), String> {
        let case = self.case;
        if let (Some(wanted), Some(own)) = (case.text(&["permission", "permissions"]), sas.permissions()) {
            let wanted = Permissions::parse(sas.kind(), wanted).map_err(|error| error.to_string())?;
            let same = wanted.iter().all(|p| own.contains(p)) && own.iter().all(|p| wanted.contains(p));
            ensure(same, "other permissions than the input's")?;
        }
        for (names, own) in [
            (["expiry", "expiresOn"], sas.expiry().map(|time| time.seconds())),
            (["start", "startsOn"], sas.start().map(|time| time.seconds())),
        ] {
            if let (Some(wanted), Some(own)) = (case.text(&names), own) {
                let wanted = crate::conformance::time::seconds(&iso(wanted));
                ensure(wanted == own, format!("another {names:?} than the input's"))?;
            }
        }
        Ok(())
    }
}

/// Rewrites `2030-01-01 00:00:00`, or a shorter form, as RFC 3339.
fn iso(text: &str) -> String {
    let text = text.replacen(' ', "T", 1);
    match text.len() {
        10 => format!("{text}T00:00:00Z"),
        17 => format!("{}:00Z", text.trim_end_matches('Z')),
        _ => text,
    }
}

/// Returns the id of a stored access policy that was signed and is not in the text.
fn omitted<'c>(case: &'c Case, sas: &Sas<'_>) -> Option<&'c str> {
    case.text(&["identifier", "policy_id"]).filter(|_| sas.identifier().is_none())
}

/// Returns the resources that a token is for: one, or one for each service and level of an account.
fn resources(case: &Case, sas: &Sas<'_>) -> Result<Vec<Parts>, String> {
    if sas.kind() != SasKind::Account {
        return Ok(vec![Parts::of(case, sas.kind())?]);
    }
    let text = case.token()?;
    let letters = |name| field(text, name).unwrap_or_default().chars();
    let mut all = Vec::new();
    for service in [Service::Blob, Service::File, Service::Queue, Service::Table] {
        if letters("ss").any(|letter| letter == service.letter()) {
            for level in letters("srt") {
                all.push(Parts::of_account(case, service, level)?);
            }
        }
    }
    Ok(all)
}

/// Builds the token to be signed from the values of the case's token.
fn rebuild<'c>(case: &'c Case, text: &'c str, sas: &Sas<'c>) -> Result<UnsignedSas<'c>, String> {
    let fail = |error: hubward_cloud::ParseError| error.to_string();
    let leak = |value: &str| -> Result<&'static str, String> {
        let decoded = Text::query(value).map_err(|error| error.to_string())?.to_string();
        Ok(Box::leak(decoded.into_boxed_str()))
    };
    let value = |name| field(text, name).map(leak).transpose();
    let mut unsigned = match sas.kind() {
        SasKind::Account => {
            let (services, types) = (value("ss")?.unwrap_or_default(), value("srt")?.unwrap_or_default());
            UnsignedSas::account(services, types, sas.version()).map_err(fail)?
        }
        kind if sas.is_delegated() => {
            let key = &case.input["user_delegation_key"];
            let part = |names: &[&str]| names.iter().find_map(|name| key.get(*name)?.as_str());
            let need = |names: &[&str]| part(names).ok_or(format!("the key has no {names:?}"));
            let delegation = UserDelegation::new(
                need(&["signedObjectId", "signed_oid"])?,
                need(&["signedTenantId", "signed_tid"])?,
                (value("skt")?.unwrap_or_default(), value("ske")?.unwrap_or_default()),
                need(&["signedService", "signed_service"])?,
                need(&["signedVersion", "signed_version"])?,
            );
            let delegation = match part(&["signed_delegated_user_tid", "signedDelegatedUserTenantId"]) {
                Some(tenant) => delegation.with_user_tenant(tenant),
                None => delegation,
            };
            UnsignedSas::delegated(kind, sas.version(), &delegation).map_err(fail)?
        }
        kind => UnsignedSas::new(kind, sas.version()).map_err(fail)?,
    };
    if let Some(permissions) = sas.permissions() {
        unsigned = unsigned.with_permissions(permissions);
    }
    if let Some(time) = sas.expiry() {
        unsigned = match time.to_string().len() {
            20 => unsigned.with_expiry(at(time.seconds())).map_err(fail)?,
            _ => unsigned.with_expiry_text(time),
        };
    }
    if let Some(time) = sas.start() {
        unsigned = match time.to_string().len() {
            20 => unsigned.with_start(at(time.seconds())).map_err(fail)?,
            _ => unsigned.with_start_text(time),
        };
    }
    if let Some(range) = value("sip")? {
        let range = IpRange::parse(range).map_err(|error| error.to_string())?;
        unsigned = unsigned.with_addresses(range).map_err(fail)?;
    }
    unsigned = match value("spr")? {
        Some("https") => unsigned.https_only().map_err(fail)?,
        Some(_) => unsigned.with_protocol(hubward_cloud::storage::Protocol::HttpsOrHttp).map_err(fail)?,
        None => unsigned,
    };
    type With<'a> = fn(UnsignedSas<'a>, &'a str) -> Result<UnsignedSas<'a>, hubward_cloud::ParseError>;
    let named: [(&str, With<'c>); 4] = [
        ("si", UnsignedSas::with_identifier),
        ("ses", UnsignedSas::with_encryption_scope),
        ("sdd", UnsignedSas::with_depth),
        ("tn", UnsignedSas::with_table),
    ];
    for (name, with) in named {
        if let Some(value) = value(name)? {
            unsigned = with(unsigned, value).map_err(fail)?;
        }
    }
    for name in [
        "rscc", "rscd", "rsce", "rscl", "rsct", "spk", "srk", "epk", "erk", "saoid", "suoid", "scid",
        "sduoid", "srh", "srq",
    ] {
        if let Some(value) = value(name)? {
            unsigned = unsigned.with_value(name, value).map_err(fail)?;
        }
    }
    Ok(unsigned)
}

/// Returns the pairs of an object of the input.
fn pairs<'c>(case: &'c Case, names: &[&str]) -> Vec<(&'c str, &'c str)> {
    let object = names.iter().find_map(|name| case.input.get(*name)?.as_object());
    object
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| match value {
            Value::String(value) => Some((name.as_str(), value.as_str())),
            _ => None,
        })
        .collect()
}
