//! The texts of errors, and the explanation of a text.

use hubward_connection_string::{
    ConnectionString, ConnectionStringKind, Cosmos, Device, FieldName, Module, ParseOptions, Service,
    ServiceBus, Storage, explain,
};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

#[test]
fn every_problem_has_a_text() {
    let key = format!("SharedAccessKey={KEY}");
    for (text, message) in [
        (String::new(), "at byte 0: the text is empty"),
        ("a=b".to_owned(), "at byte 0: unknown name"),
        (format!("DeviceId=d;{key}"), "device string, at byte 71: HostName is missing"),
        ("HostName=h;DeviceId=d".to_owned(), "device string, at byte 21: a credential is missing"),
        (
            "HostName=h;DeviceId=d;SharedAccessKey=****".to_owned(),
            "device string, SharedAccessKey at byte 38: the key is a row of `*`: it was redacted by the tool that \
             printed it",
        ),
        (
            "HostName=h;DeviceId=d;SharedAccessKey=YQ==".to_owned(),
            "device string, SharedAccessKey at byte 38: the key has 1 bytes, from 16 to 64 are allowed",
        ),
        (
            format!("HostName=h;DeviceId=a;b;{key}"),
            "device string, at byte 22: no `=` in the segment; if it is a part of DeviceId: a connection \
             string cannot have an id with `;`",
        ),
        (
            format!("HostName=h;DeviceId=a;b=c;{key}"),
            "device string, at byte 22: unknown name; if it is a part of DeviceId: a connection string cannot have \
             an id with `;`",
        ),
        (
            format!("HostName=h;ShareAccessKeyName=p;{key}"),
            "service string, at byte 11: unknown name; did you mean `SharedAccessKeyName`?",
        ),
        (
            format!("HostName=h/;DeviceId=d;{key}"),
            "device string, HostName at byte 10: the character is not allowed",
        ),
        (
            format!("HostName=h;DeviceId=d;{key};x509=true"),
            "device string, x509 at byte 88: a second credential: the string also has SharedAccessKey; remove \
             one of them",
        ),
        (
            format!("HostName=h;hostname=i;DeviceId=d;{key}"),
            "device string, HostName at byte 11: duplicate field, first at byte 0",
        ),
        (
            "HostName=h;DeviceId=d;AccountKey=k".to_owned(),
            "device string, AccountKey at byte 22: a string of this kind does not have the field",
        ),
        (
            "Endpoint=sb://u@ns.example/;SharedAccessKeyName=p;SharedAccessKey=k".to_owned(),
            "Service Bus string, Endpoint at byte 9: the endpoint must not have a user name or a password",
        ),
    ] {
        let error = ConnectionString::parse(&text, &ParseOptions::STRICT).unwrap_err();
        assert_eq!(error.to_string(), message, "{text}");
    }
}

#[test]
fn another_kind_has_a_text() {
    let text = format!("HostName=h;DeviceId=d;SharedAccessKey={KEY}");
    let rules = &ParseOptions::STRICT;
    let wanted = [
        (Service::parse(&text, rules).unwrap_err(), "a service string is needed"),
        (Module::parse(&text, rules).unwrap_err(), "a module string is needed"),
        (ServiceBus::parse(&text, rules).unwrap_err(), "a Service Bus string is needed"),
        (Storage::parse(&text, rules).unwrap_err(), "a storage string is needed"),
        (Cosmos::parse(&text, rules).unwrap_err(), "a Cosmos DB string is needed"),
    ];
    for (error, expected) in wanted {
        assert_eq!(error.to_string(), format!("this is a device string, but {expected}"));
    }
    let bus = "Endpoint=sb://ns.example;SharedAccessKeyName=p;SharedAccessKey=k";
    let error = Device::parse(bus, rules).unwrap_err();
    assert_eq!(error.to_string(), "this is a Service Bus string, but a device string is needed");
}

#[test]
fn a_text_is_explained_after_its_first_problem() {
    let text = format!("hostname=h;DeviceId=d;;SharedAccesKey={KEY}");
    let explained = explain(&text, &ParseOptions::STRICT);
    assert_eq!(explained.kind(), Some(ConnectionStringKind::Device));
    let fields: Vec<_> = explained
        .fields()
        .map(|entry| (entry.field, entry.name.of(&text), entry.value.of(&text), entry.secret))
        .collect();
    assert_eq!(
        fields,
        [
            (Some(FieldName::HostName), "hostname", "h", false),
            (Some(FieldName::DeviceId), "DeviceId", "d", false),
            (None, "SharedAccesKey", KEY, true),
        ]
    );
    let problem = explained.problem().unwrap();
    assert_eq!((problem.problem.code(), problem.offset()), ("empty-segment", 22));

    let text = text.replace(";;", ";").replace("Acces", "Access");
    let explained = explain(&text, &ParseOptions::STRICT);
    assert_eq!(explained.problem(), None);
    assert_eq!(explained.fields().filter(|entry| entry.secret).count(), 1);
}
