//! The rows of the provisioning service: in memory, or in the registry's store.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use hubward::registry::{MOST_GROUPS, Registry, TpmWrapper};
use hubward::types::{Authority, IdScope, SymmetricKey};
use hubward::{BothCredentials, ProvisioningConfig, X509Config};
use hubward_ring::AeadKey;
use hubward_rustcrypto::HmacKey;
use hubward_store::{
    Affected, AnyStore, ChangeError, FeedTimes, Follower, MemoryStore, ProvisioningEntry, ProvisioningIndex,
    ProvisioningRows, RowError, RowKey, Sealer, Target, any, change_provisioning_rows, read_provisioning,
    read_service_policy, seed_provisioning,
};
use tokio::sync::{Semaphore, watch};
use zeroize::Zeroizing;

use super::tpm::Tpm;
use super::{Assignment, Authorities, Budget, FirstContent, Provisioning, ProvisioningError};
use crate::files::entropy;
use crate::hub::Hub;
use crate::live_config::dummy_key;
use crate::store::{Durable, StoreFailure, WriteError};

type Make = fn(&SymmetricKey) -> HmacKey;

/// The place of the rows.
pub(super) enum Rows {
    /// The registry's store. Its feed keeps the index.
    Durable(Durable),
    /// A store in memory, which ends with the gateway. The one who writes keeps the index.
    Memory { store: AnyStore, sealer: Arc<Sealer>, follower: Mutex<Follower<Make>> },
}

/// The parts of a gateway that its provisioning service shares.
pub(crate) struct Shared<'s> {
    pub(crate) hub: &'s str,
    pub(crate) x509: X509Config,
    pub(crate) token: hubward::sas::TokenRules,
    pub(crate) assignment: Arc<dyn Assignment>,
    pub(crate) tpm: Option<Arc<dyn TpmWrapper>>,
}

impl Provisioning {
    /// Opens the service in the registry's store. Returns `None` if the store has none.
    pub(crate) fn durable(
        durable: Durable,
        index: ProvisioningIndex<HmacKey>,
        shared: Shared<'_>,
        secret: &SymmetricKey,
    ) -> Result<Option<Self>, ProvisioningError> {
        match index.service() {
            Some(_) => Self::of(Rows::Durable(durable), index, shared, secret).map(Some),
            None => Ok(None),
        }
    }

    /// Creates a service in memory.
    pub(crate) fn in_memory(first: &FirstContent, shared: Shared<'_>) -> Result<Self, ProvisioningError> {
        let failed = |error: &dyn core::fmt::Display| ProvisioningError::Store(error.to_string());
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key).map_err(|error| failed(&error))?;
        let sealer = Arc::new(Sealer::new(shared.hub, Box::new(AeadKey::new(&key)), entropy));
        let store = any(MemoryStore::new(shared.hub));
        seed_provisioning(&*store, &sealer, &first.service, &first.policies, &first.enrollments)
            .map_err(|error| failed(&error))?;
        let make: Make = HmacKey::new;
        let mut follower = Follower::new(FeedTimes::default(), make, entropy);
        let mut index = Index(ProvisioningIndex::default());
        follower.catch_up(&*store, &sealer, Default::default, &mut index).map_err(|error| failed(&error))?;
        // registrations are of this process, and so are its challenges
        let secret = SymmetricKey::generate(entropy).map_err(|error| failed(&error))?;
        let rows = Rows::Memory { store, sealer, follower: Mutex::new(follower) };
        Self::of(rows, index.0, shared, &secret)
    }

    fn of(
        rows: Rows,
        index: ProvisioningIndex<HmacKey>,
        shared: Shared<'_>,
        secret: &SymmetricKey,
    ) -> Result<Self, ProvisioningError> {
        let failed = |error: &dyn core::fmt::Display| ProvisioningError::Store(error.to_string());
        let service = index.service().ok_or_else(|| failed(&"there is no provisioning service"))?;
        let scope = IdScope::parse(&service.id_scope).map_err(|error| failed(&error))?;
        let host = Authority::parse(&service.host).map_err(|error| failed(&error))?;
        let own = Authority::parse(shared.hub).map_err(|error| failed(&error))?;
        let authorities = Authorities::of(shared.x509.anchors());
        let config = ProvisioningConfig::new(scope, dummy_key().map_err(|error| failed(&error))?)
            .with_service_host(host)
            .with_device_hosts([own])
            .with_token_rules(shared.token)
            .with_both_credentials(BothCredentials::Refuse)
            .with_x509(shared.x509);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        tracing::info!(scope = %service.id_scope, "the provisioning service is served");
        Ok(Self {
            config: RwLock::new(config),
            authorities: RwLock::new(Arc::new(authorities)),
            index: RwLock::new(index),
            changed: watch::Sender::new(()),
            rows,
            assignment: shared.assignment,
            budget: Budget::default(),
            tpm: shared.tpm.map(|wrapper| Tpm::new(wrapper, secret)),
            workers: Arc::new(Semaphore::new(threads)),
            scans: Arc::new(Semaphore::new(1)),
            hub: shared.hub.into(),
        })
    }
}

