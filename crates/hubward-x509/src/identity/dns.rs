//! DNS names: those in certificates, those that a client expects, and their comparison (RFC 9525 6.3,
//! RFC 5280 4.2.1.10).

/// Returns `true` if both are the same name.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// Returns `true` if the presented name matches the wanted one. `*` replaces exactly the whole leftmost label
/// (RFC 9525 6.3).
pub(crate) fn matches(presented: &str, wanted: &str) -> bool {
    let wanted = wanted.strip_suffix('.').unwrap_or(wanted);
    if !is_presented_lax(presented) {
        return false;
    }
    match presented.strip_prefix("*.") {
        None => same(presented, wanted),
        // a wildcard directly below a top-level domain would match a whole registry
        Some(parent) => {
            parent.contains('.') && wanted.split_once('.').is_some_and(|(_, above)| same(above, parent))
        }
    }
}

/// Returns `true` if `name` is `base` or below it; every name is below the empty name.
pub(crate) fn is_within(name: &str, base: &str) -> bool {
    if base.is_empty() {
        return true;
    }
    let Some(at) = name.len().checked_sub(base.len()) else { return false };
    match name.split_at_checked(at) {
        Some((rest, end)) => same(end, base) && (rest.is_empty() || rest.ends_with('.')),
        None => false,
    }
}

/// Returns `true` for a presented name in the preferred name syntax (RFC 5280 4.2.1.6), with or without a wildcard.
pub(crate) fn is_presented(name: &str) -> bool {
    is_presented_lax(name) && !name.contains('_')
}

/// As [`is_presented`], but allows the underscore, which names of machines contain.
pub(crate) fn is_presented_lax(name: &str) -> bool {
    is_reference(name.strip_prefix("*.").unwrap_or(name))
}

/// Returns `true` for labels of letters, digits, hyphens and underscores, none empty, longer than 63 or with a hyphen
/// at an end. The last label must not be a number, which would make it an address.
pub(crate) fn is_reference(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253
        && name.split('.').all(label)
        && name.rsplit('.').next().is_some_and(|last| !last.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_replaces_only_the_leftmost_label() {
        for (presented, wanted, fits) in [
            ("hub.example.com", "HUB.example.com", true),
            ("*.example.com", "hub.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.hub.example.com", false),
            ("*.com", "example.com", false),
            ("h*.example.com", "hub.example.com", false),
            ("hub.*.com", "hub.example.com", false),
            ("*", "com", false),
            ("hub.example.com", "hub.example.com.", true),
        ] {
            assert_eq!(matches(presented, wanted), fits, "{presented} {wanted}");
        }
    }

    #[test]
    fn subdomains_are_compared_by_whole_labels() {
        assert!(is_within("a.example.com", "example.com"));
        assert!(is_within("example.com", "EXAMPLE.com"));
        assert!(!is_within("badexample.com", "example.com"));
        assert!(is_within("anything", ""));
    }
}
