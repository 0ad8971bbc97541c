//! `hubward roots build`.

use core::error::Error;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use hubward::types::{Digest, Thumbprint, UnixTime};
use hubward_ring::Digests;
use hubward_x509::pem::{self, Label};
use hubward_x509::{BundleDraft, Certificate, TrustPeriod, UpdateKey, thumbprint::parse_pasted_thumbprint};
use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::file;
use super::report;
use crate::Outcome;
use crate::clock::{NowArgument, at};
use crate::exit::{OrMisuse, misuse};
use crate::file::OutputArguments;
use crate::times;

#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("file").required(true).args(["output"])),
    after_help = "A TIME is 2026-06-30 or 2026-06-30T12:00:00Z. A date without a time is its first second, or its last \
    second where something ends."
)]
pub(crate) struct Build {
    /// The bundle's version number, higher than the number of every earlier bundle.
    #[arg(long, value_name = "NUMBER")]
    number: u32,
    /// The time at which the bundle expires and nothing in it is trusted. Devices need an update before.
    #[arg(long, value_name = "TIME", value_parser = times::parse_end)]
    expires: u64,
    /// The number of update keys that must sign this bundle and its successor.
    #[arg(long, value_name = "NUMBER")]
    threshold: u32,
    /// A file of update keys: public keys, Ed25519 or P-256, PEM or DER. Repeatable.
    #[arg(long, value_name = "FILE", required = true, alias = "key")]
    public_key: Vec<PathBuf>,
    /// A file of CA certificates to trust, PEM or DER, with an optional trust period: `FILE` or `FILE@FROM..UNTIL`.
    /// A missing time is that of the certificate. Repeatable.
    #[arg(long, value_name = "FILE[@FROM..UNTIL]", required = true, alias = "anchor")]
    ca: Vec<String>,
    /// Take only the CA with this thumbprint, SHA-256 or SHA-1. Repeatable.
    #[arg(long, value_name = "THUMBPRINT", value_parser = thumbprint)]
    only: Vec<Thumbprint>,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    now: NowArgument,
}

/// A CA and its trust period.
struct Anchor {
    der: CertificateDer<'static>,
    period: TrustPeriod,
}

pub(super) fn run(arguments: &Build) -> Result<Outcome, Box<dyn Error>> {
    let mut anchors = Vec::new();
    for source in &arguments.ca {
        read_anchors(source, &arguments.only, &mut anchors)?;
    }
    for (number, wanted) in arguments.only.iter().enumerate() {
        if !anchors.iter().any(|anchor: &Anchor| has(&anchor.der, wanted)) {
            // the value is not shown: a key has the form of a thumbprint
            let number = number.saturating_add(1);
            return Err(misuse(format!("no CA of the files has the thumbprint of --only number {number}")));
        }
    }
    let mut draft = BundleDraft::new(arguments.number, at(arguments.expires), arguments.threshold);
    for path in &arguments.public_key {
        for key in read_keys(path)? {
            draft = draft.key(key);
        }
    }
    for anchor in &anchors {
        draft = draft.anchor(&anchor.der, anchor.period);
    }
    let bytes = draft.finish().map_err(|error| format!("the bundle is not valid: {error}")).or_misuse()?;
    let target = arguments.output.required()?;
    let bundle = file::parse(target.path(), &bytes)?;
    let mut message = Vec::new();
    report::print(&mut message, &bundle, arguments.now.seconds())?;
    target.write(|out| Ok(out.write_all(&bytes)?), &message)?;
    Ok(Outcome::Good)
}

fn read_anchors(source: &str, only: &[Thumbprint], anchors: &mut Vec<Anchor>) -> Result<(), Box<dyn Error>> {
    let (path, from, until) = match source.rsplit_once('@').and_then(|(path, period)| {
        let (from, until) = period.split_once("..")?;
        Some((Path::new(path), from, until))
    }) {
        Some(parts) => parts,
        None => (Path::new(source), "", ""),
    };
    let given = |text: &str, read: fn(&str) -> Result<u64, String>| {
        Some(text).filter(|text| !text.is_empty()).map(|text| read(text).map(at)).transpose()
    };
    let (from, until) =
        (given(from, times::parse_start).or_misuse()?, given(until, times::parse_end).or_misuse()?);
    for der in crate::cert::read(path)? {
        if !only.is_empty() && !only.iter().any(|wanted| has(&der, wanted)) {
            continue;
        }
        let certificate = Certificate::parse(&der).map_err(|error| file::error(path, &error))?;
        let name = certificate.subject();
        if !certificate.basic_constraints().is_ok_and(|basic| basic.is_some_and(|basic| basic.ca)) {
            return Err(file::error(path, &format_args!("{name} is not a CA's certificate")).into());
        }
        let own = certificate.validity();
        let second = |own: i64| at(own.try_into().unwrap_or_default());
        let period = TrustPeriod {
            from: from.unwrap_or_else(|| second(own.not_before)),
            until: until.unwrap_or_else(|| second(own.not_after)),
        };
        if period.until < period.from {
            let cause = format_args!("the trust period of {name} ends before it begins");
            return Err(misuse(file::error(path, &cause)));
        }
        if !overlaps(&period, second(own.not_before), second(own.not_after)) {
            let cause = format_args!("{name} is not valid at any time of its trust period");
            return Err(misuse(file::error(path, &cause)));
        }
        anchors.push(Anchor { der, period });
    }
    Ok(())
}

/// Returns whether a trust period and a validity period have a second in common.
fn overlaps(period: &TrustPeriod, from: UnixTime, until: UnixTime) -> bool {
    period.from <= until && from <= period.until
}

fn has(der: &[u8], wanted: &Thumbprint) -> bool {
    wanted.matches(&match wanted {
        Thumbprint::Sha1(_) => Thumbprint::Sha1(Digests.sha1_for_legacy_thumbprints(der)),
        _ => Thumbprint::Sha256(Digests.sha256(der)),
    })
}

fn thumbprint(text: &str) -> Result<Thumbprint, String> {
    parse_pasted_thumbprint(text).map_err(|error| error.to_string())
}

/// Reads the public keys of a file.
pub(super) fn read_keys(path: &Path) -> Result<Vec<UpdateKey>, String> {
    // erased at the end: the file may have a private key
    let bytes = Zeroizing::new(file::read(path)?);
    let named = |error: &dyn core::fmt::Display| file::error(path, error);
    let is_private =
        |label| matches!(label, Label::PrivateKey | Label::EncryptedPrivateKey | Label::OtherPrivateKey);
    if pem::blocks(&bytes).any(|block| block.is_ok_and(|block| block.label().is_some_and(is_private))) {
        return Err(named(
            &"this is a private key, which must not leave its place; `openssl pkey -pubout -in FILE` prints its public key",
        ));
    }
    let keys = pem::public_keys(&bytes).map_err(|error| named(&error))?;
    keys.iter().map(|key| UpdateKey::from_spki_der(key).map_err(|error| named(&error))).collect()
}
