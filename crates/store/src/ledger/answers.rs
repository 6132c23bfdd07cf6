//! What the stored answers of the round that is asked now say, and how far they have come.
//!
//! Where one person decides, a yes to some items of a batch is an approval of those. Where several
//! must agree a batch is answered whole, and a yes to a part of it is a no.

use super::{Accepted, Asked, RequestRecord};
use countersign_core::answer::{Meaning, meaning};
use countersign_core::artifact::Route;
use countersign_core::decision::{Decision, Reason};
use countersign_core::request::State;
use countersign_core::tally::{Tally, one_decides, tally};
use std::collections::BTreeSet;

/// The answers of one round, each with the person whose it is.
#[derive(Clone, PartialEq, Debug)]
pub struct Answers {
    route: Route,
    said: Vec<(String, Meaning)>,
}

impl Answers {
    /// Those of the round that is asked now, as far as they `count`; `None` where no route says who
    /// must answer.
    #[must_use]
    pub fn of(request: &RequestRecord, counts: &dyn Fn(&Decision) -> bool) -> Option<Self> {
        let asked = request.asked.last()?;
        let (route, items) = (asked.route()?, asked.artifact.items());
        let counted = request.accepted_now().map(|a| &a.decision).filter(|d| counts(d));
        let said = counted.filter_map(|decision| {
            let seat = route.roster.iter().find(|seat| seat.key_id == decision.signer_key_id)?;
            // It was clear when it was accepted; what is not any more permits nothing.
            let said = meaning(decision, items, &route).unwrap_or(Meaning::Deny);
            Some((seat.person.clone(), said))
        });
        let said = said.collect();
        Some(Self { route, said })
    }

    /// How far they have come under the signed route: with one item of a batch, else with as much
    /// of the action as they allow.
    #[must_use]
    pub fn tally(&self, item: Option<usize>) -> Tally {
        tally(&self.route, &self.each(item))
    }

    /// The same where other people, or more of them, are asked for by now.
    #[must_use]
    pub fn tally_under(&self, route: &Route) -> Tally {
        tally(route, &self.each(None))
    }

    /// The distinct persons who allow at least a part of it. Who said both yes and no said no.
    #[must_use]
    pub fn allowing(&self) -> BTreeSet<&str> {
        let answers = self.each(None);
        let who = |yes| answers.iter().filter(move |said| said.1 == yes).map(|said| said.0);
        let against: BTreeSet<&str> = who(false).collect();
        who(true).filter(|person| !against.contains(person)).collect()
    }

    fn each(&self, item: Option<usize>) -> Vec<(&str, bool)> {
        let yes = |said: &Meaning| is_yes(said, &self.route, item);
        self.said.iter().map(|(person, said)| (person.as_str(), yes(said))).collect()
    }
}

fn is_yes(said: &Meaning, route: &Route, item: Option<usize>) -> bool {
    match said {
        Meaning::Allow => true,
        Meaning::Partial(_) => one_decides(route) && item.is_none_or(|item| said.permits(item)),
        Meaning::Deny | Meaning::Escalate { .. } => false,
    }
}

impl RequestRecord {
    /// How far the stored answers of this round have come, as far as they `count`.
    #[must_use]
    pub fn tally(&self, counts: &dyn Fn(&Decision) -> bool) -> Tally {
        Answers::of(self, counts).map_or(Tally::Lost, |answers| answers.tally(None))
    }

    /// Whether an answer of this round says yes, be it to a part where that is enough.
    #[must_use]
    pub fn is_yes(&self, decision: &Decision) -> bool {
        let asked = self.asked.last().and_then(|asked| Some((asked, asked.route()?)));
        asked.is_some_and(|(asked, route)| {
            let said = meaning(decision, asked.artifact.items(), &route);
            said.is_ok_and(|said| is_yes(&said, &route, None))
        })
    }

    /// The distinct persons of this round who allowed it, or a part of it, sorted.
    #[must_use]
    pub fn allowed_by(&self) -> Vec<String> {
        let answers = Answers::of(self, &|_| true);
        let persons = answers.iter().flat_map(Answers::allowing).map(str::to_owned);
        persons.collect()
    }

    /// Whether the device that was asked with this artifact has answered.
    #[must_use]
    pub fn has_answer_to(&self, asked: &Asked) -> bool {
        let hash = asked.artifact.head.artifact_hash;
        self.accepted.iter().any(|accepted| accepted.decision.artifact_hash == hash)
    }

    /// The distinct persons of this round who answered, sorted.
    #[must_use]
    pub fn answered_by(&self) -> Vec<String> {
        let answers = Answers::of(self, &|_| true);
        let said = answers.iter().flat_map(|answers| &answers.said);
        let persons: BTreeSet<&String> = said.map(|(person, _)| person).collect();
        persons.into_iter().cloned().collect()
    }

    /// Why it ended as it did, in the words of the last one who said so; while it waits, the last
    /// reason that was given.
    #[must_use]
    pub fn why(&self) -> Option<&Reason> {
        let wanted = match self.state {
            State::Approved | State::Executed => Some(true),
            State::Denied => Some(false),
            State::Created | State::AwaitingDecision | State::Expired => None,
        };
        let said = |one: &&Accepted| wanted.is_none_or(|yes| self.is_yes(&one.decision) == yes);
        let reasoned = self.accepted_now().filter(|accepted| accepted.reason.is_some());
        reasoned.filter(said).last().and_then(|accepted| accepted.reason.as_ref())
    }
}

impl Asked {
    /// The round it belongs to; 1 where it states none.
    #[must_use]
    pub fn round(&self) -> u32 {
        self.route().map_or(1, |route| route.round)
    }

    /// The route that it states.
    #[must_use]
    pub fn route(&self) -> Option<Route> {
        self.artifact.route().ok().flatten()
    }
}
