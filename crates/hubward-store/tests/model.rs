//! The feed against a slow model: after each catch-up, an index that followed the changes equals one that was loaded anew.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use core::convert::Infallible;
use core::time::Duration;

use common::*;
use hubward::registry::{Change, ListEntry, Precondition, SymmetricKeys};
use hubward::types::{Permissions, PolicyName, Status};
use hubward_rustcrypto::HmacKey;
use hubward_store::{
    Affected, Commit, FeedHealth, FeedTimes, Follower, Kind, ListRow, MemoryStore, Position, Row, RowKey,
    Sealer, Store, Write, add_to_list, change, lift_allow, remove_from_list,
};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Create(u8),
    Disable(u8),
    Rotate(u8),
    Delete(u8),
    Recreate(u8),
    Policy(u8, bool),
    Block(u8),
    Unblock(u8),
    Allow(u8),
    Disallow(u8),
    Lift,
    Join(u8),
    Leave(u8),
    Purge,
    Backup,
    Restore(bool),
    CatchUp(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let id = 0..12_u8;
    let one = prop_oneof![
        4 => id.clone().prop_map(Step::Create),
        2 => id.clone().prop_map(Step::Disable),
        2 => id.clone().prop_map(Step::Rotate),
        3 => id.clone().prop_map(Step::Delete),
        2 => id.clone().prop_map(Step::Recreate),
        1 => (id.clone(), any::<bool>()).prop_map(|(id, there)| Step::Policy(id, there)),
        1 => id.clone().prop_map(Step::Block),
        1 => id.clone().prop_map(Step::Unblock),
        1 => id.clone().prop_map(Step::Allow),
        1 => id.clone().prop_map(Step::Disallow),
        1 => Just(Step::Lift),
        1 => id.clone().prop_map(Step::Join),
        1 => id.prop_map(Step::Leave),
        1 => Just(Step::Purge),
        1 => Just(Step::Backup),
        1 => any::<bool>().prop_map(Step::Restore),
        4 => (0..3_usize).prop_map(Step::CatchUp),
    ];
    prop::collection::vec(one, 1..60)
}

/// Devices have ids from 0 to 3; each has two modules.
fn id(number: u8) -> String {
    let device = number % 4;
    if number < 4 { format!("dev{device}") } else { format!("dev{device}/m{}", number / 4) }
}

fn list_row(number: u8, name: &str) -> ListRow<'_> {
    let entry = match number % 3 {
        0 => ListEntry::Group("group one"),
        _ => ListEntry::Identity(who(name)),
    };
    if number.is_multiple_of(2) { ListRow::Block(entry) } else { ListRow::Allow(entry) }
}

struct World {
    store: MemoryStore,
    sealer: Sealer,
    backup: Option<hubward_store::Backup>,
    epoch: u8,
}

