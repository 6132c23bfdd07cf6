//! What the screen knows: plain values, with the time among them. Nothing here reads a clock, a
//! file or a socket.

use super::past::Browsing;
use super::reading::{Live, Reading};
use countersign_approver::always;
use countersign_approver::{Item, Opened, Reply, Review, Verdict};
use countersign_core::answer::Meaning;
use countersign_core::artifact::Risk;
use countersign_core::display::visible;
use countersign_core::progress::SoFar;
use countersign_core::time::Instant;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long an answer can be taken back, before it is signed.
pub(super) const UNDO: Duration = Duration::from_secs(3);

/// How long a message stands on its line.
const NOTE: Duration = Duration::from_secs(8);

/// The smallest terminal on which a request can be read, in columns and rows.
pub(super) const SMALLEST: (u16, u16) = (40, 10);

/// Rows that are no part of what is read: the title, the message, the keys.
const BARS: u16 = 3;

/// One request at one desk. The relay names it; the hash tells two under one name apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Id {
    pub(super) desk: usize,
    pub(super) request: String,
    pub(super) hash: String,
}

/// A request that may be shown.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) opened: Arc<Opened>,
    pub(super) review: Arc<Review>,
    /// The workspace that it comes from, safe to show; empty where the enforcer names none.
    pub(super) place: String,
}

/// One thing in an inbox.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: Id,
    /// What is inside, or why it is not shown.
    pub(super) content: Result<Shown, String>,
    /// What this device answered already.
    pub(super) answered: Option<Verdict>,
    pub(super) so_far: Option<SoFar>,
}

impl Entry {
    /// One item of a desk. Its review is worked out here, once.
    pub(super) fn of(desk: usize, item: Item) -> Self {
        let Item { request_id: request, content, answered, so_far } = item;
        let content = content.map(|opened| {
            let workspace = opened.context().workspace.as_deref();
            let place = workspace.map(|text| visible(text, false)).unwrap_or_default();
            Shown { review: Arc::new(Review::of(&opened)), place, opened: Arc::new(*opened) }
        });
        let content = content.map_err(|error| visible(&error.to_string(), false));
        let hash = content.as_ref().map(|shown| shown.review.artifact_hash.to_string());
        let id = Id { desk, request, hash: hash.unwrap_or_default() };
        Self { id, content, answered, so_far }
    }
}

/// How far an answer of this session got.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// On its way.
    Sending,
    /// The gateway has it.
    Delivered,
    /// Signed and kept: it is sent when the gateway is back.
    Kept(String),
    /// Signed, and never taken: too late, or answered elsewhere.
    NotTaken(String),
    /// Nothing was signed.
    NotSigned(String),
}

/// One row of the inbox: what was listed, and what became of it here.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) entry: Entry,
    pub(super) said: Option<(Verdict, Fate)>,
    /// Whether the gateway lists it no more.
    pub(super) gone: bool,
}

/// An answer that can still be taken back: nothing is signed yet.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) id: Id,
    pub(super) opened: Arc<Opened>,
    pub(super) reply: Reply,
    /// When it is signed, on the clock that only goes forward.
    pub(super) due: Duration,
}

/// The way to one gateway.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Link {
    Opening,
    Live,
    Away(String),
}

/// One pairing.
#[derive(Clone, Debug)]
pub(super) struct Party {
    pub(super) name: String,
    pub(super) link: Link,
    /// Whether what waits there is known.
    pub(super) is_listed: bool,
}

/// A stop that is being considered: of one pairing, or of all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Freezing {
    pub(super) of: Option<usize>,
    pub(super) since: Duration,
}

/// A message on its line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Note {
    pub(super) text: String,
    pub(super) until: Duration,
    /// Whether it tells what became of something, and is no answer to a key.
    pub(super) is_news: bool,
}

/// Which list stands behind a request that is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Inbox,
    History,
}

/// The whole screen.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) now: Instant,
    /// Since the start, on a clock that only goes forward.
    pub(super) up: Duration,
    pub(super) columns: u16,
    pub(super) rows: u16,
    pub(super) color: bool,
    pub(super) parties: Vec<Party>,
    pub(super) waiting: Vec<Row>,
    pub(super) cursor: Option<Id>,
    pub(super) place: Place,
    pub(super) reading: Option<Reading>,
    pub(super) history: Browsing,
    /// How often this device said no to a call, by the call's hash; see [`Model::denied`].
    pub(super) denials: BTreeMap<String, Vec<String>>,
    pub(super) pending: Vec<Pending>,
    pub(super) freezing: Option<Freezing>,
    pub(super) help: bool,
    pub(super) note: Option<Note>,
    /// Whether leaving was asked for while an answer was not signed yet.
    pub(super) leaving: bool,
    pub(super) over: bool,
}

