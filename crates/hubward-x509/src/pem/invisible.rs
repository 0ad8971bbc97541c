//! Characters that an editor does not show. They come with text that was copied from a web page or a document.

/// The first invisible character of a text that consists of such characters and white space only.
pub(super) fn only_invisible(text: &[u8]) -> Option<char> {
    let blank = characters(text).all(|c| c.is_some_and(|c| c.is_ascii_whitespace() || is_invisible(c)));
    if blank { any_invisible(text) } else { None }
}

/// The first invisible character of a text.
pub(super) fn any_invisible(text: &[u8]) -> Option<char> {
    characters(text).flatten().find(|c| is_invisible(*c))
}

/// The characters of a text; `None` for bytes that are not UTF-8. A single 0xA0 is the no-break space of Windows-1252.
fn characters(text: &[u8]) -> impl Iterator<Item = Option<char>> {
    text.utf8_chunks().flat_map(|chunk| {
        let invalid = match chunk.invalid() {
            [] => None,
            [0xa0] => Some(Some('\u{a0}')),
            _ => Some(None),
        };
        chunk.valid().chars().map(Some).chain(invalid)
    })
}

/// White space outside of ASCII, control characters, and characters that are ignored when text is displayed.
fn is_invisible(c: char) -> bool {
    (!c.is_ascii() && c.is_whitespace())
        || (c.is_control() && !c.is_ascii_whitespace() && c != '\u{b}')
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}
