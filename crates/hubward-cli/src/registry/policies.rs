//! `hubward registry policies show | set | delete`: the shared access policies of a hub.

use core::error::Error;
use std::io::Write;

use clap::{Args, Subcommand};
use hubward::types::{Permissions, PolicyName};
use serde_json::json;

use super::change::KeyArguments;
use super::file::{FileArguments, RegistryFile};
use super::show::key_line;
use crate::exit::OrMisuse;
use crate::out::{is_json, stdout};
use crate::{Outcome, shown};

/// Print and change the shared access policies of a sealed or durable registry.
#[derive(Debug, Args)]
pub(crate) struct Policies {
    #[command(flatten)]
    file: FileArguments,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print the policies with their permissions.
    Show,
    /// Create a policy, or replace the one of that name.
    Set(Set),
    /// Delete a policy: sessions that it opened end.
    Delete(Delete),
}

#[derive(Debug, Args)]
struct Set {
    /// The policy.
    #[arg(long, value_name = "NAME")]
    policy: String,
    /// Its permissions, such as `RegistryRead, ServiceConnect`.
    #[arg(long, value_name = "RIGHTS")]
    rights: Permissions,
    #[command(flatten)]
    keys: KeyArguments,
    /// Print the keys of the policy.
    #[arg(long)]
    with_keys: bool,
}

#[derive(Debug, Args)]
struct Delete {
    /// The policy.
    #[arg(long, value_name = "NAME")]
    policy: String,
}

pub(super) fn run(arguments: &Policies) -> Result<Outcome, Box<dyn Error>> {
    let mut file = RegistryFile::open(&arguments.file, is_json())?;
    if let Action::Show = arguments.action {
        let mut out = stdout();
        for policy in file.registry.policies() {
            let (name, rights) = (policy.name(), policy.rights());
            if is_json() {
                writeln!(out, "{}", json!({"keyName": name.as_str(), "rights": rights.to_string()}))?;
            } else {
                writeln!(out, "policy    {}: {rights}", shown::text(&name))?;
            }
        }
        return Ok(Outcome::Good);
    }
    if !file.has_lists() {
        return Err("a plain registry cannot store policies: import it into a sealed one".into());
    }
    match &arguments.action {
        Action::Show => Ok(Outcome::Good),
        Action::Set(set) => {
            let name = PolicyName::parse(&set.policy).or_misuse()?;
            let keys = set.keys.keys(&arguments.file)?;
            file.registry.set_policy(name, set.rights, keys);
            file.save(|written, out| {
                writeln!(out, "policy {} has {}", shown::text(&name), set.rights)?;
                let stored = file.registry.policies().find(|policy| policy.name().as_str() == name.as_str());
                if let (true, Some(policy)) = (set.with_keys, stored) {
                    key_line(out, "primary", policy.keys().expose_primary(), true)?;
                    key_line(out, "secondary", policy.keys().expose_secondary(), true)?;
                }
                writeln!(out, "{written}")
            })?;
            Ok(Outcome::Good)
        }
        Action::Delete(Delete { policy }) => {
            let name = PolicyName::parse(policy).or_misuse()?;
            if let Err(error) = file.registry.delete_policy(name) {
                writeln!(stdout(), "refused: policy {}: {error} ({})", shown::text(&name), error.code())?;
                return Ok(Outcome::Refused);
            }
            file.save(|written, out| {
                writeln!(out, "policy {} is deleted; its sessions end", shown::text(&name))?;
                writeln!(out, "{written}")
            })?;
            Ok(Outcome::Good)
        }
    }
}
