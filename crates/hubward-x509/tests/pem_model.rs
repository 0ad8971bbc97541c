//! Files of blocks and blemishes: all certificates in their order, or an error that shows nothing of the file. The same
//! model judges the fuzzer's files.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test"
)]

#[path = "common/pem_model.rs"]
mod model;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hubward_x509::pem;
use model::{agrees, shows_nothing};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// The outer structure of a certificate around random bytes.
fn certificate(content: &[u8]) -> Vec<u8> {
    let wrap =
        |tag: u8, content: &[u8]| [&[tag, 0x81, u8::try_from(content.len()).unwrap()], content].concat();
    let message = wrap(0x30, content);
    wrap(0x30, &[&message[..], &[0x30, 0, 3, 2, 0, 7]].concat())
}

fn block(label: &str, der: &[u8], width: usize, end: &str) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<_> = base64.as_bytes().chunks(width).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----{end}{}{end}-----END {label}-----", lines.join(end))
}

/// Text between and around blocks, harmless or not.
const BETWEEN: [&str; 28] = [
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    "",
    " ",
    "\t",
    "\u{feff}",
    "\n\u{feff}",
    "\nheading\n",
    "\n# ",
    "\n\"",
    "\n- ",
    "\\n",
    "\n-----BEGIN CERTIFICATE-----\n",
    "\n-----END CERTIFICATE-----\n",
    "\n-----BEGIN X-----\n",
    "\n-----\n",
    "\n----BEGIN CERTIFICATE----\n",
    "\n\u{2014}BEGIN CERTIFICATE\u{2014}\n",
    "\0",
    "0",
    "\nBack-End begin\n",
    "\nMCowBQYDK2VwAyEAWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\n",
    "\nMCowBQYDK2VwAyEAWlpaWlpaWlpa\nWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\nroot\n",
    "\n  MCoE KAAA AAAA AAAA AAAA AAAA\n\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
    "\nMCoE",
    "-",
];

const LABELS: [&str; 10] = [
    "CERTIFICATE",
    "CERTIFICATE",
    "X509 CERTIFICATE",
    "X.509 CERTIFICATE",
    "TRUSTED CERTIFICATE",
    "PRIVATE KEY",
    "EC PARAMETERS",
    "X509 CRL",
    "CERTIFCATE",
    "PKCS7",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn all_in_order_or_an_error_that_shows_nothing(
        parts in vec((vec(any::<u8>(), 128..200), select(&LABELS[..]), 16_usize..80, select(&BETWEEN[..])), 1..5),
        first in select(&BETWEEN[..]),
        end in select(&["\n", "\n", "\r\n", "\r", " \n", "\n\t", " ", "\\n", ""][..]),
        blemish in proptest::option::weighted(0.4, (any::<Index>(), select(&["", "-", "\n", " ", "!", "A", "\u{feff}"][..]), 0_usize..12)),
    ) {
        let mut file = first.to_owned();
        let mut written = Vec::new();
        for (content, label, width, between) in &parts {
            let der = certificate(content);
            file += &block(label, &der, *width, end);
            file += between;
            if label.ends_with("CERTIFICATE") {
                written.push(der);
            }
        }
        let mut bytes = file.into_bytes();
        let spoilt = blemish.is_some();
        if let Some((at, with, cut)) = blemish {
            let at = at.index(bytes.len());
            let cut_to = at.saturating_add(cut).min(bytes.len());
            bytes.splice(at..cut_to, with.bytes());
        }
        agrees(&bytes);
        shows_nothing(&bytes);
        // what was not spoilt after it was written is read as it was written
        if let (Ok(read), false) = (pem::certificates(&bytes), spoilt) {
            prop_assert_eq!(read.iter().map(|der| der.to_vec()).collect::<Vec<_>>(), written);
        }
    }

    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..300)) {
        agrees(&bytes);
        shows_nothing(&bytes);
    }
}
