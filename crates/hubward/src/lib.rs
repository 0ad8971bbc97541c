#![doc = include_str!("../README.md")]
#![no_std]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod authentication;
mod bearer;
mod cbs;
mod client;
mod config;
mod credentials;
mod error;
pub mod explain;
mod provisioning;
#[cfg(feature = "serde")]
mod serialize;
mod session;
mod store;
mod transport;

pub use authentication::authenticated::Authenticated;
pub use authentication::certificate::{MAX_CERTIFICATE_BYTES, MAX_CERTIFICATES};
pub use authentication::evidence::CertificateEvidence;
pub use authentication::state_machine::{AuthenticationStep, PendingAuthentication};
pub use bearer::{Bearer, PendingBearer, Principal, PrincipalRecord, User, UserDecision, UserDenial};
pub use cbs::{
    Cbs, CbsResponse, CbsStep, CbsUser, LinkDecision, LinkDenial, LinkRole, LinkStep, MAX_IDENTITIES,
    PendingCbs, PendingCbsBearer, PendingDelegation, PendingLink, UserLinkDecision,
};
pub use client::{API_VERSION, Client};
pub use config::{BothCredentials, DirectoryConfig, HUB_AUDIENCE, HubConfig, ProvisioningConfig, X509Config};
pub use credentials::Credentials;
pub use error::{AuthError, PublicError, SessionError};
#[cfg(feature = "cloud")]
pub use hubward_cloud as cloud;
pub use hubward_core as types;
pub use hubward_policy as policy;
pub use hubward_registry as registry;
pub use hubward_sas as sas;
pub use hubward_x509 as x509;
pub use provisioning::{
    AuthenticatedRegistration, AuthenticatedService, PROVISIONING_API_VERSION, PendingRegistration,
    PendingService, RegistrationClient, RegistrationCredentials, ServiceCredentials, ServicePolicyRecord,
};
pub use rustls_pki_types::CertificateDer;
pub use session::{CheckedSession, Session};
pub use store::{AsyncStore, FoundRecord, OwnedRecord, RecordRequest, Store, StoreOr};
pub use transport::auth_chain::{AUTH_CHAIN_PROPERTY, AuthChain, AuthChainError, AuthChainProblem};
pub use transport::cbs::{CBS_HUB_TYPE, CBS_OPERATION, CBS_TYPE, CbsRequest, SASL_WITHOUT_IDENTITY};
pub use transport::mqtt::{UsernameError, UsernameProblem};
pub use transport::sasl::{SaslError, SaslProblem};
