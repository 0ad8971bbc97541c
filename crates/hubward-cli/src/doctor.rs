//! `hubward doctor`: what stops working by a date, the weakest first.

use core::error::Error;
use core::time::Duration;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use hubward::sas::{SasToken, TokenRules};
use hubward_cloud::{Inspection, TokenTime};
use hubward_connection_string::{ConnectionString, DeviceCredential, ParseOptions, ServiceCredential};
use hubward_x509::crl::Crl;
use hubward_x509::{Certificate, SignedBundle, pem};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::clock::{NowArgument, at};
use crate::out::{is_json, stdout};
use crate::times::{self, rfc3339_unsigned, words};
use crate::{Outcome, shown, terminal};

/// The largest file that is read.
const MAX_LEN: u64 = 16 * 1024 * 1024;

/// Print when tokens, certificates, CAs, revocation lists and trust bundles stop working, the first to stop first.
///
/// The exit status is 1 if one of them stops within the given time, or has stopped: for cron and CI.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// A file of any kind, or a folder, of which all files are read; `-` for standard input. Repeatable.
    #[arg(value_name = "FILE", default_value = "-")]
    files: Vec<PathBuf>,
    /// The time from now in which nothing may stop.
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = times::parse_duration)]
    within: Duration,
    #[command(flatten)]
    now: NowArgument,
}

/// Something with a last second.
struct Item {
    last: u64,
    what: String,
    file: PathBuf,
}

/// The items of the files, and the number of files without one.
#[derive(Default)]
struct Found {
    items: Vec<Item>,
    undated: u64,
}

pub(crate) fn run(arguments: &Doctor) -> Result<Outcome, Box<dyn Error>> {
    let mut found = Found::default();
    for file in &arguments.files {
        found.read(file)?;
    }
    found.items.sort_by(|one, other| (one.last, &one.file).cmp(&(other.last, &other.file)));
    let now = arguments.now.seconds();
    let limit = now.saturating_add(arguments.within.as_secs());
    let mut out = stdout();
    let mut soon = 0_u64;
    for Item { last, what, file } in &found.items {
        let is_soon = *last < limit;
        soon = soon.saturating_add(u64::from(is_soon));
        let state = match last.checked_sub(now) {
            Some(left) => format!("in {}", words(left)),
            None => format!("{} ago", words(now.saturating_sub(*last))),
        };
        let (time, file) = (rfc3339_unsigned(*last), shown::file(file));
        if is_json() {
            let state = if *last < now {
                "stopped"
            } else if is_soon {
                "soon"
            } else {
                "good"
            };
            let item = json!({"last": time, "state": state, "what": what, "file": file.to_string()});
            writeln!(out, "{item}")?;
        } else {
            let mark = if is_soon { "!" } else { " " };
            writeln!(out, "{mark} {time}, {state}: {what} ({file})")?;
        }
    }
    if !is_json() {
        let within = words(arguments.within.as_secs());
        match (soon, found.items.is_empty()) {
            (_, true) => writeln!(out, "nothing with a date was found")?,
            (0, _) => writeln!(out, "good: nothing stops within {within}")?,
            (1, _) => writeln!(out, "refused: 1 of these stops within {within}, or has stopped")?,
            (count, _) => writeln!(out, "refused: {count} of these stop within {within}, or have stopped")?,
        }
        if found.undated > 0 {
            writeln!(
                out,
                "undated   {} files have nothing that ends by itself, such as symmetric keys",
                found.undated
            )?;
        }
    }
    Ok(if soon == 0 { Outcome::Good } else { Outcome::Refused })
}

impl Found {
    fn read(&mut self, file: &Path) -> Result<(), Box<dyn Error>> {
        let named = |error: std::io::Error| format!("{}: {error}", shown::file(file));
        let mut bytes = Zeroizing::new(Vec::new());
        if file == Path::new("-") {
            terminal::input("a text of any kind")?.take(MAX_LEN).read_to_end(&mut bytes)?;
        } else if file.is_dir() {
            let mut below: Vec<PathBuf> = Vec::new();
            for entry in fs::read_dir(file).map_err(named)? {
                below.push(entry.map_err(named)?.path());
            }
            below.sort();
            return below.iter().try_for_each(|file| self.read(file));
        } else {
            fs::File::open(file)
                .and_then(|file| file.take(MAX_LEN).read_to_end(&mut bytes))
                .map_err(named)?;
        }
        let before = self.items.len();
        self.dated(file, &bytes);
        if self.items.len() == before {
            self.undated = self.undated.saturating_add(1);
        }
        Ok(())
    }

