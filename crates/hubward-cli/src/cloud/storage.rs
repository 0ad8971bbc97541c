//! The options of `hubward cloud sign --scheme storage`, and its token.

use core::error::Error;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use hubward::types::UnixTime;
use hubward_cloud::storage::{
    Permissions, Protocol, RequestParameters, Resource, ResourceType, SasKind, Service, UnsignedSas,
    UserDelegation, Version,
};
use hubward_cloud::{AccountKey, DelegationKey, IpRange};
use hubward_rustcrypto::GeneralKey;
use zeroize::Zeroizing;

use super::endpoint;
use crate::clock::at;
use crate::exit::{OrMisuse, misuse};
use crate::{secret, times};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The permission letters of a storage token, such as rw.
    #[arg(long, value_name = "LETTERS")]
    permissions: Option<String>,
    /// The time from which a storage token is valid: 2026-06-30 or 2026-06-30T12:00:00Z (default: at once).
    #[arg(long, value_name = "TIME", value_parser = times::parse_start)]
    start: Option<u64>,
    /// The addresses that may use a storage token: one, or two with a hyphen between them.
    #[arg(long, value_name = "RANGE")]
    addresses: Option<String>,
    /// The protocols that a storage token allows.
    #[arg(long, value_enum, value_name = "PROTOCOL", default_value = "https")]
    protocol: Protocols,
    /// The stored access policy of a storage token; it gives the permissions and the expiry that are not given here.
    #[arg(long, value_name = "NAME")]
    stored_policy: Option<String>,
    /// Sign for the directory that the URL names, with everything below it, instead of for a blob.
    #[arg(long)]
    directory: bool,
    /// The services of a token of the account, such as bf (default: the service of the URL).
    #[arg(long, value_name = "LETTERS")]
    services: Option<String>,
    /// The levels of a token of the account: s for services, c for containers, o for objects.
    #[arg(long, value_name = "LETTERS", default_value = "sco")]
    types: String,
    /// The version of the storage services whose layout is signed (default: the newest).
    #[arg(long, value_name = "VERSION")]
    storage_version: Option<String>,
    /// A file with a user delegation key as the service returned it (XML), which signs instead of the account's key.
    #[arg(long, value_name = "FILE", conflicts_with = "key_file")]
    delegation: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Protocols {
    /// HTTPS only.
    Https,
    /// HTTPS, and HTTP without TLS.
    HttpsOrHttp,
}

impl Options {
    /// Returns whether a stored access policy gives what is not given.
    pub(super) const fn has_policy(&self) -> bool {
        self.stored_policy.is_some()
    }

    /// Returns whether the user delegation key comes from standard input.
    pub(super) fn reads_stdin(&self) -> bool {
        self.delegation.as_deref() == Some(Path::new("-"))
    }

