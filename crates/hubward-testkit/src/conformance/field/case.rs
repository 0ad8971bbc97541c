//! The file of the suite: its worlds and its cases.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The whole file.
#[derive(Debug, Deserialize)]
pub(super) struct File {
    pub(super) worlds: BTreeMap<String, WorldData>,
    pub(super) cases: Vec<Case>,
}

/// A hub and its provisioning service.
#[derive(Debug, Deserialize)]
pub(super) struct WorldData {
    pub(super) hub: String,
    pub(super) now: u64,
    pub(super) policies: Vec<Policy>,
    pub(super) devices: Vec<Device>,
    pub(super) modules: Vec<Module>,
    pub(super) dps: Dps,
}

/// A shared access policy.
#[derive(Debug, Deserialize)]
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) rights: Vec<String>,
    pub(super) primary: String,
    pub(super) secondary: String,
}

/// A device of the hub.
#[derive(Debug, Deserialize)]
pub(super) struct Device {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) capabilities: Capabilities,
    pub(super) parents: Vec<String>,
    pub(super) primary: String,
    pub(super) secondary: String,
}

/// The capabilities of a device.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Capabilities {
    pub(super) iot_edge: bool,
}

/// A module of a device.
#[derive(Debug, Deserialize)]
pub(super) struct Module {
    pub(super) device: String,
    pub(super) id: String,
    pub(super) primary: String,
    pub(super) secondary: String,
}

/// The provisioning service.
#[derive(Debug, Deserialize)]
pub(super) struct Dps {
    pub(super) host: String,
    pub(super) device_host: String,
    pub(super) id_scope: String,
    pub(super) policies: Vec<Policy>,
    pub(super) individuals: Vec<Enrolled>,
    pub(super) groups: Vec<Enrolled>,
}

/// An individual enrollment or a group.
#[derive(Debug, Deserialize)]
pub(super) struct Enrolled {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) primary: String,
    pub(super) secondary: String,
}

/// A case of the suite.
#[derive(Debug, Deserialize)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) world: String,
    #[serde(flatten)]
    pub(super) presented: Presented,
    pub(super) expect: Expect,
}

/// The fields of each transport.
#[derive(Debug, Deserialize)]
#[serde(tag = "transport", rename_all = "kebab-case")]
pub(super) enum Presented {
    Mqtt(Mqtt),
    Http(Http),
    Amqp(Amqp),
    DpsMqtt(Mqtt),
    DpsHttp(Http),
    DpsAmqp(Amqp),
    Text(Text),
}

/// A CONNECT, and the packets after it.
#[derive(Debug, Deserialize)]
pub(super) struct Mqtt {
    pub(super) protocol: Option<Value>,
    pub(super) client_id: String,
    pub(super) username: String,
    pub(super) password: Option<String>,
    #[serde(default)]
    pub(super) publish: Vec<String>,
    #[serde(default)]
    pub(super) subscribe: Vec<String>,
}

/// A request.
#[derive(Debug, Deserialize)]
pub(super) struct Http {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) host: String,
    pub(super) authorization: Option<String>,
}

/// SASL, the tokens that are put, and the links.
#[derive(Debug, Deserialize)]
pub(super) struct Amqp {
    pub(super) sasl: Option<Sasl>,
    #[serde(default)]
    pub(super) puts: Vec<Put>,
    #[serde(default)]
    pub(super) attach: Vec<Link>,
}

/// A SASL exchange.
#[derive(Debug, Deserialize)]
pub(super) struct Sasl {
    pub(super) mechanism: String,
    #[serde(default)]
    pub(super) username: String,
    #[serde(default)]
    pub(super) password: String,
}

/// A `put-token`.
#[derive(Debug, Deserialize)]
pub(super) struct Put {
    pub(super) operation: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) token: String,
}

/// A link to attach.
#[derive(Debug, Deserialize)]
pub(super) struct Link {
    pub(super) role: String,
    pub(super) address: String,
}

/// A text to read.
#[derive(Debug, Deserialize)]
pub(super) struct Text {
    pub(super) what: String,
    pub(super) input: String,
}

/// The expectation of a case.
#[derive(Debug, Deserialize)]
pub(super) struct Expect {
    pub(super) strict: String,
    pub(super) compat: String,
    #[serde(rename = "as")]
    pub(super) principal: Option<Value>,
    #[serde(default)]
    pub(super) puts: Vec<One>,
    #[serde(default)]
    pub(super) operations: Vec<One>,
    #[serde(default)]
    pub(super) says_any: Vec<String>,
    #[serde(default)]
    pub(super) says_none: Vec<String>,
    #[serde(default)]
    pub(super) log_has: Vec<String>,
}

/// The expectation of a put or an operation.
#[derive(Debug, Deserialize)]
pub(super) struct One {
    pub(super) strict: String,
    pub(super) compat: String,
    #[serde(rename = "as")]
    pub(super) principal: Option<Value>,
    pub(super) needs: Option<String>,
    pub(super) because: Option<String>,
    #[serde(default)]
    pub(super) says_any: Vec<String>,
}
