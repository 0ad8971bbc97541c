//! The parsers against models of them that are written for obviousness.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod models;

use models::*;
use proptest::prelude::*;
use proptest::sample::select;

/// Ids, texts that are nearly ids, and separators.
const NAMES: &[&str] = &[
    "dev1", "dev10", "DEV1", "a+b", "a%41", "%61", "+", "#", "$edgeHub", "a;b", "a@sas.b", "root", "p",
    "reg-1", "0ne1", ".", "..", "", " ", "a b", "\u{e9}", "\0", "a&b", "a=b", "%2F", "%2f", "%00", "%zz",
    "%", "modules", "devices",
];
const HOSTS: &[&str] = &[
    HUB,
    "CONTOSO.azure-devices.net",
    "contoso.azure-devices.net.evil",
    "contoso.azure-devices.net:443",
    "contoso.azure-devices.net:",
    "contoso.azure-devices.net:+1",
    "contoso.azure-devices.net:65536",
    "-contoso",
    "contoso",
    "h",
    "",
    "..",
    "%63ontoso.azure-devices.net",
    "c\u{f6}ntoso",
    "amqps:",
];
const QUERIES: &[&str] = &[
    "?api-version=2021-04-12",
    "api-version=2021-04-12",
    "?api-version=",
    "?API-VERSION=1",
    "?api-version=1&x=2",
    "?api-version=1&x=2&X=3",
    "?api-version=1&api-version=2",
    "?x=1",
    "?",
    "",
    "?api-version=1&",
    "?api-version=1&=2",
    "?api-version=1&a%41=2",
    "?api-version=1&a=%3d&b==",
    "??api-version=1",
    "?api-version=1&x",
    "?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1&l=1&m=1&n=1&o=1&api-version=1",
    "?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1&l=1&m=1&n=1&o=1&p=1&api-version=1",
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => select(NAMES).prop_map(str::to_owned),
        4 => "[a-zA-Z0-9:.+%_#*?!(),=@;$'-]{1,5}",
        1 => (126..131_usize).prop_map(|len| "x".repeat(len)),
        1 => "\\PC{0,3}",
    ]
}

