//! The configuration for users of the directory (Microsoft Entra ID).

use hubward_policy::roles::ArmScope;

/// The audience of the directory's tokens for IoT hubs.
pub const HUB_AUDIENCE: &str = "https://iothubs.azure.net";

/// The requirements on a user's bearer token, and the hub that the user's roles are checked at.
///
/// ```
/// use hubward::{HUB_AUDIENCE, DirectoryConfig};
/// use hubward::policy::roles::ArmScope;
///
/// let hub = "/subscriptions/5a1e/resourceGroups/plant/providers/Microsoft.Devices/IotHubs/contoso";
/// let rules = DirectoryConfig::new(ArmScope::parse(hub)?);
/// assert_eq!((rules.audience, rules.leeway), (HUB_AUDIENCE, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct DirectoryConfig<'r> {
    /// The resource id of the hub, at which its role assignments apply.
    pub hub: ArmScope<'r>,
    /// The required `aud`, compared exactly. [`HUB_AUDIENCE`], or that of a sovereign cloud.
    pub audience: &'r str,
    /// The number of seconds for which a token is accepted after its expiry, for clocks that differ.
    pub leeway: u64,
}

impl<'r> DirectoryConfig<'r> {
    /// Accepts tokens for [`HUB_AUDIENCE`], without leeway, at the hub of that resource id.
    #[must_use]
    pub const fn new(hub: ArmScope<'r>) -> Self {
        Self { hub, audience: HUB_AUDIENCE, leeway: 0 }
    }
}
