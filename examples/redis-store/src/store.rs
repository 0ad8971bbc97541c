//! The store. A Lua script orders commits, since Redis runs one at a time; its log makes them durable; a stream has the hints.

use core::fmt;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};

use hubward_store::{Commit, Expected, Position, Row, RowKey, Store, Write};
use redis::{Client, Connection, RedisError, Script, Value};

use crate::row;

/// The time for each answer.
const ANSWER: Duration = Duration::from_secs(5);

/// The registry of a hub in Redis 6.2 or later, on one server.
pub struct RedisStore {
    client: Client,
    hub: String,
    /// The names of its keys begin with it.
    prefix: String,
    calls: Mutex<Option<Connection>>,
    /// The connection that waits, and the last hint.
    waits: Mutex<(Option<Connection>, String)>,
    scripts: Scripts,
}

struct Scripts {
    commit: Script,
    changes: Script,
    read: Script,
    purge: Script,
}

/// The error of the store.
#[derive(Debug)]
pub enum Failure {
    /// Redis failed, or did not answer in time.
    Redis(RedisError),
    /// A setting of the server breaks a promise.
    Setting(&'static str),
    /// A row or a place is not one that this store writes.
    Content,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redis(error) => write!(f, "Redis: {error}"),
            Self::Setting(setting) => write!(f, "an acknowledged change could be lost: set {setting}"),
            Self::Content => f.write_str("Redis has a row that this store does not write"),
        }
    }
}

impl core::error::Error for Failure {}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        Self::Redis(error)
    }
}

impl RedisStore {
    /// Opens the store under a prefix, and refuses a server that does not keep what it acknowledged.
    pub fn open(address: &str, prefix: &str, hub: &str) -> Result<Self, Failure> {
        let script = |text| Script::new(&format!("{}\n{text}", include_str!("common.lua")));
        let scripts = Scripts {
            commit: script(include_str!("commit.lua")),
            changes: script(include_str!("changes.lua")),
            read: script(include_str!("read.lua")),
            purge: script(include_str!("purge.lua")),
        };
        let (calls, waits) = (Mutex::new(None), Mutex::new((None, "0".into())));
        let client = Client::open(address)?;
        let store = Self { client, hub: hub.into(), prefix: prefix.into(), calls, waits, scripts };
        for (setting, value, wanted) in [
            ("appendonly", "yes", "appendonly yes"),
            ("appendfsync", "always", "appendfsync always"),
            ("maxmemory-policy", "noeviction", "maxmemory-policy noeviction"),
        ] {
            let get = |redis: &mut Connection| redis::cmd("CONFIG").arg("GET").arg(setting).query(redis);
            let found: Vec<String> = store.call(get)?;
            if found.get(1).is_none_or(|found| found != value) {
                return Err(Failure::Setting(wanted));
            }
        }
        Ok(store)
    }

    fn connect(&self, answer: Duration) -> Result<Connection, RedisError> {
        let redis = self.client.get_connection_with_timeout(ANSWER)?;
        redis.set_read_timeout(Some(answer))?;
        redis.set_write_timeout(Some(ANSWER))?;
        Ok(redis)
    }

    /// Runs one call. A connection whose call failed is closed.
    fn call<T>(&self, call: impl FnOnce(&mut Connection) -> Result<T, RedisError>) -> Result<T, RedisError> {
        let mut kept = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let mut redis = kept.take().map_or_else(|| self.connect(ANSWER), Ok)?;
        let done = call(&mut redis)?;
        *kept = Some(redis);
        Ok(done)
    }

    /// Runs a script that answers with a place and rows.
    fn rows(&self, script: &Script, arguments: &[String]) -> Result<(Position, Vec<Row<'static>>), Failure> {
        let answer: Vec<String> = self.call(|redis| script.key(&self.prefix).arg(arguments).invoke(redis))?;
        let (place, rows) = answer.split_at_checked(3).ok_or(Failure::Content)?;
        let rows = rows.chunks(3).map(|row| match row {
            [key, change, content] => row::row(key, change.parse().ok()?, content),
            _ => None,
        });
        Ok((position(place).ok_or(Failure::Content)?, rows.collect::<Option<_>>().ok_or(Failure::Content)?))
    }
}

