//! The choice of a hub for a device that registers.

use hubward_store::Allocation;

/// A device that is about to be assigned to a hub.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AssignmentRequest<'a> {
    /// The registration id, in lower case.
    pub registration_id: &'a str,
    /// The device id.
    pub device_id: &'a str,
    /// The name of the group, or `None` for an individual enrollment.
    pub group: Option<&'a str>,
    /// The hubs that may be assigned, at least one.
    pub hubs: &'a [Box<str>],
    /// The hub that the device has.
    pub current: Option<&'a str>,
    /// The enrollment's `customAllocationDefinition`, in JSON.
    pub definition: Option<&'a str>,
    /// The payload of the device's request, in JSON.
    pub payload: Option<&'a str>,
    /// The address of the device.
    pub peer: core::net::IpAddr,
}

/// A device that was assigned to a hub.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AssignedDevice<'a> {
    /// The device id.
    pub device_id: &'a str,
    /// The hub.
    pub hub: &'a str,
    /// The hub is this gateway's, whose registry has the device.
    pub is_own: bool,
    /// The hub that the device had, if it is another one.
    pub former: Option<&'a str>,
    /// The device's data is to be moved from its former hub; otherwise it starts with the initial twin.
    pub migrate: bool,
    /// The initial twin of the enrollment, in JSON.
    pub initial_twin: Option<&'a str>,
}

/// The caller's part in assigning devices to hubs. The functions are called on threads that may block.
pub trait Assignment: Send + Sync {
    /// Returns the position of the hub with the lowest latency for the device, for the policy `geoLatency`. The default
    /// is the first hub.
    fn lowest_latency(&self, request: &AssignmentRequest<'_>) -> Option<usize> {
        let _ = request;
        Some(0)
    }

    /// Returns the position of the hub for the policy `custom`. The default refuses the device.
    fn custom(&self, request: &AssignmentRequest<'_>) -> Option<usize> {
        let _ = request;
        None
    }

    /// Hands over a device that was assigned: creates it at a hub that is not this gateway's, and stores its initial twin.
    /// Returns whether the hub has the device: otherwise it is refused. The default knows this gateway's hub only, and
    /// has no twins.
    fn hand_over(&self, device: &AssignedDevice<'_>) -> bool {
        device.is_own
    }
}

/// The assignment of a gateway alone.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OwnHubOnly;

impl Assignment for OwnHubOnly {}

/// Returns the position of the hub that a policy assigns; `None` if it assigns none of them.
pub(super) fn choose(
    allocation: Allocation,
    assignment: &dyn Assignment,
    request: &AssignmentRequest<'_>,
) -> Option<usize> {
    let position = match allocation {
        Allocation::Static => 0,
        Allocation::Hashed => hashed(request.registration_id, request.hubs)?,
        Allocation::GeoLatency => assignment.lowest_latency(request)?,
        Allocation::Custom => assignment.custom(request)?,
    };
    (position < request.hubs.len()).then_some(position)
}

/// Returns the position of the hub with the highest hash together with the id (rendezvous hashing): one more hub
/// moves only the devices that it gets.
fn hashed(id: &str, hubs: &[Box<str>]) -> Option<usize> {
    let weight = |hub: &str| {
        let bytes = hub.bytes().map(|byte| byte.to_ascii_lowercase()).chain([0]).chain(id.bytes());
        // FNV-1a, whose result is the same in each version of this program
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        // spreads the last bytes over all bits
        let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash ^ (hash >> 33)
    };
    hubs.iter().enumerate().max_by_key(|(_, hub)| weight(hub)).map(|(position, _)| position)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hubs(count: usize) -> Vec<Box<str>> {
        (0..count).map(|at| format!("hub{at}.example").into()).collect()
    }

    fn request(hubs: &[Box<str>]) -> AssignmentRequest<'_> {
        AssignmentRequest {
            registration_id: "sn-7",
            device_id: "sn-7",
            group: None,
            hubs,
            current: None,
            definition: None,
            payload: None,
            peer: [127, 0, 0, 1].into(),
        }
    }

    #[test]
    fn hashing_is_even_and_a_new_hub_moves_only_its_own_devices() {
        let (few, more) = (hubs(4), hubs(5));
        let mut counts = [0_usize; 4];
        for device in 0..10_000 {
            let id = format!("sn-{device}");
            let (before, after) = (hashed(&id, &few).unwrap(), hashed(&id, &more).unwrap());
            counts[before] = counts[before].saturating_add(1);
            assert!(after == before || after == 4, "{id} moved between hubs that stayed");
        }
        assert!(counts.iter().all(|count| (2_200..2_800).contains(count)), "{counts:?}");
        // these results must not change with a version: devices would move
        let known = ["a", "b", "c", "sn-7"].map(|id| hashed(id, &few).unwrap());
        assert_eq!(known, [0, 0, 0, 2]);
    }

    #[test]
    fn each_policy_assigns_one_of_the_hubs() {
        struct Last(usize);
        impl Assignment for Last {
            fn lowest_latency(&self, request: &AssignmentRequest<'_>) -> Option<usize> {
                request.hubs.len().checked_sub(self.0)
            }
            fn custom(&self, _: &AssignmentRequest<'_>) -> Option<usize> {
                Some(1)
            }
        }
        let hubs = hubs(3);
        let with = |allocation, assignment: &dyn Assignment| choose(allocation, assignment, &request(&hubs));
        assert_eq!(with(Allocation::Static, &OwnHubOnly), Some(0));
        assert_eq!(with(Allocation::GeoLatency, &OwnHubOnly), Some(0));
        assert_eq!(with(Allocation::Custom, &OwnHubOnly), None);
        assert_eq!(with(Allocation::GeoLatency, &Last(1)), Some(2));
        assert_eq!(with(Allocation::Custom, &Last(1)), Some(1));
        // a position that is no hub's
        assert_eq!(with(Allocation::GeoLatency, &Last(0)), None);
        assert_eq!(choose(Allocation::Hashed, &OwnHubOnly, &request(&[])), None);
    }
}
