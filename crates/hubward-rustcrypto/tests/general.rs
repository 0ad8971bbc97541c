//! The general key computes the tags of the hot key, with keys and pieces of every length.
#![allow(clippy::indexing_slicing, reason = "a test")]

use hubward_core::{MacKey, StreamKey, TagStream};
use hubward_rustcrypto::{GeneralKey, HmacKey};

#[test]
fn the_general_key_agrees_with_the_hot_key() {
    let bytes: Vec<u8> = (0..=255).collect();
    for key_len in [0, 1, 31, 32, 63, 64, 65, 100, 200] {
        let key = &bytes[..key_len];
        let (general, hot) = (GeneralKey::from_bytes(key), HmacKey::from_bytes(key));
        for len in 0..256 {
            let message = &bytes[..len];
            assert!(general.tag_of(message).matches(hot.tag(&[message]).expose()), "{key_len} {len}");
            for piece in [1, 7, 64, 100] {
                let mut stream = general.start();
                message.chunks(piece).for_each(|piece| stream.update(piece));
                assert!(stream.finish().matches(hot.tag(&[message]).expose()), "{key_len} {len} {piece}");
            }
        }
    }
}
