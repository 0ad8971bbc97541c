//! The file of `--provisioning`: the first content of a provisioning service.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use hubward::registry::MOST_GROUPS;
use hubward::types::{Authority, IdScope, PolicyName, SymmetricKey};
use hubward_store::{EnrollmentAttestation, EnrollmentRecord, Kind, ServicePolicyContent, ServiceRecord};
use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::authorities::Authorities;
use super::json::{Secret, Written};
use crate::clock;
use crate::files::shown;

/// The reason why a file of `--provisioning` was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProvisioningError {
    /// It cannot be read.
    #[error("{}: {error}", shown(file))]
    Read {
        /// The file.
        file: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
    /// It is not an object with the fields of a provisioning service.
    #[error(
        "{}: line {line}, column {column}: not an object of idScope, host, individuals, groups and policies",
        shown(file)
    )]
    Json {
        /// The file.
        file: PathBuf,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// A part of it is not valid.
    #[error("{}: {place}: {problem}", shown(file))]
    Content {
        /// The file.
        file: PathBuf,
        /// The part.
        place: String,
        /// The reason, without a part of the file's text.
        problem: String,
    },
    /// It differs from the registry.
    #[error(
        "--provisioning: {0} differs from the registry; the file is used only for a registry without a provisioning \
         service, so start without it, or make both equal"
    )]
    Differs(String),
    /// The registry's store failed.
    #[error("--provisioning: {0}")]
    Store(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document<'t> {
    #[serde(borrow)]
    id_scope: Cow<'t, str>,
    #[serde(borrow)]
    host: Cow<'t, str>,
    #[serde(borrow, default)]
    individuals: Vec<&'t RawValue>,
    #[serde(borrow, default)]
    groups: Vec<&'t RawValue>,
    #[serde(borrow, default)]
    policies: Vec<Policy<'t>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Policy<'t> {
    #[serde(borrow)]
    key_name: Cow<'t, str>,
    primary_key: Secret,
    #[serde(default)]
    secondary_key: Option<Secret>,
    #[serde(borrow)]
    rights: Cow<'t, str>,
}

/// The content of the file, checked as a whole.
#[derive(Debug)]
pub(crate) struct FirstContent {
    pub(crate) service: ServiceRecord,
    pub(crate) policies: Vec<ServicePolicyContent>,
    pub(crate) enrollments: Vec<EnrollmentRecord>,
}

impl FirstContent {
    /// Reads the file.
    pub(crate) fn read(file: &Path, authorities: &Authorities) -> Result<Self, ProvisioningError> {
        let text = std::fs::read_to_string(file)
            .map(Zeroizing::new)
            .map_err(|error| ProvisioningError::Read { file: file.into(), error })?;
        let document: Document<'_> =
            serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(&text)).map_err(|error| {
                ProvisioningError::Json { file: file.into(), line: error.line(), column: error.column() }
            })?;
        Self::of(&document, authorities).map_err(|(place, problem)| ProvisioningError::Content {
            file: file.into(),
            place,
            problem,
        })
    }

    fn of(document: &Document<'_>, authorities: &Authorities) -> Result<Self, (String, String)> {
        let at = |place: &str, error: &dyn core::fmt::Display| (place.to_owned(), error.to_string());
        IdScope::parse(&document.id_scope).map_err(|error| at("idScope", &error))?;
        Authority::parse(&document.host).map_err(|error| at("host", &error))?;
        let service = ServiceRecord { id_scope: (*document.id_scope).into(), host: (*document.host).into() };
        let now = clock::now().as_secs();
        let (mut enrollments, mut seen) = (Vec::new(), BTreeSet::new());
        let lists = [
            (Kind::Enrollment, "individuals", &document.individuals),
            (Kind::EnrollmentGroup, "groups", &document.groups),
        ];
        for (kind, list, texts) in lists {
            for (number, text) in (1_usize..).zip(texts) {
                let place = format!("{list}, number {number}");
                let record = Written::parse(text.get().as_bytes())
                    .and_then(|written| written.record(written.key(kind)?, None, authorities, now))
                    .map_err(|error| (place.clone(), error.to_string()))?;
                if !seen.insert(record.key.clone()) {
                    return Err((place, "an earlier one has the same id".into()));
                }
                enrollments.push(record);
            }
        }
        let with_keys = |one: &&EnrollmentRecord| matches!(one.attestation, EnrollmentAttestation::Keys(..));
        if enrollments.iter().filter(|one| one.is_group()).filter(with_keys).count() > MOST_GROUPS {
            let most = format!("at most {MOST_GROUPS} groups with keys are allowed");
            return Err(("groups".into(), most));
        }
        let policies = (1_usize..).zip(&document.policies).map(|(number, policy)| {
            policy.content().map_err(|problem| (format!("policies, number {number}"), problem))
        });
        Ok(Self { service, policies: policies.collect::<Result<_, _>>()?, enrollments })
    }
}

impl Policy<'_> {
    fn content(&self) -> Result<ServicePolicyContent, String> {
        let name = PolicyName::parse(&self.key_name).map_err(|error| error.to_string())?;
        let key = |key: &Secret| SymmetricKey::from_base64(key.text()).map_err(|error| error.to_string());
        Ok(ServicePolicyContent {
            name: name.as_str().into(),
            rights: self.rights.parse().map_err(|error| format!("rights: {error}"))?,
            primary: key(&self.primary_key)?,
            secondary: self.secondary_key.as_ref().map(key).transpose()?,
        })
    }
}
