//! [`Headers`]: the headers of a request, as far as they are signed.

use crate::error::Problem;
use crate::sink::{LowerCase, Sink};
use crate::storage::shared_key::order::Order;

/// The most headers of a request.
const MAX: usize = 128;
const PREFIX: &str = "x-ms-";

/// The headers that Shared Key signs by their values alone, one line each, between the verb and the other headers.
pub(crate) const SHARED_KEY: [&str; 11] = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];
/// Those of Shared Key Lite, and of Shared Key for tables.
pub(crate) const LITE: [&str; 3] = ["content-md5", "content-type", "date"];

#[derive(Debug, Clone, Copy)]
pub(crate) struct Headers<'a>(&'a [(&'a str, &'a str)]);

impl<'a> Headers<'a> {
    /// Takes headers. The names of those that are signed are tokens and do not repeat, and their values have no control
    /// character.
    pub(crate) fn new(headers: &'a [(&'a str, &'a str)]) -> Result<Self, Problem> {
        if headers.len() > MAX {
            return Err(Problem::TooLong);
        }
        for (at, (name, value)) in headers.iter().enumerate() {
            let signed = is_ms(name) || SHARED_KEY.iter().any(|own| own.eq_ignore_ascii_case(name));
            if !signed {
                continue;
            }
            if !name.bytes().all(is_token) {
                return Err(Problem::Name);
            }
            if name.bytes().chain(value.bytes()).any(|b| b.is_ascii_control() && b != b'\t') {
                return Err(Problem::Control);
            }
            if headers.iter().take(at).any(|(earlier, _)| earlier.eq_ignore_ascii_case(name)) {
                return Err(Problem::Duplicate);
            }
        }
        Ok(Self(headers))
    }

    /// Returns the value of a header without white space around it.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| trim(value))
    }

    /// Writes the value of a header and a line feed. A length of zero counts as none, and so does a date if
    /// `x-ms-date` is there.
    pub(crate) fn put_value(&self, name: &str, sink: &mut impl Sink) {
        let value = match (name, self.get(name).unwrap_or_default()) {
            ("content-length", "0") if self.zero_is_empty() => "",
            ("date", _) if self.get("x-ms-date").is_some() => "",
            (_, value) => value,
        };
        sink.put(value.as_bytes());
        sink.put(b"\n");
    }

    /// Returns whether a length of zero is signed as nothing, as it is since version 2015-02-21.
    fn zero_is_empty(&self) -> bool {
        self.get("x-ms-version").is_some_and(|version| version >= "2015-02-21")
    }

    /// Writes `name:value` and a line feed for each `x-ms-` header.
    pub(crate) fn put_ms(&self, order: Order, sink: &mut impl Sink) {
        let mut last: Option<&str> = None;
        // the next one in the order, as long as there is one
        while let Some((name, value)) = self
            .ms()
            .filter(|(name, _)| last.is_none_or(|last| order.compare(last, name).is_lt()))
            .min_by(|(one, _), (other, _)| order.compare(one, other))
        {
            LowerCase(sink).put(trim(name).as_bytes());
            sink.put(b":");
            sink.put(trim(value).as_bytes());
            sink.put(b"\n");
            last = Some(name);
        }
    }

    /// Returns whether the two orders differ for these headers.
    pub(crate) fn is_order_ambiguous(&self) -> bool {
        self.ms().any(|(one, _)| {
            self.ms()
                .any(|(other, _)| Order::Language.compare(one, other) != Order::Bytes.compare(one, other))
        })
    }

    fn ms(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.0.iter().copied().filter(|(name, _)| is_ms(name))
    }
}

/// Returns whether a byte may be in the name of a header (RFC 9110, 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_ms(name: &str) -> bool {
    name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
