//! What a transport calls the hub.

use hubward_core::{Authority, MacKey, Segment};

use crate::rules::Rules;

/// A name of a hub, as a peer writes it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HubName<'a> {
    /// The first label of its host.
    FirstLabel(&'a str),
    /// Its host and the port at which it was reached, which is no part of its name.
    Header(Authority<'a>),
    /// Its host, with a port where an alias has one.
    Host(Segment<'a>),
}

impl HubName<'_> {
    #[inline(always)]
    pub(crate) fn is_of<K: MacKey>(self, rules: &Rules<'_, K>) -> bool {
        match self {
            Self::Host(host) => rules.is_this_hub(host),
            Self::FirstLabel(label) => rules.is_first_label(label),
            Self::Header(host) => {
                rules.is_this_hub(host.segment()) || rules.is_this_hub(without_port(&host).segment())
            }
        }
    }
}

/// Whether `label` is the first of `host`, without regard to ASCII case.
pub(crate) fn is_first_label(label: &str, host: &str) -> bool {
    host.split(['.', ':']).next().is_some_and(|first| first.eq_ignore_ascii_case(label))
}

fn without_port<'a>(host: &Authority<'a>) -> Authority<'a> {
    Authority::assertion(host.as_str().split(':').next().unwrap_or_default())
}
