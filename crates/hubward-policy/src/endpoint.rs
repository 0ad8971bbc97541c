//! An endpoint of a hub: where it is, and the right it takes.

use core::fmt;

use hubward_core::Permissions;

/// What carries an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a hub speaks these three")]
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

/// Whose endpoint it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Caller {
    /// A service's: no device and no module may use it, not even for itself.
    Service,
    /// A service's that a module may use as well, with DeviceConnect, for its own device and the modules of it.
    ServiceOrSibling,
    /// That of the device or module which the address names, or of a policy whose scope covers the address.
    Itself,
    /// That of whoever is connected: the address names nobody, and a policy has no such endpoint.
    Connected,
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
    /// How many names the pattern has; `None` where that varies.
    levels: Option<usize>,
}

/// How many names a path, a topic or a pattern has.
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

    /// Whether it can match anything of so many names.
    pub(crate) const fn fits(&self, levels: usize) -> bool {
        match self.levels {
            Some(own) => own == levels,
            None => true,
        }
    }

    /// A stable name: `device.events.http`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What carries it.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// An HTTP method, or `connect`, `publish`, `subscribe`, `send`, `receive`.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        self.verb
    }

    /// Its path, topic, filter or address. `{device}` and `{module}` stand for ids, another `{word}` for one
    /// name, `{bag}` for an MQTT property bag or nothing, `a|b` for either word.
    #[must_use]
    pub const fn pattern(&self) -> &'static str {
        self.pattern
    }

    /// The right that it takes.
    #[must_use]
    pub const fn right(&self) -> Permissions {
        self.right
    }

    /// Whose it is.
    #[must_use]
    pub const fn caller(&self) -> Caller {
        self.caller
    }
}
