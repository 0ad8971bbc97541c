//! Keys in an HSM, by PKCS #11: a CA's key signs its root and a device's certificate, and a device's symmetric key signs the
//! tokens with which the device connects. Neither key leaves the HSM: hubward gives out the bytes to sign and takes in
//! the signature, which it verifies.
//!
//! `hubward-hsm-example MODULE LABEL FOLDER` takes the PIN from `HSM_PIN`. It reads the request `pump-17.csr` and the
//! key `pump-17.key` (base64) of the folder, and writes `root.pem`, `pump-17.pem` and `pump-17.token`.
//! `live.sh` runs it with SoftHSM.

mod hsm;

use core::time::Duration;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use hsm::Hsm;
use hubward_core::{Authority, DeviceId, SymmetricKey, UnixTime};
use hubward_ring::signature;
use hubward_sas::UnsignedToken;
use hubward_x509::issue::{CertificateAuthority, DeviceCertificate, IssuerKey, SerialNumber, Unsigned};
use hubward_x509::{CertificateRequest, Validity};
use pem_rfc7468::LineEnding;
use rustls_pki_types::alg_id;

const DEVICE: &str = "pump-17";
const HUB: &str = "contoso.example";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(module), Some(label), Some(folder)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: hubward-hsm-example MODULE LABEL FOLDER, with the PIN in HSM_PIN".into());
    };
    let hsm = Hsm::open(&module, &label, std::env::var("HSM_PIN")?)?;
    let folder = PathBuf::from(folder);
    let (device, now) = (DeviceId::parse(DEVICE)?, now()?);

    // a root whose key is generated in the HSM
    let (ca_key, public_key) = hsm.signing_key("plant-root")?;
    let issuer = IssuerKey::new(&public_key, alg_id::ECDSA_SHA256)?;
    let unsigned = CertificateAuthority::root("Plant root", &issuer, Some(0), serial()?, days(now, 3650)?)?;
    let signed = |unsigned: &Unsigned| -> Result<Vec<u8>, Box<dyn Error>> {
        let made = hsm.sign(ca_key, unsigned.message())?;
        Ok(unsigned.with_signature(&made, signature::ALL)?)
    };
    let root = signed(&unsigned)?;
    let ca = CertificateAuthority::new(&root, issuer)?;

    // a device's certificate from its request
    let request = fs::read(folder.join("pump-17.csr"))?;
    let (_, request) = pem_rfc7468::decode_vec(&request)?;
    let request = CertificateRequest::parse(&request)?.verify(signature::ALL)?;
    let issued = ca.device(&DeviceCertificate::from_request(&request, device)?, serial()?, days(now, 365)?)?;
    let issued = signed(&issued)?;

    // the device's own HSM: the key is imported once, and signs each token there
    let key = SymmetricKey::from_base64(fs::read_to_string(folder.join("pump-17.key"))?.trim())?;
    let mac_key = hsm.import_key("pump-17", key.expose())?;
    if hsm.gives_away(mac_key) || hsm.gives_away(ca_key) {
        return Err("the HSM gives away a key".into());
    }
    let unsigned = UnsignedToken::device(Authority::parse(HUB)?, device, after(now, 3600));
    let mut buffer = [0; 512];
    let tag = hsm.tag(mac_key, unsigned.to_be_signed(&mut buffer)?)?;
    let token = unsigned.finish(tag);

    for (name, der) in [("root.pem", &root), ("pump-17.pem", &issued)] {
        fs::write(folder.join(name), pem_rfc7468::encode_string("CERTIFICATE", LineEnding::LF, der)?)?;
    }
    fs::write(folder.join("pump-17.token"), token.to_string())?;
    println!("the HSM signed a root, a certificate of {DEVICE} and a token of {DEVICE}");
    Ok(())
}

fn now() -> Result<UnixTime, Box<dyn Error>> {
    Ok(UnixTime::since_unix_epoch(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?))
}

fn after(now: UnixTime, seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs().saturating_add(seconds)))
}

fn days(now: UnixTime, days: u64) -> Result<Validity, Box<dyn Error>> {
    Ok(Validity::between(now, after(now, days.saturating_mul(86_400)))?)
}

fn serial() -> Result<SerialNumber, Box<dyn Error>> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(SerialNumber::from_entropy(bytes)?)
}
