//! Access lists: the block list has precedence, and an allow list in force denies the rest.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]
mod common;
use common::*;
use hubward_core::{Identity, LookupResult, Status, Thumbprint};
use hubward_registry::{AccessList, AccessLists, Change, ListEntry, ListVerdict, Precondition};
use proptest::prelude::*;

const IDS: [&str; 5] = ["a", "a/m", "a/n", "b", "b/m"];
const GROUPS: [&str; 2] = ["north", "south"];

fn issuer(number: u8) -> Thumbprint {
    Thumbprint::Sha256([number; 32])
}

fn id(id: &str) -> ListEntry<'_> {
    ListEntry::Identity(who(id))
}

fn passes(hub: &Hub, id: &str) -> bool {
    match hub.find(&who(id).lookup(), &[]) {
        LookupResult::Identity(found) => found.status() == Status::Enabled,
        _ => panic!("{id} is there"),
    }
}

fn hub() -> Hub {
    let mut hub = Hub::unseeded();
    for id in IDS {
        hub.create(who(id), sas(id), Change::new()).unwrap();
    }
    hub
}

#[test]
fn a_block_covers_a_device_and_its_modules() {
    let mut hub = hub();
    hub.access_mut().block_mut().add(id("a"));
    assert_eq!(IDS.map(|id| passes(&hub, id)), [false, false, false, true, true]);
    assert!(hub.access_mut().block_mut().remove(id("a")));
    assert!(!hub.access_mut().block_mut().remove(id("a")));
    hub.access_mut().block_mut().add(id("a/m"));
    assert_eq!(IDS.map(|id| passes(&hub, id)), [true, false, true, true, true]);
}

#[test]
fn the_block_list_has_precedence() {
    let mut hub = hub();
    hub.access_mut().require_allow().add(id("a"));
    hub.access_mut().block_mut().add(id("a/n"));
    assert_eq!(IDS.map(|id| passes(&hub, id)), [true, true, false, false, false]);
    assert_eq!(hub.access().verdict(&who("a/n"), &[]), ListVerdict::Blocked);
    assert_eq!(hub.access().verdict(&who("b"), &[]), ListVerdict::NotAllowed);
}

#[test]
fn an_empty_allow_list_in_force_denies_all() {
    let mut hub = hub();
    assert!(hub.access_mut().require_allow().is_empty());
    assert_eq!(IDS.map(|id| passes(&hub, id)), [false; 5]);
    assert!(IDS.iter().all(|id| {
        matches!(hub.find(&who(id).lookup(), &[]), LookupResult::Identity(found) if found.status() == Status::Disabled)
    }));
    hub.access_mut().lift_allow();
    assert_eq!(IDS.map(|id| passes(&hub, id)), [true; 5]);
}

#[test]
fn a_block_outlives_its_device() {
    let mut hub = hub();
    hub.access_mut().block_mut().add(id("b"));
    hub.delete(who("b"), Precondition::Any).unwrap();
    hub.create(who("b"), sas("b"), Change::new()).unwrap();
    assert!(!passes(&hub, "b"));
}

#[test]
fn a_disabled_record_stays_disabled() {
    let mut hub = hub();
    hub.update(who("a"), Change::new().with_status(Status::Disabled), Precondition::Any).unwrap();
    hub.access_mut().require_allow().add(id("a"));
    assert!(!passes(&hub, "a"), "an allow list does not enable a disabled identity");
}

#[test]
fn an_entry_for_an_issuer_matches_its_certificates() {
    let mut hub = hub();
    let finds = |hub: &Hub, issuers: &[Thumbprint]| match hub.find(&who("a").lookup(), issuers) {
        LookupResult::Identity(found) => found.status() == Status::Enabled,
        _ => panic!("it is there"),
    };
    hub.access_mut().block_mut().add(ListEntry::Issuer(issuer(1)));
    assert!(finds(&hub, &[]) && finds(&hub, &[issuer(2)]) && !finds(&hub, &[issuer(2), issuer(1)]));
    hub.access_mut().block_mut().remove(ListEntry::Issuer(issuer(1)));
    hub.access_mut().require_allow().add(ListEntry::Issuer(issuer(2)));
    assert!(!finds(&hub, &[]) && !finds(&hub, &[issuer(1)]) && finds(&hub, &[issuer(1), issuer(2)]));
}

