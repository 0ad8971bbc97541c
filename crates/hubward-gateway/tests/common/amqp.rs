//! An AMQP 1.0 client.

use fe2o3_amqp::connection::{ConnectionHandle, OpenError};
use fe2o3_amqp::link::delivery::Delivery;
use fe2o3_amqp::link::{ReceiverAttachError, SenderAttachError};
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::types::definitions::{AmqpError, ErrorCondition};
use fe2o3_amqp::types::messaging::{ApplicationProperties, Body, Data, Message, Outcome, Properties};
use fe2o3_amqp::types::primitives::{Binary, SimpleValue, Value};
use fe2o3_amqp::{Connection, Receiver, Sender, Session};

use tokio::io::{AsyncRead, AsyncWrite};

use super::Gateway;
use super::client::{Stream, dial, tls};

/// The address that `dev1` sends to.
pub const SENDS: &str = "/devices/dev1/messages/events";
/// The address that `dev1` receives from.
pub const LISTENS: &str = "/devices/dev1/messages/devicebound";
/// The address that a service sends to.
pub const COMMANDS: &str = "/messages/devicebound";

/// A connection with one session.
pub struct Amqp {
    pub connection: ConnectionHandle<()>,
    pub session: SessionHandle<()>,
    links: usize,
}

impl Gateway {
    pub async fn amqp_stream(&self) -> Stream {
        dial(&tls(&self.dev.file("ca.pem"), None), self.server.amqps().unwrap()).await.unwrap()
    }

    /// Connects with a certificate of the folder, by the name of its file.
    pub async fn amqp_stream_with(&self, name: &str) -> Stream {
        let own = ["pem", "key"].map(|ending| self.dev.file(&format!("{name}.{ending}")));
        let tls = tls(&self.dev.file("ca.pem"), Some((&own[0], &own[1])));
        dial(&tls, self.server.amqps().unwrap()).await.unwrap()
    }

    /// Opens a connection by SASL PLAIN.
    pub async fn amqp_plain(&self, username: &str, password: &str) -> Result<Amqp, OpenError> {
        let profile = SaslProfile::Plain { username: username.into(), password: password.into() };
        Amqp::open(self.amqp_stream().await, Some(profile)).await
    }

    /// Opens a connection of `dev1` by SASL PLAIN.
    pub async fn amqp_dev1(&self) -> Amqp {
        self.amqp_plain("dev1@sas.localhost", &self.token()).await.unwrap()
    }

    /// Opens a connection of a service by SASL PLAIN.
    pub async fn amqp_service(&self) -> Amqp {
        self.amqp_plain("service@sas.root.localhost", &self.policy_token("service")).await.unwrap()
    }
}

impl Amqp {
    pub async fn open(
        stream: impl AsyncRead + AsyncWrite + core::fmt::Debug + Send + Unpin + 'static,
        profile: Option<SaslProfile>,
    ) -> Result<Self, OpenError> {
        let builder = Connection::builder().container_id("test");
        let mut connection = match profile {
            Some(profile) => builder.sasl_profile(profile).open_with_stream(stream).await?,
            None => builder.open_with_stream(stream).await?,
        };
        let session = Session::begin(&mut connection).await.unwrap();
        Ok(Self { connection, session, links: 0 })
    }

    pub async fn sender(&mut self, address: &str) -> Result<Sender, SenderAttachError> {
        self.links += 1;
        Sender::attach(&mut self.session, format!("link-{}", self.links), address).await
    }

    pub async fn receiver(&mut self, address: &str) -> Result<Receiver, ReceiverAttachError> {
        self.links += 1;
        Receiver::attach(&mut self.session, format!("link-{}", self.links), address).await
    }

    pub async fn cbs(&mut self) -> Cbs {
        Cbs { puts: self.sender("$cbs").await.unwrap(), answers: self.receiver("$cbs").await.unwrap() }
    }

