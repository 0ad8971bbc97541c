//! A registration: the hub is chosen, the device created, and the registration recorded.

use core::net::IpAddr;
use std::sync::Arc;

use base64ct::{Base64, Encoding};
use hubward::registry::{ETag, Precondition, RegistryError};
use hubward::types::{DeviceId, Identity, RegistrationId};
use hubward_store::{EnrollmentRecord, ProvisioningRows, RegistrationRecord, RegistrationState, RowKey};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Provisioning;
use super::answer::Failure;
use super::assign::{AssignedDevice, AssignmentRequest, choose};
use super::device::{DeviceCredential, NotCreated, delete_registered, storage_root};
use super::tpm::WrittenKeys;
use super::verify::{Attempt, Registrant};
use crate::clock;
use crate::files::entropy;
use crate::hub::{Hub, Registry};
use crate::store::WriteError;

/// A registration that was carried out.
#[derive(Debug)]
pub(crate) struct Registered {
    /// The id by which the device asks for the result.
    pub(crate) operation: Box<str>,
}

/// The body of a request to register.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'t> {
    registration_id: Option<String>,
    #[serde(borrow)]
    payload: Option<&'t RawValue>,
    tpm: Option<WrittenKeys>,
}

/// The part of a request to register that its registration depends on.
#[derive(Debug, Default)]
pub(super) struct Asked {
    payload: Option<String>,
    /// The storage root key of the device's TPM.
    pub(super) storage_root: Option<Vec<u8>>,
}

/// The changes that a registration makes.
struct Plan {
    /// The number of the creation of the enrollment.
    creation: Option<u64>,
    device_id: Box<str>,
    hub: Box<str>,
    is_own: bool,
    /// The hub that the device had.
    former: Option<Box<str>>,
    /// The generation id of the device that was registered before, at this gateway's hub, by the same enrollment.
    registered: Option<Box<str>>,
    /// The device is new at its hub, or starts again.
    fresh: bool,
    migrate: bool,
    edge: bool,
    initial_twin: Option<Box<str>>,
    credential: DeviceCredential,
    state: RegistrationState,
}

impl Provisioning {
    /// Registers a device that was verified.
    pub(crate) async fn register(
        self: &Arc<Self>,
        hub: &Arc<Hub>,
        address: IpAddr,
        attempt: &Arc<Attempt>,
        registrant: &Registrant,
        body: &[u8],
    ) -> Result<Registered, Failure> {
        let id = RegistrationId::parse(&registrant.id).map_err(|_| Failure::BadRequest)?;
        let asked = asked(body, id)?;
        let keys = vec![enrollment_key(registrant), RowKey::registration(id)];
        let rows = self.read(keys.clone()).await.map_err(|error| unavailable(&error))?;
        // the caller's function may block
        let (this, owned) = (Arc::clone(self), (Arc::clone(attempt), copy(registrant)));
        let planned =
            tokio::task::spawn_blocking(move || this.plan(&rows, address, &owned.0, &owned.1, &asked));
        let plan = planned.await.map_err(|_| Failure::Unavailable)??;
        // a device that disconnects now does not leave a half of it
        let (this, hub, registrant) = (Arc::clone(self), Arc::clone(hub), copy(registrant));
        let carried_out = tokio::spawn(async move { this.carry_out(&hub, plan, keys, &registrant).await });
        carried_out.await.map_err(|_| Failure::Unavailable)?
    }

