//! Connects many devices to a gateway, half of them with tokens and half with certificates, holds the connections, and
//! prints their cost. The gateway is a process of its own, so that its figures are measured alone.
//!
//! `cargo build --release -p hubward-gateway --bins`
//! `cargo run --release -p hubward-gateway --example load -- target/release/hubward-gateway 2000`
//!
//! All connections are on loopback, their number is the argument, and the program ends by itself.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::print_stdout,
    reason = "an example"
)]

#[path = "../tests/common/client.rs"]
mod client;

use core::error::Error;
use core::net::SocketAddr;
use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use client::{Stream, ask, connack, connect, dial, puback, publish, tls};
use hubward::Client;
use hubward::types::{Authority, DeviceId, SymmetricKey, UnixTime};
use hubward_rustcrypto::HmacKey;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

const MQTT: &str = "127.0.0.1:18883";
const HTTPS: &str = "127.0.0.1:18443";
const METRICS: &str = "127.0.0.1:18090";
/// Connections that are opened at one time.
const AT_ONCE: usize = 32;
/// The key of every device.
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// The folder and the gateway of a run; both are removed when it ends.
struct Run {
    folder: PathBuf,
    gateway: Child,
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.gateway.kill();
        let _ = self.gateway.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(program), Some(count)) = (arguments.next(), arguments.next()) else {
        return Err("give the gateway's program and a number of connections".into());
    };
    let count: usize = count.parse()?;
    let folder = std::env::temp_dir().join(format!("hubward-load-{}", std::process::id()));
    fs::create_dir(&folder)?;
    files(&folder, count)?;
    let run = Run { gateway: start(&program, &folder)?, folder };
    let (pid, ca) = (run.gateway.id(), run.folder.join("ca.pem"));
    let without = tls(&ca, None);
    while dial(&without, MQTT.parse()?).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let empty = (resident(pid)?, cpu(pid)?);
    for (what, share) in [("tokens", 0), ("certificates", 1)] {
        let before = (resident(pid)?, cpu(pid)?, authentication_time().await?);
        let watch = stopwatch();
        let streams = connect_all(&run.folder, share, count).await?;
        let took = watch.elapsed().as_secs_f64();
        let after = (resident(pid)?, cpu(pid)?, authentication_time().await?);
        let connections = streams.len() as f64;
        let cpu = after.1 - before.1;
        let authentication = (after.2 - before.2) / 1e9;
        println!(
            "{} connections with {what}: {:.0}/s (client and gateway on one machine); gateway: {:.3} ms of CPU each, \
             of which authentication {:.4} ms ({:.2} %); {:.1} KiB resident each",
            streams.len(),
            connections / took,
            cpu * 1e3 / connections,
            authentication * 1e3 / connections,
            authentication / cpu * 100.0,
            (after.0 - before.0) as f64 / connections,
        );
        // hold the connections while the others are opened
        Box::leak(Box::new(streams));
    }
    let held = (resident(pid)?, cpu(pid)?);
    println!("held: {} KiB resident, {} KiB before the first", held.0, empty.0);
    let (status, text) = metrics().await?;
    let open = text.lines().find(|line| line.starts_with("hubward_identities_connected")).unwrap_or_default();
    println!("{status} {open}");
    Ok(())
}

/// Writes the files of `dev{n}`: even ones have a key, odd ones a certificate of the CA in their name.
fn files(folder: &Path, count: usize) -> Result<(), Box<dyn Error>> {
    let write = |name: &str, content: &str| fs::write(folder.join(name), content);
    let (ca_key, server_key) = (KeyPair::generate()?, KeyPair::generate()?);
    let named = |name: &str| -> Result<CertificateParams, rcgen::Error> {
        let mut params = CertificateParams::new([])?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        Ok(params)
    };
    let mut ca = named("load")?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    write("ca.pem", &ca.self_signed(&ca_key)?.pem())?;
    let issuer = Issuer::from_params(&ca, &ca_key);
    let server = CertificateParams::new(["localhost".to_owned()])?.signed_by(&server_key, &issuer)?;
    write("server.pem", &server.pem())?;
    write("server.key", &server_key.serialize_pem())?;
    let mut lines = String::new();
    for n in 0..count {
        let id = format!("dev{n}");
        let authentication = if n % 2 == 0 {
            json!({ "type": "sas", "symmetricKey": { "primaryKey": KEY, "secondaryKey": KEY } })
        } else {
            let mut device = named(&id)?;
            device.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            device.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            let key = KeyPair::generate()?;
            write(&format!("{id}.pem"), &device.signed_by(&key, &issuer)?.pem())?;
            write(&format!("{id}.key"), &key.serialize_pem())?;
            json!({ "type": "certificateAuthority" })
        };
        lines += &json!({ "id": id, "status": "enabled", "authentication": authentication }).to_string();
        lines.push('\n');
    }
    write("devices.jsonl", &lines)?;
    write("policies.json", "[]")?;
    Ok(())
}

