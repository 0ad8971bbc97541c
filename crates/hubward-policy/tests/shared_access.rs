//! Shared access policies: the five defaults, and the fifteen combinations of rights by their names in ARM.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use hubward_core::{Permissions, PolicyName};
use hubward_policy::{DEFAULT_POLICIES, SharedAccessPolicy};

#[test]
fn the_five_defaults() {
    let table: Vec<_> =
        DEFAULT_POLICIES.iter().map(|policy| (policy.name(), policy.rights().to_string())).collect();
    let expected = [
        ("service", "ServiceConnect"),
        ("device", "DeviceConnect"),
        ("registryRead", "RegistryRead"),
        ("registryReadWrite", "RegistryWrite"),
        ("iothubowner", "RegistryWrite, ServiceConnect, DeviceConnect"),
    ];
    assert_eq!(table, expected.map(|(name, rights)| (name, rights.to_owned())));
}

#[test]
fn every_combination_of_rights_is_parsed() {
    let names = ["RegistryRead", "RegistryWrite", "ServiceConnect", "DeviceConnect"];
    let ops = PolicyName::parse("ops-2@plant").unwrap();
    for mask in 1..16_u8 {
        let chosen: Vec<_> =
            (0..4_u8).zip(names).filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, name)| name).collect();
        let policy = SharedAccessPolicy::from_names(ops, &chosen.join(", ")).unwrap();
        assert_eq!(policy.name(), "ops-2@plant");
        for (name, right) in [
            ("RegistryRead", Permissions::REGISTRY_READ),
            ("RegistryWrite", Permissions::REGISTRY_WRITE),
            ("ServiceConnect", Permissions::SERVICE_CONNECT),
            ("DeviceConnect", Permissions::DEVICE_CONNECT),
        ] {
            let implied = name == "RegistryRead" && chosen.contains(&"RegistryWrite");
            assert_eq!(
                policy.rights().contains(right),
                chosen.contains(&name) || implied,
                "{chosen:?}: {name}"
            );
        }
        assert_eq!(SharedAccessPolicy::from_names(ops, &policy.rights().to_string()), Ok(policy));
    }
    for rights in ["", "Owner", "RegistryRead,", "registryread", "RegistryRead;ServiceConnect"] {
        assert!(SharedAccessPolicy::from_names(ops, rights).is_err(), "{rights}");
    }
}