    /// Creates or changes the device of a plan, and records the registration.
    async fn carry_out(
        self: &Arc<Self>,
        hub: &Hub,
        plan: Plan,
        keys: Vec<RowKey>,
        registrant: &Registrant,
    ) -> Result<Registered, Failure> {
        let creation = plan.creation;
        let (plan, created) = self.settle(hub, plan, keys.first()).await?;
        let (device, state) = (plan.device_id, plan.state);
        let group = registrant.group.clone();
        let operation = state.operation.clone();
        let recorded = self.change(keys.clone(), move |rows| {
            let [enrollment, registration] = &*keys else { return Err(Failure::Unavailable) };
            // it may have been disabled meanwhile
            require_enrolled(rows, enrollment, creation)?;
            // a member of another group may have been faster, at a hub that has no record of this device
            let before = rows.registration(registration).map(|record| &record.state);
            require_same_group(before, &state.device_id, group.as_deref())?;
            rows.set_registration(RegistrationRecord {
                key: registration.clone(),
                state: state.clone(),
                etag: 0,
            });
            Ok(())
        });
        let (recorded, _) = recorded.await.map_err(|error| unavailable(&error))?;
        if recorded.is_err() {
            take_back(hub, &device, created).await;
        }
        recorded?;
        Ok(Registered { operation })
    }

    fn plan(
        &self,
        rows: &ProvisioningRows,
        address: IpAddr,
        attempt: &Attempt,
        registrant: &Registrant,
        asked: &Asked,
    ) -> Result<Plan, Failure> {
        let id = RegistrationId::parse(&registrant.id).map_err(|_| Failure::BadRequest)?;
        let enrollment = rows.enrollment(&enrollment_key(registrant)).filter(|one| one.enabled);
        let enrollment = enrollment.ok_or(Failure::Unauthorized)?;
        // one time for the key of a TPM and for the record, from which the key is derived again
        let now = clock::now();
        let credential =
            self.credential(enrollment, registrant, attempt, asked, now).ok_or(Failure::NotImplemented)?;
        let before = rows.registration(&RowKey::registration(id)).map(|record| &record.state);
        // another device id is another device
        let before = before.filter(|before| before.device_id == registrant.device_id);
        require_same_group(before, &registrant.device_id, registrant.group.as_deref())?;
        // a group that was deleted and created again is another group, and so are its members
        let creation = rows.creation(&enrollment_key(registrant));
        let group_creation = registrant.group.as_ref().and(creation);
        let before = before.filter(|before| {
            registrant.group.is_none()
                || before.group_creation.is_none_or(|creation| Some(creation) == group_creation)
        });
        let hub = self.hub_of(enrollment, registrant, address, asked.payload.as_deref(), before)?;
        let settings = &enrollment.settings;
        let reprovision = settings.reprovision;
        let moved = before.is_some_and(|before| !before.hub.eq_ignore_ascii_case(&hub));
        let reset = before.is_some() && reprovision.update_hub_assignment && !reprovision.migrate_device_data;
        let substatus = match before {
            None => "initialAssignment",
            Some(_) if reset => "deviceDataReset",
            Some(_) if moved => "deviceDataMigrated",
            Some(before) => &before.substatus,
        };
        let now = now.as_secs();
        let state = RegistrationState {
            device_id: registrant.device_id.clone(),
            hub: hub.clone(),
            group: registrant.group.clone(),
            group_creation,
            generation: None,
            operation: operation_id()?,
            storage_root: storage_root(enrollment, asked).map(|root| Base64::encode_string(root).into()),
            substatus: substatus.into(),
            created: before.map_or(now, |before| before.created),
            updated: now,
        };
        Ok(Plan {
            creation,
            device_id: registrant.device_id.clone(),
            is_own: self.is_own(&hub),
            hub,
            former: before.filter(|_| moved).map(|before| before.hub.clone()),
            registered: before
                .filter(|before| self.is_own(&before.hub))
                .and_then(|before| before.generation.clone()),
            fresh: before.is_none() || moved || reset,
            migrate: moved && !reset,
            edge: settings.iot_edge,
            initial_twin: settings.initial_twin.clone(),
            credential,
            state,
        })
    }

