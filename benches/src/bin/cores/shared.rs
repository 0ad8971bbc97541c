//! A registry behind a lock, and the clock of a thread.

use std::time::Duration;

use hubward_registry::Registry;
use hubward_rustcrypto::HmacKey;
use rustix::time::{ClockId, clock_gettime};

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

/// Returns the time that this thread has run.
pub(crate) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap())
}
