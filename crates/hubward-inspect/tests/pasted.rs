//! Texts as an operator pastes them at midnight: the first line names what it is, a hint or the reason names the mistake, and no
//! secret is shown.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "a test"
)]

use core::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hubward::sas::{SasToken, TokenRules};
use hubward::types::UnixTime;
use hubward_inspect::{Outcome, inspect};
use hubward_rustcrypto::Digests;

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const URL_KEY: &str = "vFtWhj34jFN_vVXI-3qEKjMM5T8pjPSKfabskI1p_74=";
const SIG: &str = "hZvWhj34jFN%2FvVXIU3qEKjMM5T8pjPSKfabskI1p%2F74%3D";
const SECRETS: [&str; 5] =
    ["MDEyMzQ1Njc4OWFi", "vFtWhj34jFN", "hZvWhj34jFN", "c2lnbmF0dXJl", "gR2hCq0m7VwKx"];

/// A certificate until 2036, and a private key whose base64 is one line.
const CERTIFICATE: &str = include_str!("pasted.pem");
const PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIgR2hCq0m7VwKxgR2hCq0m7VwKxgR2hCq0m7VwKxAAAA\n-----END PRIVATE KEY-----\n";

/// Returns the result and the lines for a text on 2029-01-01.
fn answer(text: &str) -> (bool, String) {
    let now = UnixTime::since_unix_epoch(Duration::from_secs(1_861_920_000));
    let mut lines = Vec::new();
    let outcome = inspect(text.as_bytes(), &Digests, now, &mut lines).unwrap();
    (outcome == Outcome::Good, String::from_utf8(lines).unwrap())
}

/// A text, the beginning of its kind, a part of the answer, and whether it is good as it is.
type Case = (String, &'static str, &'static str, bool);

fn device() -> String {
    format!("HostName=h.example;DeviceId=pump;SharedAccessKey={KEY}")
}

fn token() -> String {
    format!("SharedAccessSignature sr=h.example%2Fdevices%2Fpump&sig={SIG}&se=1893456000")
}

fn jwt(head: &str, claims: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.c2lnbmF0dXJlLW9mLWEtand0", part(head), part(claims))
}

fn around_strings() -> Vec<Case> {
    let (device, string) = (device(), "connection string");
    vec![
        (format!("{device}\r\n\r\n"), string, "well formed", true),
        (format!("\u{2018}{device}\u{2019}"), string, "(quoted)", false),
        (format!("setx IOTHUB_CS \"{device}\""), string, "(name-in-front)", false),
        (format!("$env:IOTHUB_CS = \"{device}\""), string, "(name-in-front)", false),
        (format!("  connectionString: \"{device}\""), string, "(name-in-front)", false),
        (format!("connection_string = {device}"), string, "(name-in-front)", false),
        (format!("const connectionString = '{device}';"), string, "(name-in-front)", false),
        (format!("CONN = \"{device}\"  # prod"), string, "(quoted)", false),
        (format!("docker run -e CS={device}"), string, "(name-in-front)", false),
        (format!("\"connectionString\": \"{device}\","), string, "(name-in-front)", false),
        (format!("b'{device}'"), string, "(name-in-front)", false),
        (format!("\\\"{device}\\\""), string, "(json)", false),
        (format!("&quot;{device}&quot;"), string, "(html)", false),
        (format!("$ {device}"), string, "(name-in-front)", false),
        (format!("Primary Connection String\n{device}"), string, "(name-in-front)", false),
        (format!("{device}%0A"), string, "(white-space)", false),
        (format!("{device}\\n"), string, "(white-space)", false),
        (format!("{device},"), string, "(json)", false),
        (format!("{device}\""), string, "(quoted)", false),
        (device.replace('=', " = ").replace(" = \u{20}", "="), string, "(white-space)", false),
        (device.replace(KEY, URL_KEY), string, "the key is in base64url", false),
        (device.replace(KEY, "<key>"), string, "a placeholder: put the key", false),
        (device.replace(KEY, "{your device key}"), string, "a placeholder: put the key", false),
        (device.replace(KEY, &format!("\"{KEY}\"")), string, "the key is in quotes", false),
        (
            format!("{device};GatewayHostName=edge"),
            string,
            "well formed; only its service can tell whether the key is accepted\n",
            true,
        ),
        (device.replace("h.example", "contoso"), string, "(short-hub-name)", true),
    ]
}

