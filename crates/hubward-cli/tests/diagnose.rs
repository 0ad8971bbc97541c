//! `hubward diagnose`: what a client sends, against registries of each form and connection strings.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test")]

mod common;

use common::{Folder, SEAL};

const OTHER: &str = "YW5vdGhlciBrZXkgb2YgMzIgYnl0ZXMsIGZvciB0ZXM=";
const USERNAME: &str = "--username h.example/pump/?api-version=2021-04-12";

/// Returns a folder with registries, tokens and policies.
fn folder(test: &str) -> Folder {
    let folder = Folder::new(test);
    let keys = format!("{{\"primaryKey\":\"{OTHER}\",\"secondaryKey\":\"{SEAL}\"}}");
    folder.write(
        "lines",
        format!("{{\"id\":\"pump\",\"status\":\"enabled\",\"authentication\":{{\"type\":\"sas\",\"symmetricKey\":{keys}}}}}\n{{\"id\":\"off\",\"status\":\"disabled\",\"authentication\":{{\"type\":\"sas\",\"symmetricKey\":{keys}}}}}\n"),
    );
    folder.well("registry import plain lines --plain");
    folder.well("registry import sealed lines");
    folder.well("registry import sqlite:hub.db lines --hub h.example");
    folder.write("key", SEAL);
    folder.write("wrong", STRANGE);
    folder.write("string", format!("HostName=h.example;DeviceId=pump;SharedAccessKey={SEAL}"));
    let policy =
        format!("[{{\"keyName\":\"service\",\"primaryKey\":\"{SEAL}\",\"rights\":\"ServiceConnect\"}}]");
    folder.write("policies", policy);
    let sign = |name: &str, words: &str| {
        folder.write(name, folder.well(&format!("token sign --key-file key --expiry 2030-01-01 {words}")));
    };
    sign("token", "--host h.example --device pump");
    sign("off.token", "--host h.example --device off");
    sign("other.token", "--host other.example --device pump");
    sign("service.token", "--host h.example --policy service");
    let wrong = "token sign --key-file wrong --expiry 2030-01-01 --host h.example --device pump";
    folder.write("wrong.token", folder.well(wrong));
    folder.write(
        "http",
        format!(
            "POST /devices/pump/messages/events HTTP/1.1\nHost: h.example\nAuthorization: {}\n",
            folder.text("token").trim()
        ),
    );
    folder
}

const STRANGE: &str = "c3RyYW5nZXIga2V5IG9mIDMyIGJ5dGVzLCBmb3IgdGU=";

#[test]
fn a_connect_is_judged_against_each_form_of_a_registry() {
    let folder = folder("diagnose-forms");
    for registry in ["plain", "sealed", "sqlite:hub.db", "string"] {
        let words = format!(
            "diagnose mqtt {registry} --client-id pump {USERNAME} --password-file token --now 2029-01-01"
        );
        let (status, text) = folder.hubward(&words);
        assert_eq!(status, 0, "{registry}: {text}");
        let slot = if registry == "string" { "primary" } else { "secondary" };
        for part in [
            "judged    MQTT CONNECT at hub h.example",
            "step      looked up device pump: enabled",
            "accepted: device pump",
            &format!("key       the {slot} key signed"),
            "until     2030-01-01",
            "later     the same a second later",
        ] {
            assert!(text.contains(part), "{registry}: {part}: {text}");
        }
    }
}

