//! The answer to a request for the page: four files, to a request that was sent to this address.

use core::net::SocketAddr;

/// The files of the page, with their types.
const FILES: [(&str, &str, &[u8]); 5] = [
    ("/", "text/html; charset=utf-8", include_bytes!("../../page/index.html")),
    ("/index.html", "text/html; charset=utf-8", include_bytes!("../../page/index.html")),
    ("/style.css", "text/css; charset=utf-8", include_bytes!("../../page/style.css")),
    ("/page.js", "text/javascript; charset=utf-8", include_bytes!("../../page/page.js")),
    ("/hubward.wasm", "application/wasm", include_bytes!("../../page/hubward.wasm")),
];

/// An answer of HTTP.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) reason: &'static str,
    pub(super) content_type: &'static str,
    pub(super) body: &'static [u8],
    /// The request was HEAD.
    pub(super) head_only: bool,
}

impl Answer {
    /// Returns an answer without a file.
    pub(super) const fn refusal(status: u16, text: &'static str) -> Self {
        let reason = match status {
            400 => "Bad Request",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            421 => "Misdirected Request",
            _ => "Request Header Fields Too Large",
        };
        let content_type = "text/plain; charset=utf-8";
        Self { status, reason, content_type, body: text.as_bytes(), head_only: false }
    }
}

/// Returns the answer to a request's head, without its empty line, at a listener with this address.
pub(super) fn answer(head: &[u8], address: SocketAddr) -> Answer {
    let Some(request) = Request::parse(head) else {
        return Answer::refusal(400, "the request is malformed");
    };
    let localhost = format!("localhost:{}", address.port());
    let is_own = |host: &str| {
        // a browser leaves out port 80
        let host =
            if address.port() == 80 && !host.ends_with(":80") { format!("{host}:80") } else { host.into() };
        host == address.to_string() || host.eq_ignore_ascii_case(&localhost)
    };
    // a name that another page lets resolve to this address is not served
    if !is_own(request.host) {
        return Answer::refusal(421, "the request is for another host");
    }
    let is_own_origin = |origin: &str| origin.strip_prefix("http://").is_some_and(is_own);
    if request.origin.is_some_and(|origin| !is_own_origin(origin)) {
        return Answer::refusal(403, "the request is from another page");
    }
    if !matches!(request.method, "GET" | "HEAD") {
        return Answer::refusal(405, "only GET and HEAD are answered");
    }
    let Some((_, content_type, body)) = FILES.iter().find(|(path, ..)| *path == request.path) else {
        return Answer::refusal(404, "there is no such file");
    };
    Answer { status: 200, reason: "OK", content_type, body, head_only: request.method == "HEAD" }
}

struct Request<'h> {
    method: &'h str,
    path: &'h str,
    host: &'h str,
    origin: Option<&'h str>,
}

impl<'h> Request<'h> {
    /// Parses a head. A header that decides must occur at most once, and `Host` must occur.
    fn parse(head: &'h [u8]) -> Option<Self> {
        let head = str::from_utf8(head).ok()?;
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, path, version) = (words.next()?, words.next()?, words.next()?);
        if words.next().is_some() || !matches!(version, "HTTP/1.1" | "HTTP/1.0") {
            return None;
        }
        let (mut host, mut origin) = (None, None);
        for line in lines {
            let (name, value) = line.split_once(':')?;
            // RFC 9112 5.1: white space before the colon, or at the start of a continued line, is refused
            if name.is_empty() || name.contains([' ', '\t']) {
                return None;
            }
            let place = match name.to_ascii_lowercase().as_str() {
                "host" => &mut host,
                "origin" => &mut origin,
                _ => continue,
            };
            if place.replace(value.trim()).is_some() {
                return None;
            }
        }
        Some(Self { method, path, host: host?, origin })
    }
}

#[cfg(test)]
mod tests {
    use super::answer;

    fn status(head: &str) -> u16 {
        answer(head.as_bytes(), ([127, 0, 0, 1], 8710).into()).status
    }

    #[test]
    fn a_head_is_judged_before_the_file_is_looked_up() {
        for (head, expected) in [
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1:8710", 200),
            ("GET /index.html HTTP/1.1\r\nhost: LOCALHOST:8710", 200),
            ("GET /page.js HTTP/1.1\r\nHost: localhost:8710\r\nOrigin: http://localhost:8710", 200),
            ("HEAD / HTTP/1.0\r\nHost: 127.0.0.1:8710", 200),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1", 421),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1:8711", 421),
            ("GET / HTTP/1.1\r\nHost: attacker.example:8710", 421),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1:8710.attacker.example", 421),
            ("GET / HTTP/1.1\r\nHost: [::1]:8710", 421),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1:8710\r\nOrigin: http://attacker.example", 403),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1:8710\r\nOrigin: https://127.0.0.1:8710", 403),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1:8710\r\nOrigin: null", 403),
            ("POST / HTTP/1.1\r\nHost: 127.0.0.1:8710", 405),
            ("GET /../Cargo.toml HTTP/1.1\r\nHost: 127.0.0.1:8710", 404),
            ("GET //index.html HTTP/1.1\r\nHost: 127.0.0.1:8710", 404),
            ("GET http://127.0.0.1:8710/ HTTP/1.1\r\nHost: 127.0.0.1:8710", 404),
            ("GET / HTTP/1.1", 400),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1:8710\r\nHost: attacker.example", 400),
            ("GET / HTTP/1.1\r\nHost : 127.0.0.1:8710", 400),
            ("GET / HTTP/2\r\nHost: 127.0.0.1:8710", 400),
            ("GET  / HTTP/1.1\r\nHost: 127.0.0.1:8710", 400),
            ("", 400),
        ] {
            assert_eq!(status(head), expected, "{head}");
        }
        assert_eq!(answer(b"GET / HTTP/1.1\r\nHost: \xff", ([127, 0, 0, 1], 8710).into()).status, 400);
    }
}
