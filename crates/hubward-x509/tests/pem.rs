//! Files of certificates and keys as people have them: read completely, or refused with the line and the reason.
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

use core::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use files::*;
use hubward_x509::pem::{self, Label, PemProblem};
use rustls_pki_types::PrivateKeyDer;

#[test]
fn what_is_unambiguous_is_read() {
    let (a, b) = (one(1), one(2));
    let two = format!("{a}{b}");
    let joined = |end: &str| two.replace('\n', end);
    let mark = "\u{feff}";
    let mut headers = block("RSA PRIVATE KEY", &certificate(9));
    headers.insert_str(32, "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n");
    let narrow = STANDARD.encode(certificate(1)).split_at(7).0.to_owned();
    for file in [
        two.clone(),
        joined("\r\n"),
        joined("\r"),
        format!("{}{b}", a.replace('\n', "\r\n")),
        joined(" \t\n"),
        joined("\n\n"),
        joined("\n  "),
        joined("\n\t"),
        joined("\n\u{c}"),
        format!("{mark}{two}"),
        format!("{mark}{a}{mark}{b}"),
        format!("{mark}heading\n{two}"),
        format!("{}{b}", a.trim_end()),
        format!("{} \u{feff}{b}", a.trim_end()),
        two.trim_end().to_owned(),
        two.replace(" CERTIFICATE", " X509 CERTIFICATE"),
        two.replace(" CERTIFICATE", " X.509 CERTIFICATE"),
        two.replace(" CERTIFICATE", " TRUSTED CERTIFICATE"),
        two.replace(&narrow, &format!("{narrow}\n")),
        format!(
            "Bag Attributes\n    friendlyName: Back-End - begin\nsubject=CN = FRONT-END\n{a}=====\n--\n{b}# the end\n"
        ),
        format!("{}{a}{}{b}", block("EC PARAMETERS", &[5, 0]), block("PRIVATE KEY", &PKCS8)),
        format!("{}{a}{headers}{b}", block("ENCRYPTED PRIVATE KEY", &[0x30, 0])),
        format!("{}{a}{b}", block("CERTIFICATE REQUEST", &certificate(9))),
        format!("{}{a}{b}", block("X509 CRL", &certificate(9))),
        format!("{}{a}{b}", block("OPENSSH PRIVATE KEY", b"openssh")),
    ] {
        assert_eq!(read(&file), Ok(vec![1, 2]), "{file}");
    }
    let latin = [b"Gr\xfc\xdfe \x96 END\n", two.as_bytes()].concat();
    assert_eq!(read(latin), Ok(vec![1, 2]));
}

