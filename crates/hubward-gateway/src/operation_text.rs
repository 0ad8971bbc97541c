//! Redacts operations that match no endpoint: the words of known paths are logged, and nothing else that a peer sent,
//! since it may be a key in the wrong place.

use core::fmt;

use hubward::policy::provisioning::PROVISIONING_ENDPOINTS;
use hubward::policy::{ENDPOINTS, Operation};

/// The names of the gateway's own operations, and HTTP methods that no endpoint has.
const OWN: [&str; 10] =
    ["cbs", "connection", "sasl", "$iothub", "$dps", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PATCH"];

/// An operation in its static form: `MQTT publish $iothub/twin/*`.
pub(crate) struct StaticForm<'a>(pub(crate) &'a Operation<'a>);

impl fmt::Display for StaticForm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.transport(), word(self.0.verb()))?;
        if self.0.address().is_empty() {
            return Ok(());
        }
        let mut separator = ' ';
        for segment in self.0.address().split('/').take(MOST) {
            write!(f, "{separator}{}", word(segment))?;
            separator = '/';
        }
        Ok(())
    }
}

/// Number of segments that are logged.
const MOST: usize = 16;

/// Returns a segment if it is a word of a hub's paths, else an asterisk.
fn word(segment: &str) -> &str {
    let of = |pattern: &str, verb: &str| verb == segment || pattern.split('/').any(|word| word == segment);
    let known = segment.is_empty()
        || OWN.contains(&segment)
        || !segment.contains('{')
            && (ENDPOINTS.iter().any(|row| of(row.pattern(), row.verb()))
                || PROVISIONING_ENDPOINTS.iter().any(|row| of(row.pattern(), row.verb())));
    if known || is_node(segment) { segment } else { "*" }
}

/// Returns `true` for the name of a node or of a service's topics, such as `$management`. Sixteen lower-case letters are no
/// key: every second character of one is in another case or a digit.
fn is_node(segment: &str) -> bool {
    let word = segment.strip_prefix('$').unwrap_or_default();
    (1..=16).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_known_paths_are_logged() {
        let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
        for (operation, shown) in [
            (Operation::mqtt_publish("$iothub/twin/nothing/?$rid=1&sig=x"), "MQTT publish $iothub/twin/*/*"),
            (Operation::mqtt_publish("$dps/registrations/POST/x"), "MQTT publish $dps/registrations/POST/*"),
            (Operation::mqtt_publish(key), "MQTT publish *"),
            (Operation::mqtt_subscribe("$iothub/commands"), "MQTT subscribe $iothub/commands"),
            (Operation::amqp_receive("/messages/events/$nothing"), "AMQP receive /messages/events/$nothing"),
            (Operation::amqp_receive("/messages/events/$Nothing1"), "AMQP receive /messages/events/*"),
            (Operation::mqtt_subscribe("devices/+/messages/#"), "MQTT subscribe devices/+/messages/#"),
            (Operation::http("GET", "/no/such/devices?sig=x"), "HTTP GET /*/*/devices"),
            (Operation::http(key, "/devices"), "HTTP * /devices"),
            (Operation::amqp_send("connection"), "AMQP send connection"),
            (Operation::amqp_receive("/devices/{id}/x"), "AMQP receive /devices/*/*"),
        ] {
            assert_eq!(StaticForm(&operation).to_string(), shown);
        }
        assert!(StaticForm(&Operation::mqtt_publish(&"a/".repeat(9999))).to_string().len() < 100);
    }
}
