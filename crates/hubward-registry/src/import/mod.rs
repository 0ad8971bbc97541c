//! Import of identities from lines of JSON in the hub's format, one line at a time.

mod error;
mod line;
mod mode;
mod read;

use hubward_core::{Identity, KeySlot, MacKey, Status, SymmetricKey};

use crate::authentication::{Authentication, AuthenticationView, Thumbprints};
use crate::change::{Attributes, Capabilities, Change};
use crate::entropy::Entropy;
use crate::error::RegistryError;
use crate::etag::{ETag, Precondition};
use crate::keys::SymmetricKeys;
use crate::registry::{RecordPlace, Registry};
use crate::store::id::LONGEST;
use crate::text::{DeviceScope, StatusReason};
use crate::versions::counts_on;
pub use error::{ImportError, ImportProblem};
use line::Line;
pub use mode::ImportMode;
pub use read::ImportLine;
use read::Read;

/// The effect of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "callers report each effect to their users")]
pub enum Imported {
    /// The line is blank and had no effect.
    Blank,
    /// An identity was created.
    Created(ETag),
    /// An identity was updated.
    Updated(ETag),
    /// An identity was deleted.
    Deleted,
    /// The registry is unchanged: the line is for the twin of an existing identity. Comparing the twin's etag is up
    /// to the store of twins.
    TwinOnly,
}

/// The number of lines by effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ImportSummary {
    /// Created identities.
    pub created: u64,
    /// Updated identities.
    pub updated: u64,
    /// Identities deleted.
    pub deleted: u64,
    /// Lines for twins.
    pub twins: u64,
    /// Lines that were not imported.
    pub failed: u64,
}

impl ImportSummary {
    /// Counts the effect of a line.
    pub const fn count(&mut self, imported: &Result<Imported, ImportError>) {
        let count = match imported {
            Ok(Imported::Blank) => return,
            Ok(Imported::Created(_)) => &mut self.created,
            Ok(Imported::Updated(_)) => &mut self.updated,
            Ok(Imported::Deleted) => &mut self.deleted,
            Ok(Imported::TwinOnly) => &mut self.twins,
            Err(_) => &mut self.failed,
        };
        *count = count.saturating_add(1);
    }
}

/// Imports lines into a registry. A line is imported as a whole or not at all, and an invalid one does not stop the
/// others.
///
/// A byte order mark may precede the first line, and JSON's white space (space, tab, carriage return, line feed) may
/// surround a line. Anything else before the object is an error, such as a form feed or a second mark.
///
/// ```
/// use hubward_registry::{ExportKeys, Importer, NoEntropy, Registry};
/// use hubward_rustcrypto::HmacKey;
///
/// # let mut random = |buffer: &mut [u8]| { buffer.fill(7); Ok::<(), NoEntropy>(()) };
/// let mut hub = Registry::unseeded();
/// let lines = ["{\"id\":\"pump-7\",\"status\":\"enabled\"}", "{\"id\":\"pump-8\"}"];
/// let mut wrong = Vec::new();
/// let summary = Importer::new(&mut hub, &mut random, HmacKey::new).run(lines, |error| wrong.push(error.to_string()));
/// assert_eq!((summary.created, summary.failed), (1, 1));
/// assert_eq!(wrong, ["line 2: `status` is missing, or neither `enabled` nor `disabled`"]);
///
/// // export, and import into another registry with the same keys
/// let mut lines = String::new();
/// hub.iter().try_for_each(|record| record.export(ExportKeys::Included, &mut lines))?;
/// let mut another = Registry::unseeded();
/// let summary = Importer::new(&mut another, &mut random, HmacKey::new).run(lines.lines(), |_| ());
/// assert_eq!(summary.created, 1);
/// # Ok::<(), core::fmt::Error>(())
/// ```
pub struct Importer<'r, K, M> {
    registry: &'r mut Registry<K>,
    entropy: &'r mut Entropy<'r>,
    make: M,
    line: u64,
    keeps_etags: bool,
}

impl<K, M> core::fmt::Debug for Importer<'_, K, M> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Importer").field("line", &self.line).finish_non_exhaustive()
    }
}

