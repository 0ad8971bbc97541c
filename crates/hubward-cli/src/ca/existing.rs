//! A device's certificate of an earlier run of `hubward ca issue --ids`: it is kept only if this run would issue its like.

use core::error::Error;
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use hubward::types::{DeviceId, Digest};
use hubward_ring::{Digests, signature};
use hubward_x509::certificate::common_name;
use hubward_x509::issue::DeviceCertificate;
use hubward_x509::{Certificate, pem};

use super::folder::CaFolder;
use crate::{shown, times};

/// The first certificate of a file that exists.
pub(super) struct Existing {
    der: Vec<u8>,
}

impl Existing {
    /// Reads a file, if it exists.
    pub(super) fn read(file: &Path) -> Result<Option<Self>, Box<dyn Error>> {
        let bytes = match fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let named = |error: &dyn core::fmt::Display| format!("{}: {error}", shown::file(file));
        let certificates = pem::certificates(&bytes).map_err(|error| named(&error))?;
        let der = certificates.first().ok_or_else(|| named(&"no certificate"))?;
        Ok(Some(Self { der: der.to_vec() }))
    }

    /// Checks that the CA signed this certificate for this device and its key, that it is valid at `now`, and that its
    /// serial number is not one of `revoked`. Returns its thumbprint.
    pub(super) fn check(
        &self,
        ca: &CaFolder,
        id: DeviceId<'_>,
        device: &DeviceCertificate<'_>,
        now: i64,
        revoked: &BTreeSet<Box<[u8]>>,
    ) -> Result<[u8; 32], Box<dyn Error>> {
        let certificate = Certificate::parse(&self.der)?;
        let is_issued = ca.authority.check_issued(&certificate, signature::ALL).is_ok();
        if !is_issued || common_name(&certificate.subject()).ok().as_deref() != Some(id.as_str()) {
            return Err("this is not a certificate of this CA for this device".into());
        }
        if certificate.public_key().as_der() != device.public_key() {
            return Err("the certificate is for another key than that of the device".into());
        }
        if revoked.contains(certificate.serial()) {
            return Err(
                "the CA's list revokes the certificate; move it and its key away to issue another".into()
            );
        }
        let validity = certificate.validity();
        if validity.not_after < now {
            let ended = times::rfc3339(validity.not_after);
            return Err(format!("the certificate expired at {ended}; move it away to issue another").into());
        }
        if now < validity.not_before {
            let begins = times::rfc3339(validity.not_before);
            return Err(format!("the certificate is not valid before {begins}").into());
        }
        Ok(Digests.sha256(&self.der))
    }
}