fn start(program: &str, folder: &Path) -> std::io::Result<Child> {
    let file = |name: &str| folder.join(name);
    Command::new(program)
        .args(["serve", "--hub", "localhost", "--mqtt", MQTT, "--https", HTTPS, "--metrics", METRICS])
        // all connections have one address
        .args(["--connections-per-address", "0"])
        .arg("--registry")
        .arg(file("devices.jsonl"))
        .arg("--policies")
        .arg(file("policies.json"))
        .arg("--cert")
        .arg(file("server.pem"))
        .arg("--key")
        .arg(file("server.key"))
        .arg("--client-ca")
        .arg(file("ca.pem"))
        .stderr(Stdio::null())
        .spawn()
}

/// Connects every second device, sends a message from each, and returns the connections.
async fn connect_all(folder: &Path, first: usize, count: usize) -> Result<Vec<Stream>, Box<dyn Error>> {
    let key = HmacKey::new(&SymmetricKey::from_base64(KEY)?);
    let address: SocketAddr = MQTT.parse()?;
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let ca = folder.join("ca.pem");
    let with_token = tls(&ca, None);
    let mut tasks = Vec::new();
    for n in (first..count).step_by(2) {
        let id = format!("dev{n}");
        let (password, tls) = if n % 2 == 0 {
            let host = Authority::parse("localhost")?;
            let until = UnixTime::since_unix_epoch(now() + Duration::from_secs(3600));
            let token = Client::device(host, DeviceId::parse(&id)?).token(until).sign(&key).to_string();
            (Some(token), with_token.clone())
        } else {
            let file = |ending| folder.join(format!("{id}.{ending}"));
            (None, tls(&ca, Some((&file("pem"), &file("key")))))
        };
        let permit = Arc::clone(&permits).acquire_owned().await?;
        tasks.push(tokio::spawn(async move {
            let mut stream = dial(&tls, address).await.unwrap();
            let username = format!("localhost/{id}/?api-version=2021-04-12");
            let connect = connect(&id, &username, password.as_deref(), None);
            assert_eq!(ask(&mut stream, &connect).await, connack(0));
            let topic = format!("devices/{id}/messages/events/");
            assert_eq!(ask(&mut stream, &publish(&topic, 1, b"21.5")).await, puback());
            drop(permit);
            stream
        }));
    }
    let mut streams = Vec::new();
    for task in tasks {
        streams.push(task.await?);
    }
    Ok(streams)
}

async fn metrics() -> Result<(String, String), Box<dyn Error>> {
    let mut stream = TcpStream::connect(METRICS).await?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    Ok((head.lines().next().unwrap_or_default().into(), body.into()))
}

/// Returns the nanoseconds of all successful authentications, from the gateway's metrics.
async fn authentication_time() -> Result<f64, Box<dyn Error>> {
    let (_, text) = metrics().await?;
    let line = text.lines().find(|line| line.starts_with("hubward_admission_seconds_sum "));
    let seconds: f64 = line.and_then(|line| line.rsplit(' ').next()).ok_or("no such metric")?.parse()?;
    Ok(seconds * 1e9)
}

/// Returns the resident memory in KiB.
fn resident(pid: u32) -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Returns the seconds of CPU time; Linux counts a hundred ticks a second.
fn cpu(pid: u32) -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / 100.0)
}

#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn stopwatch() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a token is for the gateway's clock")]
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
