//! Roles: the grants of the built-in roles, scopes, limits and refusals.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test counts and indexes its own data, and a failed step is a failed test"
)]

use hubward_policy::roles::{
    Access, ActionName, ArmScope, BUILT_IN, DenyAssignment, MissingPermission, Plane, Request, Role,
    RoleDecision, RoleError, RoleList, built_in, hub_actions, roles_for_endpoint, roles_granting,
};
use hubward_policy::{ENDPOINTS, Operation};

const SUBSCRIPTION: &str = "/subscriptions/8d3c";
const HUB: &str = "/subscriptions/8d3c/resourceGroups/iot/providers/Microsoft.Devices/IotHubs/contoso";
const LISTS: [RoleList; 4] =
    [RoleList::Actions, RoleList::NotActions, RoleList::DataActions, RoleList::NotDataActions];

fn check(access: &Access, principals: &[&str], plane: Plane, action: &str, scope: &str) -> RoleDecision {
    let (action, scope) = (ActionName::parse(action).unwrap(), ArmScope::parse(scope).unwrap());
    access.check(&Request::new(principals, plane, action, scope))
}

fn with(role: &str, scope: &str) -> Access {
    let mut access = Access::new();
    access.assign("ann", built_in(role).unwrap(), scope).unwrap();
    access
}

#[test]
fn the_built_in_roles_are_valid() {
    for role in BUILT_IN {
        assert_eq!(role.id().len(), 36);
        for list in LISTS {
            let entries: Vec<_> = role.entries(list).collect();
            Role::new("copy", "").with_list(list, &entries).unwrap();
        }
    }
}

#[test]
fn the_endpoints_of_a_hub_require_the_documented_roles() {
    let hub = ArmScope::parse(HUB).unwrap();
    let opened = |role: &str| {
        let access = with(role, HUB);
        ENDPOINTS.iter().filter(|endpoint| access.check_endpoint(&["ann"], endpoint, hub).is_allow()).count()
    };
    let service = ENDPOINTS.iter().filter(|endpoint| !hub_actions(endpoint).is_empty()).count();
    assert_eq!(opened("IoT Hub Data Contributor"), service);
    assert_eq!(opened("Owner"), 0, "the control plane grants no data actions");
    assert_eq!(opened("Reader"), 0);
    for endpoint in ENDPOINTS {
        let reads = with("IoT Hub Data Reader", HUB).check_endpoint(&["ann"], endpoint, hub).is_allow();
        let expected = endpoint.name() == "files.notifications"
            || hub_actions(endpoint).iter().any(|action| action.ends_with("/read"));
        assert_eq!(reads, expected, "{}", endpoint.name());
        let registry = with("IoT Hub Registry Contributor", HUB).check_endpoint(&["ann"], endpoint, hub);
        let expected = hub_actions(endpoint).iter().any(|action| action.contains("/devices/"));
        assert_eq!(registry.is_allow(), expected, "{}", endpoint.name());
    }
    let bulk = ENDPOINTS.iter().find(|endpoint| endpoint.name() == "identity.bulk").unwrap();
    let writes = Role::new("writes", "")
        .with_list(RoleList::DataActions, &["Microsoft.Devices/IotHubs/devices/write"]);
    let mut access = Access::new();
    access.assign("ann", &writes.unwrap(), HUB).unwrap();
    assert!(!access.check_endpoint(&["ann"], bulk, hub).is_allow(), "a bulk request may delete");
}

