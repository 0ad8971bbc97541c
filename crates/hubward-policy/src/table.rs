//! [`ENDPOINTS`]: every endpoint of a hub with the right that it requires.

use hubward_core::Permissions;

use crate::endpoint::{Caller, Endpoint, Transport};

const READ: Permissions = Permissions::REGISTRY_READ;
const WRITE: Permissions = Permissions::REGISTRY_WRITE;
const SERVICE: Permissions = Permissions::SERVICE_CONNECT;
const DEVICE: Permissions = Permissions::DEVICE_CONNECT;

const fn service(
    name: &'static str,
    verb: &'static str,
    pattern: &'static str,
    right: Permissions,
) -> Endpoint {
    Endpoint::new(name, Transport::Http, verb, pattern, right, Caller::Service)
}

/// An endpoint of the registry that an edge device may use for its own modules.
const fn own_modules(
    name: &'static str,
    verb: &'static str,
    pattern: &'static str,
    right: Permissions,
) -> Endpoint {
    Endpoint::new(name, Transport::Http, verb, pattern, right, Caller::ServiceOrEdgeDevice)
}

const fn method(pattern: &'static str) -> Endpoint {
    Endpoint::new("method.invoke", Transport::Http, "POST", pattern, SERVICE, Caller::ServiceOrSibling)
}

const fn device(name: &'static str, verb: &'static str, pattern: &'static str) -> Endpoint {
    Endpoint::new(name, Transport::Http, verb, pattern, DEVICE, Caller::Itself)
}

const fn mqtt(name: &'static str, verb: &'static str, pattern: &'static str) -> Endpoint {
    Endpoint::new(name, Transport::Mqtt, verb, pattern, DEVICE, Caller::Itself)
}

const fn mqtt_own(name: &'static str, verb: &'static str, pattern: &'static str) -> Endpoint {
    Endpoint::new(name, Transport::Mqtt, verb, pattern, DEVICE, Caller::Connected)
}

const fn amqp(name: &'static str, verb: &'static str, pattern: &'static str) -> Endpoint {
    Endpoint::new(name, Transport::Amqp, verb, pattern, DEVICE, Caller::Itself)
}

const fn amqp_service(name: &'static str, verb: &'static str, pattern: &'static str) -> Endpoint {
    Endpoint::new(name, Transport::Amqp, verb, pattern, SERVICE, Caller::Service)
}

/// Connecting over MQTT, which has no address.
pub(crate) const CONNECT: Endpoint = mqtt_own("connect", "connect", "");

