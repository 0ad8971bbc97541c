//! Why a file could not be read. An error has a line and a reason, and never bytes of the file.

use core::fmt;

use super::label::Label;

/// Why a file could not be read: the line, if the reason is on one, and the reason. It never contains bytes of the
/// file, which may hold a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PemError {
    line: Option<usize>,
    problem: PemProblem,
}

impl PemError {
    pub(super) const fn new(line: Option<usize>, problem: PemProblem) -> Self {
        Self { line, problem }
    }

    pub(super) const fn at(line: usize, problem: PemProblem) -> Self {
        Self { line: Some(line), problem }
    }

    pub(super) const fn whole(problem: PemProblem) -> Self {
        Self { line: None, problem }
    }

    /// The number of the line, counted from 1. For a block that is wrong as a whole it is that of its BEGIN line.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        self.line
    }

    /// The reason.
    #[must_use]
    pub const fn problem(&self) -> PemProblem {
        self.problem
    }
}

impl fmt::Display for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        self.problem.fmt(f)
    }
}

impl core::error::Error for PemError {}

/// The reason why a file could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PemProblem {
    /// The file has nothing of the kind.
    #[error("{}", Found { wanted: *wanted, found: *found })]
    Missing {
        /// What the caller asked for.
        wanted: Label,
        /// The label of the file's first block, or of its certificate request if a certificate was asked for.
        found: Option<Label>,
    },
    /// The file has NUL bytes.
    #[error("not PEM text: it has NUL bytes, as UTF-16 and binary files have; save text as UTF-8")]
    NotText,
    /// Base64 of a certificate or key, or of a whole PEM file, outside of a block.
    #[error(
        "bare base64 of a certificate or key, outside of a PEM block: add the BEGIN and END lines around it; if it is \
        base64 of a PEM file, decode it first"
    )]
    BareBase64,
    /// A line that resembles a BEGIN or END line.
    #[error(
        "resembles a BEGIN or END line, but is not one: write `-----BEGIN LABEL-----`, with five hyphens on each side, \
        capitals and one space"
    )]
    MalformedBoundary,
    /// Text before or after a BEGIN or END line.
    #[error(
        "a BEGIN or END line has other text on it; if line breaks were lost (in a variable, YAML or JSON), restore them: \
        for literal `\\n` with `printf '%b' \"$VARIABLE\"`"
    )]
    TextOnBoundaryLine,
    /// An invisible character, such as a no-break or zero-width space, on a BEGIN or END line or in base64.
    #[error("the invisible character U+{:04X} is on this line, which must not have it: delete it", u32::from(*.0))]
    Invisible(char),
    /// A BEGIN line inside of a block.
    #[error("a BEGIN line inside of a block: the END line before it is missing")]
    BeginInBlock,
    /// An END line outside of a block.
    #[error("an END line without a BEGIN line before it")]
    EndWithoutBegin,
    /// A block without an END line.
    #[error("the block that begins here has no END line: the file is cut off")]
    NoEnd,
    /// The END line has another label than the BEGIN line.
    #[error("the END line has another label than the BEGIN line of its block")]
    LabelsDiffer,
    /// A label that is not known.
    #[error(
        "a block with a label that is not known; common labels are CERTIFICATE, PRIVATE KEY, PUBLIC KEY and X509 CRL"
    )]
    UnknownLabel,
    /// A header such as `Proc-Type` inside of the block.
    #[error(
        "a header, such as `Proc-Type:`, inside of the block of a {0}, which must not have one: remove it"
    )]
    Header(Label),
    /// The block is not base64.
    #[error("the block is not valid base64")]
    NotBase64,
    /// A `TRUSTED CERTIFICATE` with OpenSSL's trust settings, which would not be enforced.
    #[error(
        "a TRUSTED CERTIFICATE with trust settings, which are not supported and may reject it: `openssl x509 -in FILE` \
        writes the certificate alone"
    )]
    TrustSettings,
    /// The bytes are not the DER of what the label says.
    #[error("not a {0}, or a damaged one")]
    NotDer(Label),
    /// The file begins like DER, and is cut off or damaged.
    #[error("neither PEM nor whole DER: the file is cut off or damaged")]
    DamagedDer,
    /// Bytes follow the DER.
    #[error("more bytes follow after the DER of the first value, which are not DER")]
    TrailingBytes,
    /// PKCS#7, often `.p7b`.
    #[error(
        "a PKCS#7 container (.p7b): `openssl pkcs7 -print_certs -in FILE` (with `-inform DER` if binary) extracts its \
        certificates"
    )]
    Pkcs7,
    /// PKCS#12, often `.pfx`.
    #[error("a PKCS#12 container (.pfx, .p12): `openssl pkcs12 -in FILE` extracts its certificates and keys")]
    Pkcs12,
    /// The private key is encrypted.
    #[error("the private key is encrypted: `openssl pkey -in FILE` asks for the password and decrypts it")]
    Encrypted,
    /// A private key in OpenSSH's form.
    #[error(
        "an OpenSSH private key: `ssh-keygen -p -m pkcs8 -f FILE` converts the file itself, if the key is RSA or ECDSA; \
        ssh-keygen may leave Ed25519 as it is"
    )]
    OpenSshKey,
    /// A key in a form that is not read.
    #[error(
        "a key in a form that is not read: `openssl pkey -in FILE` (with `-pubin` if public) converts it"
    )]
    OtherKeyForm,
    /// More than one private key.
    #[error("a second private key: name a file with one")]
    SeveralKeys,
}

/// What was asked for, and what the file has instead.
struct Found {
    wanted: Label,
    found: Option<Label>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wanted, found } = *self;
        if let (Label::Certificate, Some(Label::CertificateRequest)) = (wanted, found) {
            return f.write_str(
                "the file has a certificate request, not a certificate; a CA issues the certificate for it",
            );
        }
        let label = match wanted {
            Label::PrivateKey => "PRIVATE KEY",
            Label::PublicKey => "PUBLIC KEY",
            Label::RevocationList => "X509 CRL",
            _ => "CERTIFICATE",
        };
        write!(f, "holds no {wanted}: it has no `BEGIN {label}` line")?;
        found.map_or(Ok(()), |found| write!(f, "; its first block is: {found}"))
    }
}
