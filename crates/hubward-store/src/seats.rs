//! Seats: one connection per identity, also across gateways.

use core::time::Duration;

/// A claim of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a claim has these parts")]
pub struct Claim<'c> {
    /// The name of the identity's row: `device`, or `device/module`.
    pub name: &'c str,
    /// The number of the claim: of two claims of one seat the newer has the higher number.
    pub number: u64,
    /// The number of claims of this seat before it, each within 10 s of the one before: rivals have many.
    pub rivals: u32,
}

/// The place of a gateway among the claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a place has these parts")]
pub struct SeatPlace {
    /// A random number that differs after the engine has lost the seats, as it may in a crash.
    pub life: u64,
    /// The last claim that was seen.
    pub last: u64,
}

/// The seats of the gateways of one hub, in an engine that orders their claims.
///
/// A gateway claims a seat when it has accepted a connection. It follows the claims of all gateways, and ends a connection
/// whose seat has a claim with a higher number: the newer connection evicts the older one, wherever it is. A seat is never
/// freed: after a crash of a gateway the next connection claims it.
///
/// # What an engine promises
/// 1. **Ordered.** A claim has a number above those of all claims that returned before, and above all that any reader has seen:
///    a reader never misses a claim with a lower number than it has seen.
/// 2. **One seat.** The newest claim of a name replaces the others.
/// 3. **Loss is visible.** Seats need not be durable. An engine that lost them has another [`SeatPlace::life`]: each gateway
///    then restores its own.
pub trait Seats: Send + Sync {
    /// The error of the engine.
    type Error: core::error::Error + Send + Sync + 'static;

    /// Claims the seats of these names, and returns the number of each, in their order.
    ///
    /// # Errors
    /// The error of the engine. The seats may then be claimed or not; claim them again.
    fn claim(&self, names: &[&str]) -> Result<Vec<u64>, Self::Error>;

    /// Enters claims again after the engine has lost them, with their numbers, unless a newer claim is there.
    ///
    /// # Errors
    /// The error of the engine.
    fn restore(&self, claims: &[(&str, u64)]) -> Result<(), Self::Error>;

    /// Passes the newest claim of each seat that was claimed after this place to `each`; with `None`, no claim. Returns the
    /// current place.
    ///
    /// # Errors
    /// The error of the engine.
    fn claims(&self, after: Option<u64>, each: &mut dyn FnMut(Claim<'_>)) -> Result<SeatPlace, Self::Error>;

    /// Waits until there may be a claim, at most for a time.
    ///
    /// # Errors
    /// The error of the engine.
    fn wait_for_claims(&self, at_most: Duration) -> Result<(), Self::Error>;
}
