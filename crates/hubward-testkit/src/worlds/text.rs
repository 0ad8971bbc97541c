//! Texts, as the documents describe them: ids, names, hosts and escapes. Written for obviousness.

/// Returns whether a text is a device id or a module id: 1 to 128 of letters, digits and 18 special characters, and not
/// a segment of a path that HTTP clients remove.
pub(crate) fn is_id(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-:.+%_#*?!(),=@;$'".contains(c);
    (1..=128).contains(&text.len()) && text.chars().all(allowed) && text != "." && text != ".."
}

/// Returns whether a text is the name of a policy.
pub(crate) fn is_policy(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-@.".contains(c);
    (1..=128).contains(&text.len()) && text.chars().all(allowed)
}

/// Returns whether a text is a registration id.
pub(crate) fn is_registration(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    let last = text.chars().last().is_some_and(|c| c.is_ascii_alphanumeric() || c == '-');
    (1..=128).contains(&text.len()) && text.chars().all(allowed) && last
}

/// Returns whether a text is an id scope.
pub(crate) fn is_scope(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// Returns whether a text is a DNS name: labels of letters, digits and inner hyphens.
pub(crate) fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// Splits an authority into its host and its port.
pub(crate) fn authority(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match text.split_once(':') {
        None => (text, None),
        Some((host, port)) => {
            let digits = !port.is_empty() && port.chars().all(|c| c.is_ascii_digit());
            (host, Some(port.parse().ok().filter(|_| digits)?))
        }
    };
    is_host(host).then_some((host, port))
}

/// Decodes percent escapes once. Each must be complete, and each character visible ASCII.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut at = 0;
    while at < bytes.len() {
        let byte = if bytes[at] == b'%' {
            let digits = core::str::from_utf8(bytes.get(at + 1..at + 3)?).ok()?;
            if !digits.chars().all(|c| c.is_ascii_hexdigit()) {
                return None;
            }
            at += 3;
            u8::from_str_radix(digits, 16).ok()?
        } else {
            at += 1;
            bytes[at - 1]
        };
        if !byte.is_ascii_graphic() {
            return None;
        }
        out.push(char::from(byte));
    }
    Some(out)
}

/// Splits a text at each `/` and at each escape of it.
pub(crate) fn at_slashes(text: &str) -> Vec<String> {
    text.replace("%2f", "/").replace("%2F", "/").split('/').map(str::to_owned).collect()
}

/// Escapes every character but letters, digits and `-_.~`.
pub(crate) fn escaped(text: &str) -> String {
    let escape = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.~".contains(c) {
            c.to_string()
        } else {
            format!("%{:02X}", u32::from(c))
        }
    };
    text.chars().map(escape).collect()
}
