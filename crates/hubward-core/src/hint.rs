//! [`Hint`]: a known mistake in a credential, for a person who reads a log or a terminal.

use core::fmt;

use crate::permissions::Permissions;
use crate::redact::Shown;

/// A known mistake in a credential or in the names that are presented with it, or what would allow a denied operation.
///
/// A hint is a guess about a text that was refused, or that was accepted and is probably not what was meant. It never
/// decides anything, no error contains it, and a peer is never told it: compute it after the answer, with the function
/// `explain` of a crate. `Display` writes one sentence that names the mistake and the remedy, without the text; only
/// [`Hint::WholeHost`] shows the label, unless it has the shape of a secret.
///
/// ```
/// use hubward_core::Hint;
///
/// assert_eq!(Hint::Quoted.code(), "quoted");
/// assert_eq!(Hint::Quoted.to_string(), "the text begins with a quotation mark: remove the quotes around it");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint<'a> {
    /// A path that exists under another verb.
    AnotherVerb,
    /// An operation of a connected device or module.
    ConnectedDevice,
    /// The credential of the identity in the address would allow the operation, or a policy with that permission whose
    /// resource covers the address, if there is one.
    CredentialOf {
        /// The permission that a policy would need; `None` if no policy can do the operation.
        policy: Option<Permissions>,
    },
    /// A character of an MQTT topic's property bag that must be percent-encoded.
    EncodeProperties,
    /// A token of a policy with this permission would allow the operation.
    Policy(Permissions),
    /// A token whose resource is the host alone, or a prefix of the operation's path, would allow the operation.
    WiderResource,
    /// `&` in the place of `;`.
    AmpersandForSemicolon,
    /// A bearer token of the directory where a SAS token is needed.
    BearerToken,
    /// A byte-order mark in front.
    ByteOrderMark,
    /// The client id and the username differ in nothing but case.
    CaseDiffers,
    /// A connection string where a token is needed.
    ConnectionStringForToken,
    /// The text ends within a field, or before a required one.
    Cut,
    /// The text ends at a `;`, as a shell cuts it.
    CutAtSemicolon,
    /// A date where seconds are needed.
    DateForExpiry,
    /// A key that was derived from another spelling of the registration id.
    DerivedFromOtherSpelling,
    /// `device` in the place of `devices`.
    DeviceForDevices,
    /// The word `devices` is missing in a resource.
    DevicesMissing,
    /// An entity in the path of an endpoint.
    EntityInPath,
    /// Percent-encoded more often than once.
    EscapedTwice,
    /// The space after the scheme word is percent-encoded.
    EscapedSpace,
    /// The Event Hubs form of a connection string, with a hub's host.
    EventHubsForm,
    /// An enrollment group's own key.
    GroupKeyNotDerived,
    /// The name of a header in front.
    HeaderName,
    /// Escapes of HTML or XML.
    Html,
    /// JSON around the text.
    Json,
    /// A key where a connection string is needed.
    KeyForConnectionString,
    /// A key where a token is needed.
    KeyForToken,
    /// A key whose base64 is incomplete.
    KeyWithoutPadding,
    /// Milliseconds where seconds are needed.
    Milliseconds,
    /// `module` in the place of `modules`.
    ModuleForModules,
    /// A variable's name in front.
    NameInFront,
    /// No slash before the query of a username.
    NoSlashBeforeQuery,
    /// A resource of Service Bus or Event Hubs.
    OtherService,
    /// Quotes around the text.
    Quoted,
    /// A host or a resource with the scheme of a URI.
    SchemeInHost,
    /// The scheme word of a token is missing.
    SchemeWordMissing,
    /// The hub's first label where its host name is needed.
    ShortHubName,
    /// A slash in the value of a username's parameter.
    SlashInQuery,
    /// A token where a connection string is needed.
    TokenForConnectionString,
    /// The name of a connection string's field in front of its value.
    ValueWithName,
    /// White space at an end or within.
    WhiteSpace,
    /// A host name where its first label is needed.
    WholeHost {
        /// The first label.
        label: &'a str,
    },
}

