#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod admission;
mod admitted;
mod aside;
mod auth_chain;
mod bearer;
mod by_certificate;
mod by_token;
mod cbs;
mod client;
mod error;
mod hub_name;
mod mqtt;
mod on_behalf;
mod party;
mod presented;
mod registration;
mod rules;
mod sasl;
mod session;
mod vouched;
mod x509_rules;

pub use admission::{Admission, Question};
pub use admitted::Admitted;
pub use auth_chain::{AUTH_CHAIN_PROPERTY, AuthChain, AuthChainError, AuthChainProblem};
pub use bearer::{
    Bearer, FoundPrincipal, HUB_AUDIENCE, Principal, PrincipalQuestion, User, UserDecision, UserDenial,
    UserRules,
};
pub use by_certificate::{MAX_CERTIFICATE_BYTES, MAX_CERTIFICATES};
pub use cbs::{
    Attach, BehalfQuestion, Cbs, Detached, MAX_IDENTITIES, Put, PutQuestion, PutToken, Reply, Role,
};
pub use client::{API_VERSION, CBS_OPERATION, CBS_TYPE, Client};
pub use error::{AuthError, Ended, Public};
pub use hubward_core as core;
pub use hubward_policy as policy;
pub use hubward_registry as registry;
pub use hubward_sas as sas;
pub use hubward_x509 as x509;
pub use mqtt::{UsernameError, UsernameProblem};
pub use presented::Presented;
pub use registration::{
    PROVISIONING_API_VERSION, PresentedRegistration, ProvisioningRules, Registrant, RegistrationClient,
    RegistrationQuestion,
};
pub use rules::{BothCredentials, Rules};
pub use rustls_pki_types::CertificateDer;
pub use sasl::{SaslError, SaslProblem};
pub use session::Session;
pub use vouched::Vouched;
pub use x509_rules::X509Rules;