fn text(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(pieces).prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mqtt(
        host in text(HOSTS),
        names in prop::collection::vec(name(), 0..4),
        query in text(QUERIES),
        own in prop::bool::weighted(0.8),
        other in name(),
    ) {
        let client_id = if own { names.join("/") } else { other };
        let username = [vec![host], names, vec![query]].concat().join("/");
        mqtt::agree(&client_id, &username);
    }

    #[test]
    fn mqtt_on_behalf(
        names in prop::collection::vec(name(), 1..3),
        same in prop::bool::weighted(0.8),
        target in name(),
        above in prop::collection::vec(name(), 0..4),
        separator in text(&[";", "%3B", "%3b", ";;", "%253B"]),
        slash in text(&["%2F", "%2f", "%252F"]),
        parameter in text(&["auth-chain", "auth-chain", "auth-chain", "Auth-Chain", "auth-chain=x&auth-chain"]),
    ) {
        let escape = |name: &String| name.bytes().map(|b| format!("%{b:02x}")).collect::<String>();
        let first = if same { names.iter().map(escape).collect::<Vec<_>>().join(&slash) } else { target };
        let chain = [vec![first], above.iter().map(escape).collect()].concat().join(&separator);
        let client_id = names.join("/");
        mqtt::agree(&client_id, &format!("{HUB}/{client_id}/?api-version=1&{parameter}={chain}"));
    }

    #[test]
    fn auth_chain(
        elements in prop::collection::vec(
            prop_oneof![
                4 => name(),
                2 => (name(), name()).prop_map(|(device, module)| format!("{device}/{module}")),
                1 => name().prop_map(|name| format!("{name}%2F$edgeHub")),
                2 => select(vec!["d", "e", "d/m", "d/$edgeHub", "%64"]).prop_map(str::to_owned),
            ],
            0..18,
        ),
        short in prop::bool::weighted(0.9),
        separator in text(&[";", ";", ";", "%3B", "%3b", ",", "; "]),
    ) {
        let few = if short { elements.len().min(4) } else { elements.len() };
        auth_chain::agree(&elements[..few].join(&separator));
    }

    #[test]
    fn sasl(
        names in prop::collection::vec(prop_oneof![3 => name(), 1 => Just("modules".to_owned())], 0..4),
        at in text(&["@sas.", "@sas.", "@sas.root.", "@sas", "@", "@SAS.", "", "@sas.root"]),
        hub in text(&["contoso", "CONTOSO", "contoso.azure-devices.net", "", "contos", "-", "contoso-2", "r\u{f6}ot"]),
        more in text(&["", "", "", "@sas.contoso", "@sas.root.contoso"]),
    ) {
        let username = format!("{}{at}{hub}{more}", names.join("/"));
        sasl::agree(&username);
        sasl::agree_on_external(&username);
        sasl::agree_on_external(&username.replace("sas.", ""));
    }

    #[test]
    fn cbs(
        operation in text(&["put-token", "put-token", "put-token", "put-token", "PUT-TOKEN", "", "delete-token"]),
        kind in text(&[
            "servicebus.windows.net:sastoken", "servicebus.windows.net:sastoken", "servicebus.windows.net:sastoken",
            "azure-devices.net:sastoken", "jwt", "", "servicebus.windows.net:sastoken ",
        ]),
        host in prop_oneof![4 => Just(HUB.to_owned()), 1 => text(HOSTS)],
        names in prop::collection::vec(
            prop_oneof![2 => Just("devices".to_owned()), 2 => Just("modules".to_owned()), 6 => name()],
            0..18,
        ),
        plain in prop::bool::weighted(0.6),
        separators in prop::collection::vec(text(&["/", "%2F", "%2f", "//", "%252F"]), 18),
    ) {
        let mut text = host;
        for (separator, name) in separators.iter().zip(&names) {
            text.push_str(if plain { "/" } else { separator });
            text.push_str(name);
        }
        cbs::agree(&operation, &kind, &text);
    }

    #[test]
    fn cbs_of_a_uri(
        scheme in text(&["amqps://", "https://", "AMQPS://", "Https://", "amqp://", "amqps:/", "amqps:", "//", ""]),
        user in text(&["", "", "", "user@", "contoso@", ":@", "%40"]),
        host in prop_oneof![4 => Just(HUB.to_owned()), 2 => text(HOSTS), 1 => Just("evil.net".to_owned())],
        port in text(&["", "", ":5671", ":443", ":0", ":00", ":", ":+1", ":65536", ":56 71", "@evil.net", ":5671@evil.net"]),
        end in text(&["", "", "/", "//", "/devices/dev1", "?", "#", "?x", "\\", "%2F", "/.", "/?x"]),
    ) {
        let name = format!("{scheme}{user}{host}{port}{end}");
        cbs::agree("put-token", "servicebus.windows.net:sastoken", &name);
    }

    #[test]
    fn link(
        scheme in text(&["amqps://", "amqps://", "AMQPS://", "https://", "amqp://", "amqps:/", "//", "", ""]),
        user in text(&["", "", "", "user@", "contoso@", ":@", "%40"]),
        host in prop_oneof![4 => Just(HUB.to_owned()), 2 => text(HOSTS), 1 => Just("evil.net".to_owned())],
        port in text(&["", "", ":5671", ":443", ":0", ":", ":+1", ":65536", "@evil.net", "\\@evil.net", "?", "#@x"]),
        id in prop_oneof![3 => Just("dev1".to_owned()), 1 => name(), 1 => Just("%64ev1".to_owned())],
        end in text(&[
            "/messages/events", "/messages/events", "/messages/devicebound", "/twin", "/messages/events/", "",
            "/messages/events?x", "/messages%2Fevents", "/../dev10/messages/events",
        ]),
    ) {
        let authority = if scheme.is_empty() { String::new() } else { format!("{user}{host}{port}") };
        link::agree(&format!("{scheme}{authority}/devices/{id}{end}"));
        link::agree(&format!("{scheme}{authority}{id}{end}"));
    }

    #[test]
    fn cbs_of_an_identity(ids in (name(), name()), module in any::<bool>(), words in text(&["devices", "Devices", "%64evices"])) {
        let tail = if module { format!("/modules/{}", ids.1) } else { String::new() };
        let name = format!("{HUB}/{words}/{}{tail}", ids.0);
        cbs::agree("put-token", "servicebus.windows.net:sastoken", &name);
    }

    #[test]
    fn http(
        method in text(&["GET", "POST", "PUT", "DELETE", "PATCH", "post", ""]),
        head in text(&["/devices", "/devices", "/devices", "devices", "/%64evices", "/Devices", "/twins", "//devices", ""]),
        ids in (name(), prop::option::of(name())),
        tail in text(&[
            "/messages/events", "/messages/devicebound", "/messages/deviceBound", "/messages/devicebound/l",
            "/messages/devicebound/l/abandon", "/messages/DeviceBound", "/files", "/files/f", "/files/notifications",
            "/files/notifications/u", "/methods", "", "/", "/messages/events/", "/messages%2Fevents", "/query",
            "/devicesAndModulesInTargetDeviceScope", "/getDeviceAndModuleOnBehalfOf", "/putModuleOnBehalfOf",
            "/getModuleOnBehalfOf", "/getModulesOnTargetDevice", "/deleteModuleOnBehalfOf", "/modules",
        ]),
        host in prop_oneof![3 => Just(HUB.to_owned()), 1 => text(HOSTS)],
        query in text(&["", "", "?api-version=1", "?x=/devices/dev1", "#x", "?", "/?"]),
        scheme in text(&[
            "SharedAccessSignature", "SharedAccessSignature", "SharedAccessSignature", "sharedaccesssignature", "Bearer",
            "", " SharedAccessSignature", "SharedAccessSignature ", "SharedAccessSignature\t", "SharedAccessSignatur",
        ]),
    ) {
        let module = ids.1.map(|module| format!("/modules/{module}")).unwrap_or_default();
        http::agree(&method, &format!("{head}/{}{module}{tail}{query}", ids.0), &host, &scheme);
    }

    #[test]
    fn http_of_an_edge_hub(
        method in text(&["POST", "PUT", "GET"]),
        device in name(),
        module in text(&["$edgeHub", "%24edgeHub", "$edgehub", "%2524edgeHub", "$edgeAgent"]),
        call in text(&[
            "devicesAndModulesInTargetDeviceScope", "getDeviceAndModuleOnBehalfOf", "putModuleOnBehalfOf",
            "getModuleOnBehalfOf", "getModulesOnTargetDevice", "deleteModuleOnBehalfOf", "messages/events", "twin",
            "devicesAndModulesInDeviceScope", "deviceAndModuleInDeviceScope",
        ]),
    ) {
        let path = format!("/devices/{device}/modules/{module}/{call}");
        http::agree(&method, &path, HUB, "SharedAccessSignature");
    }

    #[test]
    fn bearer(
        scheme in text(&["Bearer", "bearer", "BEARER", "Bearer ", " Bearer", "", "Basic", "SharedAccessSignature"]),
        parts in prop::collection::vec("[a-zA-Z0-9_-]{0,3}|[+/=. ]{0,2}|\\PC", 0..5),
        long in prop::bool::weighted(0.05),
        space in text(&[" ", " ", "  ", "\t", ""]),
    ) {
        let mut token = parts.join(".");
        if long {
            token.push_str(&"a".repeat(16_380));
        }
        http::agree_on_bearer(&format!("{scheme}{space}{token}"));
    }

    #[test]
    fn provisioning(
        scope in prop_oneof![2 => name(), 2 => Just("0ne1".to_owned())],
        word in text(&["registrations", "registrations", "registrations", "Registrations", ""]),
        id in name(),
        query in text(QUERIES),
        own in prop::bool::weighted(0.8),
        other in name(),
        more in text(&["", "", "", "/", "/x"]),
    ) {
        let client_id = if own { id.clone() } else { other };
        provisioning::agree(&client_id, &format!("{scope}/{word}/{id}/{query}{more}"));
        provisioning::agree_on_path(&format!("{scope}/{word}/{id}{more}"));
        provisioning::agree_on_path(&format!("/{scope}/{word}/{id}{more}?{query}"));
    }
}
