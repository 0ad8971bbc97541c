//! The layouts of the signed text: which values are signed, in which order, by kind of token and version.

use crate::storage::field::Field;
use crate::storage::kind::{SasKind, Service};
use crate::storage::version::Version;

/// A line of the signed text. Lines are joined by line feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// The value of a field, or nothing.
    Value(Field),
    /// The account's name.
    Account,
    /// `/{service}/{account}/{path}`.
    Resource,
    /// The snapshot or the version of the blob.
    Snapshot,
    /// The headers that `srh` names, with their values.
    Headers,
    /// The query parameters that `srq` names, with their values.
    Query,
    /// Nothing: the text ends with a line feed.
    Empty,
}

/// A layout, from its first version on.
pub(crate) struct Layout {
    since: Version,
    pub(crate) lines: &'static [Line],
    /// The fields that a token may have, by [`Field::bit`]: those that are a line of the text, and the names of signed
    /// headers and parameters.
    fields: u64,
    /// Whether a line is the snapshot.
    snapshot: bool,
}

impl Layout {
    const fn new(since: Version, lines: &'static [Line]) -> Self {
        let (mut fields, mut snapshot, mut rest) = (0, false, lines);
        while let [line, tail @ ..] = rest {
            match line {
                Line::Value(field) => fields |= field.bit(),
                Line::Headers => fields |= Field::SRH.bit(),
                Line::Query => fields |= Field::SRQ.bit(),
                Line::Snapshot => snapshot = true,
                Line::Account | Line::Resource | Line::Empty => {}
            }
            rest = tail;
        }
        Self { since, lines, fields, snapshot }
    }

    /// Returns the fields that a token of a kind may have, by [`Field::bit`]: also `sr` before it was signed, the depth
    /// of a directory and the name of a table, which are in the resource.
    pub(crate) const fn fields(&self, kind: SasKind) -> u64 {
        let implied = match kind {
            SasKind::Account | SasKind::Queue => 0,
            SasKind::Table => Field::TN.bit(),
            SasKind::Directory => Field::SR.bit() | Field::SDD.bit(),
            SasKind::Container
            | SasKind::Blob
            | SasKind::BlobVersion
            | SasKind::BlobSnapshot
            | SasKind::Share
            | SasKind::File => Field::SR.bit(),
        };
        self.fields | implied
    }
}

const fn value(field: Field) -> Line {
    Line::Value(field)
}

const SP: Line = value(Field::SP);
const ST: Line = value(Field::ST);
const SE: Line = value(Field::SE);
const SI: Line = value(Field::SI);
const SIP: Line = value(Field::SIP);
const SPR: Line = value(Field::SPR);
const SV: Line = value(Field::SV);
const SR: Line = value(Field::SR);
const SES: Line = value(Field::SES);
const RSCC: Line = value(Field::RSCC);
const RSCD: Line = value(Field::RSCD);
const RSCE: Line = value(Field::RSCE);
const RSCL: Line = value(Field::RSCL);
const RSCT: Line = value(Field::RSCT);
const SKOID: Line = value(Field::SKOID);
const SKTID: Line = value(Field::SKTID);
const SKT: Line = value(Field::SKT);
const SKE: Line = value(Field::SKE);
const SKS: Line = value(Field::SKS);
const SKV: Line = value(Field::SKV);
const SAOID: Line = value(Field::SAOID);
const SUOID: Line = value(Field::SUOID);
const SCID: Line = value(Field::SCID);
const SKDUTID: Line = value(Field::SKDUTID);
const SDUOID: Line = value(Field::SDUOID);

const SERVICE_2015: Version = Version::known("2015-04-05");

