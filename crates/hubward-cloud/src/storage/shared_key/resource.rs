//! The resource of a request as Shared Key signs it: the account, the path as sent, and the query.

use core::cmp::Ordering;

use crate::error::Problem;
use crate::sink::{LowerCase, Sink};
use crate::text::Text;

/// The path and the query of a request, percent-encoded as sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    path: &'a str,
    query: &'a str,
}

/// The most parameters of a query.
const MAX: usize = 64;

impl<'a> Target<'a> {
    pub(crate) fn new(target: &'a str) -> Result<Self, Problem> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if !path.starts_with('/') || !target.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Problem::Url);
        }
        Text::escaped(path)?;
        let target = Self { path, query };
        if target.parameters().count() > MAX {
            return Err(Problem::TooLong);
        }
        for (name, value) in query.split('&').map(split) {
            Text::escaped(name)?;
            Text::escaped(value)?;
        }
        Ok(target)
    }

    /// Returns names and values, decoded while they are read. `+` is itself.
    fn parameters(&self) -> impl Iterator<Item = (Text<'a>, Text<'a>)> + use<'a> {
        self.query.split('&').filter(|field| !field.is_empty()).map(|field| {
            let (name, value) = split(field);
            let text = |text| Text::escaped(text).unwrap_or(Text::EMPTY);
            (text(name), text(value))
        })
    }

    fn put_path(&self, account: &str, sink: &mut impl Sink) {
        sink.put(b"/");
        sink.put(account.as_bytes());
        sink.put(self.path.as_bytes());
    }

    /// Writes the resource with all parameters: names in lower case and in order, the values of each in order.
    pub(crate) fn put_all(&self, account: &str, sink: &mut impl Sink) {
        self.put_path(account, sink);
        let mut last: Option<Text<'_>> = None;
        while let Some((name, _)) = self
            .parameters()
            .filter(|(name, _)| last.is_none_or(|last| names(&last, name).is_lt()))
            .min_by(|(one, _), (other, _)| names(one, other))
        {
            sink.put(b"\n");
            name.put(&mut LowerCase(sink));
            self.put_values(&name, sink);
            last = Some(name);
        }
    }

    fn put_values(&self, name: &Text<'_>, sink: &mut impl Sink) {
        let own = || self.parameters().enumerate().filter(|(_, (other, _))| names(name, other).is_eq());
        let order = |(at, one): &(usize, Text<'_>), (later, other): &(usize, Text<'_>)| {
            one.bytes().cmp(other.bytes()).then(at.cmp(later))
        };
        let mut last: Option<(usize, Text<'_>)> = None;
        while let Some(next) = own()
            .map(|(at, (_, value))| (at, value))
            .filter(|next| last.as_ref().is_none_or(|last| order(last, next).is_lt()))
            .min_by(order)
        {
            sink.put(if last.is_none() { b":" } else { b"," });
            next.1.put(sink);
            last = Some(next);
        }
    }

    /// Writes the resource with the parameter `comp` alone, as Shared Key Lite and tables have it.
    pub(crate) fn put_comp(&self, account: &str, sink: &mut impl Sink) {
        self.put_path(account, sink);
        if let Some((_, value)) =
            self.parameters().find(|(name, _)| name.matches_ignoring_case(&Text::new("comp")))
        {
            sink.put(b"?comp=");
            value.put(sink);
        }
    }
}

fn split(field: &str) -> (&str, &str) {
    field.split_once('=').unwrap_or((field, ""))
}

/// Compares two names in any case of letters.
fn names(one: &Text<'_>, other: &Text<'_>) -> Ordering {
    let lower = |b: u8| b.to_ascii_lowercase();
    one.bytes().map(lower).cmp(other.bytes().map(lower))
}
