//! Parsing a written string gives the same string, for accepted and for built strings.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use hubward_connection_string::{
    AccountName, ConnectionString, Cosmos, DatabaseName, Device, DeviceCredential, EndpointProblem,
    EndpointUrl, EntityPath, FieldName, KeyText, Module, ParseOptions, ProvisioningService, RawKey, SasQuery,
    SasText, Scheme, Service, ServiceBus, ServiceBusCredential, ServiceCredential, Storage, StorageService,
    explain, host_is_under,
};
use hubward_core::{DeviceId, HostName, ModuleId, PolicyName, SymmetricKey};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const SAS: &str = "SharedAccessSignature sr=hub.example&sig=abcd&se=1";

fn key_text() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<u8>(), 16..=64).prop_map(|bytes| {
        let mut out = [0; 88];
        KeyText::encode(&SymmetricKey::from_bytes(&bytes).unwrap(), &mut out).unwrap().expose().to_owned()
    })
}

fn host() -> impl Strategy<Value = String> {
    "[A-Za-z0-9]{1,8}(-[a-z0-9]{1,4})?(\\.[a-z]{2,6}){0,3}"
}

fn id() -> impl Strategy<Value = String> {
    "[A-Za-z0-9:.+%_#*?!(),=@$'-]{1,24}".prop_filter("a path step", |id| id != "." && id != "..")
}

fn sas() -> impl Strategy<Value = String> {
    "SharedAccessSignature sr=[a-z%.]{1,20}&sig=[A-Za-z0-9%]{1,44}&se=[0-9]{1,10}"
}

/// Generates the fields of an accepted string, in any order.
fn fields() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let named = |name: &'static str, value: BoxedStrategy<String>| value.prop_map(move |v| vec![(name, v)]);
    let credential = prop_oneof![
        named("SharedAccessKey", key_text().boxed()),
        named("SharedAccessSignature", sas().boxed()),
        (key_text(), "[A-Za-z0-9_@.-]{1,12}")
            .prop_map(|(key, name)| vec![("SharedAccessKey", key), ("SharedAccessKeyName", name)]),
        named("x509", select(vec!["true", "TRUE", "True"]).prop_map(str::to_owned).boxed()),
    ];
    let hub = (host(), id(), prop::option::of(id()), credential, prop::option::of(host())).prop_map(
        |(host, device, module, mut fields, gateway)| {
            fields.extend([("HostName", host), ("DeviceId", device)]);
            fields.extend(module.map(|id| ("ModuleId", id)));
            fields.extend(gateway.map(|host| ("GatewayHostName", host)));
            fields
        },
    );
    let secret = prop_oneof![
        named("SharedAccessKey", key_text().boxed()),
        named("SharedAccessSignature", sas().boxed())
    ];
    let service = (host(), "[A-Za-z0-9_@.-]{1,12}", secret).prop_map(|(host, policy, mut fields)| {
        fields.extend([("HostName", host), ("SharedAccessKeyName", policy)]);
        fields
    });
    let bus = (
        select(vec!["sb://ns.example", "sb://NS.example/", "sb://localhost:5672/", "SB://127.0.0.1"]),
        "[!-:<-~]{1,2}[A-Za-z0-9=+/]{1,40}",
        prop::option::of("[a-z0-9]{1,8}(/[a-z]{1,4})?"),
        any::<bool>(),
    )
        .prop_map(|(endpoint, key, entity, flag)| {
            let mut fields = vec![
                ("Endpoint", endpoint.to_owned()),
                ("SharedAccessKeyName", "p".to_owned()),
                ("SharedAccessKey", key),
            ];
            fields.extend(entity.map(|path| ("EntityPath", path)));
            let local = endpoint.contains("local") || endpoint.contains("127");
            fields.extend((flag && local).then(|| ("UseDevelopmentEmulator", "True".to_owned())));
            fields
        });
    let endpoints = vec![
        ("BlobEndpoint", "https://b.example/"),
        ("QueueEndpoint", "http://127.0.0.1:10001/devstoreaccount1"),
        ("TableEndpoint", "HTTPS://T.example"),
        ("FileSecondaryEndpoint", "https://f.example:8443/a/b"),
        ("EndpointSuffix", "core.example"),
        ("DefaultEndpointsProtocol", "HTTPS"),
    ];
    let storage = (
        prop_oneof![
            key_text().prop_map(|key| ("AccountKey", key)),
            Just(("SharedAccessSignature", "sv=1&sig=a%3D".to_owned()))
        ],
        "[a-z0-9]{3,24}",
        subsequence(endpoints, 0..=6),
    )
        .prop_map(|(secret, name, endpoints)| {
            let mut fields = vec![secret, ("AccountName", name)];
            fields.extend(endpoints.into_iter().map(|(name, value)| (name, value.to_owned())));
            fields
        });
    let cosmos = (
        key_text(),
        select(vec!["https://a.example:443/", "http://localhost:8081"]),
        prop::option::of("[a-z]{1,9}"),
    )
        .prop_map(|(key, endpoint, database)| {
            let mut fields = vec![("AccountEndpoint", endpoint.to_owned()), ("AccountKey", key)];
            fields.extend(database.map(|name| ("Database", name)));
            fields
        });
    prop_oneof![hub, service, bus, storage, cosmos].prop_shuffle()
}

