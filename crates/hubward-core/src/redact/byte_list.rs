//! A key that is written byte by byte: `53:45:43:..`, `0x53, 0x45, ..`, `83, 69, ..`.

/// Bytes of a key that is written byte by byte. A MAC address has 6, an EUI-64 has 8.
const BYTES: usize = 16;

/// Returns the text before and after the first list of bytes, in hexadecimal or decimal, that is as long as a key.
pub(super) fn byte_list(text: &str) -> Option<(&str, &str)> {
    let (mut start, mut count, mut end) = (0_usize, 0_usize, 0_usize);
    let (mut at, mut rest) = (0_usize, text.as_bytes());
    while !rest.is_empty() {
        let gap = rest.iter().take_while(|byte| !byte.is_ascii_alphanumeric()).count();
        let (separator, behind) = rest.split_at_checked(gap)?;
        let len = behind.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let (segment, behind) = behind.split_at_checked(len)?;
        let first = at.saturating_add(gap);
        (at, rest) = (first.saturating_add(len), behind);
        if count > 0 && !(is_byte(segment) && is_separator(separator)) {
            if count >= BYTES {
                break;
            }
            count = 0;
        }
        if is_byte(segment) {
            if count == 0 {
                start = first;
            }
            count = count.saturating_add(1);
            end = at;
        }
    }
    if count >= BYTES { text.get(..start).zip(text.get(end..)) } else { None }
}

/// Returns `true` for two hexadecimal digits, behind `0x` or not, or a decimal number below 256.
fn is_byte(segment: &[u8]) -> bool {
    match segment {
        [high, low] | [b'x' | b'X', high, low] | [b'0', b'x' | b'X', high, low] => {
            high.is_ascii_hexdigit() && low.is_ascii_hexdigit()
        }
        [digit] => digit.is_ascii_digit(),
        [b'0' | b'1', tens, ones] => tens.is_ascii_digit() && ones.is_ascii_digit(),
        [b'2', tens @ b'0'..=b'5', ones] => ones.is_ascii_digit() && (*tens < b'5' || *ones <= b'5'),
        _ => false,
    }
}

/// Returns `true` if a text separates the bytes of a list. A period does not: addresses and versions have it.
fn is_separator(text: &[u8]) -> bool {
    let any = |byte: &u8| byte.is_ascii_whitespace() || b",:;-_|/\\%&#\"'".contains(byte);
    !text.is_empty() && text.iter().all(any)
}
