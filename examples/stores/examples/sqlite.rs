//! A hub with its devices in SQLite: a device is authenticated and then disabled, which ends its session.
//!
//!     cargo run --example sqlite

use core::time::Duration;

use hubward::sas::UnsignedToken;
use hubward::types::{Authority, DeviceId, HostName, Permissions, SymmetricKey, UnixTime};
use hubward::{Credentials, HubConfig};
use hubward_rustcrypto::HmacKey;
use hubward_stores::row::RowKey;
use hubward_stores::sqlite::{SCHEMA, SqliteStore};
use rusqlite::Connection;

const HUB: &str = "hub.example";
/// A real program draws keys from the system's random source.
const KEY: &[u8; 32] = b"a key of thirty-two random bytes";

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let key = |bytes: &[u8]| SymmetricKey::from_bytes(bytes).map(|raw| HmacKey::new(&raw));
    let now = at(1_800_000_000);

    let store = SqliteStore::create(Connection::open_in_memory()?, SCHEMA)?;
    store.put(&RowKey::Device("pump-7".into()), Permissions::empty(), KEY, None)?;
    let config = HubConfig::new(HostName::parse(HUB)?, key(&[0x5a; 32])?);

    // the device
    let unsigned =
        UnsignedToken::device(Authority::parse(HUB)?, DeviceId::parse("pump-7")?, at(1_800_003_600));
    let token = unsigned.sign(&key(KEY)?).to_string();

    // the hub
    let username = format!("{HUB}/pump-7/?api-version=2021-04-12");
    let credentials = Credentials::mqtt("pump-7", &username, Some(&token))?;
    let authenticated = config.authenticate(credentials, &store, || now)?;
    println!("{}", authenticated.decision());
    let session = authenticated.into_session();
    println!("in: {session}");

    store.set_enabled("pump-7", false)?;
    match config.recheck(&session, &store, || now) {
        Ok(_) => println!("still in"),
        Err(ended) => println!("out: {ended}"),
    }
    Ok(())
}
