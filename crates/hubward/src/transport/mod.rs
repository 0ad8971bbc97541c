//! The names and tokens that each transport carries.
//!
//! The parsers here check syntax only and return errors of their own; [`AuthError`](crate::AuthError) wraps those.
//! Nothing in this module proves an identity.
//!
//! - [`mqtt`]: the username of an MQTT CONNECT, and the client id that must match it.
//! - [`sasl`]: the usernames of SASL PLAIN and SASL EXTERNAL (AMQP).
//! - [`http`]: the `Authorization` header, and the device that a request path names.
//! - [`cbs`]: the `put-token` message of claims-based security (AMQP).
//! - [`auth_chain`]: the `auth-chain` of a nested IoT Edge deployment (MQTT and AMQP).
//! - [`uri`]: URIs of the hub in the place of a path or a resource (AMQP).
//! - [`hub_name`]: the forms in which a transport names the hub.
//! - [`claimed_identity`]: the identity that a transport or a token names.

pub(crate) mod auth_chain;
pub(crate) mod cbs;
pub(crate) mod claimed_identity;
pub(crate) mod http;
pub(crate) mod hub_name;
pub(crate) mod mqtt;
pub(crate) mod sasl;
pub(crate) mod uri;
