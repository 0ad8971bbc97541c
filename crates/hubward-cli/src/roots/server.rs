//! Verifies the certificate of a server as a device with a trust bundle does.

use core::error::Error;
use std::io::Write;
use std::path::Path;

use hubward::types::{Shown, UnixTime};
use hubward_ring::signature;
use hubward_x509::{Chain, Profile, TrustBundle};
use rustls_pki_types::ServerName;

use crate::Outcome;
use crate::exit::OrMisuse;

/// Verifies the certificates of a file, the leaf first, as the device would at `now`.
pub(super) fn verify(
    out: &mut impl Write,
    bundle: &TrustBundle,
    file: &Path,
    host: &str,
    now: UnixTime,
) -> Result<Outcome, Box<dyn Error>> {
    let certificates = crate::cert::read(file)?;
    let (leaf, rest) = certificates.split_first().ok_or("no certificate")?;
    let chain = Chain::parse(leaf, rest)?;
    let profile = Profile::server(ServerName::try_from(host).or_misuse()?);
    let shown = Shown::new(host);
    let anchors = match bundle.anchors(now) {
        Ok(anchors) => anchors,
        Err(error) => {
            writeln!(out, "{shown} is refused: {error}")?;
            return Ok(Outcome::Refused);
        }
    };
    match chain.verify(&anchors, &profile, signature::ALL, now) {
        Ok(verified) => {
            let by = anchors.get(verified.anchor()).ok_or("no anchor")?;
            writeln!(out, "{shown} is trusted, by {}", by.subject())?;
            Ok(Outcome::Good)
        }
        Err(error) => {
            writeln!(out, "{shown} is refused: {}", chain.explain(error, &anchors))?;
            Ok(Outcome::Refused)
        }
    }
}
