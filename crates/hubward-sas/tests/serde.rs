//! The feature `serde`: an error is its stable code.
#![allow(clippy::unwrap_used, reason = "a test")]

use hubward_sas::{SasToken, TokenRules, VerifyError};
use serde_json::to_value;

#[test]
fn errors_are_their_codes() {
    for text in ["", "SharedAccessSignature sr=h.net", "SharedAccessSignature sr=h&sr=h"] {
        let error = SasToken::parse(text, &TokenRules::STRICT).unwrap_err();
        assert_eq!(to_value(error).unwrap(), error.code());
    }
    for error in [
        VerifyError::WrongSignature,
        VerifyError::AnotherHost,
        VerifyError::Expired { expiry: 1, now: 2, leeway: 0 },
    ] {
        assert_eq!(to_value(error).unwrap(), error.code());
    }
}
