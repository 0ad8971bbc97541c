//! The file of a registry, sealed or plain.

use core::error::Error;
use core::fmt;
use core::hash::Hasher;
use std::fs::File;
use std::hash::DefaultHasher;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use hubward_registry::{ExportKeys, Imported, Importer, Registry};
use hubward_ring::AeadKey;
use hubward_rustcrypto::HmacKey;
use zeroize::{Zeroize, Zeroizing};

use super::durable::{Copied, Durable, DurableArguments, Place};
use crate::exit::{Misuse, misuse};
use crate::file::{Lines, SealArguments, Seen, random, replace_saying, snapshot_of};
use crate::progress::Progress;
use crate::shown;

/// The size of the text buffer that is filled before it is written.
const BUFFER: usize = 64 * 1024;

#[derive(Debug, Args)]
pub(crate) struct FileArguments {
    /// The file of the registry, sealed or plain; or the durable registry of gateways, which may run: `sqlite:FILE`, or
    /// `postgres://USER@HOST:PORT/DATABASE`.
    pub(crate) registry: PathBuf,
    #[command(flatten)]
    seal: SealArguments,
    #[command(flatten)]
    durable: DurableArguments,
}

impl FileArguments {
    /// Opens a durable registry, or creates it if its hub is given; `None` for a file.
    pub(crate) fn durable(&self) -> Result<Option<Durable>, Box<dyn Error>> {
        Place::of(&self.registry).map(|place| place.open(&self.durable, true)).transpose()
    }

    /// Returns the path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.registry
    }

    /// Returns whether the seal key is read from standard input, which then has no other input.
    pub(crate) fn key_from_standard_input(&self) -> bool {
        self.seal.is_standard_input()
    }
}

/// A registry, and the file that it was read from.
pub(crate) struct RegistryFile {
    pub(crate) registry: Registry<HmacKey>,
    path: PathBuf,
    form: Form,
    seen: Seen,
}

enum Form {
    /// A durable registry.
    Durable(Box<Copied>),
    /// Lines of JSON.
    Plain,
    /// A sealed snapshot: its key and its number.
    Sealed(Box<AeadKey>, u64),
}

impl RegistryFile {
    /// Reads the registry.
    pub(crate) fn open(arguments: &FileArguments, silent: bool) -> Result<Self, Box<dyn Error>> {
        let path = arguments.registry.clone();
        if let Some(place) = Place::of(&path) {
            return Self::durable(place.open(&arguments.durable, false)?, &place);
        }
        let named = |error: Box<dyn Error>| with_file(&path, error);
        let seen = Seen::of(&path).map_err(|error| named(error.into()))?;
        let file = File::open(&path).map_err(|error| named(error.into()))?;
        let (registry, form) = read(file, &arguments.seal, silent).map_err(named)?;
        Ok(Self { registry, path, form, seen })
    }

    /// Reads the registry, or creates an empty one if there is no file.
    pub(crate) fn open_or_create(
        arguments: &FileArguments,
        plain: bool,
        silent: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let path = arguments.registry.clone();
        if let Some(place) = Place::of(&path) {
            return Self::durable(place.open(&arguments.durable, true)?, &place);
        }
        let seen = Seen::of(&path)?;
        if seen.exists() {
            return Self::open(arguments, silent);
        }
        let form = match (plain, arguments.seal.is_given()) {
            (true, _) => Form::Plain,
            (false, true) => Form::Sealed(arguments.seal.key()?.into(), 0),
            (false, false) => {
                return Err(misuse(format!(
                    "{} is new: give a key that seals it (--seal-key-file or HUBWARD_SEAL_KEY), or --plain if every \
                     reader of the file may read its keys",
                    shown::file(&path)
                )));
            }
        };
        Ok(Self { registry: empty()?, path, form, seen })
    }

    /// Takes the records of a durable registry.
    fn durable(durable: Durable, place: &Place) -> Result<Self, Box<dyn Error>> {
        let (copied, registry) = durable.copy(place)?;
        let path = place.path().to_owned();
        let seen = Seen::of(&path)?;
        Ok(Self { registry, path, form: Form::Durable(copied.into()), seen })
    }

    /// Returns whether there is no file yet. A durable registry was created when it was opened.
    pub(crate) const fn is_new(&self) -> bool {
        !self.seen.exists() && !matches!(self.form, Form::Durable(_))
    }

    /// Returns whether the registry has access lists.
    pub(crate) const fn has_lists(&self) -> bool {
        !matches!(self.form, Form::Plain)
    }

