//! `hubward roots build`.

use core::error::Error;
use std::path::{Path, PathBuf};

use clap::Args;
use hubward::types::{Digest, Thumbprint, UnixTime};
use hubward_ring::Digests;
use hubward_x509::pem::{self, Label};
use hubward_x509::{BundleDraft, Certificate, TrustPeriod, UpdateKey, parse_pasted_thumbprint};
use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::file::{self, told};
use super::report;
use crate::Outcome;
use crate::clock::{self, at, now};

#[derive(Debug, Args)]
#[command(
    after_help = "Dates are 2026-06-30, 2026-06-30T12:00:00Z or seconds since 1970. One without a time is its first \
    second, and its last where something ends."
)]
pub(crate) struct Build {
    /// The bundle's number, higher than that of every bundle before.
    #[arg(long)]
    number: u32,
    /// The last date on which it vouches for anybody. Devices need an update before.
    #[arg(long, value_name = "DATE", value_parser = clock::last_second)]
    expires: u64,
    /// How many of its keys must sign it, and what comes after it.
    #[arg(long)]
    threshold: u32,
    /// A file of public keys of the fleet's owner, Ed25519 or P-256, PEM or DER; may be given several times.
    #[arg(long, required = true)]
    key: Vec<PathBuf>,
    /// A file of CAs to trust, PEM or DER, and from when until when: `FILE` or `FILE@FROM..UNTIL`, either date left
    /// out for the certificate's own. May be given several times.
    #[arg(long, required = true, value_name = "FILE[@FROM..UNTIL]")]
    anchor: Vec<String>,
    /// Of those CAs, only the one with this thumbprint, SHA-256 or SHA-1; may be given several times.
    #[arg(long, value_name = "THUMBPRINT", value_parser = thumbprint)]
    only: Vec<Thumbprint>,
    /// The file to write, which must not be there yet.
    #[arg(long)]
    out: PathBuf,
    /// The date to judge by (default: this machine's clock).
    #[arg(long, value_name = "DATE", value_parser = clock::first_second)]
    at: Option<u64>,
}

/// A CA and when it is trusted.
struct Anchor {
    der: CertificateDer<'static>,
    window: TrustPeriod,
}

pub(super) fn run(arguments: &Build) -> Result<Outcome, Box<dyn Error>> {
    let mut anchors = Vec::new();
    for source in &arguments.anchor {
        read_anchors(source, &arguments.only, &mut anchors)?;
    }
    for (number, wanted) in arguments.only.iter().enumerate() {
        if !anchors.iter().any(|anchor: &Anchor| has(&anchor.der, wanted)) {
            // it may be a key: both are hexadecimal digits
            let number = number.saturating_add(1);
            return Err(format!("no CA of those files has the thumbprint of --only number {number}").into());
        }
    }
    let mut draft = BundleDraft::new(arguments.number, at(arguments.expires), arguments.threshold);
    for path in &arguments.key {
        for key in read_keys(path)? {
            draft = draft.key(key);
        }
    }
    for anchor in &anchors {
        draft = draft.anchor(&anchor.der, anchor.window);
    }
    let bytes = draft.finish().map_err(|error| format!("that makes no bundle: {error}"))?;
    let bundle = file::parse(&arguments.out, &bytes)?;
    let mut words = Vec::new();
    report::print(&mut words, &bundle, arguments.at.unwrap_or_else(now))?;
    file::create(&arguments.out, &bytes, &words)?;
    Ok(Outcome::Well)
}

fn read_anchors(source: &str, only: &[Thumbprint], anchors: &mut Vec<Anchor>) -> Result<(), Box<dyn Error>> {
    let (path, from, until) = match source.rsplit_once('@').and_then(|(path, window)| {
        let (from, until) = window.split_once("..")?;
        Some((Path::new(path), from, until))
    }) {
        Some(parts) => parts,
        None => (Path::new(source), "", ""),
    };
    let given = |text: &str, read: fn(&str) -> Result<u64, String>| {
        Some(text).filter(|text| !text.is_empty()).map(|text| read(text).map(at)).transpose()
    };
    let (from, until) = (given(from, clock::first_second)?, given(until, clock::last_second)?);
    for der in crate::cert::read(path)? {
        if !only.is_empty() && !only.iter().any(|wanted| has(&der, wanted)) {
            continue;
        }
        let certificate = Certificate::parse(&der).map_err(|error| told(path, &error))?;
        let name = certificate.subject();
        if !certificate.basic_constraints().is_ok_and(|basic| basic.is_some_and(|basic| basic.ca)) {
            return Err(told(path, &format_args!("{name} is not a CA's certificate")).into());
        }
        let own = certificate.validity();
        let second = |own: i64| at(own.try_into().unwrap_or_default());
        let window = TrustPeriod {
            from: from.unwrap_or_else(|| second(own.not_before)),
            until: until.unwrap_or_else(|| second(own.not_after)),
        };
        if window.until < window.from {
            return Err(
                told(path, &format_args!("{name} would be trusted until before it is trusted")).into()
            );
        }
        if !meets(&window, second(own.not_before), second(own.not_after)) {
            return Err(told(path, &format_args!("{name} is not valid on any day that it is trusted")).into());
        }
        anchors.push(Anchor { der, window });
    }
    Ok(())
}

fn meets(window: &TrustPeriod, from: UnixTime, until: UnixTime) -> bool {
    window.from <= until && from <= window.until
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

/// The public keys of a file.
pub(super) fn read_keys(path: &Path) -> Result<Vec<UpdateKey>, String> {
    // there may be a private key in it
    let bytes = Zeroizing::new(file::read(path)?);
    let told = |error: &dyn core::fmt::Display| told(path, error);
    let is_private =
        |label| matches!(label, Label::PrivateKey | Label::EncryptedPrivateKey | Label::OtherPrivateKey);
    if pem::blocks(&bytes).any(|block| block.is_ok_and(|block| block.label().is_some_and(is_private))) {
        return Err(told(
            &"a private key, which is to stay where it is; \
            its public half is what `openssl pkey -pubout -in FILE` prints",
        ));
    }
    let keys = pem::public_keys(&bytes).map_err(|error| told(&error))?;
    keys.iter().map(|key| UpdateKey::from_spki_der(key).map_err(|error| told(&error))).collect()
}
