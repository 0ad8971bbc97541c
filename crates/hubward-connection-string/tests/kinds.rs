//! The required, optional and refused fields of each kind.

#![allow(clippy::panic, reason = "tests")]

use hubward_connection_string::{
    ConnectionString, ConnectionStringKind, Cosmos, Device, DeviceCredential, Module, ParseOptions,
    ParseProblem, ProvisioningService, Scheme, Service, ServiceBus, ServiceBusCredential, ServiceCredential,
    Storage, StorageCredential, StorageService,
};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const SAS: &str = "SharedAccessSignature sr=hub.example&sig=abcd&se=1";

/// Replaces `{K}` by a key and `{S}` by a token.
fn fill(text: &str) -> String {
    text.replace("{K}", KEY).replace("{S}", SAS)
}

fn kind(text: &str) -> ConnectionStringKind {
    match ConnectionString::parse(&fill(text), &ParseOptions::STRICT) {
        Ok(string) => string.kind(),
        Err(error) => panic!("{text}: {error}"),
    }
}

fn code(text: &str) -> &'static str {
    match ConnectionString::parse(&fill(text), &ParseOptions::STRICT) {
        Ok(_) => panic!("{text}: accepted"),
        Err(error) => error.problem.code(),
    }
}

#[test]
fn a_service_has_a_policy_and_its_key_or_a_token() {
    let text = fill("SharedAccessKey={K};HostName=hub.azure-devices.cn;SharedAccessKeyName=owner");
    let service = Service::parse(&text, &ParseOptions::STRICT).unwrap();
    assert_eq!((service.host().as_str(), service.policy().as_str()), ("hub.azure-devices.cn", "owner"));
    let ServiceCredential::Key(key) = service.credential() else { panic!("a key") };
    assert_eq!(key.symmetric_key().unwrap().expose(), b"0123456789abcdef0123456789abcdef");
    assert_eq!(
        kind("HostName=h;SharedAccessKeyName=owner;SharedAccessSignature={S}"),
        ConnectionStringKind::Service
    );
    assert!(ProvisioningService::parse(&text, &ParseOptions::STRICT).is_ok());

    let behind = format!("{text};GatewayHostName=gw");
    assert_eq!(Service::parse(&behind, &ParseOptions::STRICT).unwrap().gateway().unwrap().as_str(), "gw");
    let error = ProvisioningService::parse(&behind, &ParseOptions::STRICT).unwrap_err();
    assert_eq!((error.problem, error.span.of(&behind)), (ParseProblem::NotOfKind, "gw"));

    assert_eq!(code("HostName=h"), "missing");
    assert_eq!(code("HostName=h;SharedAccessKey={K}"), "missing");
    assert_eq!(code("HostName=h;SharedAccessKeyName=p"), "missing-credential");
    assert_eq!(code("HostName=h;SharedAccessKeyName=p;x509=true"), "not-of-kind");
    assert_eq!(
        code("HostName=h;SharedAccessKeyName=p;SharedAccessKey={K};SharedAccessSignature={S}"),
        "second-credential"
    );
    assert_eq!(code("HostName=h;SharedAccessKeyName=a b;SharedAccessKey={K}"), "name");
}

#[test]
fn a_device_has_exactly_one_credential() {
    let credential = |text: &str| {
        let text = fill(&format!("HostName=h;DeviceId=d;{text}"));
        match Device::parse(&text, &ParseOptions::STRICT).map(|device| *device.credential()) {
            Ok(DeviceCredential::Key(_)) => "key",
            Ok(DeviceCredential::PolicyKey(..)) => "policy key",
            Ok(DeviceCredential::Signature(_)) => "signature",
            Ok(DeviceCredential::Certificate) => "certificate",
            Ok(_) => "another",
            Err(error) => error.problem.code(),
        }
    };
    assert_eq!(credential("SharedAccessKey={K}"), "key");
    assert_eq!(credential("SharedAccessKeyName=p;SharedAccessKey={K}"), "policy key");
    assert_eq!(credential("SharedAccessSignature={S}"), "signature");
    assert_eq!(credential("x509=true"), "certificate");
    assert_eq!(credential("X509=TRUE"), "certificate");
    assert_eq!(credential("SharedAccessKey={K};x509=False"), "key");

    assert_eq!(credential("x509=false"), "missing-credential");
    assert_eq!(credential("x509=1"), "flag");
    assert_eq!(credential("GatewayHostName=g"), "missing-credential");
    assert_eq!(credential("SharedAccessKey={K};x509=true"), "second-credential");
    assert_eq!(credential("SharedAccessSignature={S};x509=true"), "second-credential");
    assert_eq!(credential("SharedAccessSignature={S};SharedAccessKey={K}"), "second-credential");
    assert_eq!(credential("SharedAccessSignature={S};SharedAccessKeyName=p"), "policy-without-key");
    assert_eq!(credential("x509=true;SharedAccessKeyName=p"), "policy-without-key");
    assert_eq!(credential("SharedAccessKeyName=p"), "missing-credential");
}

