//! How far a standing permission shall reach: what a person chooses of what a request offers.

use countersign_approver::Opened;
use countersign_approver::always::{self, End, Wish};
use countersign_core::display::visible;

/// How long it may last, in seconds, as far as that is less than what is on offer: a quarter of an
/// hour to 30 days.
const SPANS: [u32; 7] = [900, 3_600, 14_400, 28_800, 86_400, 604_800, 2_592_000];

/// Where nobody says, 8 hours, or as long as is on offer.
const USUAL: u32 = 28_800;

/// So many digits of a number of uses.
const DIGITS: usize = 6;

/// The session that asks, and whether the permission is for that one only.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Session {
    name: String,
    only: bool,
    /// Whether the offer says so, whatever is chosen.
    is_fixed: bool,
}

/// What is chosen, and where the cursor is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Terms {
    at: usize,
    /// From short to long; the last is all that is on offer.
    spans: Vec<u32>,
    span: usize,
    count: String,
    session: Option<Session>,
}

impl Terms {
    /// What is chosen where nobody says; `None` where nothing is on offer.
    pub(super) fn of(opened: &Opened) -> Option<Self> {
        let offer = always::offered(opened)?;
        let shorter = SPANS.into_iter().filter(|span| *span < offer.max_seconds);
        let spans: Vec<u32> = shorter.chain([offer.max_seconds]).collect();
        let usual = spans.iter().position(|span| *span == USUAL);
        let span = usual.unwrap_or(spans.len().saturating_sub(1));
        let session = opened.artifact().head.session_id.clone().map(|name| Session {
            name,
            only: offer.session,
            is_fixed: offer.session,
        });
        Some(Self { at: 0, spans, span, count: String::new(), session })
    }

    /// What it comes to.
    pub(super) fn wish(&self) -> Wish {
        let end = self.spans.get(self.span).map_or(End::Usual, |s| End::After(u64::from(*s)));
        let this_session = self.session.as_ref().is_some_and(|session| session.only);
        Wish { end, count: self.count.parse().ok(), this_session }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Moves the cursor by so many rows.
    pub(super) fn step(&mut self, by: isize) {
        let last = self.rows().len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
    }

    /// The next value of the row under the cursor, and after the last the first.
    pub(super) fn turn(&mut self) {
        match self.at {
            0 => self.span = (self.span + 1) % self.spans.len().max(1),
            1 => self.count.clear(),
            _ => {
                if let Some(session) = self.session.as_mut().filter(|session| !session.is_fixed) {
                    session.only = !session.only;
                }
            }
        }
    }

    /// A digit of how often, wherever the cursor is. There is no permission for no time at all.
    pub(super) fn digit(&mut self, digit: char) {
        let leads = self.count.is_empty() && digit == '0';
        if digit.is_ascii_digit() && !leads && self.count.len() < DIGITS {
            self.count.push(digit);
            self.at = 1;
        }
    }

    pub(super) fn erase(&mut self) {
        self.count.pop();
    }

    /// The rows: what each is about, and what is chosen.
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let span = self.spans.get(self.span).map(|span| always::span(*span)).unwrap_or_default();
        let often = match self.count.as_str() {
            "" => "until then".to_owned(),
            "1" => "once, besides this run".to_owned(),
            count => format!("{count} times, besides this run"),
        };
        let mut rows = vec![("how long", span), ("how often", often)];
        rows.extend(self.session.as_ref().map(|session| ("session", session.in_words())));
        rows
    }
}

impl Session {
    fn in_words(&self) -> String {
        match self.only {
            true => format!("only {}", visible(&self.name, false)),
            false => "any of theirs".to_owned(),
        }
    }
}