    /// Signs a token for a resource: of the account for the URL of a service, else of the resource's kind. Without
    /// `expires` the stored access policy has the expiry.
    pub(super) fn sign(
        &self,
        url: &str,
        expires: Option<UnixTime>,
        key: impl FnOnce() -> Result<Zeroizing<String>, Box<dyn Error>>,
    ) -> Result<String, Box<dyn Error>> {
        let resource = endpoint::resource(url).or_misuse()?;
        let version =
            self.storage_version.as_deref().map_or(Ok(Version::LATEST), Version::parse).or_misuse()?;
        let kind = self.kind(&resource)?;
        let delegation = self.delegation.as_deref().map(Delegation::read).transpose()?;
        let fields = delegation.as_ref().map(Delegation::fields).transpose()?;
        let service = resource.service_of().letter().to_string();
        let services = self.services.as_deref().unwrap_or(&service);
        let mut unsigned = match (kind, &fields) {
            (SasKind::Account, None) => UnsignedSas::account(services, &self.types, version),
            (kind, Some((fields, _))) => UnsignedSas::delegated(kind, version, fields),
            (kind, None) => UnsignedSas::new(kind, version),
        }
        .or_misuse()?;
        let table = resource.container_name().map(|name| name.to_string()).unwrap_or_default();
        let depth = depth(&resource).to_string();
        unsigned = match kind {
            SasKind::Table => unsigned.with_table(&table).or_misuse()?,
            SasKind::Directory => unsigned.with_depth(&depth).or_misuse()?,
            _ => unsigned,
        };
        match &self.permissions {
            Some(letters) => {
                unsigned = unsigned.with_permissions(Permissions::parse(kind, letters).or_misuse()?);
            }
            None if self.has_policy() => {}
            None => return Err(misuse("--permissions gives the letters of the token")),
        }
        if let Some(expires) = expires {
            unsigned = unsigned.with_expiry(expires).or_misuse()?;
        }
        if let Some(start) = self.start {
            unsigned = unsigned.with_start(at(start)).or_misuse()?;
        }
        if let Some(range) = &self.addresses {
            unsigned = unsigned.with_addresses(IpRange::parse(range).or_misuse()?).or_misuse()?;
        }
        if let Some(id) = &self.stored_policy {
            unsigned = unsigned.with_identifier(id).or_misuse()?;
        }
        let protocol = match self.protocol {
            Protocols::Https => Protocol::Https,
            Protocols::HttpsOrHttp => Protocol::HttpsOrHttp,
        };
        unsigned = unsigned.with_protocol(protocol).or_misuse()?;
        let signed = match fields {
            Some((_, value)) => {
                let key = DelegationKey::<GeneralKey>::from_base64(value)?;
                unsigned.sign_delegated(&resource, &key, RequestParameters::default())
            }
            None => unsigned.sign(&resource, &AccountKey::<GeneralKey>::from_base64(&key()?)?),
        };
        Ok(signed.or_misuse()?.to_string())
    }

    fn kind(&self, resource: &Resource<'_>) -> Result<SasKind, Box<dyn Error>> {
        let kind = match (resource.service_of(), resource.resource_type()) {
            (_, ResourceType::Service) => SasKind::Account,
            (Service::Blob, ResourceType::Container) => SasKind::Container,
            (Service::Blob, _) => SasKind::Blob,
            (Service::File, ResourceType::Container) => SasKind::Share,
            (Service::File, _) => SasKind::File,
            (Service::Queue, _) => SasKind::Queue,
            _ => SasKind::Table,
        };
        match kind {
            SasKind::Blob | SasKind::Container if self.directory => Ok(SasKind::Directory),
            _ if self.directory => Err(misuse("--directory needs the URL of a directory of Blob storage")),
            SasKind::Account => Ok(SasKind::Account),
            _ if self.services.is_some() => {
                Err(misuse("--services is for a token of the account: --resource must name a service"))
            }
            _ => Ok(kind),
        }
    }
}

/// Returns the number of segments of the path.
fn depth(resource: &Resource<'_>) -> usize {
    resource.path().map_or(0, |path| path.bytes().filter(|byte| *byte == b'/').count().saturating_add(1))
}

/// The document of a user delegation key.
struct Delegation(Zeroizing<String>);

impl Delegation {
    fn read(file: &Path) -> Result<Self, Box<dyn Error>> {
        secret::read(Some(file), "").map(Self)
    }

    /// Returns the fields that a token has, and the key.
    fn fields(&self) -> Result<(UserDelegation<'_>, &str), Box<dyn Error>> {
        let period = (self.element("SignedStart")?, self.element("SignedExpiry")?);
        let (object, tenant) = (self.element("SignedOid")?, self.element("SignedTid")?);
        let (service, version) = (self.element("SignedService")?, self.element("SignedVersion")?);
        let mut fields = UserDelegation::new(object, tenant, period, service, version);
        if let Ok(tenant) = self.element("SignedDelegatedUserTid") {
            fields = fields.with_user_tenant(tenant);
        }
        Ok((fields, self.element("Value")?))
    }

    /// Returns the text of an element, which is there once; ids, times and base64 need no entities.
    fn element(&self, name: &str) -> Result<&str, Box<dyn Error>> {
        let missing = || format!("the user delegation key must have one element `{name}`");
        let (_, rest) = self.0.split_once(&format!("<{name}>")).ok_or_else(missing)?;
        let (text, after) = rest.split_once(&format!("</{name}>")).ok_or_else(missing)?;
        if after.contains(&format!("<{name}>")) || text.contains(['<', '&']) {
            return Err(missing().into());
        }
        Ok(text.trim())
    }
}
