//! What is shown of an operation that no endpoint knows: the words that every hub's paths are made of, and nothing else
//! of what a peer wrote, for it may be a key in the wrong place.

use core::fmt;

use hubward::policy::provisioning::PROVISIONING_ENDPOINTS;
use hubward::policy::{ENDPOINTS, Operation};

/// What the gateway calls its own steps, and the verbs of HTTP that no endpoint has.
const OWN: [&str; 10] =
    ["cbs", "connection", "sasl", "$iothub", "$dps", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PATCH"];

/// An operation by its static form: `MQTT publish $iothub/twin/*`.
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

/// Segments that are shown.
const MOST: usize = 16;

/// A word of a hub's paths, or an asterisk.
fn word(segment: &str) -> &str {
    let of = |pattern: &str, verb: &str| verb == segment || pattern.split('/').any(|word| word == segment);
    let known = segment.is_empty()
        || OWN.contains(&segment)
        || !segment.contains('{')
            && (ENDPOINTS.iter().any(|row| of(row.pattern(), row.verb()))
                || PROVISIONING_ENDPOINTS.iter().any(|row| of(row.pattern(), row.verb())));
    if known { segment } else { "*" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_paths_are_shown_and_nothing_else() {
        let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
        for (operation, shown) in [
            (Operation::mqtt_publish("$iothub/twin/nothing/?$rid=1&sig=x"), "MQTT publish $iothub/twin/*/*"),
            (Operation::mqtt_publish("$dps/registrations/POST/x"), "MQTT publish $dps/registrations/POST/*"),
            (Operation::mqtt_publish(key), "MQTT publish *"),
            (Operation::mqtt_subscribe("devices/+/messages/#"), "MQTT subscribe devices/*/messages/#"),
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
