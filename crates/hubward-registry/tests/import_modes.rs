//! All import modes, for existing and missing identities, with each kind of etag.
#![cfg(feature = "json")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]
mod common;
use std::collections::BTreeMap;

use common::*;
use hubward_core::{Identity, Status};
use hubward_registry::{
    Capabilities, Change, ETag, ImportError, ImportProblem, Imported, Importer, Precondition, RegistryError,
};
use hubward_rustcrypto::HmacKey;
use proptest::prelude::*;

const MODES: [&str; 9] = [
    "createOrUpdate",
    "create",
    "update",
    "updateIfMatchETag",
    "createOrUpdateIfMatchETag",
    "delete",
    "deleteIfMatchETag",
    "updateTwin",
    "updateTwinIfMatchETag",
];

const IDS: [&str; 4] = ["a", "b", "a/m", "b/m"];

fn import(hub: &mut Hub, line: &str) -> Result<Imported, ImportProblem> {
    let mut entropy = counting();
    Importer::new(hub, &mut entropy, HmacKey::new).line(line.as_bytes()).map_err(|error| {
        let ImportError { line: 1, problem, .. } = error else { panic!("{error}") };
        problem
    })
}

fn line(id: &str, mode: &str, etag: Option<&str>) -> String {
    let (device, module) = id.split_once('/').map_or((id, None), |(device, module)| (device, Some(module)));
    let module = module.map(|module| format!(r#","moduleId":"{module}""#)).unwrap_or_default();
    let etag = etag.map(|etag| format!(r#","eTag":"{etag}""#)).unwrap_or_default();
    format!(r#"{{"id":"{device}"{module}{etag},"importMode":"{mode}","status":"disabled"}}"#)
}

/// The etag of a line, as the hub's table distinguishes it.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Shown {
    None,
    Right,
    Wrong,
    NoETagAtAll,
}

#[derive(PartialEq, Debug)]
enum Cell {
    Create,
    Overwrite,
    Delete,
    Twin,
    Error(ImportProblem),
}

fn table(mode: &str, there: bool, shown: Shown) -> Cell {
    use Cell::{Create, Delete, Error, Overwrite, Twin};
    let not_found = || Error(RegistryError::NotFound.into());
    let if_match = |then: Cell| match shown {
        Shown::Right => then,
        Shown::None => Error(ImportProblem::NoETag),
        Shown::Wrong | Shown::NoETagAtAll => Error(RegistryError::EtagMismatch.into()),
    };
    match (mode, there) {
        ("createOrUpdate" | "create" | "createOrUpdateIfMatchETag", false) => Create,
        (_, false) => not_found(),
        ("createOrUpdate" | "update", true) => Overwrite,
        ("create", true) => Error(RegistryError::Exists.into()),
        ("updateIfMatchETag" | "createOrUpdateIfMatchETag", true) => if_match(Overwrite),
        ("delete", true) => Delete,
        ("deleteIfMatchETag", true) => if_match(Delete),
        (_, true) => Twin,
    }
}

fn cell(imported: Result<Imported, ImportProblem>) -> Cell {
    match imported {
        Ok(Imported::Created(_)) => Cell::Create,
        Ok(Imported::Updated(_)) => Cell::Overwrite,
        Ok(Imported::Deleted) => Cell::Delete,
        Ok(Imported::TwinOnly) => Cell::Twin,
        Ok(Imported::Blank) => panic!("it is not"),
        Err(problem) => Cell::Error(problem),
    }
}

fn shown(shown: Shown, current: Option<ETag>, old: ETag) -> Option<String> {
    match shown {
        Shown::None => None,
        Shown::Right => Some(current.unwrap_or(old).to_string()),
        Shown::Wrong => Some(old.to_string()),
        Shown::NoETagAtAll => Some("AAAAAAAAAAE=".into()),
    }
}

#[test]
fn all_cells_of_the_table() {
    for mode in MODES {
        for there in [false, true] {
            for etag in [Shown::None, Shown::Right, Shown::Wrong, Shown::NoETagAtAll] {
                for id in ["a", "a/m"] {
                    let mut hub = Hub::unseeded();
                    let old = hub.create(who("other"), sas("other"), Change::new()).unwrap().etag();
                    if id == "a/m" {
                        hub.create(who("a"), sas("a"), Change::new()).unwrap();
                    }
                    let current = there.then(|| hub.create(who(id), sas(id), Change::new()).unwrap().etag());
                    let text = line(id, mode, shown(etag, current, old).as_deref());
                    let expected = table(mode, there, etag);
                    let now = cell(import(&mut hub, &text));
                    assert_eq!(now, expected, "{text} there: {there}");
                    let after = hub.get(who(id));
                    match expected {
                        Cell::Create | Cell::Overwrite => {
                            let after = after.unwrap();
                            assert_ne!(Some(after.etag()), current);
                            let status = if id == "a" { Status::Disabled } else { Status::Enabled };
                            assert_eq!(after.status(), status, "a module has its device's");
                        }
                        Cell::Delete => assert!(after.is_none()),
                        Cell::Twin | Cell::Error(_) => assert_eq!(after.map(|after| after.etag()), current),
                    }
                }
            }
        }
    }
}

fn device_is_there(model: &BTreeMap<&str, ETag>, id: &str) -> bool {
    model.contains_key(id.split('/').next().unwrap())
}

proptest! {
    /// Compares with the hub's table over a plain map.
    #[test]
    fn any_sequence_agrees_with_the_table(
        steps in prop::collection::vec((0..IDS.len(), 0..MODES.len(), 0..4_usize), 0..40)
    ) {
        let mut hub = Hub::unseeded();
        let mut model = BTreeMap::new();
        let mut old = hub.create(who("first"), sas("first"), Change::new()).unwrap().etag();
        hub.delete(who("first"), Precondition::Any).unwrap();
        for (id, mode, etag) in steps {
            let (id, mode) = (IDS[id], MODES[mode]);
            let etag = [Shown::None, Shown::Right, Shown::Wrong, Shown::NoETagAtAll][etag];
            let current = model.get(id).copied();
            let mut expected = table(mode, current.is_some(), etag);
            if expected == Cell::Create && !device_is_there(&model, id) && id.contains('/') {
                expected = Cell::Error(RegistryError::NotFound.into());
            }
            let imported = import(&mut hub, &line(id, mode, shown(etag, current, old).as_deref()));
            match imported {
                Ok(Imported::Created(etag) | Imported::Updated(etag)) => drop(model.insert(id, etag)),
                Ok(Imported::Deleted) => {
                    model.retain(|other, _| *other != id && !other.starts_with(&format!("{id}/")));
                }
                _ => {}
            }
            // an earlier etag, and never the current one
            old = current.filter(|etag| model.get(id) != Some(etag)).unwrap_or(old);
            prop_assert_eq!(cell(imported), expected);
            let there: BTreeMap<String, ETag> =
                hub.iter().map(|view| (name(view.identity()), view.etag())).collect();
            let wanted: BTreeMap<String, ETag> =
                model.iter().map(|(id, etag)| ((*id).to_owned(), *etag)).collect();
            prop_assert_eq!(there, wanted);
        }
    }
}

fn name(identity: Identity<'_>) -> String {
    match identity {
        Identity::Module(device, module) => format!("{device}/{module}"),
        identity => identity.device().unwrap().to_string(),
    }
}

/// Asserts that a line or a change without a status leaves a disabled device disabled.
#[test]
fn only_a_status_enables_a_disabled_device() {
    let modes = [
        "",
        r#","importMode":"createOrUpdate""#,
        r#","importMode":"create""#,
        r#","importMode":"update""#,
        r#","importMode":"updateIfMatchETag","eTag":"E""#,
        r#","importMode":"createOrUpdateIfMatchETag","eTag":"E""#,
        r#","importMode":"updateTwin""#,
        r#","importMode":"updateTwinIfMatchETag","eTag":"E""#,
    ];
    let bodies = [
        "",
        r#","statusReason":null"#,
        r#","status":null"#,
        r#","Status":"enabled""#,
        r#","authentication":{"type":"sas"}"#,
        r#","authentication":{"type":"none"}"#,
        r#","capabilities":{"iotEdge":true}"#,
    ];
    for mode in modes {
        for body in bodies {
            for id in [r#""id":"a""#, r#""id":"a","moduleId":"m""#] {
                let mut hub = Hub::unseeded();
                hub.create(who("a"), sas("a"), Change::new().with_status(Status::Disabled)).unwrap();
                hub.create(who("a/m"), sas("m"), Change::new()).unwrap();
                let whose = if id.contains("moduleId") { "a/m" } else { "a" };
                let etag = hub.get(who(whose)).unwrap().etag().to_string();
                let mode = mode.replace("\"E\"", &format!("\"{etag}\""));
                let line = format!("{{{id}{mode}{body}}}");
                let mut entropy = counting();
                let _ = Importer::new(&mut hub, &mut entropy, HmacKey::new).line(line.as_bytes());
                for id in ["a", "a/m"] {
                    assert_eq!(hub.get(who(id)).unwrap().status(), Status::Disabled, "{line}");
                }
            }
        }
    }
    let changes: [fn() -> Change<HmacKey>; 5] = [
        Change::new,
        || Change::new().with_authentication(sas("new")),
        || Change::new().with_swapped_keys(),
        || Change::new().with_status_reason(None),
        || Change::new().with_capabilities(Capabilities::EDGE),
    ];
    for change in changes {
        let mut hub = Hub::unseeded();
        hub.create(who("a"), sas("a"), Change::new().with_status(Status::Disabled)).unwrap();
        hub.update(who("a"), change(), Precondition::Any).unwrap();
        assert_eq!(hub.get(who("a")).unwrap().status(), Status::Disabled);
    }
}
