//! The errors of the store.

/// The reason why a database is not used, or why a call failed. It has no password and no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// The address of the database is not valid.
    #[error("the address is not of the form postgres://user@host:port/database: {0}")]
    Address(&'static str),
    /// The address contains a password, which process lists and logs would show.
    #[error(
        "the address contains a password; take it out, and give it by the environment variable \
         HUBWARD_REGISTRY_PASSWORD, or by a file that HUBWARD_REGISTRY_PASSWORD_FILE names"
    )]
    PasswordInAddress,
    /// The variable with the password is not UTF-8.
    #[error(
        "the password in the environment variable HUBWARD_REGISTRY_PASSWORD is not UTF-8; set it in UTF-8, or give it by \
         a file that HUBWARD_REGISTRY_PASSWORD_FILE names"
    )]
    PasswordNotText,
    /// The file with the password cannot be read, or has no password in its first line.
    #[error("the file that HUBWARD_REGISTRY_PASSWORD_FILE names: {0}")]
    PasswordFile(#[source] std::io::Error),
    /// There are no tables of a registry.
    #[error("the database has no registry; give the host name of its hub to create one")]
    NoRegistry,
    /// The database is not on this machine, and there is no authority to verify its certificate.
    #[error(
        "the database is not on a loopback address, so its connections need TLS: give the certificate authority of \
         its certificate"
    )]
    TlsRequired,
    /// The certificate authorities cannot be used.
    #[error("the certificate authorities of the database: {0}")]
    Authorities(String),
    /// The database refused, or the connection to it failed.
    #[error("PostgreSQL: {}", text(.0))]
    Database(#[from] tokio_postgres::Error),
    /// No connection was available.
    #[error("PostgreSQL: no connection: {0}")]
    Pool(String),
    /// The database did not answer in time. A commit may have had an effect.
    #[error("PostgreSQL did not answer in time")]
    Timeout,
    /// The database does not write commits to its disk before it acknowledges them.
    #[error("the database runs with {0}: an acknowledged change could be lost")]
    NotDurable(&'static str),
    /// Changes would not be numbered in the order of their commits.
    #[error("the guard on the order of commits does not work: {0}")]
    Guard(&'static str),
    /// A newer version of this program created the tables.
    #[error(
        "the tables have format {found}, this program reads up to {known}; use a newer version of this program"
    )]
    Newer {
        /// The format of the tables.
        found: i32,
        /// The newest format that this version reads.
        known: i32,
    },
    /// The tables are the registry of another hub.
    #[error("the database has the registry of the hub {found}, not of {expected}")]
    OtherHub {
        /// The hub of the tables.
        found: String,
        /// The hub that was expected.
        expected: String,
    },
    /// A row has a value that no version of this program writes.
    #[error("the row with change number {change} has a value that is not valid in its column {column}")]
    Row {
        /// The change number of the row.
        change: i64,
        /// The column.
        column: &'static str,
    },
    /// A number is above 2^63.
    #[error("a number is too large for the database")]
    Number,
    /// The operating system has no threads left for the connections.
    #[error("the threads of the connections were not started: {0}")]
    Threads(#[source] std::io::Error),
    /// An earlier call panicked.
    #[error("an earlier call failed half way")]
    Poisoned,
}

/// Returns the text of an error with the message of the server, which has no values of rows.
fn text(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), core::error::Error::source(error)) {
        (Some(server), _) => format!("{} ({})", server.message(), server.code().code()),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}
