//! The edge devices above an identity in a nested deployment, derived from the scopes of the registry: the `$edgeHub` of
//! each may act on behalf of it (`auth-chain`).

use hubward::registry::{Authentication, RecordView};
use hubward::types::{DeviceId, Identity, LookupResult, Segment, Status};
use hubward::{FoundRecord, OwnedRecord};
use hubward_rustcrypto::HmacKey;

use crate::hub::Registry;

/// Layers of edge devices above an identity, as many as a hub has.
const LAYERS: usize = 5;
/// Edge devices above an identity, in all layers.
const MOST: usize = 16;
/// The start of the scope of an edge device, which its id, a hyphen and a number of its generation follow.
const SCHEME: &str = "ms-azure-iot-edge://";

/// Returns the edge devices above an identity, the nearest first. A disabled one ends its line: what is above it has no
/// connection to the identity. A scope that names no edge device, or one of another generation, is passed over.
pub(crate) fn ancestors<'r>(registry: &'r Registry, identity: Identity<'_>) -> Vec<DeviceId<'r>> {
    let (device, module) = match identity {
        Identity::Device(device) => (device, false),
        Identity::Module(device, _) => (device, true),
        _ => return Vec::new(),
    };
    let Some(view) = registry.get(Identity::Device(device)) else { return Vec::new() };
    let mut found = Vec::new();
    if module && let Some(own) = enabled_edge(registry, &view) {
        found.push(own);
    }
    let mut layer = vec![view];
    for _ in 0..LAYERS {
        let mut next = Vec::new();
        for view in &layer {
            // the scope of an edge device is its own
            let own = view.device_scope().filter(|_| !view.capabilities().iot_edge);
            for scope in own.into_iter().chain(view.parent_scopes()) {
                let Some((id, parent)) = edge_of(registry, scope.as_str()) else { continue };
                // no device is above itself, even in a circle
                if id != device && found.len() < MOST && !found.contains(&id) {
                    found.push(id);
                    next.push(parent);
                }
            }
        }
        layer = next;
    }
    found
}

/// Returns the enabled edge device that has this scope.
fn edge_of<'r>(registry: &'r Registry, scope: &str) -> Option<(DeviceId<'r>, RecordView<'r, HmacKey>)> {
    let (id, _) = scope.strip_prefix(SCHEME)?.rsplit_once('-')?;
    let view = registry.get(Identity::Device(DeviceId::parse(id).ok()?))?;
    let same = view.device_scope().is_some_and(|its| its.as_str() == scope);
    let id = enabled_edge(registry, &view).filter(|_| same)?;
    Some((id, view))
}

/// Returns those records of a part of the registry that are in the scope of an edge device: itself and its modules, and the
/// devices directly below it, with the modules of those that are no edge devices. `None` after the last part.
pub(crate) fn in_scope<'r>(
    registry: &'r Registry,
    part: u32,
    edge: DeviceId<'_>,
    scope: &str,
) -> Option<Vec<Identity<'r>>> {
    let mut found = Vec::new();
    let mut reach = Reach::default();
    for view in registry.part(part)? {
        if !view.is_module() {
            reach = Reach::of(&view, edge, scope);
        }
        if reach.has(&view) {
            found.push(view.identity());
        }
    }
    Some(found)
}

/// Returns whether an identity is in the scope of an edge device now, as [`in_scope`] decides.
pub(crate) fn is_in_scope(
    registry: &Registry,
    view: &RecordView<'_, HmacKey>,
    edge: DeviceId<'_>,
    scope: &str,
) -> bool {
    let device = view.identity().device().and_then(|id| registry.get(Identity::Device(id)));
    device.is_some_and(|device| Reach::of(&device, edge, scope).has(view))
}

/// The part of a device that is in the scope of an edge device.
#[derive(Debug, Clone, Copy, Default)]
struct Reach {
    device: bool,
    modules: bool,
}

impl Reach {
    fn of(device: &RecordView<'_, HmacKey>, edge: DeviceId<'_>, scope: &str) -> Self {
        let is_edge = device.capabilities().iot_edge;
        let itself = device.identity().device().is_some_and(|id| id.as_str() == edge.as_str());
        let own = device.device_scope().filter(|_| !is_edge);
        let below = !itself && own.into_iter().chain(device.parent_scopes()).any(|one| one.as_str() == scope);
        Self { device: itself || below, modules: itself || below && !is_edge }
    }

    /// Returns whether it has the record: the device's own, or that of one of its modules.
    const fn has(self, view: &RecordView<'_, HmacKey>) -> bool {
        if view.is_module() { self.modules } else { self.device }
    }
}

/// Returns whether a device is an enabled edge device, and not blocked by the access lists.
pub(crate) fn is_enabled_edge(registry: &Registry, view: &RecordView<'_, HmacKey>) -> bool {
    view.capabilities().iot_edge && is_enabled(registry, view)
}

/// Returns whether an identity is enabled, and not blocked by the access lists.
pub(crate) fn is_enabled(registry: &Registry, view: &RecordView<'_, HmacKey>) -> bool {
    matches!(registry.find(&view.identity().lookup(), &[]),
        LookupResult::Identity(record) if record.status() == Status::Enabled)
}

