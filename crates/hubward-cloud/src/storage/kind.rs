//! The kinds of storage tokens, and the services of an account.

use crate::error::Problem;

/// A service of a storage account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Service {
    /// Blobs, also as files of Data Lake Storage.
    Blob,
    /// File shares.
    File,
    /// Queues.
    Queue,
    /// Tables.
    Table,
}

impl Service {
    /// Returns the word for it in the signed text and in host names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::File => "file",
            Self::Queue => "queue",
            Self::Table => "table",
        }
    }

    /// Returns its letter in `ss` and `sks`.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Blob => 'b',
            Self::File => 'f',
            Self::Queue => 'q',
            Self::Table => 't',
        }
    }

    /// Returns the service of a word of a host name: `blob` and `dfs`, `file`, `queue`, `table`.
    #[must_use]
    pub fn from_host_label(label: &str) -> Option<Self> {
        match label {
            "blob" | "dfs" => Some(Self::Blob),
            "file" => Some(Self::File),
            "queue" => Some(Self::Queue),
            "table" => Some(Self::Table),
            _ => None,
        }
    }
}

/// The kind of a storage token: the resource that it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SasKind {
    /// Services and resource types of a whole account: `ss` and `srt`.
    Account,
    /// A container and its blobs: `sr=c`.
    Container,
    /// A blob: `sr=b`.
    Blob,
    /// A version of a blob: `sr=bv`.
    BlobVersion,
    /// A snapshot of a blob: `sr=bs`.
    BlobSnapshot,
    /// A directory and everything below it: `sr=d` and its depth `sdd`.
    Directory,
    /// A file share and its files: `sr=s`.
    Share,
    /// A file: `sr=f`.
    File,
    /// A queue: neither `sr` nor `tn`.
    Queue,
    /// A table, or a range of its entities: `tn`.
    Table,
}

impl SasKind {
    /// All kinds, in the order of their declaration.
    pub const ALL: [Self; 10] = [
        Self::Account,
        Self::Container,
        Self::Blob,
        Self::BlobVersion,
        Self::BlobSnapshot,
        Self::Directory,
        Self::Share,
        Self::File,
        Self::Queue,
        Self::Table,
    ];

    /// Returns the service, or `None` for an account.
    #[must_use]
    pub const fn service(self) -> Option<Service> {
        match self {
            Self::Account => None,
            Self::Container | Self::Blob | Self::BlobVersion | Self::BlobSnapshot | Self::Directory => {
                Some(Service::Blob)
            }
            Self::Share | Self::File => Some(Service::File),
            Self::Queue => Some(Service::Queue),
            Self::Table => Some(Service::Table),
        }
    }

    /// Returns the value of `sr`.
    #[must_use]
    pub const fn sr(self) -> Option<&'static str> {
        match self {
            Self::Container => Some("c"),
            Self::Blob => Some("b"),
            Self::BlobVersion => Some("bv"),
            Self::BlobSnapshot => Some("bs"),
            Self::Directory => Some("d"),
            Self::Share => Some("s"),
            Self::File => Some("f"),
            Self::Account | Self::Queue | Self::Table => None,
        }
    }

    /// Returns the kind at the start of a text that has a value of `sr` and then a `&`, and the length of the value.
    pub(crate) fn usual(text: &[u8]) -> Option<(Self, usize)> {
        let value = match text {
            [_, b'&', ..] | [_] => text.get(..1)?,
            _ => text.get(..2)?,
        };
        Some((Self::from_sr(value).ok()?, value.len()))
    }

    pub(crate) fn from_sr(sr: &[u8]) -> Result<Self, Problem> {
        match sr {
            b"c" => Ok(Self::Container),
            b"b" => Ok(Self::Blob),
            b"bv" => Ok(Self::BlobVersion),
            b"bs" => Ok(Self::BlobSnapshot),
            b"d" => Ok(Self::Directory),
            b"s" => Ok(Self::Share),
            b"f" => Ok(Self::File),
            _ => Err(Problem::Name),
        }
    }
}

/// The level of a resource of an account, as `srt` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResourceType {
    /// `s`: the service.
    Service,
    /// `c`: a container, share, queue or table.
    Container,
    /// `o`: a blob, file, message or entity.
    Object,
}

impl ResourceType {
    /// Returns its letter in `srt`.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Service => 's',
            Self::Container => 'c',
            Self::Object => 'o',
        }
    }
}

/// The protocols that a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// `https`.
    Https,
    /// `https,http`, and a token without `spr`.
    HttpsOrHttp,
}

impl Protocol {
    /// Returns the value of `spr`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::HttpsOrHttp => "https,http",
        }
    }

    /// Returns the protocol at the start of a text, and the length of its value.
    pub(crate) fn usual(text: &[u8]) -> Option<(Self, usize)> {
        let rest = text.strip_prefix(b"https")?;
        Some(if rest.starts_with(b",http") { (Self::HttpsOrHttp, 10) } else { (Self::Https, 5) })
    }
}
