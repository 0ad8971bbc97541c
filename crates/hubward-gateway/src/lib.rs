#![doc = include_str!("../README.md")]

mod amqp;
mod clock;
mod config;
mod connections;
mod decision_log;
mod descriptors;
mod dev;
mod files;
mod hints;
mod https;
mod hub;
mod limits;
mod listener;
mod mailboxes;
mod metrics;
mod metrics_listener;
mod mqtt;
mod operation_text;
mod peer;
mod records;
mod run;
mod server;
mod slots;
mod store;
mod tls;
mod wakes;

pub use config::{Arguments, Command, Config, Serve};
pub use dev::{Dev, DevError};
pub use files::{Applied, FilesError};
pub use https::UsersError;
pub use limits::Limits;
pub use run::run;
pub use server::{ReloadError, Server, StartError};
pub use store::{StoreConfig, StoreError, StoreFailure, StorePlace};
pub use tls::TlsError;
