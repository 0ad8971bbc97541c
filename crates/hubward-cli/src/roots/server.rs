//! Whether a device with a bundle knows a server.

use core::error::Error;
use std::io::Write;
use std::path::Path;

use hubward::types::{Shown, UnixTime};
use hubward_ring::signature;
use hubward_x509::{Chain, Profile, TrustBundle};
use rustls_pki_types::ServerName;

use crate::Outcome;

/// Judges the certificates of a file, the leaf first, as the device would at `now`.
pub(super) fn judge(
    out: &mut impl Write,
    bundle: &TrustBundle,
    file: &Path,
    host: &str,
    now: UnixTime,
) -> Result<Outcome, Box<dyn Error>> {
    let presented = crate::cert::read(file)?;
    let (leaf, rest) = presented.split_first().ok_or("no certificate")?;
    let chain = Chain::parse(leaf, rest)?;
    let profile = Profile::server(ServerName::try_from(host)?);
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
            writeln!(out, "{shown} is known: {} vouched for it", by.subject())?;
            Ok(Outcome::Well)
        }
        Err(error) => {
            writeln!(out, "{shown} is refused: {}", chain.explain(error, &anchors))?;
            Ok(Outcome::Refused)
        }
    }
}
