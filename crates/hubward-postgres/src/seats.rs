//! The seats of gateways: an unlogged table whose claims a sequence numbers.

use core::sync::atomic::Ordering;
use core::time::Duration;
use std::collections::BTreeMap;

use hubward_store::{Claim, SeatPlace, Seats};
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use crate::error::PostgresError;
use crate::store::PostgresStore;
use crate::write::signed;

/// Begins a transaction whose claims are numbered in the order of commits, and enters the life of an empty table.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; SELECT pg_advisory_xact_lock(7526765); \
    INSERT INTO hubward.seat (name, number, place) SELECT '', hubward.random_number(), 0 ON CONFLICT DO NOTHING";

const CLAIM: &str = "INSERT INTO hubward.seat AS s (name, number, place) \
    SELECT name, number, number \
        FROM (SELECT name, nextval('hubward.seat_number') AS number FROM unnest($1::text[]) AS name) AS new \
    ON CONFLICT (name) DO UPDATE SET number = excluded.number, place = excluded.place, claimed = excluded.claimed, \
        rivals = CASE WHEN excluded.claimed < s.claimed + interval '10 s' THEN least(s.rivals + 1, 1000) ELSE 0 END \
    RETURNING name, number";

/// The lock on the order of claims. A transaction that needs the lock on the order of commits too takes that one first, so that
/// no two wait for each other.
pub(crate) const LOCK: &str = "SELECT pg_advisory_xact_lock(7526765)";

/// Has the next claims above every earlier one, in a transaction that renews the epoch. A restored backup has the sequence of its time: the claims that gateways made
/// since then, and enter again, have higher numbers than its next ones, and would evict newer connections. The step is
/// above the number of claims since any backup, and 2^31 such steps are left.
pub(crate) const ADVANCE: &str =
    "SELECT setval('hubward.seat_number', last_value + (1::bigint << 32)) FROM hubward.seat_number";

/// After a restored backup the sequence may be behind the claims that gateways have.
const AT_LEAST: &str =
    "SELECT setval('hubward.seat_number', $1) FROM hubward.seat_number WHERE last_value < $1";

const RESTORE: &str = "INSERT INTO hubward.seat AS s (name, number, place) \
    SELECT name, number, nextval('hubward.seat_number') FROM unnest($1::text[], $2::int8[]) AS old (name, number) \
    ON CONFLICT (name) DO UPDATE SET number = excluded.number, place = excluded.place \
        WHERE s.number < excluded.number";

const END: &str = "SELECT pg_notify('hubward_seat', ''); COMMIT";

const PLACE: &str = "SELECT coalesce((SELECT number FROM hubward.seat WHERE name = ''), 0), \
    coalesce(max(place), 0) FROM hubward.seat";

const CLAIMS: &str = "SELECT name, number, place, rivals, (SELECT last_value FROM hubward.seat_number) \
    FROM hubward.seat WHERE place > $1 OR name = '' ORDER BY place";

/// Removes the seats of identities whose tombstones are about to be removed.
pub(crate) const PURGE: &str = "DELETE FROM hubward.seat USING hubward.record AS r \
    WHERE r.deleted AND r.change <= $1 AND r.kind = 0 AND r.name = hubward.seat.name";

impl Seats for PostgresStore {
    type Error = PostgresError;

    fn claim(&self, names: &[&str]) -> Result<Vec<u64>, PostgresError> {
        // a restored backup has the sequence of its time, until the epoch is renewed
        let most = self.last_claim.load(Ordering::Acquire);
        let begin = format!(
            "{BEGIN}; SELECT setval('hubward.seat_number', {most}) FROM hubward.seat_number WHERE last_value < {most}"
        );
        let claimed = self.call(async |client| {
            client.batch_execute(&begin).await?;
            let mut unique = names.to_vec();
            unique.sort_unstable();
            unique.dedup();
            let rows = client.query_typed(CLAIM, &[(&unique, Type::TEXT_ARRAY)]).await?;
            let claimed = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get::<_, i64>(1)?)));
            let claimed: BTreeMap<String, i64> = claimed.collect::<Result<_, PostgresError>>()?;
            client.batch_execute(END).await?;
            Ok(claimed)
        })?;
        self.last_claim.fetch_max(claimed.values().copied().max().unwrap_or(0), Ordering::AcqRel);
        let number = |name: &&str| claimed.get(*name).map(|number| number.unsigned_abs());
        names
            .iter()
            .map(|name| number(name).ok_or(PostgresError::Row { change: 0, column: "number" }))
            .collect()
    }

    fn restore(&self, claims: &[(&str, u64)]) -> Result<(), PostgresError> {
        let names: Vec<&str> = claims.iter().map(|(name, _)| *name).collect();
        let numbers = claims.iter().map(|(_, number)| signed(*number)).collect::<Result<Vec<i64>, _>>()?;
        let most = numbers.iter().copied().max().unwrap_or(0);
        let most = self.last_claim.fetch_max(most, Ordering::AcqRel).max(most);
        self.call(async |client| {
            client.batch_execute(BEGIN).await?;
            client.query_typed(AT_LEAST, &[(&most, Type::INT8)]).await?;
            let parameters: [(&(dyn ToSql + Sync), Type); 2] =
                [(&names, Type::TEXT_ARRAY), (&numbers, Type::INT8_ARRAY)];
            client.execute_typed(RESTORE, &parameters).await?;
            Ok(client.batch_execute(END).await?)
        })
    }

    fn claims(
        &self,
        after: Option<u64>,
        each: &mut dyn FnMut(Claim<'_>),
    ) -> Result<SeatPlace, PostgresError> {
        let found = self.call(async |client| match after {
            None => place(client).await,
            Some(after) => newer(client, after, each).await,
        })?;
        self.last_claim.fetch_max(signed(found.last)?, Ordering::AcqRel);
        Ok(found)
    }

    fn wait_for_claims(&self, at_most: Duration) -> Result<(), PostgresError> {
        self.seat_hints.wait(at_most);
        Ok(())
    }
}

async fn place(client: &Client) -> Result<SeatPlace, PostgresError> {
    let rows = client.query_typed(PLACE, &[]).await?;
    let row = rows.first().ok_or(PostgresError::Row { change: 0, column: "place" })?;
    let number = |at| row.try_get::<_, i64>(at).map(i64::unsigned_abs);
    Ok(SeatPlace { life: number(0)?, last: number(1)? })
}

async fn newer(
    client: &Client,
    after: u64,
    each: &mut dyn FnMut(Claim<'_>),
) -> Result<SeatPlace, PostgresError> {
    let from = signed(after)?;
    let rows = client.query_typed(CLAIMS, &[(&from, Type::INT8)]).await?;
    let (mut found, mut rewound) = (SeatPlace { life: 0, last: after }, false);
    for row in &rows {
        let (name, number) = (row.try_get::<_, &str>(0)?, row.try_get::<_, i64>(1)?.unsigned_abs());
        if name.is_empty() {
            found.life = number;
            rewound = row.try_get::<_, i64>(4)? < from;
        } else {
            found.last = found.last.max(row.try_get::<_, i64>(2)?.unsigned_abs());
            each(Claim { name, number, rivals: row.try_get::<_, i32>(3)?.unsigned_abs() });
        }
    }
    if rewound {
        // seats of a restored backup are lost ones: their readers enter their own, and read all again
        found.life = !found.life;
    }
    Ok(found)
}