#[test]
fn a_flag_within_another_value_has_no_effect() {
    // `x509=true` as an id does not select a certificate
    assert_eq!(code("HostName=h;DeviceId=x509=true"), "missing-credential");
}

#[test]
fn keys_are_checked_as_in_hubward_core() {
    for key in
        ["YQ==", "YQ", "_-_-", "dGVz dFN0cmluZzE=", "MDEyMzQ1Njc4OWFiY2RlZg", "MDEyMzQ1Njc4OWFiY2RlZh=="]
    {
        assert_eq!(code(&format!("HostName=h;DeviceId=d;SharedAccessKey={key}")), "key", "{key}");
    }
    for key in ["***", "****", "MDEy****", "**********"] {
        assert_eq!(code(&format!("HostName=h;DeviceId=d;SharedAccessKey={key}")), "redacted", "{key}");
        assert_eq!(code(&format!("AccountName=abc;AccountKey={key}")), "redacted", "{key}");
    }
    for token in ["****", "SharedAccessSignature ****", "SharedAccessSignature sr=a&sig=***&se=1"] {
        assert_eq!(code(&format!("HostName=h;DeviceId=d;SharedAccessSignature={token}")), "redacted");
    }
    // asterisks are allowed in an id
    assert_eq!(
        kind("HostName=h;DeviceId=***;SharedAccessSignature=SharedAccessSignature sr=h/***&sig=a"),
        ConnectionStringKind::Device
    );
    for token in ["sr=a&sig=b", "sharedaccesssignature sr=a", "SharedAccessSignature a b"] {
        assert_eq!(code(&format!("HostName=h;DeviceId=d;SharedAccessSignature={token}")), "sas", "{token}");
    }
}

#[test]
fn a_module_needs_a_device() {
    let text = fill("HostName=h;DeviceId=d;ModuleId=$edgeAgent;SharedAccessKey={K};GatewayHostName=gw");
    let module = Module::parse(&text, &ParseOptions::STRICT).unwrap();
    assert_eq!((module.device_id().as_str(), module.id().as_str()), ("d", "$edgeAgent"));
    assert_eq!(module.gateway().unwrap().as_str(), "gw");
    assert_eq!(code("HostName=h;ModuleId=m;SharedAccessKey={K}"), "missing");
}

#[test]
fn a_host_is_a_name_without_scheme_and_port() {
    for host in ["https://h", "h/", "h.", "[::1]", "h:443", "a..b", "-a", "h&DeviceId=d", "{hub}"] {
        assert_eq!(code(&format!("HostName={host};DeviceId=d;SharedAccessKey={{K}}")), "name", "{host}");
        assert_eq!(
            code(&format!("HostName=h;DeviceId=d;SharedAccessKey={{K}};GatewayHostName={host}")),
            "name",
            "{host}"
        );
    }
    assert_eq!(kind("HostName=H.EXAMPLE;DeviceId=d;SharedAccessKey={K}"), ConnectionStringKind::Device);
}

#[test]
fn an_error_in_a_name_has_the_span_of_the_character() {
    let text = fill("HostName=h;DeviceId=a/b;SharedAccessKey={K}");
    let error = Device::parse(&text, &ParseOptions::STRICT).unwrap_err();
    assert_eq!(error.span.of(&text), "/");
    let text = "HostName=h;DeviceId=d;SharedAccessSignature=SharedAccessSignature a b";
    let error = Device::parse(text, &ParseOptions::STRICT).unwrap_err();
    assert_eq!((error.span.of(text), error.span.end), (" ", text.len() - 1));
    let error = Device::parse("DeviceId=d;x509=true;HostName=h.", &ParseOptions::STRICT).unwrap_err();
    assert_eq!((error.span.start, error.span.end), (31, 32));
    let text = fill(&format!("HostName=h;DeviceId={};SharedAccessKey={{K}}", "x".repeat(129)));
    assert_eq!(Device::parse(&text, &ParseOptions::STRICT).unwrap_err().span.of(&text).len(), 129);
}

