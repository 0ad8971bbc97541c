//! `hubward policy table | explain | tls`: the authorization rules.

mod explain;
pub(crate) mod roles;
mod tls;

use core::error::Error;
use std::io::Write;

use clap::Subcommand;
use hubward::policy::roles::{hub_actions, roles_for_endpoint};
use hubward::policy::{ENDPOINTS, endpoint_table, provisioning_table};
use serde_json::{Value, json};

use crate::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print every endpoint, its caller, and the permission that it needs.
    Table {
        /// Print the endpoints of a DPS instance instead.
        #[arg(long)]
        provisioning: bool,
    },
    /// Explain an authorization decision: the rule that decides, and the permission that is missing.
    Explain(Box<explain::Explain>),
    /// Print the accepted TLS versions and cipher suites, or check a handshake or a client's offer.
    Tls(tls::Tls),
}

pub(crate) fn run(command: &Command) -> Result<Outcome, Box<dyn Error>> {
    let mut out = crate::out::stdout();
    match command {
        Command::Table { provisioning: false } if crate::out::is_json() => writeln!(out, "{:#}", table())?,
        Command::Table { provisioning: true } => write!(out, "{}", provisioning_table())?,
        Command::Table { .. } => write!(out, "{}", endpoint_table())?,
        Command::Explain(arguments) => return explain::run(arguments),
        Command::Tls(arguments) => return tls::run(arguments),
    }
    Ok(Outcome::Good)
}

fn table() -> Value {
    ENDPOINTS
        .iter()
        .map(|endpoint| {
            json!({
                "name": endpoint.name(),
                "transport": endpoint.transport().to_string(),
                "verb": endpoint.verb(),
                "pattern": endpoint.pattern(),
                "right": endpoint.right().to_string(),
                "caller": format!("{:?}", endpoint.caller()),
                "dataActions": hub_actions(endpoint),
                "roles": roles_for_endpoint(endpoint).map(|role| role.name()).collect::<Vec<_>>(),
            })
        })
        .collect()
}
