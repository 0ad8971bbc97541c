//! Restores a registry from authentic content, as a whole or not at all.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use hubward_core::{
    DeviceId, Identity, MacKey, ModuleId, Permissions, PolicyName, RecordVersion, Status, SymmetricKey,
    Thumbprint,
};

use crate::authentication::{Authentication, Thumbprints};
use crate::change::{Capabilities, Change};
use crate::etag::ETag;
use crate::keys::SymmetricKeys;
use crate::lists::AccessList;
use crate::policy::Policy;
use crate::registry::Registry;
use crate::snapshot::envelope::SnapshotError;
use crate::text::{DeviceScope, GenerationId, StatusReason};

/// The rest of the content.
pub(super) struct Content<'c> {
    rest: &'c [u8],
    whole: usize,
}

impl<'c> Content<'c> {
    pub(super) const fn new(content: &'c [u8]) -> Self {
        Self { rest: content, whole: content.len() }
    }

    /// Fails unless all content was read.
    pub(super) const fn end(&self) -> Result<(), SnapshotError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.bad()) }
    }

    /// Returns the error for invalid content at this offset.
    pub(super) const fn bad(&self) -> SnapshotError {
        SnapshotError::Content { offset: self.whole.saturating_sub(self.rest.len()) }
    }

    pub(super) fn bytes(&mut self, len: usize) -> Result<&'c [u8], SnapshotError> {
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(self.bad())?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn number(&mut self) -> Result<u64, SnapshotError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(self.bad())?;
        self.rest = rest;
        Ok(u64::from_be_bytes(*bytes))
    }

    pub(super) fn byte(&mut self) -> Result<u8, SnapshotError> {
        self.bytes(1)?.first().copied().ok_or(self.bad())
    }

    pub(super) fn flag(&mut self) -> Result<bool, SnapshotError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.bad()),
        }
    }

    pub(super) fn block(&mut self) -> Result<&'c [u8], SnapshotError> {
        let len = usize::try_from(self.number()?).map_err(|_| self.bad())?;
        self.bytes(len)
    }

    pub(super) fn text(&mut self) -> Result<&'c str, SnapshotError> {
        core::str::from_utf8(self.block()?).map_err(|_| self.bad())
    }

    pub(super) fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, SnapshotError>,
    ) -> Result<Option<T>, SnapshotError> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    /// Reads as many items as the number before them says. An item takes at least a byte, so a wrong number fails
    /// soon.
    pub(super) fn each(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<(), SnapshotError>,
    ) -> Result<(), SnapshotError> {
        let count = self.number()?;
        (0..count).try_for_each(|_| read(self))
    }

    pub(super) fn checked<T, E>(&self, result: Result<T, E>) -> Result<T, SnapshotError> {
        result.map_err(|_| self.bad())
    }

    fn key(&mut self) -> Result<SymmetricKey, SnapshotError> {
        let bytes = self.block()?;
        self.checked(SymmetricKey::from_bytes(bytes))
    }

    pub(super) fn pair<K: MacKey>(
        &mut self,
        make: impl Fn(&SymmetricKey) -> K,
    ) -> Result<SymmetricKeys<K>, SnapshotError> {
        let primary = self.key()?;
        Ok(match self.optional(Self::key)? {
            Some(secondary) => SymmetricKeys::kept(primary, secondary, make),
            None => SymmetricKeys::kept_one(primary, make),
        })
    }

    pub(super) fn thumbprint(&mut self) -> Result<Thumbprint, SnapshotError> {
        let bytes = self.block()?;
        match (bytes.try_into(), bytes.try_into()) {
            (Ok(bytes), _) => Ok(Thumbprint::Sha256(bytes)),
            (_, Ok(bytes)) => Ok(Thumbprint::Sha1(bytes)),
            _ => Err(self.bad()),
        }
    }

    fn version(&mut self) -> Result<RecordVersion, SnapshotError> {
        Ok(RecordVersion::new(self.number()?, self.number()?))
    }

    fn texts(&mut self) -> Result<BTreeSet<Box<str>>, SnapshotError> {
        let mut texts = BTreeSet::new();
        self.each(|content| {
            texts.insert(content.text()?.into());
            Ok(())
        })?;
        Ok(texts)
    }

    fn list(&mut self) -> Result<AccessList, SnapshotError> {
        let (ids, groups) = (self.texts()?, self.texts()?);
        let mut issuers = BTreeSet::new();
        self.each(|content| {
            issuers.insert(content.block()?.into());
            Ok(())
        })?;
        Ok(AccessList { ids, groups, issuers })
    }
}