#[test]
fn an_error_has_the_actual_kind() {
    let device = fill("HostName=h;DeviceId=d;SharedAccessKey={K}");
    let error = Service::parse(&device, &ParseOptions::STRICT).unwrap_err();
    assert_eq!(
        error.problem,
        ParseProblem::WrongKind {
            found: ConnectionStringKind::Device,
            wanted: ConnectionStringKind::Service
        }
    );
    let service = fill("HostName=h;SharedAccessKeyName=p;SharedAccessKey={K}");
    let error = Device::parse(&service, &ParseOptions::STRICT).unwrap_err();
    assert_eq!(
        error.problem,
        ParseProblem::WrongKind {
            found: ConnectionStringKind::Service,
            wanted: ConnectionStringKind::Device
        }
    );
    let bus = "Endpoint=sb://ns.example/;SharedAccessKeyName=p;SharedAccessKey=k";
    let error = Service::parse(bus, &ParseOptions::STRICT).unwrap_err();
    assert_eq!(
        error.problem,
        ParseProblem::WrongKind {
            found: ConnectionStringKind::ServiceBus,
            wanted: ConnectionStringKind::Service
        }
    );
    assert_eq!(code("SharedAccessSignature={S}"), "unknown-kind");
}

#[test]
fn a_field_of_another_kind_is_always_refused() {
    let text = fill("HostName=h;DeviceId=d;SharedAccessKey={K};AccountName=abc");
    for rules in [ParseOptions::STRICT, ParseOptions::COMPATIBLE] {
        let error = Device::parse(&text, &rules).unwrap_err();
        assert_eq!(error.problem, ParseProblem::NotOfKind);
        assert_eq!(error.span.of(&text), "AccountName");
    }
}

#[test]
fn service_bus_strings() {
    let text = "Endpoint=sb://ns.example/;SharedAccessKeyName=p;SharedAccessKey=any text=;EntityPath=a/b";
    assert_eq!(ServiceBus::parse(text, &ParseOptions::STRICT).unwrap_err().problem.code(), "sas");
    let text = text.replace("any text", "any-text");
    let bus = ServiceBus::parse(&text, &ParseOptions::STRICT).unwrap();
    assert_eq!((bus.endpoint().host().as_str(), bus.entity().unwrap().as_str()), ("ns.example", "a/b"));
    let ServiceBusCredential::Key(policy, key) = bus.credential() else { panic!("a key") };
    assert_eq!((policy.as_str(), key.expose()), ("p", "any-text="));
    assert_eq!(kind("Endpoint=sb://ns.example;SharedAccessSignature={S}"), ConnectionStringKind::ServiceBus);

    let emulator = "Endpoint=sb://localhost:5672;SharedAccessKeyName=p;SharedAccessKey=SAS_KEY_VALUE;\
                    UseDevelopmentEmulator=true;";
    assert!(ServiceBus::parse(emulator, &ParseOptions::STRICT).unwrap().is_emulator());
    let elsewhere = emulator.replace("localhost", "emulator");
    assert_eq!(code(&elsewhere), "endpoint");
    assert!(ServiceBus::parse(&elsewhere, &ParseOptions::COMPATIBLE).is_ok());

    assert_eq!(code("Endpoint=sb://ns.example/;SharedAccessKey=k"), "missing");
    assert_eq!(
        code("Endpoint=sb://ns.example/;SharedAccessKeyName=p;SharedAccessSignature={S}"),
        "policy-without-key"
    );
    assert_eq!(code("Endpoint=sb://ns.example/;SharedAccessKeyName=p"), "missing-credential");
    assert_eq!(code("Endpoint=https://ns.example/;SharedAccessKeyName=p;SharedAccessKey=k"), "endpoint");
    assert_eq!(code("Endpoint=sb://ns.example/q;SharedAccessKeyName=p;SharedAccessKey=k"), "endpoint");
    assert_eq!(code("Endpoint=sb://u:p@ns.example/;SharedAccessKeyName=p;SharedAccessKey=k"), "endpoint");
    for path in ["/a", "a/", "a//b", "a/../b", "a?b"] {
        let text =
            format!("Endpoint=sb://ns.example/;SharedAccessKeyName=p;SharedAccessKey=k;EntityPath={path}");
        assert_eq!(code(&text), "name", "{path}");
    }
}

