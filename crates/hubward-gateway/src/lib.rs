#![doc = include_str!("../README.md")]

mod addresses;
mod amqp;
mod clock;
mod config;
mod connections;
mod console;
mod crl_files;
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
mod live_config;
mod messages;
mod metrics;
mod metrics_listener;
mod mqtt;
mod operation_text;
mod peer;
mod provisioning;
mod recent;
mod records;
mod revocation;
mod roster;
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
mod users;
mod wakes;
mod websocket;

pub use amqp::{EventsEndpoint, EventsEndpointError};
pub use config::{Arguments, Command, Config, LogFormat, Serve};
pub use console::{ConsoleAddress, ConsoleAddressError};
pub use crl_files::CrlError;
pub use dev::{Dev, DevError};
pub use files::{Applied, FilesError};
pub use limits::Limits;
pub use messages::{
    Ack, CloudMessage, CloudMessages, Delivery, Ended, LockLost, MessagesInMemory, Outcome, QueueFull,
    Settlement,
};
pub use provisioning::{AssignedDevice, Assignment, AssignmentRequest, ProvisioningError};
pub use revocation::{CrlArguments, CrlConfig, CrlUnknown};
pub use run::run;
pub use server::{ReloadError, Server, StartError};
pub use settings::{Problem, SettingsError, check};
pub use store::{StoreConfig, StoreError, StoreFailure, StorePlace};
pub use tls::TlsError;
pub use users::UsersError;
