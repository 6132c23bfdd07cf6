//! What can happen, drawn by chance. Numbers are small and name what there is, whatever was left out
//! before: a sequence that is made shorter still means something.

use proptest::collection::vec;
use proptest::option::weighted;
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

/// The nth newest, again from the newest after the oldest. Of requests first those that are open.
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
    prop_oneof![5 => Just(0_u8), 1 => 1..6_u8].prop_map(Newest)
}

fn person() -> impl Strategy<Value = Person> + Clone {
    prop_oneof![5 => Just(Person::Ann), 4 => Just(Person::Bob), 1 => Just(Person::Cat)]
}

/// Mostly nothing much, for what ends everything leaves little to be seen after it.
fn clock() -> impl Strategy<Value = Clock> + Clone {
    prop_oneof![
        8 => (1..20_u8).prop_map(Clock::Seconds),
        3 => (20..50_u8).prop_map(Clock::Seconds),
        1 => Just(Clock::Minute),
        1 => Just(Clock::Quarter),
        1 => Just(Clock::DayOn),
        1 => Just(Clock::DayBack),
    ]
}

fn gate() -> impl Strategy<Value = Step> + Clone {
    let session = prop_oneof![3 => Just(0_u8), 1 => Just(1_u8)];
    (0..4_u8, session).prop_map(|(call, session)| Step::Gate { call, session })
}

fn grant() -> impl Strategy<Value = Step> + Clone {
    let count = prop_oneof![Just(None), Just(Some(1)), Just(Some(2))];
    let session = prop_oneof![Just(None), Just(Some(0_u8)), Just(Some(1_u8))];
    (0..2_u8, session, count, person()).prop_map(|(call, session, count, by)| Step::Grant {
        call,
        session,
        count,
        by,
    })
}

/// What a process does, which may die meanwhile.
fn work() -> BoxedStrategy<Step> {
    let says = prop_oneof![7 => Just(Says::Yes), 1 => Just(Says::No)];
    prop_oneof![
        12 => gate(),
        20 => (newest(), person(), says)
            .prop_map(|(request, by, says)| Step::Answer { request, by, says }),
        8 => newest().prop_map(|request| Step::Resume { request }),
        4 => newest().prop_map(|request| Step::Escalate { request }),
        2 => (newest(), person()).prop_map(|(request, by)| Step::HandOn { request, by }),
        1 => newest().prop_map(|request| Step::Withdraw { request }),
        1 => newest().prop_map(|request| Step::Expire { request }),
        1 => person().prop_map(Step::Revoke),
        2 => Just(Step::Freeze),
        5 => person().prop_map(|by| Step::Thaw { by }),
        5 => grant(),
        1 => newest().prop_map(|grant| Step::TakeBack { grant }),
    ]
    .boxed()
}

fn step() -> BoxedStrategy<Step> {
    prop_oneof![
        60 => work(),
        2 => newest().prop_map(|answer| Step::Again { answer }),
        4 => newest().prop_map(|request| Step::Race { request }),
        4 => (newest(), clock()).prop_map(|(request, until)| Step::Die { request, until }),
        10 => clock().prop_map(Step::Time),
        3 => prop_oneof![3 => Just(true), 2 => Just(false)]
            .prop_map(|accepted| Step::Policy { accepted }),
        3 => Just(Step::Restart),
        16 => (work(), 0..14_u8)
            .prop_map(|(step, after)| Step::Crash { during: Box::new(step), after }),
    ]
    .boxed()
}

fn yes(by: Person) -> Step {
    Step::Answer { request: Newest(0), by, says: Says::Yes }
}

/// How an approval is used.
fn using() -> BoxedStrategy<Step> {
    prop_oneof![
        3 => Just(Step::Resume { request: Newest(0) }),
        1 => Just(Step::Race { request: Newest(0) }),
        1 => clock().prop_map(|until| Step::Die { request: Newest(0), until }),
    ]
    .boxed()
}

/// A step that is left out now and then, and now and then is the last of its process.
fn mostly(step: impl Strategy<Value = Step> + 'static) -> BoxedStrategy<Vec<Step>> {
    let cut = |(step, cut): (Step, Option<u8>)| match (step, cut) {
        (step, None) => vec![step],
        (step, Some(after)) => vec![Step::Crash { during: Box::new(step), after }],
    };
    let done = (step, weighted(0.08, 0..14_u8)).prop_map(cut);
    prop_oneof![1 => Just(vec![]), 9 => done].boxed()
}

/// Anything, seldom.
fn between() -> BoxedStrategy<Vec<Step>> {
    prop_oneof![3 => Just(vec![]), 1 => step().prop_map(|step| vec![step])].boxed()
}

fn story_of(steps: Vec<BoxedStrategy<Vec<Step>>>) -> BoxedStrategy<Vec<Step>> {
    steps.prop_map(|parts| parts.concat()).boxed()
}

/// Things that go as they should, but for what comes between, and for what is left out.
fn story() -> BoxedStrategy<Vec<Step>> {
    let answers = || [mostly(Just(yes(Person::Ann))), between(), mostly(Just(yes(Person::Bob)))];
    let [ann, a, bob] = answers();
    let people =
        vec![gate().prop_map(|step| vec![step]).boxed(), ann, a, bob, between(), mostly(using())];
    let wait = (30..50_u8).prop_map(|seconds| Step::Time(Clock::Seconds(seconds)));
    let steps = vec![
        Just(vec![Step::Gate { call: 3, session: 0 }]).boxed(),
        wait.prop_map(|wait| vec![wait]).boxed(),
        mostly(Just(Step::Escalate { request: Newest(0) })),
        between(),
        mostly(Just(yes(Person::Bob))),
        mostly(using()),
    ];
    let call = || Just(Step::Gate { call: 0, session: 0 });
    let of_ann = |count| Step::Grant { call: 0, session: None, count, by: Person::Ann };
    let given = prop_oneof![Just(of_ann(None)), Just(of_ann(Some(1)))];
    let grants = vec![mostly(given), between(), mostly(call()), mostly(call())];
    let stop = vec![
        mostly(Just(Step::Freeze)),
        between(),
        mostly(call()),
        mostly(Just(Step::Thaw { by: Person::Ann })),
    ];
    let policy = |accepted| mostly(Just(Step::Policy { accepted }));
    let [ann, _, _] = answers();
    let policies = vec![mostly(call()), ann, policy(false), mostly(call()), policy(true)];
    prop_oneof![
        5 => story_of(people),
        2 => story_of(steps),
        2 => story_of(grants),
        1 => story_of(stop),
        1 => story_of(policies),
    ]
    .boxed()
}

/// Sequences of at most so many parts.
pub(crate) fn sequences(longest: usize) -> impl Strategy<Value = Vec<Step>> {
    let part = prop_oneof![2 => story(), 1 => step().prop_map(|step| vec![step])];
    vec(part, longest / 3..longest).prop_map(|parts| parts.concat())
}
