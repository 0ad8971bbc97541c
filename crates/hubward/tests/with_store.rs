//! Authentication and recheck in one call, with a store that answers at once and one that answers later.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
#[path = "common/fleet.rs"]
mod fleet;

use core::cell::Cell;
use core::future::poll_fn;
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};

use common::*;
use fleet::{Fleet, TODAY, entity, hub_of, unmatched_thumbprints};
use hubward::policy::Operation;
use hubward::registry::{Authentication, Registry};
use hubward::types::{Identity, PolicyName, RecordVersion, Status};
use hubward::{
    AsyncStore, AuthError, Cbs, CbsRequest, Credentials, FoundRecord, LinkRole, OwnedRecord, PublicError,
    RecordRequest, SessionError, Store, StoreOr,
};
use hubward_rustcrypto::HmacKey;

/// The reason of a store that is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("down")]
struct Down;

/// A registry whose lookups are counted, and which fails at the lookup with the number `fails_at`, counted from 1.
struct Counted<'r> {
    registry: &'r Registry<HmacKey>,
    lookups: Cell<usize>,
    fails_at: usize,
}

impl<'r> Counted<'r> {
    fn new(registry: &'r Registry<HmacKey>) -> Self {
        Self { registry, lookups: Cell::new(0), fails_at: usize::MAX }
    }
}

impl Store<HmacKey> for Counted<'_> {
    type Error = Down;

    fn find(&self, request: &RecordRequest<'_>) -> Result<FoundRecord<'_, HmacKey>, Down> {
        self.lookups.set(self.lookups.get() + 1);
        if self.lookups.get() == self.fails_at {
            return Err(Down);
        }
        Ok(self.registry.find(request.lookup(), request.issuers()).into())
    }
}

/// Rows that are copied for each answer, after one turn of the run time.
#[derive(Default)]
struct Later {
    lookups: AtomicUsize,
    disabled: bool,
    down: bool,
}

impl AsyncStore<HmacKey> for Later {
    type Error = Down;