/// The epoch is the run of the server: after a restart, of a restored backup too, gateways load everything again.
fn position(place: &[String]) -> Option<Position> {
    let [run, change, purged] = place else { return None };
    let epoch = u128::from_str_radix(run.get(..32)?, 16).ok()?.to_be_bytes();
    Some(Position { epoch, change: change.parse().ok()?, purged: purged.parse().ok()? })
}

/// The arguments of a write: see `commit.lua`.
fn arguments(write: &Write) -> [String; 7] {
    let (action, key, expected, new, content) = match write {
        Write::Put(row, expected) => ("put", row.key(), *expected, row.etag.to_string(), row::content(row)),
        Write::Delete(key, expected) => ("delete", key.clone(), *expected, String::new(), String::new()),
    };
    let (condition, etag) = match expected {
        Expected::Absent => ("absent", String::new()),
        Expected::Etag(etag) => ("etag", etag.to_string()),
        Expected::Present => ("present", String::new()),
        Expected::Any => ("any", String::new()),
    };
    [action.into(), row::key(&key), row::device(&key), condition.into(), etag, new, content]
}

impl Store for RedisStore {
    type Error = Failure;

    fn hub(&self) -> &str {
        &self.hub
    }

    fn position(&self) -> Result<Position, Failure> {
        Ok(self.rows(&self.scripts.changes, &["none".into()])?.0)
    }

    fn read(&self, keys: &[RowKey], each: &mut dyn FnMut(Row<'_>)) -> Result<(), Failure> {
        let keys: Vec<String> = keys.iter().map(row::key).collect();
        self.rows(&self.scripts.read, &keys)?.1.into_iter().for_each(each);
        Ok(())
    }

    fn commit(&self, writes: &[Write]) -> Result<Commit, Failure> {
        let arguments: Vec<String> = writes.iter().flat_map(arguments).collect();
        let change: i64 =
            self.call(|redis| self.scripts.commit.key(&self.prefix).arg(arguments).invoke(redis))?;
        Ok(u64::try_from(change).map_or(Commit::Conflict, Commit::Done))
    }

    fn changes(&self, after: Option<u64>, each: &mut dyn FnMut(Row<'_>)) -> Result<Position, Failure> {
        let after = after.map_or("all".into(), |after| after.to_string());
        let (place, mut rows) = self.rows(&self.scripts.changes, &[after])?;
        rows.sort_by_key(|row| (row.device().is_some(), row.change));
        rows.into_iter().for_each(each);
        Ok(place)
    }

    /// Waits for a hint after the last one: no hint is missed between two calls.
    fn wait(&self, at_most: Duration) -> Result<(), Failure> {
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        let mut redis = waits.0.take().map_or_else(|| self.connect(ANSWER), Ok)?;
        redis.set_read_timeout(Some(at_most.saturating_add(ANSWER)))?;
        let hints = format!("{}:hints", self.prefix);
        // 0 would be for ever
        let millis = u64::try_from(at_most.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut read = redis::cmd("XREAD");
        read.arg("BLOCK").arg(millis).arg("STREAMS").arg(&hints).arg(&waits.1);
        if read.query::<Value>(&mut redis)? != Value::Nil {
            let mut newest = redis::cmd("XREVRANGE");
            newest.arg(&hints).arg("+").arg("-").arg("COUNT").arg(1);
            let last: Vec<(String, Value)> = newest.query(&mut redis)?;
            waits.1 = last.into_iter().next().map_or("0".into(), |(id, _)| id);
        }
        waits.0 = Some(redis);
        Ok(())
    }

    fn purge(&self, up_to: u64) -> Result<u64, Failure> {
        let up_to = up_to.min(i64::MAX.unsigned_abs());
        Ok(self.call(|redis| self.scripts.purge.key(&self.prefix).arg(up_to).invoke(redis))?)
    }
}
