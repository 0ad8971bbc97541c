//! A store that answers later: the authentication waits in a task of its own.

mod common;

use common::*;
use hubward::types::Permissions;
use hubward::{AuthError, Credentials, StoreOr};
use hubward_stores::remote::{RemoteStore, Unreachable};

use hubward_stores::row::{Row, RowKey};

type Refused = StoreOr<AuthError, Unreachable>;

fn row(id: RowKey, by: &str) -> Row {
    let rights = Permissions::DEVICE_CONNECT;
    Row { id, enabled: true, rights, generation: 1, keys: 1, primary: raw(by).to_vec(), secondary: None }
}

fn rows() -> Vec<Row> {
    vec![row(RowKey::Device("pump".into()), "pump"), row(RowKey::Policy("device".into()), "policy")]
}

/// Presents a token in a task, as a server does for each connection.
async fn connect(store: RemoteStore, id: &'static str, token: String) -> Result<String, Refused> {
    tokio::spawn(async move {
        let (username, config) = (username(id), config());
        let credentials = Credentials::mqtt(id, &username, Some(&token)).unwrap();
        let client = config.authenticate_async(credentials, &store, || at(NOW)).await?;
        Ok(client.into_session().to_string())
    })
    .await
    .unwrap()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

#[test]
fn the_authentication_is_kept_across_the_await() {
    run(async {
        let store = RemoteStore::start(rows());
        for (token, authenticated) in [
            (token("pump", "pump"), true),
            (policy_token("pump", "device", "policy"), true),
            (token("pump", "policy"), false),
        ] {
            assert_eq!(connect(store.clone(), "pump", token).await.is_ok(), authenticated);
        }
        let unknown = connect(store, "unknown", token("unknown", "pump")).await;
        assert!(matches!(unknown, Err(StoreOr::Refused(AuthError::Unknown))), "{unknown:?}");
    });
}

#[test]
fn a_store_that_has_ended_refuses_all() {
    let store = run(async { RemoteStore::start(rows()) });
    let gone = run(connect(store, "pump", token("pump", "pump")));
    assert!(matches!(gone, Err(StoreOr::Store(Unreachable))), "{gone:?}");
}
