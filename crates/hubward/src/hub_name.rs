//! What a transport calls the hub.

use hubward_core::{MacKey, Segment};

use crate::rules::Rules;

/// A name of a hub, as a peer writes it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HubName<'a> {
    /// Its host, with a port where an alias has one.
    Host(Segment<'a>),
    /// The first label of its host.
    FirstLabel(&'a str),
}

impl HubName<'_> {
    pub(crate) fn is_of<K: MacKey>(&self, rules: &Rules<'_, K>) -> bool {
        match self {
            Self::Host(host) => rules.is_this_hub(host),
            Self::FirstLabel(label) => rules.is_first_label(label),
        }
    }
}
