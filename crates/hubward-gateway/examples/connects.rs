//! Compares the CPU time of one connection at the gateway and at Mosquitto: the same client, TLS 1.3 with one cipher suite, a
//! full handshake each, a CONNECT with a username and a password, and a DISCONNECT. Rounds alternate, in one run.
//!
//! `live/mosquitto.sh` calls it. The password is a SAS token at the gateway, and a text of the same length in the password file
//! of Mosquitto. Figures are the CPU time of all threads of the server, from /proc.
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
use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use client::{DISCONNECT, Stream, answer, connack, connect, dial};
use hubward::Client;
use hubward::types::{Authority, DeviceId, SymmetricKey, UnixTime};
use hubward_rustcrypto::HmacKey;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::client::Resumption;
use rustls::crypto::ring::cipher_suite::TLS13_AES_256_GCM_SHA384;
use rustls::crypto::ring::{default_provider, kx_group};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;

const GATEWAY: &str = "127.0.0.1:28883";
const WEBSOCKETS: &str = "127.0.0.1:28443";
const MOSQUITTO: &str = "127.0.0.1:28884";
/// Connections that are open at one time.
const AT_ONCE: usize = 4;
/// The key of every device.
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// A server of a run.
#[derive(Clone, Copy, PartialEq)]
enum To {
    Gateway,
    WebSockets,
    Mosquitto,
}

/// The folder and the processes, which end with the run.
struct Run {
    folder: PathBuf,
    servers: Vec<Child>,
}

impl Drop for Run {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [gateway, mosquitto, count, rounds] = arguments.as_slice() else {
        return Err(
            "give the programs of the gateway and of mosquitto, the connections of a round, and the rounds"
                .into(),
        );
    };
    let (count, rounds): (usize, usize) = (count.parse()?, rounds.parse()?);
    let folder = std::env::temp_dir().join(format!("hubward-connects-{}", std::process::id()));
    fs::create_dir(&folder)?;
    let mut run = Run { folder, servers: Vec::new() };
    let passwords = files(&run.folder, count)?;
    run.servers.push(start_gateway(gateway, &run.folder)?);
    run.servers.push(start_mosquitto(mosquitto, &run.folder)?);
    let pids = [run.servers[0].id(), run.servers[1].id()];
    let tls = connector(&run.folder.join("ca.pem"))?;
    for address in [GATEWAY, WEBSOCKETS, MOSQUITTO] {
        let mut tries = 0;
        while dial(&tls, address.parse()?).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
            tries += 1;
            if tries > 300 {
                return Err(format!("nothing is served at {address}").into());
            }
        }
    }
    let targets = [
        (To::Gateway, "gateway, MQTT"),
        (To::WebSockets, "gateway, WebSockets"),
        (To::Mosquitto, "Mosquitto, MQTT"),
    ];
    let mut figures: [Vec<f64>; 3] = Default::default();
    for round in 0..=rounds {
        for (at, (to, name)) in targets.into_iter().enumerate() {
            let pid = if to == To::Mosquitto { pids[1] } else { pids[0] };
            let before = cpu(pid)?;
            connect_all(to, &tls, &passwords).await?;
            let each = (cpu(pid)? - before) / count as f64;
            // the first round warms up
            if round > 0 {
                println!("round {round}: {name}: {each:.3} ms of CPU a connection");
                figures[at].push(each);
            }
        }
    }
    let [gateway, websockets, mosquitto] = figures.map(median);
    println!(
        "median: gateway {gateway:.3} ms, over WebSockets {websockets:.3} ms, Mosquitto {mosquitto:.3} ms"
    );
    println!(
        "connections per second of CPU: gateway {:.0}, over WebSockets {:.0}, Mosquitto {:.0}",
        1e3 / gateway,
        1e3 / websockets,
        1e3 / mosquitto
    );
    println!(
        "compared with Mosquitto: {:.2} times as many, over WebSockets {:.2} times",
        mosquitto / gateway,
        mosquitto / websockets
    );
    Ok(())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Writes the files of both servers; returns the password of each device.