#[test]
fn lists_do_not_apply_to_policies() {
    let mut lists = AccessLists::default();
    lists.require_allow();
    let policy = Identity::Policy(hubward_core::PolicyName::parse("a").unwrap());
    assert_eq!(lists.verdict(&policy, &[]), ListVerdict::Pass);
}

#[derive(Debug, Clone)]
enum Step {
    ListEntry { allow: bool, on: bool, what: usize },
    Member { group: usize, on: bool, id: usize },
    Lift,
}

/// Returns an id, a group or an issuer.
fn what(number: usize) -> ListEntry<'static> {
    match number {
        0..5 => id(IDS[number]),
        5..7 => ListEntry::Group(GROUPS[number - 5]),
        _ => ListEntry::Issuer(issuer(u8::from(number == 8))),
    }
}

fn change(list: &mut AccessList, on: bool, listed: ListEntry<'_>) {
    if on {
        list.add(listed);
    } else {
        list.remove(listed);
    }
}

proptest! {
    /// Compares with a model that keeps the entries in order and searches all of them for each decision.
    #[test]
    fn it_agrees_with_a_plain_reading(steps in prop::collection::vec(prop_oneof![
        4 => (any::<bool>(), any::<bool>(), 0..9_usize)
            .prop_map(|(allow, on, what)| Step::ListEntry { allow, on, what }),
        2 => (0..2_usize, any::<bool>(), 0..5_usize).prop_map(|(group, on, id)| Step::Member { group, on, id }),
        1 => Just(Step::Lift),
    ], 0..24)) {
        let mut lists = AccessLists::default();
        let (mut block, mut allow, mut members) = (Vec::new(), None::<Vec<usize>>, Vec::new());
        for step in steps {
            match step {
                Step::ListEntry { allow: to_allow, on, what: number } => {
                    let list = if to_allow { lists.require_allow() } else { lists.block_mut() };
                    change(list, on, what(number));
                    let model = if to_allow { allow.get_or_insert_default() } else { &mut block };
                    model.retain(|there| *there != number);
                    if on { model.push(number) }
                }
                Step::Member { group, on, id } => {
                    members.retain(|there| *there != (group, id));
                    if on {
                        lists.join(GROUPS[group], who(IDS[id]));
                        members.push((group, id));
                    } else {
                        lists.leave(GROUPS[group], who(IDS[id]));
                    }
                }
                Step::Lift => (allow, ()) = (None, lists.lift_allow()),
            }
            for asked in IDS {
                for issuers in [&[][..], &[issuer(0)], &[issuer(0), issuer(1)]] {
                    let covers = |listed: usize| {
                        asked == IDS[listed] || asked.split('/').next() == Some(IDS[listed])
                    };
                    let names = |list: &Vec<usize>| list.iter().any(|number| match number {
                        0..5 => covers(*number),
                        5..7 => members.iter().any(|(group, id)| group + 5 == *number && covers(*id)),
                        number => issuers.len() > number - 7,
                    });
                    let expected = match &allow {
                        _ if names(&block) => ListVerdict::Blocked,
                        Some(allow) if !names(allow) => ListVerdict::NotAllowed,
                        _ => ListVerdict::Pass,
                    };
                    prop_assert_eq!(lists.verdict(&who(asked), issuers), expected);
                }
            }
        }
    }
}

#[test]
fn the_entries_of_a_list_can_be_read() {
    let mut hub = Hub::unseeded();
    let access = hub.access_mut();
    let issuers = ["1".repeat(40), "2".repeat(64)].map(|text| text.parse().unwrap());
    access.block_mut().add(ListEntry::Identity(who("a/m")));
    access.block_mut().add(ListEntry::Group("g"));
    issuers.iter().for_each(|issuer| access.block_mut().add(ListEntry::Issuer(*issuer)));
    access.join("g", who("b"));
    let access = hub.access();
    let said: Vec<_> = access.block().iter().map(|listed| format!("{listed:?}")).collect();
    let wanted = [
        ListEntry::Identity(who("a/m")),
        ListEntry::Group("g"),
        ListEntry::Issuer(issuers[0]),
        ListEntry::Issuer(issuers[1]),
    ];
    assert_eq!(said, wanted.map(|listed| format!("{listed:?}")));
    assert_eq!(access.groups().collect::<Vec<_>>(), ["g"]);
    assert_eq!(access.members("g").collect::<Vec<_>>(), [who("b")]);
    assert_eq!((access.members("h").count(), access.allow().is_some()), (0, false));
}
