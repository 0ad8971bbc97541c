//! Certificates, a clock that tests set, and handshakes in memory.
#![allow(dead_code, unreachable_pub, reason = "each test uses what it needs")]

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use hubward_ring::SigningKey;
use hubward_rustls::VerifierError;
use hubward_x509::{BundleDraft, SignedBundle, TrustBundle, TrustPeriod, UpdateKey};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, ConnectionCommon, Error, RootCertStore, ServerConfig,
    ServerConnection, SignatureScheme, SupportedProtocolVersion,
};

/// 2026-01-01, in the validity period of every certificate of these tests.
pub const NOW: u64 = 1_767_225_600;
/// 2027-02-05, when certificates of devices have expired and those of hubs have not.
pub const LATER: u64 = NOW + 400 * 86_400;
/// 2005-01-01, when certificates of devices are not valid yet and those of hubs are.
pub const EARLIER: u64 = 1_104_537_600;
/// 2036, when all certificates have expired.
pub const LATEST: u64 = NOW + 10 * 366 * 86_400;
/// The name of every server of these tests.
pub const HUB: &str = "hub.example";
pub const VERSIONS: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS12, &rustls::version::TLS13];

/// A clock that tests set.
#[derive(Debug)]
pub struct Clock(AtomicU64);

impl Clock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(NOW)))
    }

    pub fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::SeqCst);
    }

    pub fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.0.load(Ordering::SeqCst)))
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.now())
    }
}

/// A certificate with its issuers, and the private key to sign with.
#[derive(Debug)]
pub struct Held {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: KeyPair,
}

impl Held {
    pub fn certified(&self) -> CertifiedKey {
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let key = ring::sign::any_supported_type(&PrivateKeyDer::Pkcs8(key)).unwrap();
        CertifiedKey::new(self.chain.clone(), key)
    }

    pub fn leaf(&self) -> &CertificateDer<'static> {
        &self.chain[0]
    }
}

/// The parameters of an end entity's certificate, valid through 2025 and 2026.
pub fn entity(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(2025, 1, 1), date_time_ymd(2027, 1, 1));
    params
}

/// The parameters of a CA's certificate, which outlives what it signs.
pub fn ca_params(name: &str) -> CertificateParams {
    let mut params = entity(name);
    (params.not_before, params.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(2035, 1, 1));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// A CA that issues certificates.
pub struct Ca {
    pub der: CertificateDer<'static>,
    pub issuer: Issuer<'static, KeyPair>,
}

impl Ca {
    pub fn new(name: &str) -> Self {
        let (params, key) = (ca_params(name), KeyPair::generate().unwrap());
        let der = params.self_signed(&key).unwrap().der().clone();
        Self { der, issuer: Issuer::new(params, key) }
    }

    pub fn issue(&self, params: &CertificateParams) -> Held {
        self.issue_for(params, KeyPair::generate().unwrap())
    }

    pub fn issue_for(&self, params: &CertificateParams, key: KeyPair) -> Held {
        Held { chain: vec![params.signed_by(&key, &self.issuer).unwrap().der().clone()], key }
    }

    /// Issues a server's certificate for [`HUB`].
    pub fn issue_hub(&self) -> Held {
        self.issue_server(HUB)
    }

    pub fn issue_server(&self, name: &str) -> Held {
        let mut params = entity(name);
        (params.not_before, params.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(2035, 1, 1));
        params.subject_alt_names = vec![rcgen::SanType::DnsName(name.try_into().unwrap())];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(&params)
    }
}

pub fn self_signed(params: &CertificateParams) -> Held {
    self_signed_by(params, KeyPair::generate().unwrap())
}

pub fn self_signed_by(params: &CertificateParams, key: KeyPair) -> Held {
    Held { chain: vec![params.self_signed(&key).unwrap().der().clone()], key }
}

/// The hub's side: its CA, its clock and its configuration.
pub struct Hub {
    pub ca: Ca,
    pub clock: Arc<Clock>,
    pub config: Arc<ServerConfig>,
    pub version: &'static SupportedProtocolVersion,
}

impl Hub {
    pub fn new(version: &'static SupportedProtocolVersion, verifier: Arc<dyn ClientCertVerifier>) -> Self {
        Self::configured(version, verifier, |config| config)
    }

    pub fn configured(
        version: &'static SupportedProtocolVersion,
        verifier: Arc<dyn ClientCertVerifier>,
        change: impl FnOnce(ServerConfig) -> ServerConfig,
    ) -> Self {
        let (ca, clock) = (Ca::new("Hub Root"), Clock::new());
        let config = ServerConfig::builder_with_details(provider(), clock.clone())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(Shows(Arc::new(ca.issue_hub().certified()))));
        Self { ca, clock, config: Arc::new(change(config)), version }
    }

    /// Returns a client that trusts this hub and presents a certificate, if one is given.
    pub fn client(&self, held: Option<&Held>) -> Arc<ClientConfig> {
        // with a resolver, which does not compare certificate and key
        self.client_by(
            held.map(|held| -> Arc<dyn ResolvesClientCert> { Arc::new(Shows(Arc::new(held.certified()))) }),
        )
    }

    /// Returns a client that trusts this hub and presents the resolver's certificate.
    pub fn client_by(&self, resolver: Option<Arc<dyn ResolvesClientCert>>) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.ca.der.clone()).unwrap();
        let builder = ClientConfig::builder_with_details(provider(), self.clock.clone())
            .with_protocol_versions(&[self.version])
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match resolver {
            Some(resolver) => builder.with_client_cert_resolver(resolver),
            None => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::in_memory_sessions(8);
        Arc::new(config)
    }

    /// Returns the configuration of this hub with another certificate and key.
    pub fn showing(&self, held: Held) -> Arc<ServerConfig> {
        let mut config = ServerConfig::clone(&self.config);
        config.cert_resolver = Arc::new(Shows(Arc::new(held.certified())));
        Arc::new(config)
    }

    pub fn handshake(&self, client: &Arc<ClientConfig>) -> Result<Pair, Box<Refused>> {
        handshake(client, &self.config)
    }
}

pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesClientCert for Shows {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl rustls::server::ResolvesServerCert for Shows {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Both sides of a connection.
#[derive(Debug)]
pub struct Pair {
    pub client: ClientConnection,
    pub server: ServerConnection,
}

/// The errors of both sides after a failed handshake: an own error or a received alert.
#[derive(Debug)]
pub struct Refused {
    pub client: Option<Error>,
    pub server: Option<Error>,
}

impl Refused {
    /// Returns the error of this crate if rustls has no equivalent.
    pub fn reason(&self) -> Option<VerifierError> {
        [&self.client, &self.server].into_iter().find_map(|error| match error {
            Some(Error::InvalidCertificate(CertificateError::Other(other))) => {
                other.0.downcast_ref::<VerifierError>().copied()
            }
            _ => None,
        })
    }
}

/// Runs a handshake until neither side has more to send.
pub fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Result<Pair, Box<Refused>> {
    let mut client = ClientConnection::new(Arc::clone(client), HUB.try_into().unwrap()).unwrap();
    let mut server = ServerConnection::new(Arc::clone(server)).unwrap();
    let mut refused = Refused { client: None, server: None };
    while client.wants_write() || server.wants_write() {
        refused.server = refused.server.or(pass(&mut client, &mut server));
        refused.client = refused.client.or(pass(&mut server, &mut client));
    }
    if refused.client.is_some() || refused.server.is_some() {
        return Err(Box::new(refused));
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    Ok(Pair { client, server })
}

/// Passes on the bytes that one side sends; returns the error of the other side.
fn pass<A, B>(from: &mut ConnectionCommon<A>, to: &mut ConnectionCommon<B>) -> Option<Error> {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).unwrap();
    }
    let mut bytes = bytes.as_slice();
    let mut failed = None;
    while !bytes.is_empty() && failed.is_none() {
        to.read_tls(&mut bytes).unwrap();
        failed = to.process_new_packets().err();
    }
    failed
}

/// One RSA key of 2048 bits, created for these tests and used nowhere else, since ring cannot generate one.
pub fn rsa_key() -> KeyPair {
    let base64 = include_str!("../../../hubward-x509/tests/common/rsa.base64");
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{base64}-----END PRIVATE KEY-----\n");
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    KeyPair::try_from(der.secret_pkcs8_der()).unwrap()
}

/// A bundle with one root that is trusted for one day, itself valid for two days, signed with its only key.
pub fn bundle(root: &CertificateDer<'_>) -> TrustBundle {
    let owner = SigningKey::from_pkcs8(&KeyPair::generate().unwrap().serialize_der()).unwrap();
    let key = UpdateKey::from_spki_der(&owner.public_key_der()).unwrap();
    let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let window = TrustPeriod { from: at(NOW), until: at(NOW + 86_400) };
    let draft = BundleDraft::new(1, at(NOW + 2 * 86_400), 1).key(key).anchor(root, window).finish().unwrap();
    let unsigned = SignedBundle::parse(&draft).unwrap();
    let signature = owner.sign(unsigned.to_be_signed()).unwrap();
    let signed = unsigned.with_signature(key, &signature, hubward_ring::signature::ALL).unwrap();
    TrustBundle::load(&signed, hubward_ring::signature::ALL).unwrap()
}