impl<'r, K: MacKey, M: Fn(&SymmetricKey) -> K> Importer<'r, K, M> {
    /// Creates an importer into `registry`. `entropy` provides keys for identities without any, and `make` makes keys
    /// ready for use.
    pub fn new(registry: &'r mut Registry<K>, entropy: &'r mut Entropy<'r>, make: M) -> Self {
        Self { registry, entropy, make, line: 0, keeps_etags: false }
    }

    /// Restores etags, for lines that a registry's own export wrote: a record that is created gets the etag of its
    /// line, if that is one of a registry's, and may have a primary key only. Give the registry a random seed
    /// ([`Registry::with_seed`]), so that its later changes do not repeat the etag of a deleted record.
    #[must_use]
    pub const fn with_kept_etags(mut self) -> Self {
        self.keeps_etags = true;
        self
    }

    /// Imports all lines, and passes the errors of lines that fail to `report`.
    pub fn run<L: AsRef<[u8]>>(
        &mut self,
        lines: impl IntoIterator<Item = L>,
        mut report: impl FnMut(ImportError),
    ) -> ImportSummary {
        let mut summary = ImportSummary::default();
        for line in lines {
            let imported = self.line(line.as_ref());
            summary.count(&imported);
            if let Err(error) = imported {
                report(error);
            }
        }
        summary
    }

    /// Imports the next line.
    ///
    /// # Errors
    /// [`ImportError`] with the number of the line; the registry is unchanged.
    pub fn line(&mut self, line: &[u8]) -> Result<Imported, ImportError> {
        self.line = self.line.saturating_add(1);
        let mut read = Read::default();
        read.fill(self.line, line);
        self.import_read(&read)
    }

    /// Imports a line that was already read.
    ///
    /// # Errors
    /// [`ImportError`] with the number of the line; the registry is unchanged.
    pub fn import(&mut self, line: &ImportLine<'_>) -> Result<Imported, ImportError> {
        self.import_read(line.parsed())
    }

    fn import_read(&mut self, read: &Read<'_>) -> Result<Imported, ImportError> {
        let imported = match read.problem {
            Some(problem) => Err(problem),
            None if read.blank => Ok(Imported::Blank),
            None => self.import_line(&read.line, read.mode),
        };
        imported.map_err(|problem| ImportError { line: read.number, problem })
    }

    fn import_line(&mut self, line: &Line<'_>, mode: Option<ImportMode>) -> Result<Imported, ImportProblem> {
        let (stated, identity) = line.head()?;
        let mode = mode.unwrap_or(stated);
        let mut buffer = [0; LONGEST];
        let place = self.registry.place(&identity, &mut buffer).ok_or(RegistryError::NotFound)?;
        let exists = place.taken;
        let precondition = if exists && mode.compares() { expected(line)? } else { Precondition::Any };
        match (mode, exists) {
            (ImportMode::Create, true) => Err(RegistryError::Exists.into()),
            (mode, false) if !mode.creates() => Err(RegistryError::NotFound.into()),
            (ImportMode::UpdateTwin | ImportMode::UpdateTwinIfMatchETag, _) => Ok(Imported::TwinOnly),
            (ImportMode::Delete | ImportMode::DeleteIfMatchETag, _) => {
                self.registry.delete(identity, precondition)?;
                Ok(Imported::Deleted)
            }
            (_, true) => self.update(identity, line, precondition),
            (_, false) => self.create(identity, place, line),
        }
    }

    fn create(
        &mut self,
        identity: Identity<'_>,
        place: RecordPlace<'_>,
        line: &Line<'_>,
    ) -> Result<Imported, ImportProblem> {
        let rest = rest(line)?;
        let authentication = match self.authentication(line)? {
            Some(authentication) => authentication,
            None => self.fresh()?,
        };
        let mut etag = self.registry.create_at(place, identity, authentication, rest)?;
        if self.keeps_etags {
            let etag_of_line = line.e_tag.text().and_then(|text| text.parse().ok());
            if let Some(etag_of_line) = etag_of_line.filter(|etag: &ETag| counts_on(etag.version())) {
                self.registry.restore_etag(&identity, etag_of_line);
                etag = etag_of_line;
            }
        }
        Ok(Imported::Created(etag))
    }

