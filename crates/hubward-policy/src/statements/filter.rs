//! [`Filter`]: a resource of a statement, as levels of text, variables and wildcards.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::iter::once;

use hubward_core::{Identity, Segment};

use super::request::{Client, Effect, StatementRequest, head, mask};
use super::statement::StatementProblem;
use crate::pattern::Form;

/// A compiled resource.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) prefix: Prefix,
    levels: Box<[Level]>,
}

/// The literal bytes at the start of every text that a filter matches. They rule most filters out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prefix {
    /// The first bytes, and a mask of those that are literal.
    head: u64,
    head_mask: u64,
    /// The last literal bytes after the head: their offset, the bytes, and their mask.
    tail_at: usize,
    tail: u64,
    tail_mask: u64,
}

impl Prefix {
    /// No literal bytes.
    pub(super) const NONE: Self = Self { head: 0, head_mask: 0, tail_at: 0, tail: 0, tail_mask: 0 };

    fn new(known: &str) -> Self {
        let tail_at = known.len().saturating_sub(8).max(8);
        let tail = known.as_bytes().get(tail_at..).unwrap_or_default();
        Self {
            head: head(known.as_bytes()),
            head_mask: mask(known.len()),
            tail_at,
            tail: head(tail),
            tail_mask: mask(tail.len()),
        }
    }

    /// Returns whether a filter with this prefix may cover the request, for an allow, or overlap with it, for a deny.
    #[inline]
    pub(super) fn may_match(&self, request: &StatementRequest<'_>, effect: Effect) -> bool {
        let Some(head) = request.head else { return true };
        let differing = (head ^ self.head) & self.head_mask;
        match effect {
            // text does not cover a wildcard of the request
            Effect::Allow => differing == 0 && self.tail_matches(request),
            Effect::Deny => {
                differing & request.literal == 0 && (request.subscribes || self.tail_matches(request))
            }
        }
    }

    #[inline]
    fn tail_matches(&self, request: &StatementRequest<'_>) -> bool {
        if self.tail_mask == 0 {
            return true;
        }
        let rest = request.text.as_bytes().get(self.tail_at..).unwrap_or_default();
        let tail = match rest.first_chunk() {
            Some(chunk) => u64::from_le_bytes(*chunk),
            None => head(rest),
        };
        tail & self.tail_mask == self.tail
    }
}

/// One level of a filter.
#[derive(Debug)]
enum Level {
    /// Text and variables, one after the other.
    Name(Box<[Piece]>),
    /// A variable whose value may have two levels.
    Variable(WholeLevel),
    /// `+`
    One,
    /// `#`
    Rest,
}

#[derive(Debug)]
enum Piece {
    Text(Box<str>),
    Device,
    Module,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WholeLevel {
    Identity,
    Client,
}

/// A level with the values of its variables. A value is text and never a wildcard.
#[derive(Debug, Clone, Copy)]
enum LevelValue<'v> {
    Pieces(&'v [Piece], Option<&'v str>, Option<&'v str>),
    Value(&'v str),
    One,
    Rest,
    /// A variable without a value, which matches nothing.
    Nothing,
}

impl LevelValue<'_> {
    /// Returns whether the level is text of the statement alone.
    const fn is_text(&self) -> bool {
        matches!(self, LevelValue::Pieces([] | [Piece::Text(_)], ..))
    }
}

impl Filter {
    /// Compiles a resource.
    pub(super) fn parse(text: &str) -> Result<Self, StatementProblem> {
        let levels = parse_levels(text)?;
        // `a/#` also matches `a`, so the literal bytes end before the slash of a wildcard or a variable
        let known = text
            .match_indices('/')
            .map(|(at, _)| at)
            .chain(once(text.len()))
            .filter_map(|end| text.get(..end))
            .take_while(|known| {
                let level = known.rsplit('/').next().unwrap_or_default();
                !matches!(level, "+" | "#") && !level.contains("{{")
            })
            .last()
            .unwrap_or_default();
        Ok(Self { prefix: Prefix::new(known), levels })
    }

