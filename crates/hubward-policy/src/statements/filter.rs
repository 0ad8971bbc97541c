//! A resource as a statement names it: levels of text, variables and wildcards.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::iter::once;

use hubward_core::{Identity, Segment};

use super::act::{Act, Client, Effect, head, mask};
use super::statement::StatementProblem;
use crate::pattern::Form;

/// A compiled resource.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) hint: Hint,
    levels: Box<[Level]>,
}

/// What is known of the beginning of all that a filter matches: most filters are passed over by it alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hint {
    /// The first bytes, and which of them are known.
    head: u64,
    head_mask: u64,
    /// The last known bytes that do not fit in there, where they are, and how many.
    tail_at: usize,
    tail: u64,
    tail_mask: u64,
}

impl Hint {
    /// Nothing is known.
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

    /// Whether a filter with this hint may cover the act, for an allow, or meet it, for a deny.
    #[inline]
    pub(super) fn may_match(&self, act: &Act<'_>, effect: Effect) -> bool {
        let Some(head) = act.head else { return true };
        let met = (head ^ self.head) & self.head_mask;
        match effect {
            // a wildcard of the act's is covered by no text
            Effect::Allow => met == 0 && self.tail_matches(act),
            Effect::Deny => met & act.literal == 0 && (act.subscribes || self.tail_matches(act)),
        }
    }