#[test]
fn roles_of_other_services_are_evaluated_in_the_same_way() {
    for (role, plane, action, allowed) in [
        ("Cosmos DB Account Reader Role", Plane::Control, "Microsoft.DocumentDb/databaseAccounts/READ", true),
        (
            "Cosmos DB Account Reader Role",
            Plane::Control,
            "Microsoft.DocumentDB/databaseAccounts/readonlyKeys/action",
            true,
        ),
        (
            "Cosmos DB Account Reader Role",
            Plane::Control,
            "Microsoft.DocumentDB/databaseAccounts/listKeys/action",
            false,
        ),
        (
            "Stream Analytics Query Tester",
            Plane::Control,
            "Microsoft.StreamAnalytics/locations/TestQuery/action",
            true,
        ),
        (
            "Stream Analytics Query Tester",
            Plane::Control,
            "Microsoft.StreamAnalytics/streamingjobs/start/action",
            false,
        ),
        ("Website Contributor", Plane::Control, "Microsoft.Web/sites/config/list/action", true),
        ("Website Contributor", Plane::Control, "Microsoft.Web/serverFarms/write", false),
        ("Logic App Operator", Plane::Control, "Microsoft.Logic/workflows/enable/action", true),
        ("Logic App Operator", Plane::Control, "Microsoft.Logic/workflows/write", false),
        (
            "Storage Account Contributor",
            Plane::Control,
            "Microsoft.Storage/storageAccounts/listkeys/action",
            true,
        ),
        (
            "Storage Account Contributor",
            Plane::Data,
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
            false,
        ),
        (
            "Storage Blob Data Reader",
            Plane::Data,
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
            true,
        ),
        (
            "Storage Blob Data Reader",
            Plane::Data,
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
            false,
        ),
        ("Cosmos DB Operator", Plane::Control, "Microsoft.DocumentDB/databaseAccounts/write", true),
        (
            "Cosmos DB Operator",
            Plane::Control,
            "Microsoft.DocumentDB/databaseAccounts/listKeys/action",
            false,
        ),
        (
            "Cosmos DB Operator",
            Plane::Control,
            "microsoft.documentdb/databaseaccounts/listconnectionstrings/action",
            false,
        ),
        (
            "Cosmos DB Operator",
            Plane::Control,
            "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments/write",
            false,
        ),
        (
            "DocumentDB Account Contributor",
            Plane::Control,
            "Microsoft.DocumentDB/databaseAccounts/listKeys/action",
            true,
        ),
        (
            "Storage Blob Data Contributor",
            Plane::Data,
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
            true,
        ),
        (
            "Storage Blob Data Contributor",
            Plane::Control,
            "Microsoft.Storage/storageAccounts/listkeys/action",
            false,
        ),
        (
            "Device Provisioning Service Data Reader",
            Plane::Data,
            "Microsoft.Devices/provisioningServices/enrollmentGroups/read",
            true,
        ),
        (
            "Device Provisioning Service Data Reader",
            Plane::Data,
            "Microsoft.Devices/provisioningServices/attestationmechanism/details/action",
            false,
        ),
        (
            "IoT Hub Data Contributor",
            Plane::Data,
            "Microsoft.Devices/provisioningServices/enrollments/read",
            false,
        ),
        ("Contributor", Plane::Control, "Microsoft.Devices/iotHubs/listkeys/action", true),
        ("Contributor", Plane::Control, "Microsoft.Authorization/roleAssignments/write", false),
        ("Reader", Plane::Control, "Microsoft.Devices/iotHubs/read", true),
        ("Reader", Plane::Control, "Microsoft.Devices/iotHubs/listkeys/action", false),
    ] {
        let ruling = check(&with(role, SUBSCRIPTION), &["ann"], plane, action, HUB);
        assert_eq!(ruling.is_allow(), allowed, "{role}: {action}: {ruling}");
    }
    let action = ActionName::parse("Microsoft.Devices/IotHubs/twins/write").unwrap();
    let names: Vec<_> = roles_granting(Plane::Data, action).map(Role::name).collect();
    assert_eq!(names, ["IoT Hub Data Contributor", "IoT Hub Twin Contributor"]);
    for (operation, roles) in [
        (Operation::http("POST", "/devices"), "IoT Hub Data Contributor, IoT Hub Registry Contributor"),
        (Operation::http("GET", "/statistics/devices"), "IoT Hub Data Contributor, IoT Hub Data Reader"),
        (Operation::http("POST", "/devices/d/messages/events"), ""),
    ] {
        let names: Vec<_> = roles_for_endpoint(operation.endpoint().unwrap()).map(Role::name).collect();
        assert_eq!(names.join(", "), roles, "{operation}");
    }
}

