//! The store in a database.

use core::fmt;
use core::pin::pin;
use core::sync::atomic::AtomicI64;
use core::time::Duration;
use std::sync::Arc;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use futures_util::future::{try_join, try_join3};
use futures_util::{StreamExt, TryStreamExt};
use hubward_store::{COLUMNS, Commit, Kind, Position, Row, RowKey, Store, Write};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls, RowStream};

use crate::config::PostgresConfig;
use crate::error::PostgresError;
use crate::listen::{self, Hints};
use crate::tls::Tls;
use crate::{guard, rows, schema, seats, write};

/// The longest time until a heartbeat is answered: a gateway finds a connection that was cut without a word as soon, and admits
/// again as soon after the database is back.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(2);
/// The most changes that are looked for by the index; when there are as many, all are asked for.
const FEW: usize = 100;

/// A registry in PostgreSQL, which several gateways share.
///
/// Calls block the thread, so call it off the threads of an async runtime. It has threads of its own for its
/// connections. A call returns within the time of [`PostgresConfig::with_answer_within`] for each answer, and for each
/// row of a load.
///
/// ```no_run
/// use hubward_postgres::{PostgresConfig, PostgresStore};
/// use hubward_store::Store;
///
/// let config = PostgresConfig::parse("postgres://hub@127.0.0.1:5432/hub")?;
/// let store = PostgresStore::open(&config, "hub.example")?;
/// println!("at change {}", store.position()?.change);
/// # Ok::<(), hubward_postgres::PostgresError>(())
/// ```
pub struct PostgresStore {
    hub: String,
    pool: Pool,
    answer: Duration,
    /// The longest time until a heartbeat is answered.
    heartbeat: Duration,
    hints: Arc<Hints>,
    /// Wakes the thread that follows the claims of seats.
    pub(crate) seat_hints: Arc<Hints>,
    /// The highest number of a claim that it has seen: no later one may be lower.
    pub(crate) last_claim: AtomicI64,
    /// Ends its tasks when the store is dropped.
    runtime: Option<Runtime>,
}

impl PostgresStore {
    /// Connects, creates the tables if they do not exist, and checks that the engine keeps the promises of a store.
    ///
    /// # Errors
    /// [`PostgresError`] if the database cannot be used.
    pub fn open(config: &PostgresConfig, hub: &str) -> Result<Self, PostgresError> {
        Self::prepare(config, Some(hub))
    }

    /// Opens a registry that exists, of any hub.
    ///
    /// # Errors
    /// As [`PostgresStore::open`]; [`PostgresError::NoRegistry`] if there are no tables.
    pub fn open_existing(config: &PostgresConfig) -> Result<Self, PostgresError> {
        Self::prepare(config, None)
    }

    fn prepare(config: &PostgresConfig, hub: Option<&str>) -> Result<Self, PostgresError> {
        config.check()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("hubward-postgres")
            .enable_all()
            .build()
            .map_err(PostgresError::Threads)?;
        let settings = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match &config.tls {
            Some(tls) => Manager::from_config(config.address.clone(), Tls(Arc::clone(tls)), settings),
            None => Manager::from_config(config.address.clone(), NoTls, settings),
        };
        let pool = Pool::builder(manager)
            .max_size(config.connections.max(2))
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .wait_timeout(Some(config.answer))
            .create_timeout(Some(config.answer))
            .build()
            .map_err(|error| PostgresError::Pool(error.to_string()))?;
        let (hints, seat_hints) = (Arc::new(Hints::default()), Arc::new(Hints::default()));
        if config.listens {
            // listens before anything is loaded
            runtime.spawn(listen::run(config.clone(), Arc::clone(&hints), Arc::clone(&seat_hints)));
        }
        let mut store = Self {
            hub: String::new(),
            pool,
            answer: config.answer,
            heartbeat: config.answer.min(HEARTBEAT),
            hints,
            seat_hints,
            last_claim: AtomicI64::new(0),
            runtime: Some(runtime),
        };
        store.hub = store.run(async || {
            let (one, two) = (store.connection().await?, store.connection().await?);
            let hub = store.within(schema::prepare(&one, hub)).await?;
            store.within(guard::check(&one, &two)).await?;
            Ok(hub)
        })?;
        Ok(store)
    }

    /// Gives the registry a new epoch. Call it after a backup was restored, before a gateway starts: every gateway then loads
    /// everything anew, rechecks its sessions, and enters the seats of its connections again. A later claim of a seat has a higher
    /// number than every earlier one, also than those made after the backup if they are fewer than 2^32. Before the call, only the
    /// gateways that ran before the restore know those numbers, and make no claim below them.
    ///
    /// # Errors
    /// [`PostgresError`] if the database failed.
    pub fn renew_epoch(&self) -> Result<(), PostgresError> {
        let renew = "UPDATE hubward.hub SET epoch = decode(replace(gen_random_uuid()::text, '-', ''), 'hex'); \
                     DELETE FROM hubward.seat; COMMIT";
        self.call(async |client| {
            for statement in [write::BEGIN, seats::LOCK, seats::ADVANCE] {
                client.batch_execute(statement).await?;
            }
            Ok(client.batch_execute(renew).await?)
        })?;
        self.hints.hint();
        Ok(())
    }

