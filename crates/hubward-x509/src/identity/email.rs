//! Mailboxes, and the three forms of name constraints on them (RFC 5280 4.2.1.10).

use super::dns;

/// Splits a mailbox into its local part and its host.
pub(crate) fn split(mailbox: &str) -> Option<(&str, &str)> {
    let (local, host) = mailbox.split_once('@')?;
    let fine = !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        // dot-string of atext (RFC 5321 4.1.2), without quoted forms
        && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b))
        && dns::is_reference(host);
    fine.then_some((local, host))
}

/// Compares hosts without regard to case, local parts with it (RFC 5280 7.5).
pub(crate) fn same(a: (&str, &str), b: (&str, &str)) -> bool {
    a.0 == b.0 && dns::same(a.1, b.1)
}

/// Returns `true` for the three forms of a constraint: a mailbox, a host, or `.` and a domain.
pub(crate) fn is_constraint(base: &str) -> bool {
    if base.contains('@') {
        return split(base).is_some();
    }
    dns::is_reference(base.strip_prefix('.').unwrap_or(base))
}

/// Returns `true` if the mailbox is within the constraint.
pub(crate) fn is_within(mailbox: (&str, &str), base: &str) -> bool {
    if let Some(exact) = split(base) {
        return same(mailbox, exact);
    }
    host_is_within(mailbox.1, base)
}

/// `.domain` contains every host below it but not itself; a host contains only itself.
pub(crate) fn host_is_within(host: &str, base: &str) -> bool {
    match base.strip_prefix('.') {
        Some(domain) => dns::is_within(host, domain) && !dns::same(host, domain),
        None => dns::same(host, base),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_of_a_constraint_are_compared() {
        let mailbox = split("Root@host.example.com").unwrap();
        assert!(is_within(mailbox, "Root@HOST.example.com"));
        assert!(!is_within(mailbox, "root@host.example.com"), "the local part is case-sensitive");
        assert!(is_within(mailbox, "host.example.com"));
        assert!(!is_within(mailbox, "example.com"));
        assert!(is_within(mailbox, ".example.com"));
        assert!(!is_within(mailbox, ".host.example.com"));
        assert!(split("a@b@example.com").is_none());
    }
}
