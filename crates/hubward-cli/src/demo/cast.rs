//! The hub and everybody who has a key.

use core::error::Error;

use hubward::registry::{Authentication, Registry, SymmetricKeys};
use hubward::sas::UnsignedToken;
use hubward::types::{
    Authority, DeviceId, HostName, ModuleId, Permissions, PolicyName, Status, SymmetricKey,
};
use hubward::x509::Anchors;
use hubward::{HubConfig, X509Config, types::MacKey};
use hubward_ring::{Digests, signature};
use hubward_rustcrypto::HmacKey;
use zeroize::Zeroizing;

use super::certificates::Minted;
use crate::clock::{at, now};

pub(crate) const HOST: &str = "contoso.example";
pub(crate) const ANOTHER_HOST: &str = "fabrikam.example";

/// The hub, and the clients' own copies of their keys.
pub(crate) struct Hub<'h> {
    pub(crate) registry: Registry<HmacKey>,
    pub(crate) rules: HubConfig<'h, HmacKey>,
    pub(crate) minted: &'h Minted,
    pub(crate) now: u64,
    pub(crate) dev1: HmacKey,
    pub(crate) dev1_secondary: HmacKey,
    pub(crate) dev10: HmacKey,
    pub(crate) module: HmacKey,
    pub(crate) off: HmacKey,
    pub(crate) odd: HmacKey,
    pub(crate) owner: HmacKey,
    pub(crate) service: HmacKey,
    pub(crate) device_policy: HmacKey,
}

impl<'h> Hub<'h> {
    /// Creates four devices, a module and three policies with random keys, three devices with certificates, and tries to
    /// create one without a key.
    pub(crate) fn provision(minted: &'h Minted, anchors: &'h Anchors<'h>) -> Result<Self, Box<dyn Error>> {
        let mut registry = Registry::new();
        minted.register(&mut registry)?;
        let mut keys = Vec::new();
        for id in ["dev1", "dev10", "off", "a+b"] {
            let (client, pair) = fresh_pair()?;
            registry.create_device(DeviceId::parse(id)?, Authentication::Sas(pair))?;
            keys.push(client);
        }
        let (module, pair) = fresh_pair()?;
        registry.create_module(
            DeviceId::parse("dev1")?,
            ModuleId::parse("mod1")?,
            Authentication::Sas(pair),
        )?;
        registry.set_status(DeviceId::parse("off")?, Status::Disabled)?;
        // a device whose key is the empty string: provisioned only if there were such a key
        if let Ok(empty) = SymmetricKey::from_base64("") {
            let pair = SymmetricKeys::one(HmacKey::new(&empty));
            registry.create_device(DeviceId::parse("blank")?, Authentication::Sas(pair))?;
        }
        let mut policies = Vec::new();
        for (name, rights) in [
            ("iothubowner", "RegistryWrite, ServiceConnect, DeviceConnect"),
            ("service", "ServiceConnect"),
            ("device", "DeviceConnect"),
        ] {
            let (client, pair) = fresh_pair()?;
            registry.set_policy(PolicyName::parse(name)?, rights.parse::<Permissions>()?, pair);
            policies.push(client);
        }
        let short = "the cast is complete";
        let mut keys = keys.into_iter();
        let mut next = || keys.next().ok_or(short);
        let ((dev1, dev1_secondary), (dev10, _), (off, _), (odd, _)) = (next()?, next()?, next()?, next()?);
        let mut policies = policies.into_iter();
        let mut next = || policies.next().ok_or(short);
        let ((owner, _), (service, _), (device_policy, _)) = (next()?, next()?, next()?);
        let x509 = X509Config::new(anchors, signature::ALL, &Digests);
        let rules = HubConfig::new(HostName::parse(HOST)?, fresh()?.0).with_x509(x509);
        let module = module.0;
        Ok(Self {
            registry,
            rules,
            minted,
            now: now(),
            dev1,
            dev1_secondary,
            dev10,
            module,
            off,
            odd,
            owner,
            service,
            device_policy,
        })
    }

    /// A token over `sr` as it stands, good for an hour.
    pub(crate) fn token(
        &self,
        sr: &str,
        key: &impl MacKey,
        skn: Option<&str>,
    ) -> Result<String, Box<dyn Error>> {
        token_until(sr, self.now.saturating_add(3600), key, skn)
    }
}

/// A token over `sr` as it stands: what any client could send, whatever our own signer would write.
pub(crate) fn token_until(
    sr: &str,
    expiry: u64,
    key: &impl MacKey,
    skn: Option<&str>,
) -> Result<String, Box<dyn Error>> {
    let tag = key.tag(&[sr.as_bytes(), b"\n", expiry.to_string().as_bytes()]);
    // borrow the signer's encoding of the signature
    let signed =
        UnsignedToken::device(Authority::parse(HOST)?, DeviceId::parse("any")?, at(expiry)).finish(tag);
    let signed = signed.to_string();
    let sig = signed.split('&').find(|field| field.starts_with("sig=")).unwrap_or_default();
    let skn = skn.map(|name| format!("&skn={name}")).unwrap_or_default();
    Ok(format!("SharedAccessSignature sr={sr}&{sig}&se={expiry}{skn}"))
}

/// The client's primary and secondary.
type Own = (HmacKey, HmacKey);

/// Two random keys, for the client and for the registry.
fn fresh_pair() -> Result<(Own, SymmetricKeys<HmacKey>), Box<dyn Error>> {
    let (primary, registered_primary) = fresh()?;
    let (secondary, registered_secondary) = fresh()?;
    Ok(((primary, secondary), SymmetricKeys::new(registered_primary, registered_secondary)))
}

fn fresh() -> Result<(HmacKey, HmacKey), Box<dyn Error>> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(&mut *bytes).map_err(|error| format!("no random bytes: {error}"))?;
    let key = SymmetricKey::from_bytes(&*bytes)?;
    Ok((HmacKey::new(&key), HmacKey::new(&key)))
}
