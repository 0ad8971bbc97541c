//! The blocks of a file, one after another.

use alloc::vec::Vec;

use core::fmt;

use base64ct::{Base64, Encoding};
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, SubjectPublicKeyInfoDer,
};
use zeroize::Zeroizing;

use super::bare;
use super::boundary::{Boundary, classify, other_text};
use super::error::{PemError, PemProblem};
use super::invisible::any_invisible;
use super::label::Label;
use super::lines::{Line, Lines, is_blank, trim_start};
use super::shape;

/// Reads the blocks of a PEM file, or the values of a DER file, one after another: all of them, or an error and then no
/// more. What a block holds is decoded and judged when it is asked for.
#[must_use]
pub fn blocks(file: &[u8]) -> Blocks<'_> {
    let source = if shape::is_der(file) {
        Source::Der(file)
    } else if let Some(at) = file.iter().position(|byte| *byte == 0) {
        Source::Failed(PemError::at(line_of(file, at), PemProblem::NotText))
    } else if file.starts_with(&[0xff, 0xfe]) || file.starts_with(&[0xfe, 0xff]) {
        Source::Failed(PemError::at(1, PemProblem::NotText))
    } else {
        Source::Text { lines: Lines::after(0, file), glued: None }
    };
    Blocks { source }
}

fn line_of(file: &[u8], at: usize) -> usize {
    let to_there = file.get(..=at).unwrap_or_default();
    Lines::after(0, to_there).last().map_or(1, |line| line.number)
}

/// The blocks of a file. [`blocks`] makes one.
pub struct Blocks<'a> {
    source: Source<'a>,
}

impl fmt::Debug for Blocks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks").finish_non_exhaustive()
    }
}

enum Source<'a> {
    Text {
        lines: Lines<'a>,
        /// What follows an END on its line: a BEGIN, where files were joined of which one had no last line break.
        glued: Option<Line<'a>>,
    },
    Der(&'a [u8]),
    Failed(PemError),
    Done,
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<Block<'a>, PemError>;

    fn next(&mut self) -> Option<Self::Item> {
        // what fails has nothing behind it
        match core::mem::replace(&mut self.source, Source::Done) {
            Source::Done => None,
            Source::Failed(error) => Some(Err(error)),
            Source::Der(rest) => {
                let block = shape::first(rest).map(|(der, rest)| {
                    match rest {
                        [0x30, ..] => self.source = Source::Der(rest),
                        _ if rest.trim_ascii().is_empty() => {}
                        _ => self.source = Source::Failed(PemError::whole(PemProblem::TrailingBytes)),
                    }
                    Block { label: None, line: None, trusted: false, body: der }
                });
                Some(block.map_err(PemError::whole))
            }
            Source::Text { lines, glued } => match next(lines, glued) {
                Ok((block, lines, glued)) => {
                    self.source = Source::Text { lines, glued };
                    Some(Ok(block))
                }
                Err(Stop::End) => None,
                Err(Stop::Error(error)) => Some(Err(error)),
            },
        }
    }
}

/// Why there is no next block.
enum Stop {
    End,
    Error(PemError),
}

fn fail<T>(line: Line<'_>, problem: PemProblem) -> Result<T, Stop> {
    Err(Stop::Error(PemError::at(line.number, problem)))
}

/// The next block, the lines behind it, and what follows on the line of its END.
fn next<'a>(
    mut lines: Lines<'a>,
    mut glued: Option<Line<'a>>,
) -> Result<(Block<'a>, Lines<'a>, Option<Line<'a>>), Stop> {
    let mut in_base64 = false;
    let (begin, name) = loop {
        let is_glued = glued.is_some();
        let from = lines;
        let Some(line) = glued.take().or_else(|| lines.next()) else { return Err(Stop::End) };
        match classify(line.text) {
            Boundary::Begin(name) => break (line, name),
            Boundary::End(..) if !is_glued => return fail(line, PemProblem::EndWithoutBegin),
            Boundary::Unclear(problem) => return fail(line, problem),
            Boundary::Text if !is_glued => {
                let whole = bare::is_whole_line(line.text);
                let first = whole && !in_base64;
                if bare::begins_on(line.text, from.rest()) || (first && bare::is_sequence(from)) {
                    return fail(line, PemProblem::BareBase64);
                }
                in_base64 = whole || (in_base64 && trim_start(line.text).is_empty());
            }
            _ => return fail(line, other_text(line.text)),
        }
    };
    let Some(label) = Label::recognize(name) else { return fail(begin, PemProblem::UnknownLabel) };
    let after_begin = lines.rest();
    loop {
        let before = lines.rest().len();
        let Some(line) = lines.next() else { return fail(begin, PemProblem::NoEnd) };
        match classify(line.text) {
            Boundary::Text => {}
            Boundary::Begin(_) => return fail(line, PemProblem::BeginInBlock),
            Boundary::Unclear(problem) => return fail(line, problem),
            Boundary::End(end, _) if end != name => return fail(line, PemProblem::LabelsDiffer),
            Boundary::End(_, rest) => {
                let length = after_begin.len().saturating_sub(before);
                let body = after_begin.get(..length).unwrap_or_default();
                let block = Block {
                    label: Some(label),
                    line: Some(begin.number),
                    trusted: name == b"TRUSTED CERTIFICATE",
                    body,
                };
                let glued = Some(Line { text: rest, ..line }).filter(|line| !line.text.is_empty());
                return Ok((block, lines, glued));
            }
        }
    }
}