    /// Runs a future on the threads of the store.
    fn run<T>(&self, call: impl AsyncFnOnce() -> Result<T, PostgresError>) -> Result<T, PostgresError> {
        match &self.runtime {
            Some(runtime) => runtime.block_on(call()),
            None => Err(PostgresError::Poisoned),
        }
    }

    /// Runs one call on a connection, in time. A connection whose call failed is closed, with its transaction.
    pub(crate) fn call<T>(
        &self,
        call: impl AsyncFnOnce(&Client) -> Result<T, PostgresError>,
    ) -> Result<T, PostgresError> {
        self.call_within(self.answer, call)
    }

    fn call_within<T>(
        &self,
        longest: Duration,
        call: impl AsyncFnOnce(&Client) -> Result<T, PostgresError>,
    ) -> Result<T, PostgresError> {
        self.run(async || {
            // a server that takes the connection and says nothing counts as one that does not answer
            let connection =
                timeout(longest, self.connection()).await.unwrap_or(Err(PostgresError::Timeout))?;
            let done = timeout(longest, call(&connection)).await.unwrap_or(Err(PostgresError::Timeout));
            self.release(connection, done)
        })
    }

    /// Closes a connection whose call failed, with its transaction. After a call without an answer the others may be as dead:
    /// each would cost a call that waits.
    fn release<T>(&self, connection: Object, done: Result<T, PostgresError>) -> Result<T, PostgresError> {
        if done.is_err() {
            drop(Object::take(connection));
        }
        if matches!(done, Err(PostgresError::Timeout)) {
            self.pool.retain(|_, _| false);
        }
        done
    }

    async fn connection(&self) -> Result<Object, PostgresError> {
        self.pool.get().await.map_err(|error| match error {
            deadpool_postgres::PoolError::Backend(error) => PostgresError::Database(error),
            deadpool_postgres::PoolError::Timeout(_) => PostgresError::Timeout,
            error => PostgresError::Pool(error.to_string()),
        })
    }

    async fn within<T>(
        &self,
        call: impl Future<Output = Result<T, PostgresError>>,
    ) -> Result<T, PostgresError> {
        timeout(self.answer, call).await.map_err(|_| PostgresError::Timeout)?
    }