#[test]
fn a_refusal_has_its_code_cause_cure_and_clock() {
    let folder = folder("diagnose-refusals");
    let mqtt = |client: &str, user: &str, token: &str, now: &str| {
        let words = format!(
            "diagnose mqtt plain --client-id {client} --username {user} --password-file {token} --now {now} --host h.example"
        );
        let (status, text) = folder.hubward(&words);
        assert_eq!(status, 1, "{text}");
        text
    };
    let pump = "h.example/pump/?api-version=2021-04-12";
    for (text, parts) in [
        (
            mqtt("pump", pump, "token", "2031-01-01"),
            &[
                "(token-expired)",
                "cause     The expiry is before",
                "cure      Sign a new token",
                "is told: unauthorized",
                "clock     good until 2030-01-01T00:05:00Z, 364 days",
            ][..],
        ),
        (
            mqtt("Pump", pump, "token", "2029-01-01"),
            &["(client-id)", "hint      the client id and the username differ in case", "(case-differs)"][..],
        ),
        (
            mqtt("pump", pump, "wrong.token", "2029-01-01"),
            &["(token-wrong-signature)", "looked up device pump: enabled, with two keys"][..],
        ),
        (mqtt("pump", pump, "other.token", "2029-01-01"), &["(hub-mismatch)"][..]),
        (
            mqtt("off", "h.example/off/?api-version=2021-04-12", "off.token", "2029-01-01"),
            &["(disabled)", "disabled, with two keys"][..],
        ),
        (
            mqtt("none", "h.example/none/?api-version=2021-04-12", "token", "2029-01-01"),
            &["(identity-mismatch)"][..],
        ),
        (
            mqtt("pump", "h.example/pump?api-version=2021-04-12", "token", "2029-01-01"),
            &["no-slash-before-query"][..],
        ),
    ] {
        for part in parts {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

#[test]
fn the_second_that_changes_the_verdict_is_named() {
    let folder = folder("diagnose-later");
    let words = format!(
        "diagnose mqtt string --client-id pump {USERNAME} --password-file token --now 2030-01-01T00:05:00Z"
    );
    let (status, text) = folder.hubward(&words);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("later     a second later: token-expired"), "{text}");
}

#[test]
fn other_transports_are_judged() {
    let folder = folder("diagnose-transports");
    for (words, status, part) in [
        ("http plain --request http", 0, "accepted: device pump"),
        ("cbs plain --resource h.example/devices/pump --token-file token", 0, "accepted: device pump"),
        ("cbs plain --resource h.example/devices/off --token-file token", 1, "(identity-mismatch)"),
        (
            "amqp plain --username pump@sas.h --password-file token --host h.example",
            0,
            "accepted: device pump",
        ),
        ("amqp plain --username pump@sas.h.example --password-file token --host h.example", 1, "whole-host"),
        (
            "amqp plain --username service@sas.root.h --password-file service.token --host h.example --policies policies",
            0,
            "a policy with ServiceConnect",
        ),
        (
            "amqp plain --username service@sas.root.h --password-file service.token --host h.example",
            1,
            "(unknown)",
        ),
    ] {
        let (got, text) = folder.hubward(&format!("diagnose {words} --now 2029-01-01"));
        assert!(got == status && text.contains(part), "{words}: {got}\n{text}");
    }
    let request = folder.text("http").replace("/devices/pump/", "/devices/off/");
    folder.write("http", request);
    let (status, text) = folder.hubward("diagnose http plain --request http --now 2029-01-01");
    assert!(status == 1 && text.contains("identity-mismatch"), "{text}");
}

#[test]
fn a_registration_is_judged_by_its_enrollment() {
    let folder = folder("diagnose-dps");
    folder.well("enrollment add enrolled --registration pump --key-file key");
    let sign = "token sign --key-file key --expiry 2030-01-01 --id-scope 0ne1 --registration pump";
    folder.write("dps.token", folder.well(sign));
    let judge = |scope: &str| {
        folder.hubward(&format!(
            "diagnose dps enrolled --id-scope {scope} --client-id pump --username \
             0ne1/registrations/pump/api-version=2019-03-31 --password-file dps.token --now 2029-01-01"
        ))
    };
    let (status, text) = judge("0ne1");
    assert!(status == 0 && text.contains("accepted: device pump by the individual enrollment"), "{text}");
    let (status, text) = judge("0ne2");
    assert!(status == 1 && text.contains("(id-scope-mismatch)"), "{text}");
}

#[test]
fn a_certificate_is_judged_with_the_authorities() {
    let folder = folder("diagnose-x509");
    folder.write(
        "x509",
        "{\"id\":\"pump-7\",\"status\":\"enabled\",\"authentication\":{\"type\":\"certificateAuthority\"}}\n",
    );
    folder.well("registry import fleet x509 --plain");
    folder.well("ca init root --name Root --now 2028-01-01");
    folder.well("cert request --device pump-7 --new-key-file pump.key --output request.csr");
    folder.well("ca issue root request.csr --device pump-7 --output chain.pem --now 2028-12-31");
    let words = "diagnose mqtt fleet --client-id pump-7 --username h.example/pump-7/?api-version=2021-04-12 --chain chain.pem";
    let (status, text) = folder.hubward(&format!("{words} --ca root/certificate.pem --now 2029-01-01"));
    assert!(status == 0 && text.contains("accepted: device pump-7"), "{text}");
    let (status, text) = folder.hubward(&format!("{words} --now 2029-01-01"));
    assert!(status == 1 && text.contains("(certificate-unknown-issuer)"), "{text}");
}

/// Returns a bearer token with these claims.
fn bearer(head: &str, claims: &str) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("Bearer {}.{}.c2lnbmF0dXJlLW9mLWEtand0", part(head), part(claims))
}

#[test]
fn a_bearer_token_is_judged_by_its_claims_and_the_roles() {
    let folder = folder("diagnose-bearer");
    let good = r#"{"aud":"https://iothubs.azure.net","oid":"7c1d","groups":["g"],"exp":1893456000}"#;
    let signed = r#"{"alg":"RS256"}"#;
    let reader = "--role IoT Hub Registry Contributor";
    let judge = |authorization: &str, role: &str, now: &str| {
        let request =
            format!("GET /devices/pump HTTP/1.1\nHost: h.example\nAuthorization: {authorization}\n");
        folder.write("bearer", request);
        let mut command = folder.command(&format!("diagnose http string --request bearer --now {now}"));
        if let Some((option, name)) = role.split_once(' ') {
            command.args([option, name]);
        }
        common::run(&mut command, "")
    };
    for (authorization, role, now, expected, part) in [
        (
            bearer(signed, good),
            reader,
            "2029-01-01",
            0,
            "accepted: user 7c1d, if the directory's keys verify the token",
        ),
        (
            bearer(signed, good),
            reader,
            "2029-01-01",
            0,
            "audience https://iothubs.azure.net, 1 groups; not verified",
        ),
        (bearer(signed, good), "", "2029-01-01", 1, "denied: "),
        (bearer(signed, good), reader, "2030-01-01", 1, "(bearer-expired)"),
        (bearer(signed, &good.replace("iothubs", "graph")), reader, "2029-01-01", 1, "(audience-mismatch)"),
        (bearer(signed, &good.replace("oid", "sub")), reader, "2029-01-01", 1, "(bearer-refused)"),
        (bearer(r#"{"alg":"none"}"#, good), reader, "2029-01-01", 1, "(bearer-refused)"),
        ("Bearer x".to_owned(), reader, "2029-01-01", 1, "(bearer)"),
    ] {
        let (status, text) = judge(&authorization, role, now);
        assert!(status == expected && text.contains(part), "{part}: status {status}: {text}");
        assert!(!text.contains("c2lnbmF0dXJl"), "{text}");
    }
}

#[test]
fn a_revoked_certificate_is_refused_by_the_list() {
    let folder = folder("diagnose-crl");
    folder.well("ca init root --name Root --now 2028-01-01");
    folder.well("cert request --device pump --new-key-file pump.key --output request.csr");
    folder.well("ca issue root request.csr --device pump --output chain.pem --now 2028-12-01");
    folder.well("ca crl root --output before.crl --now 2028-12-30");
    folder.well("registry create hub --device pump --register ca");
    let judge = |more: &str| {
        folder.hubward(&format!(
            "diagnose mqtt hub --client-id pump {USERNAME} --chain chain.pem --ca root/certificate.pem --now 2029-01-01{more}"
        ))
    };
    let (status, text) = judge("");
    assert_eq!(status, 0, "{text}");
    let (status, text) = judge(" --crl before.crl");
    assert_eq!(status, 0, "{text}");
    folder.well("ca revoke root chain.pem --now 2028-12-31");
    folder.well("ca crl root --output after.crl --now 2028-12-31");
    let (status, text) = judge(" --crl after.crl");
    assert!(status == 1 && text.contains("(certificate-revoked)"), "{text}");
    // a list needs its authority
    let words = format!("diagnose mqtt hub --client-id pump {USERNAME} --chain chain.pem --crl after.crl");
    assert_eq!(folder.hubward(&words).0, 2);
}
