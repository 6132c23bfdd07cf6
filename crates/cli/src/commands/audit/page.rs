//! A page about a bundle for people: no script, nothing fetched, every text escaped.

use super::query::asked;
use crate::failure::{Exit, Failure};
use countersign_core::display::visible;
use countersign_core::encoding::Hash;
use countersign_core::export::{Line, lines};
use countersign_core::receipt::Receipt;
use countersign_core::time::Timestamp;
use countersign_core::trust::TrustStore;
use countersign_enforcer::bundle::Written;
use std::io::{Result, Write};
use std::path::Path;

/// How the page is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Page {
    Html,
    Markdown,
}

const HEADINGS: [&str; 8] = [
    "receipt",
    "time (UTC)",
    "event",
    "action",
    "description",
    "who",
    "reason",
    "level as written",
];

/// The longest that an action is shown in a cell.
const ROOM: usize = 1_000;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:90em;padding:0 1em}\
    table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:.3em .5em;\
    text-align:left;vertical-align:top;overflow-wrap:anywhere}";

const CAUTION: &str = "This page is for reading and proves nothing. The bundle is the proof: check it \
    with countersign audit verify, under keys that reached you another way. Levels stand here as they \
    are written down; the check works them out.";

impl Page {
    /// By the end of the file's name.
    pub(super) fn of(path: &Path) -> std::result::Result<Self, Failure> {
        let end = path.extension().map(|end| end.to_string_lossy().to_lowercase());
        match end.as_deref() {
            Some("html" | "htm") => Ok(Self::Html),
            Some("md") => Ok(Self::Markdown),
            _ => Err(Failure::new(Exit::Usage, "usage", "a page is an .html or an .md file")
                .hint("name one, such as --page q3.html")),
        }
    }

    pub(super) fn begin(
        self,
        to: &mut impl Write,
        ledger: &str,
        (since, until): (&Option<Timestamp>, &Option<Timestamp>),
    ) -> Result<()> {
        let moment = |at: &Option<Timestamp>, none: &str| {
            at.as_ref().map_or_else(|| none.to_owned(), ToString::to_string)
        };
        let title = format!("Ledger {}", self.text(ledger));
        let time =
            format!("From {} until {}", moment(since, "its beginning"), moment(until, "its end"));
        match self {
            Self::Html => write!(
                to,
                "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
                 <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
                 style-src 'unsafe-inline'\"><title>{title}</title><style>{STYLE}</style></head>\
                 <body><h1>{title}</h1>\n<p>{time}.</p>\n<p>{CAUTION}</p>\n<table><tr>{}</tr>\n",
                HEADINGS.map(|heading| format!("<th>{heading}</th>")).concat()
            ),
            Self::Markdown => write!(
                to,
                "# {title}\n\n{time}.\n\n{CAUTION}\n\n| {} |\n|{}\n",
                HEADINGS.join(" | "),
                "---|".repeat(HEADINGS.len())
            ),
        }
    }

    pub(super) fn row(
        self,
        to: &mut impl Write,
        receipt: &Receipt,
        trust: &TrustStore,
    ) -> Result<()> {
        for line in lines(receipt, trust) {
            let cells = cells(&line).map(|cell| self.text(&cell));
            match self {
                Self::Html => {
                    let cells = cells.map(|cell| format!("<td>{cell}</td>")).concat();
                    writeln!(to, "<tr>{cells}</tr>")?;
                }
                Self::Markdown => writeln!(to, "| {} |", cells.join(" | "))?,
            }
        }
        Ok(())
    }

    pub(super) fn end(self, to: &mut impl Write, written: &Written, sha256: Hash) -> Result<()> {
        let range = match written.range {
            Some(range) => format!("Receipts {} to {}.", range.first, range.last),
            None => "No receipts of that time.".to_owned(),
        };
        let policies = format!("Texts of accepted policies inside: {}.", written.policies);
        let digest = format!("SHA-256 of the bundle: {sha256}");
        match self {
            Self::Html => {
                writeln!(to, "</table>\n<p>{range} {policies}</p>\n<p>{digest}</p>\n</body></html>")
            }
            Self::Markdown => writeln!(to, "\n{range} {policies}\n\n{digest}"),
        }
    }

    /// A text that somebody else chose, as text and nothing else.
    fn text(self, text: &str) -> String {
        let shown = visible(text, false);
        let special = |c: char| match self {
            Self::Html => matches!(c, '&' | '<' | '>' | '"' | '\''),
            Self::Markdown => c.is_ascii_punctuation() && !matches!(c, '.' | ',' | '-' | ':'),
        };
        let mut out = String::with_capacity(shown.len());
        for c in shown.chars() {
            if special(c) {
                out.push_str(&format!("&#{};", u32::from(c)));
            } else {
                out.push(c);
            }
        }
        // Nothing at the start of a cell or a line begins a list, and no bare address is a link.
        if self == Self::Markdown { out.replace("://", ":&#47;&#47;") } else { out }
    }
}

fn cells(line: &Line) -> [String; 8] {
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    let ended = match (line.exit_code, line.signal) {
        (Some(code), _) => format!("{} (exit code {code})", line.event),
        (None, Some(signal)) => format!("{} (signal {signal})", line.event),
        (None, None) => line.event.clone(),
    };
    let reason = line.error.clone().or_else(|| line.reason.clone());
    [
        line.seq.to_string(),
        line.timestamp.instant().timestamp().to_string(),
        ended,
        asked(line, ROOM),
        some(&line.description),
        some(&line.approver),
        reason.unwrap_or_default(),
        format!("{:?}", line.level),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_06_nothing_on_a_page_is_markup_of_somebody_else() {
        for (text, html) in [
            ("<script>alert(1)</script>", "&#60;script&#62;alert(1)&#60;/script&#62;"),
            ("a\" onload='x", "a&#34; onload=&#39;x"),
            ("&lt;", "&#38;lt;"),
            ("a\u{202e}b\nc", "a\\u{202e}b\\nc"),
        ] {
            assert_eq!(Page::Html.text(text), html);
        }
        for text in ["| x |", "[a](javascript:b)", "<b>", "`x`", "*x*", "![x](http://y)", "# x"] {
            let shown = Page::Markdown.text(text);
            assert!(!shown.contains(['|', '[', '(', '<', '`', '*', '!', '/']), "{shown}");
        }
    }

    #[test]
    fn a_page_is_named_by_what_it_is() {
        assert_eq!(Page::of(Path::new("q3.HTML")).unwrap(), Page::Html);
        assert_eq!(Page::of(Path::new("q3.md")).unwrap(), Page::Markdown);
        assert!(Page::of(Path::new("q3.csb")).is_err());
    }
}