/// Every endpoint of a hub. An operation that matches no row is denied; if two rows match, the first one counts.
pub const ENDPOINTS: &[Endpoint] = &[
    // the registry: an identity is read together with its keys
    service("identity.list", "GET", "/devices", READ),
    service("identity.list", "GET", "/devices/", READ),
    service("identity.read", "GET", "/devices/{device}", READ),
    service("identity.write", "PUT", "/devices/{device}", WRITE),
    service("identity.delete", "DELETE", "/devices/{device}", WRITE),
    service("identity.bulk", "POST", "/devices", WRITE),
    service("identity.bulk", "POST", "/devices/", WRITE),
    own_modules("module.list", "GET", "/devices/{device}/modules", READ),
    own_modules("module.read", "GET", "/devices/{device}/modules/{module}", READ),
    own_modules("module.write", "PUT", "/devices/{device}/modules/{module}", WRITE),
    own_modules("module.delete", "DELETE", "/devices/{device}/modules/{module}", WRITE),
    service("identity.regenerate", "POST", "/devices/keys/regenerate", WRITE),
    service("statistics.registry", "GET", "/statistics/devices", READ),
    service("job.create", "POST", "/jobs/create", WRITE),
    service("job.list", "GET", "/jobs", WRITE),
    // jobs on twins and methods; they precede the registry's jobs, whose `{job}` would match `v2`
    service("twinjob.list", "GET", "/jobs/v2", SERVICE),
    service("twinjob.query", "GET", "/jobs/v2/query", SERVICE),
    service("twinjob.read", "GET", "/jobs/v2/{job}", SERVICE),
    service("twinjob.create", "PUT", "/jobs/v2/{job}", SERVICE),
    service("twinjob.cancel", "POST", "/jobs/v2/{job}/cancel", SERVICE),
    service("job.read", "GET", "/jobs/{job}", WRITE),
    service("job.delete", "DELETE", "/jobs/{job}", WRITE),
    service("configuration.list", "GET", "/configurations", READ),
    service("configuration.list", "GET", "/configurations/", READ),
    service("configuration.read", "GET", "/configurations/{configuration}", READ),
    service("configuration.write", "PUT", "/configurations/{configuration}", WRITE),
    service("configuration.delete", "DELETE", "/configurations/{configuration}", WRITE),
    service("configuration.test", "POST", "/configurations/testQueries", WRITE),
    service("configuration.apply", "POST", "/devices/{device}/applyConfigurationContent", WRITE),
    // twins, methods, messages
    service("twin.query", "POST", "/devices/query", SERVICE),
    service("twin.read", "GET", "/twins/{device}", SERVICE),
    service("twin.update", "PATCH", "/twins/{device}", SERVICE),
    service("twin.replace", "PUT", "/twins/{device}", SERVICE),
    service("twin.read", "GET", "/twins/{device}/modules/{module}", SERVICE),
    service("twin.update", "PATCH", "/twins/{device}/modules/{module}", SERVICE),
    service("twin.replace", "PUT", "/twins/{device}/modules/{module}", SERVICE),
    method("/twins/{device}/methods"),
    method("/twins/{device}/modules/{module}/methods"),
    service("digitaltwin.read", "GET", "/digitaltwins/{device}", SERVICE),
    service("digitaltwin.update", "PATCH", "/digitaltwins/{device}", SERVICE),
    service("digitaltwin.invoke", "POST", "/digitaltwins/{device}/commands/{command}", SERVICE),
    service(
        "digitaltwin.invoke",
        "POST",
        "/digitaltwins/{device}/components/{component}/commands/{command}",
        SERVICE,
    ),
    service("stream.start", "POST", "/twins/{device}/streams/{stream}", SERVICE),
    service("stream.start", "POST", "/twins/{device}/modules/{module}/streams/{stream}", SERVICE),
    service("commands.purge", "DELETE", "/devices/{device}/commands", SERVICE),
    service("commands.feedback", "GET", "/messages/servicebound|serviceBound/feedback", SERVICE),
    service(
        "commands.feedback.complete",
        "DELETE",
        "/messages/servicebound|serviceBound/feedback/{lock}",
        SERVICE,
    ),
    service(
        "commands.feedback.abandon",
        "POST",
        "/messages/servicebound|serviceBound/feedback/{lock}/abandon",
        SERVICE,
    ),
    service("statistics.service", "GET", "/statistics/service", SERVICE),
    amqp_service("commands.send", "send", "/messages/devicebound|deviceBound"),
    amqp_service("commands.feedback", "receive", "/messages/servicebound|serviceBound/feedback"),
    amqp_service("files.notifications", "receive", "/messages/servicebound|serviceBound/filenotifications"),
    amqp_service(
        "telemetry.read",
        "receive",
        "/messages/events/ConsumerGroups/{group}/Partitions/{partition}",
    ),
    // the caller redirects these links to the hub's Event Hubs endpoint
    amqp_service("telemetry.redirect", "send", "/messages/events"),
    amqp_service("telemetry.redirect", "send", "/messages/events/"),
    amqp_service("telemetry.redirect", "send", "/messages/events/$management"),
    amqp_service("telemetry.redirect", "receive", "/messages/events"),
    amqp_service("telemetry.redirect", "receive", "/messages/events/"),
    amqp_service("telemetry.redirect", "receive", "/messages/events/$management"),
    // a device or module over HTTP
    device("events.send", "POST", "/devices/{device}/messages/events"),
    device("commands.receive", "GET", "/devices/{device}/messages/devicebound|deviceBound"),
    device("commands.complete", "DELETE", "/devices/{device}/messages/devicebound|deviceBound/{lock}"),
    device("commands.abandon", "POST", "/devices/{device}/messages/devicebound|deviceBound/{lock}/abandon"),
    device("files.start", "POST", "/devices/{device}/files"),
    device("files.uri", "GET", "/devices/{device}/files/{file}"),
    device("files.done", "POST", "/devices/{device}/files/notifications"),
    device("files.done", "POST", "/devices/{device}/files/notifications/{upload}"),
    device("events.send", "POST", "/devices/{device}/modules/{module}/messages/events"),
    device("commands.receive", "GET", "/devices/{device}/modules/{module}/messages/devicebound|deviceBound"),
    device(
        "commands.complete",
        "DELETE",
        "/devices/{device}/modules/{module}/messages/devicebound|deviceBound/{lock}",
    ),
    device(
        "commands.abandon",
        "POST",
        "/devices/{device}/modules/{module}/messages/devicebound|deviceBound/{lock}/abandon",
    ),
    // an edge hub acts for its children
    device("edge.scope", "POST", "/devices/{device}/modules/{$edgeHub}/devicesAndModulesInTargetDeviceScope"),
    device("edge.identity", "POST", "/devices/{device}/modules/{$edgeHub}/getDeviceAndModuleOnBehalfOf"),
    device("edge.module.put", "PUT", "/devices/{device}/modules/{$edgeHub}/putModuleOnBehalfOf"),
    device("edge.module.get", "POST", "/devices/{device}/modules/{$edgeHub}/getModuleOnBehalfOf"),
    device("edge.module.list", "POST", "/devices/{device}/modules/{$edgeHub}/getModulesOnTargetDevice"),
    device("edge.module.delete", "POST", "/devices/{device}/modules/{$edgeHub}/deleteModuleOnBehalfOf"),
    // the edge hubs of versions 1.0 and 1.1
    device("edge.scope", "GET", "/devices/{device}/modules/{$edgeHub}/devicesAndModulesInDeviceScope"),
    device("edge.identity", "GET", "/devices/{device}/modules/{$edgeHub}/deviceAndModuleInDeviceScope"),
    // a device or module over AMQP
    amqp("events.send", "send", "/devices/{device}/messages/events"),
    amqp("commands.receive", "receive", "/devices/{device}/messages/devicebound|deviceBound"),
    amqp("twin.request", "send", "/devices/{device}/twin"),
    amqp("twin.response", "receive", "/devices/{device}/twin"),
    amqp("methods.response", "send", "/devices/{device}/methods/devicebound|deviceBound"),
    amqp("methods.request", "receive", "/devices/{device}/methods/devicebound|deviceBound"),
    amqp("events.send", "send", "/devices/{device}/modules/{module}/messages/events"),
    amqp(
        "commands.receive",
        "receive",
        "/devices/{device}/modules/{module}/messages/devicebound|deviceBound",
    ),
    amqp("inputs.receive", "receive", "/devices/{device}/modules/{module}/messages/events"),
    amqp("twin.request", "send", "/devices/{device}/modules/{module}/twin"),
    amqp("twin.response", "receive", "/devices/{device}/modules/{module}/twin"),
    amqp("methods.response", "send", "/devices/{device}/modules/{module}/methods/devicebound|deviceBound"),
    amqp("methods.request", "receive", "/devices/{device}/modules/{module}/methods/devicebound|deviceBound"),
    Endpoint::new(
        "commands.settle",
        Transport::Amqp,
        "send",
        "/messages/servicebound|serviceBound/feedback",
        DEVICE,
        Caller::Connected,
    ),
    // a device or module over MQTT
    CONNECT,
    mqtt("events.send", "publish", "devices/{device}/messages/events/{bag}"),
    mqtt("events.send", "publish", "devices/{device}/modules/{module}/messages/events/{bag}"),
    mqtt_own("twin.get", "publish", "$iothub/twin/GET/?$rid={rid}"),
    mqtt_own("twin.report", "publish", "$iothub/twin/PATCH/properties/reported/?$rid={rid}"),
    mqtt_own("methods.response", "publish", "$iothub/methods/res/{status}/?$rid={rid}"),
    mqtt("commands.receive", "subscribe", "devices/{device}/messages/devicebound/#"),
    mqtt("commands.receive", "subscribe", "devices/{device}/modules/{module}/messages/devicebound/#"),
    // deliver the connected device's own messages only: the `+` is that device
    Endpoint::new(
        "commands.receive",
        Transport::Mqtt,
        "subscribe",
        "devices/+/messages/devicebound/#",
        DEVICE,
        Caller::ConnectedDevice,
    ),
    mqtt("inputs.receive", "subscribe", "devices/{device}/modules/{module}/#"),
    mqtt("inputs.receive", "subscribe", "devices/{device}/modules/{module}/inputs/#"),
    mqtt_own("twin.response", "subscribe", "$iothub/twin/res/#"),
    mqtt_own("twin.desired", "subscribe", "$iothub/twin/PATCH/properties/desired/#"),
    mqtt_own("methods.request", "subscribe", "$iothub/methods/POST/#"),
    // renewal of a certificate, and streams of a device
    mqtt_own("certificate.request", "publish", "$iothub/credentials/POST/issueCertificate/?$rid={rid}"),
    mqtt_own("certificate.response", "subscribe", "$iothub/credentials/res/#"),
    mqtt_own("streams.response", "publish", "$iothub/streams/res/{status}/?$rid={rid}"),
    mqtt_own("streams.request", "subscribe", "$iothub/streams/POST/#"),
];
