//! [`ENDPOINTS`] and [`PROVISIONING_ENDPOINTS`] as tables in Markdown.

use core::fmt;

use crate::endpoint::{Caller, Endpoint};
use crate::provisioning::{PROVISIONING_ENDPOINTS, RequiredPermission};
use crate::table::ENDPOINTS;

/// Returns [`ENDPOINTS`] as a table in Markdown.
#[must_use]
pub fn endpoint_table() -> impl fmt::Display {
    EndpointTable
}

/// Returns [`PROVISIONING_ENDPOINTS`] as a table in Markdown.
#[must_use]
pub fn provisioning_table() -> impl fmt::Display {
    ProvisioningTable
}

struct ProvisioningTable;

impl fmt::Display for ProvisioningTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "| transport | verb | path, topic, filter or address | caller | name |\n|---|---|---|---|---|\n",
        )?;
        PROVISIONING_ENDPOINTS.iter().try_for_each(|row| {
            write!(f, "| {} | {} | `{}` | ", row.transport(), row.verb(), row.pattern())?;
            match row.opens() {
                RequiredPermission::Right(right) => write!(f, "a policy with {right}")?,
                RequiredPermission::AuthenticatedRegistration => f.write_str("the registering device")?,
            }
            writeln!(f, " | {} |", row.name())
        })
    }
}

struct EndpointTable;

impl fmt::Display for EndpointTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("| transport | verb | path, topic, filter or address | right | caller | name |\n")?;
        f.write_str("|---|---|---|---|---|---|\n")?;
        ENDPOINTS.iter().try_for_each(|endpoint| row(endpoint, f))
    }
}

fn row(endpoint: &Endpoint, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "| {} | {} | ", endpoint.transport(), endpoint.verb())?;
    // an unescaped `|` ends the cell
    let mut words = endpoint.pattern().split('|');
    let separator = if endpoint.pattern().is_empty() { "" } else { "`" };
    write!(f, "{separator}{}", words.next().unwrap_or_default())?;
    words.try_for_each(|word| write!(f, "\\|{word}"))?;
    let caller = match endpoint.caller() {
        Caller::Service => "a service",
        Caller::ServiceOrSibling => "a service, or a module of the device with DeviceConnect",
        Caller::ServiceOrEdgeDevice => "a service, or the edge device in the address",
        Caller::Itself => "the identity in the address",
        Caller::Connected => "the connected device or module",
        Caller::ConnectedDevice => "the connected device",
    };
    writeln!(f, "{separator} | {} | {caller} | {} |", endpoint.right(), endpoint.name())
}