impl World {
    fn run(&mut self, step: &Step) {
        let Self { store, sealer, .. } = self;
        let with = |number: u8, apply: &mut dyn FnMut(&mut hubward::registry::Registry<HmacKey>, &str)| {
            let id = id(number);
            change(store, sealer, HmacKey::new, &[row_key(&id)], |registry| apply(registry, &id)).unwrap();
        };
        let put = |row: ListRow<'_>| _ = add_to_list(store, &row).unwrap();
        let drop_row = |row: ListRow<'_>| _ = remove_from_list(store, &row).unwrap();
        match *step {
            Step::Create(number) => with(number, &mut |registry, id| {
                let _ = registry.create(who(id), sas(number), Change::new());
            }),
            Step::Disable(number) => with(number % 4, &mut |registry, id| {
                let change = Change::new().with_status(Status::Disabled);
                let _ = registry.update(who(id), change, Precondition::Any);
            }),
            Step::Rotate(number) => with(number, &mut |registry, id| {
                let change = Change::new().with_authentication(sas(number + 100));
                let _ = registry.update(who(id), change, Precondition::Any);
            }),
            Step::Delete(number) => with(number, &mut |registry, id| {
                let _ = registry.delete(who(id), Precondition::Any);
            }),
            Step::Recreate(number) => with(number, &mut |registry, id| {
                let _ = registry.delete(who(id), Precondition::Any);
                let _ = registry.create(who(id), sas(number), Change::new());
            }),
            Step::Policy(number, there) => {
                let name = format!("p{}", number % 3);
                let key_of = RowKey { kind: Kind::Policy, name: name.as_str().into() };
                change(store, sealer, HmacKey::new, &[key_of], |registry| {
                    let name = PolicyName::parse(&name).unwrap();
                    if there {
                        let keys = SymmetricKeys::kept_one(key(number), HmacKey::new);
                        registry.set_policy(name, Permissions::all(), keys);
                    } else {
                        let _ = registry.delete_policy(name);
                    }
                })
                .unwrap();
            }
            Step::Block(number) => put(list_row(number & !1, &id(number))),
            Step::Unblock(number) => drop_row(list_row(number & !1, &id(number))),
            Step::Allow(number) => put(list_row(number | 1, &id(number))),
            Step::Disallow(number) => drop_row(list_row(number | 1, &id(number))),
            Step::Lift => _ = lift_allow(store).unwrap(),
            Step::Join(number) => put(ListRow::Member("group one", who(&id(number)))),
            Step::Leave(number) => drop_row(ListRow::Member("group one", who(&id(number)))),
            Step::Purge => _ = store.purge(store.position().unwrap().change / 2).unwrap(),
            Step::Backup => self.backup = Some(store.backup()),
            Step::Restore(renewed) => {
                let Some(backup) = &self.backup else { return };
                self.epoch += 1;
                let before = store.position().unwrap();
                store.restore(backup, if renewed { [self.epoch; 16] } else { before.epoch });
                // without a new epoch the lower number shows it, which a gateway sees before others write more
                if !renewed && store.position().unwrap().change == before.change {
                    store.restore(backup, [self.epoch; 16]);
                }
            }
            Step::CatchUp(_) => {}
        }
    }
}

struct Gateway {
    follower: Follower<fn(&hubward::types::SymmetricKey) -> HmacKey>,
    index: Index,
}

impl Gateway {
    fn new() -> Self {
        Self { follower: Follower::new(FeedTimes::default(), HmacKey::new, random), index: Index::default() }
    }

    fn catch_up(&mut self, store: &impl Store<Error = Infallible>, sealer: &Sealer) {
        self.follower.catch_up(store, sealer, noon, &mut self.index).unwrap();
    }
}

proptest! {
    #[test]
    fn an_index_that_follows_equals_one_that_is_loaded(steps in steps()) {
        let store = MemoryStore::new("hub.example");
        let mut world = World { store, sealer: sealer(), backup: None, epoch: 0 };
        let mut gateways = [Gateway::new(), Gateway::new(), Gateway::new()];
        for step in &steps {
            world.run(step);
            // a restored backup without a new epoch is seen before others write more
            let at: &[usize] = match step {
                Step::CatchUp(at) => &[*at],
                Step::Restore(false) => &[0, 1, 2],
                _ => continue,
            };
            for at in at {
                gateways[*at].catch_up(&world.store, &world.sealer);
                let mut fresh = Gateway::new();
                fresh.catch_up(&world.store, &world.sealer);
                prop_assert_eq!(content(&gateways[*at].index.registry), content(&fresh.index.registry));
                let refused = &gateways[*at].index.refused;
                prop_assert!(refused.is_empty(), "{:?}", refused);
            }
        }
    }
}

