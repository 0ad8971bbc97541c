//! Every operation of the hub's REST API in its versions 2021-04-12 and 2024-03-31, and of the official clients beyond
//! them, written down once: the table of endpoints has each, with the permission that it needs.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

use std::collections::BTreeSet;

use hubward_policy::provisioning::{PROVISIONING_ENDPOINTS, RequiredPermission};
use hubward_policy::{Caller, ENDPOINTS, Operation, Transport};

/// Method, path and permission of a service's operation.
const REST: &[(&str, &str, &str)] = &[
    // devices and modules
    ("GET", "/devices", "RegistryRead"),
    ("POST", "/devices", "RegistryWrite"),
    ("GET", "/devices/d", "RegistryRead"),
    ("PUT", "/devices/d", "RegistryWrite"),
    ("DELETE", "/devices/d", "RegistryWrite"),
    ("GET", "/devices/d/modules", "RegistryRead"),
    ("GET", "/devices/d/modules/m", "RegistryRead"),
    ("PUT", "/devices/d/modules/m", "RegistryWrite"),
    ("DELETE", "/devices/d/modules/m", "RegistryWrite"),
    ("POST", "/devices/keys/regenerate", "RegistryWrite"),
    ("GET", "/statistics/devices", "RegistryRead"),
    ("GET", "/statistics/service", "ServiceConnect"),
    // configurations
    ("GET", "/configurations", "RegistryRead"),
    ("GET", "/configurations/c", "RegistryRead"),
    ("PUT", "/configurations/c", "RegistryWrite"),
    ("DELETE", "/configurations/c", "RegistryWrite"),
    ("POST", "/configurations/testQueries", "RegistryWrite"),
    ("POST", "/devices/d/applyConfigurationContent", "RegistryWrite"),
    // twins, digital twins and methods
    ("POST", "/devices/query", "ServiceConnect"),
    ("GET", "/twins/d", "ServiceConnect"),
    ("PUT", "/twins/d", "ServiceConnect"),
    ("PATCH", "/twins/d", "ServiceConnect"),
    ("GET", "/twins/d/modules/m", "ServiceConnect"),
    ("PUT", "/twins/d/modules/m", "ServiceConnect"),
    ("PATCH", "/twins/d/modules/m", "ServiceConnect"),
    ("POST", "/twins/d/methods", "ServiceConnect"),
    ("POST", "/twins/d/modules/m/methods", "ServiceConnect"),
    ("GET", "/digitaltwins/d", "ServiceConnect"),
    ("PATCH", "/digitaltwins/d", "ServiceConnect"),
    ("POST", "/digitaltwins/d/commands/c", "ServiceConnect"),
    ("POST", "/digitaltwins/d/components/p/commands/c", "ServiceConnect"),
    // messages to devices
    ("DELETE", "/devices/d/commands", "ServiceConnect"),
    ("GET", "/messages/serviceBound/feedback", "ServiceConnect"),
    ("DELETE", "/messages/serviceBound/feedback/l", "ServiceConnect"),
    ("POST", "/messages/serviceBound/feedback/l/abandon", "ServiceConnect"),
    // jobs
    ("POST", "/jobs/create", "RegistryWrite"),
    ("GET", "/jobs", "RegistryWrite"),
    ("GET", "/jobs/j", "RegistryWrite"),
    ("DELETE", "/jobs/j", "RegistryWrite"),
    ("GET", "/jobs/v2/j", "ServiceConnect"),
    ("PUT", "/jobs/v2/j", "ServiceConnect"),
    ("POST", "/jobs/v2/j/cancel", "ServiceConnect"),
    ("GET", "/jobs/v2/query", "ServiceConnect"),
];

/// What official clients send beyond the two versions.
const CLIENTS: &[(&str, &str, &str)] = &[
    ("GET", "/devices/", "RegistryRead"),
    ("POST", "/devices/", "RegistryWrite"),
    ("GET", "/configurations/", "RegistryRead"),
    ("GET", "/jobs/v2", "ServiceConnect"),
    ("GET", "/messages/servicebound/feedback", "ServiceConnect"),
    ("DELETE", "/messages/servicebound/feedback/l", "ServiceConnect"),
    ("POST", "/messages/servicebound/feedback/l/abandon", "ServiceConnect"),
    ("POST", "/twins/d/streams/s", "ServiceConnect"),
    ("POST", "/twins/d/modules/m/streams/s", "ServiceConnect"),
];

