//! The program: starts what the command line says, and ends on a signal.

use core::error::Error;
use std::io::{IsTerminal, Write};

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::config::{Arguments, Command, Config, Serve};
use crate::descriptors;
use crate::dev::Dev;
use crate::limits::Limits;
use crate::server::Server;

/// Runs the program until a signal ends it.
///
/// # Errors
/// Why it did not start, in words for its user.
pub fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let Command::Serve(serve) = arguments.command;
    let filter = EnvFilter::try_from_default_env().or_else(|_| EnvFilter::try_new("info"))?;
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    // signals and the time of the end have a thread of their own: they are heard whatever those who are served do
    let signals = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let serving = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = signals.block_on(until_a_signal(serve, &serving));
    serving.shutdown_background();
    ended
}

async fn until_a_signal(serve: Serve, serving: &Runtime) -> Result<(), Box<dyn Error>> {
    let dev = if serve.dev { Some(Dev::create()?) } else { None };
    let mut config = match &dev {
        Some(dev) => dev_config(dev, serve),
        None => serve.config().ok_or("--hub, --registry, --policies, --cert and --key are needed")?,
    };
    if descriptors::fit(&mut config.limits) {
        let Limits { max_connections, max_unproven, .. } = config.limits;
        tracing::warn!(max_connections, max_unproven, "lowered to the limit on open files (ulimit -n)");
    }
    // before anything is served: whoever waits for the address to answer may signal at once
    let (mut terminate, mut interrupt, mut hang_up) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?);
    let server = serving.spawn(Server::start(config)).await??;
    for (name, address) in [
        ("mqtt", server.mqtt()),
        ("https", server.https()),
        ("amqps", server.amqps()),
        ("metrics", server.metrics_address()),
    ] {
        if let Some(address) = address {
            tracing::info!(%address, "{name} is served");
        }
    }
    if let Some(dev) = &dev {
        print_dev(dev, &server)?;
    }
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hang_up.recv() => match server.reload() {
                Ok(applied) if applied.deleted > 0 => tracing::warn!(
                    set = applied.set,
                    deleted = applied.deleted,
                    refused = applied.refused,
                    "files read again; identities or policies were deleted"
                ),
                Ok(applied) => tracing::info!(
                    set = applied.set,
                    deleted = applied.deleted,
                    refused = applied.refused,
                    "files read again"
                ),
                Err(error) => tracing::error!(%error, "files not applied; all is as it was"),
            },
        }
    }
    tracing::info!("stopping");
    if !server.shutdown().await {
        tracing::warn!("connections were cut");
    }
    Ok(())
}

/// The folder's files, and what the command line says beside.
fn dev_config(dev: &Dev, serve: Serve) -> Config {
    let mqtt = serve.mqtt.unwrap_or_else(|| "localhost:8883".into());
    let https = serve.https.unwrap_or_else(|| "localhost:8443".into());
    let config = dev.config(&mqtt, &https);
    let hub = serve.hub.unwrap_or_else(|| config.hub.clone());
    // clients sign for the address that they were given
    let port = https.rsplit(':').next().unwrap_or_default();
    let aliases = serve.alias.into_iter().chain(["localhost".into(), format!("localhost:{port}")]).collect();
    let amqps = Some(serve.amqps.unwrap_or_else(|| "localhost:5671".into()));
    let (users, metrics, strict, limits) = (serve.users, serve.metrics, serve.strict, serve.limits);
    let max_delete_share = serve.max_delete_share;
    Config { hub, aliases, max_delete_share, amqps, metrics, users, strict, limits, ..config }
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
            "AMQP is served at {address}; there a service calls `HostName=localhost`, without a port."
        )?;
    }
    Ok(())
}
