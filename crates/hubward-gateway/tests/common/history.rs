//! The history of a fleet: every committed change with its number and its time, as a trigger of the test's own notes them, and what
//! writers and devices saw. The checker finds what is lost, what was admitted wrongly, and what ended too late or without a
//! cause.
#![allow(dead_code, reason = "each test uses a part, and a message shows the rest")]

use core::time::Duration;
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::fleet::{GRACE, TIMEOUT};
use crate::postgres::Server;

/// The time that a busy machine may take for what should take none.
pub const SLACK: Duration = Duration::from_secs(5);
/// The longest time from a commit to the end of a session, and from an end back to its cause, while nothing fails.
const QUIET: Duration = Duration::from_secs(2);

/// A committed change of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub number: u64,
    pub at: Duration,
    /// The time at which readers see it at last: later than `at` if the database did not run.
    pub seen_by: Duration,
    pub enabled: bool,
    pub etag: u64,
    /// The version of its primary key.
    pub version: u64,
}

/// The way of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Sql,
    Https,
    Program,
}

/// A write that was acknowledged.
#[derive(Debug)]
pub struct Acknowledged {
    pub way: Way,
    pub id: String,
    pub etag: u64,
}

/// A session of a device. Times are those since the start.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: String,
    /// The etag of the write that set the key which opened it.
    pub etag: u64,
    pub asked: Duration,
    pub admitted: Duration,
    pub ended: Duration,
    /// The gateway ended it.
    pub by_gateway: bool,
}

/// The observations of writers and devices.
#[derive(Debug, Default)]
pub struct Seen {
    pub acknowledged: Vec<Acknowledged>,
    pub failed: usize,
    pub sessions: Vec<Session>,
    pub refused: usize,
    /// The primary keys that were acknowledged, by device, with the etag of the write that set each.
    pub keys: BTreeMap<String, Vec<(u64, String)>>,
    /// Times without a fault, of which gateways and database have recovered.
    pub quiet: Vec<(Duration, Duration)>,
    /// Times in which the processes of the database did not run.
    pub paused: Vec<(Duration, Duration)>,
    /// Connections that are open after the chaos, by device.
    pub open: BTreeMap<String, usize>,
}

/// All changes of each device, in the order of their numbers.
pub type History = BTreeMap<String, Vec<Change>>;

/// Has the database note each change of a device, and the time of each commit.
pub fn note(server: &Server) {
    server.sql("hub", "ALTER SYSTEM SET track_commit_timestamp = on");
    server.down();
    server.up();
    let columns = "change, name, enabled AND NOT deleted, etag, primary_version";
    server.sql(
        "hub",
        &format!(
            "CREATE TABLE noted (change bigint, name text, enabled boolean, etag bigint, version bigint);
             INSERT INTO noted SELECT {columns} FROM hubward.record WHERE kind = 0;
             CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 INSERT INTO noted SELECT (NEW).change, (NEW).name, (NEW).enabled AND NOT (NEW).deleted, (NEW).etag,
                     (NEW).primary_version;
                 RETURN NULL;
             END $$;
             CREATE TRIGGER z_note AFTER INSERT OR UPDATE ON hubward.record FOR EACH ROW WHEN (NEW.kind = 0)
                 EXECUTE FUNCTION note()"
        ),
    );
}

/// Reads what the database noted; times are those since `started`. `paused` are times in which it did not run.
pub fn read(server: &Server, started: SystemTime, paused: &[(Duration, Duration)]) -> History {
    let time = "(extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint";
    let sql = format!("SELECT change, name, enabled, etag, version, {time} FROM noted ORDER BY change");
    let mut history = History::new();
    for row in server.sql("hub", &sql).lines() {
        let fields: Vec<&str> = row.split('|').collect();
        let number = |at: usize| fields[at].parse::<u64>().unwrap();
        let at = UNIX_EPOCH + Duration::from_micros(number(5));
        let at = at.duration_since(started).unwrap_or_default();
        // a commit has its time before it is visible
        let during = |(from, to): &&(Duration, Duration)| at + TIMEOUT / 2 >= *from && at <= *to;
        let seen_by = paused.iter().filter(during).map(|(_, to)| *to + TIMEOUT / 2).max().unwrap_or(at);
        let (enabled, etag, version) = (fields[2] == "t", number(3), number(4));
        let change = Change { number: number(0), at, seen_by, enabled, etag, version };
        history.entry(fields[1].to_owned()).or_default().push(change);
    }
    history
}

