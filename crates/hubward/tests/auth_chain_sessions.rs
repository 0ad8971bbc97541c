//! A session on behalf of an identity ends with the edge hub, with the identity, and with the hierarchy.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use common::edge::*;
use common::*;
use hubward::registry::Authentication;
use hubward::types::{Permissions, Status};
use hubward::{Credentials, SessionError};

#[test]
fn session_rests_on_edge_hub_identity_and_hierarchy() {
    let session = |edge: &Edge| {
        let (name, password) = (on_behalf("leaf", "leaf;edge1"), edge_token("edge1"));
        edge.admit(Credentials::mqtt("leaf", &name, Some(&password)).unwrap(), NOW).unwrap().into_session()
    };
    let mut edge = edge();
    let kept = session(&edge);
    assert_eq!(
        kept.lookups().map(|lookup| lookup.to_string()).collect::<Vec<_>>(),
        ["module edge1/$edgeHub", "device leaf"]
    );
    assert_eq!(kept.actor().unwrap().to_string(), "edge1");
    assert_eq!(edge.recheck(&kept, NOW).map(drop), Ok(()));
    assert_eq!(
        kept.recheck(&edge.hub.answers(&kept), at(NOW)).map(drop),
        Err(SessionError::NotInHierarchy),
        "no word of the hierarchy"
    );
    let mut turned = edge.answers(&kept);
    turned.reverse();
    assert_eq!(kept.recheck(&turned, at(NOW)).map(drop), Err(SessionError::RecordMismatch));
    assert!(matches!(edge.recheck(&kept, NOW + 3601).map(drop), Err(SessionError::Expired { .. })));

    // its own keys may change, because they did not sign
    edge.hub.registry.set_device_authentication(device("leaf"), Authentication::Sas(pair("new"))).unwrap();
    assert_eq!(edge.recheck(&kept, NOW).map(drop), Ok(()));
    edge.hub.registry.set_status(device("leaf"), Status::Disabled).unwrap();
    assert_eq!(edge.recheck(&kept, NOW).map(drop), Err(SessionError::Disabled));
    edge.hub.registry.delete_device(device("leaf")).unwrap();
    assert_eq!(edge.recheck(&kept, NOW).map(drop), Err(SessionError::Deleted));
    edge.hub.registry.create_device(device("leaf"), Authentication::Sas(pair("leaf"))).unwrap();
    assert_eq!(edge.recheck(&kept, NOW).map(drop), Err(SessionError::Recreated));

    let kept = session(&edge);
    edge.above.insert("leaf", vec![device("edge10")]);
    assert_eq!(edge.recheck(&kept, NOW).map(drop), Err(SessionError::NotInHierarchy));
    edge.above.insert("leaf", vec![device("edge1")]);
    edge.hub.registry.set_status(device("edge1"), Status::Disabled).unwrap();
    assert_eq!(edge.recheck(&kept, NOW).map(drop), Err(SessionError::Disabled));
    edge.hub.registry.set_status(device("edge1"), Status::Enabled).unwrap();
    let rolled = Authentication::Sas(pair("rolled"));
    edge.hub.registry.set_module_authentication(device("edge1"), module("$edgeHub"), rolled).unwrap();
    assert_eq!(edge.recheck(&kept, NOW).map(drop), Err(SessionError::KeysReplaced));
    edge.hub.registry.delete_module(device("edge1"), module("$edgeHub")).unwrap();
    assert_eq!(edge.recheck(&kept, NOW).map(drop), Err(SessionError::Deleted));
}

#[test]
fn permissions_are_those_of_a_device() {
    let edge = edge();
    let (name, password) = (on_behalf("leaf", "leaf;edge1"), edge_token("edge1"));
    let admitted = edge.admit(Credentials::mqtt("leaf", &name, Some(&password)).unwrap(), NOW).unwrap();
    assert_eq!(
        admitted.into_session().to_string(),
        format!("device leaf with {} until {}", Permissions::DEVICE_CONNECT, NOW + 3600)
    );
}
