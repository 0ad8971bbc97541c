//! A world: a hub with its records and lists, a clock, and one attempt to be admitted. It is plain data, so that a
//! difference can be made smaller and printed.

/// The rules for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// `TokenRules::STRICT`.
    Strict,
    /// `TokenRules::HUB_COMPAT`.
    Field,
}

/// The credential that counts if there are two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Both {
    /// None of them.
    Refuse,
    /// The token.
    Token,
    /// The certificate.
    Certificate,
}

/// A registered thumbprint: the digest of a certificate of [`certificates`](super::certificates()).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    /// The number of the certificate.
    pub certificate: usize,
    /// SHA-1 in the place of SHA-256.
    pub sha1: bool,
}

/// The credential of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// Symmetric keys, by the names that [`key_bytes`](super::key_bytes()) makes them of.
    Keys(String, Option<String>),
    /// Thumbprints in two slots, at least one of them registered.
    Thumbprints(Option<Print>, Option<Print>),
    /// A certificate of a registered authority.
    Authority,
    /// None, so that the identity cannot connect by itself.
    None,
}

/// A device of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: String,
    /// Its status.
    pub enabled: bool,
    /// `capabilities.iotEdge`.
    pub edge: bool,
    /// Its credential.
    pub credential: Credential,
    /// The edge devices above it.
    pub above: Vec<String>,
}

/// A module of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The id of its device.
    pub device: String,
    /// Its id.
    pub id: String,
    /// Its credential.
    pub credential: Credential,
    /// The edge devices above it.
    pub above: Vec<String>,
}

/// A shared access policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Its permissions, as `Permissions` parses them.
    pub rights: String,
    /// The names of its keys.
    pub keys: (String, String),
}

/// An entry of an access list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A device with its modules, or `device/module`.
    Identity(String),
    /// A group.
    Group(String),
    /// An issuer, by its number in [`issuers`](super::issuers()).
    Issuer(usize),
}

/// The access lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// The allow list, if one is in force.
    pub allow: Option<Vec<Entry>>,
    /// The block list.
    pub block: Vec<Entry>,
    /// The members of groups: the group, and a device or `device/module`.
    pub members: Vec<(String, String)>,
}

/// The proof that an enrollment requires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attestation {
    /// Symmetric keys, by their names.
    Keys(String, String),
    /// The certificate of the device, or the authority of a group, by its thumbprint.
    Thumbprint(Print),
    /// An authority of a group, by its number in [`issuers`](super::issuers()).
    Issuer(usize),
}

/// An enrollment at the provisioning service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrollment {
    /// The registration id, or the name of the group.
    pub name: String,
    /// It is a group's.
    pub group: bool,
    /// Its status.
    pub enabled: bool,
    /// The proof that it requires.
    pub attestation: Attestation,
    /// The device id that it assigns, if it is not the registration id.
    pub device_id: Option<String>,
}

/// An attempt to be admitted, as it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// MQTT CONNECT.
    Mqtt {
        /// The client id.
        client_id: String,
        /// The username.
        username: String,
        /// The password.
        password: Option<String>,
        /// The number of the client's certificate.
        certificate: Option<usize>,
    },
    /// A request over HTTP.
    Http {
        /// The method.
        method: String,
        /// The path with its query.
        path: String,
        /// The header `Host`.
        host: String,
        /// The header `Authorization`.
        authorization: Option<String>,
        /// The number of the client's certificate.
        certificate: Option<usize>,
    },
    /// AMQP's SASL PLAIN.
    Plain {
        /// The username.
        username: String,
        /// The password.
        password: String,
    },
    /// A token that is put on an AMQP connection, and a link.
    Cbs {
        /// The application property `type`.
        kind: String,
        /// The application property `name`.
        name: String,
        /// The body.
        token: String,
        /// The client sends on the link.
        sends: bool,
        /// The address of the link.
        address: String,
    },
    /// MQTT CONNECT at the provisioning service.
    Register {
        /// The client id.
        client_id: String,
        /// The username.
        username: String,
        /// The password.
        password: Option<String>,
        /// The number of the client's certificate.
        certificate: Option<usize>,
    },
}

/// A hub and an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// The rules for tokens.
    pub rules: Rules,
    /// The credential that counts if there are two.
    pub both: Both,
    /// The hub's clock, in seconds since 1970.
    pub now: u64,
    /// Another name of the hub.
    pub alias: Option<String>,
    /// The devices.
    pub devices: Vec<Device>,
    /// The modules, each of a device of the world.
    pub modules: Vec<Module>,
    /// The policies.
    pub policies: Vec<Policy>,
    /// The access lists.
    pub lists: Lists,
    /// The enrollments.
    pub enrollments: Vec<Enrollment>,
    /// The attempt.
    pub attempt: Attempt,
}

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The attempt is refused.
    Refused,
    /// The attempt is admitted as this: an identity, `by` an edge device or `in` a group.
    Admitted(String),
}
