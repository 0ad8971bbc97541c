//! Known mistakes in tokens.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use hubward_sas::explain;

const SIG: &str = "JdyscqTp3H8GUdc9j1jYp0s0GkXYmH1cVbHRbkKKa8s%3D";

fn hint(text: &str) -> &'static str {
    explain(text).map_or("none", |hint| hint.code())
}

fn token(sr: &str, se: &str) -> String {
    format!("SharedAccessSignature sr={sr}&sig={SIG}&se={se}")
}

#[test]
fn text_around_a_token_is_named() {
    let own = token("h.net%2Fdevices%2Fd", "1800003600");
    for (text, code) in [
        (own.clone(), "none"),
        (format!("\"{own}\""), "quoted"),
        (format!("'{own}'"), "quoted"),
        (format!("\u{201c}{own}\u{201d}"), "quoted"),
        (format!("\u{feff}{own}"), "byte-order-mark"),
        (format!("Authorization: {own}"), "header-name"),
        (format!("authorization={own}"), "header-name"),
        (format!("SharedAccessSignature={own}"), "value-with-name"),
        (format!("SAS={own}"), "name-in-front"),
        (format!("export SAS={own}"), "name-in-front"),
        (format!("{{\"sas\": \"{own}\"}}"), "json"),
        (format!("[\"{own}\"]"), "json"),
        (format!("\"sas\": \"{own}\""), "json"),
        (format!("<sas>{own}</sas>"), "html"),
        (own.replace('&', "&amp;"), "html"),
        (own.replacen(' ', "%20", 1), "escaped-space"),
        (own.replacen(' ', "+", 1), "escaped-space"),
        (own.replacen(' ', "  ", 1), "white-space"),
        (format!("{own}\n"), "white-space"),
        (format!(" {own}"), "white-space"),
        (own.replacen('&', "& ", 1), "white-space"),
        (own.replacen("SharedAccessSignature ", "", 1), "scheme-word-missing"),
        (own.replacen("Signature", "Signiture", 1), "scheme-word-missing"),
        ("HostName=h.net;DeviceId=d;SharedAccessKey=a2V5".into(), "connection-string-for-token"),
        (format!("HostName=h.net;DeviceId=d;SharedAccessSignature={own}"), "connection-string-for-token"),
        ("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".into(), "key-for-token"),
        ("Bearer aaaa.bbbb.cccc".into(), "bearer-token"),
        ("dev1".into(), "none"),
        (String::new(), "none"),
    ] {
        assert_eq!(hint(&text), code, "{text}");
    }
}

#[test]
fn mistake_within_a_token_is_named() {
    for (sr, se, code) in [
        ("h.net", "1", "none"),
        ("h.net/devices/d/modules/m", "9223372036854775807", "none"),
        ("0ne1%2Fregistrations%2Fr", "1800003600", "none"),
        ("localhost:8443%2Fdevices%2Fd", "1800003600", "none"),
        ("h.net%2Fdevices%2Fa%2540b", "1800003600", "none"),
        ("h.net%2Fdevices%2Fd", "1800003600000", "milliseconds"),
        ("h.net%2Fdevices%2Fd", "2027-01-15T09:00:00Z", "date-for-expiry"),
        ("h.net%2Fdevices%2Fd", "01/15/2027", "date-for-expiry"),
        ("h.net%2Fdevices%2Fd", "1893456000.25", "date-for-expiry"),
        ("h.net%252Fdevices%252Fd", "1", "escaped-twice"),
        ("sb%3A%2F%2Fns.servicebus.windows.net%2Fq", "1", "other-service"),
        ("ns.servicebus.windows.net", "1", "other-service"),
        ("https%3a%2f%2fh.net", "1", "scheme-in-host"),
        ("https://h.net/devices/d", "1", "scheme-in-host"),
        ("h.net%2Fdevices%2Fd%2Fmodule%2Fm", "1", "module-for-modules"),
        ("h.net%2Fdevice%2Fd", "1", "device-for-devices"),
        ("h.net%2Fd", "1", "devices-missing"),
        ("h.net/d/modules/m", "1", "devices-missing"),
        ("contoso%2Fdevices%2Fd", "1", "short-hub-name"),
    ] {
        assert_eq!(hint(&token(sr, se)), code, "{sr} {se}");
    }
    assert_eq!(hint(&format!("{}&skn=p", token("h.net%2Fanything", "1"))), "none", "a policy's resource");
    assert_eq!(hint(&token("h.net", "1").replace("%3D", "%253D")), "escaped-twice");
    let own = token("h.net%2Fdevices%2Fd", "1800003600");
    let cut = (0..own.len()).filter(|at| hint(own.get(..*at).unwrap()) == "cut").count();
    assert!(cut > 60, "{cut}: most beginnings of a token are known as such");
}

#[test]
fn any_text_is_explained_in_bounded_time() {
    for text in ["\u{e9}".repeat(5000), "%".repeat(10_000), "&".repeat(10_000), "sr=".repeat(10_000)] {
        let _ = hint(&text);
        let _ = hint(&format!("SharedAccessSignature {text}"));
    }
}
