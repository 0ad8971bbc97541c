//! `hubward ca issue`: one certificate. The module `fleet` has many.

use core::error::Error;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use hubward::types::{DeviceId, ModuleId};
use hubward_ring::signature;
use hubward_x509::issue::{DeviceCertificate, ServerCertificate, Signer};
use hubward_x509::pem::{self, Label};
use hubward_x509::{CertificateRequest, VerifiedRequest};
use rustls_pki_types::ServerName;

use super::arguments::{KeyTypeArgument, PeriodArguments, serial};
use super::fleet::{self, Registration};
use super::folder::CaFolder;
use super::new_file::{new_key, write_new};
use crate::exit::{OrMisuse, misuse};
use crate::file::OutputArguments;
use crate::{Outcome, shown};

/// The days of a device and of a server, if `--ttl` is not given.
const DEVICE_DAYS: u64 = 365;
const SERVER_DAYS: u64 = 90;
/// The largest request in bytes.
const MAX_LEN: u64 = 64 * 1024;

/// Issue the certificate of a device, a module or a server, or those of a whole fleet.
///
/// The key comes from a request (PKCS#10), whose signature and name are checked, or from a file of a public key, or it is
/// new. The output is the certificate with those above it, without the root: what the device sends.
///
/// With `--ids` and `--output-folder`, a certificate is issued for each line of a list, as `ID.pem`: for the request
/// `ID.csr` of the folder `--requests`, or for a new key, `ID.key.pem`. A certificate that is there already is kept, so that a
/// run that was stopped can be repeated. `devices.jsonl` of the folder is for `hubward registry import`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("subject").required(true).multiple(true).args(["device", "host", "ids"])))]
pub(crate) struct Issue {
    /// The folder of the CA.
    folder: PathBuf,
    /// A file with the request, PEM or DER; `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    request: PathBuf,
    /// The id of the device. The request must be for it.
    #[arg(long, value_name = "ID", conflicts_with_all = ["host", "ids"])]
    device: Option<String>,
    /// The module of that device. The request must be for `DEVICE/MODULE`.
    #[arg(long, value_name = "ID", requires = "device")]
    module: Option<String>,
    /// The name of a server, a DNS name or an IP address. Repeatable.
    #[arg(long, value_name = "HOST", conflicts_with = "ids")]
    host: Vec<String>,
    /// A file with the public key, instead of a request. Nothing proves that the device has the private key.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["request", "new_key_file", "ids"])]
    public_key: Option<PathBuf>,
    /// A new file for a new private key, instead of a request. It is never written over a file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["request", "ids"])]
    new_key_file: Option<PathBuf>,
    /// The type of a new key.
    #[arg(long, value_enum, value_name = "TYPE", default_value = "p256")]
    key_type: KeyTypeArgument,
    /// A file with the ids of a fleet's devices, one a line.
    #[arg(long, value_name = "FILE", requires = "output_folder", conflicts_with_all = ["request", "output"])]
    ids: Option<PathBuf>,
    /// The folder with the requests of the fleet, `ID.csr` (default: new keys are made).
    #[arg(long, value_name = "FOLDER", requires = "ids")]
    requests: Option<PathBuf>,
    /// The folder for the certificates of the fleet. It is made if it does not exist.
    #[arg(long, value_name = "FOLDER", requires = "ids")]
    output_folder: Option<PathBuf>,
    /// How the devices of the fleet are registered, in `devices.jsonl`.
    #[arg(long, value_enum, value_name = "METHOD", default_value = "thumbprint", requires = "ids")]
    register: Registration,
    #[command(flatten)]
    period: PeriodArguments,
    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &Issue) -> Result<Outcome, Box<dyn Error>> {
    let ca = CaFolder::open(&arguments.folder)?;
    if let (Some(ids), Some(output)) = (&arguments.ids, &arguments.output_folder) {
        let validity = arguments.period.within(Some(ca.authority.validity()), DEVICE_DAYS)?;
        let (requests, key_type) = (arguments.requests.as_deref(), arguments.key_type.into());
        let (revoked, register) = (ca.revoked()?, arguments.register);
        let fleet = fleet::Fleet { ca: &ca, revoked, validity, requests, key_type, output, register };
        return fleet.issue(ids);
    }
    let target = arguments.output.target()?;
    let (certificate, key) = if let Some(file) = &arguments.public_key {
        let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", shown::file(file)))?;
        let keys = pem::public_keys(&bytes).map_err(|error| format!("{}: {error}", shown::file(file)))?;
        let [key] = keys.as_slice() else {
            return Err(format!("{}: one public key is expected", shown::file(file)).into());
        };
        (issue(arguments, &ca, &Source::PublicKey(key))?, None)
    } else if arguments.new_key_file.is_some() {
        let (key, text) = new_key(arguments.key_type.into())?;
        (issue(arguments, &ca, &Source::PublicKey(key.public_key()))?, Some(text))
    } else {
        let der = read_request(&arguments.request)?;
        let request = verify_request(&der, &arguments.request)?;
        (issue(arguments, &ca, &Source::Request(request))?, None)
    };
    if let (Some(file), Some(text)) = (&arguments.new_key_file, key) {
        write_new(file, text.as_bytes())?;
    }
    let text = ca.with_chain(&certificate)?;
    match target {
        Some(target) => target.write(|out| Ok(out.write_all(text.as_bytes())?), &[])?,
        None => crate::out::stdout().write_all(text.as_bytes())?,
    }
    Ok(Outcome::Good)
}