fn around_tokens() -> Vec<Case> {
    let (token, kind) = (token(), "SAS token of an IoT hub, of a device");
    let sas = "SAS token of an IoT hub, malformed";
    let wrapped = format!("{}\r\n    {}", &token[..60], &token[60..]);
    vec![
        (format!("{token}\r\n"), kind, "expires", true),
        (format!("{token}%0D%0A"), kind, "(white-space)", false),
        (wrapped, sas, "(white-space)", false),
        (token.replace('&', "&#38;"), kind, "(html)", false),
        (token.replace('&', "%26"), kind, "(escaped-twice)", false),
        (token.replace('%', "%25").replace('&', "%26").replace('=', "%3D"), kind, "(escaped-twice)", false),
        (token.replace(SIG, &SIG.replace('%', "%25")), sas, "(escaped-twice)", false),
        (token.replace(SIG, &SIG.replace("%3D", "")), sas, "the padding of the signature is missing", false),
        (token.replace(SIG, &URL_KEY.replace('=', "%3D")), sas, "the signature is in base64url", false),
        (token.replace('&', ";"), sas, "separated by `&`", false),
        (token.replace("Signature", "Signiture"), sas, "(scheme-word-missing)", false),
        (format!("{token}.5"), sas, "(date-for-expiry)", false),
        (format!("{token}000"), kind, "(milliseconds)", true),
        (
            format!("curl -H 'Authorization: {token}' https://h.example/x"),
            "HTTP header Authorization with a SAS token",
            "expires",
            true,
        ),
        (
            format!("POST /x HTTP/1.1\r\nAuthorization: {token}\r\n\r\n"),
            "HTTP header Authorization with a SAS token",
            "expires",
            true,
        ),
        (format!("Authorization {token}"), kind, "(header-name)", false),
        (
            format!("Authorization: Bearer {token}"),
            "HTTP header Authorization with a SAS token",
            "(name-in-front)",
            false,
        ),
        (format!("SharedAccessSignature {token}"), kind, "(value-with-name)", false),
        (
            format!("{{\"username\":\"h.example/pump\",\"password\":\"{token}\"}}"),
            "JSON with a SAS token",
            "expires",
            true,
        ),
        (
            format!(
                "SharedAccessSignature r=https%3A%2F%2Ft.westeurope-1.eventgrid.azure.net%2Fapi%2Fevents&e=1%2F1%2F2030%2012%3A00%3A00%20AM&s={SIG}"
            ),
            "SAS token of Event Grid",
            "resource",
            true,
        ),
    ]
}

fn keys_and_names() -> Vec<Case> {
    let key = "symmetric key in base64";
    vec![
        (format!("Primary key: {KEY}"), key, "(name-in-front)", false),
        (format!("\"primaryKey\": \"{KEY}\","), key, "(name-in-front)", false),
        (format!("export HUBWARD_KEY='{KEY}'"), key, "(name-in-front)", false),
        (format!("{KEY}%0A"), key, "(white-space)", false),
        (format!("{KEY}\t{KEY}"), "symmetric key in base64, malformed", "(white-space)", false),
        (URL_KEY.to_owned(), "symmetric key in base64, malformed", "base64url", false),
        (
            "SHA256 Fingerprint=AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89".to_owned(),
            "SHA-256 thumbprint",
            "(name-in-front)",
            false,
        ),
        (format!("\u{200e}{}", "ab".repeat(20)), "SHA-1 thumbprint", "(white-space)", false),
        ("f0".repeat(32), "SHA-256 thumbprint", "a key of 32 bytes in hexadecimal has the same form", true),
        ("h.example/pump".to_owned(), "MQTT username of a device", "client    pump", true),
        ("h.example/pump/".to_owned(), "MQTT username of a device", "client    pump", true),
        ("contoso.azure-devices.net/pump/camera".to_owned(), "MQTT username of a module", "(username)", false),
        ("h.example%2Fpump%2F%3Fapi-version%3D2021-04-12".to_owned(), "MQTT username of a device", "(escaped-twice)", false),
    ]
}

