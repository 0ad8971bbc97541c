//! Scopes of role assignments: the texts that are one, and the scopes that one covers.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use hubward_policy::roles::{ArmScope, ScopeError};

#[test]
fn each_rule_of_a_scope_has_its_error() {
    for text in ["/", "/a", "/a/b", "/a.b/..c/d..", "/subscriptions/8d3c/resourceGroups/a-b_(c)"] {
        assert_eq!(ArmScope::parse(text).unwrap().as_str(), text);
    }
    let refused: &[(&[&str], ScopeError)] = &[
        (&["", "a", "a/b", "%2Fa"], ScopeError::NotAbsolute),
        (&["//", "//a", "/a//b", "/a/", "/.", "/a/.", "/a/..", "/../a"], ScopeError::Name),
        // U+0085 is a control character and white space beyond ASCII, and U+212A folds to `k`
        (&["/a b", "/a\tb", "/a\u{7f}", "/a\u{85}", "/\u{212a}", "/\u{e4}"], ScopeError::Character),
        (&["/a%20", "/a*", "/a?", "/a#", "/a\\b"], ScopeError::Character),
    ];
    for (texts, error) in refused {
        for text in *texts {
            assert_eq!(ArmScope::parse(text).err(), Some(*error), "{text:?}");
        }
    }
    assert!(ArmScope::parse(&format!("/{}", "a".repeat(2_047))).is_ok());
    assert_eq!(ArmScope::parse(&format!("/{}", "a".repeat(2_048))).err(), Some(ScopeError::TooLong));
}

#[test]
fn a_scope_covers_itself_and_what_is_below() {
    for (scope, other, covers) in [
        ("/", "/", true),
        ("/", "/a", true),
        ("/a", "/", false),
        ("/a", "/a", true),
        ("/a", "/A/b", true),
        ("/a", "/ab", false),
        ("/a", "/b/a", false),
        ("/a/b", "/a", false),
        ("/a/b", "/a/c", false),
    ] {
        let (own, other) = (ArmScope::parse(scope).unwrap(), ArmScope::parse(other).unwrap());
        assert_eq!(own.covers(&other), covers, "{scope} and {other}");
    }
}
