//! What the built-in vectors say: each has one answer, and this binary must give it.

use super::category::{Check, State};
use crate::failure::Failure;
use countersign_vectors::Vector;

/// The vectors, asked in groups.
pub(super) struct Proofs(Vec<Vector>);

impl Proofs {
    pub(super) fn load() -> Result<Self, Failure> {
        countersign_vectors::suite().map(Self).map_err(super::binary::broken)
    }

    /// One requirement, held by every vector of `kinds` that must come to one of `outcomes`; by
    /// all of those kinds where no outcome is named. No such vector is a failure: it proves nothing.
    pub(super) fn check(&self, what: &'static str, kinds: &[&str], outcomes: &[&str]) -> Check {
        let asks = |vector: &Vector| {
            kinds.contains(&vector.kind())
                && (outcomes.is_empty() || outcomes.contains(&vector.expect()))
        };
        Check::new(what, self.state(asks))
    }

    /// One requirement, held by the decision vector of this name.
    pub(super) fn decision(&self, what: &'static str, name: &str) -> Check {
        Check::new(what, self.state(|vector| vector.kind() == "decision" && vector.name() == name))
    }

    fn state(&self, asks: impl Fn(&Vector) -> bool) -> State {
        let chosen = self.0.iter().filter(|vector| asks(vector));
        let (mut asked, mut wrong) = (0, None);
        for vector in chosen {
            asked += 1;
            if let Err(why) = vector.holds() {
                wrong.get_or_insert(format!("{} `{}`: {why}", vector.file(), vector.name()));
            }
        }
        match wrong {
            Some(why) => State::Failed(why),
            None => State::of(asked > 0, || "no vector asks for it".into()),
        }
    }
}
