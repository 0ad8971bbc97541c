//! Messages in memory, bounded in number, bytes and time. They are lost when the gateway ends.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use hubward::types::UnixTime;

use super::{CloudMessage, CloudMessages, Delivery, Ended, LockLost, Outcome, QueueFull, Settlement};

/// Messages of one recipient, as many as a hub keeps.
const MESSAGES: usize = 50;
/// Bytes of all messages together.
const BYTES: usize = 64 * 1024 * 1024;
/// Bytes that a message counts more than its texts.
const OVERHEAD: usize = 512;
/// Deliveries of a message.
const DELIVERIES: u32 = 10;

/// A store of messages in memory.
#[derive(Debug, Default)]
pub struct MessagesInMemory(Mutex<Queues>);

#[derive(Debug, Default)]
struct Queues {
    by_recipient: HashMap<Box<str>, VecDeque<Kept>>,
    bytes: usize,
}

#[derive(Debug)]
struct Kept {
    message: CloudMessage,
    count: u32,
    lock: Option<(String, UnixTime)>,
}

impl Kept {
    fn is_locked(&self, now: UnixTime) -> bool {
        self.lock.as_ref().is_some_and(|(_, until)| now < *until)
    }

    /// Returns why the message ends now, unless it goes on.
    fn end(&self, now: UnixTime) -> Option<Outcome> {
        if self.is_locked(now) {
            None
        } else if self.message.expires <= now {
            Some(Outcome::Expired)
        } else {
            (self.count >= DELIVERIES).then_some(Outcome::DeliveredTooOften)
        }
    }
}

impl Queues {
    /// Removes and returns the messages of a recipient that have ended.
    fn sweep(&mut self, recipient: &str, now: UnixTime) -> Vec<Ended> {
        let Some(queue) = self.by_recipient.get_mut(recipient) else { return Vec::new() };
        let mut ended = Vec::new();
        let bytes = &mut self.bytes;
        queue.retain(|kept| match kept.end(now) {
            None => true,
            Some(outcome) => {
                *bytes = bytes.saturating_sub(size(&kept.message));
                ended.push(Ended::new(kept.message.clone(), outcome));
                false
            }
        });
        if queue.is_empty() {
            self.by_recipient.remove(recipient);
        }
        ended
    }

    /// Removes what has expired in all queues.
    fn sweep_all(&mut self, now: UnixTime) {
        let recipients: Vec<Box<str>> = self.by_recipient.keys().cloned().collect();
        for recipient in recipients {
            self.sweep(&recipient, now);
        }
    }
}

fn size(message: &CloudMessage) -> usize {
    let CloudMessage { message_id, correlation_id, content_type, content_encoding, .. } = message;
    let texts = [message_id, correlation_id, content_type, content_encoding];
    let texts = texts.into_iter().flatten().map(String::len);
    let properties = message.properties.iter().map(|(name, value)| name.len().saturating_add(value.len()));
    let parts = texts.chain(properties).chain([message.to.len(), message.body.len()]);
    parts.fold(OVERHEAD, usize::saturating_add)
}

impl CloudMessages for MessagesInMemory {
    fn put(&self, recipient: &str, message: CloudMessage, now: UnixTime) -> Result<(), QueueFull> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = size(&message);
        if queues.bytes.saturating_add(bytes) > BYTES {
            queues.sweep_all(now);
        }
        let all = queues.bytes.saturating_add(bytes);
        let waiting = queues.by_recipient.get(recipient).map_or(0, VecDeque::len);
        if all > BYTES || waiting >= MESSAGES {
            return Err(QueueFull);
        }
        queues.bytes = all;
        let queue = queues.by_recipient.entry(recipient.into()).or_default();
        queue.push_back(Kept { message, count: 0, lock: None });
        Ok(())
    }

    fn next(&self, recipient: &str, now: UnixTime, locked_until: UnixTime) -> (Option<Delivery>, Vec<Ended>) {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = queues.sweep(recipient, now);
        let queue = queues.by_recipient.get_mut(recipient);
        let next = queue.and_then(|queue| queue.iter_mut().find(|kept| !kept.is_locked(now)));
        // without entropy nothing is delivered, since a lock could be guessed
        let delivery = next.and_then(|kept| {
            let lock = lock().ok()?;
            kept.count = kept.count.saturating_add(1);
            kept.lock = Some((lock.clone(), locked_until));
            Some(Delivery::new(lock, kept.count, kept.message.clone()))
        });
        (delivery, ended)
    }

    fn settle(
        &self,
        recipient: &str,
        lock: &str,
        settlement: Settlement,
        now: UnixTime,
    ) -> Result<Option<Ended>, LockLost> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queues.by_recipient.get_mut(recipient).ok_or(LockLost)?;
        let holds =
            |kept: &Kept| kept.is_locked(now) && kept.lock.as_ref().is_some_and(|(its, _)| its == lock);
        let at = queue.iter().position(holds).ok_or(LockLost)?;
        let outcome = match settlement {
            Settlement::Complete => Outcome::Completed,
            Settlement::Reject => Outcome::Rejected,
            Settlement::Abandon => {
                if let Some(kept) = queue.get_mut(at) {
                    kept.lock = None;
                }
                return Ok(None);
            }
        };
        let kept = queue.remove(at).ok_or(LockLost)?;
        if queue.is_empty() {
            queues.by_recipient.remove(recipient);
        }
        queues.bytes = queues.bytes.saturating_sub(size(&kept.message));
        Ok(Some(Ended::new(kept.message, outcome)))
    }
}