/// The origin of the key to certify.
enum Source<'a> {
    PublicKey(&'a [u8]),
    Request(VerifiedRequest<'a>),
}

fn issue(arguments: &Issue, ca: &CaFolder, source: &Source<'_>) -> Result<Vec<u8>, Box<dyn Error>> {
    let period = |days| arguments.period.within(Some(ca.authority.validity()), days);
    let unsigned = if let Some(device) = &arguments.device {
        let device = DeviceId::parse(device).or_misuse()?;
        let module = arguments.module.as_deref().map(ModuleId::parse).transpose().or_misuse()?;
        let wanted = match (source, module) {
            (Source::PublicKey(key), None) => DeviceCertificate::from_public_key(key, device),
            (Source::PublicKey(key), Some(module)) => {
                DeviceCertificate::module_from_public_key(key, device, module)
            }
            (Source::Request(request), None) => DeviceCertificate::from_request(request, device),
            (Source::Request(request), Some(module)) => {
                DeviceCertificate::module_from_request(request, device, module)
            }
        }?;
        ca.authority.device(&wanted, serial()?, period(DEVICE_DAYS)?)?
    } else {
        let names = arguments.host.iter().map(|name| ServerName::try_from(name.as_str()));
        let names: Vec<_> =
            names.collect::<Result<_, _>>().map_err(|error| misuse(format!("--host: {error}")))?;
        let wanted = match source {
            Source::PublicKey(key) => ServerCertificate::from_public_key(key, &names),
            Source::Request(request) => ServerCertificate::from_request(request, &names),
        }?;
        ca.authority.server(&wanted, serial()?, period(SERVER_DAYS)?)?
    };
    Ok(unsigned.sign(&ca.key)?)
}

/// Reads a request, PEM or DER.
pub(super) fn read_request(file: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let named = |error: &dyn core::fmt::Display| format!("{}: {error}", shown::file(file));
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        crate::terminal::input("a request")?.take(MAX_LEN).read_to_end(&mut bytes)?;
    } else {
        let opened = std::fs::File::open(file).map_err(|error| named(&error))?;
        opened.take(MAX_LEN).read_to_end(&mut bytes).map_err(|error| named(&error))?;
    }
    for block in pem::blocks(&bytes) {
        let block = block.map_err(|error| named(&error))?;
        if block.may_be(Label::CertificateRequest) {
            return Ok(block.der().map_err(|error| named(&error))?.to_vec());
        }
    }
    Err(named(&"no certificate request (PKCS#10)").into())
}

/// Parses a request and verifies its signature, the proof that its sender has the key.
pub(super) fn verify_request<'a>(der: &'a [u8], file: &Path) -> Result<VerifiedRequest<'a>, Box<dyn Error>> {
    let named = |error: &dyn core::fmt::Display| format!("{}: {error}", shown::file(file));
    let request = CertificateRequest::parse(der).map_err(|error| named(&error))?;
    Ok(request.verify(signature::ALL).map_err(|error| named(&error))?)
}
