//! DNS names as certificates present them and as they are asked for (RFC 9525 6.3, RFC 5280 4.2.1.10).

/// Whether both are one name.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// Whether a presented name is the one asked for. `*` stands for a whole leftmost label and for nothing else
/// (RFC 9525 6.3).
pub(crate) fn matches(presented: &str, wanted: &str) -> bool {
    let wanted = wanted.strip_suffix('.').unwrap_or(wanted);
    if !is_presented_lax(presented) {
        return false;
    }
    match presented.strip_prefix("*.") {
        None => same(presented, wanted),
        // a wildcard directly below a top level would stand for whole registries
        Some(parent) => {
            parent.contains('.') && wanted.split_once('.').is_some_and(|(_, above)| same(above, parent))
        }
    }
}

/// Whether `name` is `base` or below it; everything is below the empty name.
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

/// A presented name in the preferred name syntax (RFC 5280 4.2.1.6), a wildcard allowed.
pub(crate) fn is_presented(name: &str) -> bool {
    is_presented_lax(name) && !name.contains('_')
}

/// As [`is_presented`], with the underscore that names of machines carry.
pub(crate) fn is_presented_lax(name: &str) -> bool {
    is_reference(name.strip_prefix("*.").unwrap_or(name))
}

/// Labels of letters, digits, hyphens and underscores, none empty, longer than 63 or with a hyphen at an end,
/// and the last not a number: that would be an address.
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
    fn a_wildcard_is_one_leftmost_label() {
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
    fn below_means_by_whole_labels() {
        assert!(is_within("a.example.com", "example.com"));
        assert!(is_within("example.com", "EXAMPLE.com"));
        assert!(!is_within("badexample.com", "example.com"));
        assert!(is_within("anything", ""));
    }
}
