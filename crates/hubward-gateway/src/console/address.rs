//! The address of the console: on this machine only.

use core::fmt;
use core::net::{Ipv4Addr, SocketAddr};
use core::str::FromStr;

/// An address of the loopback interface, for the console.
///
/// ```
/// use hubward_gateway::ConsoleAddress;
///
/// let address: ConsoleAddress = "9080".parse()?;
/// assert_eq!(address.to_string(), "127.0.0.1:9080");
/// assert!("0.0.0.0:9080".parse::<ConsoleAddress>().is_err());
/// # Ok::<(), hubward_gateway::ConsoleAddressError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsoleAddress(SocketAddr);

/// The text is not an address of the loopback interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address of this machine alone: give a port, 127.0.0.1:PORT, [::1]:PORT or localhost:PORT")]
#[expect(clippy::exhaustive_structs, reason = "it has no details")]
pub struct ConsoleAddressError;

impl FromStr for ConsoleAddress {
    type Err = ConsoleAddressError;

    /// Parses a port, an address of the loopback interface with a port, or `localhost` with a port, which is 127.0.0.1. No
    /// name is looked up.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let port = text.strip_prefix("localhost:").or_else(|| text.strip_prefix(':')).unwrap_or(text);
        let address = if port.bytes().all(|byte| byte.is_ascii_digit()) {
            port.parse().ok().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        } else {
            text.parse().ok()
        };
        let own = address.filter(|address: &SocketAddr| address.ip().is_loopback());
        own.map(Self).ok_or(ConsoleAddressError)
    }
}

impl fmt::Display for ConsoleAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_accepted() {
        for (text, expected) in [
            ("9080", "127.0.0.1:9080"),
            (":9080", "127.0.0.1:9080"),
            ("localhost:9080", "127.0.0.1:9080"),
            ("127.0.0.2:0", "127.0.0.2:0"),
            ("[::1]:9080", "[::1]:9080"),
        ] {
            assert_eq!(text.parse::<ConsoleAddress>().unwrap().to_string(), expected);
        }
        for text in [
            "",
            ":",
            "localhost",
            "localhost:",
            "localhost:65536",
            "localhost.example:9080",
            "0.0.0.0:9080",
            "[::]:9080",
            "192.0.2.1:9080",
            "[::ffff:127.0.0.1]:9080",
            "127.0.0.1",
            "127.0.0.1:9080:1",
            "localhost:[::1]:9080",
        ] {
            assert_eq!(text.parse::<ConsoleAddress>(), Err(ConsoleAddressError), "{text}");
        }
    }
}
