//! The record that is needed, with everything that a store may need to answer.

use hubward_core::{Lookup, Segment, Thumbprint};

/// The record that an authentication or a recheck needs.
///
/// ```
/// use hubward::RecordRequest;
/// use hubward::types::{DeviceId, Identity};
///
/// let request = RecordRequest::new(Identity::Device(DeviceId::parse("pump-7")?).lookup());
/// assert!(request.issuers().is_empty() && request.actor().is_none());
/// # Ok::<(), hubward::types::NameError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RecordRequest<'a> {
    lookup: Lookup<'a>,
    issuers: &'a [Thumbprint],
    actor: Option<Segment<'a>>,
}

impl<'a> RecordRequest<'a> {
    /// Creates the request for a record, without issuers and without an edge device.
    #[must_use]
    pub const fn new(lookup: Lookup<'a>) -> Self {
        Self { lookup, issuers: &[], actor: None }
    }

    /// Sets the SHA-256 thumbprints of the authorities above a verified certificate.
    #[must_use]
    pub const fn with_issuers(mut self, issuers: &'a [Thumbprint]) -> Self {
        self.issuers = issuers;
        self
    }

    /// Sets the edge device whose edge hub acts on behalf of the identity.
    #[must_use]
    pub const fn with_actor(mut self, actor: Option<Segment<'a>>) -> Self {
        self.actor = actor;
        self
    }

    /// Returns the name of the record.
    #[must_use]
    pub const fn lookup(&self) -> &Lookup<'a> {
        &self.lookup
    }

    /// Returns the SHA-256 thumbprints of the authorities above a verified certificate, its issuer first. A store whose
    /// lists block one of them returns the record with [`Status::Disabled`](hubward_core::Status::Disabled). Empty for a
    /// token.
    #[must_use]
    pub const fn issuers(&self) -> &'a [Thumbprint] {
        self.issuers
    }

    /// Returns the edge device whose edge hub acts on behalf of the identity. If there is one, the record must come with
    /// the edge devices above the identity ([`OwnedRecord::with_ancestors`](crate::OwnedRecord::with_ancestors)).
    #[must_use]
    pub const fn actor(&self) -> Option<Segment<'a>> {
        self.actor
    }
}
