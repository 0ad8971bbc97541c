//! A connection that listens for changes. A notification is a hint only: a waiting feed asks for the place of the tables.

use core::future::poll_fn;
use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex};

use tokio::sync::Notify;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, NoTls, Socket};

use crate::config::PostgresConfig;
use crate::store::HEARTBEAT;
use crate::tls::Tls;

/// The time between two attempts to connect.
const AGAIN: Duration = Duration::from_millis(100);
/// The time until it is tried again whether notifications come through.
const LATER: Duration = Duration::from_secs(30);
/// The time that a notification may take.
const PROBE: Duration = Duration::from_secs(2);
/// The time between two questions for changes while no connection listens.
const POLL: Duration = Duration::from_millis(25);

/// Wakes a feed that waits.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    state: Mutex<State>,
    hint: Condvar,
}

#[derive(Debug, Default)]
struct State {
    hints: u64,
    seen: u64,
    listening: bool,
}

impl Hints {
    /// Notes that there may be a change.
    pub(crate) fn hint(&self) {
        if let Ok(mut state) = self.state.lock() {
            state.hints = state.hints.wrapping_add(1);
        }
        self.hint.notify_all();
    }

    fn listening(&self, listening: bool) {
        if let Ok(mut state) = self.state.lock() {
            state.listening = listening;
        }
        // whether a connection began or ended: changes may have been missed
        self.hint();
    }

    /// Waits for a hint.
    pub(crate) fn wait(&self, at_most: Duration) {
        let Ok(state) = self.state.lock() else { return };
        let at_most = if state.listening { at_most } else { at_most.min(POLL) };
        let waited = self.hint.wait_timeout_while(state, at_most, |state| state.hints == state.seen);
        if let Ok((mut state, _)) = waited {
            state.seen = state.hints;
        }
    }
}

/// The reason why a connection no longer listens.
enum End {
    /// It failed.
    Failed,
    /// A notification did not come through: behind a pooler of transactions, for instance.
    NotNotified,
}

/// Listens until the task is dropped, and connects again after a failure.
pub(crate) async fn run(config: PostgresConfig, hints: Arc<Hints>, seats: Arc<Hints>) {
    loop {
        let end = match &config.tls {
            Some(tls) => listen(&config, Tls(Arc::clone(tls)), &hints, &seats).await,
            None => listen(&config, NoTls, &hints, &seats).await,
        };
        hints.listening(false);
        seats.listening(false);
        let pause = match end {
            End::Failed => AGAIN,
            End::NotNotified => LATER,
        };
        tokio::time::sleep(pause).await;
    }
}

/// Listens on one connection until it fails.
async fn listen<T>(config: &PostgresConfig, tls: T, hints: &Hints, seats: &Hints) -> End
where
    T: MakeTlsConnect<Socket> + Clone + Send,
    T::Stream: Send + 'static,
{
    let Ok((client, mut connection)) = config.address.connect(tls.clone()).await else { return End::Failed };
    let probed = Notify::new();
    let mut messages = async || {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            match message {
                AsyncMessage::Notification(about) if about.channel() == "hubward_seat" => seats.hint(),
                AsyncMessage::Notification(about) if about.channel() == "hubward_change" => {
                    // a probe is a hint too
                    hints.hint();
                    if !about.payload().is_empty() {
                        probed.notify_one();
                    }
                }
                _ => {}
            }
        }
    };
    let started = async {
        if client.batch_execute("LISTEN hubward_change; LISTEN hubward_seat").await.is_err() {
            return End::Failed;
        }
        let notified = async {
            probe(config, tls).await.ok()?;
            probed.notified().await;
            Some(())
        };
        if !matches!(tokio::time::timeout(PROBE, notified).await, Ok(Some(()))) {
            return End::NotNotified;
        }
        hints.listening(true);
        seats.listening(true);
        // a connection that was cut without a word is detected by a question
        loop {
            tokio::time::sleep(config.answer.min(HEARTBEAT)).await;
            let alive =
                tokio::time::timeout(config.answer.min(HEARTBEAT), client.batch_execute("SELECT 1")).await;
            if !matches!(alive, Ok(Ok(()))) {
                return End::Failed;
            }
        }
    };
    tokio::select! {
        () = messages() => End::Failed,
        end = started => end,
    }
}

/// Sends a notification on another connection: a pooler may return one to the connection that sent it.
async fn probe<T>(config: &PostgresConfig, tls: T) -> Result<(), tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket> + Send,
    T::Stream: Send + 'static,
{
    let (client, connection) = config.address.connect(tls).await?;
    let sent = async {
        let sent = client.batch_execute("SELECT pg_notify('hubward_change', 'probe')").await;
        drop(client);
        sent
    };
    let (sent, _) = tokio::join!(sent, connection);
    sent
}
