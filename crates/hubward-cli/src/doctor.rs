//! `hubward doctor`: what stops working by a date, the weakest first.

use core::error::Error;
use core::fmt::Display;
use core::time::Duration;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use hubward::sas::{SasToken, TokenRules};
use hubward::types::{InWords, UtcTime};
use hubward_cloud::{Inspection, TokenTime};
use hubward_connection_string::{ConnectionString, DeviceCredential, ParseOptions, ServiceCredential};
use hubward_x509::crl::Crl;
use hubward_x509::pem::{self, Block, Label};
use hubward_x509::{Certificate, CertificateRequest, SignedBundle};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::clock::{NowArgument, at};
use crate::out::{is_json, stdout};
use crate::times;
use crate::{Outcome, shown, terminal};

/// The largest file that is read.
const MAX_LEN: u64 = 16 * 1024 * 1024;

/// A part of the first line of each block.
const BEGIN: &[u8] = b"-----BEGIN ";

/// Print when tokens, certificates, CAs, revocation lists and trust bundles stop working, the first to stop first.
///
/// The exit status is 1 if one of them stops within the given time, or has stopped, and 3 if a file or a part of one could
/// not be judged: for cron and CI.
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

/// The items of the files, the number of files without one, and what could not be judged, with its file and place.
#[derive(Default)]
struct Found {
    items: Vec<Item>,
    undated: u64,
    unjudged: Vec<String>,
}

