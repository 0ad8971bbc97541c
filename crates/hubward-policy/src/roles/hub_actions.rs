//! [`hub_actions()`]: the data actions that an endpoint of a hub requires.

use crate::endpoint::Endpoint;

/// Returns the data actions that an endpoint of a hub requires, all of them. The slice is empty if no role is
/// sufficient, as at the endpoints of devices and of telemetry.
#[must_use]
pub fn hub_actions(endpoint: &Endpoint) -> &'static [&'static str] {
    match endpoint.name() {
        "identity.list" | "identity.read" | "module.list" | "module.read" => {
            &["Microsoft.Devices/IotHubs/devices/read"]
        }
        "identity.write" | "identity.regenerate" | "module.write" => {
            &["Microsoft.Devices/IotHubs/devices/write"]
        }
        "identity.delete" | "module.delete" => &["Microsoft.Devices/IotHubs/devices/delete"],
        // one request may write some devices and delete others
        "identity.bulk" => {
            &["Microsoft.Devices/IotHubs/devices/write", "Microsoft.Devices/IotHubs/devices/delete"]
        }
        "twin.query" | "twin.read" | "digitaltwin.read" => &["Microsoft.Devices/IotHubs/twins/read"],
        "twin.update" | "twin.replace" | "digitaltwin.update" => &["Microsoft.Devices/IotHubs/twins/write"],
        "method.invoke" | "digitaltwin.invoke" => &["Microsoft.Devices/IotHubs/directMethods/invoke/action"],
        "job.list" | "job.read" | "twinjob.list" | "twinjob.query" | "twinjob.read" => {
            &["Microsoft.Devices/IotHubs/jobs/read"]
        }
        "job.create" | "twinjob.create" => &["Microsoft.Devices/IotHubs/jobs/write"],
        "job.delete" | "twinjob.cancel" => &["Microsoft.Devices/IotHubs/jobs/delete"],
        "configuration.list" | "configuration.read" => &["Microsoft.Devices/IotHubs/configurations/read"],
        "configuration.write" => &["Microsoft.Devices/IotHubs/configurations/write"],
        "configuration.delete" => &["Microsoft.Devices/IotHubs/configurations/delete"],
        "configuration.test" => &["Microsoft.Devices/IotHubs/configurations/testQueries/action"],
        "configuration.apply" => &["Microsoft.Devices/IotHubs/configurations/applyToEdgeDevice/action"],
        "commands.send" => &["Microsoft.Devices/IotHubs/cloudToDeviceMessages/send/action"],
        "commands.feedback" | "commands.feedback.complete" | "commands.feedback.abandon" => {
            &["Microsoft.Devices/IotHubs/cloudToDeviceMessages/feedback/action"]
        }
        "commands.purge" => &["Microsoft.Devices/IotHubs/cloudToDeviceMessages/queue/purge/action"],
        "files.notifications" => &["Microsoft.Devices/IotHubs/fileUpload/notifications/action"],
        "statistics.registry" | "statistics.service" => &["Microsoft.Devices/IotHubs/statistics/read"],
        _ => &[],
    }
}
