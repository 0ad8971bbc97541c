//! Model of a CBS message: `put-token`, a type, and a `name` that is the hub or a resource below it.

use hubward::{Cbs, CbsRequest, CbsStep};

use super::{HUB, NamedIdentity, decoded, is_id, rules};

/// Returns the names of a resource, decoded once.
pub fn names(name: &str) -> Option<Vec<String>> {
    let slashes = name.replace("%2F", "/").replace("%2f", "/");
    let names: Vec<String> = slashes.split('/').map(decoded).collect::<Option<_>>()?;
    let valid = |name: &String| name != "." && name != "..";
    let short = names.iter().skip(1).all(|name| name.len() <= 128);
    (name.len() <= 2048 && !name.contains('&') && short && names.len() <= 16 && names.iter().all(valid))
        .then_some(names)
}

/// Returns the authority of a URI, or `None` within if there is more than an authority. Returns `None` for another text.
fn uri(name: &str) -> Option<Option<&str>> {
    let at = name.find("://")?;
    if !["amqps", "https"].contains(&name[..at].to_ascii_lowercase().as_str()) {
        return None;
    }
    let rest = &name[at + 3..];
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let zero = authority.rsplit_once(':').is_some_and(|(_, port)| port.chars().all(|c| c == '0'));
    Some((!authority.contains('/') && !zero).then_some(authority))
}

/// Returns the identity whose record is looked up: the device or module that the name is for, or else the policy `p`,
/// which signed.
pub fn read(operation: &str, kind: &str, name: &str) -> Result<NamedIdentity, &'static str> {
    if operation != "put-token" {
        return Err("cbs-operation");
    }
    if !matches!(kind, "servicebus.windows.net:sastoken" | "azure-devices.net:sastoken") {
        return Err("cbs-type");
    }
    if let Some(host) = uri(name) {
        return match host.and_then(super::http::host) {
            None => Err("cbs-uri"),
            Some(host) if !host.eq_ignore_ascii_case(HUB) => Err("hub-mismatch"),
            Some(_) => Ok(NamedIdentity::Policy("p".to_owned())),
        };
    }
    let names = names(name).ok_or("cbs-name")?;
    let words: Vec<&str> = names.iter().map(String::as_str).collect();
    match words[..] {
        [root, ..] if !root.eq_ignore_ascii_case(HUB) => Err("hub-mismatch"),
        [_, "devices", id] if is_id(id) => Ok(NamedIdentity::Device(id.to_owned())),
        [_, "devices", id, "modules", module] if is_id(id) && is_id(module) => {
            Ok(NamedIdentity::Module(id.to_owned(), module.to_owned()))
        }
        _ => Ok(NamedIdentity::Policy("p".to_owned())),
    }
}

pub fn agree(operation: &str, kind: &str, name: &str) {
    let read = read(operation, kind, name);
    let token = read.as_ref().map(NamedIdentity::token).unwrap_or_default();
    let (mut cbs, rules) = (Cbs::new(), rules());
    let real = match cbs.put_token(CbsRequest::new(operation, kind, name, &token), &rules) {
        CbsStep::NeedsLookup(question) => Ok(question.lookup().to_string()),
        CbsStep::Replied(reply) => match reply.error().map(|error| error.code()) {
            // a root that is not a host is a mismatch too
            Some("cbs-name") if read == Err("hub-mismatch") => Err("hub-mismatch"),
            code => Err(code.unwrap_or("200 without a question")),
        },
    };
    assert_eq!(real, read.map(|identity| identity.lookup()), "{operation} {kind} {name}");
    assert_eq!(cbs.sessions().count(), 0, "no token counts before the lookup");
}
