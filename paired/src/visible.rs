//! Text from foreign code, made safe to show: what would move a terminal's cursor, clear
//! its screen or fake a line of ours becomes visible characters.

use std::fmt::Write;

/// The text with control characters (line ends too) and invisible format characters
/// written as escapes, such as `\u{1b}` or `\n`.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || is_format(character) {
            let _ = write!(shown, "{}", character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// The same for bytes; those that are not UTF-8 are written as `\xff`.
#[must_use]
pub fn visible_bytes(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        shown.push_str(&visible(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
}

/// Whether a character changes how its neighbours are shown, and has no shape itself.
fn is_format(character: char) -> bool {
    matches!(
        character,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_line_ends_become_visible() {
        assert_eq!(
            visible("\u{1b}[2Jred\r\nfake\u{202e}"),
            r"\u{1b}[2Jred\r\nfake\u{202e}"
        );
        assert_eq!(visible("naïve – 10 µs"), "naïve – 10 µs");
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_numbers() {
        assert_eq!(visible_bytes(b"a\xff\0b"), r"a\xff\u{0}b");
    }
}