#[test]
fn storage_strings() {
    let text = fill(
        "DefaultEndpointsProtocol=https;AccountName=contoso1;AccountKey={K};EndpointSuffix=core.example;\
         TableEndpoint=https://t.example/;TableSecondaryEndpoint=https://t2.example",
    );
    let storage = Storage::parse(&text, &ParseOptions::STRICT).unwrap();
    assert_eq!(storage.account().unwrap().as_str(), "contoso1");
    assert_eq!(storage.protocol(), Some(Scheme::Https));
    assert_eq!(storage.suffix().unwrap().as_str(), "core.example");
    assert_eq!(storage.endpoint(StorageService::Table).unwrap().as_str(), "https://t.example/");
    assert_eq!(storage.secondary_endpoint(StorageService::Table).unwrap().host().as_str(), "t2.example");
    assert!(storage.endpoint(StorageService::Blob).is_none());

    let signed = "BlobEndpoint=https://b.example/c;SharedAccessSignature=sv=1&sig=a%3D";
    let StorageCredential::Signature(None, query) =
        *Storage::parse(signed, &ParseOptions::STRICT).unwrap().credential()
    else {
        panic!("a signature without an account")
    };
    assert_eq!(query.expose(), "sv=1&sig=a%3D");
    assert_eq!(kind("UseDevelopmentStorage=true"), ConnectionStringKind::Storage);
    assert_eq!(
        kind("UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://10.0.2.2"),
        ConnectionStringKind::Storage
    );

    assert_eq!(code("AccountName=abc"), "missing-credential");
    assert_eq!(code("AccountKey={K}"), "missing");
    assert_eq!(code("SharedAccessSignature=sig=a;DefaultEndpointsProtocol=https"), "missing");
    assert_eq!(code("AccountName=abc;AccountKey={K};SharedAccessSignature=sig=a"), "second-credential");
    assert_eq!(code("AccountName=abc;SharedAccessSignature=?sig=a"), "sas");
    assert_eq!(code("AccountName=abc;SharedAccessSignature=sv=1"), "sas");
    assert_eq!(code("AccountName=abc;SharedAccessSignature=sv=1&sig="), "sas");
    assert_eq!(code("AccountName=abc;AccountKey={K};DevelopmentStorageProxyUri=http://p"), "not-of-kind");
    assert_eq!(code("AccountName=Abc;AccountKey={K}"), "account-name");
    assert_eq!(code("AccountName=abc;AccountKey={K};DefaultEndpointsProtocol=ftp"), "protocol");
    assert_eq!(code("UseDevelopmentStorage=true;AccountName=abc"), "not-of-kind");
    assert_eq!(code("UseDevelopmentStorage=true;AccountKey={K}"), "second-credential");
    assert_eq!(code("UseDevelopmentStorage=false"), "missing-credential");
}

#[test]
fn storage_without_tls_must_be_on_this_machine() {
    let azurite = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={K};\
                   BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1";
    assert_eq!(kind(azurite), ConnectionStringKind::Storage);
    for text in [
        "DefaultEndpointsProtocol=http;AccountName=abc;AccountKey={K}",
        "AccountName=abc;AccountKey={K};QueueEndpoint=http://q.example",
        "DefaultEndpointsProtocol=http;AccountName=abc;AccountKey={K};BlobEndpoint=http://localhost;EndpointSuffix=e",
        "DefaultEndpointsProtocol=http;AccountName=abc;AccountKey={K};BlobEndpoint=https://b.example",
    ] {
        assert_eq!(code(text), "endpoint", "{text}");
        assert!(Storage::parse(&fill(text), &ParseOptions::COMPATIBLE).is_ok(), "{text}");
    }
}

#[test]
fn cosmos_strings() {
    let text = fill("AccountEndpoint=https://acct.example:443/;AccountKey={K};Database=db;");
    let cosmos = Cosmos::parse(&text, &ParseOptions::STRICT).unwrap();
    assert_eq!((cosmos.endpoint().port(), cosmos.database().unwrap().as_str()), (Some(443), "db"));
    assert_eq!(kind("AccountEndpoint=http://localhost:8081/;AccountKey={K}"), ConnectionStringKind::Cosmos);
    assert_eq!(code("AccountEndpoint=http://acct.example/;AccountKey={K}"), "endpoint");
    assert_eq!(code("AccountEndpoint=https://acct.example/"), "missing");
    assert_eq!(code("AccountEndpoint=https://acct.example/;AccountKey={K};Database=a/b"), "name");
    // no field turns the verification of certificates off
    assert_eq!(
        code("AccountEndpoint=https://a.example/;AccountKey={K};DisableServerCertificateValidation=true"),
        "unknown-name"
    );
}

#[test]
fn the_host_of_a_service_may_have_a_port() {
    let text = format!("HostName=localhost:8443;SharedAccessKeyName=iothubowner;SharedAccessKey={KEY}");
    let service = Service::parse(&text, &ParseOptions::STRICT).unwrap();
    assert_eq!((service.host().as_str(), service.authority().as_str()), ("localhost", "localhost:8443"));
    assert_eq!(service.with_secrets().to_string(), text);
    assert_eq!(service.into_owned().get().with_secrets().to_string(), text);
    for host in ["localhost:", "localhost:0x1", "localhost:65536", "localhost:8443:1"] {
        let text = text.replace("localhost:8443", host);
        assert_eq!(
            Service::parse(&text, &ParseOptions::STRICT).unwrap_err().problem.code(),
            "name",
            "{host}"
        );
    }
    let device = format!("HostName=localhost:8443;DeviceId=d;SharedAccessKey={KEY}");
    assert_eq!(Device::parse(&device, &ParseOptions::STRICT).unwrap_err().problem.code(), "name");
}