    /// Replaces the file. The output of `print` is printed first: if it cannot be printed, the file is unchanged. A durable
    /// registry is written first, since another program may be faster: nothing is said to be written that is not.
    pub(crate) fn save(
        &self,
        print: impl FnOnce(&str, &mut Vec<u8>) -> io::Result<()>,
    ) -> Result<(), Box<dyn Error>> {
        // erased at the end: it may have keys
        let mut message = Zeroizing::new(Vec::with_capacity(BUFFER));
        match &self.form {
            Form::Durable(durable) => {
                print(&format!("{} is written, and gateways see it", shown::file(&self.path)), &mut message)?;
                durable.save(&self.registry)?;
                let mut out = crate::out::stdout();
                out.write_all(&message).and_then(|()| out.flush()).map_err(|error| {
                    format!("{} is written, but the output failed: {error}", shown::file(&self.path)).into()
                })
            }
            Form::Plain => {
                print(&format!("{} is written, plain", shown::file(&self.path)), &mut message)?;
                let write = |out: &mut dyn Write| {
                    write_lines(&self.registry, ExportKeys::Included, out, &mut Progress::Silent)
                };
                replace_saying(&self.path, self.seen, write, &message)
            }
            Form::Sealed(key, last) => {
                let counter = last.saturating_add(1);
                let sealed = self.registry.seal(&**key, counter, &mut random)?;
                print(
                    &format!("{} is written, sealed, snapshot {counter}", shown::file(&self.path)),
                    &mut message,
                )?;
                replace_saying(&self.path, self.seen, |out| Ok(out.write_all(&sealed)?), &message)
            }
        }
    }

    /// Returns the snapshot number, if the file is sealed.
    pub(crate) const fn snapshot(&self) -> Option<u64> {
        match self.form {
            Form::Plain | Form::Durable(_) => None,
            Form::Sealed(_, counter) => Some(counter),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Returns the error with the name of the file. An error in the command line stays one.
pub(crate) fn with_file(path: &Path, error: Box<dyn Error>) -> Box<dyn Error> {
    let text = format!("{}: {error}", shown::file(path));
    if error.is::<Misuse>() { misuse(text) } else { text.into() }
}

fn empty() -> Result<Registry<HmacKey>, Box<dyn Error>> {
    let mut seed = [0; 16];
    random(&mut seed)?;
    Ok(Registry::with_seed(&seed))
}

fn read(file: File, seal: &SealArguments, silent: bool) -> Result<(Registry<HmacKey>, Form), Box<dyn Error>> {
    let len = file.metadata()?.len();
    let mut head = Vec::new();
    (&file).take(64).read_to_end(&mut head)?;
    if head.is_empty() {
        return Err(
            "the file is empty: it was truncated, or its last identity was deleted; remove it to create a new one".into(),
        );
    }
    let Some(counter) = snapshot_of(&head) else {
        let mut progress = Progress::new("reading", Some(len), silent);
        let registry = read_lines(head.chain(file), &mut progress);
        progress.done();
        return Ok((registry?, Form::Plain));
    };
    let key = seal.key()?;
    let mut sealed = Vec::with_capacity(usize::try_from(len).unwrap_or_default());
    sealed.append(&mut head);
    (&file).read_to_end(&mut sealed)?;
    let registry = Registry::open(sealed, &key, seal.newest(), &mut random, HmacKey::new)?;
    Ok((registry, Form::Sealed(key.into(), counter)))
}

/// Reads lines that [`write_lines`] wrote, and no others: properties that a registry does not store would be lost by the
/// next write.
fn read_lines(from: impl Read, progress: &mut Progress) -> Result<Registry<HmacKey>, Box<dyn Error>> {
    let mut registry = empty()?;
    let mut lines = Lines::new(from);
    let mut hashes = Vec::new();
    let mut entropy = random;
    let mut importer = Importer::new(&mut registry, &mut entropy, HmacKey::new).with_kept_etags();
    loop {
        let read = lines.read();
        let Some(line) = lines.next()? else { break };
        hashes.push(hash(line));
        let number = hashes.len();
        match importer.line(line) {
            Ok(Imported::Created(_)) => {}
            Ok(_) => return Err(foreign_line(number).into()),
            Err(error) => return Err(format!("line {number}: {}", error.problem).into()),
        }
        progress.at(read, u64::try_from(number).unwrap_or(u64::MAX));
    }
    let mut text = Zeroizing::new(String::with_capacity(BUFFER));
    let mut expected = hashes.iter().enumerate();
    for view in registry.iter() {
        view.export(ExportKeys::Included, &mut *text)?;
        match expected.next() {
            Some((_, line)) if *line == hash(text.trim_end_matches('\n').as_bytes()) => {}
            at => return Err(foreign_line(at.map_or(hashes.len(), |(at, _)| at.saturating_add(1))).into()),
        }
        text.zeroize();
    }
    Ok(registry)
}

fn foreign_line(line: usize) -> String {
    format!(
        "line {line} is not in the form that this program writes, and its other properties would be lost; import the \
         file into another registry instead"
    )
}

fn hash(line: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(line);
    hasher.finish()
}

/// Writes a line for each identity.
pub(crate) fn write_lines(
    registry: &Registry<HmacKey>,
    keys: ExportKeys,
    out: &mut dyn Write,
    progress: &mut Progress,
) -> Result<(), Box<dyn Error>> {
    let mut text = Zeroizing::new(String::with_capacity(BUFFER.saturating_mul(2)));
    for (done, view) in registry.iter().enumerate() {
        view.export(keys, &mut *text).map_err(|fmt::Error| "a line could not be formatted")?;
        progress.at(0, u64::try_from(done).unwrap_or(u64::MAX));
        if text.len() >= BUFFER {
            out.write_all(text.as_bytes())?;
            text.zeroize();
        }
    }
    Ok(out.write_all(text.as_bytes())?)
}