    async fn find(&self, request: &RecordRequest<'_>) -> Result<Option<OwnedRecord<HmacKey>>, Down> {
        let mut turned = false;
        poll_fn(|context| {
            if core::mem::replace(&mut turned, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        self.lookups.fetch_add(1, Ordering::Relaxed);
        if self.down {
            return Err(Down);
        }
        let version = RecordVersion::new(1, 1);
        let dev1 = Identity::Device(device("dev1"));
        if request.lookup().is(&dev1) {
            let status = if self.disabled { Status::Disabled } else { Status::Enabled };
            return Ok(Some(OwnedRecord::new(dev1, status, version, Authentication::Sas(pair("dev1")))));
        }
        let name: PolicyName<'_> = policy("device");
        let is_policy = request.lookup().is(&Identity::Policy(name));
        Ok(is_policy
            .then(|| OwnedRecord::policy(name, "DeviceConnect".parse().unwrap(), version, pair("device"))))
    }
}

/// Polls a future to its end.
fn block_on<T>(future: impl Future<Output = T> + Send) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}

fn clock() -> hubward::types::UnixTime {
    at(NOW)
}

#[test]
fn found_disabled_wrong_and_missing_take_the_same_number_of_lookups() {
    let hub = hub();
    let resource = |id: &str| format!("{HUB}/devices/{id}");
    let of_policy = |id, key| token(&resource(id), key, NOW + 60, Some("device"));
    let wrong = key("of no identity");
    let by = key("device primary");
    for (id, password, expected, lookups) in [
        ("dev1", own_token("dev1"), Ok(()), 1),
        ("off", own_token("off"), Err("disabled"), 1),
        ("dev1", token(&resource("dev1"), &wrong, NOW + 60, None), Err("token-wrong-signature"), 1),
        ("gone", own_token("gone"), Err("unknown"), 1),
        ("dev1", of_policy("dev1", &by), Ok(()), 2),
        ("off", of_policy("off", &by), Err("disabled"), 2),
        ("gone", of_policy("gone", &by), Err("unknown"), 2),
        ("dev1", of_policy("dev1", &wrong), Err("token-wrong-signature"), 2),
        ("dev1", token(&resource("dev1"), &by, NOW + 60, Some("ghost")), Err("unknown"), 2),
    ] {
        let (name, store) = (username(id), Counted::new(&hub.registry));
        let presented = Credentials::mqtt(id, &name, Some(&password)).unwrap();
        let result = hub.rules.authenticate(presented, &store, clock);
        assert_eq!(result.map(drop).map_err(|error| error.code()), expected, "{id}");
        assert_eq!(store.lookups.get(), lookups, "{id}: {expected:?}");
    }
}

#[test]
fn every_certificate_takes_two_lookups() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let mut hub = hub_of(&anchors, unmatched_thumbprints());
    for (id, expected) in [("ca1", Ok(())), ("pinned", Err("thumbprint-mismatch")), ("gone", Err("unknown"))]
    {
        let (name, store) = (username(id), Counted::new(&hub.registry));
        let shown = fleet.lasting(&entity(id));
        let presented = Credentials::mqtt(id, &name, None).unwrap().with_certificates(&shown);
        let result = hub.rules.authenticate(presented, &store, || at(TODAY));
        assert_eq!(result.map(drop).map_err(|error| error.code()).is_ok(), expected.is_ok(), "{id}");
        assert_eq!(store.lookups.get(), 2, "{id}: {expected:?}");
    }
    hub.registry.set_status(device("ca1"), Status::Disabled).unwrap();
    let (name, shown, store) = (username("ca1"), fleet.lasting(&entity("ca1")), Counted::new(&hub.registry));
    let presented = Credentials::mqtt("ca1", &name, None).unwrap().with_certificates(&shown);
    let result = hub.rules.authenticate(presented, &store, || at(TODAY));
    assert_eq!((result.err(), store.lookups.get()), (Some(StoreOr::Refused(AuthError::Disabled)), 2));
}

#[test]
fn a_store_that_fails_denies_and_is_not_a_missing_record() {
    let hub = hub();
    let (name, password) = (username("dev1"), own_token("dev1"));
    let presented = Credentials::mqtt("dev1", &name, Some(&password)).unwrap();
    let store = Counted { fails_at: 1, ..Counted::new(&hub.registry) };
    let error = hub.rules.authenticate(presented.clone(), &store, clock).err().unwrap();
    assert_eq!(error, StoreOr::Store(Down));
    assert_eq!((error.code(), error.public()), ("store", PublicError::Unauthorized));
    assert_eq!(error.to_string(), "the store failed: down");

    // a session, whose recheck fails
    let session = hub.admit(presented.clone(), NOW).unwrap().into_session();
    let store = Counted { fails_at: 1, ..Counted::new(&hub.registry) };
    assert_eq!(hub.rules.recheck(&session, &store, clock).err(), Some(StoreOr::Store(Down)));

    let later = Later { down: true, ..Later::default() };
    let result = block_on(hub.rules.authenticate_async(presented, &later, clock));
    assert_eq!(result.err(), Some(StoreOr::Store(Down)));
    let result = block_on(hub.rules.recheck_async(&session, &later, clock));
    assert_eq!(result.err(), Some(StoreOr::Store(Down)));
}

#[test]
fn a_slow_store_revives_no_token() {
    let hub = hub();
    let (name, password) = (
        username("dev1"),
        token(&format!("{HUB}/devices/dev1"), &key("device primary"), NOW, Some("device")),
    );
    // the token expires while the second lookup is done
    let reads = Cell::new(0);
    let slow = || {
        reads.set(reads.get() + 1);
        at(NOW + reads.get() - 1)
    };
    let presented = Credentials::mqtt("dev1", &name, Some(&password)).unwrap();
    let result = hub.rules.authenticate(presented, &hub.registry, slow);
    assert_eq!(result.err().map(|error| error.code()), Some("token-expired"));
    assert_eq!(reads.get(), 2);

    let session_until = hub.rules.authenticate(
        Credentials::mqtt("dev1", &name, Some(&password)).unwrap(),
        &hub.registry,
        clock,
    );
    let session = session_until.unwrap().into_session();
    let reads = Cell::new(0);
    let slow = || {
        reads.set(reads.get() + 1);
        at(NOW + reads.get() - 1)
    };
    let error = hub.rules.recheck(&session, &hub.registry, slow).err();
    assert_eq!(error, Some(StoreOr::Refused(SessionError::Expired { until: NOW, now: NOW + 1 })));
}

#[test]
fn a_store_that_answers_later_gives_the_same_results() {
    let hub = hub();
    let connect = |store: &Later, id: &str, password: &str| {
        let name = username(id);
        let presented = Credentials::mqtt(id, &name, Some(password)).unwrap();
        let result = block_on(hub.rules.authenticate_async(presented, store, clock));
        (
            result.map(|it| it.into_session()).map_err(|error| error.code()),
            store.lookups.swap(0, Ordering::Relaxed),
        )
    };
    let mut store = Later::default();
    let (session, lookups) = connect(&store, "dev1", &own_token("dev1"));
    let session = session.unwrap();
    assert_eq!(lookups, 1);
    let own = Operation::mqtt_publish("devices/dev1/messages/events/");
    let checked = block_on(hub.rules.recheck_async(&session, &store, clock)).unwrap();
    assert!(checked.decide(&own).is_allow() && checked.session().until() == session.until());
    store.lookups.store(0, Ordering::Relaxed);

    let by_policy =
        |id: &str| token(&format!("{HUB}/devices/{id}"), &key("device primary"), NOW + 60, Some("device"));
    assert_eq!(connect(&store, "dev1", &by_policy("dev1")).1, 2);
    let (gone, lookups) = connect(&store, "gone", &by_policy("gone"));
    assert_eq!((gone.err(), lookups), (Some("unknown"), 2));
    let (wrong, lookups) =
        connect(&store, "dev1", &token(&format!("{HUB}/devices/dev1"), &key("x"), NOW + 60, Some("device")));
    assert_eq!((wrong.err(), lookups), (Some("token-wrong-signature"), 2));
    store.disabled = true;
    let (off, lookups) = connect(&store, "dev1", &own_token("dev1"));
    assert_eq!((off.err(), lookups), (Some("disabled"), 1));
    let result = block_on(hub.rules.recheck_async(&session, &store, clock));
    assert_eq!(result.err(), Some(StoreOr::Refused(SessionError::Disabled)));
}

#[test]
fn a_future_that_is_dropped_changes_nothing() {
    let (hub, store) = (hub(), Later::default());
    let (name, password) = (username("dev1"), own_token("dev1"));
    let presented = Credentials::mqtt("dev1", &name, Some(&password)).unwrap();
    {
        let mut future = pin!(hub.rules.authenticate_async(presented.clone(), &store, clock));
        let first = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(first.is_pending());
    }
    assert_eq!(store.lookups.load(Ordering::Relaxed), 0);
    assert!(block_on(hub.rules.authenticate_async(presented, &store, clock)).is_ok());
}

#[test]
fn the_edge_devices_above_an_owned_record_count() {
    struct Rows;
    impl Store<HmacKey> for Rows {
        type Error = Down;

        fn find(&self, request: &RecordRequest<'_>) -> Result<FoundRecord<'_, HmacKey>, Down> {
            let version = RecordVersion::new(1, 1);
            let edge_hub = Identity::Module(device("edge1"), module("$edgeHub"));
            let leaf = Identity::Device(device("leaf"));
            let record = |identity| {
                let keys = Authentication::Sas(pair("edge1/$edgeHub"));
                OwnedRecord::new(identity, Status::Enabled, version, keys)
            };
            let is = |identity| request.lookup().is(&identity);
            let above = request.actor().map(|_| device("edge1"));
            Ok([edge_hub, leaf]
                .into_iter()
                .find(|it| is(*it))
                .map(|it| record(it).with_ancestors(above))
                .into())
        }
    }
    let hub = hub();
    let name = format!("{}&auth-chain=leaf%3Bedge1", username("leaf"));
    let password = edge::edge_token("edge1");
    let presented = Credentials::mqtt("leaf", &name, Some(&password)).unwrap();
    let session = hub.rules.authenticate(presented, &Rows, clock).unwrap().into_session();
    let checked = hub.rules.recheck(&session, &Rows, clock).unwrap();
    assert_eq!(checked.identity().to_string(), "device leaf");
}

#[test]
fn links_of_many_devices_with_a_store() {
    let (hub, mut store, mut cbs) = (compat(), Later::default(), Cbs::new());
    let password = token(HUB, &key("device primary"), NOW + 60, Some("device"));
    let put = CbsRequest::new("put-token", "azure-devices.net:sastoken", HUB, &password);
    let reply = block_on(hub.rules.put_token_async(&mut cbs, put, &store, clock)).unwrap();
    assert_eq!((reply.status_code(), store.lookups.swap(0, Ordering::Relaxed)), (200, 1));
    let link = |cbs: &mut Cbs, store: &Later, id: &str| {
        let address = format!("amqps://{HUB}/devices/{id}/messages/events");
        let attached = hub.rules.may_attach_async(cbs, LinkRole::Sender, &address, store, clock);
        let result = block_on(attached).map(|decision| decision.is_allow());
        (result, store.lookups.swap(0, Ordering::Relaxed))
    };
    let down = Later { down: true, ..Later::default() };
    assert_eq!(link(&mut cbs, &down, "dev1"), (Err(Down), 1));
    assert_eq!(link(&mut cbs, &store, "dev1"), (Ok(true), 2), "the policy's recheck and the device");
    assert_eq!(link(&mut cbs, &store, "dev1"), (Ok(true), 3), "the rechecks of both sessions");
    assert_eq!(link(&mut cbs, &store, "gone"), (Ok(false), 4));
    store.disabled = true;
    assert_eq!(link(&mut cbs, &store, "dev1"), (Ok(false), 4), "its session decides no longer");
    assert_eq!(link(&mut cbs, &down, "dev1"), (Err(Down), 1));
}

#[test]
fn a_store_that_fails_permits_no_link() {
    let (hub, mut cbs) = (compat(), Cbs::new());
    let password = token(HUB, &key("device primary"), NOW + 60, Some("device"));
    let put = CbsRequest::new("put-token", "azure-devices.net:sastoken", HUB, &password);
    assert_eq!(hub.rules.put_token(&mut cbs, put, &hub.registry, clock).unwrap().status_code(), 200);
    for (fails_at, expected) in [(1, Err(Down)), (2, Err(Down)), (3, Ok(true)), (3, Err(Down))] {
        let store = Counted { fails_at, ..Counted::new(&hub.registry) };
        let address = "/devices/dev1/messages/events";
        let result = hub.rules.may_attach(&mut cbs, LinkRole::Sender, address, &store, clock);
        assert_eq!(result.map(|decision| decision.is_allow()), expected, "{fails_at}");
    }
}
