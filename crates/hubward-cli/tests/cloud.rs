//! `hubward cloud`: each scheme is signed, recognised and verified; altered texts are refused; no secret is shown.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test")]

mod common;

use common::{Folder, SEAL};

const NOW: &str = "--now 2030-01-01T00:00:00Z";
const BLOB: &str = "https://contosoacct.blob.core.windows.net/plant/dev1/log.txt";
const HUB: &str = "sb://ns.servicebus.windows.net/telemetry";
const TOPIC: &str = "https://t.westus-1.eventgrid.azure.net/api/events";
const REQUEST: &str =
    "GET /dbs/Telemetry/colls/Raw/docs HTTP/1.1\nx-ms-date: Tue, 01 Jan 2030 00:00:00 GMT\n\nbody";

fn folder(test: &str) -> Folder {
    let folder = Folder::new(test);
    folder.write("key", SEAL);
    folder.write("other", "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=");
    folder.write("request", REQUEST);
    folder
}

/// Returns the arguments of `sign` and `verify` for each scheme, and its name in `inspect`.
fn schemes() -> Vec<(String, String, &'static str)> {
    let of = |sign: String, verify: &str, name| (sign, verify.to_owned(), name);
    let storage = |url: &str| format!("storage --resource {url} --permissions r");
    vec![
        of(format!("service-bus --resource {HUB} --policy send"), &format!("--resource {HUB}"), "Event Hubs"),
        of(storage(BLOB), &format!("--resource {BLOB}"), "Storage SAS: Blob"),
        of(
            storage("https://contosoacct.queue.core.windows.net/jobs"),
            "--resource https://contosoacct.queue.core.windows.net/jobs",
            "Storage SAS: Queue",
        ),
        of(
            storage("https://contosoacct.table.core.windows.net/rows"),
            "--resource https://contosoacct.table.core.windows.net/rows",
            "Storage SAS: Table",
        ),
        of(
            storage("https://contosoacct.file.core.windows.net/"),
            "--resource https://contosoacct.file.core.windows.net/share/a",
            "Storage SAS: Account",
        ),
        of(format!("event-grid --resource {TOPIC}"), &format!("--resource {TOPIC}"), "Event Grid"),
        of("cosmos --request request".to_owned(), "--request request", "Cosmos DB master key"),
        of(
            format!("shared-key --request request --resource {BLOB}"),
            &format!("--request request --resource {BLOB}"),
            "Storage SharedKey",
        ),
        of(
            format!("shared-key-lite --request request --resource {BLOB}"),
            &format!("--request request --resource {BLOB}"),
            "Storage SharedKeyLite",
        ),
    ]
}

#[test]
fn each_scheme_is_signed_recognised_and_verified() {
    let folder = folder("cloud-schemes");
    for (sign, verify, name) in schemes() {
        let token = folder.well(&format!("cloud sign --scheme {sign} --key-file key {NOW}"));
        folder.write("token", &token);
        let text = folder.well(&format!("cloud inspect token {NOW}"));
        assert!(text.contains(&format!("scheme    {name}")), "{sign}: {text}");
        assert!(!text.contains("sig=") && !text.contains("sig%3D"), "{sign}: {text}");
        let shown = text.split_whitespace().any(|word| word.len() > 30 && token.ends_with(word));
        assert!(!shown, "{sign}: {text}");
        let text = folder.well(&format!("cloud verify token --key-file key {verify} {NOW}"));
        assert!(text.starts_with("authentic: "), "{sign}: {text}");
        let wrong = format!("cloud verify token --key-file other {verify} {NOW}");
        let (status, text) = folder.hubward(&wrong);
        assert_eq!((status, text.contains("cloud-wrong-signature")), (1, true), "{sign}: {text}");
        let late = format!("cloud verify token --key-file key {verify} --now 2030-01-01T02:00:00Z");
        let (status, text) = folder.hubward(&late);
        let refused = text.contains("cloud-expired") || text.contains("cloud-skew");
        assert_eq!((status, refused), (1, true), "{sign}: {text}");
    }
}

