//! Sequences that somebody would try on purpose, over both ledgers. The page checks every step, and
//! the whole ledger is checked after the last.

use super::end;
use super::play::Play;
use super::real::{Backing, Gated};
use super::rules::Fate;
use super::steps::{Clock, Newest, Person, Says, Step};
use countersign_core::receipt::Event;

const BOTH: [Backing; 2] = [Backing::Memory, Backing::Sqlite];
const GATE: Step = Step::Gate { call: 0, session: 0 };
const YES: Step = Step::Answer { request: Newest(0), by: Person::Ann, says: Says::Yes };
const NO: Step = Step::Answer { request: Newest(0), by: Person::Bob, says: Says::No };
const USE: Step = Step::Resume { request: Newest(0) };
const TAKE_BACK: Step = Step::Withdraw { request: Newest(0) };
const DAY_BACK: Step = Step::Time(Clock::DayBack);
const DAY_ON: Step = Step::Time(Clock::DayOn);
const LATER: Step = Step::Time(Clock::Minute);

fn played(backing: Backing, steps: &[Step]) -> Play {
    let mut play = Play::new(backing);
    for step in steps {
        play.step(step).unwrap_or_else(|wrong| panic!("{step:?} of {steps:?}: {wrong}"));
    }
    play
}

fn checked(mut play: Play) {
    end::check(&mut play).unwrap();
}

/// How often anything ran.
fn runs(play: &Play) -> usize {
    play.ran.values().sum()
}

/// Plays a sequence over both ledgers; returns how often anything ran in it.
fn ran(steps: &[Step]) -> usize {
    let [memory, disk] = BOTH.map(|backing| {
        let play = played(backing, steps);
        let ran = runs(&play);
        checked(play);
        ran
    });
    assert_eq!(memory, disk);
    disk
}

/// The answer at the end of a sequence changes nothing, and is recorded with this code.
fn comes_to_nothing(steps: &[Step], code: &str) {
    for backing in BOTH {
        let play = played(backing, steps);
        let newest = play.real.newest();
        assert_eq!(newest.event, Event::Observed, "{steps:?}");
        let display = newest.policy.unwrap().display;
        assert!(display.starts_with(code), "{steps:?}: {display}");
        assert_eq!(runs(&play), 0);
        checked(play);
    }
}

#[test]
fn attack_18_processes_that_make_the_same_call_at_once_put_one_question_and_run_it_once() {
    for backing in BOTH {
        let mut play = Play::new(backing);
        let gated = play.real.gate_at_once(6, 0);
        let opened = gated.iter().filter(|g| matches!(g, Gated::Opened)).count();
        let joined = gated.iter().filter(|g| matches!(g, Gated::Joined(_))).count();
        assert_eq!((opened, joined), (1, 5), "{gated:?}");
        play.learn(super::rules::Call::Tool { call: 0, session: 0 });
        play.step(&YES).unwrap();
        let gated = play.real.gate_at_once(6, 0);
        let ran: Vec<_> = gated.iter().filter(|g| matches!(g, Gated::Ran(_))).collect();
        assert_eq!(ran.len(), 1, "{gated:?}");
        let asked = play.real.all().iter().filter(|r| r.accepted.is_empty()).count();
        assert!(asked <= 1, "those who came too late put one more question");
    }
}

#[test]
fn attack_18_a_clock_set_back_and_on_by_a_day_gives_no_second_run() {
    let again = [USE, Step::Race { request: Newest(0) }, Step::Again { answer: Newest(0) }, USE];
    for moves in [[DAY_BACK, DAY_ON], [DAY_ON, DAY_BACK]] {
        let mut steps = vec![GATE, YES, USE];
        for moved in moves.clone() {
            steps.push(moved);
            steps.extend(again.clone());
        }
        assert_eq!(ran(&steps), 1, "{moves:?}");
    }
}

#[test]
fn attack_19_an_approval_is_used_neither_before_its_question_nor_after_its_end() {
    assert_eq!(ran(&[GATE, YES, DAY_BACK, USE]), 0, "it was not asked yet");
    assert_eq!(ran(&[GATE, YES, DAY_BACK, USE, DAY_ON, USE, USE]), 1);
    assert_eq!(ran(&[GATE, YES, DAY_ON, USE]), 0);
    // Whoever looked closed it for good.
    assert_eq!(ran(&[GATE, YES, DAY_ON, Step::Restart, DAY_BACK, USE]), 0);
    assert_eq!(ran(&[GATE, YES, DAY_ON, GATE, DAY_BACK, Step::Resume { request: Newest(1) }]), 0);
}