/// Restores a registry. `seed` is new for each call; the counter of changes continues from it.
pub(super) fn restore<K: MacKey>(
    content: &[u8],
    seed: &[u8; 16],
    make: impl Fn(&SymmetricKey) -> K,
) -> Result<Registry<K>, SnapshotError> {
    let mut registry = Registry::with_seed(seed);
    let mut content = Content::new(content);
    // the counter of the sealed registry is not used: that registry may have continued to count, so the restored one
    // counts from its own seed
    content.number()?;
    content.each(|content| identity(content, &mut registry, &make))?;
    content.each(|content| {
        let name = content.text()?;
        let name = content.checked(PolicyName::parse(name))?;
        let bits = content.number()?;
        let bits = content.checked(bits.try_into())?;
        let rights = Permissions::from_bits(bits).ok_or(content.bad())?;
        let policy = Policy { rights, version: content.version()?, keys: content.pair(&make)? };
        registry.policies.insert(name.as_str().into(), Box::new(policy));
        Ok(())
    })?;
    registry.lists.block = content.list()?;
    registry.lists.allow = content.optional(Content::list)?;
    let mut groups = BTreeMap::new();
    content.each(|content| {
        groups.insert(content.text()?.into(), content.texts()?);
        Ok(())
    })?;
    registry.lists.groups = groups;
    content.end()?;
    Ok(registry)
}

fn identity<K: MacKey>(
    content: &mut Content<'_>,
    registry: &mut Registry<K>,
    make: impl Fn(&SymmetricKey) -> K,
) -> Result<(), SnapshotError> {
    let id = content.text()?;
    let (device, module) = match id.split_once('/') {
        Some((device, module)) => (device, Some(content.checked(ModuleId::parse(module))?)),
        None => (id, None),
    };
    let device = content.checked(DeviceId::parse(device))?;
    let identity = module.map_or(Identity::Device(device), |module| Identity::Module(device, module));
    let version = content.version()?;
    let etag = ETag::new(content.number()?);
    let status = if content.flag()? { Status::Enabled } else { Status::Disabled };
    let capabilities = Capabilities { iot_edge: content.flag()? };
    let text = |content: &mut Content<'_>| content.optional(Content::text).map(|t| t.map(Box::<str>::from));
    let (reason, generation_id, scope) = (text(content)?, text(content)?, text(content)?);
    let mut parents = Vec::new();
    content.each(|content| {
        let scope = content.text()?;
        parents.push(content.checked(DeviceScope::new(scope))?);
        Ok(())
    })?;
    let mut second = 0;
    let authentication = match content.byte()? {
        0 => Authentication::None,
        1 => Authentication::CertificateAuthority,
        2 => {
            let primary = content.optional(Content::thumbprint)?;
            let secondary = content.optional(Content::thumbprint)?;
            Authentication::SelfSigned(content.checked(Thumbprints::new(primary, secondary))?)
        }
        3 => {
            let pair = content.pair(make)?;
            second = content.number()?;
            Authentication::Sas(pair)
        }
        _ => return Err(content.bad()),
    };
    let mut rest = Change::new();
    if module.is_none() {
        rest = rest.with_status(status).with_capabilities(capabilities);
        if let Some(reason) = reason {
            rest = rest.with_status_reason(Some(content.checked(StatusReason::new(&reason))?));
        }
        if let Some(scope) = scope {
            rest = rest.with_device_scope(Some(content.checked(DeviceScope::new(&scope))?));
        }
        if !parents.is_empty() {
            rest = rest.with_parent_scopes(parents);
        }
    }
    if let Some(id) = generation_id {
        rest = rest.with_generation_id(content.checked(GenerationId::new(&id))?);
    }
    content.checked(registry.insert(identity, authentication, rest))?;
    // versions and etags as before, so that sessions and conditional changes continue
    let slot = registry.slot(&identity).ok_or(content.bad())?;
    registry.store.restore_versions(slot, version, second);
    if let Some(record) = registry.store.record_mut(slot) {
        record.etag = etag;
    }
    Ok(())
}