    /// Returns whether it has a variable of modules, and whether it has one of any identity.
    pub(super) fn variables(&self) -> (bool, bool) {
        let pieces = |is: fn(&Piece) -> bool| {
            self.levels.iter().any(|level| matches!(level, Level::Name(pieces) if pieces.iter().any(is)))
        };
        let module = pieces(|piece| matches!(piece, Piece::Module));
        let identity = self.levels.iter().any(|level| matches!(level, Level::Variable(WholeLevel::Identity)));
        (module, module || identity || pieces(|piece| matches!(piece, Piece::Device)))
    }

    /// Returns the number of levels.
    pub(super) const fn len(&self) -> usize {
        self.levels.len()
    }

    /// Returns whether the resource covers everything that the request reaches, for an allow, or overlaps with it, for
    /// a deny.
    #[inline]
    pub(super) fn matches(&self, request: &StatementRequest<'_>, effect: Effect) -> bool {
        self.prefix.may_match(request, effect) && self.matches_levels(request, effect)
    }

    pub(super) fn matches_levels(&self, request: &StatementRequest<'_>, effect: Effect) -> bool {
        match effect {
            Effect::Allow => self.covers_levels(request),
            Effect::Deny => self.overlaps_levels(request),
        }
    }

    fn covers_levels(&self, request: &StatementRequest<'_>) -> bool {
        let mut values = level_values(&self.levels, request);
        let mut names = request.text.split('/');
        let mut first = true;
        loop {
            let (level, name) = (values.next(), names.next());
            let reserved =
                first && request.form == Form::Plain && name.is_some_and(|name| name.starts_with('$'));
            first = false;
            let matched = match (level, name) {
                (None, None) => return true,
                // a first wildcard does not match `$` (MQTT 3.1.1, 4.7.2), and neither does a device's id
                (Some(level), Some(_)) if reserved && !level.is_text() => false,
                (Some(LevelValue::Rest), _) => return true,
                (Some(LevelValue::One), Some(name)) => !(request.subscribes && name == "#"),
                (Some(level), Some(name)) => {
                    !(request.subscribes && is_wildcard(name)) && equal(level, name, request.form)
                }
                (None, Some(_)) | (Some(_), None) => false,
            };
            if !matched {
                return false;
            }
        }
    }

    fn overlaps_levels(&self, request: &StatementRequest<'_>) -> bool {
        let mut values = level_values(&self.levels, request);
        let mut names = request.text.split('/');
        loop {
            let matched = match (values.next(), names.next()) {
                (None, None) | (Some(LevelValue::Rest), _) => return true,
                (Some(LevelValue::Nothing), _) => return false,
                (None, Some("#")) if request.subscribes => return true,
                (Some(_), Some("#")) if request.subscribes => {
                    return !values.any(|level| matches!(level, LevelValue::Nothing));
                }
                (Some(LevelValue::Pieces(pieces, device, module)), Some("+")) if request.subscribes => {
                    has_values(pieces, device, module)
                }
                (Some(_), Some("+")) if request.subscribes => true,
                (Some(LevelValue::One), Some(_)) => true,
                (Some(level), Some(name)) => equal(level, name, request.form),
                (None, Some(_)) | (Some(_), None) => false,
            };
            if !matched {
                return false;
            }
        }
    }
}

fn is_wildcard(name: &str) -> bool {
    matches!(name, "+" | "#")
}

fn level_values<'v>(
    levels: &'v [Level],
    request: &'v StatementRequest<'_>,
) -> impl Iterator<Item = LevelValue<'v>> {
    let device = request.identity.device().map(|id| id.as_str());
    let module = request.identity.module().map(|id| id.as_str());
    let identity = move || match request.identity {
        Identity::Module(..) => [device.map(LevelValue::Value), module.map(LevelValue::Value)],
        Identity::Device(_) => [device.map(LevelValue::Value), None],
        _ => [Some(LevelValue::Nothing), None],
    };
    levels
        .iter()
        .flat_map(move |level| match level {
            Level::Name(pieces) => [Some(LevelValue::Pieces(pieces, device, module)), None],
            Level::One => [Some(LevelValue::One), None],
            Level::Rest => [Some(LevelValue::Rest), None],
            Level::Variable(WholeLevel::Identity) => identity(),
            Level::Variable(WholeLevel::Client) => match request.client {
                Client::None => [Some(LevelValue::Nothing), None],
                Client::Level(id) => [Some(LevelValue::Value(id)), None],
                Client::Identity => identity(),
            },
        })
        .flatten()
}

