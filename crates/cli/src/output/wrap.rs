//! Lines for a terminal of some width.

use unicode_width::UnicodeWidthStr as _;

/// Narrower than this nothing is broken any more, in columns of text.
const NARROW: usize = 30;

/// A line broken at its spaces so that it stands in so many columns, each after the first set in by
/// `hang`. A word that is longer stays whole, so that it can be copied. Nothing is broken where the
/// width is not known, as in a file or a pipe.
pub(crate) fn wrapped(line: &str, columns: Option<usize>, hang: usize) -> String {
    let Some(columns) = columns.filter(|columns| *columns >= hang + NARROW) else {
        return line.to_owned();
    };
    let (mut out, mut used) = (String::new(), 0);
    for (n, word) in line.split(' ').enumerate() {
        let wide = word.width();
        if n > 0 && used > hang && used + 1 + wide > columns {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', hang));
            used = hang;
        } else if n > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += wide;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_at_spaces_and_set_in_and_loses_nothing() {
        let line = "note: one two three four five six seven eight nine ten /a/very/long/path/that/stays/whole/in/one end";
        let text = wrapped(line, Some(40), 6);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() > 2, "{text}");
        assert!(lines.iter().skip(1).all(|line| line.starts_with("      ")), "{text}");
        assert!(lines.iter().all(|line| line.width() <= 40 || line.contains("/whole/")), "{text}");
        assert_eq!(text.replace("\n      ", " "), line);
        assert_eq!(wrapped("a  b   c", Some(80), 0), "a  b   c");
        assert_eq!(wrapped(line, None, 6), line);
        assert_eq!(wrapped(line, Some(20), 6), line, "too narrow to break");
    }
}
