//! A line that was read and not yet imported. All readers of lines use this module.

use core::fmt;

use hubward_core::{DeviceId, Identity, ModuleId};

use super::error::{ImportError, ImportProblem};
use super::line::Line;
use super::mode::ImportMode;

/// Maximum length of a line in bytes: a hub's largest twin with every character escaped, and the rest.
const LONGEST_LINE: usize = 512 * 1024;

/// A line as the importer reads it, in place.
#[derive(Default)]
pub(super) struct Read<'l> {
    pub(super) number: u64,
    pub(super) blank: bool,
    pub(super) problem: Option<ImportProblem>,
    pub(super) line: Line<'l>,
    /// Replaces the line's own mode.
    pub(super) mode: Option<ImportMode>,
}

impl<'l> Read<'l> {
    /// Reads the line with this number, the first being 1, into an empty value.
    pub(super) fn fill(&mut self, number: u64, line: &'l [u8]) {
        self.number = number;
        // a byte order mark is allowed before the first line of a file only
        let bare = match number {
            1 => line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line),
            _ => line,
        };
        let bare = trimmed(bare);
        self.blank = bare.is_empty();
        self.problem = if bare.len() > LONGEST_LINE {
            Some(ImportProblem::TooLong { len: bare.len(), max: LONGEST_LINE })
        } else if self.blank {
            None
        } else {
            self.line.read(bare).err().map(|column| ImportProblem::Json { column })
        };
    }
}

/// Removes JSON's white space (RFC 8259, 2). `trim_ascii` would remove a form feed too.
fn trimmed(mut line: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] | [rest @ .., b' ' | b'\t' | b'\r' | b'\n'] = line {
        line = rest;
    }
    line
}

impl Line<'_> {
    /// Returns the import mode and the identity.
    pub(super) fn head(&self) -> Result<(ImportMode, Identity<'_>), ImportProblem> {
        let mode = match self.import_mode.text() {
            Some(mode) => ImportMode::parse(mode).ok_or(ImportProblem::Mode)?,
            None => ImportMode::CreateOrUpdate,
        };
        let device = DeviceId::parse(self.id.text().ok_or(ImportProblem::NoId)?)?;
        let identity = match self.module_id.text() {
            Some(module) => Identity::Module(device, ModuleId::parse(module)?),
            None => Identity::Device(device),
        };
        Ok((mode, identity))
    }
}

/// A line that was read and not yet imported: it is one object with a known import mode and a valid identity.
///
/// A program that inspects a line before it imports it reads the line as this type, so that there is one reader of
/// lines.
///
/// ```
/// use hubward_registry::{ImportLine, ImportMode, Importer, NoEntropy, Registry};
/// use hubward_rustcrypto::HmacKey;
///
/// # let mut random = |buffer: &mut [u8]| { buffer.fill(7); Ok::<(), NoEntropy>(()) };
/// let line = ImportLine::read(1, br#"{"id":"pump-7","status":"enabled","importMode":"create"}"#)?.expect("not blank");
/// assert_eq!((line.mode(), line.identity().to_string()), (ImportMode::Create, "device pump-7".to_owned()));
/// let mut hub = Registry::unseeded();
/// Importer::new(&mut hub, &mut random, HmacKey::new).import(&line.with_mode(ImportMode::CreateOrUpdate))?;
/// assert_eq!(hub.len(), 1);
/// # Ok::<(), hubward_registry::ImportError>(())
/// ```
pub struct ImportLine<'l> {
    read: Read<'l>,
    mode: ImportMode,
}

impl fmt::Debug for ImportLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportLine").field("number", &self.read.number).finish_non_exhaustive()
    }
}

impl<'l> ImportLine<'l> {
    /// Reads a line; `number` is its number in the file, the first being 1. Returns `None` for a blank line.
    ///
    /// # Errors
    /// [`ImportError`] if it is not one object, or if its import mode or its names are invalid.
    pub fn read(number: u64, line: &'l [u8]) -> Result<Option<Self>, ImportError> {
        let mut read = Read::default();
        read.fill(number, line);
        let mode = match read.problem {
            Some(problem) => Err(problem),
            None if read.blank => return Ok(None),
            None => read.line.head().map(|(mode, _)| mode),
        };
        let mode = mode.map_err(|problem| ImportError { line: number, problem })?;
        Ok(Some(Self { read, mode }))
    }

    /// Returns the number of the line in the file.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.read.number
    }

    /// Returns the identity that the line is for.
    #[must_use]
    pub fn identity(&self) -> Identity<'_> {
        // both names were parsed when the line was read
        let device = DeviceId::assertion(self.read.line.id.text().unwrap_or_default());
        match self.read.line.module_id.text() {
            Some(module) => Identity::Module(device, ModuleId::assertion(module)),
            None => Identity::Device(device),
        }
    }

    /// Returns the import mode.
    #[must_use]
    pub const fn mode(&self) -> ImportMode {
        self.mode
    }

    /// Replaces the import mode.
    #[must_use]
    pub const fn with_mode(mut self, mode: ImportMode) -> Self {
        self.mode = mode;
        self.read.mode = Some(mode);
        self
    }

    pub(super) const fn parsed(&self) -> &Read<'l> {
        &self.read
    }
}
