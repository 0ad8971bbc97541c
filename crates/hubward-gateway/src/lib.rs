#![doc = include_str!("../README.md")]

mod addresses;
mod amqp;
mod clock;
mod config;
mod connections;
mod decision_log;
mod descriptors;
mod dev;
mod files;
mod hierarchy;
mod hints;
mod https;
mod hub;
mod limits;
mod listener;
mod messages;
mod metrics;
mod metrics_listener;
mod mqtt;
mod operation_text;
mod peer;
mod records;
mod run;
mod server;
mod server_certificates;
mod service_manager;
mod settings;
mod slots;
mod store;
mod stream;
mod tls;
mod twin;
mod wakes;
mod websocket;

pub use config::{Arguments, Command, Config, LogFormat, Serve};
pub use dev::{Dev, DevError};
pub use files::{Applied, FilesError};
pub use https::UsersError;
pub use limits::Limits;
pub use messages::{
    Ack, CloudMessage, CloudMessages, Delivery, Ended, LockLost, MessagesInMemory, Outcome, QueueFull,
    Settlement,
};
pub use run::run;
pub use server::{ReloadError, Server, StartError};
pub use settings::{Problem, SettingsError, check};
pub use store::{StoreConfig, StoreError, StoreFailure, StorePlace};
pub use tls::TlsError;