#[test]
fn not_actions_exclude_from_their_own_role_alone() {
    let role = |granted: &[&str], excluded: &[&str]| {
        let role = Role::named("custom", "").with_list(RoleList::DataActions, granted).unwrap();
        role.with_list(RoleList::NotDataActions, excluded).unwrap()
    };
    let (delete, read) =
        ("Microsoft.Devices/IotHubs/devices/delete", "Microsoft.Devices/IotHubs/devices/read");
    let mut access = Access::new();
    access.assign("ann", &role(&["Microsoft.Devices/IotHubs/*"], &["*/delete"]), HUB).unwrap();
    assert_eq!(
        check(&access, &["ann"], Plane::Data, delete, HUB),
        RoleDecision::Deny(MissingPermission::Excluded(0))
    );
    access.assign("admins", &role(&["*/delete"], &[]), SUBSCRIPTION).unwrap();
    assert_eq!(
        check(&access, &["ann"], Plane::Data, delete, HUB),
        RoleDecision::Deny(MissingPermission::Excluded(0))
    );
    assert_eq!(
        check(&access, &["ann", "ADMINS"], Plane::Data, delete, HUB),
        RoleDecision::Allow { assignment: 1 }
    );

    let deny = DenyAssignment::new(role(&["*/delete"], &[]), "/")
        .unwrap()
        .with_everyone()
        .with_exception("root")
        .unwrap();
    access.deny(deny).unwrap();
    assert_eq!(
        check(&access, &["ann", "admins"], Plane::Data, delete, HUB),
        RoleDecision::Deny(MissingPermission::Denied(0))
    );
    assert!(check(&access, &["ann", "admins"], Plane::Data, read, HUB).is_allow());
    assert!(check(&access, &["admins", "root"], Plane::Data, delete, HUB).is_allow());
    assert_eq!(
        check(&access, &["bob"], Plane::Data, read, HUB),
        RoleDecision::Deny(MissingPermission::NoRole)
    );

    let here = DenyAssignment::new(role(&["*"], &[]), HUB).unwrap().without_child_scopes();
    access.deny(here.with_principal("ann").unwrap().with_principal("bob").unwrap()).unwrap();
    let below = format!("{HUB}/devices/dev1");
    assert_eq!(
        check(&access, &["ann"], Plane::Data, read, HUB),
        RoleDecision::Deny(MissingPermission::Denied(1))
    );
    assert_eq!(
        check(&access, &["bob"], Plane::Data, read, HUB),
        RoleDecision::Deny(MissingPermission::Denied(1))
    );
    assert!(check(&access, &["ann"], Plane::Data, read, &below).is_allow());
}

#[test]
fn a_deny_assignment_without_effect_is_refused() {
    const ALL_PRINCIPALS: &str = "00000000-0000-0000-0000-000000000000";
    let all = || Role::named("all", "").with_list(RoleList::Actions, &["*"]).unwrap();
    let deny = |role: Role| DenyAssignment::new(role, HUB).unwrap();
    let mut access = with("Contributor", HUB);
    let lists = "Microsoft.Devices/iotHubs/listkeys/action";
    assert_eq!(access.deny(deny(all())).err(), Some(RoleError::NoPrincipal));
    assert_eq!(access.deny(deny(all()).with_exception("ann").unwrap()).err(), Some(RoleError::NoPrincipal));
    assert_eq!(access.deny(deny(Role::named("none", "")).with_everyone()).err(), Some(RoleError::NoActions));
    assert!(check(&access, &["ann"], Plane::Control, lists, HUB).is_allow());
    // the directory's id of all principals denies to everyone
    access.deny(deny(all()).with_principal(ALL_PRINCIPALS).unwrap()).unwrap();
    assert_eq!(
        check(&access, &["ann"], Plane::Control, lists, HUB),
        RoleDecision::Deny(MissingPermission::Denied(0))
    );
    assert!(deny(all()).with_exception(ALL_PRINCIPALS).is_err());
    assert!(access.assign(ALL_PRINCIPALS, built_in("Owner").unwrap(), HUB).is_err());
}

