//! A second verification, by rustls-webpki: both accept the same chains, or one of the named differences of
//! [`differences`] and [`refusals`] applies.
//!
//! The verifier that refuses is asked again about the one path that the other one has accepted, so that its reason is the
//! reason for that path.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

use hubward_x509::crl::{Crl, RevocationDepth, UnknownStatus};
use hubward_x509::error::CertificateError;
use hubward_x509::{Anchors, Certificate, Chain, ChainError, Crls, ExpectedSubject, Profile, Revocation};
use rustls_pki_types::{CertificateDer, TrustAnchor};
use webpki::{
    CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage, OwnedCertRevocationList,
    RevocationCheckDepth, RevocationOptionsBuilder, UnknownStatusPolicy, anchor_from_trusted_cert,
};

mod certificates;
pub mod chains;
#[path = "../der.rs"]
mod der;
pub mod differences;
mod draw;
mod keys;
mod list_differences;
mod lists;
mod names;
mod readers;
pub mod refusals;
mod signatures;
mod split;
mod without;

use chains::{Case, Lists};
use differences::only_hubward;
use refusals::only_webpki;

/// The profile, and the purpose that rustls-webpki is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// `Profile::device`, for any device.
    Device,
    /// `Profile::server`
    Server,
    /// `Profile::web_pki`
    WebPki,
}

impl Use {
    pub const ALL: [Self; 3] = [Self::Device, Self::Server, Self::WebPki];
}

