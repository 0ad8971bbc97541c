//! [`UploadUri`]: the URI that a hub gives a device for the upload of a file.

use core::fmt;

use hubward_core::DeviceId;

use crate::error::{ParseError, Problem};
use crate::storage::kind::SasKind;
use crate::storage::kind::Service;
use crate::storage::permissions::Permission;
use crate::storage::resource::Resource;
use crate::storage::sas::Sas;

/// The parts of a hub's answer to a device that asks for an upload: host, container, blob and token. The token must be
/// for one blob below `{deviceId}/`, over HTTPS, and must write without deleting.
///
/// ```
/// use hubward_cloud::storage::UploadUri;
/// use hubward_core::DeviceId;
///
/// let sig = "e1pyi8RFvgp7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8%3D";
/// let token = format!("?sv=2018-03-28&sr=b&sig={sig}&se=2030-01-01T00%3A00%3A00Z&sp=rw");
/// let host = "contosoacct.blob.core.windows.net";
/// let device = DeviceId::parse("dev1")?;
/// let upload = UploadUri::parse(host, "uploads", "dev1/log.txt", &token, device)?;
/// assert_eq!(upload.resource().account(), "contosoacct");
/// assert!(UploadUri::parse(host, "uploads", "dev10/log.txt", &token, device).is_err());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct UploadUri<'a> {
    host: &'a str,
    resource: Resource<'a>,
    sas: Sas<'a>,
    token: &'a str,
}

impl<'a> UploadUri<'a> {
    /// Takes the parts of the answer: `hostName`, `containerName`, `blobName` and `sasToken`.
    ///
    /// # Errors
    /// [`ParseError`] if the host is not one of Blob storage, the blob is not below `{deviceId}/`, or the token is not
    /// for one blob or has a right that an upload does not need.
    pub fn parse(
        host: &'a str,
        container: &'a str,
        blob: &'a str,
        token: &'a str,
        device: DeviceId<'_>,
    ) -> Result<Self, ParseError> {
        let of = |field| move |problem| ParseError::of(field, 0, problem);
        let (account, rest) = host.split_once('.').ok_or(ParseError::of("hostName", 0, Problem::Url))?;
        let label = rest.split('.').next().unwrap_or_default();
        let plain = rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
        if !plain || label != Service::Blob.as_str() {
            return Err(ParseError::of("hostName", 0, Problem::Url));
        }
        let name = blob.strip_prefix(device.as_str()).and_then(|rest| rest.strip_prefix('/'));
        if name.is_none_or(str::is_empty) {
            return Err(ParseError::of("blobName", 0, Problem::Name));
        }
        let resource = Resource::blob(account, container, blob).map_err(of("blobName"))?;
        let query = token.strip_prefix('?').unwrap_or(token);
        let sas = Sas::parse(query)?;
        if sas.kind() != SasKind::Blob {
            return Err(ParseError::of("sr", 0, Problem::NotOfKind));
        }
        let needed = [Permission::Read, Permission::Write, Permission::Create, Permission::Add];
        let permissions = sas.permissions().ok_or(ParseError::of("sp", query.len(), Problem::Missing))?;
        if permissions.iter().any(|permission| !needed.contains(&permission)) {
            return Err(ParseError::of("sp", 0, Problem::Letter));
        }
        Ok(Self { host, resource, sas, token: query })
    }

    /// Returns the blob.
    #[must_use]
    pub const fn resource(&self) -> &Resource<'a> {
        &self.resource
    }

    /// Returns the token, which is not verified: the account's key is not here.
    #[must_use]
    pub const fn sas(&self) -> &Sas<'a> {
        &self.sas
    }

    /// Exposes the host and the token, for the request that uploads the blob.
    #[must_use]
    pub const fn expose(&self) -> (&'a str, &'a str) {
        (self.host, self.token)
    }
}

impl fmt::Debug for UploadUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadUri")
            .field("resource", &self.resource)
            .field("sas", &self.sas)
            .finish_non_exhaustive()
    }
}
