//! A registry behind a lock.

use hubward_registry::Registry;
use hubward_rustcrypto::HmacKey;

pub(crate) trait Shared: Sync {
    fn read<T>(&self, read: impl FnOnce(&Registry<HmacKey>) -> T) -> T;
    fn write<T>(&self, write: impl FnOnce(&mut Registry<HmacKey>) -> T) -> T;
}

impl Shared for std::sync::RwLock<Registry<HmacKey>> {
    fn read<T>(&self, read: impl FnOnce(&Registry<HmacKey>) -> T) -> T {
        read(&self.read().unwrap())
    }
    fn write<T>(&self, write: impl FnOnce(&mut Registry<HmacKey>) -> T) -> T {
        write(&mut self.write().unwrap())
    }
}

impl Shared for parking_lot::RwLock<Registry<HmacKey>> {
    fn read<T>(&self, read: impl FnOnce(&Registry<HmacKey>) -> T) -> T {
        read(&self.read())
    }
    fn write<T>(&self, write: impl FnOnce(&mut Registry<HmacKey>) -> T) -> T {
        write(&mut self.write())
    }
}

impl Shared for crossbeam_utils::sync::ShardedLock<Registry<HmacKey>> {
    fn read<T>(&self, read: impl FnOnce(&Registry<HmacKey>) -> T) -> T {
        read(&self.read().unwrap())
    }
    fn write<T>(&self, write: impl FnOnce(&mut Registry<HmacKey>) -> T) -> T {
        write(&mut self.write().unwrap())
    }
}
