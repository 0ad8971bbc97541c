//! Certificate authorities, device certificates below them, and a hub with such devices.
#![allow(dead_code, reason = "each test uses what it needs")]

use hubward::registry::{Authentication, Registry, Thumbprints};
use hubward::types::{Digest, HostName, Permissions, Status, Thumbprint};
use hubward::x509::{Anchors, Certificate};
use hubward::{Authenticated, Credentials, HubConfig, Session, X509Config};
use hubward_ring::{Digests, signature};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer, KeyIdMethod,
    KeyPair, KeyUsagePurpose, RevokedCertParams, date_time_ymd,
};
use rustls_pki_types::CertificateDer;

use crate::common::{HUB, Hub, device, key, module, pair, policy, username};

/// 2026-01-01, within every generated validity period.
pub const TODAY: u64 = 1_767_225_600;
/// 2027-01-01, when leaves expire.
pub const LEAF_END: u64 = 1_798_761_600;
/// 2026-07-01, when the intermediate of [`Fleet::brief`] expires.
pub const BRIEF_END: u64 = 1_782_864_000;

/// The certificates that a device sends in its handshake, the leaf first.
pub type Shown = Vec<CertificateDer<'static>>;

struct Authority {
    params: CertificateParams,
    key: KeyPair,
    der: CertificateDer<'static>,
}

/// A registered root with two intermediates, one of which expires soon, and an unregistered root.
pub struct Fleet {
    root: Authority,
    lasting: Authority,
    brief: Authority,
    stranger: Authority,
    pub registered: [CertificateDer<'static>; 1],
}

/// Returns an end entity's parameters, valid until 2027.
pub fn entity(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(2025, 1, 1), date_time_ymd(2027, 1, 1));
    params
}

fn authority(name: &str, end: i32, month: u8) -> CertificateParams {
    let mut params = entity(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_after = date_time_ymd(end, month, 1);
    params
}

impl Authority {
    fn root(name: &str) -> Self {
        let (params, key) = (authority(name, 2030, 1), KeyPair::generate().unwrap());
        let der = params.self_signed(&key).unwrap().der().clone();
        Self { params, key, der }
    }

    fn below(&self, name: &str, end: i32, month: u8) -> Self {
        let (params, key) = (authority(name, end, month), KeyPair::generate().unwrap());
        let der = self.sign(&params, &key);
        Self { params, key, der }
    }

    fn sign(&self, params: &CertificateParams, key: &KeyPair) -> CertificateDer<'static> {
        params.signed_by(key, &Issuer::from_params(&self.params, &self.key)).unwrap().der().clone()
    }

    fn list(&self, serials: &[rcgen::SerialNumber]) -> Vec<u8> {
        let revoked = |serial: &rcgen::SerialNumber| RevokedCertParams {
            serial_number: serial.clone(),
            revocation_time: date_time_ymd(2025, 6, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2025, 12, 1),
            next_update: date_time_ymd(2026, 2, 1),
            crl_number: 1_u64.into(),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&Issuer::from_params(&self.params, &self.key)).unwrap().der().to_vec()
    }

    fn issue(&self, params: &CertificateParams) -> CertificateDer<'static> {
        self.sign(params, &KeyPair::generate().unwrap())
    }
}

impl Fleet {
    pub fn new() -> Self {
        let root = Authority::root("Fleet Root");
        let (lasting, brief) = (root.below("Lasting", 2029, 1), root.below("Brief", 2026, 7));
        let registered = [root.der.clone()];
        Self { root, lasting, brief, stranger: Authority::root("Stranger"), registered }
    }

    pub fn anchors(&self) -> Anchors {
        Anchors::parse(&self.registered).unwrap()
    }

    /// Issues a leaf below an intermediate.
    pub fn lasting(&self, params: &CertificateParams) -> Shown {
        vec![self.lasting.issue(params), self.lasting.der.clone()]
    }

    /// Issues a leaf below an intermediate that expires before the leaf.
    pub fn brief(&self, params: &CertificateParams) -> Shown {
        vec![self.brief.issue(params), self.brief.der.clone()]
    }

    /// Returns the CRLs of the root, which is empty, and of the intermediate of [`Fleet::lasting`].
    pub fn lists(&self, revoked: &[u64]) -> [Vec<u8>; 2] {
        let revoked: Vec<_> = revoked.iter().map(|serial| (*serial).into()).collect();
        [self.root.list(&[]), self.lasting.list(&revoked)]
    }

