//! The facade in a SASL acceptor of fe2o3-amqp: one acceptor for each connection, for the codec clones it and keeps the
//! clone to itself. Whom it has proven is in a slot that both share.
//!
//! `cargo run -p hubward-gateway --example amqp_sasl` lets three clients in or not, in memory. What the acceptor cannot
//! see is the connection below: pass the certificates of the peer to it, as `with_certificates` takes them. And its codec
//! must not be given a stranger's frames as they come: see `src/amqp/guard.rs`.
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
use hubward::{AuthError, AuthenticationStep, Client, Credentials, HubConfig, Session};
use hubward_rustcrypto::HmacKey;

struct Hub {
    rules: HubConfig<'static, HmacKey>,
    registry: Registry<HmacKey>,
}

/// The acceptor of one connection.
#[derive(Clone)]
struct Acceptor {
    hub: Arc<Hub>,
    proven: Arc<Mutex<Option<Session>>>,
}

impl Acceptor {
    fn admit(&self, username: &str, password: &str) -> Result<Session, AuthError> {
        let mut question = Credentials::amqp_plain(username, password)?.start(&self.hub.rules)?;
        loop {
            // the acceptor cannot wait: the store must answer from memory
            let found = self.hub.registry.find_issued(&question.lookup(), question.issuers());
            match question.resume(found, now())? {
                AuthenticationStep::NeedsLookup(next) => question = next,
                AuthenticationStep::Authenticated(admitted) => return Ok(admitted.into_session()),
            }
        }
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
        match self.admit(username, password) {
            Ok(session) => {
                *self.proven.lock().unwrap() = Some(session);
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

/// Whom the hub has proven when a client connects so.
async fn connect(hub: &Arc<Hub>, username: &str, password: &str) -> Option<String> {
    let (client, server) = tokio::io::duplex(4096);
    let acceptor = Acceptor { hub: Arc::clone(hub), proven: Arc::default() };
    let proven = Arc::clone(&acceptor.proven);
    let accepting = tokio::spawn(async move {
        let acceptor = ConnectionAcceptor::builder().container_id("hub").sasl_acceptor(acceptor).build();
        acceptor.accept(server).await
    });
    let profile = SaslProfile::Plain { username: username.into(), password: password.into() };
    let opened =
        Connection::builder().container_id("client").sasl_profile(profile).open_with_stream(client).await;
    // both ends say the same: who is refused has no connection
    let accepted = accepting.await.unwrap();
    assert_eq!(opened.is_ok(), accepted.is_ok());
    accepted.ok()?;
    proven.lock().unwrap().as_ref().map(|session| session.identity().to_string())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut registry = Registry::new();
    let keys = SymmetricKeys::new(key("pump-7"), key("second"));
    registry.create_device(DeviceId::parse("pump-7")?, Authentication::Sas(keys))?;
    let rules = HubConfig::new(HostName::parse("contoso.example")?, key("random, and nobody's"));
    let hub = Arc::new(Hub { rules, registry });

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
        let proven = runtime.block_on(connect(&hub, &username, password));
        println!("    {}", proven.as_deref().unwrap_or("nobody"));
        assert_eq!(proven.as_deref(), expected);
    }
    Ok(())
}
