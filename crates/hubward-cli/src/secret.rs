//! Reads secrets from a file, from standard input or from the environment, never from the command line.

use core::error::Error;
use std::io::Read;
use std::path::Path;

use hubward::types::SymmetricKey;
use hubward_rustcrypto::HmacKey;
use zeroize::Zeroizing;

use crate::exit::misuse;
use crate::shown;
use crate::terminal;

/// The most bytes of a secret: longer than every key and token.
const LONGEST: usize = 64 * 1024;

/// Returns the source of a secret as an error names it.
pub(crate) fn source(file: Option<&Path>, variable: &str) -> String {
    match file {
        Some(path) if path == Path::new("-") => "standard input".to_owned(),
        Some(path) => shown::file(path).to_string(),
        None => variable.to_owned(),
    }
}

/// Reads a secret as bytes from `file` (`-` is standard input), or from the environment variable if there is no file.
pub(crate) fn read_bytes(file: Option<&Path>, variable: &str) -> Result<Zeroizing<Vec<u8>>, Box<dyn Error>> {
    let failed = |error| format!("{}: {error}", source(file, variable));
    let bytes = match file {
        Some(path) if path == Path::new("-") => bounded(terminal::input("the text")?).map_err(failed)?,
        Some(path) => std::fs::File::open(path).and_then(bounded).map_err(failed)?,
        None => {
            let value = std::env::var_os(variable).ok_or_else(|| {
                misuse(format!(
                    "a secret is missing: name its file (see `--help`; `-` is standard input), or set {variable}"
                ))
            })?;
            Zeroizing::new(value.into_encoded_bytes())
        }
    };
    if bytes.len() > LONGEST {
        return Err(format!("{}: longer than every key and token", source(file, variable)).into());
    }
    Ok(bytes)
}

/// Reads into a buffer that is not moved, so that no copy of the secret is left in memory.
fn bounded(from: impl Read) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST.saturating_add(2)));
    from.take(u64::try_from(LONGEST.saturating_add(1)).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a secret as text, without a byte-order mark at its start and line ends at its end.
pub(crate) fn read(file: Option<&Path>, variable: &str) -> Result<Zeroizing<String>, Box<dyn Error>> {
    let bytes = read_bytes(file, variable)?;
    let text = str::from_utf8(&bytes).map_err(|_| {
        let source = source(file, variable);
        match bytes.as_slice() {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                format!("{source}: this is UTF-16; save the file as UTF-8")
            }
            _ => format!("{source}: not UTF-8 text; DER and PKCS #12 files are binary"),
        }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Reads a base64 key and prepares it for HMAC. An error names the source of the key.
pub(crate) fn key(file: Option<&Path>, variable: &str) -> Result<HmacKey, Box<dyn Error>> {
    Ok(HmacKey::new(&symmetric_key(file, variable)?))
}

/// Reads a base64 key. An error names the source of the key.
pub(crate) fn symmetric_key(file: Option<&Path>, variable: &str) -> Result<SymmetricKey, Box<dyn Error>> {
    let text = read(file, variable)?;
    let from = source(file, variable);
    let cause = if text.contains("SharedAccessKey=") {
        Some("this is a connection string; the key is its SharedAccessKey field")
    } else if text.contains("-----BEGIN") {
        Some("this is a PEM file; a symmetric key is one line of base64")
    } else if text.starts_with(['"', '\'']) {
        Some("the key is in quotation marks; remove them")
    } else {
        None
    };
    if let Some(cause) = cause {
        return Err(format!("{from}: {cause}").into());
    }
    Ok(SymmetricKey::from_base64(&text).map_err(|error| format!("{from}: {error}"))?)
}