    /// Returns the hub of a device: the one that it has if the enrollment keeps it, else one that is chosen.
    fn hub_of(
        &self,
        enrollment: &EnrollmentRecord,
        registrant: &Registrant,
        address: IpAddr,
        payload: Option<&str>,
        before: Option<&RegistrationState>,
    ) -> Result<Box<str>, Failure> {
        let settings = &enrollment.settings;
        if let Some(before) = before.filter(|_| !settings.reprovision.update_hub_assignment) {
            return Ok(before.hub.clone());
        }
        let own = [self.hub.clone()];
        let hubs = if settings.hubs.is_empty() { &own[..] } else { &settings.hubs };
        let lower = registrant.id.to_ascii_lowercase();
        let request = AssignmentRequest {
            registration_id: &lower,
            device_id: &registrant.device_id,
            group: registrant.group.as_deref(),
            hubs,
            current: before.map(|before| &*before.hub),
            definition: settings.custom_allocation.as_deref(),
            payload,
            peer: address,
        };
        let position = choose(settings.allocation, &*self.assignment, &request);
        position.and_then(|position| hubs.get(position)).cloned().ok_or(Failure::NoHub)
    }

    fn is_own(&self, hub: &str) -> bool {
        self.hub.eq_ignore_ascii_case(hub)
    }

    /// Creates the device at its hub, and deletes it from this gateway's if it has moved away. Returns the etag of the device
    /// if it was created here.
    async fn settle(
        self: &Arc<Self>,
        hub: &Hub,
        plan: Plan,
        enrollment: Option<&RowKey>,
    ) -> Result<(Plan, Option<ETag>), Failure> {
        // the choice of the hub may have taken long
        let enrollment = enrollment.ok_or(Failure::Unavailable)?;
        let rows = self.read(vec![enrollment.clone()]).await.map_err(|error| unavailable(&error))?;
        require_enrolled(&rows, enrollment, plan.creation)?;
        let plan = Arc::new(plan);
        let device = DeviceId::parse(&plan.device_id).map_err(|_| Failure::BadRequest)?;
        let key = RowKey::of(&Identity::Device(device)).ok_or(Failure::BadRequest)?;
        let (mut generation, mut created) = (None, None);
        if plan.is_own {
            let plan = Arc::clone(&plan);
            let create = move |registry: &mut Registry| match DeviceId::parse(&plan.device_id) {
                Ok(device) => plan.credential.settle(registry, device, plan.registered.as_deref(), plan.edge),
                Err(_) => Err(NotCreated::Taken),
            };
            let done = hub.write(vec![key.clone()], create).await.map_err(|error| unavailable(&error))?;
            let settled = done.map_err(|error| match error {
                NotCreated::Taken => Failure::Taken,
                NotCreated::Registry(RegistryError::Full) => Failure::Full,
                NotCreated::Registry(_) => Failure::Unavailable,
            })?;
            (generation, created) = (Some(settled.generation), settled.created);
        }
        if plan.fresh || !plan.is_own {
            let (this, assigned) = (Arc::clone(self), Arc::clone(&plan));
            let handed = tokio::task::spawn_blocking(move || {
                this.assignment.hand_over(&AssignedDevice {
                    device_id: &assigned.device_id,
                    hub: &assigned.hub,
                    is_own: assigned.is_own,
                    former: assigned.former.as_deref(),
                    migrate: assigned.migrate,
                    initial_twin: assigned.initial_twin.as_deref(),
                })
            });
            if !handed.await.map_err(|_| Failure::Unavailable)? {
                take_back(hub, &plan.device_id, created).await;
                return Err(Failure::NoHub);
            }
        }
        if plan.former.as_deref().is_some_and(|former| self.is_own(former)) {
            let plan = Arc::clone(&plan);
            let gone = move |registry: &mut Registry| {
                if let Ok(device) = DeviceId::parse(&plan.device_id) {
                    delete_registered(registry, device, plan.registered.as_deref());
                }
            };
            hub.write(vec![key], gone).await.map_err(|error| unavailable(&error))?;
        }
        let mut plan = Arc::try_unwrap(plan).map_err(|_| Failure::Unavailable)?;
        plan.state.generation = generation;
        Ok((plan, created))
    }