fn files(folder: &Path, count: usize) -> Result<Vec<String>, Box<dyn Error>> {
    let write = |name: &str, content: &str| fs::write(folder.join(name), content);
    let (ca_key, server_key) = (KeyPair::generate()?, KeyPair::generate()?);
    let mut ca = CertificateParams::new([])?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    write("ca.pem", &ca.self_signed(&ca_key)?.pem())?;
    let issuer = Issuer::from_params(&ca, &ca_key);
    let server = CertificateParams::new(["localhost".to_owned()])?.signed_by(&server_key, &issuer)?;
    write("server.pem", &server.pem())?;
    write("server.key", &server_key.serialize_pem())?;
    let key = HmacKey::new(&SymmetricKey::from_base64(KEY)?);
    let host = Authority::parse("localhost")?;
    #[expect(clippy::disallowed_methods, reason = "a token is for the gateway's clock")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let until = UnixTime::since_unix_epoch(now + Duration::from_secs(3600));
    let (mut lines, mut users, mut passwords) = (String::new(), String::new(), Vec::new());
    for n in 0..count {
        let id = format!("dev{n}");
        let token = Client::device(host, DeviceId::parse(&id)?).token(until).sign(&key).to_string();
        let authentication =
            json!({ "type": "sas", "symmetricKey": { "primaryKey": KEY, "secondaryKey": KEY } });
        lines += &json!({ "id": id, "status": "enabled", "authentication": authentication }).to_string();
        lines.push('\n');
        // of the same length; a password file cannot have every character
        let password: String =
            token.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        users += &format!("{id}:{password}\n");
        passwords.push(token);
    }
    write("devices.jsonl", &lines)?;
    write("policies.json", "[]")?;
    write("users", &users)?;
    let hashed = Command::new("mosquitto_passwd").arg("-U").arg(folder.join("users")).status()?;
    if !hashed.success() {
        return Err("mosquitto_passwd failed".into());
    }
    let file = |name: &str| folder.join(name).display().to_string();
    write(
        "mosquitto.conf",
        &format!(
            "user root\nallow_anonymous false\npassword_file {}\nlistener 28884 127.0.0.1\ncertfile {}\nkeyfile {}\n",
            file("users"),
            file("server.pem"),
            file("server.key")
        ),
    )?;
    Ok(passwords)
}

fn start_gateway(program: &str, folder: &Path) -> std::io::Result<Child> {
    let file = |name: &str| folder.join(name);
    Command::new(program)
        .args(["serve", "--hub", "localhost", "--mqtt", GATEWAY, "--https", WEBSOCKETS])
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
        .stderr(Stdio::null())
        .spawn()
}

fn start_mosquitto(program: &str, folder: &Path) -> std::io::Result<Child> {
    let conf = folder.join("mosquitto.conf");
    Command::new(program).arg("-c").arg(conf).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// Returns a client that resumes no session, and offers one cipher suite and one group.
fn connector(ca: &Path) -> Result<TlsConnector, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca)?)?;
    let mut provider = default_provider();
    provider.cipher_suites = vec![TLS13_AES_256_GCM_SHA384];
    provider.kx_groups = vec![kx_group::X25519];
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Connects each device once, some at a time.
async fn connect_all(to: To, tls: &TlsConnector, passwords: &[String]) -> Result<(), Box<dyn Error>> {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = Vec::new();
    for (n, token) in passwords.iter().enumerate() {
        let (permit, tls) = (Arc::clone(&permits).acquire_owned().await?, tls.clone());
        let (id, token) = (format!("dev{n}"), token.clone());
        tasks.push(tokio::spawn(async move {
            one(to, &tls, &id, &token).await.unwrap();
            drop(permit);
        }));
    }
    for task in tasks {
        task.await?;
    }
    Ok(())
}

async fn one(to: To, tls: &TlsConnector, id: &str, token: &str) -> Result<(), Box<dyn Error>> {
    let username = format!("localhost/{id}/?api-version=2021-04-12");
    match to {
        To::Gateway => {
            let mut stream = dial(tls, GATEWAY.parse()?).await?;
            stream.write_all(&connect(id, &username, Some(token), None)).await?;
            stream.flush().await?;
            assert_eq!(answer(&mut stream).await, connack(0));
            end(stream, &DISCONNECT).await
        }
        To::Mosquitto => {
            let mut stream = dial(tls, MOSQUITTO.parse()?).await?;
            let password: String =
                token.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
            stream.write_all(&connect(id, id, Some(&password), None)).await?;
            stream.flush().await?;
            assert_eq!(answer(&mut stream).await, connack(0));
            end(stream, &DISCONNECT).await
        }
        To::WebSockets => {
            let mut stream = dial(tls, WEBSOCKETS.parse()?).await?;
            let request = "GET /$iothub/websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
                 Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";
            stream.write_all(request.as_bytes()).await?;
            stream.flush().await?;
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await?);
            }
            stream.write_all(&frame(&connect(id, &username, Some(token), None))).await?;
            stream.flush().await?;
            // the head of an unmasked frame of four bytes
            assert_eq!((stream.read_u8().await?, stream.read_u8().await?), (0x82, 4));
            assert_eq!(answer(&mut stream).await, connack(0));
            end(stream, &frame(&DISCONNECT)).await
        }
    }
}

/// Sends the last bytes, and waits until the server has closed the connection.
async fn end(mut stream: Stream, last: &[u8]) -> Result<(), Box<dyn Error>> {
    stream.write_all(last).await?;
    stream.flush().await?;
    let _ = stream.read_to_end(&mut Vec::new()).await;
    Ok(())
}

/// Returns a binary frame with a mask of zeros.
fn frame(payload: &[u8]) -> Vec<u8> {
    let length = payload.len();
    let head = match u8::try_from(length) {
        Ok(short @ 0..126) => vec![0x82, 0x80 | short],
        _ => [&[0x82, 0x80 | 126][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
    };
    [&head[..], &[0; 4], payload].concat()
}

/// Returns the milliseconds of CPU time of all threads. The kernel counts them in nanoseconds.
fn cpu(pid: u32) -> Result<f64, Box<dyn Error>> {
    let mut nanoseconds = 0.0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += text.split(' ').next().unwrap_or_default().parse::<f64>()?;
    }
    Ok(nanoseconds / 1e6)
}
