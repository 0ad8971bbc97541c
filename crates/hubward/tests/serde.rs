//! The feature `serde`: errors and decisions of the facade, and no impl for a type that has a secret.
#![allow(clippy::unwrap_used, reason = "a test")]

use hubward::registry::Registry;
use hubward::sas::{SasToken, SignedToken, UnsignedToken, VerifiedToken};
use hubward::types::{DeviceId, IdentityRecord, Keys, LookupResult, PolicyRecord, SymmetricKey, Tag};
use hubward::{
    AuthError, Authenticated, CheckedSession, Credentials, FoundRecord, HubConfig, LinkDecision, LinkDenial,
    OwnedRecord, ProvisioningConfig, PublicError, RegistrationCredentials, Session, SessionError, StoreOr,
    UserDecision, UserDenial,
};
use hubward_rustcrypto::HmacKey;
use serde::Serialize;
use serde_json::{from_str, json, to_value};

#[test]
fn errors_are_their_codes() {
    for error in [AuthError::Unknown, AuthError::HubMismatch, AuthError::Disabled] {
        assert_eq!(to_value(error).unwrap(), error.code());
    }
    assert_eq!(to_value(SessionError::KeysReplaced).unwrap(), "keys-replaced");
    assert_eq!(to_value(PublicError::Malformed).unwrap(), "malformed");
    let refused: StoreOr<AuthError, std::io::Error> = StoreOr::Refused(AuthError::Unknown);
    assert_eq!(to_value(refused).unwrap(), "unknown");
    let failed: StoreOr<SessionError, std::io::Error> =
        StoreOr::Store(std::io::Error::other("no connection"));
    assert_eq!(to_value(failed).unwrap(), "store");
}

#[test]
fn decisions_have_their_codes() {
    assert_eq!(to_value(LinkDecision::Deny(LinkDenial::NoToken)).unwrap(), json!({"deny": "no-token"}));
    assert_eq!(to_value(UserDecision::Allow { assignment: 1 }).unwrap(), json!({"allow": {"assignment": 1}}));
    assert_eq!(to_value(UserDecision::Deny(UserDenial::NoUser)).unwrap(), json!({"deny": "no-user"}));
}

#[test]
fn the_feature_reaches_the_crates_below() {
    assert_eq!(from_str::<DeviceId<'_>>(r#""pump-7""#).unwrap().as_str(), "pump-7");
    assert!(from_str::<DeviceId<'_>>(r#""pump/7""#).is_err());
}

/// Two impls with one method: calling it is ambiguous, and does not compile, for a type that implements `Serialize`.
trait NotSerialize<Marker> {
    fn holds() {}
}

struct IsSerialize;

impl<T: ?Sized> NotSerialize<()> for T {}

impl<T: ?Sized + Serialize> NotSerialize<IsSerialize> for T {}

#[test]
fn nothing_secret_is_serialized() {
    <SymmetricKey as NotSerialize<_>>::holds();
    <Tag as NotSerialize<_>>::holds();
    <HmacKey as NotSerialize<_>>::holds();
    <Keys<'_, HmacKey> as NotSerialize<_>>::holds();
    <IdentityRecord<'_, HmacKey> as NotSerialize<_>>::holds();
    <PolicyRecord<'_, HmacKey> as NotSerialize<_>>::holds();
    <LookupResult<'_, HmacKey> as NotSerialize<_>>::holds();
    <SasToken<'_> as NotSerialize<_>>::holds();
    <VerifiedToken<'_> as NotSerialize<_>>::holds();
    <UnsignedToken<'_> as NotSerialize<_>>::holds();
    <SignedToken<'_> as NotSerialize<_>>::holds();
    <Credentials<'_> as NotSerialize<_>>::holds();
    <RegistrationCredentials<'_> as NotSerialize<_>>::holds();
    <Authenticated<'_> as NotSerialize<_>>::holds();
    <Session as NotSerialize<_>>::holds();
    <CheckedSession<'_> as NotSerialize<_>>::holds();
    <FoundRecord<'_, HmacKey> as NotSerialize<_>>::holds();
    <OwnedRecord<HmacKey> as NotSerialize<_>>::holds();
    <HubConfig<HmacKey> as NotSerialize<_>>::holds();
    <ProvisioningConfig<HmacKey> as NotSerialize<_>>::holds();
    <Registry<HmacKey> as NotSerialize<_>>::holds();
}
