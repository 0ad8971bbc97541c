//! Matching a path, topic, filter or address with the pattern of an endpoint, level by whole level.

use hubward_core::{DeviceId, Segment};

/// The form in which a transport writes names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Percent-encoded: HTTP paths and AMQP addresses.
    Encoded,
    /// Without escapes: MQTT topics and filters.
    Plain,
}

/// The ids that a pattern captured from an address.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ids<'a> {
    pub(crate) device: Option<Id<'a>>,
    pub(crate) module: Option<Id<'a>>,
}

/// An id, apart by whether it has an escape: one without is compared byte by byte.
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

/// Takes the segment by value, so that a caller can keep the operation in registers.
#[inline(never)]
fn is_decoded(segment: Segment<'_>, name: &str) -> bool {
    segment.eq_decoded(name)
}

/// Matches the whole of `path` with the whole of `pattern` and returns the ids.
pub(crate) fn capture<'a>(pattern: &str, path: &'a str, form: Form) -> Option<Ids<'a>> {
    let mut ids = Ids::default();
    let mut names = path.split('/');
    for word in pattern.split('/') {
        if word == "{bag}" {
            let bag = names.next();
            // some clients end the topic with a slash after the property bag
            let end = matches!((names.next(), names.next()), (None | Some(""), None));
            return (end && is_query(bag.unwrap_or_default())).then_some(ids);
        }
        let name = names.next()?;
        match word {
            "{device}" => ids.device = Some(id(name, form)?),
            // at the provisioning service, a registration takes the device's place and its id scope the module's
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
            // this includes the wildcard of a filter, but no `{word}` and no `a|b` of the pattern
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

/// Checks one name in the transport's form.
pub(crate) fn segment(name: &str, form: Form) -> Option<Segment<'_>> {
    match form {
        Form::Plain => Segment::plain(name),
        Form::Encoded => Segment::encoded(name),
    }
}

/// Parses a name as an id. `+` or `#` as a whole level of a topic or filter is refused: a broker would take it as a
/// wildcard, which reaches the topics of other devices.
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

/// Returns whether a text can be the end of a topic: visible ASCII without the wildcards of MQTT.
fn is_query(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'+' | b'#'))
}
