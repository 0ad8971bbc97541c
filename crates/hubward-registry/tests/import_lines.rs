//! Import lines: fields, errors, and that an invalid line does not stop the others.
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
use common::*;
use hubward_core::{KeyError, KeySlot, Status};
use hubward_registry::{
    Authentication, AuthenticationView, Change, ExportKeys, ImportLine, ImportMode, ImportProblem,
    ImportSummary, Imported, Importer, NoEntropy, Precondition, RegistryError, SymmetricKeys,
    ThumbprintsError,
};
use hubward_rustcrypto::HmacKey;

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";

fn import(hub: &mut Hub, line: &str) -> Result<Imported, ImportProblem> {
    let mut entropy = counting();
    let mut importer = Importer::new(hub, &mut entropy, HmacKey::new);
    importer.line(line.as_bytes()).map_err(|error| error.problem)
}

fn device(rest: &str) -> String {
    format!(r#"{{"id":"a","status":"enabled"{rest}}}"#)
}

fn sas_keys(primary: &str, secondary: &str) -> String {
    device(&format!(
        r#","authentication":{{"type":"sas","symmetricKey":{{"primaryKey":{primary},"secondaryKey":{secondary}}}}}"#
    ))
}

fn exported(hub: &Hub, keys: ExportKeys) -> String {
    let mut text = String::new();
    hub.iter().for_each(|view| view.export(keys, &mut text).unwrap());
    text
}

#[test]
fn all_fields_are_imported_and_twins_skipped() {
    let mut hub = Hub::unseeded();
    let line = device(
        r#","statusReason":"a \"reason\"","twinETag":"x","tags":{"a":[{"b":1}]},"properties":{"desired":{}},
        "capabilities":{"iotEdge":true},"deviceScope":"ms-azure-iot-edge://a-1","parentScopes":["p1","p2"],
        "authentication":{"type":"selfSigned","x509Thumbprint":{"primaryThumbprint":"PRINT","secondaryThumbprint":null}}"#,
    );
    import(&mut hub, &line.replace("PRINT", &"aB".repeat(32))).unwrap();
    let a = hub.get(who("a")).unwrap();
    assert_eq!((a.status(), a.status_reason()), (Status::Enabled, Some(r#"a "reason""#)));
    assert!(a.capabilities().iot_edge);
    assert_eq!(a.device_scope().unwrap().as_str(), "ms-azure-iot-edge://a-1");
    assert_eq!(a.parent_scopes().len(), 2);
    let AuthenticationView::SelfSigned(thumbprints) = a.authentication() else { panic!() };
    assert!(thumbprints.matches(&"ab".repeat(32).parse().unwrap()));
}

#[test]
fn problems_are_reported() {
    let long = "x".repeat(129);
    let of = |line: &str| import(&mut Hub::unseeded(), line).unwrap_err().to_string();
    let key = |slot, error| ImportProblem::Key { slot, error };
    for (line, problem) in [
        (r#"{"status":"enabled"}"#.to_owned(), ImportProblem::NoId.to_string()),
        (r#"{"id":"a"}"#.to_owned(), ImportProblem::Status.to_string()),
        (r#"{"id":"a","status":"Enabled"}"#.to_owned(), ImportProblem::Status.to_string()),
        (device(r#","importMode":"Create""#), ImportProblem::Mode.to_string()),
        (device(r#","id":"b""#), "not the JSON object of an identity, at column ".to_owned()),
        ("{".to_owned(), "not the JSON object of an identity, at column ".to_owned()),
        (
            r#"["a",null,null,null,"enabled"]"#.to_owned(),
            "not the JSON object of an identity, at column ".to_owned(),
        ),
        (
            r#"{"id":"a/b","status":"enabled"}"#.to_owned(),
            "device id: character at byte 1 is not allowed".to_owned(),
        ),
        (
            r#"{"id":"..","status":"enabled"}"#.to_owned(),
            "device id: `.` and `..` are path steps, not names".to_owned(),
        ),
        (device(r#","moduleId":"""#), "module id: empty".to_owned()),
        (
            device(&format!(r#","statusReason":"{long}""#)),
            "status reason: 129 characters, at most 128 allowed".to_owned(),
        ),
        (device(r#","authentication":{"type":"SAS"}"#), ImportProblem::AuthenticationType.to_string()),
        (device(r#","authentication":["sas"]"#), "not the JSON object of an identity, at column ".to_owned()),
        (device(r#","authentication":{"type":"selfSigned"}"#), ThumbprintsError::Neither.to_string()),
        (sas_keys(&format!("\"{KEY}\""), "null"), ImportProblem::OneKey.to_string()),
        (sas_keys("\"\"", "\"\""), key(KeySlot::Primary, KeyError::Length { len: 0 }).to_string()),
        (sas_keys(&format!("\"{KEY}\""), "\"!\""), key(KeySlot::Secondary, KeyError::Base64).to_string()),
        (
            device(&format!(r#","tags":"{}""#, "x".repeat(600_000))),
            "the line has 600039 bytes, at most 524288 are allowed".to_owned(),
        ),
    ] {
        assert!(of(&line).starts_with(&problem), "{problem}: {}", of(&line));
    }
    assert_eq!(
        of("{\"id\":\"\u{e9}\",\"status\":\"enabled\"}"),
        "device id: character at byte 0 is not allowed"
    );
    let mut hub = Hub::unseeded();
    let mut entropy = counting();
    assert!(Importer::new(&mut hub, &mut entropy, HmacKey::new).line(b"{\"id\":\"\xff\"}").is_err());
}

#[test]
fn skipped_fields_may_have_any_value() {
    let deep = "[{\"x\":".repeat(20_000) + "1e999" + &"}]".repeat(20_000);
    let number = "9".repeat(10_000);
    for other in [&*deep, &number, "-0.0e-99999", "\"\\u0000\"", "{\"id\":\"b\",\"id\":null}"] {
        let mut hub = Hub::unseeded();
        let line = device(&format!(",\"tags\":{other},\"capabilities\":{{\"id\":{other}}}"));
        assert!(matches!(import(&mut hub, &line), Ok(Imported::Created(_))));
        assert!(hub.get(who("a")).is_some());
    }
    // the depth of objects that are read is limited
    let within = device(&format!(",\"authentication\":{deep}"));
    assert!(matches!(import(&mut Hub::unseeded(), &within), Err(ImportProblem::Json { .. })));
}

#[test]
fn no_message_contains_a_key() {
    let secret = "c2VjcmV0IHNlY3JldCBzZWNyZXQ=";
    for line in [
        sas_keys(&format!("\"{secret}!\""), "\"\""),
        sas_keys(&format!("\"{secret}\""), "7"),
        device(&format!(r#","authentication":{{"type":"{secret}"}}"#)),
        device(&format!(r#","authentication":"{secret}""#)),
        device(&format!(r#","importMode":"{secret}""#)),
    ] {
        let problem = import(&mut Hub::unseeded(), &line).unwrap_err();
        assert!(!format!("{problem:?} {problem}").contains("c2Vj"), "{problem}");
    }
}

#[test]
fn an_invalid_line_is_reported_and_the_others_imported() {
    let mut hub = Hub::unseeded();
    let mut entropy = counting();
    let text = "\u{feff}{\"id\":\"a\",\"status\":\"enabled\"}\r\n\r\nnonsense\n{\"id\":\"b\",\"status\":\"enabled\"}\n\
                {\"id\":\"b\",\"importMode\":\"create\",\"status\":\"enabled\"}\n{\"id\":\"a\",\"importMode\":\"delete\"}\n";
    let mut errors = Vec::new();
    let mut importer = Importer::new(&mut hub, &mut entropy, HmacKey::new);
    let summary = importer.run(text.split('\n'), |error| errors.push(error.to_string()));
    let expected = ImportSummary::default();
    assert_eq!((summary.created, summary.deleted, summary.failed), (2, 1, 2));
    assert_eq!((summary.updated, summary.twins), (expected.updated, expected.twins));
    assert_eq!(
        errors,
        ["line 3: not the JSON object of an identity, at column 2", "line 5: the identity already exists"]
    );
    assert!(hub.get(who("a")).is_none() && hub.get(who("b")).is_some());
}

#[test]
fn text_before_the_object_is_an_error() {
    let object = r#"{"id":"a","status":"enabled"}"#;
    let import = |text: String| {
        let (mut hub, mut entropy, mut failed) = (Hub::unseeded(), counting(), Vec::new());
        Importer::new(&mut hub, &mut entropy, HmacKey::new)
            .run(text.split('\n'), |error| failed.push(error.line));
        (hub.len(), failed)
    };
    let other = r#"{"id":"b","status":"enabled"}"#;
    for before in ["\u{c}", "\u{b}", "\0", "\u{a0}", "\u{85}", "\u{2028}", "\u{feff}", "\u{feff}\u{feff}"] {
        assert_eq!(import(format!("{other}\n{before}{object}")), (1, vec![2]), "{before:?}");
        // a line with nothing else is not blank
        assert_eq!(import(format!("{other}\n{before}\n{object}")), (2, vec![2]), "{before:?}");
        if before != "\u{feff}" {
            assert_eq!(import(format!("{before}{object}\n{other}")), (1, vec![1]), "{before:?}");
        }
    }
    assert_eq!(import(format!("{object}\u{c}")), (0, vec![1]));
    // one byte order mark at the start, and JSON's white space
    assert_eq!(import(format!("\u{feff} \t{object} \r\n\r\n \t\n\t{other}\r")), (2, vec![]));
}

#[test]
fn an_import_line_reads_like_the_importer() {
    let read = |number, line: &'static str| ImportLine::read(number, line.as_bytes());
    let mark = "\u{feff}{\"id\":\"a\",\"status\":\"enabled\"}";
    assert_eq!(read(1, mark).unwrap().unwrap().identity(), who("a"));
    let refused = read(2, mark).unwrap_err();
    assert_eq!((refused.line, refused.problem), (2, ImportProblem::Json { column: 1 }));
    assert!(read(7, " \r").unwrap().is_none());
    assert_eq!(read(7, "{}").unwrap_err().problem, ImportProblem::NoId);
    assert_eq!(read(7, r#"{"id":"a","importMode":"x"}"#).unwrap_err().problem, ImportProblem::Mode);
    let escaped = read(3, r#"{"\u0069d":"\u0061","moduleId":"m","importMode":"create"}"#).unwrap().unwrap();
    assert_eq!((escaped.number(), escaped.mode(), escaped.identity()), (3, ImportMode::Create, who("a/m")));
    let (mut hub, mut entropy) = (Hub::unseeded(), counting());
    hub.create(who("a"), sas("a"), Change::new()).unwrap();
    hub.create(who("a/m"), sas("m"), Change::new()).unwrap();
    let mut importer = Importer::new(&mut hub, &mut entropy, HmacKey::new);
    let refused = importer.import(&escaped).unwrap_err();
    assert_eq!((refused.line, refused.problem), (3, ImportProblem::Registry(RegistryError::Exists)));
    importer.import(&escaped.with_mode(ImportMode::CreateOrUpdate)).unwrap();
}

proptest::proptest! {
    /// Compares `run` with single imports; each line may depend on the one before.
    #[test]
    fn all_lines_do_what_each_does(picked in proptest::collection::vec(0..10_usize, 0..40)) {
        let lines = [
            r#"{"id":"a","status":"enabled"}"#,
            r#"{"id":"a","status":"disabled","importMode":"create"}"#,
            r#"{"id":"a","importMode":"delete"}"#,
            r#"{"id":"a","moduleId":"m"}"#,
            r#"{"id":"a","moduleId":"m","importMode":"delete"}"#,
            r#"{"id":"b","status":"enabled","importMode":"update"}"#,
            r#"{"id":"b","status":"enabled"}"#,
            r#"{"moduleId":null,"status":"enabled","\u0069d":"\u0061"}"#,
            r#"{"moduleId":"\u006d","id":"\u0061"}"#,
            "nonsense",
        ];
        let picked = || picked.iter().map(|at| lines[*at]);
        let (mut together, mut apart) = (Hub::unseeded(), Hub::unseeded());
        let (mut errors, mut expected) = (Vec::new(), Vec::new());
        let mut entropy = counting();
        let mut importer = Importer::new(&mut together, &mut entropy, HmacKey::new);
        let summary = importer.run(picked(), |error| errors.push(error.to_string()));
        let mut entropy = counting();
        let mut importer = Importer::new(&mut apart, &mut entropy, HmacKey::new);
        let mut counted = ImportSummary::default();
        for line in picked() {
            let imported = importer.line(line.as_bytes());
            counted.count(&imported);
            expected.extend(imported.err().map(|error| error.to_string()));
        }
        proptest::prop_assert_eq!((summary, errors), (counted, expected));
        let keys = ExportKeys::Included;
        proptest::prop_assert_eq!(exported(&together, keys), exported(&apart, keys));
        for view in together.iter() {
            let found = together.get(view.identity()).map(|found| found.etag());
            proptest::prop_assert_eq!(found, Some(view.etag()), "found by its id, however that was written");
        }
    }
}

#[test]
fn missing_keys_are_generated_or_kept() {
    let mut hub = Hub::unseeded();
    import(&mut hub, &sas_keys("null", "null")).unwrap();
    let AuthenticationView::Sas(keys) = hub.get(who("a")).unwrap().authentication() else { panic!() };
    let primary = keys.expose_primary().unwrap().expose().to_vec();
    assert_ne!(primary, keys.expose_secondary().unwrap().expose(), "two keys were made");
    let version = hub.get(who("a")).unwrap().version();
    import(&mut hub, &sas_keys("null", "null")).unwrap();
    import(&mut hub, &device("")).unwrap();
    assert_eq!(hub.get(who("a")).unwrap().version(), version, "an export without keys came back");
    import(&mut hub, &device(r#","authentication":{"type":"none"}"#)).unwrap();
    import(&mut hub, &device("")).unwrap();
    assert!(matches!(hub.get(who("a")).unwrap().authentication(), AuthenticationView::None));
    import(&mut hub, &sas_keys("null", "null")).unwrap();
    let AuthenticationView::Sas(keys) = hub.get(who("a")).unwrap().authentication() else { panic!() };
    assert!(keys.expose_primary().is_some());
}

#[test]
fn a_failed_line_changes_nothing() {
    let mut hub = Hub::unseeded();
    let mut dry = |_: &mut [u8]| Err(NoEntropy);
    let made = Importer::new(&mut hub, &mut dry, HmacKey::new).line(device("").as_bytes());
    assert_eq!(made.unwrap_err().problem, RegistryError::NoEntropy(NoEntropy).into());
    assert!(hub.is_empty());
    import(&mut hub, &device("")).unwrap();
    let before = exported(&hub, ExportKeys::Included);
    import(&mut hub, &sas_keys(&format!("\"{KEY}\""), "\"short\"").replace("enabled", "disabled"))
        .unwrap_err();
    assert_eq!(exported(&hub, ExportKeys::Included), before);
}

#[test]
fn an_export_is_imported_unchanged() {
    let mut hub = Hub::unseeded();
    for line in [
        device(
            r#","statusReason":"tab\t quote\" slash\\ line\u2028 \u007f é","deviceScope":"s","parentScopes":["p","q"]"#,
        ),
        r#"{"id":"a","moduleId":"m"}"#.to_owned(),
        r#"{"id":"b","status":"disabled","authentication":{"type":"certificateAuthority"}}"#.to_owned(),
        r#"{"id":"c","status":"enabled","authentication":{"type":"none"},"capabilities":{"iotEdge":true}}"#
            .to_owned(),
        format!(
            r#"{{"id":"d","status":"enabled","authentication":{{"type":"selfSigned","x509Thumbprint":{{"secondaryThumbprint":"{}"}}}}}}"#,
            "0f".repeat(20)
        ),
        sas_keys(&format!("\"{KEY}\""), &format!("\"{}\"", KEY.replace("==", "\\u003d=")))
            .replace("\"a\"", "\"e\""),
    ] {
        import(&mut hub, &line).unwrap();
    }
    let first = exported(&hub, ExportKeys::Included);
    assert_eq!(first.lines().count(), 6);
    assert!(first.is_ascii() || first.contains('é'));
    let mut other = Hub::unseeded();
    for line in first.lines() {
        import(&mut other, line).unwrap();
    }
    let etags = |text: &str| {
        text.lines()
            .map(|line| line.split_once(r#","eTag":""#).unwrap())
            .map(|(id, rest)| format!("{id}{}", rest.get(16..).unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(etags(&exported(&other, ExportKeys::Included)), etags(&first));
}

#[test]
fn an_export_without_keys_contains_none() {
    let mut hub = Hub::unseeded();
    import(&mut hub, &sas_keys(&format!("\"{KEY}\""), &format!("\"{KEY}\""))).unwrap();
    let without = exported(&hub, ExportKeys::LeftOut);
    assert!(!without.contains("MDEy"));
    assert!(without.contains(r#""symmetricKey":{"primaryKey":null,"secondaryKey":null}"#));
    assert_eq!(exported(&hub, ExportKeys::Included).matches(KEY).count(), 2);
}

/// Accepts a number of bytes, like a disk that is nearly full.
struct Full(usize);

impl core::fmt::Write for Full {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0 = self.0.checked_sub(text.len()).ok_or(core::fmt::Error)?;
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let mut hub = Hub::unseeded();
    import(&mut hub, &device("")).unwrap();
    let a = hub.get(who("a")).unwrap();
    let len = exported(&hub, ExportKeys::Included).len();
    assert!(a.export(ExportKeys::Included, &mut Full(len)).is_ok());
    for room in 0..len {
        assert!(a.export(ExportKeys::Included, &mut Full(room)).is_err());
    }
}

#[test]
fn an_export_is_restored_with_its_etags() {
    let mut hub = Hub::unseeded();
    for id in ["a", "a/m", "b", "gone"] {
        hub.create(who(id), sas(id), Change::new()).unwrap();
    }
    let one = SymmetricKeys::kept_one(raw("one"), HmacKey::new);
    hub.create(who("c"), Authentication::Sas(one), Change::new()).unwrap();
    hub.delete(who("gone"), Precondition::Any).unwrap();
    let lines = exported(&hub, ExportKeys::Included);
    let mut again = Hub::unseeded();
    let mut entropy = counting();
    let summary = Importer::new(&mut again, &mut entropy, HmacKey::new)
        .with_kept_etags()
        .run(lines.lines(), |error| panic!("{error}"));
    assert_eq!(summary.created, 4);
    assert_eq!(exported(&again, ExportKeys::Included), lines, "to the byte");
    let newest = again.iter().map(|view| view.etag().to_string()).max().unwrap();
    let next = again.update(who("a"), Change::new(), Precondition::Any).unwrap();
    assert!(next.to_string() > newest, "no etag is given twice");
    // without this option every line is a new record
    let mut new = Hub::unseeded().with_first_change(100);
    let mut entropy = counting();
    let mut failed = Vec::new();
    Importer::new(&mut new, &mut entropy, HmacKey::new)
        .run(lines.lines(), |error| failed.push(error.problem));
    assert_eq!(failed, [ImportProblem::OneKey]);
    assert_ne!(new.get(who("a/m")).unwrap().etag(), hub.get(who("a/m")).unwrap().etag());
}

#[test]
fn an_etag_near_the_end_of_the_counter_is_not_restored() {
    let mut hub = Hub::unseeded();
    let mut entropy = counting();
    let line = device(r#","eTag":"ffffffffffffffff""#);
    Importer::new(&mut hub, &mut entropy, HmacKey::new).with_kept_etags().line(line.as_bytes()).unwrap();
    let before = hub.get(who("a")).unwrap().version();
    hub.update(who("a"), Change::new().with_authentication(sas("new")), Precondition::Any).unwrap();
    let changed = hub.get(who("a")).unwrap().version();
    assert_ne!(changed, before, "a session by the old key would go on");
    hub.update(who("a"), Change::new().with_authentication(sas("newer")), Precondition::Any).unwrap();
    assert_ne!(hub.get(who("a")).unwrap().version(), changed, "a session by the old key would go on");
}
