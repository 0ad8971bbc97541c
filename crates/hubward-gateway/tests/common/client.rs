//! A client that sends given bytes: MQTT 3.1.1 written by hand, and HTTP/1.1.

use std::path::Path;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub type Stream = TlsStream<TcpStream>;

/// Returns a TLS client that trusts this CA, with or without a certificate and a key.
pub fn tls(ca: &Path, own: Option<(&Path, &Path)>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match own {
        None => config.with_no_client_auth(),
        Some((cert, key)) => {
            let chain = CertificateDer::pem_file_iter(cert).unwrap().collect::<Result<_, _>>().unwrap();
            config.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap()).unwrap()
        }
    };
    TlsConnector::from(Arc::new(config))
}

pub async fn dial(tls: &TlsConnector, address: core::net::SocketAddr) -> std::io::Result<Stream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    tls.connect("localhost".try_into().unwrap(), stream).await
}

/// Returns a packet: its first byte, its length and its body (MQTT 3.1.1, 2.2).
pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut left = body.len();
    loop {
        let more = left >= 128;
        bytes.push(u8::try_from(left % 128).unwrap() | if more { 128 } else { 0 });
        left /= 128;
        if !more {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}

fn text(text: &[u8]) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes()[..], text].concat()
}

/// Returns a CONNECT; `will` is the topic of a will with an empty payload.
pub fn connect(client_id: &str, username: &str, password: Option<&str>, will: Option<&str>) -> Vec<u8> {
    let flags = 0b1000_0010
        | if password.is_some() { 0b0100_0000 } else { 0 }
        | if will.is_some() { 0b0000_0100 } else { 0 };
    let will = will.map(|topic| [text(topic.as_bytes()), text(b"")].concat()).unwrap_or_default();
    let password = password.map(|password| text(password.as_bytes())).unwrap_or_default();
    let head = [&text(b"MQTT")[..], &[4, flags, 0, 60]].concat();
    packet(0x10, &[head, text(client_id.as_bytes()), will, text(username.as_bytes()), password].concat())
}

/// Returns a PUBLISH; its packet id is 7 if it has one.
pub fn publish(topic: &str, qos: u8, payload: &[u8]) -> Vec<u8> {
    let id: &[u8] = if qos == 0 { &[] } else { &[0, 7] };
    packet(0x30 | qos << 1, &[&text(topic.as_bytes())[..], id, payload].concat())
}

/// Returns a SUBSCRIBE to these filters at QoS 1.
pub fn subscribe(filters: &[&str]) -> Vec<u8> {
    let filters: Vec<u8> =
        filters.iter().flat_map(|filter| [text(filter.as_bytes()), vec![1]].concat()).collect();
    packet(0x82, &[&[0, 9], &filters[..]].concat())
}

pub const DISCONNECT: [u8; 2] = [0xe0, 0];
pub const PINGREQ: [u8; 2] = [0xc0, 0];
/// The gateway's answer to [`PINGREQ`].
pub const PINGRESP: (u8, Vec<u8>) = (0xd0, Vec::new());

/// Reads the next packet; `None` if the connection has ended.
pub async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> Option<(u8, Vec<u8>)> {
    let first = stream.read_u8().await.ok()?;
    let (mut len, mut shift) = (0, 0);
    loop {
        let byte = stream.read_u8().await.ok()?;
        len |= usize::from(byte & 127) << shift;
        shift += 7;
        if byte < 128 {
            break;
        }
    }
    let mut body = vec![0; len];
    stream.read_exact(&mut body).await.ok()?;
    Some((first, body))
}

/// Sends bytes, and waits for the answer.
pub async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), bytes: &[u8]) -> Option<(u8, Vec<u8>)> {
    stream.write_all(bytes).await.ok()?;
    stream.flush().await.ok()?;
    answer(stream).await
}

/// Returns a CONNACK with this return code.
pub fn connack(code: u8) -> Option<(u8, Vec<u8>)> {
    Some((0x20, vec![0, code]))
}

/// Returns the PUBACK of [`publish`].
pub fn puback() -> Option<(u8, Vec<u8>)> {
    Some((0x40, vec![0, 7]))
}
