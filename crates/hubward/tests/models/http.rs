//! Model of an HTTP request: method, path and `Authorization`.

use hubward::policy::roles::ArmScope;
use hubward::{Bearer, Credentials, DirectoryConfig};

use super::{HUB, NamedIdentity, decoded, is_id, lookup_of};

/// The endpoints below `/devices/{id}` and `/devices/{id}/modules/{id}` that a device or a module calls for itself.
const OWN: [(&str, &[&str]); 4] = [
    ("POST", &["messages", "events"]),
    ("GET", &["messages", "devicebound"]),
    ("DELETE", &["messages", "devicebound", "*"]),
    ("POST", &["messages", "devicebound", "*", "abandon"]),
];
const DEVICE: [(&str, &[&str]); 4] = [
    ("POST", &["files"]),
    ("GET", &["files", "*"]),
    ("POST", &["files", "notifications"]),
    ("POST", &["files", "notifications", "*"]),
];
const EDGE_HUB: [(&str, &str); 8] = [
    ("GET", "devicesAndModulesInDeviceScope"),
    ("GET", "deviceAndModuleInDeviceScope"),
    ("POST", "devicesAndModulesInTargetDeviceScope"),
    ("POST", "getDeviceAndModuleOnBehalfOf"),
    ("PUT", "putModuleOnBehalfOf"),
    ("POST", "getModuleOnBehalfOf"),
    ("POST", "getModulesOnTargetDevice"),
    ("POST", "deleteModuleOnBehalfOf"),
];

/// Returns the device or module that calls this path for itself, or `None` for a service's path and an unknown one.
pub fn claimed_in_path(method: &str, target: &str) -> Option<NamedIdentity> {
    let path = target.split('?').next()?;
    if path.contains('#') {
        return None;
    }
    let names: Vec<String> = path.strip_prefix('/')?.split('/').map(decoded).collect::<Option<_>>()?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let is = |row: &(&str, &[&str]), tail: &[&str]| {
        row.0 == method
            && row.1.len() == tail.len()
            && row.1.iter().zip(tail).all(|(word, name)| match *word {
                "*" => is_id(name),
                "devicebound" => matches!(*name, "devicebound" | "deviceBound"),
                word => word == *name,
            })
    };
    match names[..] {
        ["devices", device, "modules", "$edgeHub", call]
            if is_id(device) && EDGE_HUB.contains(&(method, call)) =>
        {
            Some(NamedIdentity::Module(device.to_owned(), "$edgeHub".to_owned()))
        }
        ["devices", device, "modules", module, ref tail @ ..]
            if is_id(device) && is_id(module) && OWN.iter().any(|row| is(row, tail)) =>
        {
            Some(NamedIdentity::Module(device.to_owned(), module.to_owned()))
        }
        ["devices", device, ref tail @ ..]
            if is_id(device) && OWN.iter().chain(&DEVICE).any(|row| is(row, tail)) =>
        {
            Some(NamedIdentity::Device(device.to_owned()))
        }
        _ => None,
    }
}

/// Returns the host of a valid `Host` header.
pub fn host(header: &str) -> Option<&str> {
    let (host, port) = header.split_once(':').map_or((header, None), |(host, port)| (host, Some(port)));
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_port = |port: &str| port.chars().all(|c| c.is_ascii_digit()) && port.parse::<u16>().is_ok();
    (header.len() <= 259 && host.split('.').all(is_label) && port.is_none_or(is_port)).then_some(host)
}

/// Compares the parser with the model. `scheme` replaces the scheme of the header; the token after it is that of the
/// identity in the path, or else one of the policy `p`.
pub fn agree(method: &str, target: &str, at: &str, scheme: &str) {
    let identity = claimed_in_path(method, target).unwrap_or_else(|| NamedIdentity::Policy("p".to_owned()));
    let header = identity.token().replacen("SharedAccessSignature", scheme, 1);
    let first = header.split(' ').next().unwrap_or_default();
    let expected = match (host(at), first) {
        (None, _) => Err("host"),
        (_, first) if !first.eq_ignore_ascii_case("SharedAccessSignature") => Err("authorization-scheme"),
        (Some(host), _) if !host.eq_ignore_ascii_case(HUB) => Err("hub-mismatch"),
        _ if scheme == "SharedAccessSignature" => Ok(identity.lookup()),
        _ => Err("token"),
    };
    let real = lookup_of(Credentials::http(method, target, at, Some(&header)));
    let real = real.map_err(|code| if code.starts_with("token-") { "token" } else { code });
    assert_eq!(real, expected, "{method} {target} {at} {scheme}");
    let without = lookup_of(Credentials::http(method, target, at, None));
    let expected = expected.and(Err("no-credential")).map_err(|code| match code {
        "host" | "hub-mismatch" => code,
        _ if host(at).is_some_and(|host| host.eq_ignore_ascii_case(HUB)) => "no-credential",
        _ => "hub-mismatch",
    });
    assert_eq!(without, expected, "{method} {target} {at}");
}

/// Returns the token of `Bearer`: three parts of base64url.
pub fn bearer(header: &str) -> Result<&str, &'static str> {
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    let part =
        |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    match token.split('.').collect::<Vec<_>>()[..] {
        _ if !scheme.eq_ignore_ascii_case("bearer") => Err("authorization-scheme"),
        [a, b, c] if token.len() <= 16 * 1024 && [a, b, c].iter().all(part) => Ok(token),
        _ => Err("bearer"),
    }
}

pub fn agree_on_bearer(header: &str) {
    let rules = DirectoryConfig::new(ArmScope::parse("/hub").unwrap());
    let real = Bearer::http("GET", "/devices", header).map(|bearer| bearer.start(&rules).token());
    assert_eq!(real.map_err(|error| error.code()), bearer(header), "{header}");
}
