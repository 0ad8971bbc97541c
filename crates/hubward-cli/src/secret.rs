//! Reads secrets from a file, from standard input or from the environment, never from the command line.

use core::error::Error;
use std::io::Read;
use std::path::Path;

use hubward::types::SymmetricKey;
use hubward_rustcrypto::HmacKey;
use zeroize::Zeroizing;

use crate::exit::misuse;
use crate::shown;

/// Reads a secret from `file` (`-` is standard input), or from the environment variable if there is no file.
pub(crate) fn read(file: Option<&Path>, variable: &str) -> Result<Zeroizing<String>, Box<dyn Error>> {
    let text = match file {
        Some(path) if path == Path::new("-") => {
            let mut text = Zeroizing::new(String::new());
            // longer than every key and token
            let read = std::io::stdin().take(64 * 1024).read_to_string(&mut text);
            read.map_err(|error| format!("standard input: {error}"))?;
            text
        }
        Some(path) => Zeroizing::new(
            std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", shown::file(path)))?,
        ),
        None => Zeroizing::new(std::env::var(variable).map_err(|_| {
            misuse(format!(
                "a secret is missing: name its file (see `--help`; `-` is standard input), or set {variable}"
            ))
        })?),
    };
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Reads a base64 key and prepares it for HMAC. An error names the source of the key.
pub(crate) fn key(file: Option<&Path>, variable: &str) -> Result<HmacKey, Box<dyn Error>> {
    Ok(HmacKey::new(&symmetric_key(file, variable)?))
}

/// Reads a base64 key. An error names the source of the key.
pub(crate) fn symmetric_key(file: Option<&Path>, variable: &str) -> Result<SymmetricKey, Box<dyn Error>> {
    let text = read(file, variable)?;
    let from = file.map_or_else(|| variable.to_owned(), |file| shown::file(file).to_string());
    if text.contains("SharedAccessKey=") {
        return Err(
            format!("{from}: this is a connection string; the key is its SharedAccessKey field").into()
        );
    }
    Ok(SymmetricKey::from_base64(&text).map_err(|error| format!("{from}: {error}"))?)
}
