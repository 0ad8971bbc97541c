//! Matching what a transport shows with the pattern of an endpoint, level by whole level.

use hubward_core::{DeviceId, Segment};

/// How a transport writes names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Percent-encoded: HTTP paths and AMQP addresses.
    Encoded,
    /// As they are: MQTT topics and filters.
    Plain,
}

/// The ids that a pattern captured.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ids<'a> {
    pub(crate) device: Option<Id<'a>>,
    pub(crate) module: Option<Id<'a>>,
}

/// An id that knows whether it holds an escape, so that comparing it need not look for one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Id<'a> {
    Plain(&'a str),
    Escaped(Segment<'a>),
}

impl<'a> Id<'a> {
    #[inline(always)]
    pub(crate) fn is(&self, name: &str) -> bool {
        match *self {
            Self::Plain(plain) => plain == name,
            Self::Escaped(segment) => is_decoded(segment, name),
        }
    }

    pub(crate) fn segment(&self) -> Option<Segment<'a>> {
        match self {
            Self::Plain(plain) => Segment::plain(plain),
            Self::Escaped(segment) => Some(*segment),
        }
    }
}

/// By value, so that an operation that is decided on where it is made need not live in memory.
#[inline(never)]
fn is_decoded(segment: Segment<'_>, name: &str) -> bool {
    segment.eq_decoded(name)
}

/// Matches all of `path` with all of `pattern`.
pub(crate) fn capture<'a>(pattern: &str, path: &'a str, form: Form) -> Option<Ids<'a>> {
    let mut ids = Ids::default();
    let mut names = path.split('/');
    for word in pattern.split('/') {
        if word == "{bag}" {
            let bag = names.next();
            // some clients end the topic with a slash
            let end = matches!((names.next(), names.next()), (None | Some(""), None));
            return (end && is_query(bag.unwrap_or_default())).then_some(ids);
        }
        let name = names.next()?;
        match word {
            "{device}" => ids.device = Some(id(name, form)?),
            // the provisioning service names a registration in its id scope
            "{registration}" => ids.device = Some(id(name, form)?),
            "{scope}" => ids.module = Some(id(name, form)?),
            "{module}" => ids.module = Some(id(name, form)?),
            "{$edgeHub}" => ids.module = Some(id(name, form).filter(|module| module.is("$edgeHub"))?),
            "?$rid={rid}" => {
                let rid = name.strip_prefix("?$rid=")?;
                if rid.is_empty() || !is_query(rid) {
                    return None;
                }
            }
            // also the wildcard of a filter, which stands for itself here; a word of the pattern's own does not
            _ if word == name && !word.contains(['{', '|']) => {}
            _ if word.starts_with('{') => {
                id(name, form)?;
            }
            _ => {
                let name = segment(name, form)?;
                if !word.split('|').any(|word| name.eq_decoded(word)) {
                    return None;
                }
            }
        }
    }
    names.next().is_none().then_some(ids)
}

/// One name in its form.
pub(crate) fn segment(name: &str, form: Form) -> Option<Segment<'_>> {
    match form {
        Form::Plain => Segment::plain(name),
        Form::Encoded => Segment::encoded(name),
    }
}

/// A name that can be an id. A whole level of `+` or `#` in a topic or filter is a wildcard and nobody's id: a
/// broker would let it reach beyond the one it names.
fn id(name: &str, form: Form) -> Option<Id<'_>> {
    if form == Form::Encoded && name.contains('%') {
        let segment = Segment::encoded(name)?;
        let mut buf = [0; 128];
        let decoded = segment.decode(&mut buf).ok()?;
        return DeviceId::parse(decoded).ok().map(|_| Id::Escaped(segment));
    }
    if form == Form::Plain && matches!(name, "+" | "#") {
        return None;
    }
    DeviceId::parse(name).ok().map(|_| Id::Plain(name))
}

/// The end of a topic: visible ASCII without the wildcards of MQTT.
fn is_query(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'+' | b'#'))
}
