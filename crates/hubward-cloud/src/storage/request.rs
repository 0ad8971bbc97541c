//! [`RequestParameters`]: the headers and query parameters of a request, as far as a token signs them.

use crate::sink::Sink;
use crate::text::Text;

/// Headers and query parameters of a request: names and decoded values. A token that names some of them in `srh` or
/// `srq` is only valid with these values.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestParameters<'r> {
    headers: &'r [(&'r str, &'r str)],
    query: &'r [(&'r str, &'r str)],
}

impl<'r> RequestParameters<'r> {
    /// Takes the headers and the query parameters of a request.
    #[must_use]
    pub const fn new(headers: &'r [(&'r str, &'r str)], query: &'r [(&'r str, &'r str)]) -> Self {
        Self { headers, query }
    }

    fn header(&self, name: &str) -> Option<&'r str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    fn parameter(&self, name: &str) -> Option<&'r str> {
        self.query.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }

    /// Returns whether the request has every header and parameter that the token names.
    pub(crate) fn has_all(&self, headers: Option<Text<'_>>, query: Option<Text<'_>>) -> bool {
        let plain = |value: Option<&str>| value.is_some_and(|value| Text::plain(value).is_ok());
        names(headers).all(|name| name.with(|name| plain(self.header(name))))
            && names(query).all(|name| name.with(|name| plain(self.parameter(name))))
    }

    /// Writes `name:value` and a line feed for each header.
    pub(crate) fn put_headers(&self, list: Option<Text<'_>>, sink: &mut impl Sink) {
        for name in names(list) {
            name.with(|name| {
                sink.put(name.as_bytes());
                sink.put(b":");
                sink.put(self.header(name).unwrap_or_default().as_bytes());
                sink.put(b"\n");
            });
        }
    }

    /// Writes a line feed and `name:value` for each query parameter.
    pub(crate) fn put_query(&self, list: Option<Text<'_>>, sink: &mut impl Sink) {
        for name in names(list) {
            name.with(|name| {
                sink.put(b"\n");
                sink.put(name.as_bytes());
                sink.put(b":");
                sink.put(self.parameter(name).unwrap_or_default().as_bytes());
            });
        }
    }
}

/// A decoded name of a list.
struct Name {
    bytes: [u8; 128],
    len: usize,
}

impl Name {
    /// Calls `f` with the name. A name that is too long is empty, and matches nothing.
    fn with<T>(&self, f: impl FnOnce(&str) -> T) -> T {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        f(core::str::from_utf8(bytes).unwrap_or_default())
    }
}

/// Splits a list of names at its commas, encoded or not.
fn names(list: Option<Text<'_>>) -> impl Iterator<Item = Name> {
    let mut bytes = list.map(|list| list.bytes());
    core::iter::from_fn(move || {
        let list = bytes.as_mut()?;
        let mut name = Name { bytes: [0; 128], len: 0 };
        let mut more = false;
        for byte in list.by_ref() {
            if byte == b',' {
                more = true;
                break;
            }
            if let Some(slot) = name.bytes.get_mut(name.len) {
                *slot = byte;
            }
            name.len = name.len.saturating_add(1);
        }
        if !more {
            bytes = None;
        }
        Some(name)
    })
}
