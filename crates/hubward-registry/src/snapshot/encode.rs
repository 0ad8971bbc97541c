//! Writes the content of a snapshot twice: to count it, and to seal it.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use core::mem;

use hubward_core::{MacKey, Status, Thumbprint};

use crate::authentication::AuthenticationView;
use crate::keys::SymmetricKeys;
use crate::lists::AccessList;
use crate::record_view::RecordView;
use crate::registry::Registry;
use crate::snapshot::envelope::SnapshotError;
use crate::store::RawKey;

/// The destination of content.
pub(super) trait Sink {
    fn bytes(&mut self, bytes: &[u8]);

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_be_bytes());
    }

    fn flag(&mut self, flag: bool) {
        self.bytes(&[u8::from(flag)]);
    }

    /// Writes the length and the bytes.
    fn text(&mut self, text: &[u8]) {
        self.length(text.len());
        self.bytes(text);
    }

    fn optional(&mut self, text: Option<&[u8]>) {
        self.flag(text.is_some());
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn length(&mut self, length: usize) {
        self.number(u64::try_from(length).unwrap_or(u64::MAX));
    }
}

/// Counts the bytes.
pub(super) struct Count(pub(super) usize);

impl Sink for Count {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0 = self.0.saturating_add(bytes.len());
    }
}

/// Fills a buffer of the counted length.
pub(super) struct Fill<'b>(pub(super) &'b mut [u8]);

impl Sink for Fill<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        if let Some((place, rest)) = mem::take(&mut self.0).split_at_mut_checked(bytes.len()) {
            place.copy_from_slice(bytes);
            self.0 = rest;
        }
    }
}

pub(super) fn write<K: MacKey>(registry: &Registry<K>, out: &mut dyn Sink) -> Result<(), SnapshotError> {
    out.number(registry.changes);
    out.length(registry.len());
    registry.iter().try_for_each(|view| identity(&view, out))?;
    out.length(registry.policies.len());
    for (name, policy) in &registry.policies {
        out.text(name.as_bytes());
        out.number(u64::from(policy.rights.bits()));
        out.number(policy.version.generation());
        out.number(policy.version.keys());
        pair(&policy.keys, out)?;
    }
    let lists = &registry.lists;
    list(&lists.block, out);
    out.flag(lists.allow.is_some());
    if let Some(allow) = &lists.allow {
        list(allow, out);
    }
    out.length(lists.groups.len());
    for (name, members) in &lists.groups {
        out.text(name.as_bytes());
        texts(members, out);
    }
    Ok(())
}

fn identity<K: MacKey>(view: &RecordView<'_, K>, out: &mut dyn Sink) -> Result<(), SnapshotError> {
    out.text(view.stored_id().as_bytes());
    out.number(view.version().generation());
    out.number(view.version().keys());
    out.number(view.etag().version());
    out.flag(view.status() == Status::Enabled);
    out.flag(view.capabilities().iot_edge);
    out.optional(view.status_reason().map(str::as_bytes));
    out.optional(view.given_generation_id().map(str::as_bytes));
    out.optional(view.device_scope().map(|scope| scope.as_str().as_bytes()));
    out.length(view.parent_scopes().len());
    view.parent_scopes().iter().for_each(|scope| out.text(scope.as_str().as_bytes()));
    match view.authentication() {
        AuthenticationView::None => out.bytes(&[0]),
        AuthenticationView::CertificateAuthority => out.bytes(&[1]),
        AuthenticationView::SelfSigned(thumbprints) => {
            out.bytes(&[2]);
            out.optional(thumbprints.primary().map(Thumbprint::as_bytes));
            out.optional(thumbprints.secondary().map(Thumbprint::as_bytes));
        }
        AuthenticationView::Sas(keys) => {
            out.bytes(&[3]);
            out.text(raw_bytes(keys.primary)?);
            let second = keys.keys().secondary().map(|_| raw_bytes(keys.secondary));
            out.optional(second.transpose()?);
            out.number(view.secondary_version().map_or(0, |version| version.keys()));
        }
    }
    Ok(())
}

pub(super) fn pair<K>(pair: &SymmetricKeys<K>, out: &mut dyn Sink) -> Result<(), SnapshotError> {
    out.text(raw_bytes(pair.primary.raw.as_ref())?);
    let second = pair.secondary.as_ref().map(|key| raw_bytes(key.raw.as_ref()));
    out.optional(second.transpose()?);
    Ok(())
}

fn raw_bytes(key: Option<&RawKey>) -> Result<&[u8], SnapshotError> {
    key.map(RawKey::expose).ok_or(SnapshotError::KeyNotKept)
}

fn list(list: &AccessList, out: &mut dyn Sink) {
    texts(&list.ids, out);
    texts(&list.groups, out);
    out.length(list.issuers.len());
    list.issuers.iter().for_each(|issuer| out.text(issuer));
}

fn texts(texts: &BTreeSet<Box<str>>, out: &mut dyn Sink) {
    out.length(texts.len());
    texts.iter().for_each(|text| out.text(text.as_bytes()));
}
