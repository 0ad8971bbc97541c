//! `hubward ca init`.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use hubward::types::UtcTime;
use hubward_ring::SigningKey;
use hubward_x509::Validity;
use hubward_x509::issue::{CertificateAuthority, IssuerKey, Signer, SubjectKey};

use super::arguments::{KeyTypeArgument, PeriodArguments, serial};
use super::folder::{CaFolder, NewCa};
use super::new_file::new_key;
use crate::Outcome;
use crate::shown;

/// The days of a root and of a CA below it, if `--ttl` is not given.
pub(super) const ROOT_DAYS: u64 = 7_300;
pub(super) const INTERMEDIATE_DAYS: u64 = 3_650;

/// Make a root CA, or a CA below another one, in a new folder.
///
/// The folder has the private key (`key.pem`, readable by its owner only), the certificate (`certificate.pem`), and below
/// another CA the certificates that devices send (`chain.pem`). Keep the folder of a root offline.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The folder of the new CA, which must not exist.
    folder: PathBuf,
    /// The name of the CA: the common name of its certificate.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// The folder of the CA that signs the certificate (default: none, for a root).
    #[arg(long, value_name = "FOLDER")]
    parent: Option<PathBuf>,
    /// The largest number of CAs between this one and a device (default: what the CA above allows).
    #[arg(long, value_name = "NUMBER")]
    path_length: Option<u8>,
    /// The type of the new key.
    #[arg(long, value_enum, value_name = "TYPE", default_value = "p256")]
    key_type: KeyTypeArgument,
    /// The address at which the CA's revocation list will be published. It is written into what the CA issues.
    #[arg(long, value_name = "URL")]
    crl_url: Option<String>,
    #[command(flatten)]
    period: PeriodArguments,
}

pub(super) fn run(arguments: &Init) -> Result<Outcome, Box<dyn Error>> {
    let parent = arguments.parent.as_deref().map(CaFolder::open).transpose()?;
    let (key, text) = new_key(arguments.key_type.into())?;
    let ca = Ca { name: &arguments.name, key: &key, path_length: arguments.path_length };
    let certificate = ca.issue(parent.as_ref(), &arguments.period)?;
    if let Some(url) = &arguments.crl_url {
        // a wrong URL is found before anything is written
        CertificateAuthority::new(&certificate, IssuerKey::of(&key)?)?.with_crl_url(url)?;
    }
    let url = arguments.crl_url.as_deref();
    let new = NewCa { key: &text, certificate: &certificate, parent: parent.as_ref(), url, list: None };
    CaFolder::create(&arguments.folder, &new)?;
    let until = CertificateAuthority::new(&certificate, IssuerKey::of(&key)?)?.validity().not_after;
    let folder = shown::file(&arguments.folder);
    writeln!(crate::out::stdout(), "{folder}: {} until {}", shown::text(&arguments.name), UtcTime(until))?;
    Ok(Outcome::Good)
}

/// A CA to be issued.
pub(super) struct Ca<'a> {
    pub(super) name: &'a str,
    pub(super) key: &'a SigningKey,
    pub(super) path_length: Option<u8>,
}

impl Ca<'_> {
    /// Issues the certificate: self-signed, or signed by `parent`.
    pub(super) fn issue(
        &self,
        parent: Option<&CaFolder>,
        period: &PeriodArguments,
    ) -> Result<Vec<u8>, Box<dyn Error>> {
        let (name, path_length) = (self.name, self.path_length);
        let Some(parent) = parent else {
            let validity: Validity = period.within(None, ROOT_DAYS)?;
            let key = IssuerKey::of(self.key)?;
            let root = CertificateAuthority::root(name, &key, path_length, serial()?, validity)?;
            return Ok(root.sign(self.key)?);
        };
        let validity = period.within(Some(parent.authority.validity()), INTERMEDIATE_DAYS)?;
        let key = SubjectKey::from_public_key(self.key.public_key())?;
        let unsigned = parent.authority.intermediate(name, key, path_length, serial()?, validity)?;
        Ok(unsigned.sign(&parent.key)?)
    }
}
