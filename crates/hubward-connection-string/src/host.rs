//! [`host_is_under`]: the suffix of a host.

use hubward_core::HostName;

/// Returns whether `host` is `suffix` or ends in its labels, without regard to the case of ASCII letters.
///
/// The caller decides which hosts are hubs: sovereign clouds and private hubs have suffixes of their own, so this crate
/// has no list of suffixes.
///
/// ```
/// use hubward_connection_string::host_is_under;
/// use hubward_core::HostName;
///
/// let suffix = HostName::parse("azure-devices.cn")?;
/// assert!(host_is_under(HostName::parse("hub.azure-devices.cn")?, suffix));
/// assert!(!host_is_under(HostName::parse("hub.not-azure-devices.cn")?, suffix));
/// # Ok::<(), hubward_core::NameError>(())
/// ```
#[must_use]
pub fn host_is_under(host: HostName<'_>, suffix: HostName<'_>) -> bool {
    let (host, suffix) = (host.as_str().as_bytes(), suffix.as_str().as_bytes());
    let Some((front, end)) = host.len().checked_sub(suffix.len()).and_then(|at| host.split_at_checked(at))
    else {
        return false;
    };
    end.eq_ignore_ascii_case(suffix) && front.last().is_none_or(|b| *b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_compared_by_labels() {
        let host = |text| HostName::parse(text).unwrap();
        assert!(host_is_under(host("a.Azure-Devices.cn"), host("azure-devices.cn")));
        assert!(host_is_under(host("x.example"), host("x.example")));
        assert!(!host_is_under(host("ax.example"), host("x.example")));
        assert!(!host_is_under(host("example"), host("x.example")));
    }
}
