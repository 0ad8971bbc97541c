#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod authentication;
mod bearer;
mod cbs;
mod client;
mod config;
mod credentials;
mod error;
mod provisioning;
mod session;
mod transport;

pub use authentication::authenticated::Admitted;
pub use authentication::certificate::{MAX_CERTIFICATE_BYTES, MAX_CERTIFICATES};
pub use authentication::evidence::Vouched;
pub use authentication::state_machine::{Admission, Question};
pub use bearer::{Bearer, FoundPrincipal, Principal, PrincipalQuestion, User, UserDecision, UserDenial};
pub use cbs::{Attach, BehalfQuestion, Cbs, Detached, MAX_IDENTITIES, Put, PutQuestion, Reply, Role};
pub use client::{API_VERSION, Client};
pub use config::{BothCredentials, HUB_AUDIENCE, ProvisioningRules, Rules, UserRules, X509Rules};
pub use credentials::Presented;
pub use error::{AuthError, Ended, Public};
pub use hubward_core as core;
pub use hubward_policy as policy;
pub use hubward_registry as registry;
pub use hubward_sas as sas;
pub use hubward_x509 as x509;
pub use provisioning::{
    PROVISIONING_API_VERSION, PresentedRegistration, Registrant, RegistrationClient, RegistrationQuestion,
};
pub use rustls_pki_types::CertificateDer;
pub use session::Session;
pub use transport::auth_chain::{AUTH_CHAIN_PROPERTY, AuthChain, AuthChainError, AuthChainProblem};
pub use transport::cbs::{CBS_OPERATION, CBS_TYPE, PutToken};
pub use transport::mqtt::{UsernameError, UsernameProblem};
pub use transport::sasl::{SaslError, SaslProblem};