    fn add(&mut self, file: &Path, last: u64, what: String) {
        self.items.push(Item { last, what, file: file.to_owned() });
    }

    /// Adds the items of a file. A file of a kind that has no date adds none.
    fn dated(&mut self, file: &Path, bytes: &[u8]) {
        if let Ok(bundle) = SignedBundle::parse(bytes) {
            let (version, report) = (bundle.version(), bundle.report(at(0)));
            self.add(file, bundle.expires().as_secs(), format!("trust bundle {version}"));
            for (count, period) in report.anchors().iter().enumerate() {
                let what = format!("trust of CA {count} in bundle {version}");
                self.add(file, period.works.until.as_secs(), what);
            }
            return;
        }
        for block in pem::blocks(bytes).filter_map(Result::ok) {
            if let Ok(der) = block.der() {
                self.der(file, &der);
            }
        }
        if let Ok(text) = str::from_utf8(bytes) {
            self.text(file, text.trim());
        }
    }

    fn der(&mut self, file: &Path, der: &[u8]) {
        if let Ok(certificate) = Certificate::parse(der) {
            let is_ca = matches!(certificate.basic_constraints(), Ok(Some(constraints)) if constraints.ca);
            let kind = match (is_ca, certificate.is_self_issued()) {
                (true, true) => "root CA",
                (true, false) => "intermediate CA",
                (false, _) => "certificate",
            };
            let last = u64::try_from(certificate.validity().not_after).unwrap_or_default();
            self.add(file, last, format!("{kind} {}", shown::text(&certificate.subject())));
        } else if let Ok(list) = Crl::parse(der)
            && let Some(next) = list.next_update()
        {
            let last = u64::try_from(next).unwrap_or_default();
            self.add(file, last, format!("revocation list of {}", shown::text(&list.issuer())));
        }
    }

    fn text(&mut self, file: &Path, text: &str) {
        if let Ok(string) = ConnectionString::parse(text, &ParseOptions::COMPATIBLE) {
            let token = match &string {
                ConnectionString::Device(device) => device_token(device.credential()),
                ConnectionString::Module(module) => device_token(module.credential()),
                ConnectionString::Service(service) => match service.credential() {
                    ServiceCredential::Signature(token) => Some(token.expose()),
                    _ => None,
                },
                _ => None,
            };
            if let Some(token) = token {
                self.text(file, token);
            }
            return;
        }
        if let Ok(token) = SasToken::parse(text, &TokenRules::HUB_COMPAT) {
            self.add(
                file,
                token.expires().as_secs(),
                format!("SAS token for {}", shown::text(&token.resource())),
            );
            return;
        }
        let cloud = match hubward_cloud::inspect(text) {
            Some(Ok(Inspection::ServiceBus(token))) => {
                Some(("SAS token of Event Hubs or Service Bus", token.expiry()))
            }
            Some(Ok(Inspection::Storage(sas, _))) => {
                sas.expiry().as_ref().map(TokenTime::seconds).map(|last| ("SAS token of Azure Storage", last))
            }
            Some(Ok(Inspection::EventGrid(token))) => Some(("SAS token of Event Grid", token.expiry())),
            Some(Ok(Inspection::Callback(url))) => {
                url.expiry().map(|time| ("callback URL of Logic Apps", time.seconds()))
            }
            _ => None,
        };
        if let Some((what, last)) = cloud {
            self.add(file, last, what.to_owned());
        } else if let Some(last) = jwt_expiry(text) {
            self.add(file, last, "JWT (bearer token)".to_owned());
        }
    }
}

fn device_token<'s>(credential: &DeviceCredential<'s>) -> Option<&'s str> {
    match credential {
        DeviceCredential::Signature(token) => Some(token.expose()),
        _ => None,
    }
}

/// Returns the expiry of a JWT.
fn jwt_expiry(text: &str) -> Option<u64> {
    let token = text.rsplit(' ').next().filter(|token| token.starts_with("eyJ"))?;
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Value>(&claims).ok()?.get("exp")?.as_u64()
}
