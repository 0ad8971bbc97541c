//! The question that proves a name: without the property that the name is about, does rustls-webpki still give its reason? The
//! certificates of the path are written again without it, each with a name of its own, so that the path has no other order. Every
//! signature is accepted, because theirs are no longer valid.

use webpki::Error;

use super::chains::Case;
use super::der::{fields, sequence, tlv};
use super::differences::contents;
use super::keys::ANY_SIGNATURE;
use super::{Path, Use, webpki};

/// An extension of a certificate; one whose OID is empty is left out.
pub struct Part {
    pub oid: Vec<u8>,
    /// The encoded BOOLEAN, or nothing.
    pub critical: Vec<u8>,
    pub value: Vec<u8>,
}

/// A change to the signed fields of a certificate, which are numbered as if its version were written.
pub type Alter<'c> = &'c dyn Fn(&[u8], &mut Vec<Vec<u8>>);

/// Returns the reason of rustls-webpki for this path, with each extension changed: the argument is the certificate and its part.
/// `alter` changes the fields.
pub fn reason(
    case: &Case,
    purpose: Use,
    path: &Path,
    change: &dyn Fn(&[u8], &mut Part),
    alter: Alter<'_>,
) -> Result<(), Error> {
    let presented = path.intermediates.iter().zip(1..).map(|(der, at)| write(der, at, change, alter));
    let case = Case {
        anchors: vec![write(
            &path.anchor,
            u8::try_from(path.intermediates.len() + 1).unwrap(),
            change,
            alter,
        )],
        leaf: write(&case.leaf, 0, change, alter),
        presented: presented.collect(),
        host: case.host.clone(),
        now: case.now,
        algorithms: &ANY_SIGNATURE,
        revocation: None,
    };
    webpki(&case, purpose, &case.presented, &case.anchors).map(|_| ())
}

/// Writes the certificate at this place of the path, the leaf at 0.
fn write(der: &[u8], at: u8, change: &dyn Fn(&[u8], &mut Part), alter: Alter<'_>) -> Vec<u8> {
    let outer = fields(der);
    let mut inner: Vec<Vec<u8>> = fields(outer[0]).into_iter().map(<[u8]>::to_vec).collect();
    if inner[0][0] != 0xa0 {
        inner.insert(0, Vec::new());
    }
    let name = |at: u8| {
        sequence(&[&tlv(
            0x31,
            &sequence(&[&[6, 3, 0x55, 4, 3], &tlv(0x0c, &[b'0' + at / 10, b'0' + at % 10])]),
        )])
    };
    inner[3] = name(at + 1);
    inner[5] = name(at);
    alter(der, &mut inner);
    for field in inner.iter_mut().skip(7).filter(|field| field[0] == 0xa3) {
        let parts = fields(fields(field)[0]).into_iter().map(|extension| {
            let parts = fields(extension);
            let mut part = Part {
                oid: contents(parts[0]).to_vec(),
                critical: if parts.len() == 3 { parts[1].to_vec() } else { Vec::new() },
                value: contents(parts[parts.len() - 1]).to_vec(),
            };
            let oid = part.oid.clone();
            change(der, &mut part);
            if part.oid.is_empty() && !oid.is_empty() {
                return Vec::new();
            }
            sequence(&[&tlv(6, &oid), &part.critical, &tlv(4, &part.value)])
        });
        let list = parts.collect::<Vec<_>>().concat();
        *field = if list.is_empty() { Vec::new() } else { tlv(0xa3, &tlv(0x30, &list)) };
    }
    sequence(&[&tlv(0x30, &inner.concat()), outer[1], outer[2]])
}

/// Takes the subtrees of these forms, given by their tag numbers, from name constraints.
pub fn take_forms(part: &mut Part, forms: &[u8]) {
    if part.oid != [0x55, 0x1d, 30] {
        return;
    }
    let kept = fields(&part.value).into_iter().map(|list| {
        let all = fields(list);
        let kept: Vec<&[u8]> = all
            .into_iter()
            .filter(|subtree| !fields(subtree).first().is_some_and(|base| forms.contains(&(base[0] & 0x1f))))
            .collect();
        if kept.is_empty() { Vec::new() } else { tlv(list[0], &kept.concat()) }
    });
    let kept = kept.collect::<Vec<_>>().concat();
    if kept.is_empty() {
        part.oid.clear();
    } else {
        part.value = tlv(0x30, &kept);
    }
}
