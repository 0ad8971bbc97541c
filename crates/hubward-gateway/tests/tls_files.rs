//! The files of `--cert`, `--key` and `--client-ca` are read completely or refused, and never printed.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::fs;

use hubward_gateway::{Config, Dev, Server};

/// Returns the error of a start with changed files, with its sources.
async fn refused(config: Config) -> String {
    let Err(error) = Server::start(config).await else { panic!("the gateway started") };
    let mut shown = format!("{error} {error:?}");
    let mut next = core::error::Error::source(&error);
    while let Some(source) = next {
        shown = format!("{shown} {source} {source:?}");
        next = source.source();
    }
    shown
}

#[tokio::test]
async fn a_key_without_line_breaks_is_not_printed() {
    let dev = Dev::create().unwrap();
    let key = fs::read_to_string(dev.file("server.key")).unwrap();
    for form in [
        key.replace('\n', " "),
        key.replace('\n', "\\n"),
        key.replacen('\n', " ", 1),
        key.replace("-----BEGIN PRIVATE KEY-----", ""),
        key.split_at(100).0.to_owned(),
    ] {
        let file = dev.file("spoilt.key");
        fs::write(&file, &form).unwrap();
        for argument in ["cert", "key", "client-ca"] {
            let mut config = dev.config("127.0.0.1:0", "127.0.0.1:0");
            match argument {
                "cert" => config.cert.clone_from(&file),
                "key" => config.key.clone_from(&file),
                _ => config.client_ca = Some(file.clone()),
            }
            let shown = refused(config).await;
            assert!(shown.contains("spoilt.key") && shown.len() < 1000, "{shown}");
            let numbers: Vec<String> = form.bytes().map(|byte| byte.to_string()).collect();
            assert!(!numbers.windows(4).any(|run| shown.contains(&run.join(", "))), "{shown}");
            let base64: String = key.lines().filter(|line| !line.starts_with('-')).collect();
            let text = |run: &[u8]| shown.contains(str::from_utf8(run).unwrap());
            assert!(!base64.as_bytes().windows(8).any(text), "{shown}");
        }
    }
}

#[tokio::test]
async fn files_with_crlf_and_a_byte_order_mark_are_read() {
    let dev = Dev::create().unwrap();
    for name in ["server.pem", "server.key", "ca.pem"] {
        let text = fs::read_to_string(dev.file(name)).unwrap();
        fs::write(dev.file(name), format!("\u{feff}{}", text.replace('\n', "\r\n"))).unwrap();
    }
    let server = Server::start(dev.config("127.0.0.1:0", "127.0.0.1:0")).await.unwrap();
    assert!(server.shutdown().await);
}

/// A skipped certificate would leave the next one in its place: a different CA, with other devices.
#[tokio::test]
async fn a_certificate_authority_that_cannot_be_parsed_is_an_error() {
    let dev = Dev::create().unwrap();
    let ca = fs::read_to_string(dev.file("ca.pem")).unwrap();
    for file in [format!("# {ca}{ca}"), ca.replacen("-----BEGIN", "----BEGIN", 1) + &ca, String::new()] {
        fs::write(dev.file("ca.pem"), file).unwrap();
        let shown = refused(dev.config("127.0.0.1:0", "127.0.0.1:0")).await;
        assert!(shown.contains("ca.pem: "), "{shown}");
    }
}

#[tokio::test]
async fn a_key_of_another_certificate_is_an_error_that_names_both_files() {
    let dev = Dev::create().unwrap();
    let mut config = dev.config("127.0.0.1:0", "127.0.0.1:0");
    config.key = dev.file("dev-x509.key");
    let shown = refused(config).await;
    assert!(shown.contains("server.pem") && shown.contains("dev-x509.key"), "{shown}");
    assert!(shown.contains("first certificate"), "{shown}");
}

/// A block that is whole, but has no certificate: with `--strict-ca` an error, and without it too if there is no other.
#[tokio::test]
async fn an_unreadable_authority_is_passed_over_unless_it_must_not_be() {
    let dev = Dev::create().unwrap();
    let ca = fs::read_to_string(dev.file("ca.pem")).unwrap();
    // not a certificate even outwardly, and one without a serial number
    for (odd, place) in [("MAA=", "line 1: "), ("MAowADAAAwQABQYH", "anchor 0: ")] {
        let odd = format!("-----BEGIN CERTIFICATE-----\n{odd}\n-----END CERTIFICATE-----\n");
        fs::write(dev.file("ca.pem"), format!("{odd}{ca}")).unwrap();
        let config = || dev.config("127.0.0.1:0", "127.0.0.1:0");
        let server = Server::start(config()).await.unwrap();
        assert!(server.shutdown().await);

        let mut strict = config();
        strict.strict_ca = true;
        assert!(refused(strict).await.contains(&format!("ca.pem: {place}")));
        fs::write(dev.file("ca.pem"), odd).unwrap();
        assert!(refused(config()).await.contains(&format!("ca.pem: {place}")));
    }
}
