//! Text outside the blocks of a PEM file: ordinary text is read, and base64 that lost its BEGIN and END lines is refused.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "common/pem_files.rs"]
mod files;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use files::*;
use hubward_x509::pem::PemProblem;

fn folded(text: &str, width: usize, end: &str) -> String {
    let lines: Vec<_> = text.as_bytes().chunks(width).map(|line| str::from_utf8(line).unwrap()).collect();
    lines.join(end)
}

/// The next block would be taken for it.
#[test]
fn base64_without_begin_and_end_is_refused_in_lines_of_any_length() {
    let p256 = [&[0x30, 0x59, 0x30, 0x13, 6, 7][..], &[0x2a; 85]].concat();
    let ed25519 = [&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0][..], &[0x5a; 32]].concat();
    let sec1 = [&[0x30, 0x77, 2, 1, 1, 4, 0x20][..], &[0x5a; 114]].concat();
    let long = [&[0x30, 0x82, 1, 0x95, 0x30, 0x82, 1, 0x3c, 0xa0][..], &[0x5a; 400]].concat();
    let other = [&[0x30, 0x2a, 4, 0x28][..], &[0x5a; 40]].concat();
    let ber = [&[0x30, 0x80, 6, 9, 0x2a][..], &[0x5a; 40]].concat();
    let values = [certificate(1), p256, ed25519, ed25519_key(), sec1, long, other, ber];
    let encoded = values
        .iter()
        .map(|der| STANDARD.encode(der))
        .chain([STANDARD.encode(one(1)), STANDARD.encode(format!("\u{feff}{}", one(1)))]);
    for text in encoded {
        for width in (1..=80).chain([500, 4000]) {
            for end in ["\n", "\r\n", "\r", "\n\n", "\n  ", " \n\t", " ", "  "] {
                for text in [text.as_str(), text.trim_end_matches('=')] {
                    let bare = folded(text, width, end);
                    for (file, line) in [
                        (bare.clone(), 1),
                        (format!("{bare}\n{}", one(2)), 1),
                        (format!("{}{bare}\n{}", one(2), one(3)), one(2).lines().count() + 1),
                        (format!("{}{bare}", one(2)), one(2).lines().count() + 1),
                        (format!("# Issuing CA:\n\n {bare}\n# Root\n{}", one(2)), 3),
                    ] {
                        let error = read(&file).expect_err(&file);
                        assert_eq!(
                            (error.line(), error.problem()),
                            (Some(line), PemProblem::BareBase64),
                            "{file}"
                        );
                    }
                }
            }
        }
    }
    // a heading of the same characters, a field's name, quotes, a last line that was lost
    let text = folded(&STANDARD.encode(certificate(1)), 32, "\n");
    let cut = text.rsplit_once('\n').unwrap().0;
    for file in [
        format!("Issuing\n{text}\n{}", one(2)),
        format!("Issuing CA\n{text}\nRoot\n{}", one(2)),
        format!("cert = {text}\n{}", one(2)),
        format!("\"{text}\",\n{}", one(2)),
        format!("{cut}\n{}", one(2)),
    ] {
        assert_eq!(read(&file).expect_err(&file).problem(), PemProblem::BareBase64, "{file}");
    }
}

#[test]
fn text_around_blocks_is_read() {
    for text in [
        "Certificate:\n    Data:\n        Version: 3 (0x2)\n        Serial Number:\n            4d:49:49:42",
        "                Modulus:\n                    00:c4:4d:49:49:43:30:82:01:22:30\n                Exponent: 65537 (0x10001)",
        "Bag Attributes\n    Microsoft Local Key set: <No Values>\n    localKeyID: 30 82 01 22 30 0D 06 09 2A 86 48 86",
        "MIIT TELECOM LICENSE\nMAC ADDRESS OF THE DEVICE\nMD5 OF THE CERTIFICATE IS NOT USED FOR ANYTHING",
        "MEMBERS OF THE BOARD OF THE COMPANY THAT ISSUES\nCERTIFICATES FOR MACHINES AND DEVICES IN THE FIELD AND PLANT ONE AND TWO",
        "Mutual TLS certificates of the plant Nordlicht in Hall Twelve\nMPEG MIME MICROSOFT MAKES MODEM",
        "3082019930820140A003020102020633",
        "MIAMI\nMCA\nMI\nM\n",
        "LS0t\nL\n7\n77u/",
        "d2VsY29tZSB0byB0aGUgbWFjaGluZSByb29tLCBwbGVhc2UgY2xvc2UgdGhlIGRvb3I=",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0 operator@plant",
        "",
    ] {
        let file = format!("{text}\n{}{text}\n{}{text}", one(1), one(2));
        assert_eq!(read(&file), Ok(vec![1, 2]), "{file}");
    }
}
