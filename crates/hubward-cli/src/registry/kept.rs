//! A registry in its file, sealed or plain.

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

use crate::file::{Lines, SealArguments, Seen, random, replace_saying, snapshot_of};
use crate::progress::Progress;
use crate::shown;

/// Text that is gathered before it is written.
const PIECE: usize = 64 * 1024;

#[derive(Debug, Args)]
pub(crate) struct FileArguments {
    /// The registry's file, sealed or plain.
    registry: PathBuf,
    #[command(flatten)]
    seal: SealArguments,
}

impl FileArguments {
    /// Standard input is one thing only.
    pub(crate) fn key_from_standard_input(&self) -> bool {
        self.seal.is_standard_input()
    }
}

/// A registry, and the file that it came from.
pub(crate) struct Kept {
    pub(crate) registry: Registry<HmacKey>,
    path: PathBuf,
    form: Form,
    seen: Seen,
}

enum Form {
    /// Lines of JSON.
    Plain,
    /// A snapshot, and the counter of the last one.
    Sealed(Box<AeadKey>, u64),
}

impl Kept {
    /// Reads the registry.
    pub(crate) fn open(arguments: &FileArguments, silent: bool) -> Result<Self, Box<dyn Error>> {
        let path = arguments.registry.clone();
        let words = |error: Box<dyn Error>| format!("{}: {error}", shown::file(&path));
        let seen = Seen::of(&path).map_err(|error| words(error.into()))?;
        let file = File::open(&path).map_err(|error| words(error.into()))?;
        let (registry, form) = read(file, &arguments.seal, silent).map_err(words)?;
        Ok(Self { registry, path, form, seen })
    }

    /// The same, or a new one where there is no file.
    pub(crate) fn open_or_begin(
        arguments: &FileArguments,
        plain: bool,
        silent: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let path = arguments.registry.clone();
        let seen = Seen::of(&path)?;
        if seen.is_there() {
            return Self::open(arguments, silent);
        }
        let form = match (plain, arguments.seal.is_given()) {
            (true, _) => Form::Plain,
            (false, true) => Form::Sealed(arguments.seal.key()?.into(), 0),
            (false, false) => {
                return Err(format!(
                    "{} is new: name the key that is to seal it (--seal-key-file or HUBWARD_SEAL_KEY), or say --plain \
                     to keep its keys for every reader of the file",
                    shown::file(&path)
                )
                .into());
            }
        };
        Ok(Self { registry: empty()?, path, form, seen })
    }

    pub(crate) const fn is_new(&self) -> bool {
        !self.seen.is_there()
    }

    /// Puts the registry in its file's place. What `say` makes of the words about it is printed first: where it cannot
    /// be, nothing is changed.
    pub(crate) fn save(
        &self,
        say: impl FnOnce(&str, &mut Vec<u8>) -> io::Result<()>,
    ) -> Result<(), Box<dyn Error>> {
        // there may be keys in it
        let mut words = Zeroizing::new(Vec::with_capacity(PIECE));
        match &self.form {
            Form::Plain => {
                say(&format!("{} is written, plain", shown::file(&self.path)), &mut words)?;
                let write = |out: &mut dyn Write| {
                    write_lines(&self.registry, ExportKeys::Included, out, &mut Progress::Silent)
                };
                replace_saying(&self.path, self.seen, write, &words)
            }
            Form::Sealed(key, last) => {
                let counter = last.saturating_add(1);
                let sealed = self.registry.seal(&**key, counter, &mut random)?;
                say(
                    &format!("{} is written, sealed, snapshot {counter}", shown::file(&self.path)),
                    &mut words,
                )?;
                replace_saying(&self.path, self.seen, |out| Ok(out.write_all(&sealed)?), &words)
            }
        }
    }

    /// The number of its snapshot, where it is sealed.
    pub(crate) const fn snapshot(&self) -> Option<u64> {
        match self.form {
            Form::Plain => None,
            Form::Sealed(_, counter) => Some(counter),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
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
            "the file is empty: it was cut, or its last identity was deleted; remove it to begin anew".into(),
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

/// Reads what [`write_lines`] wrote, and nothing else: what a registry does not keep would be lost at the next writing.
fn read_lines(from: impl Read, progress: &mut Progress) -> Result<Registry<HmacKey>, Box<dyn Error>> {
    let mut registry = empty()?;
    let mut lines = Lines::new(from);
    let mut hashes = Vec::new();
    let mut entropy = random;
    let mut importer = Importer::new(&mut registry, &mut entropy, HmacKey::new).keeping_etags();
    loop {
        let read = lines.read();
        let Some(line) = lines.next()? else { break };
        hashes.push(hash(line));
        let number = hashes.len();
        match importer.line(line) {
            Ok(Imported::Created(_)) => {}
            Ok(_) => return Err(foreign(number).into()),
            Err(error) => return Err(format!("line {number}: {}", error.problem).into()),
        }
        progress.at(read, u64::try_from(number).unwrap_or(u64::MAX));
    }
    let mut text = Zeroizing::new(String::with_capacity(PIECE));
    let mut again = hashes.iter().enumerate();
    for view in registry.iter() {
        view.export(ExportKeys::Included, &mut *text)?;
        match again.next() {
            Some((_, expected)) if *expected == hash(text.trim_end_matches('\n').as_bytes()) => {}
            at => return Err(foreign(at.map_or(hashes.len(), |(at, _)| at.saturating_add(1))).into()),
        }
        text.zeroize();
    }
    Ok(registry)
}

fn foreign(line: usize) -> String {
    format!(
        "line {line} is not as this program writes it, and what it says beyond that would be lost; import the file \
         into another registry instead"
    )
}

fn hash(line: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(line);
    hasher.finish()
}

/// Writes every identity as a line.
pub(crate) fn write_lines(
    registry: &Registry<HmacKey>,
    keys: ExportKeys,
    out: &mut dyn Write,
    progress: &mut Progress,
) -> Result<(), Box<dyn Error>> {
    let mut text = Zeroizing::new(String::with_capacity(PIECE.saturating_mul(2)));
    for (done, view) in registry.iter().enumerate() {
        view.export(keys, &mut *text).map_err(|fmt::Error| "a line could not be made")?;
        progress.at(0, u64::try_from(done).unwrap_or(u64::MAX));
        if text.len() >= PIECE {
            out.write_all(text.as_bytes())?;
            text.zeroize();
        }
    }
    Ok(out.write_all(text.as_bytes())?)
}
