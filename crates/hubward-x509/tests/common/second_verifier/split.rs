//! Certificates one after another in the bytes of a fuzz target.

/// Splits at most sixteen certificates of two length bytes, and the rest as one more.
pub fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    while let [0x30, 0x82, high, low, ..] = bytes {
        let length = 4 + usize::from(u16::from_be_bytes([*high, *low]));
        let Some((one, rest)) = bytes.split_at_checked(length) else { break };
        all.push(one);
        bytes = rest;
        if all.len() == 16 {
            break;
        }
    }
    if !bytes.is_empty() {
        all.push(bytes);
    }
    all
}
