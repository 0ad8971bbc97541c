//! [`Resource`]: a resource of a storage account, as a request names it.

use crate::error::Problem;
use crate::sink::{LowerCase, Segments, Sink};
use crate::storage::kind::{ResourceType, SasKind, Service};
use crate::text::Text;

/// A resource of a storage account.
///
/// ```
/// use hubward_cloud::storage::{Resource, Service};
///
/// let blob = Resource::from_path(Service::Blob, "contosoacct", "/plant/dev1/log%201.txt")?;
/// assert!(blob.path().unwrap().is("dev1/log 1.txt"));
/// # Ok::<(), hubward_cloud::Problem>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    service: Service,
    account: &'a str,
    /// The container, share, queue or table.
    container: Option<Text<'a>>,
    path: Option<Text<'a>>,
    /// A snapshot or a version.
    snapshot: Option<(SasKind, Text<'a>)>,
}

impl<'a> Resource<'a> {
    /// Returns a service of an account.
    ///
    /// # Errors
    /// [`Problem::Name`] unless the account's name is 3 to 24 lower-case letters and digits.
    pub fn service(service: Service, account: &'a str) -> Result<Self, Problem> {
        let plain = account.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !plain || !(3..=24).contains(&account.len()) {
            return Err(Problem::Name);
        }
        Ok(Self { service, account, container: None, path: None, snapshot: None })
    }

    /// Returns a container.
    ///
    /// # Errors
    /// [`Problem::Name`] if one of the names cannot be one.
    pub fn container(account: &'a str, container: &'a str) -> Result<Self, Problem> {
        Self::service(Service::Blob, account)?.within(container)
    }

    /// Returns a blob, or a directory of a hierarchical namespace.
    ///
    /// # Errors
    /// [`Problem::Name`] if one of the names cannot be one.
    pub fn blob(account: &'a str, container: &'a str, blob: &'a str) -> Result<Self, Problem> {
        Self::container(account, container)?.with_path(blob)
    }

    /// Returns a file share.
    ///
    /// # Errors
    /// [`Problem::Name`] if one of the names cannot be one.
    pub fn share(account: &'a str, share: &'a str) -> Result<Self, Problem> {
        Self::service(Service::File, account)?.within(share)
    }

    /// Returns a file of a share.
    ///
    /// # Errors
    /// [`Problem::Name`] if one of the names cannot be one.
    pub fn file(account: &'a str, share: &'a str, path: &'a str) -> Result<Self, Problem> {
        Self::share(account, share)?.with_path(path)
    }

    /// Returns a queue.
    ///
    /// # Errors
    /// [`Problem::Name`] if one of the names cannot be one.
    pub fn queue(account: &'a str, queue: &'a str) -> Result<Self, Problem> {
        Self::service(Service::Queue, account)?.within(queue)
    }

    /// Returns a table.
    ///
    /// # Errors
    /// [`Problem::Name`] if one of the names cannot be one.
    pub fn table(account: &'a str, table: &'a str) -> Result<Self, Problem> {
        Self::service(Service::Table, account)?.within(table)
    }

    /// Returns an object of a service: a blob, a file, a message or an entity.
    ///
    /// # Errors
    /// [`Problem::Name`] if one of the names cannot be one.
    pub fn object(
        service: Service,
        account: &'a str,
        container: &'a str,
        path: &'a str,
    ) -> Result<Self, Problem> {
        Self::service(service, account)?.within(container)?.with_path(path)
    }

    /// Returns the resource of a request's path, percent-encoded as received. A blob of the root container has the
    /// container `$root` here.
    ///
    /// # Errors
    /// [`Problem::Name`] if the account's name cannot be one, [`Problem::Escape`] or [`Problem::Control`] for the path.
    pub fn from_path(service: Service, account: &'a str, path: &'a str) -> Result<Self, Problem> {
        let whole = Self::service(service, account)?;
        let path = path.strip_prefix('/').ok_or(Problem::Url)?;
        let (container, path) = match path.split_once('/') {
            Some((container, path)) => (container, Some(path).filter(|path| !path.is_empty())),
            None if path.is_empty() => return Ok(whole),
            None => (path, None),
        };
        let container = Text::escaped(container)?;
        if container.is_empty() || container.bytes().any(|b| b == b'/') {
            return Err(Problem::Name);
        }
        let path = path.map(Text::escaped).transpose()?;
        if path.is_some_and(|path| !is_path(&path)) {
            return Err(Problem::Name);
        }
        Ok(Self { container: Some(container), path, ..whole })
    }

    fn within(self, name: &'a str) -> Result<Self, Problem> {
        let container = Text::plain(name)?;
        if name.is_empty() || name.contains('/') {
            Err(Problem::Name)
        } else {
            Ok(Self { container: Some(container), ..self })
        }
    }

