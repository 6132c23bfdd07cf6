//! How far the others are: what an enforcer tells those of a round who have not answered yet.
//!
//! A note is no part of what anybody signs, and releases nothing. It is signed in a domain of its
//! own, so that it can be taken for no other word of the enforcer, and it names one artifact. What
//! the artifact's own route leaves no room for is told to nobody: the worst that a note can be is
//! missing or late.

use crate::artifact::{Artifact, ArtifactHash, Group, Route};
use crate::json::{self, JsonError, limit};
use crate::keys::{Domain, KeyError, PublicKeys, SecretKeys, Signature, verify_domain};
use crate::message::exact;
use crate::sealing::Shown;
use crate::tally::{Tally, need, of, tally, wanted};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum NoteType {
    /// The only version.
    #[serde(rename = "countersign.progress/v1")]
    V1,
}

/// What is signed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Note {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: NoteType,
    /// The artifact's request.
    pub request_id: String,
    /// The artifact that it is about: nobody else's.
    pub artifact_hash: ArtifactHash,
    /// How many answers of the round were taken when it was made. They are never fewer.
    pub answers: u32,
    /// The distinct persons who allow, sorted. Which of them belong to a group says the route.
    pub allowed: Vec<String>,
    /// How many must allow, as the artifact's route says.
    pub needed: u32,
    /// When it was made, by the enforcer's clock.
    pub told_at: Timestamp,
}

/// A note with its signature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedNote {
    /// What is signed.
    pub note: Note,
    /// The operator key over it, in the domain `countersign-progress/v1`.
    pub signature: Signature,
}

/// How far a round is, as its enforcer tells: what a note says about one artifact, once it was
/// checked against it.
///
/// Private fields: only [`SignedNote::verify`] makes one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SoFar {
    allowed: Vec<String>,
    needed: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<GroupSoFar>,
    told_at: Timestamp,
}

/// How far one group of a route is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct GroupSoFar {
    /// What the policy calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many distinct persons of it allow.
    pub have: usize,
    /// How many must.
    pub need: usize,
}

/// Why a note is told to nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTold {
    /// It is no note.
    #[error("not a note: {0}")]
    Json(#[from] JsonError),
    /// It is about another artifact, or one without a route.
    #[error("the note is about another artifact")]
    OtherArtifact,
    /// The enforcer that asks did not sign it.
    #[error("the enforcer did not sign the note")]
    Signature,
    /// It names somebody who was not asked, somebody twice, or people out of order.
    #[error("the note names people who were not asked, or not once each and sorted")]
    People,
    /// It wants another number of people than the route, or says of a round that is over that it
    /// is not: more allow than it takes, or allow than have answered.
    #[error("the note does not fit the route")]
    Count,
}

impl SignedNote {
    /// Signs a note with the operator key.
    ///
    /// # Errors
    /// Where it has no canonical form, or nobody signed where the key lives.
    pub fn sign(note: Note, operator: &SecretKeys) -> Result<Self, KeyError> {
        let signature = operator.sign(Domain::Progress, &note)?;
        Ok(Self { note, signature })
    }

    /// Reads one strictly.
    ///
    /// # Errors
    /// [`NotTold::Json`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NotTold> {
        Ok(exact(&json::parse(bytes, limit::MESSAGE)?)?)
    }

    /// Whether it was made after another one about the same artifact: with more answers, or else
    /// later.
    #[must_use]
    pub fn is_newer_than(&self, other: &Self) -> bool {
        let place = |one: &Self| (one.note.answers, one.note.told_at.instant());
        place(self) > place(other)
    }

    /// What it tells of an artifact that this enforcer signed.
    ///
    /// # Errors
    /// The first of [`NotTold`] that is so; nothing of such a note is shown.
    pub fn verify(&self, artifact: &Artifact, enforcer: &PublicKeys) -> Result<SoFar, NotTold> {
        let (note, head) = (&self.note, &artifact.head);
        if note.request_id != head.request_id || note.artifact_hash != head.artifact_hash {
            return Err(NotTold::OtherArtifact);
        }
        verify_domain(&enforcer.signing(), Domain::Progress, note, &self.signature)
            .map_err(|_| NotTold::Signature)?;
        let route = artifact.route()?.ok_or(NotTold::OtherArtifact)?;
        check_people(note, &route)?;
        check_count(note, &route)?;
        Ok(so_far(note, &route))
    }
}

fn check_people(note: &Note, route: &Route) -> Result<(), NotTold> {
    let asked = |person: &String| route.roster.iter().any(|seat| seat.person == *person);
    let rising = note.allowed.windows(2).all(|pair| matches!(pair, [one, two] if one < two));
    if rising && note.allowed.iter().all(asked) { Ok(()) } else { Err(NotTold::People) }
}

/// A note is made while a round waits: what would have ended it was told by nobody honest.
fn check_count(note: &Note, route: &Route) -> Result<(), NotTold> {
    let yes: Vec<(&str, bool)> = note.allowed.iter().map(|who| (who.as_str(), true)).collect();
    let answered = u32::try_from(yes.len()).is_ok_and(|have| have <= note.answers);
    let needed = usize::try_from(note.needed).is_ok_and(|needed| needed == need(route));
    match tally(route, &yes) {
        Tally::Waiting { .. } if answered && needed => Ok(()),
        _ => Err(NotTold::Count),
    }
}

fn so_far(note: &Note, route: &Route) -> SoFar {
    let persons: BTreeSet<&str> = note.allowed.iter().map(String::as_str).collect();
    let group = |group: &Group| GroupSoFar {
        name: group.name.clone(),
        have: of(group, &persons),
        need: wanted(group),
    };
    SoFar {
        allowed: note.allowed.clone(),
        needed: need(route),
        groups: route.groups.iter().map(group).collect(),
        told_at: note.told_at.clone(),
    }
}

impl SoFar {
    /// The distinct persons who allow, sorted.
    #[must_use]
    pub fn allowed(&self) -> &[String] {
        &self.allowed
    }

    /// How many must.
    #[must_use]
    pub fn needed(&self) -> usize {
        self.needed
    }

    /// How far each group of the route is, in its order.
    #[must_use]
    pub fn groups(&self) -> &[GroupSoFar] {
        &self.groups
    }

    /// When it was so, by the enforcer's clock.
    #[must_use]
    pub fn told_at(&self) -> &Timestamp {
        &self.told_at
    }
}

/// What the seal around a note is bound to. Nothing that is sealed about this artifact besides opens
/// under it, and no note about another one.
#[must_use]
pub fn shown(artifact: &Artifact) -> Shown {
    let head = &artifact.head;
    Shown {
        request_id: head.request_id.clone(),
        artifact_type: "countersign.progress/v1".to_owned(),
        artifact_hash: head.artifact_hash.to_string(),
        expires_at: head.expires_at.to_string(),
    }
}

#[cfg(test)]
mod tests;
