//! TLS to a real server: its certificate is verified, and off this machine there is no connection without.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use common::Server;
use hubward_postgres::{PostgresConfig, PostgresError, PostgresStore};
use hubward_store::Store;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// An authority, and a certificate of a server.
struct Files {
    authority: String,
    certificate: String,
    key: String,
}

fn files(name: &str) -> Files {
    let (authority_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "a test's authority");
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::from_params(&authority, &authority_key);
    let server = CertificateParams::new([name.to_owned()]).unwrap();
    let certificate = server.signed_by(&key, &issuer).unwrap().pem();
    Files { authority: pem, certificate, key: key.serialize_pem() }
}

fn with(server: &Server, authority: &str) -> Result<PostgresStore, PostgresError> {
    let config = server.config("hub").with_authorities(authority.as_bytes()).unwrap();
    PostgresStore::open(&config, "hub.example")
}

#[test]
fn the_certificate_of_the_server_is_verified() {
    let Some(server) = Server::start() else { return };
    server.create("hub");
    let own = files("127.0.0.1");
    assert!(with(&server, &own.authority).is_err(), "a server without TLS");
    server.use_tls(&own.certificate, &own.key);
    let store = with(&server, &own.authority).unwrap();
    assert_eq!(store.position().unwrap().change, 0);
    let encrypted = "SELECT count(*) > 0 AND bool_and(s.ssl) FROM pg_stat_ssl AS s JOIN pg_stat_activity AS a \
                     USING (pid) WHERE a.application_name = 'hubward'";
    assert_eq!(server.sql("hub", encrypted), "t", "each connection, also the one that listens");
    assert!(with(&server, &files("127.0.0.1").authority).is_err(), "another authority");
    // the right authority, and the certificate of another host
    drop(store);
    let other = files("db.example");
    server.use_tls(&other.certificate, &other.key);
    assert!(with(&server, &other.authority).is_err(), "another name");
}

#[test]
fn off_this_machine_there_is_no_connection_without_tls() {
    for address in ["postgres://hub@192.0.2.1/hub", "postgres://hub@db.example/hub"] {
        let config = PostgresConfig::parse(address).unwrap();
        assert!(matches!(PostgresStore::open(&config, "hub.example"), Err(PostgresError::TlsRequired)));
        assert!(matches!(PostgresStore::open_existing(&config), Err(PostgresError::TlsRequired)));
    }
}
