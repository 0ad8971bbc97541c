//! What the CA/Browser Forum's Baseline Requirements ask of certificates of the public web, as far as a verifier
//! can see it.

use alloc::string::ToString;
use core::net::{Ipv4Addr, Ipv6Addr};

use rustls_pki_types::alg_id;

use super::validate::extension;
use crate::certificate::extensions::{
    AuthorityKeyIdentifier, Purposes, check_authority_info_access, subject_key_identifier,
};
use crate::certificate::general_name::GeneralName;
use crate::certificate::name::{COMMON_NAME, text};
use crate::certificate::{Certificate, PublicKey, Version};
use crate::error::{Known, Problem, WebPkiRule};
use crate::tlv::{Tag, only};

fn must(holds: bool, rule: WebPkiRule) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(Problem::WebPki(rule)) }
}

/// Whatever its place.
pub(super) fn every(certificate: &Certificate<'_>) -> Result<(), Problem> {
    let extensions = certificate.extensions();
    must(certificate.version() == Version::V3, WebPkiRule::Version)?;
    must(key(&certificate.public_key()), WebPkiRule::Key)?;
    if let Some(access) = extensions.authority_info_access {
        check_authority_info_access(access.value).map_err(extension(Known::AuthorityInfoAccess))?;
    }
    if let Some(aki) = extensions.authority_key_identifier {
        let aki =
            AuthorityKeyIdentifier::read(aki.value).map_err(extension(Known::AuthorityKeyIdentifier))?;
        must(aki.key.is_some() && !aki.issuer && !aki.serial, WebPkiRule::AuthorityKeyIdentifierFields)?;
    }
    Ok(())
}

/// An anchor.
pub(super) fn root(certificate: &Certificate<'_>) -> Result<(), Problem> {
    every(certificate)?;
    let extensions = certificate.extensions();
    // an anchor that another CA signed is no root
    if !certificate.is_self_issued() {
        return Ok(());
    }
    must(extensions.extended_key_usage.is_none(), WebPkiRule::RootExtendedKeyUsage)?;
    if let (Some(aki), Some(ski)) = (extensions.authority_key_identifier, extensions.subject_key_identifier) {
        let aki =
            AuthorityKeyIdentifier::read(aki.value).map_err(extension(Known::AuthorityKeyIdentifier))?;
        let ski = subject_key_identifier(ski.value).map_err(extension(Known::SubjectKeyIdentifier))?;
        must(aki.key == Some(ski), WebPkiRule::AuthorityKeyIdentifierMismatch)?;
    }
    Ok(())
}

/// A server's certificate.
pub(super) fn leaf(certificate: &Certificate<'_>) -> Result<(), Problem> {
    every(certificate)?;
    let extensions = certificate.extensions();
    let names = extensions.subject_alt_name.ok_or(Problem::WebPki(WebPkiRule::SubjectAltNameMissing))?;
    must(!names.critical || certificate.subject().is_empty(), WebPkiRule::SubjectAltNameCritical)?;
    if let Some(usage) = extensions.extended_key_usage {
        let purposes = Purposes::read(usage.value).map_err(extension(Known::ExtendedKeyUsage))?;
        must(!usage.critical && purposes.server_auth && !purposes.any, WebPkiRule::ExtendedKeyUsage)?;
    }
    for name in certificate.subject_alt_names().map_err(extension(Known::SubjectAltName))? {
        if let GeneralName::Dns(name) = name.map_err(extension(Known::SubjectAltName))?
            && let Some(parent) = name.strip_prefix("*.").or((name == "*").then_some(""))
        {
            must(parent.contains('.'), WebPkiRule::Wildcard)?;
        }
    }
    Ok(())
}

/// The common name of a server's certificate is one of its alternative names.
pub(super) fn common_name(certificate: &Certificate<'_>) -> Result<(), Problem> {
    for attribute in certificate.subject().attributes() {
        let attribute = attribute.map_err(|_| Problem::NameMismatch)?;
        if attribute.oid == COMMON_NAME {
            let repeated = text(&attribute.value).is_some_and(|name| is_among(name, certificate));
            must(repeated, WebPkiRule::CommonNameNotInSubjectAltName)?;
        }
    }
    Ok(())
}

/// Whether a common name is one of the alternative names as they are written: addresses in the form of RFC 5952.
fn is_among(common: &str, certificate: &Certificate<'_>) -> bool {
    let Ok(mut names) = certificate.subject_alt_names() else { return false };
    names.any(|name| match name {
        Ok(GeneralName::Dns(name)) => name == common,
        Ok(GeneralName::Ip(bytes)) => {
            let v4 = <[u8; 4]>::try_from(bytes).map(|b| Ipv4Addr::from(b).to_string());
            let v6 = <[u8; 16]>::try_from(bytes).map(|b| Ipv6Addr::from(b).to_string());
            v4.is_ok_and(|text| text == common) || v6.is_ok_and(|text| text == common)
        }
        _ => false,
    })
}

/// RSA by its modulus, ECDSA by its named curve.
fn key(key: &PublicKey<'_>) -> bool {
    if key.algorithm == &*alg_id::RSA_ENCRYPTION {
        let modulus = only(key.key, Tag::SEQUENCE)
            .and_then(|tlv| tlv.open().expect(Tag::INTEGER))
            .map_or(&[][..], |tlv| tlv.value);
        let digits = modulus.strip_prefix(&[0]).unwrap_or(modulus);
        return digits.len() >= 256 && digits.first().is_some_and(|top| *top >= 0x80);
    }
    [alg_id::ECDSA_P256, alg_id::ECDSA_P384, alg_id::ECDSA_P521].iter().any(|named| **named == *key.algorithm)
}
