//! A device that registers over AMQP.

use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::types::definitions::ErrorCondition;
use fe2o3_amqp::types::messaging::{ApplicationProperties, Data, Message, Outcome, Properties};
use fe2o3_amqp::types::primitives::{Binary, SimpleValue};
use fe2o3_amqp::{Receiver, Sender};
use serde_json::{Value, json};

use super::common::Gateway;
use super::common::amqp::*;
use super::dps::{SCOPE, token};

pub const REGISTER: &str = "iotdps-register";
pub const STATUS: &str = "iotdps-get-operationstatus";

pub fn address(id: &str) -> String {
    format!("{SCOPE}/registrations/{id}")
}

pub fn sasl(id: &str, token: &str) -> SaslProfile {
    SaslProfile::Plain { username: address(id), password: token.into() }
}

/// The two links of a device that registers.
pub struct Device {
    pub requests: Sender,
    pub answers: Receiver,
    amqp: Amqp,
}

impl Device {
    pub async fn attach(mut amqp: Amqp, address: &str) -> Option<Self> {
        let answers = amqp.receiver(address).await.ok()?;
        let requests = amqp.sender(address).await.ok()?;
        Some(Self { requests, answers, amqp })
    }

    pub async fn by_key(gateway: &Gateway, id: &str, key: &hubward_rustcrypto::HmacKey) -> Option<Self> {
        let amqp = Amqp::open(gateway.amqp_stream().await, Some(sasl(id, &token(id, key)))).await.ok()?;
        Self::attach(amqp, &address(id)).await
    }

    /// Sends a request. Returns the answer and the seconds to wait, or the error.
    pub async fn ask(
        &mut self,
        kind: &str,
        operation: &str,
        body: &str,
    ) -> Result<(Value, u32), ErrorCondition> {
        let properties = ApplicationProperties::builder()
            .insert("iotdps-operation-type", kind.to_owned())
            .insert("iotdps-operation-id", operation.to_owned())
            .insert("iotdps-forceRegistration", false)
            .build();
        let message = Message::builder()
            .properties(Properties { correlation_id: Some("c-1".to_owned().into()), ..Properties::default() })
            .application_properties(properties)
            .data(Binary::from(body.as_bytes().to_vec()))
            .build();
        let outcome = self.requests.send(message).await.map_err(ended)?;
        if !matches!(outcome, Outcome::Accepted(_)) {
            return Err(rejection(outcome).unwrap());
        }
        let answer = self.answers.recv::<Data>().await.map_err(ended)?;
        self.answers.accept(&answer).await.map_err(ended)?;
        let answer = answer.into_message();
        assert_eq!(answer.properties.unwrap().correlation_id, Some("c-1".to_owned().into()));
        let wait = match answer.application_properties.unwrap().0.get("retry-after") {
            Some(SimpleValue::Uint(wait)) => *wait,
            _ => 0,
        };
        Ok((serde_json::from_slice(&answer.body.0).unwrap(), wait))
    }

    /// Closes the connection.
    pub async fn close(mut self) {
        let _ = self.amqp.connection.close().await;
    }

    /// Registers, and asks for the result. Returns the state of the registration.
    pub async fn registered(&mut self) -> Result<Value, ErrorCondition> {
        let (accepted, wait) = self.ask(REGISTER, "", "").await?;
        assert_eq!((&accepted["status"], wait), (&json!("assigning"), 1));
        let (result, wait) = self.ask(STATUS, accepted["operationId"].as_str().unwrap(), "").await?;
        assert_eq!((&result["status"], wait), (&json!("assigned"), 0));
        Ok(result["registrationState"].clone())
    }
}

/// Returns an error for a link that has ended.
fn ended(error: impl core::fmt::Debug) -> ErrorCondition {
    ErrorCondition::Custom(format!("{error:?}").into())
}
