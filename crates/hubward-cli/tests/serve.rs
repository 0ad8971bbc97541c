//! `hubward inspect --serve`: the rules of the server, by its own socket.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};

struct Server {
    child: Child,
    host: String,
    /// Kept open: a program whose output is closed ends.
    _output: BufReader<ChildStdout>,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hubward"))
            .args(["inspect", "--serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let host = line.trim().strip_prefix("page      http://").unwrap().trim_end_matches('/').to_owned();
        Self { child, host, _output: output }
    }

    /// Sends bytes, and returns the status and the answer.
    fn send(&self, request: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        // the server may answer and close before it has read a long request
        let _ = stream.write_all(request);
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        (status, answer)
    }

    fn get(&self, path: &str, headers: &str) -> (u16, String) {
        let host = &self.host;
        self.send(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n").as_bytes())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_page_is_served_to_its_own_address_only() {
    let server = Server::start();
    for (path, content_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/page.js", "text/javascript; charset=utf-8"),
        ("/hubward.wasm", "application/wasm"),
    ] {
        let (status, answer) = server.get(path, "");
        assert_eq!(status, 200, "{path}");
        for header in [
            format!("Content-Type: {content_type}\r\n"),
            "Content-Security-Policy: default-src 'none';".to_owned(),
            "frame-ancestors 'none'\r\n".to_owned(),
            "X-Content-Type-Options: nosniff\r\n".to_owned(),
        ] {
            assert!(answer.contains(&header), "{path}: no {header}");
        }
    }
    assert_eq!(server.get("/", &format!("Origin: http://{}\r\n", server.host)).0, 200);
    assert_eq!(server.get("/", "Origin: http://attacker.example\r\n").0, 403);
    assert_eq!(server.get("/Cargo.toml", "").0, 404);
    assert_eq!(server.send(b"GET / HTTP/1.1\r\nHost: attacker.example\r\n\r\n").0, 421);
    let post = format!("POST / HTTP/1.1\r\nHost: {}\r\nContent-Length: 1\r\n\r\nx", server.host);
    assert_eq!(server.send(post.as_bytes()).0, 405);
}

#[test]
fn requests_are_bounded() {
    let server = Server::start();
    // a long head is refused, or the connection is reset before the answer is read
    let long = format!("X-Long: {}\r\n", "a".repeat(64 * 1024));
    assert!(matches!(server.get("/", &long).0, 431 | 0));
    assert_eq!(server.send(b"GET / HTTP/1.1\r\nHost: ").0, 431, "a head that is cut");
    // connections that send nothing do not keep others out for longer than their wait
    let idle: Vec<_> = (0..40).filter_map(|_| TcpStream::connect(&server.host).ok()).collect();
    drop(idle);
    assert_eq!(server.get("/style.css", "").0, 200);
}

#[test]
fn other_addresses_are_misuse() {
    for address in ["0.0.0.0:0", "192.0.2.1:8710", "[::]:0", "localhost", "8710"] {
        let output = Command::new(env!("CARGO_BIN_EXE_hubward"))
            .args(["inspect", "--serve", address])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{address}");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_hubward"))
        .args(["inspect", "--serve", "--now", "2029-01-01"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "the time of the page is the browser's");
}

#[test]
fn the_page_requests_nothing_from_elsewhere() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
    for file in ["index.html", "style.css", "page.js"] {
        let text = std::fs::read_to_string(page.join(file)).unwrap();
        for word in ["://", "innerHTML", "insertAdjacentHTML", "document.write", "eval(", "url(", "@import"] {
            assert!(!text.contains(word), "{file} has {word}");
        }
    }
}
