//! A root, an intermediate (serial number 2) and a pump (serial number 17), verified with revocation lists.
#![allow(dead_code, unreachable_pub, clippy::panic, reason = "each test uses what it needs")]

use hubward_ring::signature;
use hubward_x509::{
    Anchors, CertificatePosition, Chain, ChainError, Crls, ExpectedSubject, Problem, Profile, Revocation,
    RevocationStatus, crl::StatusUnknown,
};
use rcgen::{CertificateParams, KeyPair};

use super::crl_builder::{CrlBuilder, numbered};
use super::minting::{ca, entity, key, now, sign};

pub const CA: u8 = 2;
pub const PUMP: u8 = 17;

pub struct CrlFleet {
    pub root_key: KeyPair,
    pub root: Vec<u8>,
    pub ca_params: CertificateParams,
    pub ca_key: KeyPair,
    pub ca: Vec<u8>,
    /// The intermediate and other signers of lists.
    pub pool: Vec<Vec<u8>>,
    pub pump: Vec<u8>,
}

impl CrlFleet {
    pub fn new() -> Self {
        Self::with(ca("Fleet CA"), entity("pump-17"))
    }

    pub fn with(ca_params: CertificateParams, pump: CertificateParams) -> Self {
        let (root_params, root_key, ca_key) = (ca("Fleet Root"), key(), key());
        let root = root_params.self_signed(&root_key).unwrap().der().to_vec();
        let ca_params = numbered(ca_params, CA);
        let ca = sign(&ca_params, &ca_key, &root_params, &root_key);
        let pump = sign(&numbered(pump, PUMP), &key(), &ca_params, &ca_key);
        Self { root_key, root, ca_params, ca_key, pool: vec![ca.clone()], ca, pump }
    }

    /// Returns the root's list, without entries.
    pub fn root_list(&self) -> Vec<u8> {
        CrlBuilder::by(&self.root).sign(&self.root_key)
    }

    /// Returns a builder for the intermediate's list, without entries.
    pub fn list(&self) -> CrlBuilder {
        CrlBuilder::by(&self.ca)
    }

    /// Adds another certificate below the root.
    pub fn add(&mut self, params: &CertificateParams, key: &KeyPair) -> Vec<u8> {
        let der = sign(params, key, &ca("Fleet Root"), &self.root_key);
        self.pool.push(der.clone());
        der
    }

    /// Adds another certificate below the intermediate.
    pub fn add_below(&mut self, params: &CertificateParams, key: &KeyPair) -> Vec<u8> {
        let der = sign(params, key, &self.ca_params, &self.ca_key);
        self.pool.push(der.clone());
        der
    }

    /// Verifies the pump with the root's list and these of the intermediate.
    pub fn check(&self, lists: &[Vec<u8>]) -> Result<RevocationStatus, ChainError> {
        self.check_with(&[&[self.root_list()], lists].concat(), |rules| rules)
    }

    pub fn check_with(
        &self,
        lists: &[Vec<u8>],
        rules: impl Fn(Revocation<'_>) -> Revocation<'_>,
    ) -> Result<RevocationStatus, ChainError> {
        let crls = Crls::parse(lists).unwrap();
        let profile = Profile::device(ExpectedSubject::Any).with_revocation(rules(Revocation::by(&crls)));
        self.check_under(&profile)
    }

    pub fn check_under(&self, profile: &Profile<'_>) -> Result<RevocationStatus, ChainError> {
        let anchors = Anchors::parse([&self.root]).unwrap();
        let chain = Chain::parse(&self.pump, &self.pool).unwrap();
        chain.verify(&anchors, profile, signature::ALL, now(0)).map(|verified| verified.revocation())
    }
}

pub fn is_good(result: Result<RevocationStatus, ChainError>) -> bool {
    matches!(result, Ok(RevocationStatus::Good { .. }))
}

/// Returns `true` if the pump is revoked.
pub fn is_revoked(result: Result<RevocationStatus, ChainError>) -> bool {
    matches!(
        result,
        Err(ChainError::Refused { place: CertificatePosition::Leaf, problem: Problem::Revoked { .. } })
    )
}

/// Returns the reason why the pump's status is unknown.
#[track_caller]
pub fn unknown(result: Result<RevocationStatus, ChainError>) -> StatusUnknown {
    match result {
        Err(ChainError::Refused {
            place: CertificatePosition::Leaf,
            problem: Problem::RevocationUnknown(why),
        }) => why,
        other => panic!("{other:?}"),
    }
}