#[test]
fn what_is_not_understood_is_refused_by_its_line() {
    use PemProblem::*;
    let (a, b) = (one(1), one(2));
    let two = format!("{a}{b}");
    let lines = a.lines().count();
    for (file, line, problem) in [
        // the first of two is not a block; the second must not be taken for it
        (format!("# {two}"), 1, TextOnBoundaryLine),
        (format!("\"{two}"), 1, TextOnBoundaryLine),
        (format!("cert: {two}"), 1, TextOnBoundaryLine),
        (two.replacen("-----\n", "-----\"\n", 1), 1, TextOnBoundaryLine),
        (two.replacen("-----\n", "----- ", 1), 1, TextOnBoundaryLine),
        (two.replacen("-----\n", "-----\\n", 1), 1, TextOnBoundaryLine),
        (two.replace('\n', " "), 1, TextOnBoundaryLine),
        (two.replace('\n', "\\n"), 1, TextOnBoundaryLine),
        (format!("{{\"a\": \"{}\"}}", a.replace('\n', "\\n")), 1, TextOnBoundaryLine),
        (two.replacen("\n-----END", "-----END", 1), lines - 1, TextOnBoundaryLine),
        (two.replacen("-----\n-----BEGIN", "----- and -----BEGIN", 1), lines, TextOnBoundaryLine),
        (two.replacen("-----\n-----BEGIN", "-----BEGIN", 1), lines, MalformedBoundary),
        (two.replacen("-----BEGIN", "----BEGIN", 1), 1, MalformedBoundary),
        (two.replacen("-----BEGIN", "------BEGIN", 1), 1, TextOnBoundaryLine),
        (two.replacen("-----BEGIN", "\u{2014}BEGIN", 1), 1, MalformedBoundary),
        (two.replacen("-----BEGIN", "\u{2013}\u{2013}-BEGIN", 1), 1, MalformedBoundary),
        (two.replacen("-----BEGIN", "- - - - -BEGIN", 1), 1, MalformedBoundary),
        (two.replacen("-----BEGIN", "BEGIN", 1), 1, MalformedBoundary),
        (two.replacen("-----BEGIN ", "-----Begin ", 1), 1, MalformedBoundary),
        (two.replacen("BEGIN CERTIFICATE-----", "BEGIN CERTIFICATE----", 1), 1, MalformedBoundary),
        (two.replacen("BEGIN CERTIFICATE-----", "BEGIN CERTIFICATE------", 1), 1, MalformedBoundary),
        (two.replacen("BEGIN CERTIFICATE", "BEGIN  CERTIFICATE", 1), 1, MalformedBoundary),
        (two.replacen("BEGIN CERTIFICATE", "BEGIN\u{a0}CERTIFICATE", 1), 1, Invisible('\u{a0}')),
        (format!("\u{a0}{two}"), 1, Invisible('\u{a0}')),
        (format!(" \u{200b}\u{200b}{two}"), 1, Invisible('\u{200b}')),
        (format!("\u{a0}x{two}"), 1, TextOnBoundaryLine),
        (two.replacen("-----\n", "-----\u{feff}\u{2060}\n", 1), 1, Invisible('\u{feff}')),
        (two.replacen("-----\n", "-----\u{200b}x\n", 1), 1, TextOnBoundaryLine),
        (two.replacen("-----\n-----BEGIN", "-----\u{a0}\n-----BEGIN", 1), lines, Invisible('\u{a0}')),
        (two.replacen("-----\n-----BEGIN", "-----\u{a0}-----BEGIN", 1), lines, Invisible('\u{a0}')),
        (two.replacen("-----\n", "-----\n\u{200b}", 1), 2, Invisible('\u{200b}')),
        (two.replacen("-----BEGIN CERTIFICATE-----\n", "", 1), 1, BareBase64),
        (format!("-----END CERTIFICATE-----\n{two}"), 1, EndWithoutBegin),
        (two.replacen("-----END CERTIFICATE-----\n", "", 1), lines, BeginInBlock),
        (two.replacen("-----END", "----END", 1), lines, MalformedBoundary),
        (two.replacen("END CERTIFICATE", "END X509 CRL", 1), lines, LabelsDiffer),
        (two.replacen(" CERTIFICATE-", " CERTIFCATE-", 2), 1, UnknownLabel),
        (two.replacen(" CERTIFICATE-", " certificate-", 2), 1, UnknownLabel),
        (two.replacen("-----\n", "-----\nX-Device: a\n\n", 1), 2, Header(Label::Certificate)),
        (two.replacen("-----\n", "-----\nProc-Type: 4,ENCRYPTED\n\n", 1), 2, Header(Label::Certificate)),
        (two.replacen("-----\n", "-----\n!", 1), 2, NotBase64),
        (two.replacen("=\n", "\n", 1).replacen("A\n-----END", "\n-----END", 1), 1, NotBase64),
        (format!("{a}{}", b.split_at(90).0), lines + 1, NoEnd),
        (format!("{}{two}", block("PKCS7", &[0x30, 0])), 1, Pkcs7),
        (format!("{two}{}", block("CERTIFICATE", &PKCS8)), 2 * lines + 1, NotDer(Label::Certificate)),
        (format!("{two}{}", block("CERTIFICATE", &[])), 2 * lines + 1, NotDer(Label::Certificate)),
        (format!("{two}\nMI{}\n", "A".repeat(60)), 2 * lines + 2, BareBase64),
        (format!("{two}\ntls.crt: {}", STANDARD.encode(&a)), 2 * lines + 2, BareBase64),
        (format!("{two}\0"), 2 * lines + 1, NotText),
    ] {
        let error = read(&file).expect_err(&file);
        assert_eq!((error.line(), error.problem()), (Some(line), problem), "{file}");
    }
    for big in [false, true] {
        let text = format!("\u{feff}{two}");
        let wide = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        let utf16: Vec<u8> = text.encode_utf16().flat_map(wide).collect();
        refused(&utf16, Some(1), NotText);
        // what a shell appends to a file of another encoding
        assert_eq!(read([two.as_bytes(), &utf16].concat()).unwrap_err().problem(), NotText);
    }
    let found = |found| Missing { wanted: Label::Certificate, found };
    refused("", None, found(None));
    refused("Nordlicht roots: see the share\n", None, found(None));
    refused("0 roots\n", None, found(None));
    refused(block("PRIVATE KEY", &PKCS8), None, found(Some(Label::PrivateKey)));
    refused(STANDARD.encode([0x30, 0x81, 0x80].repeat(40)), Some(1), BareBase64);
}