/// Returns the id of an enabled edge device.
fn enabled_edge<'r>(registry: &'r Registry, view: &RecordView<'r, HmacKey>) -> Option<DeviceId<'r>> {
    let Identity::Device(id) = view.identity() else { return None };
    is_enabled_edge(registry, view).then_some(id)
}

/// Returns the record of an identity that an edge hub acts on behalf of. It has no credential: the edge hub's proves it.
pub(crate) fn below<'r>(
    registry: &'r Registry,
    found: LookupResult<'r, HmacKey>,
    mut depends_on: impl FnMut(Segment<'_>),
) -> FoundRecord<'r, HmacKey> {
    let LookupResult::Identity(record) = found else { return found.into() };
    let above = ancestors(registry, record.identity());
    above.iter().for_each(|device| depends_on(device.segment()));
    OwnedRecord::new(record.identity(), record.status(), record.version(), Authentication::None)
        .with_edge_device(record.is_edge_device())
        .with_ancestors(above)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hubward::registry::{Capabilities, Change, DeviceScope, Precondition};

    fn device(id: &str) -> Identity<'_> {
        Identity::Device(DeviceId::parse(id).unwrap())
    }

    fn scope(id: &str) -> DeviceScope {
        DeviceScope::new(&format!("{SCHEME}{id}-1")).unwrap()
    }

    /// Creates a device below others.
    fn create(registry: &mut Registry, id: &str, edge: bool, parents: &[&str]) {
        registry.create_device(DeviceId::parse(id).unwrap(), Authentication::None).unwrap();
        let mut change = Change::new().with_parent_scopes(parents.iter().map(|id| scope(id)).collect());
        if edge {
            change = change.with_capabilities(Capabilities::EDGE).with_device_scope(Some(scope(id)));
        }
        registry.update(device(id), change, Precondition::Any).unwrap();
    }

    fn above(registry: &Registry, id: &str) -> Vec<String> {
        ancestors(registry, device(id)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn edge_devices_are_found_layer_by_layer() {
        let mut registry = Registry::unseeded();
        create(&mut registry, "top", true, &[]);
        create(&mut registry, "middle", true, &["top"]);
        create(&mut registry, "plain", false, &["top"]);
        create(&mut registry, "leaf", false, &["middle"]);
        assert_eq!(above(&registry, "leaf"), ["middle", "top"]);
        assert_eq!(above(&registry, "middle"), ["top"]);
        assert!(above(&registry, "top").is_empty());
        // a device that is not an edge device has nothing below it
        create(&mut registry, "under-plain", false, &["plain"]);
        assert!(above(&registry, "under-plain").is_empty());
        // a disabled edge device ends the line
        registry.set_status(DeviceId::parse("middle").unwrap(), Status::Disabled).unwrap();
        assert!(above(&registry, "leaf").is_empty());
    }

    #[test]
    fn scopes_that_name_no_edge_device_are_passed_over() {
        let mut registry = Registry::unseeded();
        create(&mut registry, "edge", true, &[]);
        for (n, text) in
            ["edge", "ms-azure-iot-edge://edge", "ms-azure-iot-edge://edge-2", "ms-azure-iot-edge://gone-1"]
                .into_iter()
                .enumerate()
        {
            let id = format!("leaf{n}");
            create(&mut registry, &id, false, &[]);
            let change = Change::new().with_device_scope(Some(DeviceScope::new(text).unwrap()));
            registry.update(device(&id), change, Precondition::Any).unwrap();
            assert!(above(&registry, &id).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_scope_is_read_part_by_part() {
        let mut registry = Registry::unseeded();
        create(&mut registry, "edge", true, &[]);
        for n in 0..3000 {
            // each third one is below the edge device
            let parents: &[&str] = if n % 3 == 0 { &["edge"] } else { &[] };
            create(&mut registry, &format!("d{n}"), false, parents);
        }
        let edge = DeviceId::parse("edge").unwrap();
        let parts: Vec<usize> = (0..)
            .map_while(|part| in_scope(&registry, part, edge, scope("edge").as_str()))
            .map(|found| found.len())
            .collect();
        // itself and a third of the others, with at most 1,024 devices read under one lock
        assert_eq!((parts.len(), parts.iter().sum::<usize>()), (3, 1001), "{parts:?}");
        assert!(parts.iter().all(|found| *found < 400), "{parts:?}");
    }

    #[test]
    fn a_circle_ends_and_the_layers_are_bounded() {
        let mut registry = Registry::unseeded();
        create(&mut registry, "a", true, &["b"]);
        create(&mut registry, "b", true, &["a"]);
        assert_eq!(above(&registry, "a"), ["b"]);
        create(&mut registry, "e0", true, &[]);
        for n in 1..9 {
            create(&mut registry, &format!("e{n}"), true, &[&format!("e{}", n - 1)]);
        }
        assert_eq!(above(&registry, "e8"), ["e7", "e6", "e5", "e4", "e3"]);
    }
}
