//! `hubward cloud inspect`.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use hubward::types::Shown;
use hubward_cloud::Inspection;
use hubward_cloud::TokenTime;
use hubward_cloud::cosmos::Credential;
use hubward_cloud::storage::Sas;

use super::{Recognised, recognise, refuse};
use crate::Outcome;
use crate::clock::NowArgument;
use crate::secret;
use crate::shown;
use crate::times::{rfc3339_unsigned, words};

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A file with the token, the header or the URL; `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    token: PathBuf,
    #[command(flatten)]
    now: NowArgument,
}

pub(super) fn run(arguments: &Inspect) -> Result<Outcome, Box<dyn Error>> {
    let text = secret::read(Some(&arguments.token), "HUBWARD_TOKEN")?;
    let mut out = crate::out::stdout();
    let inspection = match recognise(&text)? {
        Recognised::Parsed(inspection) => inspection,
        Recognised::Malformed(error) => return refuse(&mut out, &error, error.code()),
    };
    print(&mut out, &inspection, arguments.now.seconds())
}

/// Prints the scheme and the fields.
pub(crate) fn print(
    out: &mut impl Write,
    inspection: &Inspection<'_>,
    now: u64,
) -> Result<Outcome, Box<dyn Error>> {
    match inspection {
        Inspection::ServiceBus(token) => {
            writeln!(out, "scheme    Event Hubs or Service Bus SAS")?;
            writeln!(out, "resource  {}", shown::text(&token.audience().uri()))?;
            writeln!(out, "rule      {} (not signed: it is only a claim)", shown::text(&token.rule_name()))?;
            expiry(out, token.expiry(), now)?;
        }
        Inspection::Storage(sas, url) => storage(out, sas, *url, now)?,
        Inspection::SharedKey(header) => {
            writeln!(out, "scheme    Storage {}", header.scheme().as_str())?;
            writeln!(out, "account   {}", Shown::new(header.account()))?;
        }
        Inspection::Cosmos(credential) => match credential {
            Credential::Master(_) => writeln!(out, "scheme    Cosmos DB master key")?,
            Credential::Resource(_) => writeln!(out, "scheme    Cosmos DB resource token")?,
            _ => writeln!(out, "scheme    Cosmos DB token of the directory")?,
        },
        Inspection::EventGrid(token) => {
            writeln!(out, "scheme    Event Grid SAS")?;
            writeln!(out, "resource  {}", shown::text(&token.resource()))?;
            expiry(out, token.expiry(), now)?;
        }
        Inspection::Callback(url) => {
            writeln!(out, "scheme    Logic Apps callback URL")?;
            writeln!(out, "host      {}", Shown::new(url.host()))?;
            writeln!(out, "runs      {}", shown::text(&url.permissions()))?;
            if let Some(time) = url.expiry() {
                expiry(out, time.seconds(), now)?;
            }
        }
        Inspection::Function(_) => writeln!(out, "scheme    Functions URL with a key")?,
        _ => writeln!(out, "scheme    of a later version")?,
    }
    writeln!(out, "secret    not shown, not verified")?;
    Ok(Outcome::Good)
}

fn storage(out: &mut impl Write, sas: &Sas<'_>, url: Option<&str>, now: u64) -> Result<(), Box<dyn Error>> {
    let signer = if sas.is_delegated() { "a user delegation key" } else { "the account's key" };
    writeln!(out, "scheme    Storage SAS: {:?}, version {}, of {signer}", sas.kind(), sas.version())?;
    if let Some(url) = url {
        writeln!(out, "resource  {}", Shown::new(url))?;
    }
    for (name, value) in sas.fields() {
        writeln!(out, "field     {name} = {}", shown::text(&value))?;
    }
    if let Some(start) = sas.start() {
        writeln!(out, "starts    {}", rfc3339_unsigned(start.seconds()))?;
    }
    let seconds = |time: Option<TokenTime<'_>>| time.map(|time| time.seconds());
    let (until, own) = (seconds(sas.until()), seconds(sas.expiry()));
    if let Some(time) = until {
        expiry(out, time, now)?;
    }
    if until < own {
        writeln!(out, "note      the user delegation key ends before the token")?;
    }
    Ok(())
}

fn expiry(out: &mut impl Write, expiry: u64, now: u64) -> std::io::Result<()> {
    let time = rfc3339_unsigned(expiry);
    match expiry.checked_sub(now) {
        Some(left) => writeln!(out, "expires   {time}, in {}", words(left)),
        None => writeln!(out, "expired   {time}, {} ago", words(now.saturating_sub(expiry))),
    }
}
