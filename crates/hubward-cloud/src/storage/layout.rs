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

/// The groups of tokens that share layouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Account,
    Service(Service),
    Delegated(Service),
}

/// A layout, from its first version on.
struct Layout {
    group: Group,
    since: Version,
    lines: &'static [Line],
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

#[rustfmt::skip]
const LAYOUTS: [Layout; 15] = [
    Layout { group: Group::Account, since: SERVICE_2015, lines: &[
        Line::Account, SP, value(Field::SS), value(Field::SRT), ST, SE, SIP, SPR, SV, Line::Empty,
    ] },
    Layout { group: Group::Account, since: Version::known("2020-12-06"), lines: &[
        Line::Account, SP, value(Field::SS), value(Field::SRT), ST, SE, SIP, SPR, SV, SES, Line::Empty,
    ] },
    Layout { group: Group::Service(Service::Blob), since: SERVICE_2015, lines: &[
        SP, ST, SE, Line::Resource, SI, SIP, SPR, SV, RSCC, RSCD, RSCE, RSCL, RSCT,
    ] },
    Layout { group: Group::Service(Service::Blob), since: Version::known("2018-11-09"), lines: &[
        SP, ST, SE, Line::Resource, SI, SIP, SPR, SV, SR, Line::Snapshot, RSCC, RSCD, RSCE, RSCL, RSCT,
    ] },
    Layout { group: Group::Service(Service::Blob), since: Version::known("2020-12-06"), lines: &[
        SP, ST, SE, Line::Resource, SI, SIP, SPR, SV, SR, Line::Snapshot, SES, RSCC, RSCD, RSCE, RSCL, RSCT,
    ] },
    Layout { group: Group::Service(Service::File), since: SERVICE_2015, lines: &[
        SP, ST, SE, Line::Resource, SI, SIP, SPR, SV, RSCC, RSCD, RSCE, RSCL, RSCT,
    ] },
    Layout { group: Group::Service(Service::Queue), since: SERVICE_2015, lines: &[
        SP, ST, SE, Line::Resource, SI, SIP, SPR, SV,
    ] },
    Layout { group: Group::Service(Service::Table), since: SERVICE_2015, lines: &[
        SP, ST, SE, Line::Resource, SI, SIP, SPR, SV,
        value(Field::SPK), value(Field::SRK), value(Field::EPK), value(Field::ERK),
    ] },
    Layout { group: Group::Delegated(Service::Blob), since: Version::known("2018-11-09"), lines: &[
        SP, ST, SE, Line::Resource, SKOID, SKTID, SKT, SKE, SKS, SKV,
        SIP, SPR, SV, SR, Line::Snapshot, RSCC, RSCD, RSCE, RSCL, RSCT,
    ] },
    Layout { group: Group::Delegated(Service::Blob), since: Version::known("2020-02-10"), lines: &[
        SP, ST, SE, Line::Resource, SKOID, SKTID, SKT, SKE, SKS, SKV, SAOID, SUOID, SCID,
        SIP, SPR, SV, SR, Line::Snapshot, RSCC, RSCD, RSCE, RSCL, RSCT,
    ] },
    Layout { group: Group::Delegated(Service::Blob), since: Version::known("2020-12-06"), lines: &[
        SP, ST, SE, Line::Resource, SKOID, SKTID, SKT, SKE, SKS, SKV, SAOID, SUOID, SCID,
        SIP, SPR, SV, SR, Line::Snapshot, SES, RSCC, RSCD, RSCE, RSCL, RSCT,
    ] },
    Layout { group: Group::Delegated(Service::Blob), since: Version::known("2025-07-05"), lines: &[
        SP, ST, SE, Line::Resource, SKOID, SKTID, SKT, SKE, SKS, SKV, SAOID, SUOID, SCID, SKDUTID, SDUOID,
        SIP, SPR, SV, SR, Line::Snapshot, SES, RSCC, RSCD, RSCE, RSCL, RSCT,
    ] },
    Layout { group: Group::Delegated(Service::Blob), since: Version::known("2026-04-06"), lines: &[
        SP, ST, SE, Line::Resource, SKOID, SKTID, SKT, SKE, SKS, SKV, SAOID, SUOID, SCID, SKDUTID, SDUOID,
        SIP, SPR, SV, SR, Line::Snapshot, SES, Line::Headers, Line::Query, RSCC, RSCD, RSCE, RSCL, RSCT,
    ] },
    Layout { group: Group::Delegated(Service::File), since: Version::known("2025-07-05"), lines: &[
        SP, ST, SE, Line::Resource, SKOID, SKTID, SKT, SKE, SKS, SKV, SKDUTID, SDUOID,
        SIP, SPR, SV, RSCC, RSCD, RSCE, RSCL, RSCT,
    ] },
    Layout { group: Group::Delegated(Service::Queue), since: Version::known("2025-07-05"), lines: &[
        SP, ST, SE, Line::Resource, SKOID, SKTID, SKT, SKE, SKS, SKV, SKDUTID, SDUOID, SIP, SPR, SV,
    ] },
];

/// Returns the lines of a kind of token in a version, if that version has such tokens.
pub(crate) fn lines(kind: SasKind, delegated: bool, version: Version) -> Option<&'static [Line]> {
    let group = match (kind.service(), delegated) {
        (None, false) => Group::Account,
        (None, true) => return None,
        (Some(service), false) => Group::Service(service),
        (Some(service), true) => Group::Delegated(service),
    };
    // of several, the one with the latest first version
    LAYOUTS
        .iter()
        .rev()
        .find(|layout| layout.group == group && layout.since <= version)
        .map(|layout| layout.lines)
}

/// Returns whether a field may be in a token with these lines although no line is its value: `sr` before it was signed,
/// the names of signed headers and parameters, the depth of a directory and the name of a table, which are in the
/// resource.
pub(crate) fn is_implied(field: Field, kind: SasKind, lines: &[Line]) -> bool {
    match field {
        Field::SR => kind.sr().is_some(),
        Field::SDD => kind == SasKind::Directory,
        Field::TN => kind == SasKind::Table,
        Field::SRH => lines.contains(&Line::Headers),
        Field::SRQ => lines.contains(&Line::Query),
        _ => false,
    }
}
