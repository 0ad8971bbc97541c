//! Requests over HTTP/1.1.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Returns the text of a request. `headers` may replace the host.
pub fn text(request: &str, headers: &str, body: &str) -> String {
    let host = if headers.contains("Host:") { "" } else { "Host: localhost\r\n" };
    let length = body.len();
    format!(
        "{request} HTTP/1.1\r\n{host}Connection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

/// Sends a request, and returns the status and the body.
pub async fn send(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
    headers: &str,
    body: &str,
) -> Option<(u16, String)> {
    // a refused request may be answered before its body is read
    let _ = stream.write_all(text(request, headers, body).as_bytes()).await;
    let _ = stream.flush().await;
    read(&mut stream).await
}

/// Reads an answer to its end.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<(u16, String)> {
    let mut answer = Vec::new();
    // the server may close without a close_notify; the bytes before it count
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}