impl Hint<'_> {
    /// Returns a code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AnotherVerb => "another-verb",
            Self::ConnectedDevice => "connected-device",
            Self::CredentialOf { .. } => "credential-of",
            Self::EncodeProperties => "encode-properties",
            Self::Policy(_) => "policy",
            Self::WiderResource => "wider-resource",
            Self::AmpersandForSemicolon => "ampersand-for-semicolon",
            Self::BearerToken => "bearer-token",
            Self::ByteOrderMark => "byte-order-mark",
            Self::CaseDiffers => "case-differs",
            Self::ConnectionStringForToken => "connection-string-for-token",
            Self::Cut => "cut",
            Self::CutAtSemicolon => "cut-at-semicolon",
            Self::DateForExpiry => "date-for-expiry",
            Self::DerivedFromOtherSpelling => "derived-from-other-spelling",
            Self::DeviceForDevices => "device-for-devices",
            Self::DevicesMissing => "devices-missing",
            Self::EntityInPath => "entity-in-path",
            Self::EscapedTwice => "escaped-twice",
            Self::EscapedSpace => "escaped-space",
            Self::EventHubsForm => "event-hubs-form",
            Self::GroupKeyNotDerived => "group-key-not-derived",
            Self::HeaderName => "header-name",
            Self::Html => "html",
            Self::Json => "json",
            Self::KeyForConnectionString => "key-for-connection-string",
            Self::KeyForToken => "key-for-token",
            Self::KeyWithoutPadding => "key-without-padding",
            Self::Milliseconds => "milliseconds",
            Self::ModuleForModules => "module-for-modules",
            Self::NameInFront => "name-in-front",
            Self::NoSlashBeforeQuery => "no-slash-before-query",
            Self::OtherService => "other-service",
            Self::Quoted => "quoted",
            Self::SchemeInHost => "scheme-in-host",
            Self::SchemeWordMissing => "scheme-word-missing",
            Self::ShortHubName => "short-hub-name",
            Self::SlashInQuery => "slash-in-query",
            Self::TokenForConnectionString => "token-for-connection-string",
            Self::ValueWithName => "value-with-name",
            Self::WhiteSpace => "white-space",
            Self::WholeHost { .. } => "whole-host",
        }
    }

    const fn text(&self) -> &'static str {
        match self {
            Self::AnotherVerb => "the address exists under another verb",
            Self::ConnectedDevice => "connect as a device or a module",
            Self::CredentialOf { .. } => "use the credential of the identity in the address",
            Self::EncodeProperties => {
                "a `/`, a space and a `+` in a property must be percent-encoded (`%2F`, `%20`, `%2B`)"
            }
            Self::Policy(_) => "use a token of a policy with the permission",
            Self::WiderResource => "use a token whose resource is the hub or a prefix of the path",
            Self::AmpersandForSemicolon => "fields are separated by `;` (a semicolon), not by `&`",
            Self::BearerToken => "this is a bearer token (JWT) of the directory, not a SAS token",
            Self::ByteOrderMark => "the text begins with a byte-order mark (BOM): save the file without it",
            Self::CaseDiffers => {
                "the client id and the username differ in case only, and ids are case-sensitive"
            }
            Self::ConnectionStringForToken => {
                "this is a connection string, not a token: sign a token with its key"
            }
            Self::Cut => "a field or its value is missing, as if the text was cut: it ends too early",
            Self::CutAtSemicolon => {
                "the text ends at its first `;`, as a shell cuts it: quote the whole text"
            }
            Self::DateForExpiry => "the expiry must be seconds since 1970 in digits, not a date",
            Self::DerivedFromOtherSpelling => {
                "the key was derived from another spelling of the registration id, such as upper or lower case"
            }
            Self::DeviceForDevices => "the resource has `device` where `devices` belongs",
            Self::DevicesMissing => {
                "`/devices/` is missing between the host and the device id of the resource"
            }
            Self::EntityInPath => {
                "the entity belongs in the field `EntityPath`, not in the path of the endpoint"
            }
            Self::EscapedTwice => "the text is percent-encoded twice (`%25`): escape it once",
            Self::EscapedSpace => {
                "the space after `SharedAccessSignature` is escaped (`%20`): write a space there"
            }
            Self::EventHubsForm => {
                "the endpoint is an IoT hub: its own connection string begins with `HostName=`"
            }
            Self::GroupKeyNotDerived => {
                "the key of the enrollment group signed the token: derive the device's key from it"
            }
            Self::HeaderName => {
                "the text begins with the name of a header, `Authorization:`; leave the name out"
            }
            Self::Html => "the text has escapes of HTML or XML (`&amp;`): replace them by the characters",
            Self::Json => "the text is JSON: use the value alone",
            Self::KeyForConnectionString => "this looks like a key, not a connection string",
            Self::KeyForToken => "this looks like a key, not a token: sign a token with it",
            Self::KeyWithoutPadding => "the base64 of the key is incomplete: its padding (`=`) may be lost",
            Self::Milliseconds => "the expiry seems to be in milliseconds, and must be in seconds",
            Self::ModuleForModules => "the resource has `module` where `modules` belongs",
            Self::NameInFront => {
                "the text starts with a name in front, as a line of an environment file does; the value begins at \
                 `HostName=` or `SharedAccessSignature`"
            }
            Self::NoSlashBeforeQuery => "a slash is missing before the query: `/?api-version=..`",
            Self::OtherService => {
                "the resource is that of Service Bus or Event Hubs, not of a hub (and a hub's has no scheme)"
            }
            Self::Quoted => "the text begins with a quotation mark: remove the quotes around it",
            Self::SchemeInHost => {
                "the host has the scheme of a URI, such as `https://`: leave the scheme out"
            }
            Self::SchemeWordMissing => {
                "a token begins with `SharedAccessSignature` and a space, before `sr=`"
            }
            Self::ShortHubName => {
                "this is the hub's short name; the full host name is needed, such as `{hub}.azure-devices.net`"
            }
            Self::SlashInQuery => "a `/` in a parameter such as `DeviceClientType` must be escaped as `%2F`",
            Self::TokenForConnectionString => "this is a token, not a connection string",
            Self::ValueWithName => {
                "leave out `SharedAccessSignature=`: it is the name of the field in a connection string"
            }
            Self::WhiteSpace => "white space, such as a space or a line break, at an end or within the text",
            Self::WholeHost { .. } => "",
        }
    }
}

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WholeHost { label } => {
                write!(
                    f,
                    "the username takes the first label of the host name: write `{}`",
                    Shown::new(label)
                )
            }
            other => f.write_str(other.text()),
        }
    }
}