#[test]
fn der_is_read_completely_or_refused() {
    use PemProblem::*;
    let (a, b) = (certificate(1), certificate(2));
    assert_eq!(read(&a), Ok(vec![1]));
    assert_eq!(read([&*a, b"\r\n"].concat()), Ok(vec![1]));
    assert_eq!(read([&*a, &b].concat()), Ok(vec![1, 2]));
    refused([&*a, b"\0"].concat(), None, TrailingBytes);
    refused([&*a, &b, b"x"].concat(), None, TrailingBytes);
    refused(PKCS8, None, NotDer(Label::Certificate));
    let mut long = vec![0x30, 0x81, 0x90];
    long.extend([0x30; 0x80]);
    refused(&long, None, DamagedDer);
    let pkcs12 = [0x30, 0x80, 2, 1, 3, 0x30, 0x80, 0, 0];
    refused(pkcs12, None, Pkcs12);
    let pkcs7 = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 7, 2, 5, 0];
    refused(pkcs7, None, Pkcs7);
    refused(block("CERTIFICATE", &pkcs7), Some(1), Pkcs7);
    // DER and then PEM
    assert_eq!(read([&*a, one(2).as_bytes()].concat()).unwrap_err().problem(), TrailingBytes);
    // text that begins as DER does
    assert_eq!(read(format!("0 s:CN = a\n{}", one(1))), Ok(vec![1]));
    assert_eq!(read(format!("0\u{b0}\n{}", one(1))), Ok(vec![1]));
}

#[test]
fn lists_and_public_keys() {
    let list = certificate(3);
    for label in ["X509 CRL", "X.509 CRL", "CRL"] {
        let file = format!("{}\u{feff}{}", one(1), block(label, &list));
        let lists = pem::revocation_lists(file.as_bytes()).unwrap();
        assert_eq!(lists.iter().map(|der| &**der).collect::<Vec<_>>(), [&*list]);
    }
    assert!(pem::revocation_lists(&list).is_ok());
    let missing = pem::revocation_lists(one(1).as_bytes()).unwrap_err().to_string();
    assert_eq!(
        missing,
        "holds no revocation list: it has no `BEGIN X509 CRL` line; its first block is: certificate"
    );
    assert_eq!(pem::public_keys(block("PUBLIC KEY", &SPKI).as_bytes()).unwrap().len(), 1);
    assert_eq!(pem::public_keys(&SPKI).unwrap().len(), 1);
    let rsa = format!("{}{}", block("PUBLIC KEY", &SPKI), block("RSA PUBLIC KEY", &SPKI));
    assert_eq!(pem::public_keys(rsa.as_bytes()).unwrap_err().problem(), PemProblem::OtherKeyForm);
}

