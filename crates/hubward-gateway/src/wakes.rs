//! Wakes the connections whose records changed, and no others.
//!
//! A connection is registered under a name before the record of that name is looked up: a change after the lookup wakes
//! it, and a change before it is part of the record.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hubward::types::Lookup;
use hubward_store::Affected;
use tokio::sync::watch;

/// Names of one connection; with more, each change wakes it. A connection that guesses names takes no more memory.
const NAMES: usize = 32;

/// The connections by the names of the records that they depend on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wakes(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    connections: HashMap<u64, watch::Sender<()>>,
    by_name: HashMap<Name, BTreeSet<u64>>,
    /// Connections that each change wakes.
    by_any: BTreeSet<u64>,
    next: u64,
}

/// A device with its modules, or a policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Name {
    Device(Box<str>),
    Policy(Box<str>),
}

/// The registration of a connection; it is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Wake {
    wakes: Wakes,
    number: u64,
    changed: watch::Sender<()>,
    names: Mutex<BTreeSet<Name>>,
}

impl Wakes {
    /// Registers a connection.
    pub(crate) fn connection(&self) -> Arc<Wake> {
        let mut table = lock(&self.0);
        let number = table.next;
        table.next = table.next.wrapping_add(1);
        let changed = watch::Sender::new(());
        table.connections.insert(number, changed.clone());
        Arc::new(Wake { wakes: self.clone(), number, changed, names: Mutex::default() })
    }

    /// Wakes the connections that a change is about.
    pub(crate) fn wake(&self, affected: &Affected) {
        let name = match affected {
            Affected::Nothing => return,
            Affected::All => return self.wake_all(),
            Affected::Device(id) => Name::Device(id.clone()),
            Affected::Policy(name) => Name::Policy(name.clone()),
        };
        let table = lock(&self.0);
        let named = table.by_name.get(&name).into_iter().flatten();
        for connection in named.chain(&table.by_any).filter_map(|number| table.connections.get(number)) {
            connection.send_replace(());
        }
    }

    /// Wakes every connection.
    pub(crate) fn wake_all(&self) {
        for connection in lock(&self.0).connections.values() {
            connection.send_replace(());
        }
    }
}

impl Wake {
    /// Registers the connection for the changes of a record that is about to be looked up.
    pub(crate) fn depends_on(&self, lookup: &Lookup<'_>) {
        let name = match lookup {
            // a module depends on its device as well, and is deleted with it
            Lookup::Device(id) | Lookup::Module(id, _) => Name::Device(id.to_string().into()),
            Lookup::Policy(name) => Name::Policy(name.to_string().into()),
            _ => return,
        };
        let mut names = lock(&self.names);
        if names.contains(&name) {
            return;
        }
        let mut table = lock(&self.wakes.0);
        if names.len() < NAMES {
            table.by_name.entry(name.clone()).or_default().insert(self.number);
            names.insert(name);
        } else {
            table.by_any.insert(self.number);
        }
    }

    /// Returns a receiver of all later changes of the records that the connection depends on.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        let mut table = lock(&self.wakes.0);
        for name in lock(&self.names).iter() {
            if let Some(numbers) = table.by_name.get_mut(name) {
                numbers.remove(&self.number);
                if numbers.is_empty() {
                    table.by_name.remove(name);
                }
            }
        }
        table.by_any.remove(&self.number);
        table.connections.remove(&self.number);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // no holder of the lock can panic half way
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hubward::types::{DeviceId, Identity, ModuleId, PolicyName};

    #[test]
    fn only_connections_of_the_name_wake() {
        let wakes = Wakes::default();
        let connections: Vec<_> = (0..4).map(|_| wakes.connection()).collect();
        let device = DeviceId::parse("dev1").unwrap();
        let module = Identity::Module(device, ModuleId::parse("mod1").unwrap());
        let policy = Identity::Policy(PolicyName::parse("dev1").unwrap());
        connections[0].depends_on(&Identity::Device(device).lookup());
        connections[1].depends_on(&module.lookup());
        connections[2].depends_on(&policy.lookup());
        let mut receivers: Vec<_> = connections.iter().map(|connection| connection.changes()).collect();
        let mut woken = |affected: &Affected| {
            wakes.wake(affected);
            receivers
                .iter_mut()
                .map(|receiver| {
                    let changed = receiver.has_changed().unwrap();
                    receiver.borrow_and_update();
                    changed
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(woken(&Affected::Device("dev1".into())), [true, true, false, false]);
        assert_eq!(woken(&Affected::Policy("dev1".into())), [false, false, true, false]);
        assert_eq!(woken(&Affected::Device("dev2".into())), [false; 4]);
        assert_eq!(woken(&Affected::Nothing), [false; 4]);
        assert_eq!(woken(&Affected::All), [true; 4]);
    }

    #[test]
    fn a_connection_with_many_names_wakes_each_time_and_leaves_nothing_behind() {
        let wakes = Wakes::default();
        let connection = wakes.connection();
        for number in 0..1000 {
            let id = format!("dev{number}");
            connection.depends_on(&Identity::Device(DeviceId::parse(&id).unwrap()).lookup());
        }
        let changes = connection.changes();
        wakes.wake(&Affected::Device("dev999".into()));
        assert!(changes.has_changed().unwrap());
        assert_eq!(lock(&wakes.0).by_name.len(), NAMES);
        drop(connection);
        let table = lock(&wakes.0);
        assert!(table.by_name.is_empty() && table.by_any.is_empty() && table.connections.is_empty());
    }
}
