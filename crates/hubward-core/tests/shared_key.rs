//! A shared and a boxed key are keys.
#![allow(clippy::arithmetic_side_effects, reason = "a test")]

use std::sync::Arc;

use hubward_core::{Keys, MacKey, Tag};

/// A key whose tags tell which function computed them.
#[derive(Debug)]
struct Own(u8);

impl MacKey for Own {
    fn tag(&self, _: &[&[u8]]) -> Tag {
        Tag::new([self.0; 32])
    }

    fn tag_pair(&self, _: &[&[u8]], other: &Self, _: &[&[u8]]) -> (Tag, Tag) {
        (Tag::new([self.0 + 100; 32]), Tag::new([other.0 + 100; 32]))
    }

    fn tag_both(&self, other: &Self, _: &[&[u8]]) -> (Tag, Tag) {
        (Tag::new([self.0 + 200; 32]), Tag::new([other.0 + 200; 32]))
    }
}

#[test]
fn a_shared_key_computes_two_tags_as_the_key_does() {
    let (one, two) = (Arc::new(Own(1)), Arc::new(Own(2)));
    assert!(one.tag(&[]).matches(&[1; 32]));
    let (first, second) = one.tag_pair(&[], &two, &[]);
    assert!(first.matches(&[101; 32]) && second.matches(&[102; 32]));
    let (first, second) = one.tag_both(&two, &[]);
    assert!(first.matches(&[201; 32]) && second.matches(&[202; 32]));
    assert!(Keys::pair(&one, &two).matching(&[], &[202; 32]).is_some());
}

#[test]
fn a_boxed_key_may_have_any_type() {
    let one: Box<dyn MacKey> = Box::new(Own(1));
    assert!(Keys::one(&one).matching(&[], &[1; 32]).is_some());
    assert!(Keys::one(&one).matching(&[], &[2; 32]).is_none());
}