/// One block of a PEM file, from its BEGIN line to its END line, or one value of a DER file.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    label: Option<Label>,
    line: Option<usize>,
    trusted: bool,
    /// The lines between BEGIN and END, or DER.
    body: &'a [u8],
}

impl Block<'_> {
    /// What its label says it holds; `None` in a DER file, which has no labels.
    #[must_use]
    pub const fn label(&self) -> Option<Label> {
        self.label
    }

    /// Whether it has this label, or none.
    #[must_use]
    pub fn may_be(&self, label: Label) -> bool {
        self.label.is_none_or(|own| own == label)
    }

    /// The number of its BEGIN line, counted from 1; `None` in a DER file.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        self.line
    }

    /// The bytes that it holds, which can be of any kind. The buffer is erased when dropped.
    ///
    /// # Errors
    /// [`PemError`] if the block is encrypted, has headers, is not base64, or is a `TRUSTED CERTIFICATE` with trust
    /// settings.
    pub fn der(&self) -> Result<Zeroizing<Vec<u8>>, PemError> {
        let Some(begin) = self.line else { return Ok(Zeroizing::new(self.body.to_vec())) };
        let text = self.base64(begin)?;
        // never less than what is decoded, so that no buffer is left behind by growing
        let mut der = Zeroizing::new(alloc::vec![0; text.len()]);
        let decoded = Base64::decode(&*text, &mut der);
        let length = decoded.map_err(|_| PemError::at(begin, PemProblem::NotBase64))?.len();
        der.truncate(length);
        // the settings can be a refusal of the certificate
        if self.trusted && shape::has_more(&der) {
            return Err(PemError::at(begin, PemProblem::TrustSettings));
        }
        Ok(der)
    }

    /// The certificate that it holds, by its outer structure.
    ///
    /// # Errors
    /// [`PemError`] if it is not the DER of a certificate.
    pub fn certificate(&self) -> Result<CertificateDer<'static>, PemError> {
        Ok(self.of(Label::Certificate, shape::is_signed)?.into())
    }

    /// The revocation list that it holds, by its outer structure.
    ///
    /// # Errors
    /// [`PemError`] if it is not the DER of a list.
    pub fn revocation_list(&self) -> Result<CertificateRevocationListDer<'static>, PemError> {
        Ok(self.of(Label::RevocationList, shape::is_signed)?.into())
    }

    /// The SubjectPublicKeyInfo that it holds, by its outer structure.
    ///
    /// # Errors
    /// [`PemError`] if it is not the DER of a public key.
    pub fn public_key(&self) -> Result<SubjectPublicKeyInfoDer<'static>, PemError> {
        Ok(self.of(Label::PublicKey, shape::is_public_key)?.into())
    }

    /// The private key that it holds, by its outer structure. It is erased when dropped.
    ///
    /// # Errors
    /// [`PemError`] if it is encrypted, or not the DER of a private key.
    pub fn private_key(&self) -> Result<Zeroizing<PrivateKeyDer<'static>>, PemError> {
        shape::private_key(self.der()?).map_err(|problem| PemError::new(self.line, problem))
    }

    fn of(&self, label: Label, is: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, PemError> {
        let mut der = self.der()?;
        if is(&der) {
            return Ok(core::mem::take(&mut *der));
        }
        Err(PemError::new(self.line, shape::why_not(&der, label)))
    }

    /// The base64 of the body, without white space.
    fn base64(&self, begin: usize) -> Result<Zeroizing<Vec<u8>>, PemError> {
        let mut text = Zeroizing::new(Vec::with_capacity(self.body.len()));
        for line in Lines::after(begin, self.body) {
            if text.is_empty() && line.text.contains(&b':') {
                let encrypted = trim_start(line.text).starts_with(b"Proc-Type:");
                return Err(PemError::at(
                    line.number,
                    match self.label {
                        Some(Label::PrivateKey | Label::EncryptedPrivateKey | Label::OtherPrivateKey)
                            if encrypted =>
                        {
                            PemProblem::Encrypted
                        }
                        label => PemProblem::Header(label.unwrap_or(Label::Other)),
                    },
                ));
            }
            for byte in line.text {
                match byte {
                    _ if is_blank(*byte) => {}
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=' => text.push(*byte),
                    _ => {
                        let problem =
                            any_invisible(line.text).map_or(PemProblem::NotBase64, PemProblem::Invisible);
                        return Err(PemError::at(line.number, problem));
                    }
                }
            }
        }
        Ok(text)
    }
}

impl fmt::Debug for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Block");
        shown.field("label", &self.label).field("line", &self.line).finish_non_exhaustive()
    }
}
