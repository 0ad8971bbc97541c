//! A device that registers at the provisioning service of a gateway, and the service's file.

use hubward::RegistrationClient;
use hubward::registry::derive_key;
use hubward::types::{IdScope, MacKey, PolicyName, RegistrationId};
use hubward::{Client, types::SymmetricKey};
use hubward_gateway::{Config, Dev};
use hubward_rustcrypto::HmacKey;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::common::client::*;
use super::common::*;

pub const SCOPE: &str = "0ne00000A0A";
pub const RESPONSES: &str = "$dps/registrations/res/#";
pub const REGISTER: &str = "$dps/registrations/PUT/iotdps-register/?$rid=1";

/// Returns a key of 32 bytes, in base64.
pub fn base64(byte: u8) -> String {
    let key = SymmetricKey::from_bytes(&[byte; 32]).unwrap();
    let mut text = [0; 88];
    key.expose_base64(&mut text).to_owned()
}

pub fn secret(byte: u8) -> HmacKey {
    HmacKey::new(&SymmetricKey::from_bytes(&[byte; 32]).unwrap())
}

/// Returns the key that is derived for a member of the group with this key.
pub fn member(group: u8, id: &str) -> HmacKey {
    HmacKey::new(&derive_key(&secret(group), id))
}

pub fn keys(byte: u8) -> Value {
    let keys = json!({ "primaryKey": base64(byte), "secondaryKey": base64(byte.wrapping_add(1)) });
    json!({ "type": "symmetricKey", "symmetricKey": keys })
}

pub fn individual(id: &str, attestation: &Value) -> Value {
    json!({ "registrationId": id, "attestation": attestation })
}

pub fn group(id: &str, attestation: &Value) -> Value {
    json!({ "enrollmentGroupId": id, "attestation": attestation, "provisioningStatus": "enabled" })
}

/// Returns an enrollment with another field.
pub fn with(mut enrollment: Value, name: &str, value: Value) -> Value {
    enrollment[name] = value;
    enrollment
}

/// Returns the file of a service with these enrollments and two policies.
pub fn file(individuals: &[Value], groups: &[Value]) -> Value {
    let policy = |name: &str, key, rights: &str| json!({ "keyName": name, "primaryKey": base64(key), "rights": rights });
    json!({
        "idScope": SCOPE, "host": "localhost", "individuals": individuals, "groups": groups,
        "policies": [
            policy("owner", 200, "EnrollmentWrite, RegistrationStatusWrite"),
            policy("reader", 201, "EnrollmentRead"),
        ],
    })
}

/// Sets the file of the provisioning service.
pub fn provisioning(dev: &Dev, config: &mut Config, file: &Value) {
    config.provisioning = Some(dev.file("provisioning.json"));
    std::fs::write(dev.file("provisioning.json"), file.to_string()).unwrap();
}

/// Returns the authorization of a service.
pub fn service(name: &str, key: u8) -> String {
    let client = Client::service(host(), PolicyName::parse(name).unwrap());
    format!("Authorization: {}\r\n", client.token(at(now() + 600)).sign(&secret(key)))
}

pub fn client<'a>(scope: &'a str, id: &'a str) -> RegistrationClient<'a> {
    RegistrationClient::new(IdScope::parse(scope).unwrap(), RegistrationId::parse(id).unwrap())
}

pub fn token(id: &str, key: &impl MacKey) -> String {
    client(SCOPE, id).token(at(now() + 600)).sign(key).to_string()
}

/// Returns the CONNECT of a device that registers.
pub fn register_connect(id: &str, token: Option<&str>) -> Vec<u8> {
    connect(id, &client(SCOPE, id).mqtt_username().to_string(), token, None)
}

/// Sends a request by a topic. Returns the topic and the body of the answer.
pub async fn request(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    topic: &str,
    body: &str,
) -> Option<(String, Value)> {
    stream.write_all(&publish(topic, 1, body.as_bytes())).await.ok()?;
    stream.flush().await.ok()?;
    assert_eq!(answer(stream).await, puback());
    let (first, body) = answer(stream).await?;
    assert_eq!(first, 0x30, "a PUBLISH at QoS 0");
    let len = usize::from(u16::from_be_bytes([body[0], body[1]]));
    let topic = String::from_utf8(body[2..2 + len].to_vec()).unwrap();
    Some((topic, serde_json::from_slice(&body[2 + len..]).unwrap()))
}

/// Subscribes, registers, and asks for the result. Returns the state of the registration, or the status and the body of
/// the refusal.
pub async fn registered(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> Result<Value, (String, Value)> {
    let granted = ask(stream, &subscribe(&[RESPONSES])).await;
    assert_eq!(granted, Some((0x90, vec![0, 9, 1])));
    let (topic, body) = request(stream, REGISTER, "").await.unwrap();
    if topic != "$dps/registrations/res/202/?$rid=1&retry-after=1" {
        return Err((topic, body));
    }
    assert_eq!(body["status"], "assigning");
    let operation = body["operationId"].as_str().unwrap();
    let status = format!("$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId={operation}");
    let (topic, body) = request(stream, &status, "").await.unwrap();
    assert_eq!((&*topic, &body["status"]), ("$dps/registrations/res/200/?$rid=2", &json!("assigned")));
    assert_eq!(body["operationId"], operation);
    Ok(body["registrationState"].clone())
}

/// Registers over MQTT by a key.
pub async fn register(gateway: &Gateway, id: &str, key: &HmacKey) -> Result<Value, (String, Value)> {
    let mut stream = gateway.mqtt().await;
    let connect = register_connect(id, Some(&token(id, key)));
    assert_eq!(ask(&mut stream, &connect).await, connack(0), "{id}");
    registered(&mut stream).await
}

/// Connects a device to the hub by a key. Returns the code of the CONNACK.
pub async fn hub_code(gateway: &Gateway, id: &str, key: &HmacKey) -> u8 {
    let device = Client::device(host(), hubward::types::DeviceId::parse(id).unwrap());
    let token = device.token(at(now() + 600)).sign(key).to_string();
    let mut stream = gateway.mqtt().await;
    let connect = connect(id, &device.mqtt_username().to_string(), Some(&token), None);
    ask(&mut stream, &connect).await.unwrap().1[1]
}

/// A certificate authority, which signs itself.
pub struct Ca {
    params: CertificateParams,
    key: KeyPair,
    pub pem: String,
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = Default::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

impl Ca {
    pub fn new(name: &str) -> Self {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { params, key, pem }
    }

    /// Issues a device's certificate into the folder, as `{file}.pem` and `{file}.key`. Returns it in PEM.
    pub fn issue(&self, dev: &Dev, id: &str, file: &str) -> String {
        let key = KeyPair::generate().unwrap();
        let mut leaf = named(id);
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.use_authority_key_identifier_extension = true;
        let pem = leaf.signed_by(&key, &Issuer::from_params(&self.params, &self.key)).unwrap().pem();
        std::fs::write(dev.file(&format!("{file}.pem")), &pem).unwrap();
        std::fs::write(dev.file(&format!("{file}.key")), key.serialize_pem()).unwrap();
        pem
    }

    /// Returns the attestation of a group whose devices it issues certificates for.
    pub fn signing(&self) -> Value {
        let primary = json!({ "certificate": self.pem });
        json!({ "type": "x509", "x509": { "signingCertificates": { "primary": primary } } })
    }
}

/// Returns the attestation of one device by its certificate.
pub fn own_certificate(pem: &str) -> Value {
    json!({ "type": "x509", "x509": { "clientCertificates": { "primary": { "certificate": pem } } } })
}
