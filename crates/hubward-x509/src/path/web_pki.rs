//! Rules of the CA/Browser Forum's Baseline Requirements for certificates of the public web, as far as a verifier
//! can check them.

use alloc::string::ToString;
use core::net::{Ipv4Addr, Ipv6Addr};

use rustls_pki_types::alg_id;

use super::validate::extension;
use crate::certificate::GeneralName;
use crate::certificate::extensions::{
    AuthorityKeyIdentifier, Purposes, check_authority_info_access, subject_key_identifier,
};
use crate::certificate::name::{COMMON_NAME, text};
use crate::certificate::{Certificate, PublicKey, Version};
use crate::error::{KnownExtension, Problem, WebPkiRule};
use crate::tlv::{Tag, only};

fn require(holds: bool, rule: WebPkiRule) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(Problem::WebPki(rule)) }
}

/// Checks the rules for every certificate, regardless of its position.
pub(super) fn check_certificate(certificate: &Certificate<'_>) -> Result<(), Problem> {
    let extensions = certificate.extensions();
    require(certificate.version() == Version::V3, WebPkiRule::Version)?;
    require(is_allowed_key(&certificate.public_key()), WebPkiRule::Key)?;
    if let Some(access) = extensions.authority_info_access {
        check_authority_info_access(access.value).map_err(extension(KnownExtension::AuthorityInfoAccess))?;
    }
    if let Some(aki) = extensions.authority_key_identifier {
        let aki = AuthorityKeyIdentifier::read(aki.value)
            .map_err(extension(KnownExtension::AuthorityKeyIdentifier))?;
        require(aki.key.is_some() && !aki.issuer && !aki.serial, WebPkiRule::AuthorityKeyIdentifierFields)?;
    }
    Ok(())
}

/// Checks an anchor.
pub(super) fn check_root(certificate: &Certificate<'_>) -> Result<(), Problem> {
    check_certificate(certificate)?;
    let extensions = certificate.extensions();
    // an anchor that another CA signed is not a root
    if !certificate.is_self_issued() {
        return Ok(());
    }
    require(extensions.extended_key_usage.is_none(), WebPkiRule::RootExtendedKeyUsage)?;
    if let (Some(aki), Some(ski)) = (extensions.authority_key_identifier, extensions.subject_key_identifier) {
        let aki = AuthorityKeyIdentifier::read(aki.value)
            .map_err(extension(KnownExtension::AuthorityKeyIdentifier))?;
        let ski =
            subject_key_identifier(ski.value).map_err(extension(KnownExtension::SubjectKeyIdentifier))?;
        require(aki.key == Some(ski), WebPkiRule::AuthorityKeyIdentifierMismatch)?;
    }
    Ok(())
}

/// Checks a server's certificate.
pub(super) fn check_leaf(certificate: &Certificate<'_>) -> Result<(), Problem> {
    check_certificate(certificate)?;
    let extensions = certificate.extensions();
    let names = extensions.subject_alt_name.ok_or(Problem::WebPki(WebPkiRule::SubjectAltNameMissing))?;
    require(!names.critical || certificate.subject().is_empty(), WebPkiRule::SubjectAltNameCritical)?;
    if let Some(usage) = extensions.extended_key_usage {
        let purposes = Purposes::read(usage.value).map_err(extension(KnownExtension::ExtendedKeyUsage))?;
        require(!usage.critical && purposes.server_auth && !purposes.any, WebPkiRule::ExtendedKeyUsage)?;
    }
    for name in certificate.subject_alt_names().map_err(extension(KnownExtension::SubjectAltName))? {
        if let GeneralName::Dns(name) = name.map_err(extension(KnownExtension::SubjectAltName))?
            && let Some(parent) = name.strip_prefix("*.").or((name == "*").then_some(""))
        {
            require(parent.contains('.'), WebPkiRule::Wildcard)?;
        }
    }
    Ok(())
}

/// Checks that the common name of a server's certificate is one of its alternative names.
pub(super) fn check_common_name(certificate: &Certificate<'_>) -> Result<(), Problem> {
    for attribute in certificate.subject().attributes() {
        let attribute = attribute.map_err(|_| Problem::NameMismatch)?;
        if attribute.oid == COMMON_NAME {
            let repeated = text(&attribute.value).is_some_and(|name| is_among(name, certificate));
            require(repeated, WebPkiRule::CommonNameNotInSubjectAltName)?;
        }
    }
    Ok(())
}

/// Returns `true` if a common name is the text form of an alternative name; addresses in the form of RFC 5952.
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

/// Returns `true` if the key is allowed: RSA by its modulus, ECDSA by its named curve.
fn is_allowed_key(key: &PublicKey<'_>) -> bool {
    if key.algorithm == &*alg_id::RSA_ENCRYPTION {
        let modulus = only(key.key, Tag::SEQUENCE)
            .and_then(|tlv| tlv.open().expect(Tag::INTEGER))
            .map_or(&[][..], |tlv| tlv.value);
        let digits = modulus.strip_prefix(&[0]).unwrap_or(modulus);
        return digits.len() >= 256 && digits.first().is_some_and(|top| *top >= 0x80);
    }
    [alg_id::ECDSA_P256, alg_id::ECDSA_P384, alg_id::ECDSA_P521].iter().any(|named| **named == *key.algorithm)
}
