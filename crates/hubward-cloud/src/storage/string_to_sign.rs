//! [`StringToSign`]: the text that is signed, by the layout of the token's kind and version.

use core::fmt;

use crate::sink::{Room, Signed, Sink};
use crate::storage::claims::{Claims, GivenClaims};
use crate::storage::field::Field;
use crate::storage::kind::SasKind;
use crate::storage::layout::Line;
use crate::storage::request::RequestParameters;
use crate::storage::resource::Resource;
use crate::storage::usual_text;
use crate::storage::values::Values;
use crate::text::Text;

/// The text that is signed: the claims for a resource.
///
/// `Display` writes it. Its tag completes an [`UnsignedSas`](crate::storage::UnsignedSas).
#[derive(Debug, Clone, Copy)]
pub struct StringToSign<'s, 'a> {
    pub(crate) claims: Source<'s, 'a>,
    pub(crate) resource: &'s Resource<'s>,
    pub(crate) parameters: RequestParameters<'s>,
    /// The id of a stored access policy that the token's text leaves out.
    pub(crate) omitted: Option<Text<'s>>,
}

/// The claims of a received token, or of one that is to be signed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'s, 'a> {
    Received(&'s Claims<'a>),
    Given(&'s GivenClaims<'a>),
}

impl Signed for StringToSign<'_, '_> {
    #[inline]
    fn put_signed(&self, sink: &mut impl Sink) {
        match self.claims {
            Source::Received(claims) => self.put_lines(claims, sink),
            Source::Given(claims) => self.put_lines(claims, sink),
        }
    }

    #[inline]
    fn put_usual(&self, room: &mut Room) -> Option<usize> {
        match self.claims {
            Source::Received(claims) if self.omitted.is_none() => {
                usual_text::put(claims, self.resource, room)
            }
            _ => None,
        }
    }
}

impl StringToSign<'_, '_> {
    #[inline]
    fn put_lines<'v, V: Values<'v>>(&self, claims: &Claims<'v, V>, sink: &mut impl Sink) {
        // the fields that are still to be put. After the last of them, which is `sv` or later, the lines are empty, unless
        // the resource or the request has a text for one
        let more = matches!(claims.kind, SasKind::BlobSnapshot | SasKind::BlobVersion)
            || claims.has(Field::SRH)
            || claims.has(Field::SRQ);
        let mut left = if more { u64::MAX } else { claims.fields() };
        // the line feeds before the next line with a text
        let mut feeds = 0_usize;
        let mut lines = claims.lines.iter();
        while left != 0 {
            let Some(line) = lines.next() else { break };
            match line {
                // most lines are empty, and most others are plain
                Line::Value(field) if claims.has(*field) => {
                    sink.put_line_feeds(feeds);
                    feeds = 0;
                    left &= !field.bit();
                    if !claims.put_plain(*field, sink) {
                        claims.put(*field, sink);
                    }
                }
                Line::Value(field) if *field != Field::SI => {}
                line => {
                    sink.put_line_feeds(feeds);
                    feeds = 0;
                    self.put_line(line, claims, sink);
                }
            }
            feeds = feeds.wrapping_add(1);
        }
        // one after each line but the last
        sink.put_line_feeds(feeds.wrapping_add(lines.len()).saturating_sub(1));
    }

    fn put_line<'v, V: Values<'v>>(&self, line: &Line, claims: &Claims<'v, V>, sink: &mut impl Sink) {
        let Self { resource, parameters, omitted, .. } = self;
        match line {
            // the token has no `si`
            Line::Value(_) => omitted.iter().for_each(|id| id.put(sink)),
            Line::Account => sink.put(resource.account().as_bytes()),
            Line::Resource => resource.put(claims.kind, claims.depth, sink),
            Line::Snapshot => {
                let kinds = [SasKind::BlobSnapshot, SasKind::BlobVersion];
                if let Some((_, text)) = resource.snapshot().filter(|_| kinds.contains(&claims.kind)) {
                    text.put(sink);
                }
            }
            Line::Headers => parameters.put_headers(claims.get(Field::SRH), sink),
            Line::Query => parameters.put_query(claims.get(Field::SRQ), sink),
            Line::Empty => {}
        }
    }
}

impl fmt::Display for StringToSign<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::sink::write(self, f)
    }
}
