//! A hub with a store that answers later: each connection is a task that waits for its lookup.
//!
//!     cargo run --example remote

use core::time::Duration;

use hubward::sas::UnsignedToken;
use hubward::types::{Authority, DeviceId, HostName, Permissions, SymmetricKey, UnixTime};
use hubward::{Credentials, HubConfig};
use hubward_rustcrypto::HmacKey;
use hubward_stores::remote::RemoteStore;
use hubward_stores::row::{Row, RowKey};

const HUB: &str = "hub.example";

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// A real program draws keys from the system's random source.
fn raw(device: usize) -> Vec<u8> {
    format!("a key of device {device:.>16}").into_bytes()
}

fn key(device: usize) -> HmacKey {
    HmacKey::new(&SymmetricKey::from_bytes(&raw(device)).expect("32 bytes"))
}

async fn connect(store: RemoteStore, number: usize) -> String {
    let id = format!("pump-{number}");
    let device = DeviceId::parse(&id).expect("an id");
    let host = Authority::parse(HUB).expect("a name");
    let token = UnsignedToken::device(host, device, at(1_800_003_600)).sign(&key(number)).to_string();

    let config = HubConfig::new(HostName::parse(HUB).expect("a name"), key(99));
    let username = format!("{HUB}/{id}/?api-version=2021-04-12");
    let credentials = Credentials::mqtt(&id, &username, Some(&token)).expect("names that agree");
    match config.authenticate_async(credentials, &store, || at(1_800_000_000)).await {
        Ok(client) => format!("in: {}", client.into_session()),
        Err(refused) => format!("{id} refused: {refused}"),
    }
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let run_time = tokio::runtime::Builder::new_current_thread().build()?;
    run_time.block_on(async {
        let row = |number: usize| Row {
            id: RowKey::Device(format!("pump-{number}")),
            enabled: number != 2,
            rights: Permissions::empty(),
            generation: 1,
            keys: 1,
            primary: raw(number),
            secondary: None,
        };
        let store = RemoteStore::start((1..=3).map(row));
        let connections: Vec<_> =
            (1..=4).map(|number| tokio::spawn(connect(store.clone(), number))).collect();
        for connection in connections {
            println!("{}", connection.await?);
        }
        Ok(())
    })
}
