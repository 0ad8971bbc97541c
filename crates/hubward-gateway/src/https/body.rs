//! Bodies: so long, and in time.

use core::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use tokio::time::timeout;

use super::problem::Problem;

/// All of a body of at most `most` bytes.
pub(super) async fn read(body: Body, most: usize, in_time: Duration) -> Result<Bytes, Problem> {
    match timeout(in_time, to_bytes(body, most)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        // too long, or the connection broke and nobody hears the answer
        Ok(Err(_)) => Err(Problem::too_large()),
        Err(_) => Err(Problem::too_slow()),
    }
}
