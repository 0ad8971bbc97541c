//! Reads files of certificates, revocation lists and keys, in PEM (RFC 7468) or DER.
//!
//! A file is read completely or refused: no block is skipped because its first line is unusual, since the next block
//! would then be taken for it. The reader accepts what is unambiguous (a UTF-8 byte-order mark, CRLF and CR, indented
//! lines, text between blocks, `TRUSTED CERTIFICATE` without trust settings, an END and a BEGIN on one line) and refuses
//! the rest with the line and the reason. No error contains bytes of the input, since a file may hold a key; the one
//! exception is the code point of an invisible character.
//!
//! Text outside of blocks is ignored, unless it resembles a BEGIN or END line or is bare base64: base64 of PEM, or of DER
//! that begins as certificates, lists and keys do, in lines of any length. Base64 that has lost its first line too, or
//! that is interrupted by other characters within its first 32, cannot be told from text.
//!
//! ```
//! use hubward_x509::pem::{self, PemProblem};
//!
//! # const FILE: &[u8] = b"\xef\xbb\xbf-----BEGIN CERTIFICATE-----\nMAowADAAAwQA\nBQYH\n-----END CERTIFICATE-----\n";
//! let certificates = pem::certificates(FILE)?;
//! assert_eq!(certificates.len(), 1);
//!
//! let error = pem::private_key(b"-----BEGIN PRIVATE KEY----- MIGHAgEA -----END PRIVATE KEY-----").unwrap_err();
//! assert_eq!((error.line(), error.problem()), (Some(1), PemProblem::TextOnBoundaryLine));
//! # Ok::<(), pem::PemError>(())
//! ```
//!
//! The functions refuse a file if one of its blocks is not what they look for. A trust store, where one unusable entry
//! must not spoil the others, is read by [`each_certificate`] and [`each_revocation_list`]. For full control read
//! [`blocks`]:
//!
//! ```
//! use hubward_x509::{Certificate, pem::{self, Label}};
//!
//! fn load(file: &[u8]) -> Result<usize, pem::PemError> {
//!     let mut loaded = 0;
//!     for block in pem::blocks(file) {
//!         let block = block?; // the file cannot be read from here on
//!         if block.may_be(Label::Certificate) {
//!             let der = block.der()?;
//!             match Certificate::parse(&der) {
//!                 Ok(_) => loaded += 1,
//!                 Err(error) => eprintln!("line {:?}: {error}", block.line()),
//!             }
//!         }
//!     }
//!     Ok(loaded)
//! }
//! # assert_eq!(load(b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"), Ok(0));
//! ```

mod bare;
mod block;
mod boundary;
mod error;
mod invisible;
mod label;
mod lines;
mod shape;

use alloc::vec::Vec;

use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, SubjectPublicKeyInfoDer,
};
use zeroize::Zeroizing;

pub use block::{Block, Blocks, blocks};
pub use error::{PemError, PemProblem};
pub use label::Label;

/// Reads every certificate of a file, in order: at least one.
///
/// Each has the outer structure of a certificate, a SEQUENCE of SEQUENCE, SEQUENCE and BIT STRING, which is all that a
/// thumbprint needs; [`Certificate::parse`](crate::Certificate::parse) judges the rest. Keys and other blocks in the
/// file are ignored.
///
/// # Errors
/// [`PemError`] if the file has no certificate, or any part of it cannot be read.
pub fn certificates(file: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    read(file, Label::Certificate, |block| block.certificate())
}

