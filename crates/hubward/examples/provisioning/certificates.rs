//! A small certificate authority of a fleet's owner.

use hubward::types::{Digest, Thumbprint};
use hubward_ring::Digests;
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};
use rustls_pki_types::CertificateDer;

pub(crate) struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pub(crate) der: CertificateDer<'static>,
}

impl Authority {
    pub(crate) fn root(name: &str) -> Self {
        let (params, key) = (authority(name), KeyPair::generate().unwrap());
        let der = params.self_signed(&key).unwrap().der().clone();
        Self { params, key, der }
    }

    pub(crate) fn below(&self, name: &str) -> Self {
        let (params, key) = (authority(name), KeyPair::generate().unwrap());
        let der = self.sign(&params, &key);
        Self { params, key, der }
    }

    /// Issues a device's certificate. The private key would stay on the device.
    pub(crate) fn device(&self, id: &str) -> CertificateDer<'static> {
        self.sign(&named(id), &KeyPair::generate().unwrap())
    }

    fn sign(&self, params: &CertificateParams, key: &KeyPair) -> CertificateDer<'static> {
        params.signed_by(key, &Issuer::from_params(&self.params, &self.key)).unwrap().der().clone()
    }
}

pub(crate) fn thumbprint(der: &CertificateDer<'_>) -> Thumbprint {
    Thumbprint::Sha256(Digests.sha256(der))
}

fn authority(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