/// Returns a new lock: 128 random bits in hexadecimal.
fn lock() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    fn message(id: &str, expires: u64) -> CloudMessage {
        CloudMessage { message_id: Some(id.into()), ..CloudMessage::expiring(at(expires)) }
    }

    #[test]
    fn a_message_is_locked_until_it_is_settled() {
        let store = MessagesInMemory::default();
        for id in ["a", "b"] {
            store.put("dev1", message(id, 1000), at(1)).unwrap();
        }
        let (first, _) = store.next("dev1", at(1), at(60));
        let (second, _) = store.next("dev1", at(1), at(60));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_ne!(first.lock, second.lock);
        assert_eq!(store.next("dev1", at(1), at(60)), (None, vec![]));
        let (complete, reject) = (Settlement::Complete, Settlement::Reject);
        // another recipient, another lock, and a lock that has expired
        assert_eq!(store.settle("dev2", &first.lock, complete, at(2)), Err(LockLost));
        assert_eq!(store.settle("dev1", "", complete, at(2)), Err(LockLost));
        assert_eq!(store.settle("dev1", &first.lock, complete, at(60)), Err(LockLost));
        let ended = store.settle("dev1", &first.lock, complete, at(2)).unwrap().unwrap();
        assert_eq!((ended.message.message_id.as_deref(), ended.outcome), (Some("a"), Outcome::Completed));
        assert_eq!(store.settle("dev1", &first.lock, complete, at(2)), Err(LockLost), "once");
        assert_eq!(store.settle("dev1", &second.lock, Settlement::Abandon, at(2)), Ok(None));
        let again = store.next("dev1", at(3), at(60)).0.unwrap();
        assert_eq!(again.count, 2);
        assert_eq!(store.settle("dev1", &second.lock, reject, at(4)), Err(LockLost), "the former lock");
        assert_eq!(
            store.settle("dev1", &again.lock, reject, at(4)).unwrap().unwrap().outcome,
            Outcome::Rejected
        );
        let queues = store.0.lock().unwrap();
        assert!(queues.by_recipient.is_empty() && queues.bytes == 0);
    }

    #[test]
    fn messages_expire_and_are_not_delivered_forever() {
        let store = MessagesInMemory::default();
        store.put("dev1", message("a", 10), at(1)).unwrap();
        let (delivery, ended) = store.next("dev1", at(10), at(60));
        assert_eq!((delivery, ended[0].outcome), (None, Outcome::Expired));
        store.put("dev1", message("b", 10_000), at(1)).unwrap();
        for count in 1..=u64::from(DELIVERIES) {
            let delivery = store.next("dev1", at(count * 100), at(count * 100 + 60)).0.unwrap();
            assert_eq!(u64::from(delivery.count), count);
        }
        let (delivery, ended) = store.next("dev1", at(5000), at(5060));
        assert_eq!((delivery, ended[0].outcome), (None, Outcome::DeliveredTooOften));
    }

    #[test]
    fn number_and_bytes_are_bounded() {
        let store = MessagesInMemory::default();
        let full = (0..100).filter(|_| store.put("dev1", message("a", 100), at(1)).is_err()).count();
        assert_eq!(full, 50);
        let big = CloudMessage { body: vec![0; 64 * 1024], ..message("a", 100) };
        let put = |to: usize, now| store.put(&format!("big{to}"), big.clone(), at(now)).is_ok();
        assert!((0..2000).filter(|to| put(*to, 1)).count() < 1024);
        // expired messages make room
        assert!(put(3000, 101));
    }
}