pub(crate) fn run(arguments: &Doctor) -> Result<Outcome, Box<dyn Error>> {
    let mut found = Found::default();
    for file in &arguments.files {
        found.read(file);
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
            Some(left) => format!("in {}", InWords(left)),
            None => format!("{} ago", InWords(now.saturating_sub(*last))),
        };
        let (time, file) = (UtcTime::of(*last), shown::file(file));
        if is_json() {
            let state = if *last < now {
                "stopped"
            } else if is_soon {
                "soon"
            } else {
                "good"
            };
            let item =
                json!({"last": time.to_string(), "state": state, "what": what, "file": file.to_string()});
            writeln!(out, "{item}")?;
        } else {
            let mark = if is_soon { "!" } else { " " };
            writeln!(out, "{mark} {time}, {state}: {what} ({file})")?;
        }
    }
    if !is_json() {
        let within = InWords(arguments.within.as_secs());
        match (soon, found.items.is_empty()) {
            (0, _) if !found.unjudged.is_empty() => {}
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
    match found.unjudged.as_slice() {
        [] => Ok(if soon == 0 { Outcome::Good } else { Outcome::Refused }),
        [one] => Err(format!("could not be judged: {one}").into()),
        all => Err(format!("{} places could not be judged: {}", all.len(), all.join("; ")).into()),
    }
}

impl Found {
    fn read(&mut self, file: &Path) {
        if let Err(error) = self.try_read(file) {
            self.unjudged(file, &error);
        }
    }

    fn try_read(&mut self, file: &Path) -> io::Result<()> {
        let mut bytes = Zeroizing::new(Vec::new());
        let limit = MAX_LEN.saturating_add(1);
        if file == Path::new("-") {
            terminal::input("a text of any kind")?.take(limit).read_to_end(&mut bytes)?;
        } else if file.is_dir() {
            let below = fs::read_dir(file)?.map(|entry| Ok(entry?.path()));
            let mut below = below.collect::<io::Result<Vec<PathBuf>>>()?;
            below.sort();
            below.iter().for_each(|file| self.read_below(file));
            return Ok(());
        } else {
            fs::File::open(file)?.take(limit).read_to_end(&mut bytes)?;
        }
        if u64::try_from(bytes.len()).is_ok_and(|len| len > MAX_LEN) {
            self.unjudged(file, &"longer than 16 MiB");
            return Ok(());
        }
        let before = (self.items.len(), self.unjudged.len());
        self.dated(file, &bytes);
        if (self.items.len(), self.unjudged.len()) == before {
            self.undated = self.undated.saturating_add(1);
        }
        Ok(())
    }

    /// Reads a file or folder of a folder. A link to a folder may lead to a loop, and a pipe may never end: both are reported.
    fn read_below(&mut self, file: &Path) {
        match (fs::symlink_metadata(file), fs::metadata(file)) {
            (Ok(own), Ok(target)) if target.is_dir() && own.is_symlink() => {
                self.unjudged(file, &"a link to a folder, which is not followed");
            }
            (Ok(_), Ok(target)) if target.is_dir() || target.is_file() => self.read(file),
            (Ok(_), Ok(_)) => self.unjudged(file, &"not a file"),
            (Err(error), _) | (_, Err(error)) => self.unjudged(file, &error),
        }
    }

    /// Keeps what could not be judged. The cause has the place in the file.
    fn unjudged(&mut self, file: &Path, cause: &dyn Display) {
        let name = if file == Path::new("-") { Path::new("standard input") } else { file };
        self.unjudged.push(format!("{}: {cause}", shown::file(name)));
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
        let is_utf_16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
        let has_blocks = bytes.windows(BEGIN.len()).any(|part| part == BEGIN);
        // other files with NUL bytes are no certificates, such as a sealed registry
        if !bytes.contains(&0) || is_utf_16 || has_blocks || bytes.first() == Some(&0x30) {
            for block in pem::blocks(bytes) {
                match block {
                    Ok(block) => self.block(file, &block),
                    Err(error) => self.unjudged(file, &error),
                }
            }
        }
        if let (false, Ok(text)) = (has_blocks, str::from_utf8(bytes)) {
            self.text(file, text.trim());
        }
    }

    /// Adds the certificate or the list of a block. Keys and requests have no date, so that they are not decoded.
    fn block(&mut self, file: &Path, block: &Block<'_>) {
        let place = block.line().map_or_else(String::new, |line| format!("line {line}: "));
        match block.label() {
            None | Some(Label::Certificate | Label::RevocationList) => {}
            Some(Label::Pkcs7) => {
                return self.unjudged(
                    file,
                    &format_args!(
                        "{place}PKCS #7: `openssl pkcs7 -print_certs -in FILE` writes its certificates as PEM"
                    ),
                );
            }
            Some(_) => return,
        }
        let der = match block.der() {
            Ok(der) => der,
            Err(error) => return self.unjudged(file, &error),
        };
        match block.label() {
            Some(Label::Certificate) => match Certificate::parse(&der) {
                Ok(certificate) => self.certificate(file, &certificate),
                Err(error) => self.unjudged(file, &format_args!("{place}{error}")),
            },
            Some(_) => match Crl::parse(&der) {
                Ok(list) => self.list(file, &list),
                Err(error) => self.unjudged(file, &format_args!("{place}{error}")),
            },
            None => match (Certificate::parse(&der), Crl::parse(&der)) {
                (Ok(certificate), _) => self.certificate(file, &certificate),
                (_, Ok(list)) => self.list(file, &list),
                // a request has the outer structure of a certificate
                (Err(error), _)
                    if block.certificate().is_ok() && CertificateRequest::parse(&der).is_err() =>
                {
                    self.unjudged(file, &error);
                }
                _ => {}
            },
        }
    }

    fn certificate(&mut self, file: &Path, certificate: &Certificate<'_>) {
        let is_ca = matches!(certificate.basic_constraints(), Ok(Some(constraints)) if constraints.ca);
        let kind = match (is_ca, certificate.is_self_issued()) {
            (true, true) => "root CA",
            (true, false) => "intermediate CA",
            (false, _) => "certificate",
        };
        let last = u64::try_from(certificate.validity().not_after).unwrap_or_default();
        self.add(file, last, format!("{kind} {}", shown::text(&certificate.subject())));
    }

    fn list(&mut self, file: &Path, list: &Crl<'_>) {
        if let Some(next) = list.next_update() {
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
        // prose can have the parts of a token
        let is_token = text.starts_with("SharedAccessSignature ") || !text.contains(char::is_whitespace);
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
                sas.until().as_ref().map(TokenTime::seconds).map(|last| ("SAS token of Azure Storage", last))
            }
            Some(Ok(Inspection::EventGrid(token))) => Some(("SAS token of Event Grid", token.expiry())),
            Some(Ok(Inspection::Callback(url))) => {
                url.expiry().map(|time| ("callback URL of Logic Apps", time.seconds()))
            }
            Some(Err(error)) if is_token => return self.unjudged(file, &error),
            _ => None,
        };
        if let Some((what, last)) = cloud {
            self.add(file, last, what.to_owned());
        } else if let Some(last) = jwt_expiry(text) {
            self.add(file, last, "JWT (bearer token)".to_owned());
        } else if text.starts_with("eyJ") && is_token {
            self.unjudged(file, &"the expiry of the JWT cannot be read");
        } else if text.lines().count() == 1 && text.to_ascii_lowercase().contains("sharedaccesssignature") {
            self.unjudged(file, &"the SAS token cannot be read: `hubward inspect FILE` names the mistake");
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