    fn with_path(self, path: &'a str) -> Result<Self, Problem> {
        let path = Text::plain(path)?;
        if is_path(&path) { Ok(Self { path: Some(path), ..self }) } else { Err(Problem::Name) }
    }

    /// Selects a snapshot of the blob.
    ///
    /// # Errors
    /// [`Problem::Control`] if the text has a control character, [`Problem::Empty`] if it has none.
    pub fn with_snapshot(self, snapshot: &'a str) -> Result<Self, Problem> {
        self.with_state(SasKind::BlobSnapshot, snapshot)
    }

    /// Selects a version of the blob.
    ///
    /// # Errors
    /// As [`Resource::with_snapshot`].
    pub fn with_version(self, version: &'a str) -> Result<Self, Problem> {
        self.with_state(SasKind::BlobVersion, version)
    }

    fn with_state(self, kind: SasKind, text: &'a str) -> Result<Self, Problem> {
        if text.is_empty() {
            return Err(Problem::Empty);
        }
        Ok(Self { snapshot: Some((kind, Text::plain(text)?)), ..self })
    }

    /// Returns the service.
    #[must_use]
    pub const fn service_of(&self) -> Service {
        self.service
    }

    /// Returns the account's name.
    #[must_use]
    pub const fn account(&self) -> &'a str {
        self.account
    }

    /// Returns the container, share, queue or table.
    #[must_use]
    pub const fn container_name(&self) -> Option<Text<'a>> {
        self.container
    }

    /// Returns the path of the blob or file.
    #[must_use]
    pub const fn path(&self) -> Option<Text<'a>> {
        self.path
    }

    /// Returns the snapshot or version.
    pub(crate) const fn snapshot(&self) -> Option<(SasKind, Text<'a>)> {
        self.snapshot
    }

    /// Returns the level of the resource.
    #[must_use]
    pub const fn resource_type(&self) -> ResourceType {
        match (self.container, self.path) {
            (None, _) => ResourceType::Service,
            (_, None) => ResourceType::Container,
            _ => ResourceType::Object,
        }
    }

    /// Returns whether a token of this kind can be for the resource or for something that contains it. `depth` is that
    /// of a directory.
    pub(crate) fn is_within(&self, kind: SasKind, depth: usize) -> bool {
        let (container, path) = (self.container.is_some(), self.path.is_some());
        kind.service() == Some(self.service)
            && match kind {
                SasKind::Container | SasKind::Share | SasKind::Queue | SasKind::Table => container,
                SasKind::Blob | SasKind::File => path && self.snapshot.is_none(),
                SasKind::BlobVersion | SasKind::BlobSnapshot => {
                    path && self.snapshot.is_some_and(|(own, _)| own == kind)
                }
                SasKind::Directory => container && self.depth() >= depth,
                SasKind::Account => false,
            }
    }

    /// Returns the number of segments of the path.
    pub(crate) fn depth(&self) -> usize {
        self.path.map_or(0, |path| path.bytes().filter(|b| *b == b'/').count().saturating_add(1))
    }

    /// Writes `/{service}/{account}/{container}/{path}` for a token of this kind.
    pub(crate) fn put(&self, kind: SasKind, depth: usize, sink: &mut impl Sink) {
        sink.put(match self.service {
            Service::Blob => b"/blob/",
            Service::File => b"/file/",
            Service::Queue => b"/queue/",
            Service::Table => b"/table/",
        });
        sink.put(self.account.as_bytes());
        let Some(container) = self.container else { return };
        sink.put(b"/");
        if kind == SasKind::Table {
            return container.put(&mut LowerCase(sink));
        }
        container.put(sink);
        match (kind, self.path) {
            (SasKind::Directory, Some(path)) if depth > 0 => {
                sink.put(b"/");
                path.put(&mut Segments { sink, left: depth });
            }
            (SasKind::Blob | SasKind::BlobVersion | SasKind::BlobSnapshot | SasKind::File, Some(path)) => {
                sink.put(b"/");
                path.put(sink);
            }
            _ => {}
        }
    }
}

/// Returns whether a text is a path: not empty, and without a segment `.` or `..`, which another reader could resolve.
fn is_path(path: &Text<'_>) -> bool {
    let mut dots = Some(0_u8);
    let mut fine = !path.is_empty();
    for byte in path.bytes().chain([b'/']) {
        match (byte, dots) {
            (b'/', Some(1 | 2)) => fine = false,
            (b'/', _) => dots = Some(0),
            (b'.', Some(count)) => dots = Some(count.saturating_add(1)),
            _ => dots = None,
        }
    }
    fine
}