    /// Returns whether a message to `address` is accepted, in a session of its own: this client answers the detach of a
    /// refused link twice, and the second answer would detach the next link with the same handle.
    pub async fn sends(&mut self, address: &str) -> bool {
        let mut session = Session::begin(&mut self.connection).await.unwrap();
        let sent = match Sender::attach(&mut session, "sends", address).await {
            Ok(mut link) => matches!(link.send("hello").await, Ok(Outcome::Accepted(_))),
            Err(error) => {
                assert!(is_refusal(&error), "{error:?}");
                false
            }
        };
        let _ = session.end().await;
        sent
    }

    /// Returns whether a link from `address` is attached, in a session of its own.
    pub async fn listens(&mut self, address: &str) -> bool {
        let mut session = Session::begin(&mut self.connection).await.unwrap();
        let attached = Receiver::attach(&mut session, "listens", address).await.is_ok();
        let _ = session.end().await;
        attached
    }
}

/// Returns whether a link was refused by a decision, or because it is not implemented.
fn is_refusal(error: &SenderAttachError) -> bool {
    use AmqpError::{NotImplemented, UnauthorizedAccess};
    let SenderAttachError::RemoteClosedWithError(error) = error else { return false };
    matches!(error.condition, ErrorCondition::AmqpError(UnauthorizedAccess | NotImplemented))
}

/// The links on which tokens are put.
pub struct Cbs {
    pub puts: Sender,
    pub answers: Receiver,
}

impl Cbs {
    /// Puts a token, and returns the status of the answer; 0 without one.
    pub async fn put(&mut self, name: &str, token: &str) -> i32 {
        self.put_as("servicebus.windows.net:sastoken", name, token).await
    }

    /// Puts a token of another type.
    pub async fn put_as(&mut self, kind: &str, name: &str, token: &str) -> i32 {
        let message = Message::builder()
            .properties(Properties { message_id: Some("1".to_owned().into()), ..Properties::default() })
            .application_properties(
                ApplicationProperties::builder()
                    .insert("operation", "put-token".to_owned())
                    .insert("type", kind.to_owned())
                    .insert("name", name.to_owned())
                    .build(),
            )
            .value(token.to_owned())
            .build();
        assert!(matches!(self.puts.send(message).await, Ok(Outcome::Accepted(_))));
        let answer = self.answers.recv::<Body<Value>>().await.unwrap();
        self.answers.accept(&answer).await.unwrap();
        let answer = answer.into_message();
        assert_eq!(answer.properties.unwrap().correlation_id, Some("1".to_owned().into()));
        match answer.application_properties.unwrap().0.get("status-code") {
            Some(SimpleValue::Int(status)) => *status,
            _ => 0,
        }
    }
}

/// Returns a message to the receiver at an address.
pub fn command(to: &str, text: &str) -> Message<Data> {
    command_with(to, text, "none", None)
}

/// Returns a message with the outcomes that its service is told, and an expiry in milliseconds since 1970.
pub fn command_with(to: &str, text: &str, ack: &str, expires: Option<i64>) -> Message<Data> {
    Message::builder()
        .properties(Properties {
            to: Some(to.into()),
            message_id: Some(format!("id of {text}").into()),
            absolute_expiry_time: expires.map(Into::into),
            ..Properties::default()
        })
        .application_properties(
            ApplicationProperties::builder()
                .insert("iothub-ack", ack.to_owned())
                .insert("colour", "red".to_owned())
                .insert("lines", "a\r\nSet-Cookie: b".to_owned())
                .build(),
        )
        .data(Binary::from(text.as_bytes().to_vec()))
        .build()
}

/// Receives a message without an outcome; returns its text too.
pub async fn received(link: &mut Receiver) -> (Delivery<Data>, String) {
    let delivery = link.recv::<Data>().await.unwrap();
    let text = String::from_utf8(delivery.body().0.to_vec()).unwrap();
    (delivery, text)
}

/// Returns the error of a rejection.
pub fn rejection(outcome: Outcome) -> Option<ErrorCondition> {
    match outcome {
        Outcome::Rejected(rejected) => rejected.error.map(|error| error.condition),
        _ => None,
    }
}