#[test]
fn attack_18_an_outcome_after_the_clock_was_set_back_is_told_and_the_ledger_holds() {
    for until in [Clock::DayBack, Clock::DayOn, Clock::Seconds(1)] {
        let die = Step::Die { request: Newest(0), until };
        for backing in BOTH {
            let play = played(backing, &[GATE, YES, die.clone(), USE, Step::Restart]);
            assert_eq!(play.real.count_of(Event::Uncertain), 1, "{until:?}");
            checked(play);
        }
    }
}

#[test]
fn attack_19_an_answer_after_the_end_changes_nothing_and_is_recorded() {
    comes_to_nothing(&[GATE, LATER, YES], "HARP_ERR_EXPIRED");
    comes_to_nothing(&[GATE, LATER, Step::Restart, YES], "HARP_ERR_EXPIRED");
    comes_to_nothing(&[GATE, Step::Time(Clock::Quarter), YES], "HARP_ERR_EXPIRED");
}

#[test]
fn attack_19_an_answer_after_the_withdrawal_changes_nothing_and_is_recorded() {
    comes_to_nothing(&[GATE, TAKE_BACK, YES], "ledger");
    comes_to_nothing(&[GATE, YES, TAKE_BACK, NO], "ledger");
}

#[test]
fn attack_19_an_answer_after_the_revocation_changes_nothing_and_is_recorded() {
    let revoked = Step::Revoke(Person::Ann);
    comes_to_nothing(&[GATE, revoked.clone(), YES], "HARP_ERR_SIGNATURE_INVALID");
    // Clocks bring no key back.
    comes_to_nothing(&[GATE, revoked, DAY_BACK, DAY_ON, YES], "HARP_ERR_SIGNATURE_INVALID");
}

#[test]
fn attack_43_a_yes_after_a_no_and_a_second_word_change_nothing_and_are_recorded() {
    comes_to_nothing(&[GATE, NO, YES], "ledger");
    let both = Step::Gate { call: 2, session: 0 };
    comes_to_nothing(&[both, YES, YES], "HARP_ERR_REPLAY");
}

#[test]
fn attack_43_a_no_that_comes_late_takes_no_approval_back_and_is_recorded() {
    for backing in BOTH {
        let mut play = played(backing, &[GATE, YES, NO]);
        assert_eq!(play.real.newest().event, Event::Observed);
        assert_eq!(play.rules.requests.last().map(|request| request.fate), Some(Fate::Approved));
        play.step(&USE).unwrap();
        assert_eq!(runs(&play), 1);
        checked(play);
    }
}

#[test]
fn attack_42_an_approval_under_another_policy_is_not_used() {
    let (other, own) = (Step::Policy { accepted: false }, Step::Policy { accepted: true });
    assert_eq!(ran(&[GATE, YES, other.clone(), USE]), 0);
    assert_eq!(ran(&[GATE, YES, other.clone(), USE, own.clone(), USE]), 1, "it is the same again");
    // The call was put anew under the other one, and the old answer is gone.
    assert_eq!(ran(&[GATE, YES, other, GATE, own, Step::Resume { request: Newest(1) }]), 0);
}

#[test]
fn attack_44_an_approval_serves_no_other_session() {
    let elsewhere = Step::Gate { call: 0, session: 1 };
    let steps = [GATE, YES, elsewhere.clone(), elsewhere, Step::Restart];
    assert_eq!(ran(&steps), 0);
}

#[test]
fn attack_22_the_same_call_after_an_approval_runs_in_whatever_process() {
    assert_eq!(ran(&[GATE, GATE, YES, GATE]), 1);
    assert_eq!(ran(&[GATE, Step::Restart, YES, Step::Restart, GATE, GATE]), 1);
    let both = Step::Gate { call: 2, session: 0 };
    let bob = Step::Answer { request: Newest(0), by: Person::Bob, says: Says::Yes };
    assert_eq!(ran(&[both.clone(), YES, Step::Restart, both.clone(), bob, Step::Restart, both]), 1);
}

#[test]
fn attack_27_a_revocation_that_is_cut_off_anywhere_is_recorded_in_the_end() {
    for after in 0..4 {
        let during = Box::new(Step::Revoke(Person::Ann));
        assert_eq!(ran(&[GATE, YES, Step::Crash { during, after }, Step::Restart]), 0);
    }
}

#[test]
fn attack_19_where_those_who_are_asked_first_are_taken_back_the_next_ones_let_nothing_run() {
    let steps = Step::Gate { call: 3, session: 0 };
    let next = [Step::Time(Clock::Seconds(30)), Step::Escalate { request: Newest(0) }];
    let bob = Step::Answer { request: Newest(0), by: Person::Bob, says: Says::Yes };
    let asked = [vec![steps], next.to_vec()].concat();
    assert_eq!(ran(&[asked.clone(), vec![bob.clone(), USE]].concat()), 1);
    assert_eq!(ran(&[asked, vec![bob, Step::Revoke(Person::Ann), USE]].concat()), 0);
}