#[test]
fn private_keys() {
    let read = |file: &str| pem::private_key(file.as_bytes()).map_err(|error| error.problem());
    for (label, der) in [("PRIVATE KEY", &PKCS8[..]), ("RSA PRIVATE KEY", &PKCS1), ("EC PRIVATE KEY", &SEC1)]
    {
        for file in [
            block(label, der),
            format!("\u{feff}{}", block(label, der).replace('\n', "\r\n")),
            format!("{}{}{}", block("EC PARAMETERS", &[5, 0]), one(1), block(label, der)),
        ] {
            let key = read(&file).unwrap();
            assert_eq!(key.secret_der(), der);
        }
        assert_eq!(pem::private_key(der).unwrap().secret_der(), der);
    }
    assert!(matches!(*pem::private_key(&PKCS8).unwrap(), PrivateKeyDer::Pkcs8(_)));
    assert!(matches!(*pem::private_key(&PKCS1).unwrap(), PrivateKeyDer::Pkcs1(_)));
    assert!(matches!(*pem::private_key(&SEC1).unwrap(), PrivateKeyDer::Sec1(_)));
    let mut headers = block("EC PRIVATE KEY", &SEC1);
    headers.insert_str(31, "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n");
    let missing = |found| PemProblem::Missing { wanted: Label::PrivateKey, found };
    let key = block("PRIVATE KEY", &PKCS8);
    for (file, problem) in [
        (headers, PemProblem::Encrypted),
        (block("ENCRYPTED PRIVATE KEY", &[0x30, 0]), PemProblem::Encrypted),
        (block("OPENSSH PRIVATE KEY", b"key"), PemProblem::OpenSshKey),
        (block("DSA PRIVATE KEY", &PKCS1), PemProblem::OtherKeyForm),
        (STANDARD.encode(ed25519_key()), PemProblem::BareBase64),
        (block("PRIVATE KEY", &PKCS8[..11]), PemProblem::NotDer(Label::PrivateKey)),
        (block("PRIVATE KEY", &certificate(1)), PemProblem::NotDer(Label::PrivateKey)),
        (format!("{key}{key}"), PemProblem::SeveralKeys),
        (one(1), missing(Some(Label::Certificate))),
        (block("PUBLIC KEY", &SPKI), missing(Some(Label::PublicKey))),
        (String::new(), missing(None)),
    ] {
        assert_eq!(read(&file).unwrap_err(), problem, "{file}");
    }
    assert_eq!(pem::private_key(&[0x30, 4, 0x30, 0, 4, 0]).unwrap_err().problem(), PemProblem::Encrypted);
}

#[test]
fn a_trust_store_reads_block_by_block() {
    let file = format!("{}{}{}", one(1), block("CERTIFICATE", b"none"), one(2));
    let mut seen = String::new();
    for found in pem::blocks(file.as_bytes()) {
        let found = found.unwrap();
        let good = found.certificate().is_ok();
        write!(seen, "{:?} {} {good} ", found.line().unwrap(), found.label().unwrap()).unwrap();
    }
    assert_eq!(seen, "1 certificate true 6 certificate false 9 certificate true ");
    let cut = format!("{}-----BEGIN CERTIFICATE-----\n", one(1));
    let mut all = pem::blocks(cut.as_bytes());
    assert!(all.next().unwrap().is_ok());
    assert!(all.next().unwrap().is_err());
    assert!(all.next().is_none());
}

/// A private key in every form in which a shell, YAML or JSON hands it on.
#[test]
fn no_error_shows_a_private_key_whose_line_breaks_were_lost() {
    let der: Vec<u8> = [&[0x30, 0x81, 0x80, 2, 1, 0, 0x30, 0, 4, 0x79][..], &[0xa7; 0x79]].concat();
    let key = block("PRIVATE KEY", &der);
    let base64 = STANDARD.encode(&der);
    let forms = [
        key.replace('\n', " "),
        key.replace('\n', ""),
        key.replace('\n', "\\n"),
        key.replace('\n', "\\r\\n"),
        key.replacen('\n', " ", 1),
        format!("{{\"key\": \"{}\"}}", key.replace('\n', "\\n")),
        format!("key: {key}"),
        key.replace("-----BEGIN PRIVATE KEY-----\n", ""),
        key.replace("-----END PRIVATE KEY-----\n", ""),
        key.replace("\n-----END", "-----END"),
        key.replacen("p6", "!", 1),
        base64.clone(),
        STANDARD.encode(&key),
    ];
    for form in &forms {
        assert!(pem::private_key(form.as_bytes()).is_err(), "{form}");
        for file in [form.clone(), format!("{}{form}", one(1)), format!("{form}\n{}", one(1))] {
            let errors = [
                pem::private_key(file.as_bytes()).map(drop),
                pem::certificates(file.as_bytes()).map(drop),
                pem::revocation_lists(file.as_bytes()).map(drop),
                pem::public_keys(file.as_bytes()).map(drop),
            ];
            for error in errors {
                // a key that is a block, if a spoilt one, is not looked at where certificates are asked for
                let Err(error) = error else { continue };
                let shown = format!("{error} {error:?} {error:#?}");
                assert!(error.to_string().len() <= 200, "{error}");
                assert!(core::error::Error::source(&error).is_none());
                // neither as text nor as an array of numbers
                assert!(!shown.contains("pqen") && !shown.contains("167"), "{shown}");
                let runs =
                    file.as_bytes().windows(8).filter(|run| *run != b"PRIVATE " && *run != b"RIVATE K");
                let known = |run: &[u8]| {
                    "-----BEGIN CERTIFICATE----- PRIVATE KEY----- PUBLIC KEY----- X509 CRL-----"
                        .as_bytes()
                        .windows(8)
                        .any(|own| own == run)
                };
                for run in runs.filter(|run| !known(run)) {
                    assert!(!shown.as_bytes().windows(8).any(|own| own == run), "{shown}");
                }
            }
        }
    }
}

