//! `kill -9` at any moment: every process is killed at random points of the main job, and
//! everything comes back to a correct state.
//!
//! `COUNTERSIGN_KILL_ROUNDS` says how many rounds all tests here play together, and
//! `COUNTERSIGN_KILL_SEED` plays the same ones again, as far as the machine's timing allows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at the first surprise, also in its helpers"
)]

mod common;

#[path = "kill/book.rs"]
mod book;
#[path = "kill/chance.rs"]
mod chance;
#[path = "kill/job.rs"]
mod job;

use book::{Book, Checked};
use chance::Chance;
use common::World;
use job::{Job, Plan, Seen, Stage, Victim};
use std::collections::BTreeMap;
use std::time::Duration;

/// The tests below, among which the rounds are divided.
const TESTS: u64 = 4;

/// The longest that somebody stays down.
const DOWN: Duration = Duration::from_millis(120);

/// A part of the job, from one stage to another.
type Span = (Stage, Stage);

/// The whole job. Most of what must not happen could happen from the signature on.
const ALL: [Span; 7] = [
    (Stage::Started, Stage::Held),
    (Stage::Held, Stage::Delivered),
    (Stage::Delivered, Stage::Signing),
    (Stage::Signing, Stage::Ran),
    (Stage::Signing, Stage::Ran),
    (Stage::Ran, Stage::Ended),
    (Stage::Ran, Stage::Ended),
];

#[test]
fn attack_21_a_killed_gateway_loses_nothing() {
    play(Victim::Gateway, &ALL, 0);
}

#[test]
fn attack_18_a_killed_enforcer_never_runs_twice() {
    play(Victim::Enforcer, &ALL, 1);
}

#[test]
fn attack_21_a_killed_approver_answers_once() {
    play(Victim::Approver, &[(Stage::Signing, Stage::Signed)], 2);
}

#[test]
fn attack_18_a_power_cut_ends_in_a_correct_state() {
    play(Victim::Everybody, &ALL, 3);
}

/// Plays the rounds of one test in one world.
fn play(victim: Victim, spans: &[Span], place: u64) {
    let seed = chance::seed();
    let mut chance = Chance::new(seed ^ place);
    println!("COUNTERSIGN_KILL_SEED={seed}");
    let mut world = World::paired();
    let mut book = Book::open(&world);
    let calm = Job::through(&mut world, "calm", None);
    if let Err(wrong) = check(&mut book, &world, &calm) {
        panic!("without a kill: {wrong}\n{}\n{:#?}", book.story(), calm.said);
    }
    let (rounds, mut struck) = (chance::share(place, TESTS), 0);
    for round in 0..rounds {
        let plan = plan(victim, spans, &mut chance, &calm.reached);
        println!("round {round}: {plan:?}");
        let seen = Job::through(&mut world, &format!("round-{round}"), Some(plan.clone()));
        struck += u64::from(seen.struck);
        if let Err(wrong) = check(&mut book, &world, &seen) {
            let (story, said) = (book.story(), seen.said);
            panic!("seed {seed}, round {round}, {plan:?}: {wrong}\n{story}\n{said:#?}");
        }
    }
    println!("{rounds} rounds, {struck} struck, requests ended as {:?}", book.endings());
    let enough = rounds < 8 || struck * 4 >= rounds;
    assert!(enough, "only {struck} of {rounds} rounds killed anybody");
}

/// Every span is as likely as any other, however short it is. An approver that was killed may
/// change its mind; what it signed before holds.
fn plan(
    victim: Victim,
    spans: &[Span],
    chance: &mut Chance,
    calm: &BTreeMap<Stage, Duration>,
) -> Plan {
    let (after, until) = *chance.pick(spans);
    let whole = calm[&until].saturating_sub(calm[&after]);
    let fickle = victim == Victim::Approver;
    let then = if fickle { *chance.pick(&["approve", "deny"]) } else { "approve" };
    Plan { victim, after, delay: chance.part(whole), down: chance.part(DOWN), then }
}

fn check(book: &mut Book, world: &World, seen: &Seen) -> Checked {
    // An answer that was signed and not sent goes out with the next look into the inbox.
    let inbox = world.json("approver", &["inbox"]);
    if inbox["items"].as_array().is_none_or(|items| !items.is_empty()) {
        return Err(format!("still in the inbox: {inbox}"));
    }
    book.catch_up(world)?;
    book.check_requests()?;
    book.check_lines(world, &world.report(), &seen.runs)?;
    book.check_history(world)
}
