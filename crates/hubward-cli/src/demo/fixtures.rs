//! The hub of the demonstration, and the keys of its clients.

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

use super::certificates::Certificates;
use crate::clock::{at, now};

pub(crate) const HOST: &str = "contoso.example";
pub(crate) const ANOTHER_HOST: &str = "fabrikam.example";

/// The hub, and the clients' copies of their keys.
pub(crate) struct Hub<'h> {
    pub(crate) registry: Registry<HmacKey>,
    pub(crate) config: HubConfig<HmacKey>,
    pub(crate) certificates: &'h Certificates,
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
    /// Creates four devices, a module and three policies with random keys, and three devices with certificates, and tries
    /// to create a device with an empty key.
    pub(crate) fn provision(
        certificates: &'h Certificates,
        anchors: Anchors,
    ) -> Result<Self, Box<dyn Error>> {
        let mut registry = Registry::unseeded();
        certificates.register(&mut registry)?;
        let mut keys = Vec::new();
        for id in ["dev1", "dev10", "off", "a+b"] {
            let (client, registered) = random_keys()?;
            registry.create_device(DeviceId::parse(id)?, Authentication::Sas(registered))?;
            keys.push(client);
        }
        let (module, registered) = random_keys()?;
        registry.create_module(
            DeviceId::parse("dev1")?,
            ModuleId::parse("mod1")?,
            Authentication::Sas(registered),
        )?;
        registry.set_status(DeviceId::parse("off")?, Status::Disabled)?;
        // a device with an empty key: created only if such a key were accepted
        if let Ok(empty) = SymmetricKey::from_base64("") {
            let pair = SymmetricKeys::one(HmacKey::new(&empty));
            registry.create_device(DeviceId::parse("blank")?, Authentication::Sas(pair))?;
        }
        let mut policies = Vec::new();
        for (name, permissions) in [
            ("iothubowner", "RegistryWrite, ServiceConnect, DeviceConnect"),
            ("service", "ServiceConnect"),
            ("device", "DeviceConnect"),
        ] {
            let (client, registered) = random_keys()?;
            registry.set_policy(PolicyName::parse(name)?, permissions.parse::<Permissions>()?, registered);
            policies.push(client);
        }
        let short = "a key is missing";
        let mut keys = keys.into_iter();
        let mut next = || keys.next().ok_or(short);
        let ((dev1, dev1_secondary), (dev10, _), (off, _), (odd, _)) = (next()?, next()?, next()?, next()?);
        let mut policies = policies.into_iter();
        let mut next = || policies.next().ok_or(short);
        let ((owner, _), (service, _), (device_policy, _)) = (next()?, next()?, next()?);
        let x509 = X509Config::new(anchors, signature::ALL, &Digests);
        let config = HubConfig::new(HostName::parse(HOST)?, random_key()?.0).with_x509(x509);
        let module = module.0;
        Ok(Self {
            registry,
            config,
            certificates,
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

    /// Returns a token for the unchanged `sr`, valid for an hour.
    pub(crate) fn token(
        &self,
        sr: &str,
        key: &impl MacKey,
        skn: Option<&str>,
    ) -> Result<String, Box<dyn Error>> {
        token_until(sr, self.now.saturating_add(3600), key, skn)
    }
}

/// Returns a token for the unchanged `sr`: any client can send it, though our signer would not write it.
pub(crate) fn token_until(
    sr: &str,
    expiry: u64,
    key: &impl MacKey,
    skn: Option<&str>,
) -> Result<String, Box<dyn Error>> {
    let tag = key.tag(&[sr.as_bytes(), b"\n", expiry.to_string().as_bytes()]);
    // take the signer's encoding of the signature
    let signed =
        UnsignedToken::device(Authority::parse(HOST)?, DeviceId::parse("any")?, at(expiry)).finish(tag);
    let signed = signed.to_string();
    let sig = signed.split('&').find(|field| field.starts_with("sig=")).unwrap_or_default();
    let skn = skn.map(|name| format!("&skn={name}")).unwrap_or_default();
    Ok(format!("SharedAccessSignature sr={sr}&{sig}&se={expiry}{skn}"))
}

/// The primary and the secondary key of a client.
type ClientKeys = (HmacKey, HmacKey);

/// Returns two random keys, for the client and for the registry.
fn random_keys() -> Result<(ClientKeys, SymmetricKeys<HmacKey>), Box<dyn Error>> {
    let (primary, registered_primary) = random_key()?;
    let (secondary, registered_secondary) = random_key()?;
    Ok(((primary, secondary), SymmetricKeys::new(registered_primary, registered_secondary)))
}

fn random_key() -> Result<(HmacKey, HmacKey), Box<dyn Error>> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(&mut *bytes).map_err(|error| format!("no random bytes: {error}"))?;
    let key = SymmetricKey::from_bytes(&*bytes)?;
    Ok((HmacKey::new(&key), HmacKey::new(&key)))
}
