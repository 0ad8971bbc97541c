//! Fixtures of the tests.
#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test"
)]

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use hubward::registry::{Authentication, NoEntropy, Registry, SymmetricKeys};
use hubward::types::{DeviceId, Identity, ModuleId, SymmetricKey};
use hubward_ring::AeadKey;
use hubward_rustcrypto::HmacKey;
use hubward_store::{Affected, RowError, RowKey, Sealer, Target};

/// Fills a buffer with bytes that are never the same twice.
pub fn random(buffer: &mut [u8]) -> Result<(), NoEntropy> {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    for chunk in buffer.chunks_mut(8) {
        let count = COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
        chunk.copy_from_slice(&count[..chunk.len()]);
    }
    Ok(())
}

pub fn aead(byte: u8) -> Box<AeadKey> {
    Box::new(AeadKey::new(&[byte; 32]))
}

pub fn sealer() -> Sealer {
    Sealer::new("hub.example", aead(1), random)
}

pub fn key(byte: u8) -> SymmetricKey {
    SymmetricKey::from_bytes(&[byte; 32]).unwrap()
}

pub fn sas(byte: u8) -> Authentication<HmacKey> {
    Authentication::Sas(SymmetricKeys::kept(key(byte), key(byte.wrapping_add(1)), HmacKey::new))
}

pub fn who(id: &str) -> Identity<'_> {
    match id.split_once('/') {
        Some((device, module)) => {
            Identity::Module(DeviceId::parse(device).unwrap(), ModuleId::parse(module).unwrap())
        }
        None => Identity::Device(DeviceId::parse(id).unwrap()),
    }
}

pub fn row_key(id: &str) -> RowKey {
    RowKey::of(&who(id)).unwrap()
}

/// An index, and what was reported to it.
pub struct Index {
    pub registry: Registry<HmacKey>,
    pub loads: usize,
    pub affected: Vec<Affected>,
    pub refused: Vec<(RowKey, RowError)>,
}

impl Default for Index {
    fn default() -> Self {
        Self { registry: Registry::unseeded(), loads: 0, affected: Vec::new(), refused: Vec::new() }
    }
}

impl Target<HmacKey> for Index {
    fn load(&mut self, registry: Registry<HmacKey>) {
        self.registry = registry;
        self.loads = self.loads.wrapping_add(1);
    }
    fn change(&mut self, apply: &mut dyn FnMut(&mut Registry<HmacKey>)) {
        apply(&mut self.registry);
    }
    fn affected(&mut self, affected: Vec<Affected>) {
        self.affected.extend(affected);
    }
    fn refused(&mut self, key: &RowKey, error: RowError) {
        self.refused.push((key.clone(), error));
    }
}

/// A clock that does not move.
pub const fn noon() -> Duration {
    Duration::from_secs(43_200)
}

/// The content of a registry as text, to compare two of them.
pub fn content(registry: &Registry<HmacKey>) -> Vec<String> {
    use hubward::registry::ExportKeys;
    let mut lines = Vec::new();
    for view in registry.iter() {
        let mut line = String::new();
        view.export(ExportKeys::Included, &mut line).unwrap();
        lines.push(format!("{line} {:?} {}", view.numbers(), view.generation_id()));
    }
    for policy in registry.policies() {
        let keys = policy.keys();
        let key = keys.expose_primary().map(|key| key.expose().to_vec());
        lines.push(format!("{} {} {:?} {key:?}", policy.name(), policy.rights(), policy.version()));
    }
    let lists = registry.access();
    lines.extend(lists.block().iter().map(|entry| format!("blocked {entry:?}")));
    lines.extend(lists.allow().into_iter().flat_map(|list| {
        core::iter::once("in force".to_owned()).chain(list.iter().map(|entry| format!("allowed {entry:?}")))
    }));
    for group in lists.groups() {
        lines.extend(lists.members(group).map(|member| format!("{group}: {member}")));
    }
    lines.sort();
    lines
}