impl Model {
    pub(super) fn new(parties: Vec<String>, now: Instant, color: bool) -> Self {
        let party = |name| Party { name, link: Link::Opening, is_listed: false };
        Self {
            now,
            up: Duration::ZERO,
            columns: 80,
            rows: 24,
            color,
            parties: parties.into_iter().map(party).collect(),
            waiting: Vec::new(),
            cursor: None,
            place: Place::Inbox,
            reading: None,
            history: Browsing::default(),
            denials: BTreeMap::new(),
            pending: Vec::new(),
            freezing: None,
            help: false,
            note: None,
            leaving: false,
            over: false,
        }
    }

    /// Rows between the bars.
    pub(super) fn height(&self) -> usize {
        usize::from(self.rows.saturating_sub(BARS)).max(1)
    }

    pub(super) fn width(&self) -> usize {
        usize::from(self.columns)
    }

    pub(super) fn is_too_small(&self) -> bool {
        self.columns < SMALLEST.0 || self.rows < SMALLEST.1
    }

    /// Answers a key: it goes with what is on the screen.
    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.note = Some(Note { text: text.into(), until: self.up + NOTE, is_news: false });
    }

    /// Tells what became of something, whatever is on the screen.
    pub(super) fn announce(&mut self, text: impl Into<String>) {
        self.note = Some(Note { text: text.into(), until: self.up + NOTE, is_news: true });
    }

    /// What is read, or nothing more: what was said of the one before is not said of the next.
    pub(super) fn turn_to(&mut self, reading: Option<Reading>) {
        self.note = self.note.take().filter(|note| note.is_news);
        self.reading = reading;
    }

    pub(super) fn row(&self, id: &Id) -> Option<&Row> {
        self.waiting.iter().find(|row| row.entry.id == *id)
    }

    pub(super) fn row_mut(&mut self, id: &Id) -> Option<&mut Row> {
        self.waiting.iter_mut().find(|row| row.entry.id == *id)
    }

    pub(super) fn is_pending(&self, id: &Id) -> Option<&Pending> {
        self.pending.iter().find(|pending| pending.id == *id)
    }

    /// Why a request is answered no more.
    pub(super) fn closed(&self, live: &Live) -> Option<Closed> {
        if self.is_pending(&live.id).is_some() {
            return Some(Closed::Pending);
        }
        let row = self.row(&live.id);
        if row.is_some_and(Row::is_answered) {
            return Some(Closed::Answered);
        }
        if self.now >= live.opened.artifact().head.expires_at.instant() {
            return Some(Closed::Late);
        }
        (!row.is_some_and(|row| row.is_open(self.now))).then_some(Closed::Gone)
    }

    /// How often this device said no to the same call, asked under other names.
    pub(super) fn denied(&self, review: &Review) -> usize {
        let before = self.denials.get(&review.action_hash.to_string());
        before.map_or(0, |ids| ids.iter().filter(|id| **id != review.request_id).count())
    }

    /// Whether one key is not enough for a yes: the risk is high or unknown, or this device said no
    /// to the same call before and is asked again.
    pub(super) fn takes_a_word(&self, review: &Review) -> bool {
        review.risk.is_none_or(|risk| risk >= Risk::High) || self.denied(review) > 0
    }
}

impl Row {
    pub(super) fn of(entry: Entry) -> Self {
        Self { entry, said: None, gone: false }
    }

    pub(super) fn review(&self) -> Option<&Review> {
        self.entry.content.as_ref().ok().map(|shown| &*shown.review)
    }

    /// Whether this device answered it.
    pub(super) fn is_answered(&self) -> bool {
        match &self.said {
            Some((_, Fate::NotSigned(_))) | None => self.entry.answered.is_some(),
            Some(_) => true,
        }
    }

    /// Whether it can still be answered: it was shown, and nobody here answered it.
    pub(super) fn is_open(&self, now: Instant) -> bool {
        let in_time = |review: &Review| now < review.expires_at.instant();
        !self.is_answered() && !self.gone && self.review().is_some_and(in_time)
    }
}

/// Why a request is answered no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Closed {
    /// Answered here, and not signed yet.
    Pending,
    /// Answered here.
    Answered,
    /// Its time is over.
    Late,
    /// The gateway lists it no more.
    Gone,
}

impl Closed {
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Pending => "answered, and not signed yet: u takes it back",
            Self::Answered => "it waits no more: this device answered it",
            Self::Late => "it waits no more: too late, its time is over",
            Self::Gone => "it waits no more: withdrawn, or somebody else was faster",
        }
    }
}

/// What a reply says, in the words of an answer.
pub(super) fn verdict(reply: &Reply) -> Verdict {
    match reply.said {
        Meaning::Allow => Verdict::Allow,
        Meaning::Partial(_) => Verdict::Part,
        Meaning::Deny => Verdict::Deny,
        Meaning::Escalate { .. } => Verdict::Escalate,
    }
}

/// The same in a line, with what is given beside it.
pub(super) fn in_words(reply: &Reply) -> String {
    let always = match &reply.always {
        Some(taken) => format!(", and again until {}", taken.expires_at),
        None => String::new(),
    };
    format!("{}{always}", verdict(reply).word())
}

/// Whether a standing permission is on offer.
pub(super) fn is_always_offered(opened: &Opened) -> bool {
    always::offered(opened).is_some()
}
