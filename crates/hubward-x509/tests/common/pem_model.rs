//! A slow, obvious reading of a file of certificates. `fuzz_targets/pem.rs` uses it as well.

use base64::Engine;
use base64::alphabet::STANDARD as STANDARD_ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use hubward_x509::pem;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD_ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

const LABELS: [&str; 4] = ["CERTIFICATE", "X509 CERTIFICATE", "X.509 CERTIFICATE", "TRUSTED CERTIFICATE"];

/// The base64 of every block of a certificate: the text between `BEGIN label-----` and the next five hyphens,
/// wherever in the file it is.
fn blocks(file: &[u8]) -> Vec<Vec<u8>> {
    let mut all: Vec<(usize, Vec<u8>)> = Vec::new();
    for label in LABELS {
        let begin = format!("-----BEGIN {label}-----");
        for (at, window) in file.windows(begin.len()).enumerate() {
            if window == begin.as_bytes() {
                let body = &file[at + begin.len()..];
                let length = body.windows(5).position(|window| window == b"-----").unwrap_or(body.len());
                let text = body[..length].iter().copied();
                all.push((at, text.filter(|byte| !b" \t\r\n\x0b\x0c".contains(byte)).collect()));
            }
        }
    }
    all.sort();
    all.into_iter().map(|(_, text)| text).collect()
}

/// Whether consecutive lines outside of blocks are base64 of a SEQUENCE of at least 24 bytes, as long as it says within
/// a few bytes.
fn bare(file: &[u8]) -> bool {
    let text = String::from_utf8_lossy(file).replace('\u{feff}', " ");
    let (mut inside, mut runs) = (false, vec![String::new()]);
    for line in text.split(['\r', '\n']).map(|line| line.trim_matches([' ', '\t', '\x0b', '\x0c'])) {
        if line.contains("-----BEGIN ") || line.contains("-----END ") {
            inside = !line.starts_with("-----END ") || line.contains("-----BEGIN ");
            runs.push(String::new());
        } else if !line.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/= \t\x0b\x0c".contains(&byte))
        {
            runs.push(String::new());
        } else if !inside {
            let run = runs.last_mut().expect("one");
            run.extend(line.chars().filter(|c| c.is_ascii_alphanumeric() || "+/".contains(*c)));
        }
    }
    runs.iter().any(|run| {
        let whole = run.len() - usize::from(run.len() % 4 == 1);
        let Ok(der) = LENIENT.decode(&run.as_bytes()[..whole]) else { return false };
        let length = match der[..] {
            [0x30, length @ ..=0x7f, ..] => 2 + usize::from(length),
            [0x30, 0x81, length, ..] => 3 + usize::from(length),
            [0x30, 0x82, high, low, ..] => 4 + usize::from(u16::from_be_bytes([high, low])),
            _ => return false,
        };
        length >= 24 && length.abs_diff(der.len()) <= 2
    })
}

/// The errors of all readers for a file.
fn errors(file: &[u8]) -> impl Iterator<Item = pem::PemError> {
    let errors = [
        pem::revocation_lists(file).err(),
        pem::public_keys(file).err(),
        pem::private_key(file).err(),
        pem::certificates(file).err(),
    ];
    errors.into_iter().flatten()
}

/// Panics if an error shows 8 bytes of the file. It is not for a fuzzer, which learns the words of the messages from this
/// very comparison and writes them into its files.
#[allow(dead_code, reason = "the fuzz target does not call it")]
pub fn shows_nothing(file: &[u8]) {
    for error in errors(file) {
        let shown = format!("{error} {error:?}");
        for run in file.windows(8) {
            // a message names labels, which a file has as well
            let word = run.iter().all(|byte| byte.is_ascii_uppercase() || b"- .509".contains(byte));
            let found = shown.as_bytes().windows(8).any(|own| own == run);
            assert!(word || !found, "{shown}");
        }
    }
}

/// Panics unless every block of a certificate is read in its order, or the file is refused, by a short error with a line of
/// the file.
pub fn agrees(file: &[u8]) {
    for error in errors(file) {
        assert!(error.to_string().len() < 220, "{error}");
        let lines = file.iter().filter(|byte| b"\r\n".contains(byte)).count() + 1;
        assert!(error.line().is_none_or(|line| (1..=lines).contains(&line)), "{error}");
    }
    let Ok(read) = pem::certificates(file) else { return };
    if file.first() == Some(&0x30) && !file.windows(10).any(|window| window == b"-----BEGIN") {
        let all: Vec<u8> = read.iter().flat_map(|der| der.to_vec()).collect();
        assert_eq!(file.trim_ascii_end(), all.trim_ascii_end(), "DER is read completely");
        return;
    }
    let written = blocks(file);
    assert_eq!(read.len(), written.len(), "a block is lost");
    for (der, text) in read.iter().zip(written) {
        assert_eq!(STANDARD.decode(text).expect("base64"), **der, "another certificate");
    }
    assert!(!bare(file), "base64 without BEGIN is skipped");
}
