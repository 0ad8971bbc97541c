//! A connection that listens for changes. A notification is a hint only: a waiting feed asks for the place of the tables.

use core::future::poll_fn;
use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex};

use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, NoTls, Socket};

use crate::config::PostgresConfig;
use crate::tls::Tls;

/// The time between two attempts to connect.
const AGAIN: Duration = Duration::from_millis(100);
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

/// Listens until the task is dropped, and connects again after a failure.
pub(crate) async fn run(config: PostgresConfig, hints: Arc<Hints>, seats: Arc<Hints>) {
    loop {
        match &config.tls {
            Some(tls) => listen(&config, Tls(Arc::clone(tls)), &hints, &seats).await,
            None => listen(&config, NoTls, &hints, &seats).await,
        }
        hints.listening(false);
        seats.listening(false);
        tokio::time::sleep(AGAIN).await;
    }
}

/// Listens on one connection until it fails.
async fn listen<T>(config: &PostgresConfig, tls: T, hints: &Hints, seats: &Hints)
where
    T: MakeTlsConnect<Socket> + Send,
    T::Stream: Send,
{
    let Ok((client, mut connection)) = config.address.connect(tls).await else { return };
    let mut messages = async || {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            match message {
                AsyncMessage::Notification(about) if about.channel() == "hubward_seat" => seats.hint(),
                AsyncMessage::Notification(_) => hints.hint(),
                _ => {}
            }
        }
    };
    let started = async {
        if client.batch_execute("LISTEN hubward_change; LISTEN hubward_seat").await.is_ok() {
            hints.listening(true);
            seats.listening(true);
            // a connection that was cut without a word is detected by a question
            loop {
                tokio::time::sleep(config.answer.min(Duration::from_secs(2))).await;
                let alive = tokio::time::timeout(config.answer, client.batch_execute("SELECT 1")).await;
                if !matches!(alive, Ok(Ok(()))) {
                    break;
                }
            }
        }
    };
    tokio::select! {
        () = messages() => {}
        () = started => {}
    }
}
