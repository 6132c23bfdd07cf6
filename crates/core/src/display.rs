//! Text that an agent or a stranger wrote, made safe to look at.

use std::fmt::Display;

/// Shows `text` with every character that could mislead a reader as a visible escape.
///
/// Control characters, terminal escapes, bidirectional marks, zero-width and other invisible
/// characters become `\u{…}`; newline and tab stay only where `multiline` allows them. What is
/// shown is never what is hashed.
#[must_use]
pub fn visible(text: &str, multiline: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' if multiline => out.push(c),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\\' if !multiline => out.push_str("\\\\"),
            c if is_deceptive(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// So many things as people say it: `1 receipt`, `2 receipts`, `0 receipts`.
#[must_use]
pub fn counted<N: PartialEq + From<u8> + Display>(count: N, thing: &str) -> String {
    let plural = if count == N::from(1) { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// Whether [`visible`] would change the text for more than a line break, a tab or a backslash.
#[must_use]
pub fn has_deceptive(text: &str) -> bool {
    text.chars().any(|c| is_deceptive(c) && !matches!(c, '\n' | '\t'))
}

/// The same JSON text with every such character inside its strings as an escape of JSON, so that
/// a terminal can show what a program reads. `json` has no line breaks or tabs of its own.
#[must_use]
pub fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_deceptive(c) {
            let units = c
                .encode_utf16(&mut [0; 2])
                .iter()
                .map(|u| format!("\\u{u:04x}"))
                .collect::<String>();
            out.push_str(&units);
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether letters of more than one script that look alike stand in one word.
#[must_use]
pub fn mixes_scripts(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|word| {
        let latin = word.chars().any(|c| c.is_ascii_alphabetic());
        let lookalike = word.chars().any(|c| {
            matches!(u32::from(c), 0x370..=0x52f | 0x1c80..=0x1c8f | 0x13a0..=0x13ff | 0xff21..=0xff5a)
        });
        latin && lookalike
    })
}

fn is_deceptive(c: char) -> bool {
    let code = u32::from(c);
    c.is_control()
        || matches!(code,
            0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f
            | 0x2000..=0x200f | 0x2028..=0x202f | 0x205f..=0x206f | 0x3000 | 0x3164 | 0x2800
            | 0xa0 | 0x1680 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffd
            | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe000..=0xf8ff
            | 0xe0000..=0xe0fff | 0xf0000..=0x0010_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        let words = [0_u64, 1, 2].map(|count| counted(count, "receipt"));
        assert_eq!(words, ["0 receipts", "1 receipt", "2 receipts"]);
    }

    #[test]
    fn attack_06_what_misleads_is_shown_as_an_escape() {
        assert_eq!(visible("a\u{202e}b", false), "a\\u{202e}b");
        assert_eq!(visible("\x1b[2J", false), "\\u{1b}[2J");
        assert_eq!(visible("zero\u{200b}width", true), "zero\\u{200b}width");
        assert_eq!(visible("tag\u{e0041}", true), "tag\\u{e0041}");
        assert_eq!(visible("two\nlines\r", false), "two\\nlines\\r");
        assert_eq!(visible("two\nlines\r", true), "two\nlines\\r");
        assert_eq!(visible("caf\u{e9} \u{1f600}", false), "caf\u{e9} \u{1f600}");
    }

    #[test]
    fn attack_06_an_escape_in_the_text_cannot_pose_as_ours() {
        assert_ne!(visible("\\u{202e}", false), visible("\u{202e}", false));
    }

    #[test]
    fn attack_06_json_is_the_same_document_without_what_misleads() {
        let document =
            serde_json::json!({"a\u{202e}": "\u{9b}31m \u{e0041}\u{7f}\u{1b} caf\u{e9} \\"});
        let line = escaped(&document.to_string());
        assert!(!has_deceptive(&line), "{line}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), document);
    }

    #[test]
    fn attack_06_homoglyph_words_are_noticed() {
        assert!(mixes_scripts("https://p\u{430}ypal.example"));
        assert!(!mixes_scripts("https://paypal.example \u{43f}\u{440}\u{438}"));
    }
}