/// The result of a check: the numbers of what was checked.
#[derive(Debug, Default)]
pub struct Summary {
    pub changes: usize,
    pub by_way: BTreeMap<Way, usize>,
    pub admissions: usize,
    /// Sessions that ended by a change, which has this many different numbers.
    pub ends: usize,
    pub other_ends: usize,
    /// From the commit to the end, the median while nothing failed.
    pub median: Duration,
}

/// Checks that each acknowledged write was committed, and that each admission and each end has a change that permits or
/// requires it.
pub fn check(history: &History, seen: &Seen) -> Result<Summary, String> {
    let mut summary = Summary {
        changes: history.values().map(Vec::len).sum(),
        admissions: seen.sessions.len(),
        ..Summary::default()
    };
    for write in &seen.acknowledged {
        let found =
            history.get(&write.id).is_some_and(|changes| changes.iter().any(|one| one.etag == write.etag));
        if !found {
            return Err(format!("lost: {write:?}"));
        }
        *summary.by_way.entry(write.way).or_default() += 1;
    }
    let mut lags = Vec::new();
    for session in &seen.sessions {
        let changes = history.get(&session.id).ok_or_else(|| format!("no such device: {session:?}"))?;
        let admitting = admitting(changes, session)?;
        match cause(changes, admitting, session, seen)? {
            Some((change, quiet)) => {
                summary.ends += 1;
                if quiet {
                    lags.push(session.ended.saturating_sub(change.at.max(session.admitted)));
                }
            }
            None => summary.other_ends += usize::from(session.by_gateway),
        }
    }
    lags.sort();
    summary.median = lags.get(lags.len() / 2).copied().unwrap_or_default();
    Ok(summary)
}

/// Returns the position of the change by which a session was admitted: one that was in force at some time from the request, less
/// the time for which a gateway may be behind, to the answer.
fn admitting(changes: &[Change], session: &Session) -> Result<usize, String> {
    let set = changes.iter().find(|change| change.etag == session.etag);
    let version = set.ok_or_else(|| format!("a key that no write set: {session:?}"))?.version;
    let from = session.asked.saturating_sub(TIMEOUT);
    let in_force = |at: usize| {
        let until = changes.get(at + 1).map_or(Duration::MAX, |next| next.seen_by);
        changes[at].at <= session.admitted && until >= from
    };
    // the newest: an older one would excuse less
    let found = (0..changes.len()).rev().find(|at| {
        let change = &changes[*at];
        change.enabled && change.version == version && in_force(*at)
    });
    found.ok_or_else(|| format!("admitted wrongly: {session:?}, of {changes:#?}"))
}

/// Returns the change that ended a session, and whether it was committed while nothing failed.
fn cause<'c>(
    changes: &'c [Change],
    admitting: usize,
    session: &Session,
    seen: &Seen,
) -> Result<Option<(&'c Change, bool)>, String> {
    let version = changes[admitting].version;
    let quiet =
        |from: Duration, to: Duration| seen.quiet.iter().any(|(start, end)| *start <= from && to <= *end);
    for (at, change) in changes.iter().enumerate().skip(admitting + 1) {
        let replaced = change.version != version;
        if change.enabled && !replaced {
            continue;
        }
        // a key that was replaced stays so; a device that is enabled again soon may keep its session
        let until = match replaced {
            true => Duration::MAX,
            false => changes[at + 1..].iter().find(|next| next.enabled).map_or(Duration::MAX, |next| next.at),
        };
        // a session may be admitted by what a gateway knew before
        let from = change.seen_by.max(session.admitted);
        let is_quiet = quiet(from.saturating_sub(TIMEOUT), from + QUIET);
        let most = from + if is_quiet { QUIET } else { GRACE + SLACK };
        if session.ended > most && until > most {
            return Err(format!("lives on after change {}: {session:?}, of {changes:#?}", change.number));
        }
        if session.by_gateway && change.at <= session.ended {
            return Ok(Some((change, is_quiet)));
        }
    }
    let rival = |other: &Session| {
        other.id == session.id
            && other.admitted != session.admitted
            && other.asked <= session.ended
            && other.ended + QUIET >= session.ended
    };
    if session.by_gateway
        && quiet(session.ended.saturating_sub(QUIET), session.ended)
        && !seen.sessions.iter().any(rival)
    {
        return Err(format!("ended without a cause: {session:?}, of {changes:#?}"));
    }
    Ok(None)
}