fn jwts_and_json() -> Vec<Case> {
    let good = r#"{"aud":"https://iothubs.azure.net","oid":"o","exp":1893456000}"#;
    let signed = jwt(r#"{"alg":"RS256"}"#, good);
    let service = format!("HostName=h.example;SharedAccessKeyName=owner;SharedAccessKey={KEY}");
    let bearer = "JWT (bearer token)";
    vec![
        (jwt(r#"{"alg":"none"}"#, good), bearer, "not signed", false),
        (
            jwt(r#"{"alg":"RS256"}"#, &good.replace("1893456000", "1893456000000")),
            bearer,
            "(milliseconds)",
            true,
        ),
        (
            jwt(r#"{"alg":"RS256"}"#, &good.replace("\"exp\"", "\"nbf\":1893450000,\"exp\"")),
            bearer,
            "not valid before 2029-12-31",
            false,
        ),
        (format!("{signed}=="), "JWT (bearer token), malformed", "(bearer)", false),
        (
            format!("{}\n{}", &signed[..40], &signed[40..]),
            "JWT (bearer token), malformed",
            "(white-space)",
            false,
        ),
        (format!("ACCESS_TOKEN={signed}"), bearer, "(name-in-front)", false),
        (
            format!("[\"{service}\", \"{}\"]", device()),
            "JSON list with a connection string",
            "device string",
            true,
        ),
        (format!("{{\"token\": \"{}\"}}", token()), "JSON with a SAS token", "expires", true),
        (
            format!("[{{\"keyName\":\"key1\",\"value\":\"{KEY}\"}}]"),
            "JSON list of 1 objects: keys of a storage account",
            "not shown",
            true,
        ),
        (format!("{service}\n{}", device()), "connection string", "(white-space)", false),
    ]
}

fn files() -> Vec<Case> {
    let of_key = PRIVATE_KEY.lines().nth(1).unwrap();
    let base64: String = CERTIFICATE.lines().filter(|line| !line.starts_with('-')).collect();
    let json = serde_json::json!({ "data": PRIVATE_KEY }).to_string();
    vec![
        (CERTIFICATE.replace('\n', "\\n"), "certificate in PEM, malformed", "restore them", false),
        (format!("\"{CERTIFICATE}\""), "certificate in PEM, malformed", "other text", false),
        (CERTIFICATE.replace("-----", "----"), "certificate in PEM, malformed", "resembles a BEGIN", false),
        (
            CERTIFICATE.replace("-----", "\u{2014}\u{2014}"),
            "certificate in PEM, malformed",
            "resembles a BEGIN",
            false,
        ),
        (CERTIFICATE.replace("BEGIN", "begin"), "certificate in PEM, malformed", "resembles a BEGIN", false),
        (PRIVATE_KEY.replace('\n', " "), "private key in PEM, malformed", "restore them", false),
        (STANDARD.encode(CERTIFICATE), "base64 of a file: certificate in PEM", "decode it", false),
        (STANDARD.encode(PRIVATE_KEY), "base64 of a file: private key in PEM", "decode it", false),
        (
            base64.clone(),
            "base64 without its BEGIN and END lines: certificate in DER",
            "lines are missing",
            false,
        ),
        (
            of_key.to_owned(),
            "base64 without its BEGIN and END lines: private key in DER",
            "lines are missing",
            false,
        ),
        (json, "JSON with a private key in PEM", "not shown", true),
        (
            format!("cert: |\n{}", CERTIFICATE.replace('\n', "\n  ")),
            "certificate in PEM",
            "common name  pump",
            true,
        ),
    ]
}

#[test]
fn each_text_is_named_with_its_mistake() {
    let cases = [around_strings(), around_tokens(), keys_and_names(), jwts_and_json(), files()].concat();
    assert!(cases.len() >= 60, "{}", cases.len());
    let mut wrong = Vec::new();
    for (text, kind, part, good) in &cases {
        let (is_good, lines) = answer(text);
        let named = lines.strip_prefix("kind      ").is_some_and(|name| name.starts_with(kind));
        if !named || !lines.contains(part) || is_good != *good {
            wrong.push(format!("{kind} / {part} / {good}:\n{lines}"));
        }
        for secret in SECRETS {
            assert!(!lines.contains(secret), "{kind} / {part}: a secret is shown");
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn a_caret_is_under_the_mistake_of_a_pem_file() {
    let second = CERTIFICATE.lines().nth(1).unwrap();
    let stars = "*".repeat(second.len());
    let base64: String = CERTIFICATE.lines().filter(|line| !line.starts_with('-')).collect();
    let mut der = STANDARD.decode(base64).unwrap();
    let date = der.windows(2).position(|bytes| bytes == [0x17, 13]).unwrap();
    *der.get_mut(date + 3).unwrap() = b'X';
    let lines = STANDARD.encode(der);
    let lines: Vec<&str> =
        lines.as_bytes().chunks(64).map(|line| core::str::from_utf8(line).unwrap()).collect();
    let dated = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
    for (text, above, caret) in [
        (CERTIFICATE.replace('\n', "\\n"), "-----BEGIN CERTIFICATE-----\\", 27),
        (format!("# {CERTIFICATE}"), "# -----BEGIN CERTIFICATE-----", 0),
        (CERTIFICATE.replacen("-----BEGIN", "----BEGIN", 1), "----BEGIN CERTIFICATE-----", 4),
        (CERTIFICATE.replace("CERTIFICATE", "CERTFICATE"), "-----BEGIN **********-----", 11),
        (CERTIFICATE.replacen("END CERTIFICATE", "END PUBLIC KEY", 1), "-----END PUBLIC KEY-----", 9),
        (CERTIFICATE.replacen("MII", "MI\u{200b}I", 1), "**?**", 2),
        (CERTIFICATE.replacen("MII", "MI*I", 1), "*****", 2),
        (CERTIFICATE.replacen("-----END CERTIFICATE-----\n", "", 1), "-----BEGIN CERTIFICATE-----", 0),
        (CERTIFICATE.replacen("-----BEGIN CERTIFICATE-----\n", "", 1), " ****", 0),
        (
            PRIVATE_KEY.replacen(
                "-----BEGIN PRIVATE KEY-----",
                "-----BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n",
                1,
            ),
            "Proc-Type: *,ENCRYPTED",
            9,
        ),
        // 60 characters are shown on each side
        (PRIVATE_KEY.replacen("AAAA\n", "AAA\n", 1), "****", 60),
        (PRIVATE_KEY.replace("PRIVATE", "ENCRYPTED PRIVATE"), "-----BEGIN ENCRYPTED PRIVATE KEY-----", 11),
        // longer than the file
        (CERTIFICATE.replacen("MII", "MIJ", 1), &stars, 0),
        (dated, "****", (date + 2) * 4 / 3 % 64),
    ] {
        let (_, lines) = answer(&text);
        let lines: Vec<&str> = lines.lines().collect();
        let at =
            lines.iter().position(|line| line.trim() == "^").unwrap_or_else(|| panic!("{above}: {lines:?}"));
        let [shown, pointer] = [at - 1, at].map(|at| lines.get(at).unwrap().get(2..).unwrap());
        assert!(shown.starts_with(above), "{above}: {lines:#?}");
        assert_eq!(pointer.find('^'), Some(caret), "{above}: {lines:#?}");
        for secret in SECRETS.iter().chain(&[second]) {
            assert!(!lines.join("\n").contains(secret), "{above}");
        }
    }
}

/// Texts that had shown a secret, or a part of one.
#[test]
fn no_place_shows_a_secret() {
    let key = "gR2hCq0m7VwKxqrT8pjPSKfabskI1pZ74vVXIU3qEKj=";
    let url_body = "-Bq_gR2hCq0m7V-EC-wKx_gR2hCq0m7VwKx-key-gR2hCq0";
    for (text, secret) in [
        (format!("{{\"fleetAgentKey1\":\"{key}\"}}"), "gR2hC"),
        (format!("{{\"a\":\"b\",\"etag\":\"{key}\"}}"), "gR2hC"),
        ("{\"pwd\":\"hunter2\",\"n\":1}".to_owned(), "hunter2"),
        ("{\"passphrase\":\"hunter2\"}".to_owned(), "hunter2"),
        ("{\"dbPass\":\"hunter2\"}".to_owned(), "hunter2"),
        ("{\"credential\":\"hunter2\"}".to_owned(), "hunter2"),
        ("{\"signature\":\"hunter2\"}".to_owned(), "hunter2"),
        ("{\"password\":48151623}".to_owned(), "48151623"),
        ("{\"key1\":\"hunter2\"}".to_owned(), "hunter2"),
        ("app.example.com/api?code=hunter2".to_owned(), "hunter2"),
        ("app.example.com/api?api-version=1&code=hunter2".to_owned(), "hunter2"),
        ("app.example.com/api?api-version=1&hunter2".to_owned(), "hunter2"),
        ("app.example.com/api?api-version=1?code=hunter2".to_owned(), "hunter2"),
        ("app.example.com/registrations/api?code=hunter2".to_owned(), "hunter2"),
        ("app.example.com/api/code=hunter2/api-version=1".to_owned(), "hunter2"),
        ("pump@sas.h.example?code=hunter2".to_owned(), "hunter2"),
        (format!("-----BEGIN PRIVATE KEY-----\n{url_body}\n-----END PRIVATE KEY-----"), "*-*"),
        (format!("-----BEGIN PRIVATE KEY-----\n{url_body}\n-----END PRIVATE KEY-----"), "_"),
        (format!("-----BEGIN PRIVATE KEY-----\n{url_body}\n-----END PRIVATE KEY-----"), "EC"),
        (format!("-----BEGIN PRIVATE KEY-----\\n{url_body}\\n-----END PRIVATE KEY-----"), "_"),
        (URL_KEY.to_owned(), "*_"),
        (URL_KEY.to_owned(), "*-"),
    ] {
        let (_, lines) = answer(&text);
        assert!(!lines.contains(secret), "{text}\n{lines}");
    }
}

/// Texts that a word or a name in them had led to another reader.
#[test]
fn a_word_within_a_text_does_not_change_its_kind() {
    let thumbprint = "ab".repeat(20);
    for (text, kind) in [
        (format!("HostName=h.example;DeviceId=fingerprint-1;SharedAccessKey={KEY}"), "connection string"),
        (token().replace("pump", "thumbprint-1"), "SAS token of an IoT hub, of a device"),
        (format!("\"primaryThumbprint\": \"{thumbprint}\","), "SHA-1 thumbprint"),
        (format!("{{\"accessString\":\"{}\"}}", device()), "JSON with a connection string"),
        ("h.example/pump/?DeviceClientType=x".to_owned(), "MQTT username of a device"),
        ("h.example/pump/?".to_owned(), "MQTT username of a device"),
    ] {
        let (_, lines) = answer(&text);
        assert!(lines.starts_with(&format!("kind      {kind}")), "{text}\n{lines}");
    }
    // a sign is no digit of an escape
    assert!(!answer("SharedAccessSignature sr%3Dh%+5x").1.contains("\\u{5}"));
}

#[test]
fn a_token_that_is_a_connection_string_is_named_so() {
    let text = "HostName=h;DeviceId=d;SharedAccessKey=K";
    let rules = TokenRules::HUB_COMPAT;
    let error = SasToken::parse(text, &rules).err().unwrap();
    let mut lines = Vec::new();
    hubward_inspect::token::malformed(&mut lines, text, &error).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    assert!(lines.contains("(connection-string-for-token)") && !lines.contains('^'), "{lines}");
}

#[test]
fn the_output_does_not_grow_with_the_square_of_the_input() {
    let members: Vec<String> = (0..500).map(|n| format!("\"m{n}\":1")).collect();
    let name = "n".repeat(10_000);
    let text = format!("{{\"{name}\":{{{}}}}}", members.join(","));
    assert!(answer(&text).1.len() < 100_000);
    let blocks = "-----BEGIN CERTIFICATE-----\nMIJA\n-----END CERTIFICATE-----\n".repeat(20);
    let (_, lines) = answer(&blocks);
    assert_eq!((lines.matches("refused").count(), lines.matches('^').count()), (20, 8), "{lines}");
}