    /// Returns a CRL of the root with this serial number.
    pub fn root_list(&self, revoked: &[u8]) -> Vec<u8> {
        self.root.list(&[revoked.to_vec().into()])
    }

    /// Issues a leaf below the unregistered root, which is presented too.
    pub fn strange(&self, params: &CertificateParams) -> Shown {
        vec![self.stranger.issue(params), self.stranger.der.clone()]
    }

    /// Issues a leaf in the name of the registered root, signed with another key.
    pub fn forged(&self, params: &CertificateParams) -> Shown {
        let key = KeyPair::generate().unwrap();
        vec![params.signed_by(&key, &Issuer::from_params(&self.root.params, &key)).unwrap().der().clone()]
    }

    /// Issues a leaf in the name of `count` intermediates of the same name, none of which signed it. The registered root
    /// issued the intermediates.
    pub fn crowd(&self, params: &CertificateParams, count: usize) -> Shown {
        let crowd: Vec<_> = (0..count).map(|_| self.root.below("Crowd", 2029, 1)).collect();
        let key = KeyPair::generate().unwrap();
        let leaf = params.signed_by(&key, &Issuer::from_params(&crowd[0].params, &key)).unwrap();
        let leaf = leaf.der().clone();
        [leaf].into_iter().chain(crowd.into_iter().map(|one| one.der)).collect()
    }

    /// Returns the thumbprints of the intermediate and the root above [`Fleet::lasting`].
    pub fn above_lasting(&self) -> [Thumbprint; 2] {
        [sha256(&self.lasting.der), sha256(&self.root.der)]
    }
}

pub fn self_signed(params: &CertificateParams) -> Shown {
    vec![params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()]
}

/// Returns the same certificate with the second valid form of its ECDSA signature.
pub fn malleated_form(der: &[u8]) -> CertificateDer<'static> {
    Certificate::parse(der).unwrap().malleated_form().unwrap().into()
}

pub fn sha256(der: &[u8]) -> Thumbprint {
    Thumbprint::Sha256(Digests.sha256(der))
}

pub fn sha1(der: &[u8]) -> Thumbprint {
    Thumbprint::Sha1(Digests.sha1_for_legacy_thumbprints(der))
}

/// Returns a hub with `ca1`, `ca10`, the module `ca1/mod1` and `ca-off` registered with an authority, `pinned` with
/// thumbprints, `sas` with keys, and `none` without a credential.
pub fn hub_of(anchors: &Anchors, pins: Thumbprints) -> Hub {
    let mut registry = Registry::unseeded();
    for (id, authentication) in [
        ("ca1", Authentication::CertificateAuthority),
        ("ca10", Authentication::CertificateAuthority),
        ("ca-off", Authentication::CertificateAuthority),
        ("pinned", Authentication::SelfSigned(pins)),
        ("sas", Authentication::Sas(pair("sas"))),
        ("none", Authentication::None),
    ] {
        registry.create_device(device(id), authentication).unwrap();
    }
    registry.create_module(device("ca1"), module("mod1"), Authentication::CertificateAuthority).unwrap();
    registry.set_status(device("ca-off"), Status::Disabled).unwrap();
    registry.set_policy(policy("device"), Permissions::DEVICE_CONNECT, pair("device"));
    let x509 = X509Config::new(anchors.clone(), signature::ALL, &Digests);
    let rules = HubConfig::new(HostName::parse(HUB).unwrap(), key("dummy")).with_x509(x509);
    Hub { registry, rules }
}

pub fn pins(primary: Option<Thumbprint>, secondary: Option<Thumbprint>) -> Thumbprints {
    Thumbprints::new(primary, secondary).unwrap()
}

pub fn unmatched_thumbprints() -> Thumbprints {
    pins(Some(Thumbprint::Sha256([7; 32])), None)
}

/// Returns the authenticated identity, or the code of the rejection.
pub fn connect(hub: &Hub, id: &str, shown: &Shown, now: u64) -> Result<String, &'static str> {
    let username = username(id);
    Credentials::mqtt(id, &username, None)
        .and_then(|presented| {
            hub.admit(presented.with_certificates(shown), now).map(|admitted| name(&admitted))
        })
        .map_err(|error| error.code())
}

pub fn name(admitted: &Authenticated<'_>) -> String {
    admitted.identity().to_string()
}

pub fn session(hub: &Hub, id: &str, shown: &Shown) -> Session {
    let username = username(id);
    let presented = Credentials::mqtt(id, &username, None).unwrap().with_certificates(shown);
    hub.admit(presented, TODAY).unwrap().into_session()
}
