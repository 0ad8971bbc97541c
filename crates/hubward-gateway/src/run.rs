//! The program: starts a gateway from the command line, and ends it on a signal.

use core::error::Error;
use core::time::Duration;
use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};

use hubward_store::FeedTimes;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::config::{Arguments, Command, Config, LogFormat, Serve};
use crate::descriptors;
use crate::dev::Dev;
use crate::files::Applied;
use crate::limits::Limits;
use crate::server::Server;
use crate::service_manager::{self, Phase};
use crate::settings::{SettingsFile, check};
use crate::store::{StoreConfig, StorePlace};

/// Runs the program until a signal ends it.
///
/// # Errors
/// Returns the reason why the gateway did not start, as a text for the user.
pub fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let (settings, serve) = match arguments.command {
        Command::Check { file } => return Ok(check(&file)?),
        Command::Serve(serve) => match &serve.config {
            Some(file) => {
                // the words after the program's name and `serve`
                let (settings, serve) = SettingsFile::open(file, std::env::args_os().skip(2).collect())?;
                (Some(settings), serve)
            }
            None => (None, *serve),
        },
    };
    let filter = EnvFilter::try_from_default_env().or_else(|_| EnvFilter::try_new("info"))?;
    let colours = std::io::stderr().is_terminal();
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    match serve.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).with_ansi(false).init(),
    }
    // signals and the shutdown timeout run on a thread of their own, so that connections cannot delay them
    let signals = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let serving = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = signals.block_on(until_a_signal(serve, settings, &serving));
    serving.shutdown_background();
    result
}

async fn until_a_signal(
    serve: Serve,
    mut settings: Option<SettingsFile>,
    serving: &Runtime,
) -> Result<(), Box<dyn Error>> {
    let dev = if serve.dev { Some(Dev::create()?) } else { None };
    let mut config = match &dev {
        Some(dev) => dev_config(dev, serve),
        None => serve.config().ok_or("give --hub, --registry, --policies, --cert and --key, or --dev")?,
    };
    fit(&mut config.limits);
    // registered before anything is served: a process that waits for the address may send a signal at once
    let (mut terminate, mut interrupt, mut hang_up) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?);
    let server = serving.spawn(Server::start(config)).await??;
    for (name, address) in [
        ("mqtt", server.mqtt()),
        ("https", server.https()),
        ("amqps", server.amqps()),
        ("metrics", server.metrics_address()),
        ("console", server.console()),
    ] {
        if let Some(address) = address {
            tracing::info!(%address, "{name} is served");
        }
    }
    if let Some(dev) = &dev {
        print_dev(dev, &server)?;
    }
    service_manager::tell(Phase::Ready);
    let watchdog = service_manager::watchdog();
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            () = tokio::time::sleep(watchdog.unwrap_or(Duration::MAX)), if watchdog.is_some() => {
                service_manager::sign_of_life(serving, watchdog.unwrap_or_default()).await;
            }
            _ = hang_up.recv() => {
                service_manager::tell(Phase::Reloading);
                reload(&server, settings.as_mut());
                service_manager::tell(Phase::Ready);
            }
        }
    }
    tracing::info!("stopping");
    service_manager::tell(Phase::Stopping);
    // a second signal ends the sessions at once
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = server.drain() => {}
    }
    if !server.shutdown().await {
        tracing::warn!("connections were cut");
    }
    Ok(())
}

/// Lowers the numbers of connections to the limit on open files.
fn fit(limits: &mut Limits) {
    if descriptors::fit(limits) {
        let Limits { max_connections, max_unproven, .. } = limits;
        tracing::warn!(max_connections, max_unproven, "lowered to the limit on open files (ulimit -n)");
    }
}

