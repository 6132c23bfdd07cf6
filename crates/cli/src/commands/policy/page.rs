//! Text for people: wrapped at words, with a little colour where the terminal has some.

use crate::output::Output;
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

/// Breaks a text at its spaces. A word that is longer than a line has one of its own.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The same behind a first column; the other lines begin below the text.
pub(super) fn hanging(first: &str, indent: usize, text: &str, width: usize) -> Vec<String> {
    let lines = wrap(text, width.saturating_sub(indent).max(20)).into_iter().enumerate();
    let pad = indent.saturating_sub(first.width());
    lines
        .map(|(n, line)| match n {
            0 => format!("{first}{}{line}", " ".repeat(pad)),
            _ => format!("{}{line}", " ".repeat(indent)),
        })
        .collect()
}

/// How strongly something is said.
#[derive(Clone, Copy)]
pub(super) enum Paint {
    Good,
    Careful,
    Bad,
    Strong,
}

/// Coloured, where colours are wanted.
pub(super) fn paint(output: &Output, paint: Paint, text: &str) -> String {
    let code = match paint {
        Paint::Good => "32",
        Paint::Careful => "33",
        Paint::Bad => "31",
        Paint::Strong => "1",
    };
    if output.color() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// The word by which a document calls something.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Seconds as people say them: `90 s`, `5 min`, `8 h`.
pub(super) fn time(seconds: u32) -> String {
    match seconds {
        s if s >= 7_200 && s % 3_600 == 0 => format!("{} h", s / 3_600),
        s if s >= 120 && s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_broken_at_words_and_keeps_all_of_them() {
        let text = "one two three verylongword four";
        let lines = wrap(text, 8);
        assert_eq!(lines, ["one two", "three", "verylongword", "four"]);
        assert_eq!(lines.join(" "), text);
        assert_eq!(hanging("x", 3, "aa bb", 3), ["x  aa bb"]);
    }

    #[test]
    fn times_read_as_people_say_them() {
        for (seconds, said) in [(90, "90 s"), (300, "5 min"), (3_600, "60 min"), (28_800, "8 h")] {
            assert_eq!(time(seconds), said);
        }
    }
}
