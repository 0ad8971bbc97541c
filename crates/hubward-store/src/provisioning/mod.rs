//! The provisioning service's rows: enrollments, groups, registrations, its names and its policies.
//!
//! They are rows of the same table as the identities, with one sequence of changes. The index of a gateway has what an
//! authentication needs ([`ProvisioningIndex`]); the other attributes are read from the store when they are needed.

mod change;
mod index;
mod record;
mod registration;
mod row;
mod service;

pub use change::{
    ProvisioningRows, ReadEnrollments, change_provisioning, change_provisioning_rows, read_enrollments,
    read_provisioning, read_service_policy, seed_provisioning,
};
pub use index::{ProvisioningEntry, ProvisioningIndex, ServicePolicy};
pub use record::{Allocation, EnrollmentAttestation, EnrollmentRecord, EnrollmentSettings, Reprovision};
pub use registration::{RegistrationRecord, RegistrationState, registrations_of};
pub use service::{ServicePolicyContent, ServiceRecord};