/// Returns whether every variable has a value.
fn has_values(pieces: &[Piece], device: Option<&str>, module: Option<&str>) -> bool {
    pieces.iter().all(|piece| match piece {
        Piece::Text(_) => true,
        Piece::Device => device.is_some(),
        Piece::Module => module.is_some(),
    })
}

/// Returns whether a level without wildcards equals this name, which is decoded once if its transport encodes names.
fn equal(level: LevelValue<'_>, name: &str, form: Form) -> bool {
    if form == Form::Encoded && name.contains('%') {
        let Some(name) = Segment::encoded(name) else { return false };
        let mut bytes = name.bytes();
        let mut eat = |text: &str| text.bytes().all(|b| bytes.next() == Some(b));
        return match level {
            LevelValue::Value(value) => name.eq_decoded(value),
            LevelValue::Pieces(pieces, device, module) => {
                pieces.iter().all(|piece| text_of(piece, device, module).is_some_and(&mut eat))
                    && bytes.next().is_none()
            }
            LevelValue::One | LevelValue::Rest | LevelValue::Nothing => false,
        };
    }
    match level {
        LevelValue::Value(value) => value == name,
        LevelValue::Pieces([Piece::Text(text)], ..) => **text == *name,
        LevelValue::Pieces(pieces, device, module) => {
            let mut rest = name;
            pieces.iter().all(|piece| {
                match text_of(piece, device, module).and_then(|text| rest.strip_prefix(text)) {
                    Some(tail) => {
                        rest = tail;
                        true
                    }
                    None => false,
                }
            }) && rest.is_empty()
        }
        LevelValue::One | LevelValue::Rest | LevelValue::Nothing => false,
    }
}

fn text_of<'v>(piece: &'v Piece, device: Option<&'v str>, module: Option<&'v str>) -> Option<&'v str> {
    match piece {
        Piece::Text(text) => Some(text),
        Piece::Device => device,
        Piece::Module => module,
    }
}

/// Splits a text into levels. A wildcard must be a whole level, and `#` the last.
fn parse_levels(text: &str) -> Result<Box<[Level]>, StatementProblem> {
    if text.is_empty() {
        return Err(StatementProblem::Empty);
    }
    let mut levels = Vec::new();
    let mut names = text.split('/').peekable();
    while let Some(name) = names.next() {
        levels.push(match name {
            "+" => Level::One,
            "#" if names.peek().is_none() => Level::Rest,
            "{{iot:identity}}" => Level::Variable(WholeLevel::Identity),
            "{{mqtt:client_id}}" => Level::Variable(WholeLevel::Client),
            _ => Level::Name(parse_name(name)?),
        });
    }
    // with `$` and a variable, a device's id would choose one of the broker's own topics
    match levels.first() {
        Some(Level::Name(pieces)) if text.starts_with('$') && pieces.len() > 1 => {
            Err(StatementProblem::Dollar)
        }
        _ => Ok(()),
    }?;
    Ok(levels.into_boxed_slice())
}

fn parse_name(name: &str) -> Result<Box<[Piece]>, StatementProblem> {
    let mut pieces = Vec::new();
    let mut rest = name;
    while let Some((text, tail)) = rest.split_once("{{") {
        let (variable, tail) = tail.split_once("}}").ok_or(StatementProblem::Variable)?;
        push_text(text, &mut pieces)?;
        pieces.push(match variable {
            "iot:device_id" => Piece::Device,
            "iot:module_id" => Piece::Module,
            "iot:identity" | "mqtt:client_id" => return Err(StatementProblem::NotAWholeLevel),
            _ => return Err(StatementProblem::Variable),
        });
        rest = tail;
    }
    push_text(rest, &mut pieces)?;
    Ok(pieces.into_boxed_slice())
}

fn push_text(text: &str, pieces: &mut Vec<Piece>) -> Result<(), StatementProblem> {
    if text.contains("}}") {
        return Err(StatementProblem::Variable);
    }
    if text.contains(['+', '#']) {
        return Err(StatementProblem::Wildcard);
    }
    if text.contains(char::is_control) {
        return Err(StatementProblem::Character);
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text.into()));
    }
    Ok(())
}
