//! What can happen, drawn by chance. Numbers are small and name what there is, whatever was left out
//! before: a sequence that is made shorter still means something.

use proptest::collection::vec;
use proptest::prelude::*;

/// One of the people who were pinned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Person {
    Ann,
    Bob,
    Cat,
}

impl Person {
    pub(crate) const ALL: [Self; 3] = [Self::Ann, Self::Bob, Self::Cat];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ann => "ann",
            Self::Bob => "bob",
            Self::Cat => "cat",
        }
    }
}

/// What a person says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Says {
    Yes,
    No,
}

/// How the clock moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Clock {
    Seconds(u8),
    /// Longer than a request lives.
    Minute,
    /// Longer than a denial is remembered.
    Quarter,
    DayOn,
    DayBack,
}

impl Clock {
    pub(crate) fn millis(self) -> i64 {
        match self {
            Self::Seconds(count) => i64::from(count) * 1_000,
            Self::Minute => 61_000,
            Self::Quarter => 900_000,
            Self::DayOn => 86_400_000,
            Self::DayBack => -86_400_000,
        }
    }
}

/// The nth newest, again from the newest after the oldest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Newest(pub(crate) u8);

impl Newest {
    pub(crate) fn of<T>(self, all: &[T]) -> Option<&T> {
        let back = usize::from(self.0).checked_rem(all.len())?;
        all.get(all.len() - 1 - back)
    }
}

/// One thing that happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// An agent makes a call: a grant lets it go, an approval is used, or it is put to people. Of
    /// the calls 0 and 1 one person decides, of 2 two, of 3 Ann and then Bob.
    Gate {
        call: u8,
        session: u8,
    },
    /// A person answers a request, whatever became of it.
    Answer {
        request: Newest,
        by: Person,
        says: Says,
    },
    /// Somebody looks whether others are to be asked by now.
    Escalate {
        request: Newest,
    },
    /// A person hands a request on to Bob.
    HandOn {
        request: Newest,
        by: Person,
    },
    /// An answer that was given arrives once more.
    Again {
        answer: Newest,
    },
    /// Somebody wants to use the approval of a request.
    Resume {
        request: Newest,
    },
    /// Two processes want that at the same time.
    Race {
        request: Newest,
    },
    /// An approval is used, and the process dies before anything is known of the run. Another one
    /// begins when the clock has moved.
    Die {
        request: Newest,
        until: Clock,
    },
    Withdraw {
        request: Newest,
    },
    Expire {
        request: Newest,
    },
    Time(Clock),
    /// Somebody's key is taken back.
    Revoke(Person),
    /// The policy is another one, which nobody accepted, or the accepted one again.
    Policy {
        accepted: bool,
    },
    Freeze,
    /// Somebody lets go again.
    Thaw {
        by: Person,
    },
    /// Somebody gives a standing permission.
    Grant {
        call: u8,
        session: Option<u8>,
        count: Option<u8>,
        by: Person,
    },
    TakeBack {
        grant: Newest,
    },
    /// The process ends, and another one begins.
    Restart,
    /// The process dies in the middle of a step, after so many looks at clock or chance.
    Crash {
        during: Box<Step>,
        after: u8,
    },
}

fn newest() -> impl Strategy<Value = Newest> + Clone {
    prop_oneof![4 => Just(0_u8), 1 => 1..6_u8].prop_map(Newest)
}

fn person() -> impl Strategy<Value = Person> + Clone {
    prop_oneof![4 => Just(Person::Ann), 3 => Just(Person::Bob), 1 => Just(Person::Cat)]
}

fn clock() -> impl Strategy<Value = Clock> + Clone {
    prop_oneof![
        5 => (1..50_u8).prop_map(Clock::Seconds),
        2 => Just(Clock::Minute),
        1 => Just(Clock::Quarter),
        1 => Just(Clock::DayOn),
        2 => Just(Clock::DayBack),
    ]
}

/// What a process does, which may die meanwhile.
fn work() -> impl Strategy<Value = Step> + Clone {
    let says = prop_oneof![4 => Just(Says::Yes), 1 => Just(Says::No)];
    let count = prop_oneof![Just(None), Just(Some(1)), Just(Some(2))];
    let session = prop_oneof![Just(None), Just(Some(0_u8)), Just(Some(1_u8))];
    prop_oneof![
        10 => (0..4_u8, 0..2_u8).prop_map(|(call, session)| Step::Gate { call, session }),
        8 => (newest(), person(), says)
            .prop_map(|(request, by, says)| Step::Answer { request, by, says }),
        4 => newest().prop_map(|request| Step::Resume { request }),
        2 => newest().prop_map(|request| Step::Escalate { request }),
        1 => (newest(), person()).prop_map(|(request, by)| Step::HandOn { request, by }),
        1 => newest().prop_map(|request| Step::Withdraw { request }),
        1 => newest().prop_map(|request| Step::Expire { request }),
        1 => person().prop_map(Step::Revoke),
        1 => Just(Step::Freeze),
        2 => person().prop_map(|by| Step::Thaw { by }),
        3 => (0..2_u8, session, count, person())
            .prop_map(|(call, session, count, by)| Step::Grant { call, session, count, by }),
        1 => newest().prop_map(|grant| Step::TakeBack { grant }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        24 => work(),
        2 => newest().prop_map(|answer| Step::Again { answer }),
        2 => newest().prop_map(|request| Step::Race { request }),
        2 => (newest(), clock()).prop_map(|(request, until)| Step::Die { request, until }),
        6 => clock().prop_map(Step::Time),
        2 => any::<bool>().prop_map(|accepted| Step::Policy { accepted }),
        2 => Just(Step::Restart),
        4 => (work(), 0..14_u8)
            .prop_map(|(step, after)| Step::Crash { during: Box::new(step), after }),
    ]
}

/// Sequences of at most so many steps.
pub(crate) fn sequences(longest: usize) -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..longest)
}
