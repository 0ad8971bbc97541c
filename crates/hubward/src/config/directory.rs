//! The configuration for users of the directory (Microsoft Entra ID).

use alloc::sync::Arc;
use core::time::Duration;

use hubward_policy::roles::ArmScope;

/// The audience of the directory's tokens for IoT hubs.
pub const HUB_AUDIENCE: &str = "https://iothubs.azure.net";

/// The requirements on a user's bearer token, and the hub that the user's roles are checked at.
///
/// It owns both; a clone shares them.
///
/// ```
/// use hubward::DirectoryConfig;
/// use hubward::policy::roles::ArmScope;
///
/// let hub = "/subscriptions/5a1e/resourceGroups/plant/providers/Microsoft.Devices/IotHubs/contoso";
/// let config = DirectoryConfig::new(ArmScope::parse(hub)?);
/// assert_eq!(config.hub().to_string(), hub);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct DirectoryConfig {
    hub: Arc<str>,
    audience: Arc<str>,
    leeway: u64,
}

impl DirectoryConfig {
    /// Accepts tokens for [`HUB_AUDIENCE`], without leeway, at the hub of that resource id.
    #[must_use]
    pub fn new(hub: ArmScope<'_>) -> Self {
        Self { hub: hub.as_str().into(), audience: HUB_AUDIENCE.into(), leeway: 0 }
    }

    /// Sets the required `aud`, compared exactly: [`HUB_AUDIENCE`], or that of a sovereign cloud.
    #[must_use]
    pub fn with_audience(mut self, audience: &str) -> Self {
        self.audience = audience.into();
        self
    }

    /// Sets the time for which a token is accepted after its expiry, in whole seconds, for clocks that differ.
    #[must_use]
    pub const fn with_leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway.as_secs();
        self
    }

    /// Returns the resource id of the hub, at which its role assignments apply.
    #[must_use]
    pub fn hub(&self) -> ArmScope<'_> {
        ArmScope::assertion(&self.hub)
    }

    pub(crate) fn audience(&self) -> &str {
        &self.audience
    }

    pub(crate) const fn leeway(&self) -> u64 {
        self.leeway
    }
}
