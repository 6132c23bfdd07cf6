//! What the policies of this place say of an action.
//!
//! Texts come from three directories; what a person accepted stands in the ledger. A text that is
//! there and does not load denies everything: nobody knows what it would have forbidden.

mod acceptance;
mod known;
mod layers;
mod links;
pub(crate) mod recheck;
mod roster;

pub use acceptance::{Acceptance, Proposal, accepted};
pub use known::known;
pub use layers::{
    Found, MISSING, NAMES, Place, Sources, Watched, at, found, missing, read, surroundings, watched,
};
pub use roster::Seated;

use crate::gate::{Enforcer, GateError};
use crate::question::{Grounds, Way};
use crate::redaction::Shown;
use countersign_core::action::Action;
use countersign_core::receipt::PolicyNote;
use countersign_core::time::Instant;
use countersign_policy::facts::Finding;
use countersign_policy::{Asker, Decision, Engine, Facts, Moment, Verdict};
use std::path::PathBuf;

/// Why a policy cannot be judged under, or not be followed. The action does not run.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file is there and cannot be read.
    #[error("the policy `{path}` cannot be read: {why}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// Two files where one may be.
    #[error("`{0}` and `{1}` are both there: only one policy may be")]
    Two(PathBuf, PathBuf),
    /// A file is there and does not load.
    #[error("the policy `{path}` does not load: line {line}, column {column}: {message}{more}")]
    Mistakes {
        /// The file.
        path: PathBuf,
        /// Of the first mistake.
        line: usize,
        /// Of the first mistake.
        column: usize,
        /// The first mistake.
        message: String,
        /// How many more there are, in words.
        more: String,
    },
    /// Nobody who is pinned answers to a label.
    #[error("rule `{rule}` asks `{label}`, and no pinned approver is that")]
    Nobody {
        /// The rule.
        rule: String,
        /// The label.
        label: String,
    },
    /// More people are needed than there are.
    #[error("rule `{rule}` asks for {need}, and {have}")]
    Quorum {
        /// The rule.
        rule: String,
        /// How many, in words.
        need: String,
        /// Who there is, in words.
        have: String,
    },
    /// No form can be given to it.
    #[error("the policy cannot be hashed: {0}")]
    Json(#[from] countersign_core::json::JsonError),
}

/// An action under the policies of one place at one moment.
#[derive(Debug)]
pub struct Judged {
    /// What they say.
    pub verdict: Verdict,
    /// What is most dangerous about it.
    worst: Option<Finding>,
    /// Whether it is only watched, and no floor holds: then it runs whatever the verdict.
    watched: bool,
    /// The action without what they hide.
    shown: Shown,
}

/// The word of the policies that an action runs without anybody's answer.
///
/// Private fields: only [`Judged::ruling`] makes one, and letting the action go consumes it.
#[must_use = "an action that is let go and not run is a record without an end"]
#[derive(Debug)]
pub struct Allowed {
    pub(crate) grounds: Grounds,
    pub(crate) watched: bool,
    pub(crate) shown: Shown,
}

impl Allowed {
    /// What records say of it.
    #[must_use]
    pub fn note(&self) -> &PolicyNote {
        self.grounds.note()
    }

    /// The action that it is about, as it may be written down.
    #[must_use]
    pub fn shown(&self) -> &Shown {
        &self.shown
    }
}

/// What follows from a verdict.
#[derive(Debug)]
pub enum Ruling {
    /// It runs.
    Runs(Allowed),
    /// People are asked, on these grounds.
    Asks(Grounds),
    /// It does not run.
    Blocked(Grounds),
}

impl Judged {
    /// The action without what the policies hide: this is asked about, hashed and recorded.
    #[must_use]
    pub fn shown(&self) -> &Shown {
        &self.shown
    }

    /// What follows. `critical` says what was found while the action was pinned that makes it
    /// critical: no policy knows of it, so a person does.
    #[must_use]
    pub fn ruling(&self, critical: bool) -> Ruling {
        let (grounds, shown) = (self.grounds(critical), self.shown.clone());
        let unseen = self.is_unseen(critical);
        match self.verdict.decision {
            _ if self.watched && unseen => {
                let grounds = grounds.watched(&self.verdict);
                Ruling::Runs(Allowed { grounds, watched: true, shown })
            }
            Decision::Block => Ruling::Blocked(grounds),
            Decision::Allow | Decision::Redact if unseen => {
                Ruling::Runs(Allowed { grounds, watched: false, shown })
            }
            Decision::Allow | Decision::Redact | Decision::RequireApproval => Ruling::Asks(grounds),
        }
    }

    /// What follows where whoever asks says who must allow it: what would run is put to people, and
    /// nothing is only watched. More may be wanted than a policy asks for, and never less.
    #[must_use]
    pub fn ruling_of_people(&self, critical: bool) -> Ruling {
        let grounds = self.grounds(critical);
        match self.verdict.decision {
            Decision::Block => Ruling::Blocked(grounds),
            Decision::Allow | Decision::Redact if self.is_unseen(critical) => {
                Ruling::Asks(grounds.wanted())
            }
            Decision::Allow | Decision::Redact | Decision::RequireApproval => Ruling::Asks(grounds),
        }
    }

