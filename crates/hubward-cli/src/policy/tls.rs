//! `hubward policy tls`: the accepted TLS versions and cipher suites.

use core::error::Error;
use std::io::Write;

use clap::{Args, ValueEnum};
use hubward::policy::tls::{CipherSuite, ClientHello, TlsDenial, TlsRules, TlsVersion};

use crate::Outcome;
use crate::exit::misuse;

#[derive(Debug, Args)]
pub(crate) struct Tls {
    /// The rules of this kind of server.
    #[arg(long, value_enum, value_name = "RULES", default_value = "hub")]
    rules: Kind,
    /// A TLS version, such as 1.2. Repeatable with `--hello`.
    #[arg(long, value_name = "VERSION", requires = "suite", value_parser = version)]
    version: Vec<TlsVersion>,
    /// A cipher suite, by its IANA name or code point, such as 0xc02f. Repeatable with `--hello`.
    #[arg(long, value_name = "SUITE", requires = "version", value_parser = suite)]
    suite: Vec<CipherSuite>,
    /// Check a client's offer of these versions and suites, not a negotiated pair.
    #[arg(long, requires = "version")]
    hello: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// A hub with an RSA certificate.
    Hub,
    /// A hub with an ECC certificate.
    HubEcc,
    /// A DPS instance.
    Provisioning,
    /// A hub without an enforced minimum, for devices that cannot be updated.
    LegacyHub,
}

pub(super) fn run(arguments: &Tls) -> Result<Outcome, Box<dyn Error>> {
    let rules = match arguments.rules {
        Kind::Hub => TlsRules::HUB,
        Kind::HubEcc => TlsRules::HUB_ECC,
        Kind::Provisioning => TlsRules::PROVISIONING,
        Kind::LegacyHub => TlsRules::LEGACY_HUB,
    };
    let result = match (arguments.hello, &arguments.version[..], &arguments.suite[..]) {
        (false, [], _) => return print_table(&rules),
        (false, [version], [suite]) => rules.check_negotiated(*version, *suite).map(|()| (*version, *suite)),
        (false, _, _) => {
            return Err(misuse("a handshake has one version and one suite; --hello takes several"));
        }
        (true, versions, suites) => check_offer(&rules, versions, suites),
    };
    let mut out = crate::out::stdout();
    match result {
        Ok((version, suite)) => {
            writeln!(out, "accepted: {version} with {suite}")?;
            Ok(Outcome::Good)
        }
        Err(denial) => {
            writeln!(out, "refused ({}): {denial}", denial.code())?;
            Ok(Outcome::Refused)
        }
    }
}

fn check_offer(
    rules: &TlsRules<'_>,
    versions: &[TlsVersion],
    suites: &[CipherSuite],
) -> Result<(TlsVersion, CipherSuite), TlsDenial> {
    let versions: Vec<u16> = versions.iter().map(|version| version.0).collect();
    let cipher_suites: Vec<u16> = suites.iter().map(|suite| suite.0).collect();
    let hello = ClientHello {
        legacy_version: TlsVersion::V1_2.0,
        supported_versions: Some(&versions),
        cipher_suites: &cipher_suites,
    };
    rules.check_hello(&hello).map(|agreed| (agreed.version, agreed.suite))
}

/// Prints every pair of version and suite that the rules accept.
fn print_table(rules: &TlsRules<'_>) -> Result<Outcome, Box<dyn Error>> {
    let mut out = crate::out::stdout();
    for version in TlsVersion::ALL {
        for suite in rules.suites().filter(|suite| rules.check_negotiated(version, *suite).is_ok()) {
            writeln!(out, "{version}  0x{:04x}  {suite}", suite.0)?;
        }
    }
    Ok(Outcome::Good)
}

fn version(number: &str) -> Result<TlsVersion, String> {
    number.parse().map_err(|error| format!("{error}"))
}

fn suite(text: &str) -> Result<CipherSuite, String> {
    match text.strip_prefix("0x") {
        Some(digits) => u16::from_str_radix(digits, 16).map(CipherSuite).map_err(|error| error.to_string()),
        None => text.parse().map_err(|error| format!("{error}; or give a code point such as 0xc02f")),
    }
}
