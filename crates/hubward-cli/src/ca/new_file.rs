//! New files, never over an existing one: private keys, and PEM.

use core::error::Error;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use hubward_ring::{KeyType, SigningKey};
use hubward_x509::pem::{self, PemProblem};
use pem_rfc7468::LineEnding;
use rustls_pki_types::PrivateKeyDer;
use zeroize::Zeroizing;

use crate::secret;
use crate::shown;

/// Writes a new file that only its owner can read. An existing file is an error, even an empty one.
pub(crate) fn write_new(path: &Path, content: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let name = shown::file(path);
    let named = |error: std::io::Error| std::io::Error::new(error.kind(), format!("{name}: {error}"));
    let mut file = match options.open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(format!("{name} exists; a key is never written over a file").into());
        }
        file => file.map_err(named)?,
    };
    let written = file.write_all(content).and_then(|()| file.sync_all());
    written.map_err(|error| {
        // half a key would be taken for a key by the next run
        let _ = std::fs::remove_file(path);
        named(error).into()
    })
}

/// Generates a key; returns it and its PEM, which is erased when dropped.
pub(crate) fn new_key(key_type: KeyType) -> Result<(SigningKey, Zeroizing<String>), Box<dyn Error>> {
    let pkcs8 = SigningKey::generate_pkcs8(key_type)?;
    Ok((SigningKey::from_pkcs8(&pkcs8)?, Zeroizing::new(pem_text("PRIVATE KEY", &pkcs8)?)))
}

/// Returns DER as PEM.
pub(crate) fn pem_text(label: &str, der: &[u8]) -> Result<String, Box<dyn Error>> {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).map_err(|error| error.to_string().into())
}

/// Reads a private key from a file, `-` for standard input.
pub(crate) fn read_key(path: &Path) -> Result<SigningKey, Box<dyn Error>> {
    let bytes = secret::read_bytes(Some(path), "")?;
    let from = secret::source(Some(path), "");
    let key = pem::private_key(&bytes).map_err(|error| match error.problem() {
        PemProblem::Encrypted => format!("{from}: the key is encrypted; `openssl pkey -in FILE` decrypts it"),
        _ => format!("{from}: {error}"),
    })?;
    match &*key {
        PrivateKeyDer::Pkcs8(key) => {
            SigningKey::from_pkcs8(key.secret_pkcs8_der()).map_err(|error| format!("{from}: {error}").into())
        }
        PrivateKeyDer::Sec1(_) => {
            let advice = "`openssl pkcs8 -topk8 -nocrypt` converts it to PKCS #8";
            Err(format!("{from}: an elliptic-curve key in its own form; {advice}").into())
        }
        _ => Err(format!("{from}: {}", hubward_ring::SigningKeyError).into()),
    }
}
