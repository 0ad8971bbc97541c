//! Hints about refused credentials, for the log. Each is computed after the answer to the peer and off the threads that
//! serve, and only a few at a time: a flood of refusals gets few hints and costs no connection anything.

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;

use hubward::types::Hint;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::peer::Peer;
use crate::recent::Recent;

/// The number of hints that wait or are computed at a time.
const MOST: usize = 4;
/// The time after which the answer has been sent. No answer is delayed longer on purpose.
const AFTER: Duration = Duration::from_secs(2);
/// The most bytes of credentials that are kept for a hint.
const BYTES: usize = 8 * 1024;

/// The hints of a gateway.
#[derive(Debug, Clone)]
pub(crate) struct Hints {
    permits: Arc<Semaphore>,
    recent: Recent,
}

impl Hints {
    /// Returns the hints for these refusals.
    pub(crate) fn new(recent: Recent) -> Self {
        Self { permits: Arc::new(Semaphore::new(MOST)), recent }
    }

    /// Logs and keeps the hint that `explain` returns for the texts of refused credentials, later. It keeps copies of the texts until
    /// then, which are overwritten afterwards.
    pub(crate) fn log<const N: usize>(
        &self,
        peer: &Peer,
        texts: [&str; N],
        explain: impl for<'t> FnOnce([&'t str; N]) -> Option<Hint<'t>> + Send + 'static,
    ) {
        let bytes: usize = texts.iter().map(|text| text.len()).fold(0, usize::saturating_add);
        let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else { return };
        if bytes > BYTES {
            return;
        }
        let (texts, address) = (texts.map(|text| Zeroizing::new(text.to_owned())), peer.address);
        let recent = self.recent.clone();
        tokio::spawn(async move {
            tokio::time::sleep(AFTER).await;
            let found = tokio::task::spawn_blocking(move || {
                let found = explain(texts.each_ref().map(|text| text.as_str()));
                if let Some(hint) = found {
                    write(address, hint);
                    recent.hint(address, &hint);
                }
            });
            let _ = found.await;
            drop(permit);
        });
    }
}

fn write(peer: SocketAddr, hint: Hint<'_>) {
    tracing::info!(
        target: "hubward_gateway::hint",
        peer = %peer,
        code = hint.code(),
        hint = %format_args!("\"{hint}\""),
    );
}