    /// Passes the rows of a query to `each`. Each row must come in time.
    async fn pass(
        &self,
        client: &Client,
        query: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
        each: &mut dyn FnMut(Row<'_>),
    ) -> Result<(), PostgresError> {
        let parameters = parameters.iter().map(|(value, kind)| (*value, kind.clone()));
        let found = self.within(async { Ok(client.query_typed_raw(query, parameters).await?) }).await?;
        self.pass_rows(found, each).await
    }

    async fn pass_rows(&self, found: RowStream, each: &mut dyn FnMut(Row<'_>)) -> Result<(), PostgresError> {
        let mut found = pin!(found);
        while let Some(row) = self.within(async { Ok(found.next().await) }).await? {
            each(rows::row(&row?)?);
        }
        Ok(())
    }

    async fn changes_in_transaction(
        &self,
        client: &Client,
        after: Option<u64>,
        each: &mut dyn FnMut(Row<'_>),
    ) -> Result<Position, PostgresError> {
        let begin = async {
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
            Ok(client.batch_execute(begin).await?)
        };
        let place = match after {
            None => {
                let ((), place) = self.within(try_join(begin, place(client))).await?;
                for modules in ["device IS NULL", "device IS NOT NULL"] {
                    let all = format!("SELECT {COLUMNS} FROM hubward.record WHERE NOT deleted AND {modules}");
                    self.pass(client, &all, &[], each).await?;
                }
                place
            }
            Some(after) => {
                let after = i64::try_from(after).map_err(|_| PostgresError::Number)?;
                let newer = |from: &str| {
                    format!(
                        "SELECT {COLUMNS} FROM {from} WHERE change > $1 ORDER BY device IS NOT NULL, change"
                    )
                };
                // a table that was not analyzed since its rows were added has the planner expect a third of them as changes, and
                // read all of them for each change; a few of them it finds by the index
                let few = newer(&format!(
                    "(SELECT {COLUMNS}, device FROM hubward.record WHERE change > $1 ORDER BY change LIMIT {FEW}) AS few"
                ));
                let few = async {
                    let rows = client.query_typed_raw(&few, [(&after, Type::INT8)]).await?;
                    Ok(rows.try_collect::<Vec<_>>().await?)
                };
                // all are sent before the first is answered: a change ends sessions a few round trips earlier
                let ((), place, few) = self.within(try_join3(begin, place(client), few)).await?;
                if few.len() < FEW {
                    few.iter().try_for_each(|row| rows::row(row).map(&mut *each))?;
                } else {
                    self.pass(client, &newer("hubward.record"), &[(&after, Type::INT8)], each).await?;
                }
                place
            }
        };
        self.within(async { Ok(client.batch_execute("COMMIT").await?) }).await?;
        Ok(place)
    }
}

async fn place(client: &Client) -> Result<Position, PostgresError> {
    let found = client.query_typed(rows::POSITION, &[]).await?;
    found.first().map_or(Err(PostgresError::Row { change: 0, column: "hub" }), rows::position)
}

impl Store for PostgresStore {
    type Error = PostgresError;

    fn hub(&self) -> &str {
        &self.hub
    }

    fn position(&self) -> Result<Position, PostgresError> {
        self.call_within(self.heartbeat, async |client| place(client).await)
    }

    fn read(&self, keys: &[RowKey], each: &mut dyn FnMut(Row<'_>)) -> Result<(), PostgresError> {
        let kinds: Vec<i16> = keys.iter().map(|key| i16::from(key.kind.number())).collect();
        let names: Vec<&str> = keys.iter().map(|key| &*key.name).collect();
        let devices: Vec<&str> = keys
            .iter()
            .filter(|key| key.kind == Kind::Identity && key.device().is_none())
            .map(|key| &*key.name)
            .collect();
        let query = format!(
            "SELECT {columns} FROM hubward.record WHERE NOT deleted \
             AND (kind, name) IN (SELECT * FROM unnest($1::int2[], $2::text[])) \
             UNION SELECT {columns} FROM hubward.record WHERE NOT deleted AND device IS NOT NULL AND device = ANY ($3)",
            columns = COLUMNS
        );
        self.run(async || {
            let connection = self.connection().await?;
            let parameters: [(&(dyn ToSql + Sync), Type); 3] =
                [(&kinds, Type::INT2_ARRAY), (&names, Type::TEXT_ARRAY), (&devices, Type::TEXT_ARRAY)];
            let done = self.pass(&connection, &query, &parameters, each).await;
            self.release(connection, done)
        })
    }

    fn commit(&self, writes: &[Write]) -> Result<Commit, PostgresError> {
        // a large transaction may take as many times longer
        let share = u32::try_from(writes.len() / 1000).unwrap_or(u32::MAX);
        let longest = self.answer.saturating_mul(share.saturating_add(1));
        let done = self.run(async || {
            let connection = self.connection().await?;
            let call = async {
                connection.batch_execute(write::BEGIN).await?;
                let done = write::all(&connection, writes).await?;
                let end = if done == Commit::Conflict { "ROLLBACK" } else { "COMMIT" };
                connection.batch_execute(end).await?;
                Ok(done)
            };
            let done = timeout(longest, call).await.unwrap_or(Err(PostgresError::Timeout));
            self.release(connection, done)
        })?;
        self.hints.hint();
        Ok(done)
    }

    fn changes(&self, after: Option<u64>, each: &mut dyn FnMut(Row<'_>)) -> Result<Position, PostgresError> {
        self.run(async || {
            let connection = self.connection().await?;
            let done = self.changes_in_transaction(&connection, after, each).await;
            self.release(connection, done)
        })
    }

    fn wait(&self, at_most: Duration) -> Result<(), PostgresError> {
        self.hints.wait(at_most);
        Ok(())
    }

    fn purge(&self, up_to: u64) -> Result<u64, PostgresError> {
        let up_to = i64::try_from(up_to).unwrap_or(i64::MAX);
        let removed = self.call(async |client| {
            let up_to: [(&(dyn ToSql + Sync), Type); 1] = [(&up_to, Type::INT8)];
            // in a transaction of its own, for which claims wait: they lock several seats in another order
            client
                .batch_execute(&format!("BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; {}", seats::LOCK))
                .await?;
            client.execute_typed(seats::PURGE, &up_to).await?;
            client.batch_execute("COMMIT").await?;
            client.batch_execute(write::BEGIN).await?;
            client
                .execute_typed(
                    "UPDATE hubward.hub SET purged = greatest(purged, least($1, \
                     greatest(coalesce((SELECT max(change) FROM hubward.record), 0), purged)))",
                    &up_to,
                )
                .await?;
            let delete = "DELETE FROM hubward.record WHERE deleted AND change <= $1";
            let removed = client.execute_typed(delete, &up_to).await?;
            client.batch_execute("COMMIT").await?;
            Ok(removed)
        })?;
        self.hints.hint();
        Ok(removed)
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        // a runtime may not be dropped where another one runs
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("hub", &self.hub).finish_non_exhaustive()
    }
}
