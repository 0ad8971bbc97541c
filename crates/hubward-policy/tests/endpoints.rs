//! The table of endpoints: `docs/ENDPOINTS.md` has the rows that decisions use.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use hubward_policy::{ENDPOINTS, Operation, Transport, endpoint_table, provisioning_table};

#[test]
fn the_table_in_docs_is_up_to_date() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ENDPOINTS.md");
    let text = std::fs::read_to_string(docs).unwrap();
    let table: String =
        text.lines().filter(|line| line.starts_with('|')).map(|line| format!("{line}\n")).collect();
    assert_eq!(
        table,
        format!("{}{}", endpoint_table(), provisioning_table()),
        "write it with `cargo run -p hubward-policy --example endpoints > docs/ENDPOINTS.md`"
    );
}

#[test]
fn every_row_matches_its_own_pattern() {
    for endpoint in ENDPOINTS {
        let text = endpoint
            .pattern()
            .replace("{$edgeHub}", "$edgeHub")
            .replace("{bag}", "a=b")
            .replace("devicebound|deviceBound", "deviceBound")
            .replace("servicebound|serviceBound", "serviceBound")
            .replace(['{', '}'], "");
        let operation = match (endpoint.transport(), endpoint.verb()) {
            (Transport::Http, method) => Operation::http(method, &text),
            (Transport::Mqtt, "connect") => Operation::mqtt_connect(),
            (Transport::Mqtt, "publish") => Operation::mqtt_publish(&text),
            (Transport::Mqtt, _) => Operation::mqtt_subscribe(&text),
            (Transport::Amqp, "send") => Operation::amqp_send(&text),
            (Transport::Amqp, _) => Operation::amqp_receive(&text),
        };
        assert_eq!(operation.endpoint(), Some(endpoint), "{operation}");
    }
}
