//! A hub with edge devices and their hierarchy.

use core::convert::Infallible;
use std::collections::BTreeMap;

use hubward::registry::Authentication;
use hubward::types::{DeviceId, Lookup, LookupResult, UnixTime};
use hubward::{
    AuthError, Authenticated, CheckedSession, Credentials, FoundRecord, RecordRequest, Session, SessionError,
    Store,
};
use hubward_rustcrypto::HmacKey;

use super::{HUB, Hub, NOW, at, device, hub, key, module, pair, token, username};

pub struct Edge {
    pub hub: Hub,
    /// The edge devices above each device and module, by id or `device/module`.
    pub above: BTreeMap<&'static str, Vec<DeviceId<'static>>>,
}

/// Returns a hub in which `edge2` is below `edge1`, `leaf` below both, and `leaf10` below `edge10`.
pub fn edge() -> Edge {
    let mut hub = hub();
    for id in ["edge1", "edge10", "edge2", "leaf", "leaf10", "a%3Bb+"] {
        hub.registry.create_device(device(id), Authentication::Sas(pair(id))).unwrap();
    }
    for (id, name) in [
        ("edge1", "$edgeHub"),
        ("edge10", "$edgeHub"),
        ("edge2", "$edgeHub"),
        ("edge1", "temp"),
        ("leaf", "mod"),
    ] {
        let keys = Authentication::Sas(pair(&format!("{id}/{name}")));
        hub.registry.create_module(device(id), module(name), keys).unwrap();
    }
    let above = [
        ("leaf", vec!["edge2", "edge1"]),
        ("leaf/mod", vec!["edge2", "edge1"]),
        ("leaf10", vec!["edge10"]),
        ("a%3Bb+", vec!["edge1"]),
        ("off", vec!["edge1"]),
        ("edge1/temp", vec!["edge1"]),
        ("edge2/$edgeHub", vec!["edge2", "edge1"]),
    ];
    let above = above.map(|(id, above)| (id, above.into_iter().map(device).collect()));
    Edge { hub, above: above.into() }
}

/// Returns the token of a device's edge hub.
pub fn edge_token(id: &str) -> String {
    edge_token_until(id, NOW + 3600)
}

pub fn edge_token_until(id: &str, until: u64) -> String {
    token(
        &format!("{HUB}/devices/{id}/modules/%24edgeHub"),
        &key(&format!("{id}/$edgeHub primary")),
        until,
        None,
    )
}

/// Returns a username with this chain, encoded as a client encodes it.
pub fn on_behalf(id: &str, chain: &str) -> String {
    let chain = chain.replace('%', "%25").replace(';', "%3B").replace('/', "%2F").replace('$', "%24");
    format!("{}&auth-chain={chain}", username(id))
}

impl Store<HmacKey> for Edge {
    type Error = Infallible;

    fn find(&self, request: &RecordRequest<'_>) -> Result<FoundRecord<'_, HmacKey>, Infallible> {
        Ok(self.find(request.lookup()).into())
    }
}

impl Edge {
    pub fn find(&self, lookup: &Lookup<'_>) -> LookupResult<'_, HmacKey> {
        let found = self.hub.registry.find(lookup, &[]);
        let above = self.above.iter().find(|(names, _)| match lookup {
            Lookup::Device(id) => id.eq_decoded(names),
            Lookup::Module(device, module) => names
                .split_once('/')
                .is_some_and(|(own, its)| device.eq_decoded(own) && module.eq_decoded(its)),
            _ => false,
        });
        match (found, above) {
            (LookupResult::Identity(record), Some((_, above))) => {
                LookupResult::Identity(record.with_ancestors(above))
            }
            (found, _) => found,
        }
    }

    pub fn admit<'a>(&'a self, presented: Credentials<'a>, now: u64) -> Result<Authenticated<'a>, AuthError> {
        Ok(self.hub.rules.authenticate(presented, self, || at(now))?)
    }

    pub fn checked<'s>(&self, session: &'s Session, now: u64) -> CheckedSession<'s> {
        self.hub.rules.recheck(session, self, || at(now)).unwrap()
    }

    pub fn answers(&self, session: &Session) -> Vec<LookupResult<'_, HmacKey>> {
        session.lookups().map(|lookup| self.find(&lookup)).collect()
    }

    pub fn recheck(&self, session: &Session, now: u64) -> Result<(), SessionError> {
        let now: UnixTime = at(now);
        session.recheck(&self.answers(session), now).map(drop)
    }
}