/// Reads every certificate revocation list of a file, in order: at least one. Other blocks in the file are ignored.
///
/// # Errors
/// [`PemError`] if the file has no list, or any part of it cannot be read.
pub fn revocation_lists(file: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, PemError> {
    read(file, Label::RevocationList, |block| block.revocation_list())
}

/// Reads the certificates of a trust store, in order: at least one block. A whole block whose bytes are not a certificate is
/// an error in its place and does the others no harm; report it. Everything else that [`certificates`] refuses is refused,
/// because the certificates after it could not be told apart.
///
/// ```
/// use hubward_x509::{Anchors, pem};
///
/// fn trust_store(file: &[u8]) -> Result<usize, pem::PemError> {
///     let (store, mut passed_over) = (pem::each_certificate(file)?, 0);
///     for error in store.iter().filter_map(|one| one.as_ref().err()) {
///         eprintln!("passed over: {error}");
///         passed_over += 1;
///     }
///     let (anchors, unreadable) = Anchors::parse_readable(store.iter().flatten());
///     # let _ = anchors;
///     Ok(passed_over + unreadable.len())
/// }
/// # assert_eq!(trust_store(b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"), Ok(1));
/// ```
///
/// # Errors
/// [`PemError`] if the file has no block of a certificate, or any part of it cannot be read.
pub fn each_certificate(file: &[u8]) -> Result<Vec<Result<CertificateDer<'static>, PemError>>, PemError> {
    read(file, Label::Certificate, |block| in_its_place(block.certificate()))
}

/// Reads the revocation lists of a file, in order: at least one block. As [`each_certificate`], a whole block whose bytes
/// are not a list is an error in its place.
///
/// # Errors
/// [`PemError`] if the file has no block of a list, or any part of it cannot be read.
pub fn each_revocation_list(
    file: &[u8],
) -> Result<Vec<Result<CertificateRevocationListDer<'static>, PemError>>, PemError> {
    read(file, Label::RevocationList, |block| in_its_place(block.revocation_list()))
}

/// Keeps the error of a whole block whose bytes are not what its label says; all others are errors of the file.
fn in_its_place<T>(read: Result<T, PemError>) -> Result<Result<T, PemError>, PemError> {
    match read {
        Err(error) if !matches!(error.problem(), PemProblem::NotDer(_)) => Err(error),
        other => Ok(other),
    }
}

/// Reads every public key (SubjectPublicKeyInfo) of a file, in order: at least one. Other blocks in the file are
/// ignored.
///
/// # Errors
/// [`PemError`] if the file has no public key, or any part of it cannot be read.
pub fn public_keys(file: &[u8]) -> Result<Vec<SubjectPublicKeyInfoDer<'static>>, PemError> {
    read(file, Label::PublicKey, |block| block.public_key())
}

/// Reads the one private key of a file: PKCS#8, or the older forms of RSA (PKCS#1) and elliptic curves (SEC 1). It is
/// erased when dropped, as are the buffers that it was decoded in. Certificates and other blocks in the file are
/// ignored.
///
/// # Errors
/// [`PemError`] if the file has no private key, several, or an encrypted one, or any part of it cannot be read.
pub fn private_key(file: &[u8]) -> Result<Zeroizing<PrivateKeyDer<'static>>, PemError> {
    let mut keys = read(file, Label::PrivateKey, |block| Ok((block.private_key()?, block.line())))?;
    match (keys.pop(), keys.is_empty()) {
        (Some((key, _)), true) => Ok(key),
        (Some((_, line)), false) => Err(PemError::new(line, PemProblem::SeveralKeys)),
        (None, _) => Err(PemError::whole(PemProblem::Missing { wanted: Label::PrivateKey, found: None })),
    }
}

/// Reads all blocks that may be `wanted`, of which there must be at least one.
fn read<T>(
    file: &[u8],
    wanted: Label,
    one: impl Fn(&Block<'_>) -> Result<T, PemError>,
) -> Result<Vec<T>, PemError> {
    let mut all = Vec::new();
    let mut found = None;
    for block in blocks(file) {
        let block = block?;
        if block.may_be(wanted) {
            all.push(one(&block)?);
        } else if let Some(problem) = block.label().and_then(|label| label.in_place_of(wanted)) {
            return Err(PemError::new(block.line(), problem));
        }
        // a request is often taken for the certificate that a CA issues for it
        found = match block.label() {
            Some(Label::CertificateRequest) if wanted == Label::Certificate => block.label(),
            label => found.or(label),
        };
    }
    if all.is_empty() {
        return Err(PemError::whole(PemProblem::Missing { wanted, found }));
    }
    Ok(all)
}