#[test]
fn changes_name_the_sessions_that_they_are_about() {
    let mut world =
        World { store: MemoryStore::new("hub.example"), sealer: sealer(), backup: None, epoch: 0 };
    let mut gateway = Gateway::new();
    world.run(&Step::Create(0));
    gateway.catch_up(&world.store, &world.sealer);
    assert_eq!((gateway.index.loads, &*gateway.index.affected), (1, &[][..]));
    let device = |id: &str| Affected::Device(id.into());
    for (step, affected) in [
        (Step::Create(4), vec![device("dev0")]),
        (Step::Disable(0), vec![device("dev0")]),
        (Step::Policy(1, true), vec![Affected::Policy("p1".into())]),
        (Step::Block(4), vec![device("dev0")]),
        (Step::Block(0), vec![Affected::All]),
        (Step::Delete(0), vec![device("dev0"), device("dev0")]),
        (Step::CatchUp(0), vec![]),
    ] {
        world.run(&step);
        gateway.index.affected.clear();
        gateway.catch_up(&world.store, &world.sealer);
        assert_eq!(gateway.index.affected, affected, "{step:?}");
    }
    assert_eq!(gateway.index.loads, 1);
    world.store.restore(&world.store.backup(), [9; 16]);
    gateway.catch_up(&world.store, &world.sealer);
    assert_eq!(gateway.index.loads, 2, "another epoch");
}

#[test]
fn without_a_heartbeat_a_gateway_stops_to_admit_and_then_ends_its_sessions() {
    let times = FeedTimes { timeout: Duration::from_secs(5), grace: Duration::from_secs(60) };
    let (store, sealer) = (MemoryStore::new("hub.example"), sealer());
    let mut follower = Follower::new(times, HmacKey::new, random);
    let at = Duration::from_secs;
    assert_eq!(follower.health(at(0)), FeedHealth::Lost, "nothing is loaded");
    follower.catch_up(&store, &sealer, || at(100), &mut Index::default()).unwrap();
    for (now, health) in [
        (100, FeedHealth::Current),
        (104, FeedHealth::Current),
        (105, FeedHealth::Late),
        (159, FeedHealth::Late),
        (160, FeedHealth::Lost),
        // a clock that went back is no reason to end sessions
        (50, FeedHealth::Current),
    ] {
        assert_eq!(follower.health(at(now)), health, "{now}");
    }
    follower.catch_up(&store, &sealer, || at(200), &mut Index::default()).unwrap();
    assert_eq!(follower.health(at(204)), FeedHealth::Current, "it recovers by itself");
}

/// A store in which another gateway commits after each question.
struct Busy(MemoryStore, Sealer);

impl Store for Busy {
    type Error = Infallible;
    fn hub(&self) -> &str {
        self.0.hub()
    }
    fn position(&self) -> Result<Position, Infallible> {
        let key = RowKey { kind: Kind::Identity, name: "busy".into() };
        change(&self.0, &self.1, HmacKey::new, &[key], |registry| {
            let busy = who("busy");
            if registry.get(busy).is_some() {
                registry.delete(busy, Precondition::Any).unwrap();
            } else {
                registry.create(busy, sas(7), Change::new()).unwrap();
            }
        })
        .unwrap();
        self.0.position()
    }
    fn read(&self, keys: &[RowKey], each: &mut dyn FnMut(Row<'_>)) -> Result<(), Infallible> {
        self.0.read(keys, each)
    }
    fn commit(&self, writes: &[Write]) -> Result<Commit, Infallible> {
        self.0.commit(writes)
    }
    fn changes(&self, after: Option<u64>, each: &mut dyn FnMut(Row<'_>)) -> Result<Position, Infallible> {
        self.0.changes(after, each)
    }
    fn wait(&self, at_most: Duration) -> Result<(), Infallible> {
        self.0.wait(at_most)
    }
    fn purge(&self, up_to: u64) -> Result<u64, Infallible> {
        self.0.purge(up_to)
    }
}

#[test]
fn steady_writes_do_not_keep_a_feed_from_its_heartbeat() {
    let store = Busy(MemoryStore::new("hub.example"), sealer());
    let mut gateway = Gateway::new();
    for batch in 1..10 {
        gateway.catch_up(&store, &store.1);
        assert_eq!(store.0.position().unwrap().change, batch, "one question for each call");
        assert_eq!(gateway.follower.reached(), Some(batch));
    }
}