#[test]
fn a_token_of_another_resource_is_refused() {
    let folder = folder("cloud-resources");
    let sign = |words: &str| folder.well(&format!("cloud sign --scheme {words} --key-file key {NOW}"));
    for (signed, other) in [
        (format!("storage --permissions r --resource {BLOB}"), format!("{BLOB}x")),
        (format!("service-bus --policy send --resource {HUB}"), format!("{HUB}2")),
        (
            format!("event-grid --resource {TOPIC}"),
            "https://u.westus-1.eventgrid.azure.net/api/events".into(),
        ),
    ] {
        folder.write("token", sign(&signed));
        let (status, text) =
            folder.hubward(&format!("cloud verify token --key-file key --resource {other} {NOW}"));
        assert_eq!((status, text.starts_with("refused: ")), (1, true), "{signed}: {text}");
    }
}

#[test]
fn a_pasted_url_is_verified_for_itself_and_its_times_are_rfc_3339() {
    let folder = folder("cloud-url");
    let sign = format!(
        "cloud sign --scheme storage --resource {BLOB} --permissions r --key-file key {NOW} --ttl 1h"
    );
    let url = format!("{BLOB}?{}", folder.well(&sign));
    let (status, text) = folder.with_input(&format!("cloud verify - --key-file key {NOW}"), &url);
    assert_eq!(
        (status, text.as_str()),
        (0, "authentic: valid for another 1 h, until 2030-01-01T01:00:00Z\n"),
        "{text}"
    );
    let (status, text) = folder.with_input(&format!("cloud inspect {NOW}"), &url);
    assert!(status == 0 && text.contains("expires   2030-01-01T01:00:00Z, in 1 h"), "{text}");
    let (status, text) = folder
        .with_input(&format!("cloud verify - --key-file key {NOW}"), &url.replace("&sig=", "&sp=rw&sig="));
    assert_eq!((status, text.contains("cloud-duplicate-field")), (1, true), "{text}");
}

#[test]
fn no_secret_of_a_url_or_a_malformed_text_is_shown() {
    let folder = folder("cloud-secrets");
    let sig = "e1pyi8RFvgp7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8";
    let callback = format!(
        "https://prod-00.westus.logic.azure.com:443/workflows/0123/triggers/manual/paths/invoke\
         ?api-version=2016-10-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={sig}"
    );
    let function = format!("https://app.azurewebsites.net/api/ingest?code={sig}");
    for (text, status, scheme) in [
        (callback.as_str(), 0, "Logic Apps callback URL"),
        (function.as_str(), 0, "Functions URL with a key"),
        (&format!("{BLOB}?sv=2020-12-06&sr=b&sig={sig}%3D%3D%3D"), 1, "cloud-"),
        (&format!("SharedAccessSignature sr=x&sig={sig}"), 1, "cloud-"),
    ] {
        let (found, out) = folder.with_input("cloud inspect", text);
        assert_eq!((found, out.contains(scheme)), (status, true), "{text}: {out}");
        assert!(!out.contains("e1pyi8"), "{out}");
    }
}

#[test]
fn the_exit_status_has_four_values() {
    let folder = folder("cloud-status");
    let sign = format!("cloud sign --scheme storage --resource {BLOB} --permissions r --key-file key {NOW}");
    folder.write("token", folder.well(&sign));
    folder.write("plain", "hello");
    folder.write("empty", "");
    folder.write("function", "https://app.azurewebsites.net/api/x?code=aVeryLongFunctionKeyOfTheHost");
    for (words, expected) in [
        (format!("cloud verify token --key-file key --resource {BLOB} {NOW}"), 0),
        (format!("cloud verify token --key-file other --resource {BLOB} {NOW}"), 1),
        (format!("cloud verify token --key-file key {NOW}"), 2),
        (format!("cloud verify token --key-file key --resource ftp://x {NOW}"), 2),
        ("cloud verify - --key-file -".to_owned(), 2),
        (format!("cloud sign --scheme storage --resource {BLOB} --permissions q --key-file key"), 2),
        (format!("cloud sign --scheme storage --resource {BLOB} --key-file key"), 2),
        ("cloud sign --scheme cosmos --key-file key".to_owned(), 2),
        (format!("cloud verify token --key-file empty --resource {BLOB}"), 3),
        ("cloud verify function --key-file key".to_owned(), 3),
        ("cloud inspect missing".to_owned(), 3),
        ("cloud inspect plain".to_owned(), 3),
        ("cloud inspect empty".to_owned(), 3),
    ] {
        let (status, text) = folder.hubward(&words);
        assert_eq!(status, expected, "{words}: {text}");
    }
}

