//! `hubward ca issue --ids`: the certificates of a whole fleet, one after another, in constant memory.

use core::error::Error;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use hubward::types::{DeviceId, Digest};
use hubward_ring::{Digests, KeyType, SigningKey};
use hubward_x509::Validity;
use hubward_x509::issue::{DeviceCertificate, Signer};
use serde_json::json;

use super::arguments::serial;
use super::existing::Existing;
use super::folder::CaFolder;
use super::issue::{read_request, verify_request};
use super::new_file::{new_key, read_key, write_new};
use crate::cert::Hex;
use crate::file::{Lines, Seen, replace_saying};
use crate::progress::Progress;
use crate::{Outcome, shown};

/// The file of the output folder that `registry import` reads.
const LINES: &str = "devices.jsonl";

/// How a device is registered at a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Registration {
    /// By the CA: the device presents its certificate with the chain.
    Ca,
    /// By the SHA-256 thumbprint of its certificate.
    Thumbprint,
}

pub(super) struct Fleet<'a> {
    pub(super) ca: &'a CaFolder,
    /// The serial numbers on the CA's last revocation list.
    pub(super) revoked: BTreeSet<Box<[u8]>>,
    pub(super) validity: Validity,
    /// The folder of the requests; without it keys are made.
    pub(super) requests: Option<&'a Path>,
    pub(super) key_type: KeyType,
    pub(super) output: &'a Path,
    pub(super) register: Registration,
}

#[derive(Default)]
struct Counts {
    issued: u64,
    kept: u64,
    refused: u64,
}

impl Fleet<'_> {
    pub(super) fn issue(&self, ids: &Path) -> Result<Outcome, Box<dyn Error>> {
        let from = File::open(ids).map_err(|error| format!("{}: {error}", shown::file(ids)))?;
        let total = from.metadata().ok().map(|about| about.len());
        fs::create_dir_all(self.output).map_err(|error| format!("{}: {error}", shown::file(self.output)))?;
        let path = self.output.join(LINES);
        let mut counts = Counts::default();
        let mut progress = Progress::new("issuing", total, false);
        let write = |out: &mut dyn Write| self.run(Lines::new(from), out, &mut counts, &mut progress);
        let written = replace_saying(&path, Seen::of(&path)?, write, &[]);
        progress.done();
        written?;
        let Counts { issued, kept, refused } = counts;
        let mut out = crate::out::stdout();
        writeln!(out, "{issued} issued, {kept} kept, {refused} not issued")?;
        writeln!(out, "{} is for `hubward registry import`", shown::file(&path))?;
        Ok(if refused == 0 { Outcome::Good } else { Outcome::Refused })
    }

    fn run(
        &self,
        mut lines: Lines<File>,
        out: &mut dyn Write,
        counts: &mut Counts,
        progress: &mut Progress,
    ) -> Result<(), Box<dyn Error>> {
        let mut done = 0_u64;
        let mut out = std::io::BufWriter::new(out);
        loop {
            let read = lines.read();
            let Some(line) = lines.next()? else { break };
            done = done.saturating_add(1);
            progress.at(read, done);
            let id = line.trim_ascii();
            if id.is_empty() {
                continue;
            }
            match self.one(id, counts) {
                Ok((id, thumbprint)) => writeln!(out, "{}", self.line(id, &thumbprint))?,
                // the other devices are issued; a full disk stops the run
                Err(error) if error.is::<std::io::Error>() => return Err(error),
                Err(error) => {
                    counts.refused = counts.refused.saturating_add(1);
                    progress.print(&format!("hubward: line {done}: {error}"));
                }
            }
        }
        Ok(out.flush()?)
    }

    /// Issues one certificate, unless it is there already. Returns the id and the thumbprint.
    fn one<'i>(&self, id: &'i [u8], counts: &mut Counts) -> Result<(DeviceId<'i>, [u8; 32]), Box<dyn Error>> {
        let id = DeviceId::parse(str::from_utf8(id)?)?;
        let file = self.file(id, ".pem");
        let existing = Existing::read(&file)?;
        let request = self.requests.map(|folder| folder.join(name(id, ".csr")));
        let request =
            request.map(|path| Ok::<_, Box<dyn Error>>((read_request(&path)?, path))).transpose()?;
        let own_key;
        let device = match &request {
            Some((request, path)) => {
                let device = DeviceCertificate::from_request(&verify_request(request, path)?, id);
                device.map_err(|error| format!("{}: {error}", shown::file(path)))?
            }
            None => {
                own_key = self.key(id, existing.is_some())?;
                DeviceCertificate::from_public_key(own_key.public_key(), id)?
            }
        };
        if let Some(existing) = existing {
            let thumbprint = existing.check(self.ca, id, &device, self.validity.not_before, &self.revoked);
            let thumbprint = thumbprint.map_err(|error| format!("{}: {error}", shown::file(&file)))?;
            counts.kept = counts.kept.saturating_add(1);
            return Ok((id, thumbprint));
        }
        let der = self.sign(&device)?;
        // a file that was stopped halfway is not taken for a certificate
        let new = self.file(id, ".pem.new");
        fs::write(&new, self.ca.with_chain(&der)?)?;
        fs::rename(&new, &file)?;
        counts.issued = counts.issued.saturating_add(1);
        Ok((id, Digests.sha256(&der)))
    }

    fn sign(&self, device: &DeviceCertificate<'_>) -> Result<Vec<u8>, Box<dyn Error>> {
        Ok(self.ca.authority.device(device, serial()?, self.validity)?.sign(&self.ca.key)?)
    }

    /// Returns the key of a device: that of an earlier run, or a new one if there is no certificate yet.
    fn key(&self, id: DeviceId<'_>, is_certified: bool) -> Result<SigningKey, Box<dyn Error>> {
        let file = self.file(id, ".key.pem");
        if is_certified || file.exists() {
            return read_key(&file);
        }
        let (key, text) = new_key(self.key_type)?;
        write_new(&file, text.as_bytes())?;
        Ok(key)
    }

    fn file(&self, id: DeviceId<'_>, ending: &str) -> PathBuf {
        self.output.join(name(id, ending))
    }

    /// Returns the line for `registry import`.
    fn line(&self, id: DeviceId<'_>, thumbprint: &[u8]) -> serde_json::Value {
        let authentication = match self.register {
            Registration::Ca => json!({"type": "certificateAuthority"}),
            Registration::Thumbprint => json!({
                "type": "selfSigned",
                "x509Thumbprint": {"primaryThumbprint": Hex(thumbprint).to_string()},
            }),
        };
        json!({"id": id.as_str(), "status": "enabled", "authentication": authentication})
    }
}

/// Returns the name of a file. An id has no separator of paths.
fn name(id: DeviceId<'_>, ending: &str) -> OsString {
    OsString::from([id.as_str(), ending].concat())
}