    fn update(
        &mut self,
        identity: Identity<'_>,
        line: &Line<'_>,
        precondition: Precondition,
    ) -> Result<Imported, ImportProblem> {
        let change = Change { credentials: None, rest: rest(line)? };
        let has_keys = self
            .registry
            .get(identity)
            .is_some_and(|view| matches!(view.authentication(), AuthenticationView::Sas(_)));
        let change = match self.authentication(line)? {
            Some(authentication) => change.with_authentication(authentication),
            // an export without keys keeps the existing keys
            None if line.authentication.get().is_none() || has_keys => change,
            None => change.with_authentication(self.fresh()?),
        };
        Ok(Imported::Updated(self.registry.update(identity, change, precondition)?))
    }

    fn fresh(&mut self) -> Result<Authentication<K>, RegistryError> {
        Ok(Authentication::Sas(SymmetricKeys::generate(&mut *self.entropy, &self.make)?))
    }

    /// Returns the credential of the line, or `None` if the hub is to generate keys.
    fn authentication(&self, line: &Line<'_>) -> Result<Option<Authentication<K>>, ImportProblem> {
        if line.authentication.get().is_none() {
            return Ok(None);
        }
        Ok(match line.kind.text().unwrap_or("sas") {
            "sas" => {
                let read = |text, slot| {
                    SymmetricKey::from_base64(text).map_err(|error| ImportProblem::Key { slot, error })
                };
                match (line.primary_key.text(), line.secondary_key.text()) {
                    (None, None) => None,
                    (Some(primary), Some(secondary)) => {
                        let primary = read(primary, KeySlot::Primary)?;
                        let secondary = read(secondary, KeySlot::Secondary)?;
                        Some(Authentication::Sas(SymmetricKeys::kept(primary, secondary, &self.make)))
                    }
                    (Some(primary), None) if self.keeps_etags => {
                        let primary = read(primary, KeySlot::Primary)?;
                        Some(Authentication::Sas(SymmetricKeys::kept_one(primary, &self.make)))
                    }
                    _ => return Err(ImportProblem::OneKey),
                }
            }
            "selfSigned" => {
                let primary = line.primary_thumbprint.text().map(str::parse).transpose()?;
                let secondary = line.secondary_thumbprint.text().map(str::parse).transpose()?;
                Some(Authentication::SelfSigned(Thumbprints::new(primary, secondary)?))
            }
            "certificateAuthority" => Some(Authentication::CertificateAuthority),
            "none" => Some(Authentication::None),
            _ => return Err(ImportProblem::AuthenticationType),
        })
    }
}

/// Returns the etag of the line as a precondition.
fn expected(line: &Line<'_>) -> Result<Precondition, ImportProblem> {
    let etag = line.e_tag.text().ok_or(ImportProblem::NoETag)?;
    let etag = etag.parse().map_err(|_| RegistryError::EtagMismatch)?;
    Ok(Precondition::IfMatch(etag))
}

/// Returns all attributes of a device's line except its credentials; missing ones are removed. A module has none.
fn rest(line: &Line<'_>) -> Result<Attributes, ImportProblem> {
    if line.module_id.get().is_some() {
        return Ok(Attributes::default());
    }
    let status = match line.status.text() {
        Some("enabled") => Status::Enabled,
        Some("disabled") => Status::Disabled,
        _ => return Err(ImportProblem::Status),
    };
    let reason = line.status_reason.text().map(StatusReason::new).transpose()?;
    let parents = line.parent_scopes.get().into_iter().flatten();
    let parents = parents.map(|text| DeviceScope::new(text.as_str())).collect::<Result<_, _>>()?;
    let edge = line.iot_edge.get().is_some_and(|edge| *edge);
    Ok(Attributes {
        status: Some(status),
        reason: Some(reason),
        capabilities: Some(Capabilities { iot_edge: edge }),
        scope: Some(line.device_scope.text().map(DeviceScope::new).transpose()?),
        parents: Some(parents),
        generation_id: None,
    })
}