/// Returns the known fields of an accepted text, with flags and protocols in lower case, and the unknown ones.
fn meaning(text: &str, rules: &ParseOptions) -> (BTreeMap<String, String>, Vec<(String, String)>) {
    let explained = explain(text, rules);
    assert_eq!(explained.problem(), None);
    let (mut known, mut extras) = (BTreeMap::new(), Vec::new());
    for entry in explained.fields() {
        let value = entry.value.of(text);
        let Some(field) = entry.field else {
            extras.push((entry.name.of(text).to_owned(), value.to_owned()));
            continue;
        };
        let folded = matches!(
            field,
            FieldName::X509
                | FieldName::UseDevelopmentEmulator
                | FieldName::UseDevelopmentStorage
                | FieldName::DefaultEndpointsProtocol
        );
        let value = if folded { value.to_ascii_lowercase() } else { value.to_owned() };
        known.insert(field.name().to_owned(), value);
    }
    (known, extras)
}

fn check(text: &str, rules: &ParseOptions) -> Result<(), TestCaseError> {
    let string =
        ConnectionString::parse(text, rules).map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?;
    let written = string.with_secrets().to_string();
    let again = ConnectionString::parse(&written, rules).map_err(|e| TestCaseError::fail(e.to_string()))?;
    prop_assert_eq!(string.kind(), again.kind());
    prop_assert_eq!(meaning(text, rules), meaning(&written, rules));
    prop_assert_eq!(again.with_secrets().to_string(), written.as_str());
    prop_assert_eq!(string.to_string(), again.to_string());
    Ok(())
}

fn join(fields: &[(&str, String)], upper_case: bool, end: bool) -> String {
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| {
            let name = if upper_case { name.to_ascii_uppercase() } else { (*name).to_owned() };
            format!("{name}={value}")
        })
        .collect();
    format!("{}{}", fields.join(";"), if end { ";" } else { "" })
}

proptest! {
    #[test]
    fn a_strict_string_is_parsed_as_written(fields in fields(), upper_case in any::<bool>(), end in any::<bool>()) {
        check(&join(&fields, upper_case, end), &ParseOptions::STRICT)?;
    }

    #[test]
    fn a_compatible_string_is_parsed_as_written(fields in fields(), extras in prop::collection::vec("[!-:<>-~]{0,8}", 1..4), end in any::<bool>()) {
        let mut fields = fields;
        let mut all = vec![];
        for (at, value) in extras.iter().enumerate() {
            all.push((["Unknown1", "Unknown2", "Unknown3"].get(at).copied().unwrap_or("x"), value.clone()));
        }
        all.append(&mut fields);
        check(&join(&all, false, end), &ParseOptions::COMPATIBLE)?;
    }
}