impl Hub {
    /// Sets the provisioning service.
    pub(crate) fn with_provisioning(mut self, provisioning: Option<Provisioning>) -> Self {
        self.provisioning = provisioning.map(Arc::new);
        self
    }
}

impl Rows {
    pub(super) fn store(&self) -> (&AnyStore, &Sealer) {
        match self {
            Self::Durable(durable) => durable.parts(),
            Self::Memory { store, sealer, .. } => (store, sealer),
        }
    }

    pub(super) async fn change<T: Send + 'static>(
        service: &Arc<Provisioning>,
        keys: Vec<RowKey>,
        apply: impl FnMut(&mut ProvisioningRows) -> T + Send + 'static,
    ) -> Result<(T, ProvisioningRows), WriteError> {
        if let Self::Durable(durable) = &service.rows {
            let change = move |store: &AnyStore, sealer: &Sealer| {
                change_provisioning_rows(&**store, sealer, &keys, apply)
            };
            return durable.run(change).await;
        }
        let service = Arc::clone(service);
        let made = tokio::task::spawn_blocking(move || {
            let (store, sealer) = service.rows.store();
            let changed = change_provisioning_rows(&**store, sealer, &keys, apply)?;
            if let Self::Memory { follower, .. } = &service.rows {
                let mut follower = follower.lock().unwrap_or_else(PoisonError::into_inner);
                let done = follower.catch_up(&**store, sealer, Default::default, &mut Served(&service));
                done.map_err(ChangeError::Store)?;
            }
            Ok::<_, ChangeError<StoreFailure>>(changed.result)
        });
        Ok(made.await.map_err(|_| WriteError::Interrupted)??)
    }
}

/// Compares the file with the store, so that there are never two truths. It blocks.
pub(crate) fn compare(
    first: &FirstContent,
    index: &ProvisioningIndex<HmacKey>,
    store: &AnyStore,
    sealer: &Sealer,
) -> Result<(), ProvisioningError> {
    let failed = |error: StoreFailure| ProvisioningError::Store(error.to_string());
    let differs = |what: &str, name: &str| Err(ProvisioningError::Differs(format!("{what} {name}")));
    if index.service() != Some(&first.service) {
        return Err(ProvisioningError::Differs("the id scope or the host".into()));
    }
    for policy in &first.policies {
        let own = read_service_policy(&**store, sealer, &policy.name).map_err(failed)?;
        if !own.is_some_and(|own| own.same(policy)) {
            return differs("the policy", &policy.name);
        }
    }
    if let Some(name) = index.policies().find(|name| !first.policies.iter().any(|own| *own.name == **name)) {
        return differs("the policy", name);
    }
    for enrollment in &first.enrollments {
        let key = core::slice::from_ref(&enrollment.key);
        let rows = read_provisioning(&**store, sealer, key).map_err(failed)?;
        if !rows.enrollment(&enrollment.key).is_some_and(|own| own.same(enrollment)) {
            return differs("the enrollment", &enrollment.key.name);
        }
    }
    let written: std::collections::BTreeSet<(bool, &str)> =
        first.enrollments.iter().map(|one| (one.is_group(), &*one.key.name)).collect();
    let individuals = index.enrollments().individuals().map(|(name, _)| (false, name));
    let groups = index.enrollments().groups().map(|(name, _)| (true, name));
    match individuals.chain(groups).find(|one| !written.contains(one)) {
        Some((_, name)) => differs("the enrollment", name),
        None => Ok(()),
    }
}

/// Returns whether one more group with keys may be enrolled: further ones would not be tried.
pub(crate) fn has_room(index: &ProvisioningIndex<HmacKey>) -> bool {
    let with_keys = index
        .enrollments()
        .groups()
        .filter(|(_, group)| matches!(group.attestation(), hubward::registry::Attestation::SymmetricKey(_)));
    with_keys.count() < MOST_GROUPS
}

/// The index while it is loaded.
struct Index(ProvisioningIndex<HmacKey>);

impl Target<HmacKey> for Index {
    fn load(&mut self, _: Registry<HmacKey>) {}
    fn load_provisioning(&mut self, index: ProvisioningIndex<HmacKey>) {
        self.0 = index;
    }
    fn provisioning(&mut self, entry: ProvisioningEntry<HmacKey>) {
        self.0.apply(entry);
    }
    fn change(&mut self, _: &mut dyn FnMut(&mut Registry<HmacKey>)) {}
    fn affected(&mut self, _: Vec<Affected>) {}
    fn refused(&mut self, _: &RowKey, _: RowError) {}
}

/// The index of a running gateway.
struct Served<'p>(&'p Provisioning);

impl Target<HmacKey> for Served<'_> {
    fn load(&mut self, _: Registry<HmacKey>) {}
    fn load_provisioning(&mut self, index: ProvisioningIndex<HmacKey>) {
        self.0.replace(index);
    }
    fn provisioning(&mut self, entry: ProvisioningEntry<HmacKey>) {
        self.0.apply(entry);
    }
    fn change(&mut self, _: &mut dyn FnMut(&mut Registry<HmacKey>)) {}
    fn affected(&mut self, _: Vec<Affected>) {}
    fn refused(&mut self, _: &RowKey, _: RowError) {}
}