    /// Nothing runs unseen that would be written down as no policy wants it.
    fn is_unseen(&self, critical: bool) -> bool {
        !critical && self.shown.left().is_empty()
    }

    fn grounds(&self, critical: bool) -> Grounds {
        let mut grounds = Grounds::of(&self.verdict);
        // Our own words only: a part of the action might be cut, and the action stands there whole.
        if let Some(Finding { why, .. }) = &self.worst {
            grounds.because = format!("{}: {why}", grounds.because);
        }
        let loosens = self.verdict.decision < Decision::RequireApproval;
        let grounds = match critical {
            true if loosens => grounds.critical().pinned(),
            true => grounds.critical(),
            false => grounds,
        };
        grounds.unhidden(self.shown.left(), loosens)
    }
}

impl Enforcer {
    /// The layers of a workspace, ready to judge.
    ///
    /// # Errors
    /// Where a policy is there and does not load, or the ledger cannot be read.
    pub async fn engine(&self, workspace: &str) -> Result<Engine, GateError> {
        let found = found(self.home().root(), self.sources(), workspace)?;
        Ok(layers::engine(&found, &self.acceptances().await?, workspace)?)
    }

    /// What the policies of a workspace say of an action now.
    ///
    /// # Errors
    /// As [`Enforcer::engine`].
    pub async fn judge(
        &self,
        action: &Action,
        asker: Asker,
        workspace: &str,
    ) -> Result<Judged, GateError> {
        let found = found(self.home().root(), self.sources(), workspace)?;
        let accepted = self.acceptances().await?;
        let engine = layers::engine(&found, &accepted, workspace)?;
        let facts = self.facts(action, asker, workspace)?;
        let verdict = engine.judge(&facts);
        let watched = watched(engine.mode(), &found, &accepted, self.now()).is_some();
        let watched = watched && facts.class.floors.is_empty();
        let shown = Shown::of(self.ledger().secret(), action, &verdict.redact)?;
        Ok(Judged { worst: facts.class.findings.into_iter().next(), watched, verdict, shown })
    }

    /// What a policy looks at when this action is asked for here and now.
    ///
    /// # Errors
    /// Where the action has no canonical form.
    pub fn facts(
        &self,
        action: &Action,
        asker: Asker,
        workspace: &str,
    ) -> Result<Facts, PolicyError> {
        let place = surroundings(self.home().root(), self.sources(), workspace);
        Ok(Facts::of(action, asker, place, moment(self.now()))?)
    }

    /// Those of `ways` whose answer counts under a verdict, and how many of them must allow.
    ///
    /// # Errors
    /// Where a label is nobody's, or more persons are needed than there are.
    pub async fn seated(
        &self,
        verdict: &Verdict,
        workspace: &str,
        ways: &[Way],
    ) -> Result<Seated, GateError> {
        let engine = self.engine(workspace).await?;
        Ok(roster::seated(verdict, &engine, ways, self.now())?)
    }
}

impl Grounds {
    /// The same where no policy asks, and pinning does.
    fn pinned(mut self) -> Self {
        self.note.rule_id = "pinning".to_owned();
        self.note.display = "what was found while it was pinned makes it critical".to_owned();
        self.because.clone_from(&self.note.display);
        self
    }

    /// The same where no policy asks, and whoever asks wants it. It is no permission for later.
    fn wanted(mut self) -> Self {
        self.because =
            format!("whoever asks wants an answer; by the policy it runs ({})", self.because);
        self.grant = None;
        self
    }

    /// The same where a policy hides what nothing can hide: `loosens` tells that no policy asks.
    fn unhidden(mut self, left: &[String], loosens: bool) -> Self {
        if left.is_empty() {
            return self;
        }
        let why = format!("it cannot be hidden in every record: {}", left.join(", "));
        self.because = format!("{}; {why}", self.because);
        if loosens {
            (self.note.rule_id, self.note.display) = ("redaction".to_owned(), why);
        }
        self
    }

    fn watched(mut self, verdict: &Verdict) -> Self {
        let would = match verdict.decision {
            Decision::Block => "would have been blocked",
            Decision::RequireApproval => "would have asked a person",
            Decision::Allow | Decision::Redact => return self,
        };
        self.note.display = format!("observed only; {would}: {}", self.note.display);
        self
    }
}

/// The time as policies see it.
#[must_use]
pub fn moment(now: Instant) -> Moment {
    const DAY: i64 = 86_400_000;
    // 1970 began on a Thursday.
    let weekday = (now.0.div_euclid(DAY) + 3).rem_euclid(7);
    let minute = now.0.rem_euclid(DAY) / 60_000;
    Moment {
        minute: u16::try_from(minute).unwrap_or(0),
        weekday: u8::try_from(weekday).unwrap_or(0),
        millis: now.0,
    }
}

/// How long a policy only watches.
pub const OBSERVE_MILLIS: i64 = 7 * 86_400_000;
