//! Tokens, headers and URLs of the services around a hub.

use std::io::{self, Write};

use hubward::types::{InWords, Shown, UnixTime, UtcTime};
use hubward_cloud::cosmos::Credential;
use hubward_cloud::storage::{Sas, SasKind};
use hubward_cloud::{Inspection, TokenTime};

use crate::{Outcome, shown};

/// Prints the scheme and the fields.
///
/// # Errors
/// Those of `out`.
pub fn print(out: &mut dyn Write, inspection: &Inspection<'_>, now: UnixTime) -> io::Result<Outcome> {
    let now = now.as_secs();
    match inspection {
        Inspection::ServiceBus(token) => {
            writeln!(out, "scheme    Event Hubs or Service Bus SAS")?;
            writeln!(out, "resource  {}", shown(&token.audience().uri()))?;
            writeln!(out, "rule      {} (not signed: it is only a claim)", shown(&token.rule_name()))?;
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
            writeln!(out, "resource  {}", shown(&token.resource()))?;
            expiry(out, token.expiry(), now)?;
        }
        Inspection::Callback(url) => {
            writeln!(out, "scheme    Logic Apps callback URL")?;
            writeln!(out, "host      {}", Shown::new(url.host()))?;
            writeln!(out, "runs      {}", shown(&url.permissions()))?;
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

fn storage(out: &mut dyn Write, sas: &Sas<'_>, url: Option<&str>, now: u64) -> io::Result<()> {
    let signer = if sas.is_delegated() { "a user delegation key" } else { "the account's key" };
    writeln!(out, "scheme    Storage SAS: {}, version {}, of {signer}", kind(sas.kind()), sas.version())?;
    if let Some(url) = url {
        writeln!(out, "resource  {}", Shown::new(url))?;
    }
    for (name, value) in sas.fields() {
        writeln!(out, "field     {name} = {}", shown(&value))?;
    }
    if let Some(start) = sas.start() {
        writeln!(out, "starts    {}", UtcTime::of(start.seconds()))?;
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

/// Returns the name of a kind of token. `Debug` prints nothing on the page.
const fn kind(kind: SasKind) -> &'static str {
    match kind {
        SasKind::Account => "Account",
        SasKind::Container => "Container",
        SasKind::Blob => "Blob",
        SasKind::BlobVersion => "BlobVersion",
        SasKind::BlobSnapshot => "BlobSnapshot",
        SasKind::Directory => "Directory",
        SasKind::Share => "Share",
        SasKind::File => "File",
        SasKind::Queue => "Queue",
        SasKind::Table => "Table",
        _ => "of a later version",
    }
}

fn expiry(out: &mut dyn Write, expiry: u64, now: u64) -> io::Result<()> {
    let time = UtcTime::of(expiry);
    match expiry.checked_sub(now) {
        Some(left) => writeln!(out, "expires   {time}, in {}", InWords(left)),
        None => writeln!(out, "expired   {time}, {} ago", InWords(now.saturating_sub(expiry))),
    }
}
