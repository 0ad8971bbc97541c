#![doc = include_str!("../README.md")]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

mod bare;
mod caret;
pub mod certificate;
pub mod cloud;
pub mod connection_string;
mod file;
mod json;
mod jwt;
mod key;
mod mark;
mod peel;
mod pem_caret;
pub mod token;
mod username;

use core::fmt::Display;
use std::io::{self, ErrorKind, Write};

use hubward::sas::{SasToken, TokenRules};
use hubward::types::{Digest, Hint, Lookup, Shown, UnixTime};
use hubward_cloud::Inspection;
use hubward_connection_string::ParseOptions;
use zeroize::Zeroizing;

use caret::masked;

/// The result of a judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a judgement has two results")]
pub enum Outcome {
    /// The text is good as far as it can be judged without its key.
    Good,
    /// The text was refused; the reason was printed.
    Refused,
}

/// The reason of an error. The standard library's own type for a text has tables for all of Unicode with it.
#[derive(Debug)]
struct Empty(&'static str);

impl Display for Empty {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for Empty {}

/// The output, and the state of the inspection.
struct Report<'o> {
    out: &'o mut dyn Write,
    digest: &'o dyn Digest,
    now: UnixTime,
    /// The header or the JSON that the text came in.
    around: &'static str,
    /// The mistakes around the text, printed after the kind.
    blemishes: Vec<Hint<'static>>,
}

/// Recognises a pasted text or the bytes of a file, and prints its kind, its fields and what is wrong with it. A line is
/// `label     value`, `refused: reason (code)`, `hint: sentence (code)`, or a text with a caret under it.
///
/// No key, signature or other secret is printed.
///
/// # Errors
/// Those of `out`, and an error of the kind [`InvalidInput`](ErrorKind::InvalidInput) if the input is empty.
pub fn inspect(input: &[u8], digest: &dyn Digest, now: UnixTime, out: &mut dyn Write) -> io::Result<Outcome> {
    Report { out, digest, now, around: "", blemishes: Vec::new() }.bytes(input)
}

/// Returns the printable form of an identity, a decision, or another text with names of the user.
fn shown(what: &impl Display) -> Shown<String> {
    Shown::new(what.to_string())
}

/// Returns a text with its control characters, its invisible characters, its quotes and backslashes escaped. Those of
/// the standard library have tables for all of Unicode, a tenth of the page.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if c.is_ascii() => escaped.extend(c.escape_default()),
            '\u{80}'..='\u{a0}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{1680}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2000}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}'
            | '\u{205f}'..='\u{206f}'
            | '\u{3000}'
            | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'..='\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{10ffff}' => escaped.extend(c.escape_unicode()),
            _ => escaped.push(c),
        }
    }
    escaped
}

