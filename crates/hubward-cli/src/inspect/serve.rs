//! `hubward inspect --serve`: the page on a loopback address, to this machine's browser.
//!
//! Another page of the browser can send requests to a loopback address, and can let its own name resolve to it. So `Host` must be
//! the address of the listener, and `Origin`, if it is sent, its origin. The files are in the program.

use core::error::Error;
use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::request::{Answer, answer};
use crate::Outcome;
use crate::exit::misuse;
use crate::out::{flush_held, stdout};

/// The most bytes of a request's head. A browser sends less than one kilobyte.
const LONGEST: usize = 8 * 1024;
/// The most reads of a head: a client that sends it byte by byte is cut off.
const READS: usize = 16;
/// The most connections at a time.
const CONNECTIONS: usize = 32;
/// The time after a connection that could not be taken.
const PAUSE: Duration = Duration::from_millis(50);
/// The longest wait for a client, at each read and write.
const WAIT: Duration = Duration::from_secs(2);

/// The headers of each answer. A page that is shown in a frame, or that loads anything else, is refused by the browser.
const HEADERS: &str = "\
Connection: close\r\n\
Cache-Control: no-store\r\n\
Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\
Cross-Origin-Opener-Policy: same-origin\r\n\
Cross-Origin-Resource-Policy: same-origin\r\n\
Referrer-Policy: no-referrer\r\n\
X-Content-Type-Options: nosniff\r\n\
X-Frame-Options: DENY\r\n";

/// Serves the page until the program is stopped.
pub(super) fn run(address: SocketAddr) -> Result<Outcome, Box<dyn Error>> {
    if !address.ip().is_loopback() {
        return Err(misuse("the page is served on a loopback address only, such as 127.0.0.1:8710"));
    }
    let listener = TcpListener::bind(address).map_err(|error| format!("{address}: {error}"))?;
    let address = listener.local_addr()?;
    writeln!(stdout(), "page      http://{address}/")?;
    writeln!(stdout(), "until     Ctrl-C")?;
    flush_held()?;
    let connections = Connections::default();
    loop {
        // the system keeps further clients waiting until one connection has ended
        let connection = connections.begin();
        let Ok((stream, _)) = listener.accept() else {
            // such as no free descriptors
            std::thread::sleep(PAUSE);
            continue;
        };
        std::thread::spawn(move || {
            // a client that goes away is no error of the program
            let _ = serve(stream, address);
            drop(connection);
        });
    }
}

/// The number of connections, and a signal that one has ended.
#[derive(Debug, Clone, Default)]
struct Connections(Arc<(Mutex<usize>, Condvar)>);

/// One connection; its end is counted when it is dropped, after a panic too.
struct Connection(Connections);

impl Connections {
    /// Waits until there are fewer than [`CONNECTIONS`], and counts one more.
    fn begin(&self) -> Connection {
        let (count, ended) = &*self.0;
        let count = count.lock().unwrap_or_else(PoisonError::into_inner);
        let mut count =
            ended.wait_while(count, |count| *count >= CONNECTIONS).unwrap_or_else(PoisonError::into_inner);
        *count = count.saturating_add(1);
        Connection(self.clone())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let (count, ended) = &*self.0.0;
        let mut count = count.lock().unwrap_or_else(PoisonError::into_inner);
        *count = count.saturating_sub(1);
        ended.notify_one();
    }
}

/// Answers the one request of a connection.
fn serve(mut stream: TcpStream, address: SocketAddr) -> io::Result<()> {
    stream.set_read_timeout(Some(WAIT))?;
    stream.set_write_timeout(Some(WAIT))?;
    let mut head = Vec::with_capacity(LONGEST);
    let mut buffer = [0; 1024];
    for _ in 0..READS {
        let count = stream.read(&mut buffer)?;
        head.extend_from_slice(buffer.get(..count).unwrap_or_default());
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            head.truncate(end);
            return send(&mut stream, &answer(&head, address));
        }
        if count == 0 || head.len() > LONGEST {
            break;
        }
    }
    send(&mut stream, &Answer::refusal(431, "the head of the request is too long, or is cut"))
}

fn send(stream: &mut TcpStream, answer: &Answer) -> io::Result<()> {
    let Answer { status, reason, content_type, body, head_only } = answer;
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} {reason}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n{HEADERS}\r\n"
    )?;
    if !head_only {
        stream.write_all(body)?;
    }
    stream.flush()
}
