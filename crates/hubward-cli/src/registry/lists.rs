//! `hubward registry lists`.

use core::error::Error;
use std::io::{Write, stdout};

use clap::{ArgGroup, Args, Subcommand};
use hubward::types::{Shown, Thumbprint};
use hubward_registry::{AccessList, ListEntry, ListVerdict};

use super::Who;
use super::kept::{FileArguments, Kept};
use crate::Outcome;
use crate::shown;

/// Block and allow identities, groups of them, and issuers of certificates.
///
/// Block wins. While there is an allow list, whoever is not on it is refused, even where it is empty.
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
    /// Say whether an identity passes.
    Check(Checked),
    /// Put something on the block list.
    Block(Named),
    /// Take something off the block list.
    Unblock(Named),
    /// Put something on the allow list, which is in force from then on.
    Allow(Named),
    /// Take something off the allow list, which stays in force.
    Disallow(Named),
    /// Drop the allow list: nobody has to be on one.
    LiftAllow,
    /// Add an identity to a group.
    Join(Member),
    /// Take an identity out of a group.
    Leave(Member),
}

/// What a list names.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("listed").required(true).args(["device", "group", "issuer"])))]
struct Named {
    #[command(flatten)]
    who: Who,
    /// Every member of this group.
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Whoever presents a certificate below the one with this SHA-256 thumbprint.
    #[arg(long, value_name = "THUMBPRINT")]
    issuer: Option<String>,
}

#[derive(Debug, Args)]
struct Checked {
    #[command(flatten)]
    who: Who,
    /// A certificate above the one that it presents, by thumbprint; may be given several times.
    #[arg(long, value_name = "THUMBPRINT")]
    issuer: Vec<String>,
}

#[derive(Debug, Args)]
struct Member {
    /// The group's name.
    group: String,
    #[command(flatten)]
    who: Who,
}

impl Named {
    fn listed(&self) -> Result<ListEntry<'_>, Box<dyn Error>> {
        Ok(match (&self.group, &self.issuer) {
            (Some(group), _) => ListEntry::Group(group),
            (None, Some(issuer)) => ListEntry::Issuer(sha256(issuer)?),
            (None, None) => ListEntry::Identity(self.who.named()?),
        })
    }
}

/// Those above a device's certificate are known by SHA-256: on a list another kind would name nobody.
fn sha256(text: &str) -> Result<Thumbprint, Box<dyn Error>> {
    match text.parse()? {
        print @ Thumbprint::Sha256(_) => Ok(print),
        _ => Err("an issuer is known by its SHA-256 thumbprint: 64 hexadecimal digits".into()),
    }
}

pub(super) fn run(arguments: &Lists) -> Result<Outcome, Box<dyn Error>> {
    let mut kept = Kept::open(&arguments.file, false)?;
    match &arguments.action {
        Action::Show => return show(&kept),
        Action::Check(checked) => return check(&kept, checked),
        _ if kept.snapshot().is_none() => {
            return Err("a plain registry has no room for lists: import it into a sealed one".into());
        }
        _ => {}
    }
    let access = kept.registry.access_mut();
    let was_there = match &arguments.action {
        Action::Block(named) => {
            access.block().add(named.listed()?);
            true
        }
        Action::Allow(named) => {
            access.allow().add(named.listed()?);
            true
        }
        Action::Unblock(named) => access.block().remove(named.listed()?),
        Action::Disallow(named) => access.allowed().is_some() && access.allow().remove(named.listed()?),
        Action::LiftAllow => {
            access.lift_allow();
            true
        }
        Action::Join(member) => {
            access.join(&member.group, member.who.named()?);
            true
        }
        Action::Leave(member) => access.leave(&member.group, member.who.named()?),
        Action::Show | Action::Check(_) => return Ok(Outcome::Well),
    };
    if !was_there {
        writeln!(stdout(), "it is not there; {} is as it was", shown::file(kept.path()))?;
        return Ok(Outcome::Refused);
    }
    kept.save(|written, out| writeln!(out, "{written}"))?;
    Ok(Outcome::Well)
}

fn show(kept: &Kept) -> Result<Outcome, Box<dyn Error>> {
    let lists = kept.registry.access();
    print("blocked", lists.blocked())?;
    match lists.allowed() {
        Some(list) if list.is_empty() => {
            writeln!(stdout(), "allowed   nobody: the list is empty and in force")?
        }
        Some(list) => print("allowed", list)?,
        None => writeln!(stdout(), "allowed   everybody: no allow list is in force")?,
    }
    for group in lists.groups() {
        for member in lists.members(group) {
            writeln!(stdout(), "group     {}: {}", Shown::new(group), shown::text(&member))?;
        }
    }
    Ok(Outcome::Well)
}

fn print(list: &str, named: &AccessList) -> std::io::Result<()> {
    for listed in named.iter() {
        match listed {
            ListEntry::Group(name) => writeln!(stdout(), "{list:<10}group {}", Shown::new(name))?,
            ListEntry::Issuer(print) => writeln!(stdout(), "{list:<10}below certificate {print}")?,
            ListEntry::Identity(identity) => writeln!(stdout(), "{list:<10}{}", shown::text(&identity))?,
            _ => {}
        }
    }
    Ok(())
}

fn check(kept: &Kept, checked: &Checked) -> Result<Outcome, Box<dyn Error>> {
    let identity = checked.who.named()?;
    let issuers: Vec<Thumbprint> =
        checked.issuer.iter().map(|text| sha256(text)).collect::<Result<_, _>>()?;
    let (outcome, words) = match kept.registry.access().verdict(&identity, &issuers) {
        ListVerdict::Pass => (Outcome::Well, "passes"),
        ListVerdict::Blocked => (Outcome::Refused, "is blocked"),
        ListVerdict::NotAllowed => (Outcome::Refused, "is not on the allow list"),
    };
    writeln!(stdout(), "{} {words}", shown::text(&identity))?;
    Ok(outcome)
}
