//! One request that is read, and the answer that is being given to it.

use super::input::Input;
use super::model::{Id, Model, Shown, is_always_offered};
use super::page::Page;
use super::terms::Terms;
use countersign_approver::look;
use countersign_approver::{Opened, Reply, Review, render_so_far, render_text};
use countersign_core::grant::Taken;
use countersign_core::progress::SoFar;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// The heading under which a review says what is granted beside a yes.
const GRANTED: &str = "What you grant";

/// A request on the screen.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// What can be answered; `None` is a request of the past.
    pub(super) live: Option<Live>,
    pub(super) review: Arc<Review>,
    so_far: Option<SoFar>,
    /// Lines of ours above the review.
    notes: Vec<String>,
    pub(super) page: Page,
    pub(super) asking: Asking,
    /// The reason that goes with the answer.
    pub(super) reason: String,
}

/// A request that waits.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) id: Id,
    pub(super) opened: Arc<Opened>,
    /// Of a batch, which items a yes allows.
    pub(super) chosen: Vec<bool>,
}

/// What the person is asked on the line below.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Asking {
    Nothing,
    /// One more key for a yes.
    Confirm {
        since: Duration,
    },
    /// The word `yes`.
    Yes(Input),
    /// The four digits that the agent's side shows.
    Digits(Input),
    /// How far a standing permission shall reach.
    Terms(Terms),
    /// The word `always`, for the rule that is shown.
    Always {
        taken: Taken,
        typed: Input,
    },
    /// Why.
    Reason {
        typed: Input,
        then: Then,
    },
    /// Whom to ask next.
    Next {
        at: usize,
    },
    /// Which items of a batch.
    Items {
        at: usize,
    },
}

/// What a reason is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Then {
    /// The answer that comes later.
    Keep,
    Allow,
    Always,
    Deny,
    Escalate(String),
}

impl Reading {
    /// A request that waits.
    pub(super) fn waiting(model: &Model, id: &Id, shown: &Shown, so_far: Option<SoFar>) -> Self {
        let opened = Arc::clone(&shown.opened);
        let chosen = vec![true; opened.artifact().items().unwrap_or(0)];
        let live = Live { id: id.clone(), opened, chosen };
        let notes = notes(model, &shown.review);
        Self::of(model, Some(live), Arc::clone(&shown.review), so_far, notes)
    }

    /// A request of the past, as it was kept.
    pub(super) fn past(model: &Model, review: Arc<Review>, notes: Vec<String>) -> Self {
        Self::of(model, None, review, None, notes)
    }

    fn of(
        model: &Model,
        live: Option<Live>,
        review: Arc<Review>,
        so_far: Option<SoFar>,
        notes: Vec<String>,
    ) -> Self {
        let (page, asking) = (Page::default(), Asking::Nothing);
        let mut reading = Self { live, review, so_far, notes, page, asking, reason: String::new() };
        reading.page = Page::new(&reading.text(model.width()), model.width(), model.height());
        reading
    }

    /// The whole text: what is signed, as `show` shows it, and what is beside it.
    fn text(&self, width: usize) -> String {
        let mut text = String::new();
        for note in &self.notes {
            let _ = writeln!(text, "! {note}");
        }
        text.push_str(&render_text(&self.review, width, false));
        if let Some(so_far) = &self.so_far {
            text.push_str(&render_so_far(so_far, width, false));
        }
        text
    }

    /// Fits it to the screen.
    pub(super) fn resize(&mut self, width: usize, height: usize) {
        self.page = self.page.resized(&self.text(width), width, height);
    }

    /// What this device did about the same call before.
    pub(super) fn remark(&mut self, model: &Model) {
        let notes = notes(model, &self.review);
        if self.live.is_some() && notes != self.notes {
            self.notes = notes;
            self.resize(model.width(), model.height());
        }
    }

    /// What the others did meanwhile.
    pub(super) fn told(&mut self, so_far: Option<SoFar>, width: usize, height: usize) {
        if so_far != self.so_far {
            self.so_far = so_far;
            let top = self.page.top;
            self.resize(width, height);
            self.page.show(top);
        }
    }

    /// Shows what a permission would allow, to be read anew.
    pub(super) fn offer(&mut self, taken: Taken, width: usize, height: usize) {
        let Some(live) = &self.live else { return };
        let review = Review::answering(&live.opened, &Reply::always(taken.clone()));
        self.review = Arc::new(review);
        self.page = Page::new(&self.text(width), width, height);
        let top = self.page.find(GRANTED).unwrap_or(0);
        self.page.show(top);
        self.asking = Asking::Always { taken, typed: Input::default() };
    }

    /// Goes back to reading, without what was being said.
    pub(super) fn stop_asking(&mut self, width: usize, height: usize) {
        if matches!(self.asking, Asking::Always { .. }) {
            self.take_back_offer(width, height);
        }
        self.asking = Asking::Nothing;
    }

    fn take_back_offer(&mut self, width: usize, height: usize) {
        let Some(live) = &self.live else { return };
        self.review = Arc::new(Review::of(&live.opened));
        self.page = Page::new(&self.text(width), width, height);
    }

    /// Whether a yes takes the digits of the call.
    pub(super) fn takes_digits(&self) -> bool {
        self.live.as_ref().is_some_and(|live| look::takes_digits(&live.opened))
    }

    pub(super) fn is_always_offered(&self) -> bool {
        self.live.as_ref().is_some_and(|live| is_always_offered(&live.opened))
    }

    /// Whom the request may be handed to.
    pub(super) fn next_ones(&self) -> &[String] {
        let route = self.live.as_ref().and_then(|live| live.opened.route());
        route.map(|route| route.escalate_to.as_slice()).unwrap_or_default()
    }

    /// The items of a batch, each on one line as the review has it.
    pub(super) fn items(&self) -> Vec<&str> {
        let line = |n: usize| {
            let label = format!("item {n}");
            let fact = self.review.action.iter().find(|fact| fact.label == label);
            fact.and_then(|fact| fact.lines.first()).map_or("", String::as_str)
        };
        let count = self.live.as_ref().map_or(0, |live| live.chosen.len());
        (1..=count).map(line).collect()
    }

    pub(super) fn is_batch(&self) -> bool {
        self.live.as_ref().is_some_and(|live| !live.chosen.is_empty())
    }
}

fn notes(model: &Model, review: &Review) -> Vec<String> {
    match model.denied(review) {
        0 => Vec::new(),
        1 => vec!["You said no to this very call before; it is asked again.".into()],
        times => {
            vec![format!("You said no to this very call {times} times; it is asked again.")]
        }
    }
}
