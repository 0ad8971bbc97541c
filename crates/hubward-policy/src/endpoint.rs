//! [`Endpoint`]: an address pattern of a hub with the right that it requires and the [`Caller`] that may use it.

use core::fmt;

use hubward_core::Permissions;

/// The protocol that carries an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a hub has these three")]
pub enum Transport {
    /// HTTP requests.
    Http,
    /// MQTT packets.
    Mqtt,
    /// AMQP links.
    Amqp,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "HTTP",
            Self::Mqtt => "MQTT",
            Self::Amqp => "AMQP",
        })
    }
}

/// The kind of caller that may use an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Caller {
    /// A service. No device or module may use the endpoint, not even for itself.
    Service,
    /// A service, or a module with DeviceConnect for its own device and that device's modules.
    ServiceOrSibling,
    /// A service, or an edge device for its own modules: with its own key or certificate, not with a policy's token.
    ServiceOrEdgeDevice,
    /// The device or module in the address, or a policy whose scope covers the address.
    Itself,
    /// The connected device or module: the address has no id, and no policy may use the endpoint.
    Connected,
    /// The connected device, and no module or policy: the address has `+` in the place of the device's id. The caller
    /// must deliver the messages of that device only.
    ConnectedDevice,
}

impl Caller {
    /// Returns whether the address has no id, and means the connected identity.
    pub(crate) const fn is_connected(self) -> bool {
        matches!(self, Self::Connected | Self::ConnectedDevice)
    }
}

/// One row of [`ENDPOINTS`](crate::ENDPOINTS).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    name: &'static str,
    transport: Transport,
    verb: &'static str,
    pattern: &'static str,
    right: Permissions,
    caller: Caller,
    /// The number of names in the pattern; `None` if it varies.
    levels: Option<usize>,
}

/// Returns the number of names in a path, a topic or a pattern.
pub(crate) const fn levels(text: &str) -> usize {
    let mut rest = text.as_bytes();
    let mut levels = 1_usize;
    while let [byte, tail @ ..] = rest {
        if *byte == b'/' {
            levels = levels.saturating_add(1);
        }
        rest = tail;
    }
    levels
}

impl Endpoint {
    pub(crate) const fn new(
        name: &'static str,
        transport: Transport,
        verb: &'static str,
        pattern: &'static str,
        right: Permissions,
        caller: Caller,
    ) -> Self {
        let levels = match pattern.as_bytes() {
            [.., b'{', b'b', b'a', b'g', b'}'] => None,
            [b'/', ..] => Some(levels(pattern).saturating_sub(1)),
            _ => Some(levels(pattern)),
        };
        Self { name, transport, verb, pattern, right, caller, levels }
    }

    /// Returns whether the pattern can match a text of this many names.
    pub(crate) const fn fits(&self, levels: usize) -> bool {
        match self.levels {
            Some(own) => own == levels,
            None => true,
        }
    }

    /// Returns a name that does not change between versions: `identity.read`. Several rows may have the same name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the protocol that carries its operations.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// Returns an HTTP method, or `connect`, `publish`, `subscribe`, `send`, `receive`.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        self.verb
    }

    /// Returns the pattern of its path, topic, filter or address. `{device}` and `{module}` are ids, another `{word}`
    /// is one name, `{bag}` an MQTT property bag or nothing, and `a|b` either word.
    #[must_use]
    pub const fn pattern(&self) -> &'static str {
        self.pattern
    }

    /// Returns the right that it requires.
    #[must_use]
    pub const fn right(&self) -> Permissions {
        self.right
    }

    /// Returns the kind of caller that may use it.
    #[must_use]
    pub const fn caller(&self) -> Caller {
        self.caller
    }
}
