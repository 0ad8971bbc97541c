//! The attempts of clients and impostors, and the expected verdicts.

use core::error::Error;

use hubward_rustcrypto::HmacKey;

use super::certificates::certificate_rows;
use super::client::{Attempt, Packet, username};
use super::fixtures::{ANOTHER_HOST, HOST, Hub, token_until};

/// One line of the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) attempt: Attempt,
    /// `allow`, or the stable code of the refusal.
    pub(crate) expect: &'static str,
}

type Section = (&'static str, Vec<Row>);

/// Returns the table, in the order of the output.
pub(crate) fn rows(hub: &Hub<'_>) -> Result<Vec<Section>, Box<dyn Error>> {
    Ok(vec![
        ("Clients of the hub", clients(hub)?),
        ("Impostors: the identity", impostors(hub)?),
        ("Impostors: the token", forgeries(hub)?),
        ("Certificates, by chain or by thumbprint", certificate_rows(hub)?),
        ("Authenticated, but not authorized", unauthorized(hub)?),
    ])
}

/// Returns the resource of a device's token.
pub(super) fn of(device: &str) -> String {
    format!("{HOST}%2Fdevices%2F{device}")
}

pub(super) fn row(name: &'static str, expect: &'static str, attempt: Attempt) -> Row {
    Row { name, attempt, expect }
}

fn connect(id: &str, password: String) -> Attempt {
    connect_then(id, password, None)
}

fn connect_then(id: &str, password: String, then: Option<Packet>) -> Attempt {
    Attempt::Mqtt { client_id: id.to_owned(), username: username(id), password, then }
}

fn http(method: &'static str, path: &str, authorization: String) -> Attempt {
    Attempt::Http { method, path: path.to_owned(), host: HOST, authorization }
}

fn clients(hub: &Hub<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let dev1 = hub.token(&of("dev1"), &hub.dev1, None)?;
    let events = Packet::Publish("devices/dev1/messages/events/");
    let module = hub.token(&format!("{}%2Fmodules%2Fmod1", of("dev1")), &hub.module, None)?;
    let owner = || hub.token(HOST, &hub.owner, Some("iothubowner"));
    Ok(vec![
        row("dev1 connects over MQTT", "allow", connect("dev1", dev1.clone())),
        row(
            "dev1 connects with its secondary key",
            "allow",
            connect("dev1", hub.token(&of("dev1"), &hub.dev1_secondary, None)?),
        ),
        row("dev1 publishes telemetry", "allow", connect_then("dev1", dev1.clone(), Some(events))),
        row(
            "dev1 sends telemetry over HTTP",
            "allow",
            http("POST", "/devices/dev1/messages/events?api-version=2020-03-13", dev1),
        ),
        row("module dev1/mod1 connects", "allow", connect("dev1/mod1", module)),
        row(
            "a device id with a plus, encoded once",
            "allow",
            connect("a+b", hub.token(&of("a%2Bb"), &hub.odd, None)?),
        ),
        row(
            "dev10 connects with a token of the policy `device`",
            "allow",
            connect("dev10", hub.token(&of("dev10"), &hub.device_policy, Some("device"))?),
        ),
        row(
            "the owner reads the record of a device",
            "allow",
            http("GET", "/devices/dev1?api-version=2021-04-12", owner()?),
        ),
        row(
            "the owner deletes a device",
            "allow",
            http("DELETE", "/devices/dev10?api-version=2021-04-12", owner()?),
        ),
    ])
}

fn impostors(hub: &Hub<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let dev1 = || hub.token(&of("dev1"), &hub.dev1, None);
    let mismatched = |client_id: &str, name: &str, password| Attempt::Mqtt {
        client_id: client_id.to_owned(),
        username: username(name),
        password,
        then: None,
    };
    Ok(vec![
        row("dev1's token under the name of dev10", "identity-mismatch", connect("dev10", dev1()?)),
        row(
            "a token for dev1 with the key of dev10",
            "token-wrong-signature",
            connect("dev1", hub.token(&of("dev1"), &hub.dev10, None)?),
        ),
        row(
            "dev10's token for dev1, one a prefix of the other",
            "identity-mismatch",
            connect("dev1", hub.token(&of("dev10"), &hub.dev10, None)?),
        ),
        row("client id dev10, username dev1", "client-id", mismatched("dev10", "dev1", dev1()?)),
        row("a device's token for its module", "identity-mismatch", connect("dev1/mod1", dev1()?)),
        row(
            "a policy's token for a disabled device",
            "disabled",
            connect("off", hub.token(&of("off"), &hub.device_policy, Some("device"))?),
        ),
        row(
            "a disabled device with its own key",
            "disabled",
            connect("off", hub.token(&of("off"), &hub.off, None)?),
        ),
        row(
            "a device that is not registered",
            "unknown",
            connect("ghost", hub.token(&of("ghost"), &hub.dev1, None)?),
        ),
        row(
            "a token for another hub",
            "hub-mismatch",
            connect("dev1", hub.token(&format!("{ANOTHER_HOST}%2Fdevices%2Fdev1"), &hub.dev1, None)?),
        ),
        row(
            "dev1's token with the host of another hub",
            "hub-mismatch",
            Attempt::Http {
                method: "POST",
                path: "/devices/dev1/messages/events".to_owned(),
                host: ANOTHER_HOST,
                authorization: dev1()?,
            },
        ),
        row(
            "a device provisioned with an empty key",
            "unknown",
            connect("blank", hub.token(&of("blank"), &HmacKey::from_bytes(b""), None)?),
        ),
        row(
            "an id encoded twice",
            "identity-mismatch",
            connect("a+b", hub.token(&of("a%252Bb"), &hub.odd, None)?),
        ),
        row(
            "dev10's token on dev1's path over HTTP",
            "identity-mismatch",
            http("POST", "/devices/dev1/messages/events", hub.token(&of("dev10"), &hub.dev10, None)?),
        ),
    ])
}

fn forgeries(hub: &Hub<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let good = hub.token(&of("dev1"), &hub.dev1, None)?;
    let expired = token_until(&of("dev1"), hub.now.saturating_sub(1), &hub.dev1, None)?;
    let later = good.replace(
        &format!("se={}", hub.now.saturating_add(3600)),
        &format!("se={}", hub.now.saturating_add(7200)),
    );
    let twice = format!("{good}&se={}", hub.now.saturating_add(7200));
    let swapped = hub.token(HOST, &hub.service, Some("iothubowner"))?;
    let scheme = good.to_lowercase();
    let line_feed = good.replace("%2Fdevices", "\n%2Fdevices");
    Ok(vec![
        row(
            "one character of the signature changed",
            "token-wrong-signature",
            connect("dev1", flipped(&good)),
        ),
        row("the expiry moved by an hour", "token-wrong-signature", connect("dev1", later)),
        row("expired a second ago", "token-expired", connect("dev1", expired)),
        row("two expiry fields", "token-duplicate-field", connect("dev1", twice)),
        row("a line feed in the resource", "token-not-visible-ascii", connect("dev1", line_feed)),
        row(
            "a token for the whole hub with dev1's key",
            "token-nobodys-key",
            http("GET", "/devices/dev1", hub.token(HOST, &hub.dev1, None)?),
        ),
        row(
            "dev1's key under the name of the owner's policy",
            "token-wrong-signature",
            http("GET", "/devices/dev1", hub.token(HOST, &hub.dev1, Some("iothubowner"))?),
        ),
        row(
            "the key of `service` under the name of the owner's policy",
            "token-wrong-signature",
            http("GET", "/devices/dev1", swapped),
        ),
        row("another scheme", "token-scheme", connect("dev1", scheme)),
    ])
}

/// Returns the token with another character in its signature: the first that is not escaped.
fn flipped(token: &str) -> String {
    let (_, mut signature) = token.split_once("sig=").unwrap_or_default();
    while let Some(escape) = signature.strip_prefix('%') {
        signature = escape.get(2..).unwrap_or_default();
    }
    let start = token.len().saturating_sub(signature.len());
    token
        .char_indices()
        .map(|(at, c)| match c {
            c if at != start => c,
            'A' => 'B',
            _ => 'A',
        })
        .collect()
}

fn unauthorized(hub: &Hub<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let dev1 = || hub.token(&of("dev1"), &hub.dev1, None);
    let service = || hub.token(HOST, &hub.service, Some("service"));
    let narrow = hub.token(&of("dev1"), &hub.owner, Some("iothubowner"))?;
    let publish = |topic| Some(Packet::Publish(topic));
    let subscribe = |filter| Some(Packet::Subscribe(filter));
    Ok(vec![
        row(
            "dev1 publishes as dev10",
            "identity-mismatch",
            connect_then("dev1", dev1()?, publish("devices/dev10/messages/events/")),
        ),
        row(
            "dev1 subscribes to everything",
            "unknown-operation",
            connect_then("dev1", dev1()?, subscribe("#")),
        ),
        row(
            "dev1 subscribes to dev10's messages",
            "identity-mismatch",
            connect_then("dev1", dev1()?, subscribe("devices/dev10/messages/devicebound/#")),
        ),
        row(
            "dev1 reads its own record, which has its keys",
            "missing-right",
            http("GET", "/devices/dev1", dev1()?),
        ),
        row("the policy `service` reads a record", "missing-right", http("GET", "/devices/dev1", service()?)),
        row(
            "the policy `service` connects as dev1",
            "policy-connects-no-device",
            connect("dev1", service()?),
        ),
        row(
            "the owner's token for dev1, used on dev10",
            "out-of-scope",
            http("GET", "/devices/dev10", narrow),
        ),
        row(
            "the owner sends a path with dot segments",
            "unknown-operation",
            http("GET", "/devices/dev1/../dev10", hub.token(HOST, &hub.owner, Some("iothubowner"))?),
        ),
    ])
}
