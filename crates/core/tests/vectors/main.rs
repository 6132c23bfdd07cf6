//! The language-neutral vectors under `vectors/`: what a stranger's implementation must answer too.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed, also in its helpers"
)]

mod artifact;
mod canonical;
mod coverage;
mod decision;
mod message;
mod published;
mod receipt;
mod sealed;
mod signed;
mod suite;
mod token;

use suite::{Answer, Suite, Vector};

/// One line for each kind: who answers its vectors.
const KINDS: [(&str, Answer); 13] = [
    ("artifact", artifact::answer),
    ("canonical", canonical::answer),
    ("checkpoint", signed::checkpoint),
    ("decision", decision::answer),
    ("disclosure", signed::disclosure),
    ("domain", signed::domain),
    ("message", message::answer),
    ("number", canonical::number),
    ("receipt", receipt::answer),
    ("sealed", sealed::answer),
    ("statement", artifact::statement),
    ("token", token::answer),
    ("trust", decision::trust),
];

/// Messages of the gateway binding, which the tests of `wire` answer.
const GATEWAY: &str = "gateway/";

#[test]
fn every_vector_is_answered_as_the_manifest_says() {
    let suite = Suite::load();
    let mut wrong = Vec::new();
    for Vector { path, kind, name, expected, input } in suite.vectors() {
        if path.starts_with(GATEWAY) {
            continue;
        }
        let (_, answer) = KINDS.iter().find(|(known, _)| *known == kind).unwrap();
        let (outcome, output) = answer(&input);
        if outcome != expected {
            wrong.push(format!("{kind} {name}: expected {expected}, got {outcome}"));
        }
        for (member, value) in output.as_object().into_iter().flatten() {
            if input.get(member) != Some(value) {
                wrong.push(format!("{kind} {name}: {member} is {value}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn most_vectors_are_bad_ones() {
    let vectors = Suite::load().vectors();
    let good = vectors.iter().filter(|v| ["accepted", "Valid"].contains(&&*v.expected)).count();
    assert!(vectors.len() >= 250, "{}", vectors.len());
    assert!(good * 2 < vectors.len(), "{good} of {}", vectors.len());
}
