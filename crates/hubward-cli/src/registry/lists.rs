//! `hubward registry lists`: block and allow lists.

use core::error::Error;
use std::io::Write;

use clap::{ArgGroup, Args, Subcommand};
use hubward::types::{Shown, Thumbprint};
use hubward_registry::{AccessList, ListEntry, ListVerdict};

use super::IdentityArguments;
use super::file::{FileArguments, RegistryFile};
use crate::Outcome;
use crate::exit::{OrMisuse, misuse};
use crate::out::stdout;
use crate::shown;

/// Block and allow identities, groups of them, and issuers of certificates.
///
/// The block list wins. While an allow list is in force, an identity that is not on it is refused, even if it is empty.
#[derive(Debug, Args)]
pub(crate) struct Lists {
    #[command(flatten)]
    file: FileArguments,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print both lists and the groups.
    Show,
    /// Check whether an identity passes both lists.
    Check(CheckArguments),
    /// Add an entry to the block list.
    Block(EntryArguments),
    /// Remove an entry from the block list.
    Unblock(EntryArguments),
    /// Add an entry to the allow list, which is in force after that.
    Allow(EntryArguments),
    /// Remove an entry from the allow list, which stays in force.
    Disallow(EntryArguments),
    /// Delete the allow list: identities need no entry after that.
    LiftAllow,
    /// Add an identity to a group.
    Join(MemberArguments),
    /// Remove an identity from a group.
    Leave(MemberArguments),
}

/// An entry of a list.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("entry").required(true).args(["device", "group", "issuer"])))]
struct EntryArguments {
    #[command(flatten)]
    identity: IdentityArguments,
    /// Each member of this group.
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Each identity whose certificate was issued below the certificate with this SHA-256 thumbprint.
    #[arg(long, value_name = "THUMBPRINT")]
    issuer: Option<String>,
}

#[derive(Debug, Args)]
struct CheckArguments {
    #[command(flatten)]
    identity: IdentityArguments,
    /// The SHA-256 thumbprint of a certificate above that of the identity. Repeatable.
    #[arg(long, value_name = "THUMBPRINT")]
    issuer: Vec<String>,
}

#[derive(Debug, Args)]
struct MemberArguments {
    /// The name of the group.
    #[arg(value_name = "NAME")]
    group: String,
    #[command(flatten)]
    identity: IdentityArguments,
}

impl EntryArguments {
    fn entry(&self) -> Result<ListEntry<'_>, Box<dyn Error>> {
        Ok(match (&self.group, &self.issuer) {
            (Some(group), _) => ListEntry::Group(group),
            (None, Some(issuer)) => ListEntry::Issuer(sha256(issuer)?),
            (None, None) => ListEntry::Identity(self.identity.named()?),
        })
    }
}

/// Parses the thumbprint of an issuer. Issuers are compared by SHA-256: an entry of another kind would match no certificate.
fn sha256(text: &str) -> Result<Thumbprint, Box<dyn Error>> {
    match text.parse().or_misuse()? {
        print @ Thumbprint::Sha256(_) => Ok(print),
        _ => Err(misuse("an issuer needs its SHA-256 thumbprint: 64 hexadecimal digits")),
    }
}

pub(super) fn run(arguments: &Lists) -> Result<Outcome, Box<dyn Error>> {
    let mut file = RegistryFile::open(&arguments.file, false)?;
    match &arguments.action {
        Action::Show => return show(&file),
        Action::Check(arguments) => return check(&file, arguments),
        _ if !file.has_lists() => {
            return Err("a plain registry cannot store lists: import it into a sealed one".into());
        }
        _ => {}
    }
    let access = file.registry.access_mut();
    let existed = match &arguments.action {
        Action::Block(entry) => {
            access.block_mut().add(entry.entry()?);
            true
        }
        Action::Allow(entry) => {
            access.require_allow().add(entry.entry()?);
            true
        }
        Action::Unblock(entry) => access.block_mut().remove(entry.entry()?),
        Action::Disallow(entry) => {
            let entry = entry.entry()?;
            access.allow_mut().is_some_and(|allow| allow.remove(entry))
        }
        Action::LiftAllow => {
            access.lift_allow();
            true
        }
        Action::Join(member) => {
            access.join(&member.group, member.identity.named()?);
            true
        }
        Action::Leave(member) => access.leave(&member.group, member.identity.named()?),
        Action::Show | Action::Check(_) => return Ok(Outcome::Good),
    };
    if !existed {
        writeln!(stdout(), "refused: there is no such entry; {} is unchanged", shown::file(file.path()))?;
        return Ok(Outcome::Refused);
    }
    file.save(|written, out| writeln!(out, "{written}"))?;
    Ok(Outcome::Good)
}

fn show(file: &RegistryFile) -> Result<Outcome, Box<dyn Error>> {
    let lists = file.registry.access();
    print("blocked", lists.block())?;
    match lists.allow() {
        Some(list) if list.is_empty() => {
            writeln!(stdout(), "allowed   none: the allow list is empty and in force")?
        }
        Some(list) => print("allowed", list)?,
        None => writeln!(stdout(), "allowed   all: no allow list is in force")?,
    }
    for group in lists.groups() {
        for member in lists.members(group) {
            writeln!(stdout(), "group     {}: {}", Shown::new(group), shown::text(&member))?;
        }
    }
    Ok(Outcome::Good)
}

fn print(name: &str, list: &AccessList) -> std::io::Result<()> {
    for entry in list.iter() {
        match entry {
            ListEntry::Group(group) => writeln!(stdout(), "{name:<10}group {}", Shown::new(group))?,
            ListEntry::Issuer(print) => writeln!(stdout(), "{name:<10}below certificate {print}")?,
            ListEntry::Identity(identity) => writeln!(stdout(), "{name:<10}{}", shown::text(&identity))?,
            _ => {}
        }
    }
    Ok(())
}

fn check(file: &RegistryFile, arguments: &CheckArguments) -> Result<Outcome, Box<dyn Error>> {
    let identity = arguments.identity.named()?;
    let issuers: Vec<Thumbprint> =
        arguments.issuer.iter().map(|text| sha256(text)).collect::<Result<_, _>>()?;
    let (outcome, text) = match file.registry.access().verdict(&identity, &issuers) {
        ListVerdict::Pass => (Outcome::Good, "passes"),
        ListVerdict::Blocked => (Outcome::Refused, "is blocked"),
        ListVerdict::NotAllowed => (Outcome::Refused, "is not on the allow list"),
    };
    writeln!(stdout(), "{} {text}", shown::text(&identity))?;
    Ok(outcome)
}
