//! Known mistakes in connection strings.
#![allow(missing_docs, reason = "a test")]

use hubward_connection_string::{ParseOptions, explain};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn hint(text: &str) -> &'static str {
    explain(text, &ParseOptions::STRICT).hint().map_or("none", |hint| hint.code())
}

#[test]
fn known_mistakes_are_named() {
    let device = format!("HostName=h.example.net;DeviceId=d;SharedAccessKey={KEY}");
    for (text, code) in [
        (device.clone(), "none"),
        (format!("{device};"), "none"),
        ("HostName=h.example.net;DeviceId=d;x509=true".into(), "none"),
        (
            format!("Endpoint=sb://n.servicebus.windows.net/;SharedAccessKeyName=p;SharedAccessKey={KEY}"),
            "none",
        ),
        (format!("\"{device}\""), "quoted"),
        (format!("\u{feff}{device}"), "byte-order-mark"),
        (format!("{{\"cs\":\"{device}\"}}"), "json"),
        (format!("IOTHUB={device}"), "name-in-front"),
        (format!("export IOTHUB=\"{device}\""), "name-in-front"),
        (format!("{device}\n"), "white-space"),
        (device.replace(';', "&"), "ampersand-for-semicolon"),
        (device.replace(';', "&amp;"), "html"),
        (device.replace("h.example.net", "https://h.example.net"), "scheme-in-host"),
        (device.replace("h.example.net", "contoso"), "short-hub-name"),
        (device.trim_end_matches('=').into(), "key-without-padding"),
        (device.replace("WY=", "WY%3D"), "escaped-twice"),
        ("HostName=h.example.net".into(), "cut-at-semicolon"),
        ("HostName=h.example.net;DeviceId=d;SharedAccessKey".into(), "cut"),
        ("HostName=h.example.net;DeviceId=d;SharedAccessKey=".into(), "cut"),
        ("HostName=h.example.net;DeviceId=d".into(), "cut"),
        (KEY.into(), "key-for-connection-string"),
        ("SharedAccessSignature sr=h.net&sig=x&se=1".into(), "token-for-connection-string"),
        (
            format!("Endpoint=sb://h.azure-devices.net;SharedAccessKeyName=p;SharedAccessKey={KEY}"),
            "event-hubs-form",
        ),
        (
            format!("Endpoint=sb://n.servicebus.windows.net/hub;SharedAccessKeyName=p;SharedAccessKey={KEY}"),
            "entity-in-path",
        ),
        // its error names the field that was meant
        (device.replace("SharedAccessKey=", "ShareAccessKey="), "none"),
        // a gateway in a plant has a short name
        (format!("{device};GatewayHostName=edge"), "none"),
        (device.replace(';', ","), "none"),
        (String::new(), "none"),
    ] {
        assert_eq!(hint(&text), code, "{text}");
    }
}
