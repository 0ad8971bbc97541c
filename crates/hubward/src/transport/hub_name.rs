//! The forms in which a transport names the hub.

use hubward_core::{Authority, Segment};

/// The hub's name as the client wrote it. [`HubConfig::is_named`](crate::HubConfig) compares it with the hub's own names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HubName<'a> {
    /// The first label of the host name (SASL).
    FirstLabel(&'a str),
    /// A host and the port of the connection (HTTP's `Host`, the hostname of AMQP's `sasl-init`). The port is not
    /// part of the hub's name.
    Header(Authority<'a>),
    /// A host, with a port if the matching alias has one (MQTT, CBS).
    Host(Segment<'a>),
}

/// Returns `true` if `label` is the first label of `host`, compared without regard to ASCII case.
pub(crate) fn is_first_label(label: &str, host: &str) -> bool {
    host.split(['.', ':']).next().is_some_and(|first| first.eq_ignore_ascii_case(label))
}

/// Returns the host without its port.
pub(crate) fn without_port<'a>(host: &Authority<'a>) -> Authority<'a> {
    Authority::assertion(host.as_str().split(':').next().unwrap_or_default())
}
