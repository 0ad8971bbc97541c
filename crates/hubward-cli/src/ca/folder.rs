//! The folder of a CA: its key, its certificate, the certificates above it, and its last revocation list.

use core::error::Error;
use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use hubward_ring::{SigningKey, signature};
use hubward_x509::crl::Crl;
use hubward_x509::issue::{CertificateAuthority, CrlDraft, IssuerKey};
use hubward_x509::{Certificate, pem};

use super::new_file::{pem_text, read_key, write_new};
use crate::cert;
use crate::file::{Seen, replace_saying};
use crate::shown;

/// The CA's own certificate.
const CERTIFICATE: &str = "certificate.pem";
/// The certificates that a device sends after its own: the CA's and those above it, without the root. Absent in a root.
const CHAIN: &str = "chain.pem";
const KEY: &str = "key.pem";
/// The last complete revocation list.
const LIST: &str = "crl.pem";
/// The address at which the revocation list is published.
const URL: &str = "crl-url";

pub(super) struct CaFolder {
    path: PathBuf,
    pub(super) key: SigningKey,
    pub(super) authority: CertificateAuthority,
    /// PEM, empty for a root.
    chain: String,
    pub(super) url: Option<String>,
}

/// A CA to be written to a new folder.
pub(super) struct NewCa<'a> {
    pub(super) key: &'a str,
    pub(super) certificate: &'a [u8],
    /// The CA that signed it, unless it is a root.
    pub(super) parent: Option<&'a CaFolder>,
    pub(super) url: Option<&'a str>,
    /// The last revocation list of the same name and key, which the next one continues.
    pub(super) list: Option<&'a [u8]>,
}

impl CaFolder {
    pub(super) fn open(path: &Path) -> Result<Self, Box<dyn Error>> {
        let file = path.join(CERTIFICATE);
        let certificates = cert::read(&file)?;
        let [certificate] = certificates.as_slice() else {
            return Err(format!("{}: one certificate is expected", shown::file(&file)).into());
        };
        let key = read_key(&path.join(KEY))?;
        let authority = CertificateAuthority::new(certificate, IssuerKey::of(&key)?);
        let mut authority = authority.map_err(|error| format!("{}: {error}", shown::file(&file)))?;
        let url = read_if_exists(&path.join(URL))?.map(|text| text.trim().to_owned());
        if let Some(url) = &url {
            authority = authority.with_crl_url(url)?;
        }
        let chain = read_if_exists(&path.join(CHAIN))?.unwrap_or_default();
        Ok(Self { path: path.to_owned(), key, authority, chain, url })
    }

    /// Creates the folder, which must not exist.
    pub(super) fn create(path: &Path, new: &NewCa<'_>) -> Result<(), Box<dyn Error>> {
        let certificate = pem_text("CERTIFICATE", new.certificate)?;
        let mut options = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut options, 0o700);
        options.create(path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => format!("{} exists; name a new folder", shown::file(path)),
            _ => format!("{}: {error}", shown::file(path)),
        })?;
        write_new(&path.join(KEY), new.key.as_bytes())?;
        if let Some(url) = new.url {
            write_new(&path.join(URL), url.as_bytes())?;
        }
        if let Some(parent) = new.parent {
            write_new(&path.join(CHAIN), [&certificate, parent.chain.as_str()].concat().as_bytes())?;
        }
        if let Some(list) = new.list {
            write_new(&path.join(LIST), list)?;
        }
        // the last file: without it the folder is not a CA's
        write_new(&path.join(CERTIFICATE), certificate.as_bytes())
    }

    /// Returns a certificate of this CA with those above it, as a device sends them.
    pub(super) fn with_chain(&self, leaf: &[u8]) -> Result<String, Box<dyn Error>> {
        Ok(pem_text("CERTIFICATE", leaf)? + &self.chain)
    }

    /// Returns the CA's own certificate.
    pub(super) fn certificate(&self) -> Result<Certificate<'_>, Box<dyn Error>> {
        Ok(Certificate::parse(self.authority.as_der())?)
    }

    /// Changes the last revocation list into the next one with `change`, which prints to its second argument.
    pub(super) fn next_list(
        &self,
        change: impl FnOnce(&mut CrlDraft<'_>, &mut Vec<u8>) -> Result<Vec<u8>, Box<dyn Error>>,
    ) -> Result<(), Box<dyn Error>> {
        let path = self.path.join(LIST);
        let named = |error: &dyn core::fmt::Display| format!("{}: {error}", shown::file(&path));
        let seen = Seen::of(&path).map_err(|error| named(&error))?;
        let last = if seen.exists() { self.last_list()? } else { None };
        let mut draft = match &last {
            None => CrlDraft::first(&self.authority)?,
            Some(der) => {
                let last = Crl::parse(der).map_err(|error| named(&error))?;
                CrlDraft::after(&last, &self.authority, signature::ALL).map_err(|error| named(&error))?
            }
        };
        let mut message = Vec::new();
        let list = pem_text("X509 CRL", &change(&mut draft, &mut message)?)?;
        let entries = draft.len();
        writeln!(message, "{}: list {}, {entries} revoked", shown::file(&path), draft.number())?;
        replace_saying(&path, seen, |out| Ok(out.write_all(list.as_bytes())?), &message)
    }

    /// Returns the serial numbers on the last revocation list.
    pub(super) fn revoked(&self) -> Result<BTreeSet<Box<[u8]>>, Box<dyn Error>> {
        let Some(der) = self.last_list()? else { return Ok(BTreeSet::new()) };
        let list = Crl::parse(&der).map_err(|error| format!("{}: {error}", shown::file(&self.list())))?;
        Ok(list.entries().map(|entry| entry.serial.into()).collect())
    }

    /// Returns the last revocation list in DER, if the file exists and has one.
    fn last_list(&self) -> Result<Option<Vec<u8>>, Box<dyn Error>> {
        let path = self.list();
        let named = |error: &dyn core::fmt::Display| format!("{}: {error}", shown::file(&path));
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(named(&error).into()),
        };
        let ders = pem::revocation_lists(&bytes).map_err(|error| named(&error))?;
        Ok(ders.first().map(|der| der.to_vec()))
    }

    /// Returns the path of the last revocation list.
    pub(super) fn list(&self) -> PathBuf {
        self.path.join(LIST)
    }
}

/// Reads a file of text, if it exists.
pub(super) fn read_if_exists(path: &Path) -> Result<Option<String>, Box<dyn Error>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", shown::file(path)).into()),
    }
}
