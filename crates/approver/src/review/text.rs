//! Foreign text in quotes: two different texts never look the same, and none ends our own line.

use countersign_core::display::visible;

/// The text in quotes on one line, with everything that could mislead as an escape.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", visible(text, false).replace('"', "\\\""))
}

/// The text in quotes, one quoted piece for each of its lines. The pieces put together are the
/// text: every line break is written out.
pub(super) fn quoted_lines(text: &str) -> Vec<String> {
    if text.is_empty() {
        return vec![quoted("")];
    }
    text.split_inclusive('\n').map(quoted).collect()
}

/// A word without quotes where it can only be read in one way.
pub(super) fn word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_./=:@%+,-".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) { text.to_owned() } else { quoted(text) }
}

/// One step of a path to a value: a key that contains anything unusual stands in quotes.
pub(super) fn step(key: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    if !key.is_empty() && key.bytes().all(plain) { key.to_owned() } else { quoted(key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_06_quotes_cannot_be_closed_from_inside() {
        assert_eq!(quoted("a\" b"), "\"a\\\" b\"");
        assert_eq!(quoted("a\\\" b"), "\"a\\\\\\\" b\"");
        assert_ne!(quoted("a\\"), quoted("a"));
        assert_eq!(quoted("x\u{1b}[0m"), "\"x\\u{1b}[0m\"");
    }

    #[test]
    fn the_pieces_put_together_are_the_text() {
        assert_eq!(quoted_lines("a\nb\n\nc"), ["\"a\\n\"", "\"b\\n\"", "\"\\n\"", "\"c\""]);
        assert_eq!(quoted_lines(""), ["\"\""]);
        assert_eq!(quoted_lines("a\n"), ["\"a\\n\""]);
    }

    #[test]
    fn words_and_steps_are_quoted_as_soon_as_they_could_be_misread() {
        assert_eq!((word("-rf"), step("amount")), ("-rf".into(), "amount".into()));
        for odd in ["", "a b", "a\"b", "caf\u{e9}", "$(x)"] {
            assert!(word(odd).starts_with('"') && step(odd).starts_with('"'), "{odd}");
        }
        assert!(step("a/b").starts_with('"'), "a step holds no separator");
    }
}
