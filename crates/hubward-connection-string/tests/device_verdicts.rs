//! The verdicts on strings of a hub. They are the same with and without the feature `url`: `.ci/run` runs this file both
//! ways.

use hubward_connection_string::{
    ConnectionString, ConnectionStringKind, Device, Module, ParseOptions, Service, explain,
};

const KEY: &str = "SharedAccessKey=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// The end of a text after `HostName=hub.example;`, and the code and offset of its problem as a device's string.
const STRICT: [(&str, Option<(&str, usize)>); 12] = [
    ("DeviceId=dev1;KEY", None),
    ("deviceid=dev1;KEY;", None),
    ("DeviceId=dev1;x509=true", None),
    ("DeviceId=dev1;SharedAccessKeyName=device;KEY", None),
    ("DeviceId=dev1;SharedAccessSignature=SharedAccessSignature sr=h&sig=a&se=1", None),
    ("DeviceId=dev1;KEY;GatewayHostName=edge.example", None),
    ("DeviceId=dev1", Some(("missing-credential", 34))),
    ("DeviceId=dev1;KEY;x509=true", Some(("second-credential", 101))),
    ("DeviceId=dev/1;KEY", Some(("name", 33))),
    ("DeviceId=dev1;KEY;KEY", Some(("duplicate", 96))),
    ("DeviceId=dev1;SharedAccessKey=****", Some(("redacted", 51))),
    ("DeviceId=dev1;ModuleId=mod1;KEY", Some(("wrong-kind", 0))),
];

#[test]
fn a_device_string_has_one_verdict() {
    for (end, expected) in STRICT {
        let text = format!("HostName=hub.example;{end}").replace("KEY", KEY);
        let verdict = Device::parse(&text, &ParseOptions::STRICT);
        let problem = verdict.err().map(|error| (error.problem.code(), error.offset()));
        assert_eq!(problem, expected, "{text}");
    }
}

#[test]
fn the_kind_of_a_hub_string_is_found() {
    for (end, kind) in [
        ("DeviceId=dev1;KEY", ConnectionStringKind::Device),
        ("DeviceId=dev1;ModuleId=mod1;KEY", ConnectionStringKind::Module),
        ("SharedAccessKeyName=owner;KEY", ConnectionStringKind::Service),
    ] {
        let text = format!("HostName=hub.example;{end}").replace("KEY", KEY);
        let string = ConnectionString::parse(&text, &ParseOptions::STRICT);
        assert_eq!(string.map(|string| string.kind()), Ok(kind), "{text}");
        assert_eq!(explain(&text, &ParseOptions::STRICT).problem(), None, "{text}");
        assert_eq!(Module::parse(&text, &ParseOptions::STRICT).is_ok(), kind == ConnectionStringKind::Module);
        assert_eq!(
            Service::parse(&text, &ParseOptions::STRICT).is_ok(),
            kind == ConnectionStringKind::Service
        );
    }
}

#[test]
fn a_string_of_another_service_is_named() {
    for (text, kind) in [
        (
            "Endpoint=sb://ns.example/;SharedAccessKeyName=p;SharedAccessKey=k",
            ConnectionStringKind::ServiceBus,
        ),
        ("DefaultEndpointsProtocol=https;AccountName=acct1;KEY", ConnectionStringKind::Storage),
        ("AccountEndpoint=https://a.example:443/;KEY", ConnectionStringKind::Cosmos),
    ] {
        let text = text.replace("KEY", &KEY.replace("SharedAccessKey", "AccountKey"));
        let error = Device::parse(&text, &ParseOptions::STRICT).err();
        assert_eq!(error.map(|error| (error.kind, error.problem.code())), Some((Some(kind), "wrong-kind")));
        let any = ConnectionString::parse(&text, &ParseOptions::STRICT);
        let code = any.err().map(|error| error.problem.code());
        assert_eq!(code, if cfg!(feature = "url") { None } else { Some("needs-url") }, "{text}");
    }
}