    #[inline]
    fn tail_matches(&self, act: &Act<'_>) -> bool {
        if self.tail_mask == 0 {
            return true;
        }
        let rest = act.text.as_bytes().get(self.tail_at..).unwrap_or_default();
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
    /// Text and variables, in a row.
    Name(Box<[Piece]>),
    /// A variable that may stand for two levels.
    Wide(Wide),
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
enum Wide {
    Identity,
    Client,
}

/// A level with its variables looked up. A value is text, whatever it holds.
#[derive(Debug, Clone, Copy)]
enum View<'v> {
    Pieces(&'v [Piece], Option<&'v str>, Option<&'v str>),
    Value(&'v str),
    One,
    Rest,
    /// A variable without a value: nothing matches it.
    Nothing,
}

impl View<'_> {
    /// Whether the statement has every character of it.
    const fn is_text(&self) -> bool {
        matches!(self, View::Pieces([] | [Piece::Text(_)], ..))
    }
}

impl Filter {
    /// Compiles a resource.
    pub(super) fn parse(text: &str) -> Result<Self, StatementProblem> {
        let levels = parse_levels(text)?;
        // `a/#` matches `a` as well: what is known ends before the slash of a wildcard or a variable
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
        Ok(Self { hint: Hint::new(known), levels })
    }

    /// Whether it has a variable of a module's, and whether of any identity's.
    pub(super) fn variables(&self) -> (bool, bool) {
        let pieces = |is: fn(&Piece) -> bool| {
            self.levels.iter().any(|level| matches!(level, Level::Name(pieces) if pieces.iter().any(is)))
        };
        let module = pieces(|piece| matches!(piece, Piece::Module));
        let identity = self.levels.iter().any(|level| matches!(level, Level::Wide(Wide::Identity)));
        (module, module || identity || pieces(|piece| matches!(piece, Piece::Device)))
    }

    /// How many levels it has.
    pub(super) const fn len(&self) -> usize {
        self.levels.len()
    }

    /// Whether all that the act reaches is within this resource, for an allow, or anything of it, for a deny.
    #[inline]
    pub(super) fn matches(&self, act: &Act<'_>, effect: Effect) -> bool {
        self.hint.may_match(act, effect) && self.matches_levels(act, effect)
    }

    pub(super) fn matches_levels(&self, act: &Act<'_>, effect: Effect) -> bool {
        match effect {
            Effect::Allow => self.covers_levels(act),
            Effect::Deny => self.meets_levels(act),
        }
    }

    fn covers_levels(&self, act: &Act<'_>) -> bool {
        let mut views = views(&self.levels, act);
        let mut names = act.text.split('/');
        let mut first = true;
        loop {
            let (view, name) = (views.next(), names.next());
            let hidden = first && act.form == Form::Plain && name.is_some_and(|name| name.starts_with('$'));
            first = false;
            let matched = match (view, name) {
                (None, None) => return true,
                // a wildcard at the beginning does not match `$` (MQTT 3.1.1, 4.7.2), nor is a value chosen for it
                (Some(view), Some(_)) if hidden && !view.is_text() => false,
                (Some(View::Rest), _) => return true,
                (Some(View::One), Some(name)) => !(act.subscribes && name == "#"),
                (Some(view), Some(name)) => {
                    !(act.subscribes && is_wildcard(name)) && equal(view, name, act.form)
                }
                (None, Some(_)) | (Some(_), None) => false,
            };
            if !matched {
                return false;
            }
        }
    }

    fn meets_levels(&self, act: &Act<'_>) -> bool {
        let mut views = views(&self.levels, act);
        let mut names = act.text.split('/');
        loop {
            let matched = match (views.next(), names.next()) {
                (None, None) | (Some(View::Rest), _) => return true,
                (Some(View::Nothing), _) => return false,
                (None, Some("#")) if act.subscribes => return true,
                (Some(_), Some("#")) if act.subscribes => {
                    return !views.any(|view| matches!(view, View::Nothing));
                }
                (Some(View::Pieces(pieces, device, module)), Some("+")) if act.subscribes => {
                    defined(pieces, device, module)
                }
                (Some(_), Some("+")) if act.subscribes => true,
                (Some(View::One), Some(_)) => true,
                (Some(view), Some(name)) => equal(view, name, act.form),
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

fn views<'v>(levels: &'v [Level], act: &'v Act<'_>) -> impl Iterator<Item = View<'v>> {
    let device = act.identity.device().map(|id| id.as_str());
    let module = act.identity.module().map(|id| id.as_str());
    let identity = move || match act.identity {
        Identity::Module(..) => [device.map(View::Value), module.map(View::Value)],
        Identity::Device(_) => [device.map(View::Value), None],
        _ => [Some(View::Nothing), None],
    };
    levels
        .iter()
        .flat_map(move |level| match level {
            Level::Name(pieces) => [Some(View::Pieces(pieces, device, module)), None],
            Level::One => [Some(View::One), None],
            Level::Rest => [Some(View::Rest), None],
            Level::Wide(Wide::Identity) => identity(),
            Level::Wide(Wide::Client) => match act.client {
                Client::None => [Some(View::Nothing), None],
                Client::Level(id) => [Some(View::Value(id)), None],
                Client::Identity => identity(),
            },
        })
        .flatten()
}

fn defined(pieces: &[Piece], device: Option<&str>, module: Option<&str>) -> bool {
    pieces.iter().all(|piece| match piece {
        Piece::Text(_) => true,
        Piece::Device => device.is_some(),
        Piece::Module => module.is_some(),
    })
}

/// Whether a level without wildcards is this name, decoded once where its transport encodes.
fn equal(view: View<'_>, name: &str, form: Form) -> bool {
    if form == Form::Encoded && name.contains('%') {
        let Some(name) = Segment::encoded(name) else { return false };
        let mut bytes = name.bytes();
        let mut eat = |text: &str| text.bytes().all(|b| bytes.next() == Some(b));
        return match view {
            View::Value(value) => name.eq_decoded(value),
            View::Pieces(pieces, device, module) => {
                pieces.iter().all(|piece| text_of(piece, device, module).is_some_and(&mut eat))
                    && bytes.next().is_none()
            }
            View::One | View::Rest | View::Nothing => false,
        };
    }
    match view {
        View::Value(value) => value == name,
        View::Pieces([Piece::Text(text)], ..) => **text == *name,
        View::Pieces(pieces, device, module) => {
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
        View::One | View::Rest | View::Nothing => false,
    }
}

fn text_of<'v>(piece: &'v Piece, device: Option<&'v str>, module: Option<&'v str>) -> Option<&'v str> {
    match piece {
        Piece::Text(text) => Some(text),
        Piece::Device => device,
        Piece::Module => module,
    }
}

/// Splits into levels; wildcards stand alone in theirs, `#` in the last.
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
            "{{iot:identity}}" => Level::Wide(Wide::Identity),
            "{{mqtt:client_id}}" => Level::Wide(Wide::Client),
            _ => Level::Name(parse_name(name)?),
        });
    }
    // `$` with a variable behind it would be a name of the broker's that somebody's id chooses
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
