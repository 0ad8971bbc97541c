//! Strings of a hub are parsed and explained without allocation, and so are their errors.

use hubward_connection_string::{ConnectionString, ParseOptions, explain};

#[test]
fn parsing_a_hub_string_does_not_allocate() {
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    for text in [
        format!("HostName=h;SharedAccessKeyName=p;SharedAccessKey={key}"),
        format!("HostName=h;DeviceId=d;SharedAccessKey={key};GatewayHostName=g;"),
        "HostName=h;DeviceId=d;ModuleId=m;x509=true".to_owned(),
        "HostName=h;DeviceId=d;SharedAccessSignature=SharedAccessSignature sr=h&sig=a&se=1".to_owned(),
        format!("HostName=h;ShareAccessKeyName=p;SharedAccessKey={key}"),
    ] {
        let info = allocation_counter::measure(|| {
            let _ = ConnectionString::parse(&text, &ParseOptions::STRICT);
            let _ = ConnectionString::parse(&text, &ParseOptions::COMPATIBLE);
            let _ = explain(&text, &ParseOptions::STRICT).fields().count();
        });
        assert_eq!(info.count_total, 0, "{text}");
    }
}

#[cfg(feature = "url")]
#[test]
fn the_counter_works_and_an_endpoint_allocates() {
    let bus = "Endpoint=sb://ns.example/;SharedAccessKeyName=p;SharedAccessKey=k";
    let info = allocation_counter::measure(|| {
        let _ = ConnectionString::parse(bus, &ParseOptions::STRICT);
    });
    assert!(info.count_total > 0);
}