#[test]
fn the_number_of_assignments_is_limited() {
    let mut access = Access::new();
    let role = Role::new("r", "");
    (0..16_384).for_each(|_| access.assign("ann", &role, "/").unwrap());
    assert_eq!(access.assign("ann", &role, "/").err(), Some(RoleError::TooManyAssignments));
    let denied = role.with_list(RoleList::Actions, &["*"]).unwrap();
    let mut deny = DenyAssignment::new(denied, "/").unwrap();
    for _ in 0..1024 {
        deny = deny.with_principal("ann").unwrap().with_exception("bob").unwrap();
    }
    assert!(deny.clone().with_principal("ann").is_err() && deny.clone().with_exception("bob").is_err());
    (0..16_384).for_each(|_| {
        access
            .deny(
                DenyAssignment::new(Role::named("r", "").with_list(RoleList::Actions, &["*"]).unwrap(), "/")
                    .unwrap()
                    .with_everyone(),
            )
            .unwrap()
    });
    assert_eq!(access.deny(deny).err(), Some(RoleError::TooManyAssignments));
}

#[test]
fn a_scope_covers_whole_names_in_any_case() {
    let access = with("IoT Hub Data Reader", HUB);
    let read = "Microsoft.Devices/IotHubs/devices/read";
    for (scope, allowed) in [
        (HUB.to_owned(), true),
        (HUB.to_ascii_uppercase(), true),
        (format!("{HUB}/devices/dev1"), true),
        (format!("{HUB}-2"), false),
        (HUB.trim_end_matches("so").to_owned(), false),
        (SUBSCRIPTION.to_owned(), false),
        ("/".to_owned(), false),
    ] {
        assert_eq!(check(&access, &["ann"], Plane::Data, read, &scope).is_allow(), allowed, "{scope}");
    }
    assert_eq!(
        check(&access, &["ann"], Plane::Data, read, SUBSCRIPTION),
        RoleDecision::Deny(MissingPermission::OutOfScope(0))
    );
    for scope in ["", "subscriptions", "/a/", "//a", "/a//b", "/a/../b", "/a/%2e", "/a/*", "/a b", "/a\\b"] {
        assert!(ArmScope::parse(scope).is_err(), "{scope}");
    }
    let here = Role::named("here", "").with_list(RoleList::AssignableScopes, &[SUBSCRIPTION]).unwrap();
    let mut access = Access::new();
    assert!(access.assign("ann", &here, HUB).is_ok());
    assert!(access.assign("ann", &here, "/subscriptions/8d3c0").is_err());
    assert!(access.assign("ann", &here, "/").is_err());
    for id in ["", "a b", "ann\n", &"x".repeat(129)] {
        assert!(access.assign(id, &here, HUB).is_err(), "{id}");
    }
}

#[test]
fn an_invalid_entry_refuses_the_role() {
    for (entry, text) in [
        ("", "notActions, entry 1: empty, or an empty part between slashes"),
        ("Microsoft.Devices//read", "notActions, entry 1: empty, or an empty part between slashes"),
        ("Microsoft.Devices", "notActions, entry 1: needs a provider and an operation"),
        ("Microsoft.Devices/rea?", "notActions, entry 1: the character at byte 21 is not allowed"),
        ("*/a*/a*/a*/a*/a*/a*/a*/a*/a", "notActions, entry 1: more than 256 bytes or 8 wildcards"),
    ] {
        let refused = Role::named("r", "").with_list(RoleList::NotActions, &["*/read", entry]).unwrap_err();
        assert_eq!(refused.to_string(), text);
    }
    for name in ["*", "Microsoft.Devices/*", "Microsoft.Devices", "a/ b", "/a/b", ""] {
        assert!(ActionName::parse(name).is_err(), "{name}");
    }
}