/// The result of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agreement {
    Accepted,
    Refused,
    /// Only hubward-x509 accepts, for a known reason.
    OnlyHubward(&'static str),
    /// Only rustls-webpki accepts, for a known reason.
    OnlyWebpki(&'static str),
}

/// A path: its intermediates, the leaf's issuer first, and its anchor.
#[derive(Debug, Clone)]
pub struct Path {
    pub intermediates: Vec<Vec<u8>>,
    pub anchor: Vec<u8>,
}

/// The reason why hubward-x509 refuses.
#[derive(Debug, Clone, Copy)]
pub enum Refusal {
    /// The leaf cannot be parsed.
    Leaf(CertificateError),
    Chain(ChainError),
}

/// Compares both verifications. An error is a difference without a name: who accepts, the reason of the other one, the case.
pub fn compare(case: &Case, purpose: Use) -> Result<Agreement, String> {
    let presented = &case.presented;
    let anchors = readable_anchors(&case.anchors);
    let (ours, theirs) =
        (hubward(case, purpose, presented, &anchors), webpki(case, purpose, presented, &anchors));
    match (ours, theirs) {
        (Ok(_), Ok(_)) => Ok(Agreement::Accepted),
        (Err(_), Err(_)) => Ok(Agreement::Refused),
        (Ok(path), Err(error)) => {
            let alone = webpki(case, purpose, &path.intermediates, &[&path.anchor]);
            let reason = alone.err().unwrap_or(error);
            only_hubward(case, purpose, &path, &reason)
                .map(Agreement::OnlyHubward)
                .ok_or_else(|| format!("{purpose:?}: only hubward accepts: {reason:?}{}", show(case)))
        }
        (Err(error), Ok(path)) => {
            let alone = hubward(case, purpose, &path.intermediates, &[&path.anchor]);
            let reason = alone.err().unwrap_or(error);
            only_webpki(case, purpose, &path, reason)
                .map(Agreement::OnlyWebpki)
                .ok_or_else(|| format!("{purpose:?}: only webpki accepts: {reason:?}{}", show(case)))
        }
    }
}

/// Returns the anchors that both can read: what is no anchor is no part of the comparison.
fn readable_anchors(ders: &[Vec<u8>]) -> Vec<&[u8]> {
    let both = |der: &&[u8]| {
        Certificate::parse(der).is_ok() && anchor_from_trusted_cert(&CertificateDer::from(*der)).is_ok()
    };
    ders.iter().map(Vec::as_slice).filter(both).collect()
}

/// Returns the lists that both can read: rustls-webpki reads no list of changes, of other issuers or of some reasons.
pub fn readable_lists(lists: &Lists) -> Vec<&[u8]> {
    let both = |der: &&[u8]| Crl::parse(der).is_ok() && OwnedCertRevocationList::from_der(der).is_ok();
    lists.ders.iter().map(Vec::as_slice).filter(both).collect()
}

fn hubward(
    case: &Case,
    purpose: Use,
    presented: &[Vec<u8>],
    anchors: &[impl AsRef<[u8]>],
) -> Result<Path, Refusal> {
    let lists = case.revocation.as_ref().map(readable_lists).unwrap_or_default();
    let crls = Crls::parse(&lists).unwrap();
    let anchors = Anchors::parse(anchors).unwrap();
    let mut profile = match purpose {
        Use::Device => Profile::device(ExpectedSubject::Any),
        Use::Server => Profile::server(case.host.clone()),
        Use::WebPki => Profile::web_pki(case.host.clone()),
    };
    if let (Some(rules), [_, ..]) = (&case.revocation, &lists[..]) {
        let depth = if rules.leaf_only { RevocationDepth::Leaf } else { RevocationDepth::Path };
        let unknown = if rules.allow_unknown { UnknownStatus::Allow } else { UnknownStatus::Deny };
        profile = profile.with_revocation(Revocation::by(&crls).with_depth(depth).with_unknown(unknown));
    }
    let chain = Chain::parse(&case.leaf, presented).map_err(|error| Refusal::Leaf(error.error))?;
    let verified = chain.verify(&anchors, &profile, case.algorithms, case.now).map_err(Refusal::Chain)?;
    Ok(Path {
        intermediates: verified.intermediates().iter().map(|one| one.as_der().to_vec()).collect(),
        anchor: anchors.get(verified.anchor()).unwrap().as_der().to_vec(),
    })
}

fn webpki(
    case: &Case,
    purpose: Use,
    presented: &[Vec<u8>],
    anchors: &[impl AsRef<[u8]>],
) -> Result<Path, webpki::Error> {
    let lists: Vec<CertRevocationList<'_>> = case
        .revocation
        .iter()
        .flat_map(readable_lists)
        .map(|der| OwnedCertRevocationList::from_der(der).unwrap().into())
        .collect();
    let lists: Vec<&CertRevocationList<'_>> = lists.iter().collect();
    let revocation = case.revocation.as_ref().and_then(|rules| {
        let depth =
            if rules.leaf_only { RevocationCheckDepth::EndEntity } else { RevocationCheckDepth::Chain };
        let unknown =
            if rules.allow_unknown { UnknownStatusPolicy::Allow } else { UnknownStatusPolicy::Deny };
        let options = RevocationOptionsBuilder::new(&lists).ok()?;
        Some(
            options
                .with_depth(depth)
                .with_status_policy(unknown)
                .with_expiration_policy(ExpirationPolicy::Enforce)
                .build(),
        )
    });
    let ders: Vec<CertificateDer<'_>> =
        anchors.iter().map(|der| CertificateDer::from(der.as_ref())).collect();
    let trusted: Vec<TrustAnchor<'_>> =
        ders.iter().map(|der| anchor_from_trusted_cert(der).unwrap()).collect();
    let intermediates: Vec<CertificateDer<'_>> =
        presented.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let leaf = CertificateDer::from(case.leaf.as_slice());
    let end = EndEntityCert::try_from(&leaf)?;
    let usage = if purpose == Use::Device { KeyUsage::client_auth() } else { KeyUsage::server_auth() };
    let path =
        end.verify_for_usage(case.algorithms, &trusted, &intermediates, case.now, usage, revocation, None)?;
    if purpose != Use::Device {
        end.verify_is_valid_for_subject_name(&case.host)?;
    }
    let anchor = trusted.iter().position(|one| core::ptr::eq(one, path.anchor())).unwrap();
    Ok(Path {
        intermediates: path.intermediate_certificates().map(|one| one.der().to_vec()).collect(),
        anchor: ders[anchor].to_vec(),
    })
}

/// Shows a case for `openssl x509` and the like.
fn show(case: &Case) -> String {
    let hex = |der: &Vec<u8>| der.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let list = |all: &[Vec<u8>]| all.iter().map(hex).collect::<Vec<_>>().join("\n  ");
    let lists = case.revocation.as_ref().map(|lists| {
        format!(
            "\nlists, leaf only {}, allow unknown {}\n  {}",
            lists.leaf_only,
            lists.allow_unknown,
            list(&lists.ders)
        )
    });
    format!(
        "\nhost {:?}, now {}\nleaf\n  {}\npresented\n  {}\nanchors\n  {}{}",
        case.host,
        case.now.as_secs(),
        hex(&case.leaf),
        list(&case.presented),
        list(&case.anchors),
        lists.unwrap_or_default()
    )
}
