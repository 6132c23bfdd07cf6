//! Decisions: what is checked, in its order, each refusal with nothing else wrong.
//!
//! # Rooms
//! * [`good`]: what counts. * [`text`]: what is no decision. * [`signer`]: whose answer it is.
//! * [`question`]: what it answers, and when. * [`offer`]: what it permits; [`always`]: for how long.
//! * [`passkey`]: whether its person was there.

mod always;
mod good;
mod offer;
mod passkey;
mod question;
mod signer;
mod text;

use countersign_core::artifact::{Artifact, Route};
use countersign_core::decision::{Choice, Decision};
use countersign_core::keys::SecretKeys;
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use countersign_core::verify::DEFAULT_SKEW_MILLIS;
use serde_json::Value;

use super::{File, Made, Vector, forge, object};

pub(super) fn file() -> Made<File> {
    let rooms = [
        good::vectors,
        text::vectors,
        signer::vectors,
        question::vectors,
        offer::vectors,
        always::vectors,
        passkey::vectors,
    ];
    let vectors: Vec<_> = rooms.iter().map(|room| room()).collect::<Made<_>>()?;
    Ok(File {
        path: "decision/decisions.json",
        kind: "decision",
        note: "Decisions against the artifact that the enforcer stored, the keys that it pinned, its session, its time and what was used before. Each refused one fails the one check that is named.",
        vectors: vectors.into_iter().flatten().collect(),
    })
}

/// Everything that one decision is checked with; good until something is changed.
struct Case {
    artifact: Artifact,
    trust: TrustStore,
    key: SecretKeys,
    choice: Choice,
    session: Option<&'static str>,
    now: Instant,
    skew: i64,
    spent_requests: Vec<[String; 2]>,
    spent_nonces: Vec<[String; 2]>,
}

impl Case {
    fn new() -> Made<Self> {
        Self::routed(|_| ())
    }

    /// The good case with another route.
    fn routed(change: impl FnOnce(&mut Route)) -> Made<Self> {
        let mut route = object::route()?;
        change(&mut route);
        Ok(Self {
            artifact: object::artifact(&route)?,
            trust: object::trust()?,
            key: object::anns()?,
            choice: object::choice(),
            session: Some("session-1"),
            now: object::NOW,
            skew: DEFAULT_SKEW_MILLIS,
            spent_requests: Vec::new(),
            spent_nonces: Vec::new(),
        })
    }

    /// The good case, changed.
    fn but(change: impl FnOnce(&mut Self)) -> Made<Self> {
        let mut case = Self::new()?;
        change(&mut case);
        Ok(case)
    }

    fn decision(&self) -> Made<Decision> {
        Ok(Decision::sign(&self.artifact, self.choice.clone(), &self.key)?)
    }

    /// A decision that was changed after it was signed.
    fn broken(&self, change: impl FnOnce(&mut Decision)) -> Made<Decision> {
        let mut decision = self.decision()?;
        change(&mut decision);
        Ok(decision)
    }

    /// A decision that was changed and then signed.
    fn resigned(&self, change: impl FnOnce(&mut Decision)) -> Made<Decision> {
        forge::sign_again(self.broken(change)?, &self.key)
    }

    fn refused(self, name: &'static str, expect: &'static str) -> Made<Vector> {
        let decision = self.decision()?;
        self.with(name, expect, &decision)
    }

    fn accepted(self, name: &'static str) -> Made<Vector> {
        let decision = self.decision()?;
        self.takes(name, &decision)
    }

    fn takes(self, name: &'static str, decision: &Decision) -> Made<Vector> {
        let pinned = self.trust.approver(&decision.signer_key_id).ok_or("nobody signed")?.clone();
        Ok(self
            .with(name, "accepted", decision)?
            .with("allows", decision.decision.allows())
            .with("person", pinned.person)
            .with("assurance", pinned.assurance.name()))
    }

    fn with(self, name: &'static str, expect: &'static str, decision: &Decision) -> Made<Vector> {
        self.text(name, expect, object::text(decision)?)
    }

    fn text(self, name: &'static str, expect: &'static str, decision: String) -> Made<Vector> {
        Ok(Vector::new(name, expect)
            .with("artifact", object::text(&self.artifact)?)
            .with("decision", decision)
            .with("trust", object::text(&self.trust)?)
            .with("session", self.session.map_or(Value::Null, Value::from))
            .with("now", self.now.0)
            .with("skewMillis", self.skew)
            .with("spentRequests", serde_json::to_value(self.spent_requests)?)
            .with("spentNonces", serde_json::to_value(self.spent_nonces)?))
    }
}
