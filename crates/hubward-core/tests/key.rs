//! Texts that are not keys, and the errors for them.
#![allow(clippy::unwrap_used, reason = "a test")]

use hubward_core::{KeyError, SymmetricKey};

fn refused(text: &str) -> KeyError {
    SymmetricKey::from_base64(text).unwrap_err()
}

#[test]
fn a_row_of_asterisks_of_any_length_is_a_redacted_key() {
    for len in 1..=200 {
        assert_eq!(refused(&"*".repeat(len)), KeyError::Redacted, "{len}");
    }
}

#[test]
fn a_key_with_an_asterisk_in_it_is_not_base64() {
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    assert!(SymmetricKey::from_base64(key).is_ok());
    for at in 0..key.len() {
        let mut text = key.to_owned();
        text.replace_range(at..=at, "*");
        assert_eq!(refused(&text), KeyError::Base64, "{text}");
    }
    assert_eq!(refused(""), KeyError::Length { len: 0 });
    assert_eq!(refused(&"A".repeat(100)), KeyError::Length { len: 75 });
    assert_eq!(refused(&["***", &"A".repeat(97)].concat()), KeyError::Length { len: 75 });
}