/// They may reject the certificate for every use.
#[test]
fn trust_settings_are_not_ignored() {
    for settings in [&[0x30, 2, 0x30, 0][..], &[0x30, 0], &[0], b"settings"] {
        let trusted = block("TRUSTED CERTIFICATE", &[&certificate(2)[..], settings].concat());
        let line = one(1).lines().count() + 1;
        refused(format!("{}{trusted}", one(1)), Some(line), PemProblem::TrustSettings);
        let key = format!("{trusted}{}", block("PRIVATE KEY", &PKCS8));
        assert!(pem::private_key(key.as_bytes()).is_ok());
    }
    assert_eq!(read(block("TRUSTED CERTIFICATE", &certificate(2))), Ok(vec![2]));
}

#[test]
fn an_error_says_what_it_is_and_how_to_mend_it() {
    let said = |file: &str| pem::certificates(file.as_bytes()).unwrap_err().to_string();
    let of_key = |file: &str| pem::private_key(file.as_bytes()).unwrap_err().to_string();
    let has = |error: String, words: &str| assert!(error.contains(words), "{error}");
    let request = block("CERTIFICATE REQUEST", &certificate(9));
    let key = block("PRIVATE KEY", &PKCS8);
    for file in [request.clone(), format!("{key}{request}"), format!("{request}{key}")] {
        has(said(&file), "the file has a certificate request, not a certificate");
    }
    has(of_key(&request), "holds no private key");
    let header = one(1).replacen("-----\n", "-----\nProc-Type: 4,ENCRYPTED\n\n", 1);
    has(said(&header), "inside of the block of a certificate");
    for file in [
        key.replacen("-----BEGIN", "----BEGIN", 1),
        key.replace("PRIVATE KEY", "PRIVATE  KEYS"),
        key.replace("\n", " "),
        key.replace("-----BEGIN PRIVATE KEY-----\n", ""),
        String::new(),
        one(1),
    ] {
        assert!(!of_key(&file).contains("BEGIN CERTIFICATE"), "{}", of_key(&file));
    }
    has(of_key(&STANDARD.encode(ed25519_key())), "bare base64");
    has(of_key(&block("OPENSSH PRIVATE KEY", b"key")), "`ssh-keygen -p -m pkcs8 -f FILE`");
    has(of_key(&key.replace('\n', "\\n")), "`printf '%b' \"$VARIABLE\"`");
    has(said(&format!("\u{a0}{}", one(1))), "U+00A0");
    has(said(&one(1).replace("-----\n", "-----\u{feff}\u{200b}\n")), "U+FEFF");
    has(
        said(&block("TRUSTED CERTIFICATE", &[certificate(1), vec![0x30, 0]].concat())),
        "`openssl x509 -in FILE`",
    );
    let windows = [b"\xa0", one(1).as_bytes()].concat();
    assert_eq!(read(windows).unwrap_err().problem(), PemProblem::Invisible('\u{a0}'));
}