/// What a device, a module or an edge hub sends about itself.
const DEVICES: &[(&str, &str)] = &[
    ("POST", "/devices/d/messages/events"),
    ("GET", "/devices/d/messages/deviceBound"),
    ("GET", "/devices/d/messages/devicebound"),
    ("DELETE", "/devices/d/messages/deviceBound/l"),
    ("POST", "/devices/d/messages/deviceBound/l/abandon"),
    ("POST", "/devices/d/files"),
    ("POST", "/devices/d/files/notifications"),
    ("POST", "/devices/d/files/notifications/u"),
    ("GET", "/devices/d/files/f"),
    ("POST", "/devices/d/modules/m/messages/events"),
    ("GET", "/devices/d/modules/m/messages/deviceBound"),
    ("DELETE", "/devices/d/modules/m/messages/deviceBound/l"),
    ("POST", "/devices/d/modules/m/messages/deviceBound/l/abandon"),
    ("GET", "/devices/d/modules/$edgeHub/devicesAndModulesInDeviceScope"),
    ("GET", "/devices/d/modules/$edgeHub/deviceAndModuleInDeviceScope"),
    ("POST", "/devices/d/modules/$edgeHub/devicesAndModulesInTargetDeviceScope"),
    ("POST", "/devices/d/modules/$edgeHub/getDeviceAndModuleOnBehalfOf"),
    ("PUT", "/devices/d/modules/$edgeHub/putModuleOnBehalfOf"),
    ("POST", "/devices/d/modules/$edgeHub/getModuleOnBehalfOf"),
    ("POST", "/devices/d/modules/$edgeHub/getModulesOnTargetDevice"),
    ("POST", "/devices/d/modules/$edgeHub/deleteModuleOnBehalfOf"),
];

/// The operations of services at the provisioning service.
const PROVISIONING: &[(&str, &str, &str)] = &[
    ("PUT", "/enrollments/{enrollment}", "EnrollmentWrite"),
    ("GET", "/enrollments/{enrollment}", "EnrollmentRead"),
    ("DELETE", "/enrollments/{enrollment}", "EnrollmentWrite"),
    ("POST", "/enrollments", "EnrollmentWrite"),
    ("POST", "/enrollments/", "EnrollmentWrite"),
    ("POST", "/enrollments/query", "EnrollmentRead"),
    ("POST", "/enrollments/{enrollment}/attestationmechanism", "EnrollmentWrite"),
    ("PUT", "/enrollmentGroups/{group}", "EnrollmentWrite"),
    ("GET", "/enrollmentGroups/{group}", "EnrollmentRead"),
    ("DELETE", "/enrollmentGroups/{group}", "EnrollmentWrite"),
    ("POST", "/enrollmentGroups", "EnrollmentWrite"),
    ("POST", "/enrollmentGroups/query", "EnrollmentRead"),
    ("POST", "/enrollmentGroups/{group}/attestationmechanism", "EnrollmentWrite"),
    ("POST", "/enrollmentgroups/{group}/attestationmechanism", "EnrollmentWrite"),
    ("GET", "/registrations/{id}", "RegistrationStatusRead"),
    ("DELETE", "/registrations/{id}", "RegistrationStatusWrite"),
    ("POST", "/registrations/{group}/query", "RegistrationStatusRead"),
];

#[test]
fn every_operation_of_a_service_has_its_permission() {
    let mut rows = BTreeSet::new();
    for (method, path, right) in REST.iter().chain(CLIENTS) {
        let operation = Operation::http(method, path);
        let endpoint = operation.endpoint().unwrap_or_else(|| panic!("{operation} is missing"));
        assert_eq!(endpoint.right().to_string(), *right, "{operation}");
        assert!(!matches!(endpoint.caller(), Caller::Itself | Caller::Connected), "{operation}");
        rows.insert(endpoint.pattern().to_owned() + endpoint.verb());
    }
    let services = ENDPOINTS.iter().filter(|row| row.transport() == Transport::Http);
    let unknown: Vec<_> = services
        .filter(|row| row.caller() != Caller::Itself)
        .filter(|row| !rows.contains(&(row.pattern().to_owned() + row.verb())))
        .map(|row| row.pattern())
        .collect();
    assert_eq!(unknown, [""; 0], "the list above lacks a row of the table");
}

#[test]
fn every_operation_of_a_device_is_its_own() {
    let mut rows = BTreeSet::new();
    for (method, path) in DEVICES {
        let operation = Operation::http(method, path);
        let endpoint = operation.endpoint().unwrap_or_else(|| panic!("{operation} is missing"));
        assert_eq!(endpoint.right().to_string(), "DeviceConnect", "{operation}");
        assert_eq!(endpoint.caller(), Caller::Itself, "{operation}");
        rows.insert(endpoint.pattern().to_owned() + endpoint.verb());
    }
    let own =
        ENDPOINTS.iter().filter(|row| row.transport() == Transport::Http && row.caller() == Caller::Itself);
    for row in own {
        assert!(rows.contains(&(row.pattern().to_owned() + row.verb())), "{} is not listed", row.pattern());
    }
}

#[test]
fn every_operation_of_the_provisioning_service_has_its_permission() {
    let rows: Vec<_> = PROVISIONING_ENDPOINTS
        .iter()
        .filter_map(|row| match row.opens() {
            RequiredPermission::Right(right) => Some((row.verb(), row.pattern(), right.to_string())),
            _ => None,
        })
        .collect();
    for (method, path, right) in PROVISIONING {
        let row = rows.iter().find(|row| (row.0, row.1) == (*method, *path));
        assert_eq!(row.map(|row| row.2.as_str()), Some(*right), "{method} {path}");
    }
    assert_eq!(rows.len(), PROVISIONING.len(), "the list above lacks a row of the table");
}
