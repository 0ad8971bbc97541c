//! A store that answers later: the question waits, in a task of its own.

mod common;

use common::*;
use hubward::types::Permissions;
use hubward::{AuthError, Credentials};
use hubward_stores::answer::{Row, Wanted};
use hubward_stores::remote::{Refused, RemoteStore};

fn row(whose: Wanted, by: &str) -> Row {
    let rights = Permissions::DEVICE_CONNECT;
    Row { whose, enabled: true, rights, generation: 1, keys: 1, primary: key(by), secondary: None }
}

fn rows() -> Vec<Row> {
    vec![row(Wanted::Device("pump".into()), "pump"), row(Wanted::Policy("device".into()), "policy")]
}

/// Presents a token in a task, as a server does for each connection.
async fn connect(store: RemoteStore, id: &'static str, token: String) -> Result<String, Refused> {
    tokio::spawn(async move {
        let (username, rules) = (username(id), rules());
        let presented = Credentials::mqtt(id, &username, Some(&token))?;
        let session = store.admit(presented, &rules, || at(NOW)).await?;
        Ok(session.to_string())
    })
    .await
    .unwrap()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

#[test]
fn the_question_is_held_across_the_await() {
    run(async {
        let store = RemoteStore::start(rows());
        for (token, admitted) in [
            (token("pump", "pump"), true),
            (policy_token("pump", "device", "policy"), true),
            (token("pump", "policy"), false),
        ] {
            assert_eq!(connect(store.clone(), "pump", token).await.is_ok(), admitted);
        }
        let unknown = connect(store, "nobody", token("nobody", "pump")).await;
        assert!(matches!(unknown, Err(Refused::Credential(AuthError::Unknown))), "{unknown:?}");
    });
}

#[test]
fn a_store_that_is_gone_admits_nobody() {
    let store = run(async { RemoteStore::start(rows()) });
    let gone = run(connect(store, "pump", token("pump", "pump")));
    assert!(matches!(gone, Err(Refused::Store(_))), "{gone:?}");
}
