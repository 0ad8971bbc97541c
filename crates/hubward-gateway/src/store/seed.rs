//! The first content of a durable registry.

use hubward::types::Permissions;
use hubward_rustcrypto::HmacKey;
use hubward_store::{AnyStore, Sealer, is_empty};

use super::config::StoreError;
use crate::hub::Registry;
use crate::provisioning::FirstContent;

/// Writes the content of the files to a registry that never had any. Returns `false` if it has content. It blocks.
pub(crate) fn seed(store: &AnyStore, sealer: &Sealer, files: &Registry) -> Result<bool, StoreError> {
    let empty = is_empty(&**store)? && (!files.is_empty() || files.policies().next().is_some());
    // another gateway may be first, with the same files or others
    Ok(empty
        && hubward_store::seed(&**store, sealer, files)
            .map_err(|error| StoreError::Seed(error.to_string()))?)
}

/// Writes the first content of the provisioning service to a registry without one. Returns `false` if it has one. It blocks.
pub(crate) fn seed_first(
    store: &AnyStore,
    sealer: &Sealer,
    first: &FirstContent,
) -> Result<bool, StoreError> {
    hubward_store::seed_provisioning(&**store, sealer, &first.service, &first.policies, &first.enrollments)
        .map_err(|error| StoreError::Seed(error.to_string()))
}

/// Compares the policies of the files with those of the registry, so that there are never two truths.
pub(crate) fn compare(files: &Registry, index: &Registry) -> Result<(), StoreError> {
    for policy in files.policies() {
        let own = content(&policy);
        let same = index.policies().any(|other| other.name() == policy.name() && content(&other) == own);
        if !same {
            return Err(StoreError::PoliciesDiffer(policy.name().to_string()));
        }
    }
    // without policies in the files, those of the registry count
    let other = index.policies().find(|other| !files.policies().any(|own| own.name() == other.name()));
    match other {
        Some(other) if files.policies().next().is_some() => {
            Err(StoreError::PoliciesDiffer(other.name().to_string()))
        }
        _ => Ok(()),
    }
}

/// The permissions and the keys of a policy. The keys are compared at the start of a program that has both.
fn content(policy: &hubward::registry::PolicyView<'_, HmacKey>) -> (Permissions, [Option<Vec<u8>>; 2]) {
    let keys = policy.keys();
    let both = [keys.expose_primary(), keys.expose_secondary()];
    (policy.rights(), both.map(|key| key.map(|key| key.expose().to_vec())))
}