#[test]
fn a_built_string_is_parsed_as_written() {
    let host = HostName::parse("hub.example").unwrap();
    let policy = PolicyName::parse("owner").unwrap();
    let key = KeyText::parse(KEY).unwrap();
    let sas = SasText::parse(SAS).unwrap();
    let device = DeviceId::parse("d=1").unwrap();
    let module = ModuleId::parse("$edgeAgent").unwrap();
    let sb = EndpointUrl::parse("sb://ns.example/").unwrap();
    let web = EndpointUrl::parse("https://a.example:443/").unwrap();
    let bus = ServiceBusCredential::Key(policy, RawKey::parse("SAS_KEY_VALUE").unwrap());
    let account = AccountName::parse("contoso1").unwrap();
    let query = SasQuery::parse("sv=1&sig=a").unwrap();

    let texts = [
        Service::new(host, policy, ServiceCredential::Key(key)).with_gateway(host).with_secrets().to_string(),
        ProvisioningService::new(host, policy, ServiceCredential::Signature(sas)).with_secrets().to_string(),
        Device::new(host, device, DeviceCredential::Certificate).unwrap().with_secrets().to_string(),
        Module::new(host, device, module, DeviceCredential::PolicyKey(policy, key))
            .unwrap()
            .with_gateway(host)
            .with_secrets()
            .to_string(),
        ServiceBus::new(sb, bus)
            .unwrap()
            .with_entity(EntityPath::parse("q").unwrap())
            .with_secrets()
            .to_string(),
        Storage::with_key(account, key)
            .with_defaults(Scheme::Https, host)
            .unwrap()
            .with_endpoint(StorageService::Queue, web)
            .unwrap()
            .with_secondary_endpoint(StorageService::File, web)
            .unwrap()
            .with_secrets()
            .to_string(),
        Storage::with_signature(account, query).with_secrets().to_string(),
        Storage::at_endpoint(StorageService::Blob, web, query).unwrap().with_secrets().to_string(),
        Storage::development().with_secrets().to_string(),
        Cosmos::new(web, key)
            .unwrap()
            .with_database(DatabaseName::parse("db").unwrap())
            .with_secrets()
            .to_string(),
    ];
    for text in &texts {
        check(text, &ParseOptions::STRICT).unwrap();
        assert_eq!(
            ConnectionString::parse(text, &ParseOptions::STRICT).unwrap().with_secrets().to_string(),
            *text
        );
    }
    assert_eq!(
        texts[3],
        format!(
            "HostName=hub.example;DeviceId=d=1;ModuleId=$edgeAgent;SharedAccessKeyName=owner;\
             SharedAccessKey={KEY};GatewayHostName=hub.example"
        )
    );
}

#[test]
fn a_string_that_cannot_be_parsed_cannot_be_built() {
    let host = HostName::parse("hub.example").unwrap();
    let (old, new) = (DeviceId::parse("a;b=c").unwrap(), DeviceId::parse("a").unwrap());
    let module = ModuleId::parse("m;").unwrap();
    let certificate = DeviceCredential::Certificate;
    assert_eq!(Device::new(host, old, certificate).unwrap_err().field, FieldName::DeviceId);
    assert_eq!(Module::new(host, new, module, certificate).unwrap_err().field, FieldName::ModuleId);

    let (sb, web) =
        (EndpointUrl::parse("sb://ns.example").unwrap(), EndpointUrl::parse("https://a.example/p").unwrap());
    let bus = ServiceBusCredential::Signature(SasText::parse(SAS).unwrap());
    assert_eq!(ServiceBus::new(web, bus).unwrap_err(), EndpointProblem::Scheme);
    let key = KeyText::parse(KEY).unwrap();
    assert_eq!(Cosmos::new(web, key).unwrap_err(), EndpointProblem::Path);
    assert_eq!(Cosmos::new(sb, key).unwrap_err(), EndpointProblem::Scheme);
    let blob = StorageService::Blob;
    assert_eq!(Storage::development().with_endpoint(blob, web).unwrap_err(), EndpointProblem::Fixed);
    assert_eq!(
        Storage::development().with_defaults(Scheme::Https, host).unwrap_err(),
        EndpointProblem::Fixed
    );
    let account = Storage::with_key(AccountName::parse("abc").unwrap(), key);
    assert_eq!(account.with_endpoint(blob, sb).unwrap_err(), EndpointProblem::Scheme);
    assert_eq!(account.with_defaults(Scheme::Sb, host).unwrap_err(), EndpointProblem::Scheme);
    assert!(RawKey::parse("a;b").is_err() && SasText::parse(&format!("{SAS};a")).is_err());
}

#[test]
fn encoding_a_key_returns_the_needed_size() {
    let key = SymmetricKey::from_bytes(&[7; 64]).unwrap();
    assert_eq!(KeyText::encode(&key, &mut [0; 87]).unwrap_err().needed, 88);
    let mut out = [0; 88];
    let text = KeyText::encode(&key, &mut out).unwrap();
    assert_eq!(text.symmetric_key().unwrap().expose(), key.expose());
}

#[test]
fn the_caller_checks_the_suffix_of_a_host() {
    let text =
        format!("HostName=x.azure-devices-provisioning.cn;SharedAccessKeyName=p;SharedAccessKey={KEY}");
    let service = ProvisioningService::parse(&text, &ParseOptions::STRICT).unwrap();
    let suffix = HostName::parse("azure-devices-provisioning.cn").unwrap();
    assert!(host_is_under(service.service().host(), suffix));
}