/// Removes the gap of an option that is not given.
fn one_space(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

const DELEGATION: &str = "<?xml version=\"1.0\"?><UserDelegationKey><SignedOid>11111111-1111-1111-1111-111111111111\
    </SignedOid><SignedTid>22222222-2222-2222-2222-222222222222</SignedTid><SignedStart>2029-12-31T00:00:00Z\
    </SignedStart><SignedExpiry>2030-01-03T00:00:00Z</SignedExpiry><SignedService>b</SignedService>\
    <SignedVersion>2026-04-06</SignedVersion><Value>SEAL</Value></UserDelegationKey>";

#[test]
fn a_storage_token_is_signed_with_every_limit() {
    let folder = folder("cloud-limits");
    folder.write("delegation", DELEGATION.replace("SEAL", SEAL));
    let account = "https://contosoacct.blob.core.windows.net";
    let of = |service: &str, path: &str| format!("https://contosoacct.{service}.core.windows.net{path}");
    for (url, inside, words, fields) in [
        (
            BLOB.to_owned(),
            BLOB.to_owned(),
            "--start 2029-12-31 --addresses 10.0.0.1-10.0.0.9 --protocol https-or-http",
            "st=2029-12-31T00%3A00%3A00Z&se=2030-01-01T01%3A00%3A00Z&sip=10.0.0.1-10.0.0.9&spr=https%2Chttp&sr=b",
        ),
        (
            format!("{account}/plant"),
            BLOB.to_owned(),
            "--ttl 1d",
            "se=2030-01-02T00%3A00%3A00Z&spr=https&sr=c",
        ),
        (
            format!("{account}/plant/dev1"),
            BLOB.to_owned(),
            "--directory --storage-version 2022-11-02",
            "se=2030-01-01T01%3A00%3A00Z&spr=https&sr=d&sdd=1",
        ),
        (format!("{account}/plant"), BLOB.to_owned(), "--directory", "sr=d&sdd=0"),
        (of("file", "/s"), of("file", "/s/a"), "", "sr=s&"),
        (of("file", "/s/a"), of("file", "/s/a"), "", "sr=f&"),
        (of("queue", "/jobs"), of("queue", "/jobs"), "--start 2029-12-31", "st=2029"),
        (of("table", "/rows"), of("table", "/rows"), "--addresses 10.0.0.1", "sip=10.0.0.1"),
        (format!("{account}/"), of("queue", "/jobs"), "--services bq --types c", "ss=bq&srt=c&sp=r"),
    ] {
        let sign = format!("cloud sign --scheme storage --resource {url} --permissions r {words} {NOW}");
        let token = folder.well(&one_space(&format!("{sign} --key-file key")));
        assert!(token.contains(fields), "{words}: {token}");
        folder.write("token", &token);
        let verify = format!("cloud verify token --key-file key --resource {inside} {NOW}");
        assert!(folder.well(&verify).starts_with("authentic: "), "{words}");
    }
}

/// A token whose key ends a week before it.
const ENDS_WITH_KEY: &str = "sv=2022-11-02&sr=b&sp=r&se=2030-01-10T00%3A00%3A00Z&skoid=11&sktid=22\
    &skt=2029-12-31T00%3A00%3A00Z&ske=2030-01-03T00%3A00%3A00Z&sks=b&skv=2022-11-02\
    &sig=hZvWhj34jFN%2FvVXIU3qEKjMM5T8pjPSKfabskI1p%2F74%3D";

#[test]
fn a_token_ends_with_its_user_delegation_key() {
    let folder = Folder::new("cloud-delegation-end");
    folder.write("token", ENDS_WITH_KEY);
    let answer = folder.well(&format!("cloud inspect token {NOW}"));
    assert!(answer.contains("expires   2030-01-03T00:00:00Z, in 2 days"), "{answer}");
    assert!(answer.contains("note      the user delegation key ends before the token"), "{answer}");
    let answer = folder.well("cloud inspect token --now 2030-01-05");
    assert!(answer.contains("expired   2030-01-03T00:00:00Z, 2 days ago"), "{answer}");
    let (status, answer) = folder.hubward("doctor token --within 3d --now 2030-01-01");
    assert!(status == 1 && answer.starts_with("! 2030-01-03T00:00:00Z"), "{answer}");
}

#[test]
fn a_user_delegation_key_signs_and_its_value_is_not_shown() {
    let folder = folder("cloud-delegation");
    folder.write("delegation", DELEGATION.replace("SEAL", SEAL));
    let sign = format!("cloud sign --scheme storage --permissions r --delegation delegation {NOW}");
    for (url, words) in [
        (BLOB, ""),
        ("https://contosoacct.blob.core.windows.net/plant", "--addresses 10.0.0.1"),
        ("https://contosoacct.blob.core.windows.net/plant/dev1", "--directory"),
    ] {
        let token = folder.well(&one_space(&format!("{sign} --resource {url} {words}")));
        assert!(token.contains("&skoid=11111111-") && token.contains("&skv=2026-04-06"), "{token}");
        folder.write("token", &token);
        let verify = format!("cloud verify token --key-file key --resource {BLOB} {NOW}");
        assert!(folder.well(&verify).starts_with("authentic: "), "{url}");
    }
    let queue = "https://contosoacct.queue.core.windows.net/jobs";
    for (document, words) in [
        (DELEGATION.replace("SEAL", SEAL), format!("--resource {BLOB} --stored-policy p")),
        (
            DELEGATION.replace("SEAL", SEAL),
            "--resource https://contosoacct.table.core.windows.net/rows".to_owned(),
        ),
        (
            DELEGATION.replace("SEAL", SEAL),
            "--resource https://contosoacct.blob.core.windows.net/".to_owned(),
        ),
        (DELEGATION.replace("SEAL", SEAL), format!("--resource {queue} --storage-version 2022-11-02")),
        (DELEGATION.replace("SEAL", SEAL), format!("--resource {BLOB} --key-file key")),
        (DELEGATION.replace("SEAL", "c2hvcnQ="), format!("--resource {BLOB}")),
        (DELEGATION.replace("SEAL", SEAL).replace("SignedOid", "Oid"), format!("--resource {BLOB}")),
        (DELEGATION.replace("SEAL", SEAL).repeat(2), format!("--resource {BLOB}")),
        (DELEGATION.replace("SEAL", SEAL).replace("2029-12-31T", "soon"), format!("--resource {BLOB}")),
    ] {
        folder.write("delegation", &document);
        let (status, text) = folder.hubward(&format!("{sign} {words}"));
        assert!(status == 2 || status == 3, "{words}: {status} {text}");
        assert!(!text.contains(SEAL) && !text.contains("c2hvcnQ"), "{text}");
    }
}

#[test]
fn a_stored_policy_gives_what_is_not_given() {
    let folder = folder("cloud-policy");
    let container = "https://contosoacct.blob.core.windows.net/plant";
    let sign = format!(
        "cloud sign --scheme storage --resource {container} --stored-policy readers --key-file key {NOW}"
    );
    for (words, with, without) in [
        ("", "&si=readers&", &["sp=", "se="][..]),
        ("--permissions r", "&sp=r&", &["se="]),
        ("--ttl 1h", "&se=2030-01-01T01%3A00%3A00Z&", &["sp="]),
        ("--permissions rl --expiry 2030-01-02", "&sp=rl&se=2030-01-02T00%3A00%3A00Z&", &[]),
    ] {
        let token = folder.well(&one_space(&format!("{sign} {words}")));
        assert!(token.contains(with) && without.iter().all(|field| !token.contains(field)), "{token}");
        folder.write("token", &token);
        let (status, text) =
            folder.hubward(&format!("cloud verify token --key-file key --resource {container} {NOW}"));
        assert_eq!((status, text.contains("cloud-unknown-policy")), (3, true), "{text}");
    }
}

#[test]
fn a_limit_of_another_kind_is_misuse() {
    let folder = folder("cloud-misuse");
    folder.write("delegation", DELEGATION.replace("SEAL", SEAL));
    let sign = "cloud sign --scheme storage --permissions r --key-file key";
    let queue = "https://contosoacct.queue.core.windows.net/jobs";
    for words in [
        format!("--resource {BLOB} --addresses 10.0.0.9-10.0.0.1"),
        format!("--resource {BLOB} --addresses localhost"),
        format!("--resource {BLOB} --services b"),
        format!("--resource {BLOB} --protocol http"),
        format!("--resource {BLOB} --storage-version 2026-10-07"),
        format!("--resource {BLOB} --directory --storage-version 2018-03-28"),
        format!("--resource {queue} --directory"),
        "--resource https://contosoacct.blob.core.windows.net --services bb".to_owned(),
        "--resource https://contosoacct.blob.core.windows.net --types x".to_owned(),
        "--resource https://contosoacct.blob.core.windows.net --stored-policy p".to_owned(),
        format!("--resource {BLOB} --start tomorrow"),
    ] {
        let (status, text) = folder.hubward(&format!("{sign} {words}"));
        assert_eq!(status, 2, "{words}: {text}");
    }
}
