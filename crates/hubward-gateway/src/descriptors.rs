//! The limit on open file descriptors: each connection takes one, and so does a file that is read again.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::limits::Limits;

/// Descriptors for everything but connections: listeners, the run time, standard streams, files that are read again.
const RESERVED: u64 = 64;

/// Raises the process's limit on open files as far as the system allows, and lowers the numbers of connections to what
/// it has room for. Returns `true` if they were lowered.
///
/// Without it, idle connections of strangers could take every descriptor before the oldest of them gives way.
pub(crate) fn fit(limits: &mut Limits) -> bool {
    let needed = u64::try_from(limits.max_connections).unwrap_or(u64::MAX).saturating_add(RESERVED);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let allowed = maximum.unwrap_or(u64::MAX).min(needed);
    let mut room = current.unwrap_or(u64::MAX);
    if room < allowed && setrlimit(Resource::Nofile, Rlimit { current: Some(allowed), maximum }).is_ok() {
        room = allowed;
    }
    lower(limits, room)
}

/// Lowers the numbers of connections to a limit of `room` descriptors; strangers keep their share of all places.
fn lower(limits: &mut Limits, room: u64) -> bool {
    let places = usize::try_from(room.saturating_sub(RESERVED)).unwrap_or(usize::MAX).max(2);
    if places >= limits.max_connections {
        return false;
    }
    limits.max_connections = places;
    // at least half of the places are for peers that are authenticated
    limits.max_unproven = limits.max_unproven.min(places >> 1);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_fit_the_descriptors() {
        for (room, connections, unproven, lowered) in [
            (u64::MAX, 10_000, 2_000, false),
            (10_064, 10_000, 2_000, false),
            (10_063, 9_999, 2_000, true),
            (1_024, 960, 480, true),
            (64, 2, 1, true),
            (0, 2, 1, true),
        ] {
            let mut limits = Limits::default();
            assert_eq!(lower(&mut limits, room), lowered, "{room}");
            assert_eq!((limits.max_connections, limits.max_unproven), (connections, unproven), "{room}");
        }
    }
}
