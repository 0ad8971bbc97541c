//! Reads bodies, with a limit on their length and on the time.

use core::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use tokio::time::timeout;

use super::problem::Problem;

/// Reads a body of at most `most` bytes.
pub(super) async fn read(body: Body, most: usize, in_time: Duration) -> Result<Bytes, Problem> {
    match timeout(in_time, to_bytes(body, most)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        // too long, or the connection broke and the answer is not read
        Ok(Err(_)) => Err(Problem::too_large()),
        Err(_) => Err(Problem::too_slow()),
    }
}
