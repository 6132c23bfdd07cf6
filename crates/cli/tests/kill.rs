//! `kill -9` at any moment, and a disk that fails at any call: every process is struck at random
//! points of the main job, and everything comes back to a correct state.
//!
//! `COUNTERSIGN_KILL_ROUNDS` says how many rounds the tests with chance in them play together, and
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
#[path = "common/heard.rs"]
mod heard;
#[path = "kill/job.rs"]
mod job;
#[path = "common/tracer.rs"]
#[allow(dead_code, reason = "these tests fail no sync of chosen files")]
mod tracer;

use book::{Book, Checked};
use chance::Chance;
use common::World;
use job::{Job, Plan, Seen, Stage, Victim, When};
use std::collections::BTreeMap;
use std::time::Duration;
use tracer::Trap;

/// The tests with chance in them, among which the rounds are divided.
const TESTS: u64 = 6;

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

#[test]
fn attack_20_an_enforcer_whose_disk_fails_anywhere_runs_nothing_twice_or_unapproved() {
    fail_anywhere(Victim::Enforcer, 4);
}

#[test]
fn attack_20_an_approver_whose_disk_fails_anywhere_answers_once() {
    fail_anywhere(Victim::Approver, 5);
}

/// Chance seldom finds the moments between two syncs; here each of them is found.
#[test]
fn attack_21_an_approver_killed_at_any_sync_answers_once() {
    die_at_each_sync(Victim::Approver, 10);
}

#[test]
fn attack_18_an_enforcer_killed_at_any_sync_never_runs_twice() {
    // Those of the gate, and then those of the daily audit files.
    die_at_each_sync(Victim::Enforcer, 20);
}

/// A world, what its enforcer wrote, and how fast things go in it.
struct Game {
    world: World,
    book: Book,
    calm: BTreeMap<Stage, Duration>,
}

impl Game {
    fn new() -> Self {
        let world = World::paired();
        let book = Book::open(&world);
        let mut game = Self { world, book, calm: BTreeMap::new() };
        game.round("calm", None);
        game
    }

    /// Plays a round and checks what is left of it.
    fn round(&mut self, name: &str, plan: Option<Plan>) -> Seen {
        println!("{name}: {plan:?}");
        let seen = Job::through(&mut self.world, name, plan.clone());
        let checked = check(&mut self.book, &self.world, &seen);
        if let Err(wrong) = checked {
            let (story, said) = (self.book.story(), seen.said);
            panic!("{name}, {plan:?}: {wrong}\n{story}\n{said:#?}");
        }
        if !seen.struck {
            // How fast things go changes with what else runs on the machine.
            self.calm = seen.reached.clone();
        }
        seen
    }
}

/// Rounds that are played in one world. What is looked at after each grows with them.
const IN_ONE_WORLD: u64 = 100;

/// Plays the rounds of one test.
fn play(victim: Victim, spans: &[Span], place: u64) {
    let next = |chance: &mut Chance, game: &Game| plan(victim, spans, chance, &game.calm);
    // Where there was nobody left to kill, the round says little.
    rounds(place, 4, next);
}

/// Plays rounds in which a call to the disk fails, once or from then on.
fn fail_anywhere(victim: Victim, place: u64) {
    // Many a trap stands behind the last call.
    rounds(place, 6, |chance, _| {
        let when = When::Trapped(trap(victim, chance));
        Plan { victim, when, then: "approve" }
    });
}

/// Plays the share of one test; of every `seldom` rounds one must have struck somebody.
fn rounds(place: u64, seldom: u64, mut next: impl FnMut(&mut Chance, &Game) -> Plan) {
    let seed = chance::seed();
    let mut chance = Chance::new(seed ^ place);
    println!("COUNTERSIGN_KILL_SEED={seed}");
    let (rounds, mut struck) = (chance::share(place, TESTS), 0);
    let mut endings = BTreeMap::<String, usize>::new();
    let mut left = rounds;
    while left > 0 {
        let now = left.min(IN_ONE_WORLD);
        let mut game = Game::new();
        for round in 0..now {
            let plan = next(&mut chance, &game);
            let seen = game.round(&format!("round-{round}"), Some(plan));
            struck += u64::from(seen.struck);
        }
        game.book.check_chain(&game.world).unwrap();
        game.book.endings().into_iter().for_each(|(end, n)| *endings.entry(end).or_default() += n);
        left -= now;
    }
    println!("{rounds} rounds, {struck} struck, requests ended as {endings:?}");
    let enough = rounds < 8 || struck * seldom >= rounds;
    assert!(enough, "only {struck} of {rounds} rounds struck anybody");
}

/// Calls to the disk, how many of them a thread makes at most, and what may happen at one.
type Calls = (&'static str, u64, [&'static str; 3]);

const SYNCS: [&str; 3] = ["error=EIO", "error=ENOSPC", "signal=KILL"];
const MOVES: (&str, [&str; 3]) =
    ("rename,renameat,renameat2,link,linkat", ["error=ENOSPC", "error=EROFS", "signal=KILL"]);

/// A call to the disk that fails, or that nobody survives.
fn trap(victim: Victim, chance: &mut Chance) -> Trap {
    let of_files: [Calls; 2] = [("fsync,fdatasync", 4, SYNCS), (MOVES.0, 3, MOVES.1)];
    let of_a_database: [Calls; 4] = [
        ("fsync,fdatasync", 10, SYNCS),
        ("pwrite64", 40, SYNCS),
        ("ftruncate", 2, SYNCS),
        (MOVES.0, 5, MOVES.1),
    ];
    let with_ledger = victim == Victim::Enforcer;
    let all: &[Calls] = if with_ledger { &of_a_database } else { &of_files };
    let (calls, most, happens) = chance.pick(all);
    let (number, lasting) = (chance.number(*most), *chance.pick(&["", "+"]));
    let does = *chance.pick::<&'static str>(happens);
    Trap { calls, when: format!("{number}{lasting}"), does }
}

/// Kills the victim at its first sync, then at its second, until it has no more.
fn die_at_each_sync(victim: Victim, most: u32) {
    let mut game = Game::new();
    let mut died = Vec::new();
    for number in 1..=most {
        let (calls, when) = ("fsync,fdatasync", number.to_string());
        let when = When::Trapped(Trap { calls, when, does: "signal=KILL" });
        let plan = Plan { victim, when, then: "approve" };
        let seen = game.round(&format!("sync-{number}"), Some(plan));
        died.push(seen.struck);
    }
    println!("died at sync {died:?}, requests ended as {:?}", game.book.endings());
    assert!(died.starts_with(&[true, true, true]) && died.ends_with(&[false]), "{died:?}");
}

/// Every span is as likely as any other, however short it is. An approver that was killed may
/// change its mind; what it signed before holds.
fn plan(
    victim: Victim,
    spans: &[Span],
    chance: &mut Chance,
    calm: &BTreeMap<Stage, Duration>,
) -> Plan {
    let (stage, until) = *chance.pick(spans);
    let whole = calm[&until].saturating_sub(calm[&stage]);
    let fickle = victim == Victim::Approver;
    let then = if fickle { *chance.pick(&["approve", "deny"]) } else { "approve" };
    let (delay, down) = (chance.part(whole), chance.part(DOWN));
    Plan { victim, when: When::After { stage, delay, down }, then }
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
    book.check_refused(world, &world.report(), &seen.refused)?;
    book.check_history(world)
}