// of each group that shares layouts, the oldest first
#[rustfmt::skip]
static ACCOUNT: [Layout; 2] = [
    Layout::new(SERVICE_2015, &[
        Line::Account, SP, value(Field::SS), value(Field::SRT), ST, SE, SIP, SPR, SV, Line::Empty,
    ]),
    Layout::new(Version::known("2020-12-06"), &[
        Line::Account, SP, value(Field::SS), value(Field::SRT), ST, SE, SIP, SPR, SV, SES, Line::Empty,
    ]),
];
#[rustfmt::skip]
static BLOB: [Layout; 3] = [
    Layout::new(SERVICE_2015, &[
        SP, ST, SE, Line::Resource, SI, SIP, SPR, SV, RSCC, RSCD, RSCE, RSCL, RSCT,
    ]),
    Layout::new(Version::known("2018-11-09"), &[
        SP, ST, SE, Line::Resource, SI, SIP, SPR, SV, SR, Line::Snapshot, RSCC, RSCD, RSCE, RSCL, RSCT,
    ]),
    Layout::new(Version::known("2020-12-06"), &[
        SP, ST, SE, Line::Resource, SI, SIP, SPR, SV, SR, Line::Snapshot, SES, RSCC, RSCD, RSCE, RSCL, RSCT,
    ]),
];
#[rustfmt::skip]
static FILE: [Layout; 1] = [
    Layout::new(SERVICE_2015, &[
        SP, ST, SE, Line::Resource, SI, SIP, SPR, SV, RSCC, RSCD, RSCE, RSCL, RSCT,
    ]),
];
#[rustfmt::skip]
static QUEUE: [Layout; 1] = [
    Layout::new(SERVICE_2015, &[
        SP, ST, SE, Line::Resource, SI, SIP, SPR, SV,
    ]),
];
#[rustfmt::skip]
static TABLE: [Layout; 1] = [
    Layout::new(SERVICE_2015, &[
        SP, ST, SE, Line::Resource, SI, SIP, SPR, SV,
        value(Field::SPK), value(Field::SRK), value(Field::EPK), value(Field::ERK),
    ]),
];
#[rustfmt::skip]
static DELEGATED_BLOB: [Layout; 5] = [
    Layout::new(Version::known("2018-11-09"), &[
        SP, ST, SE, Line::Resource, SKOID, SKTID, SKT, SKE, SKS, SKV,
        SIP, SPR, SV, SR, Line::Snapshot, RSCC, RSCD, RSCE, RSCL, RSCT,
    ]),
    Layout::new(Version::known("2020-02-10"), &[
        SP, ST, SE, Line::Resource, SKOID, SKTID, SKT, SKE, SKS, SKV, SAOID, SUOID, SCID,
        SIP, SPR, SV, SR, Line::Snapshot, RSCC, RSCD, RSCE, RSCL, RSCT,
    ]),
    Layout::new(Version::known("2020-12-06"), &[
        SP, ST, SE, Line::Resource, SKOID, SKTID, SKT, SKE, SKS, SKV, SAOID, SUOID, SCID,
        SIP, SPR, SV, SR, Line::Snapshot, SES, RSCC, RSCD, RSCE, RSCL, RSCT,
    ]),
    Layout::new(Version::known("2025-07-05"), &[
        SP, ST, SE, Line::Resource, SKOID, SKTID, SKT, SKE, SKS, SKV, SAOID, SUOID, SCID, SKDUTID, SDUOID,
        SIP, SPR, SV, SR, Line::Snapshot, SES, RSCC, RSCD, RSCE, RSCL, RSCT,
    ]),
    Layout::new(Version::known("2026-04-06"), &[
        SP, ST, SE, Line::Resource, SKOID, SKTID, SKT, SKE, SKS, SKV, SAOID, SUOID, SCID, SKDUTID, SDUOID,
        SIP, SPR, SV, SR, Line::Snapshot, SES, Line::Headers, Line::Query, RSCC, RSCD, RSCE, RSCL, RSCT,
    ]),
];
#[rustfmt::skip]
static DELEGATED_FILE: [Layout; 1] = [
    Layout::new(Version::known("2025-07-05"), &[
        SP, ST, SE, Line::Resource, SKOID, SKTID, SKT, SKE, SKS, SKV, SKDUTID, SDUOID,
        SIP, SPR, SV, RSCC, RSCD, RSCE, RSCL, RSCT,
    ]),
];
#[rustfmt::skip]
static DELEGATED_QUEUE: [Layout; 1] = [
    Layout::new(Version::known("2025-07-05"), &[
        SP, ST, SE, Line::Resource, SKOID, SKTID, SKT, SKE, SKS, SKV, SKDUTID, SDUOID, SIP, SPR, SV,
    ]),
];

/// Returns the layout of a kind of token in a version, if that version has such tokens.
pub(crate) fn layout(kind: SasKind, delegated: bool, version: Version) -> Option<&'static Layout> {
    let layouts: &[Layout] = match (kind.service(), delegated) {
        (None, false) => &ACCOUNT,
        (Some(Service::Blob), false) => &BLOB,
        (Some(Service::File), false) => &FILE,
        (Some(Service::Queue), false) => &QUEUE,
        (Some(Service::Table), false) => &TABLE,
        (Some(Service::Blob), true) => &DELEGATED_BLOB,
        (Some(Service::File), true) => &DELEGATED_FILE,
        (Some(Service::Queue), true) => &DELEGATED_QUEUE,
        (None | Some(Service::Table), true) => return None,
    };
    // of several, the one with the latest first version
    let layout = layouts.iter().rev().find(|layout| layout.since <= version)?;
    // before `sr` and the snapshot were signed, there were no tokens of these kinds
    let late = matches!(kind, SasKind::BlobSnapshot | SasKind::BlobVersion | SasKind::Directory);
    (!late || layout.snapshot).then_some(layout)
}