impl Report<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> io::Result<Outcome> {
        if bytes.trim_ascii().is_empty() {
            return Err(io::Error::new(ErrorKind::InvalidInput, Empty("the input is empty")));
        }
        if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = bytes {
            self.kind("text in UTF-16")?;
            return self.refused("UTF-16, and every reader expects UTF-8: save the file as UTF-8");
        }
        match core::str::from_utf8(bytes) {
            Ok(text) if !bytes.contains(&0) => self.text(text),
            _ => file::der(self, bytes),
        }
    }

    /// Recognises a text after the marks around it are removed.
    fn text(&mut self, text: &str) -> io::Result<Outcome> {
        if file::is_pem(text) {
            return file::pem(self, text);
        }
        let peeled = peel::peel(text);
        self.blemishes.extend(&peeled.blemishes);
        if peeled.is_header {
            self.around = "HTTP header Authorization with a ";
        }
        if let Some(hint) = peeled.remains {
            self.kind("text in more than 16 marks")?;
            let code = hint.code();
            return self.refused(&format!("what remains begins with another one: {hint} ({code})"));
        }
        let outcome = self.value(peeled.text())?;
        // a good value with a mark around it is refused where it is used
        match (outcome, self.blemishes.first()) {
            (Outcome::Good, Some(hint)) => {
                let code = hint.code();
                self.refused(&format!(
                    "as it was pasted: a reader takes the text without that mark only ({code})"
                ))
            }
            (outcome, _) => Ok(outcome),
        }
    }

    fn value(&mut self, text: &str) -> io::Result<Outcome> {
        let lower = Zeroizing::new(text.to_ascii_lowercase());
        if text.starts_with(['{', '[']) {
            return json::print(self, text);
        }
        if let Some(jwt) = jwt::of(text) {
            return jwt::print(self, jwt);
        }
        if lower.starts_with("sharedaccesssignature")
            || (lower.contains("sr=") && lower.contains("sig=") && !lower.contains("sv="))
        {
            // Event Grid has the same scheme, and other fields
            return match text.split_once(' ').map(|(_, fields)| (fields, hubward_cloud::inspect(fields))) {
                Some((_, Some(Ok(inspection @ Inspection::EventGrid(_))))) => self.cloud(&inspection),
                _ => self.token(text),
            };
        }
        let is_string =
            ["hostname", "endpoint", "accountname", "accountendpoint", "accountkey", "sharedaccesskey"];
        // a name that white space separates from its `=` is one of them
        let is_field = |field: &str| {
            let mut found = lower.match_indices(field);
            found.any(|(at, _)| {
                lower
                    .get(at.saturating_add(field.len())..)
                    .is_some_and(|rest| rest.trim_start().starts_with('='))
            })
        };
        if is_string.iter().any(|field| is_field(field)) && !lower.starts_with("http") {
            self.kind("connection string")?;
            return connection_string::print(self.out, text, &ParseOptions::STRICT, "form");
        }
        match hubward_cloud::inspect(text) {
            Some(Ok(inspection)) => return self.cloud(&inspection),
            Some(Err(error)) => {
                self.kind("token or URL of a service around a hub, malformed")?;
                self.refused(&format!("{error} ({})", error.code()))?;
                masked(self.out, text, error.offset, &['&', '=', '?', '/', ':', '.', '%', ' '])?;
                return Ok(Outcome::Refused);
            }
            None => {}
        }
        if let Some(outcome) = username::print(self, text)? {
            return Ok(outcome);
        }
        if let Some(outcome) = bare::print(self, text)? {
            return Ok(outcome);
        }
        if let Some(outcome) = key::print(self, text)? {
            return Ok(outcome);
        }
        if lower.starts_with("http://") || lower.starts_with("https://") {
            self.kind("URL without a credential that is known")?;
            return self.refused("the URL has neither `sig` nor `code`; the text is not shown");
        }
        self.kind("not recognised")?;
        self.refused(
            "the text is no token, key, connection string, certificate, request, list, JWT, URL, username, header or JSON \
             that is known; it may be cut at its beginning",
        )
    }

    fn token(&mut self, text: &str) -> io::Result<Outcome> {
        let rules = TokenRules::HUB_COMPAT;
        let service = match hubward_cloud::inspect(text) {
            Some(Ok(Inspection::ServiceBus(token)))
                if is_of_service_bus(&token.audience().uri().to_string()) =>
            {
                Some(token)
            }
            _ => None,
        };
        if let Some(token) = service {
            return self.cloud(&Inspection::ServiceBus(token));
        }
        let parsed = SasToken::parse(text, &rules);
        match parsed.as_ref().map(SasToken::signer) {
            Ok(Lookup::Device(_)) => self.kind("SAS token of an IoT hub, of a device")?,
            Ok(Lookup::Module(..)) => self.kind("SAS token of an IoT hub, of a module")?,
            Ok(Lookup::Policy(_)) => self.kind("SAS token of an IoT hub, of a shared access policy")?,
            Ok(_) => self.kind("SAS token of a DPS registration")?,
            Err(_) => self.kind("SAS token of an IoT hub, malformed")?,
        }
        let outcome = token::print(self.out, text, &rules, self.now)?;
        let expired = parsed.is_ok_and(|token| {
            token.expires().as_secs().saturating_add(rules.leeway.as_secs()) < self.now.as_secs()
        });
        if expired {
            return self.refused("expired: sign a new token, or compare the clocks (token-expired)");
        }
        Ok(outcome)
    }

    fn cloud(&mut self, inspection: &Inspection<'_>) -> io::Result<Outcome> {
        self.kind(match inspection {
            Inspection::ServiceBus(_) => "SAS token of Event Hubs or Service Bus",
            Inspection::Storage(_, None) => "SAS token of Azure Storage",
            Inspection::Storage(_, Some(_)) => "SAS URL of Azure Storage",
            Inspection::SharedKey(_) => "Shared Key signature of Azure Storage",
            Inspection::Cosmos(_) => "token of Cosmos DB",
            Inspection::EventGrid(_) => "SAS token of Event Grid",
            Inspection::Callback(_) => "callback URL of Logic Apps",
            Inspection::Function(_) => "URL of Functions with a key",
            _ => "token of a service around a hub",
        })?;
        let outcome = cloud::print(self.out, inspection, self.now)?;
        let until = match inspection {
            Inspection::ServiceBus(token) => Some(token.expiry()),
            Inspection::Storage(sas, _) => sas.until().map(|time| time.seconds()),
            Inspection::EventGrid(token) => Some(token.expiry()),
            Inspection::Callback(url) => url.expiry().map(|time| time.seconds()),
            _ => None,
        };
        if until.is_some_and(|until| until < self.now.as_secs()) {
            return self.refused("expired: sign a new one, or compare the clocks (cloud-expired)");
        }
        Ok(outcome)
    }

    /// Prints the first line, and the mistakes around the text.
    fn kind(&mut self, kind: &str) -> io::Result<()> {
        writeln!(self.out, "kind      {}{kind}", self.around)?;
        for hint in &self.blemishes {
            writeln!(self.out, "hint      {hint} ({})", hint.code())?;
        }
        Ok(())
    }

    fn field(&mut self, label: &str, value: &str) -> io::Result<()> {
        writeln!(self.out, "{label:<10}{}", Shown::new(value))
    }

    fn refused(&mut self, reason: &str) -> io::Result<Outcome> {
        writeln!(self.out, "refused: {reason}")?;
        Ok(Outcome::Refused)
    }
}

fn is_of_service_bus(uri: &str) -> bool {
    uri.starts_with("sb://")
        || uri.starts_with("http")
        || uri.starts_with("amqp")
        || uri.contains(".servicebus.")
}