/// Reads the file of settings and the other files again, and logs the result.
fn reload(server: &Server, settings: Option<&mut SettingsFile>) {
    let applied = match settings {
        Some(settings) => reload_settings(server, settings),
        None => server.reload().map_err(Into::into),
    };
    match applied {
        Ok(Applied { set, deleted, refused }) if deleted > 0 => {
            tracing::warn!(set, deleted, refused, "files read again; identities or policies were deleted");
        }
        Ok(Applied { set, deleted, refused }) => tracing::info!(set, deleted, refused, "files read again"),
        Err(error) => tracing::error!(%error, "files not applied; everything is as before"),
    }
}

/// Reads the file of settings again, and applies the settings that can change while the gateway runs.
fn reload_settings(server: &Server, settings: &mut SettingsFile) -> Result<Applied, Box<dyn Error>> {
    let mut read = settings.read()?;
    let mut config =
        read.take_config().ok_or("these settings are missing: `policies`, unless `registry` is durable")?;
    fit(&mut config.limits);
    let applied = server.reload_with(&config)?;
    settings.applied(&read);
    let names = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    if !read.applicable.is_empty() {
        tracing::info!(settings = names(&read.applicable).as_str(), "settings changed");
    }
    if !read.restart.is_empty() {
        tracing::warn!(
            settings = names(&read.restart).as_str(),
            "these settings need a restart; they are as before"
        );
    }
    Ok(applied)
}

/// Returns the configuration of a `--dev` hub, with the other arguments of the command line applied.
fn dev_config(dev: &Dev, serve: Serve) -> Config {
    let mqtt = serve.mqtt.unwrap_or_else(|| "localhost:8883".into());
    let https = serve.https.unwrap_or_else(|| "localhost:8443".into());
    let config = dev.config(&mqtt, &https);
    let hub = serve.hub.unwrap_or_else(|| config.hub.clone());
    // clients sign tokens for the address that they connect to
    let port = https.rsplit(':').next().unwrap_or_default();
    let aliases = serve.alias.into_iter().chain(["localhost".into(), format!("localhost:{port}")]).collect();
    let amqps = Some(serve.amqps.unwrap_or_else(|| "localhost:5671".into()));
    let (users, metrics, strict, limits) = (serve.users, serve.metrics, serve.strict, serve.limits);
    let provisioning = serve.provisioning;
    let (max_delete_share, events, console) = (serve.max_delete_share, serve.events, serve.console);
    // the files are the first content of a durable registry
    let place = StorePlace::Sqlite(dev.file("hub.db"));
    let store = Some(StoreConfig { place, key_file: None, authorities: None });
    let feed = FeedTimes { timeout: serve.feed_timeout, grace: serve.feed_grace };
    // SDKs ask for the twin when they connect
    let empty_twins = true;
    Config {
        hub,
        aliases,
        store,
        feed,
        max_delete_share,
        provisioning,
        amqps,
        events,
        metrics,
        console,
        users,
        strict,
        empty_twins,
        limits,
        ..config
    }
}

fn print_dev(dev: &Dev, server: &Server) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "A hub in a temporary folder; it is gone when this program ends.\n")?;
    writeln!(out, "server's CA     {}", dev.file("ca.pem").display())?;
    writeln!(out, "device          {}", *dev.device())?;
    writeln!(out, "module          {}", *dev.module())?;
    writeln!(
        out,
        "X.509 device    HostName=localhost;DeviceId=dev-x509;x509=true\n                with {} and {}",
        dev.file("dev-x509.pem").display(),
        dev.file("dev-x509.key").display()
    )?;
    if let Some(address) = server.https() {
        writeln!(out, "service         {}", *dev.service(address.port()))?;
        let curl = format!(
            "curl --cacert {} https://localhost:{}/healthz",
            dev.file("ca.pem").display(),
            address.port()
        );
        writeln!(out, "\n{curl}")?;
    }
    if let Some(address) = server.mqtt() {
        writeln!(out, "MQTT is served at {address}.")?;
    }
    if let Some(address) = server.amqps() {
        writeln!(
            out,
            "AMQP is served at {address}; a service uses `HostName=localhost` there, without a port."
        )?;
    }
    Ok(())
}
