//! `hubward policy tls`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::process::Command;

fn tls(words: &str) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubward"));
    command.args(["policy", "tls"]).args(words.split_whitespace());
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

#[test]
fn handshakes_and_offers_are_checked() {
    let gcm = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
    for (words, status, part) in [
        ("", 0, "TLS 1.2  0xc02f  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\n"),
        (&format!("--version 1.2 --suite {gcm}"), 0, "accepted: TLS 1.2 with TLS_ECDHE_RSA"),
        ("--version 1.1 --suite 0xc013", 1, "refused (legacy-version): TLS 1.1 is a legacy version"),
        ("--rules legacy-hub --version 1.1 --suite 0xc013", 0, "accepted: TLS 1.1"),
        ("--rules hub-ecc --version 1.2 --suite 0xc02f", 1, "refused (suite)"),
        (
            "--hello --version 1.3 --version 1.2 --suite 0xc02f --suite 0x1301",
            0,
            "accepted: TLS 1.3 with TLS_AES_128",
        ),
        ("--hello --version 1.2 --suite 0x002f", 1, "refused (no-common-suite)"),
        ("--version 1.2 --version 1.3 --suite 0xc02f", 2, "--hello"),
        ("--version 1.4 --suite 0xc02f", 2, "1.0, 1.1, 1.2 or 1.3"),
        ("--version 1.2 --suite RC4", 2, "code point"),
        ("--hello", 2, "--version"),
    ] {
        let (code, out) = tls(words);
        assert!(code == status && out.contains(part), "{words}: {code} {out}");
    }
}
