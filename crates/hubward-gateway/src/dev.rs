//! `serve --dev`: a hub in a temporary folder, and the connection strings for it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hubward::policy::DEFAULT_POLICIES;
use hubward::types::SymmetricKey;
use hubward_store::FeedTimes;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use serde_json::json;
use zeroize::Zeroizing;

use crate::config::{Config, DEFAULT_DELETE_SHARE};
use crate::limits::Limits;

/// The hub's name, which resolves to this machine.
const HUB: &str = "localhost";

/// The reason why a `--dev` hub was not created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevError {
    /// The operating system has no randomness.
    #[error(transparent)]
    Entropy(#[from] getrandom::Error),
    /// The folder or a file in it could not be created.
    #[error("the folder of --dev could not be written: {0}")]
    Io(#[from] io::Error),
    /// A certificate could not be created.
    #[error(transparent)]
    Certificate(#[from] rcgen::Error),
}

/// A hub in a temporary folder, which is removed when this is dropped.
#[derive(Debug)]
pub struct Dev {
    folder: PathBuf,
    /// The keys of the devices and services.
    keys: Keys,
}

/// A key in base64, erased when dropped.
type Key = Zeroizing<String>;

#[derive(Debug)]
struct Keys {
    device: Key,
    module: Key,
    owner: Key,
}

impl Dev {
    /// Creates the folder: `dev1` and its module `mod1` with keys, `dev-x509` with a certificate that a CA issued, the
    /// default policies, and a certificate for `localhost`.
    ///
    /// ```no_run
    /// let dev = hubward_gateway::Dev::create()?;
    /// let config = dev.config("localhost:8883", "localhost:8443");
    /// assert_eq!(config.hub, "localhost");
    /// # Ok::<(), hubward_gateway::DevError>(())
    /// ```
    ///
    /// # Errors
    /// Returns a [`DevError`] if the folder, a certificate or a key could not be created.
    pub fn create() -> Result<Self, DevError> {
        let mut suffix = [0; 8];
        getrandom::fill(&mut suffix)?;
        let folder =
            std::env::temp_dir().join(format!("hubward-gateway-{:016x}", u64::from_ne_bytes(suffix)));
        private_folder(&folder)?;
        let keys = Keys { device: key()?, module: key()?, owner: key()? };
        let dev = Self { folder, keys };
        dev.write_certificates()?;
        dev.write_registry()?;
        dev.write_policies()?;
        Ok(dev)
    }

    /// Returns the path of a file in the folder.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Returns the configuration of a gateway for this hub, with these addresses to listen on.
    #[must_use]
    pub fn config(&self, mqtt: &str, https: &str) -> Config {
        Config {
            hub: HUB.into(),
            aliases: Vec::new(),
            registry: Some(self.file("devices.jsonl")),
            store: None,
            feed: FeedTimes::default(),
            max_delete_share: DEFAULT_DELETE_SHARE,
            policies: Some(self.file("policies.json")),
            provisioning: None,
            cert: self.file("server.pem"),
            key: self.file("server.key"),
            sni_certs: Vec::new(),
            sni_keys: Vec::new(),
            client_ca: Some(self.file("ca.pem")),
            strict_ca: false,
            crls: None,
            users: None,
            mqtt: Some(mqtt.into()),
            https: Some(https.into()),
            amqps: None,
            events: None,
            metrics: None,
            console: None,
            strict: false,
            tpm: None,
            messages: None,
            empty_twins: false,
            limits: Limits::default(),
        }
    }

    /// Returns the connection string of the device `dev1`.
    #[must_use]
    pub fn device(&self) -> Zeroizing<String> {
        let key = &*self.keys.device;
        Zeroizing::new(format!("HostName={HUB};DeviceId=dev1;SharedAccessKey={key}"))
    }

    /// Returns the connection string of the module `mod1` of `dev1`.
    #[must_use]
    pub fn module(&self) -> Zeroizing<String> {
        let key = &*self.keys.module;
        Zeroizing::new(format!("HostName={HUB};DeviceId=dev1;ModuleId=mod1;SharedAccessKey={key}"))
    }

    /// Returns the connection string of a service with every permission, at an HTTPS port.
    #[must_use]
    pub fn service(&self, port: u16) -> Zeroizing<String> {
        let key = &*self.keys.owner;
        Zeroizing::new(format!("HostName={HUB}:{port};SharedAccessKeyName=iothubowner;SharedAccessKey={key}"))
    }

    fn write_certificates(&self) -> Result<(), DevError> {
        let (ca_key, server_key, device_key) =
            (KeyPair::generate()?, KeyPair::generate()?, KeyPair::generate()?);
        let mut ca = named("hubward-gateway --dev")?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        self.write("ca.pem", ca.self_signed(&ca_key)?.pem().as_bytes())?;
        let issuer = Issuer::from_params(&ca, &ca_key);
        let mut server = CertificateParams::new([HUB.into(), "127.0.0.1".into(), "::1".into()])?;
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let mut device = named("dev-x509")?;
        device.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        for (name, mut leaf, key) in [("server", server, server_key), ("dev-x509", device, device_key)] {
            leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            leaf.use_authority_key_identifier_extension = true;
            self.write(&format!("{name}.pem"), leaf.signed_by(&key, &issuer)?.pem().as_bytes())?;
            self.write(&format!("{name}.key"), Zeroizing::new(key.serialize_pem()).as_bytes())?;
        }
        Ok(())
    }

    fn write_registry(&self) -> Result<(), DevError> {
        let sas = |id: &str, module: Option<&str>, primary: &str| -> Result<String, DevError> {
            let keys = json!({ "primaryKey": primary, "secondaryKey": *key()? });
            let authentication = json!({ "type": "sas", "symmetricKey": keys });
            let line = json!({
                "id": id, "moduleId": module, "status": "enabled", "authentication": authentication,
            });
            Ok(line.to_string())
        };
        let x509 = json!({
            "id": "dev-x509", "status": "enabled", "authentication": { "type": "certificateAuthority" },
        });
        let lines = [
            sas("dev1", None, &self.keys.device)?,
            sas("dev1", Some("mod1"), &self.keys.module)?,
            x509.to_string(),
        ];
        self.write("devices.jsonl", Zeroizing::new(lines.join("\n")).as_bytes())
    }

    fn write_policies(&self) -> Result<(), DevError> {
        let policies = DEFAULT_POLICIES.iter().map(|policy| {
            let primary = if policy.name() == "iothubowner" { self.keys.owner.clone() } else { key()? };
            Ok(json!({
                "keyName": policy.name(), "primaryKey": *primary, "secondaryKey": *key()?,
                "rights": policy.rights().to_string(),
            }))
        });
        let policies = policies.collect::<Result<Vec<_>, DevError>>()?;
        let text = Zeroizing::new(serde_json::Value::from(policies).to_string());
        self.write("policies.json", text.as_bytes())
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<(), DevError> {
        Ok(fs::File::create_new(self.file(name))?.write_all(content)?)
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // if this fails, the operating system clears its temporary folder
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Creates a folder that only its owner may enter.
fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn named(name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new([])?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn key() -> Result<Key, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes)?;
    // 32 bytes are a valid key length
    let key = SymmetricKey::from_bytes(&*bytes).map_err(|_| getrandom::Error::UNEXPECTED)?;
    let mut text = Zeroizing::new([0; 88]);
    Ok(Zeroizing::new(key.expose_base64(&mut text).into()))
}
