//! hubward in a SASL acceptor of fe2o3-amqp: one acceptor for each connection. The codec clones the acceptor, so the
//! session is stored in a slot that both share.
//!
//! `cargo run -p hubward-gateway --example amqp_sasl` authenticates three clients in memory, of which it accepts one. The
//! acceptor does not see the TLS connection: pass the certificates of the peer to it, for `with_certificates`. Check the
//! frames of a peer that is not authenticated before the codec receives them: see `src/amqp/guard.rs`.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "an example")]

use core::error::Error;
use core::time::Duration;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use fe2o3_amqp::Connection;
use fe2o3_amqp::acceptor::sasl_acceptor::SaslServerFrame;
use fe2o3_amqp::acceptor::{ConnectionAcceptor, SaslAcceptor};
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::types::primitives::{Array, Symbol};
use fe2o3_amqp::types::sasl::{SaslCode, SaslInit, SaslOutcome, SaslResponse};
use hubward::registry::{Authentication, Registry, SymmetricKeys};
use hubward::types::{Authority, DeviceId, HostName, SymmetricKey, UnixTime};
use hubward::{AuthError, Client, Credentials, HubConfig, Session};
use hubward_rustcrypto::HmacKey;

struct Hub {
    config: HubConfig<HmacKey>,
    registry: Registry<HmacKey>,
}

/// The acceptor of one connection.
#[derive(Clone)]
struct Acceptor {
    hub: Arc<Hub>,
    session: Arc<Mutex<Option<Session>>>,
}

impl Acceptor {
    fn authenticate(&self, username: &str, password: &str) -> Result<Session, AuthError> {
        let credentials = Credentials::amqp_plain(username, password)?;
        // the acceptor is synchronous: the store must answer from memory
        Ok(self.hub.config.authenticate(credentials, &self.hub.registry, now)?.into_session())
    }
}

impl SaslAcceptor for Acceptor {
    fn mechanisms(&self) -> Array<Symbol> {
        Array(vec![Symbol::from("PLAIN")])
    }

    fn on_init(&mut self, init: SaslInit) -> SaslServerFrame {
        let response = init.initial_response.unwrap_or_default();
        let mut parts = str::from_utf8(&response).unwrap_or_default().split('\0').skip(1);
        let (username, password) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        match self.authenticate(username, password) {
            Ok(session) => {
                *self.session.lock().unwrap() = Some(session);
                outcome(SaslCode::Ok)
            }
            Err(error) => {
                println!("    {error}");
                outcome(SaslCode::Auth)
            }
        }
    }

    fn on_response(&mut self, _: SaslResponse) -> SaslServerFrame {
        outcome(SaslCode::Auth)
    }
}

fn outcome(code: SaslCode) -> SaslServerFrame {
    SaslServerFrame::Outcome(SaslOutcome { code, additional_data: None })
}

#[expect(clippy::disallowed_methods, reason = "a program's clock")]
fn now() -> UnixTime {
    UnixTime::since_unix_epoch(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn key(name: &str) -> HmacKey {
    // an example's keys; a hub's are random
    HmacKey::new(&SymmetricKey::from_bytes(format!("{name:-<32}").as_bytes()).unwrap())
}

/// Connects a client, and returns the identity that the hub authenticated.
async fn connect(hub: &Arc<Hub>, username: &str, password: &str) -> Option<String> {
    let (client, server) = tokio::io::duplex(4096);
    let acceptor = Acceptor { hub: Arc::clone(hub), session: Arc::default() };
    let session = Arc::clone(&acceptor.session);
    let accepting = tokio::spawn(async move {
        let acceptor = ConnectionAcceptor::builder().container_id("hub").sasl_acceptor(acceptor).build();
        acceptor.accept(server).await
    });
    let profile = SaslProfile::Plain { username: username.into(), password: password.into() };
    let opened =
        Connection::builder().container_id("client").sasl_profile(profile).open_with_stream(client).await;
    // both ends agree: a refused client has no connection
    let accepted = accepting.await.unwrap();
    assert_eq!(opened.is_ok(), accepted.is_ok());
    accepted.ok()?;
    session.lock().unwrap().as_ref().map(|session| session.identity().to_string())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut registry = Registry::unseeded();
    let keys = SymmetricKeys::new(key("pump-7"), key("second"));
    registry.create_device(DeviceId::parse("pump-7")?, Authentication::Sas(keys))?;
    let config = HubConfig::new(HostName::parse("contoso.example")?, key("random, of no identity"));
    let hub = Arc::new(Hub { config, registry });

    let pump = Client::device(Authority::parse("contoso.example")?, DeviceId::parse("pump-7")?);
    let later = UnixTime::since_unix_epoch(Duration::from_secs(now().as_secs().saturating_add(3600)));
    let own = pump.token(later).sign(&key("pump-7")).to_string();
    let forged = pump.token(later).sign(&key("guess")).to_string();

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for (username, password, expected) in [
        (pump.sasl_username().to_string(), &own, Some("device pump-7")),
        (pump.sasl_username().to_string(), &forged, None),
        ("pump-8@sas.contoso".into(), &own, None),
    ] {
        println!("{username}");
        let identity = runtime.block_on(connect(&hub, &username, password));
        println!("    {}", identity.as_deref().unwrap_or("refused"));
        assert_eq!(identity.as_deref(), expected);
    }
    Ok(())
}