    /// Returns the registration of a device, and its result if the device names its last operation.
    pub(crate) async fn lookup(
        self: &Arc<Self>,
        registrant: &Registrant,
        operation: Option<&str>,
    ) -> Result<RegistrationRecord, Failure> {
        let id = RegistrationId::parse(&registrant.id).map_err(|_| Failure::BadRequest)?;
        let key = RowKey::registration(id);
        let rows = self.read(vec![key.clone()]).await.map_err(|error| unavailable(&error))?;
        let record = rows.registration(&key).ok_or(Failure::NotFound)?;
        match operation {
            Some(operation) if operation != &*record.state.operation => Err(Failure::NotFound),
            _ => Ok(record.clone()),
        }
    }
}

/// Checks that an enrollment is there, enabled, and not one that was created again.
fn require_enrolled(rows: &ProvisioningRows, key: &RowKey, creation: Option<u64>) -> Result<(), Failure> {
    let enabled = rows.enrollment(key).is_some_and(|enrollment| enrollment.enabled);
    if enabled && rows.creation(key) == creation { Ok(()) } else { Err(Failure::Unauthorized) }
}

/// Checks that a registration of this device id, if there is one, is not that of a member of another group: that is another device
/// with the same id, and stays where it is.
fn require_same_group(
    before: Option<&RegistrationState>,
    device_id: &str,
    group: Option<&str>,
) -> Result<(), Failure> {
    let other = |before: &RegistrationState| {
        *before.device_id == *device_id && group.is_some() && before.group.as_deref() != group
    };
    if before.is_some_and(other) { Err(Failure::Taken) } else { Ok(()) }
}

/// Deletes the device that a registration created, if it was refused later and the device has not changed since.
async fn take_back(hub: &Hub, device: &str, created: Option<ETag>) {
    let (Ok(id), Some(etag)) = (DeviceId::parse(device), created) else { return };
    let Some(key) = RowKey::of(&Identity::Device(id)) else { return };
    let name = device.to_owned();
    let delete = move |registry: &mut Registry| match DeviceId::parse(&name) {
        Ok(id) => registry.delete(Identity::Device(id), Precondition::IfMatch(etag)),
        Err(_) => Ok(()),
    };
    if let Err(error) = hub.write(vec![key], delete).await {
        tracing::error!(%error, %device, "the device of a registration that was refused was not deleted");
    }
}

/// Returns the key of the enrollment that a device was verified against.
fn enrollment_key(registrant: &Registrant) -> RowKey {
    match &registrant.group {
        Some(name) => RowKey { kind: hubward_store::Kind::EnrollmentGroup, name: name.clone() },
        None => {
            RowKey { kind: hubward_store::Kind::Enrollment, name: registrant.id.to_ascii_lowercase().into() }
        }
    }
}

fn copy(registrant: &Registrant) -> Registrant {
    Registrant {
        id: registrant.id.clone(),
        device_id: registrant.device_id.clone(),
        group: registrant.group.clone(),
        until: registrant.until,
        decision: registrant.decision,
    }
}

/// Checks the body, whose registration id must be the device's. It may be empty.
fn asked(body: &[u8], id: RegistrationId<'_>) -> Result<Asked, Failure> {
    if body.trim_ascii().is_empty() {
        return Ok(Asked::default());
    }
    let request: Request<'_> = serde_json::from_slice(body).map_err(|_| Failure::BadRequest)?;
    let own = request.registration_id.is_none_or(|named| named.eq_ignore_ascii_case(id.as_str()));
    let payload = request.payload.map(|payload| payload.get().to_owned());
    let storage_root = request.tpm.and_then(|keys| keys.storage_root());
    if own { Ok(Asked { payload, storage_root }) } else { Err(Failure::BadRequest) }
}

/// Returns the id of a new operation, which is not predictable.
fn operation_id() -> Result<Box<str>, Failure> {
    let mut bytes = [0; 16];
    entropy(&mut bytes).map_err(|_| Failure::Unavailable)?;
    Ok(format!("5.{:032x}", u128::from_le_bytes(bytes)).into())
}

fn unavailable(error: &WriteError) -> Failure {
    tracing::error!(%error, "a registration was not carried out");
    Failure::Unavailable
}
