//! `audit stats`: who decided what, when and how fast.

use super::live::Live;
use super::query::ledger;
use super::when::when;
use crate::commands::Here;
use crate::failure::{Exit, Failure, Outcome};
use countersign_core::display::visible;
use countersign_core::receipt::{Event, Receipt};
use countersign_core::time::{Instant, Timestamp};
use countersign_store::ledger::read::{Query, Receipts, mark, persons};
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

/// Receipts that are read together.
const PAGE: usize = 256;

/// Answers below which nothing is said of a person: a handful may well all be right.
const ENOUGH: usize = 20;

/// The part of answers that allow above which nobody seems to weigh them: one refusal in
/// thirty-three is less than people make typing errors.
const YES: f64 = 0.97;

/// The median in milliseconds below which nobody can have read what was asked: reading one line
/// and its warning takes longer.
const HASTE: i64 = 5_000;

/// Count who decided what, when and how fast, and warn of rubber stamps.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  countersign audit stats --since 30d\n  \
    countersign audit stats --json\n\n\
    A rubber stamp is somebody with more than 20 answers, more than 97 % of them yes, half of \
    them within 5 seconds. Hours are in UTC.")]
pub(crate) struct Stats {
    /// From when: 90d, 8h, 2026-01-31, or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = when)]
    since: Option<Timestamp>,
}

/// What was counted.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Counted {
    approved: usize,
    denied: usize,
    expired: usize,
    withdrawn: usize,
    /// Refusals among the answers, 0 to 1; absent without answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    denial_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_decide: Option<Times>,
    persons: BTreeMap<String, Person>,
    rules: BTreeMap<String, Answers>,
    /// By the hour of the answer, in UTC.
    hours: BTreeMap<u8, Answers>,
    rubber_stamps: Vec<String>,
}

#[derive(Serialize, Default)]
struct Answers {
    approved: usize,
    denied: usize,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Person {
    approved: usize,
    denied: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_decide: Option<Times>,
    #[serde(skip)]
    times: Vec<i64>,
}

/// In milliseconds.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "camelCase")]
struct Times {
    median_millis: i64,
    p90_millis: i64,
}

impl Stats {
    pub(super) async fn run(self, here: &Here<'_>) -> Outcome {
        let ledger = ledger(here)?;
        let since = self.since.as_ref().map(Timestamp::instant);
        let live = Live::of(&*ledger, since).await?;
        let counted = count(&*ledger, since, live.from).await?;
        let mut document = json!(counted);
        live.tell(&mut document);
        here.output.result(&words(&counted), &document)?;
        live.progress(here);
        Ok(Exit::Ok)
    }
}

/// Counts from the newest back, so that of each request the answer comes before the question.
async fn count(
    ledger: &dyn Receipts,
    since: Option<Instant>,
    from: u64,
) -> Result<Counted, Failure> {
    use Event::{Approved, Denied, Expired, Suspended, Withdrawn};
    let events = vec![Approved, Denied, Expired, Withdrawn, Suspended];
    let query = Query { events, since, from, ..Query::default() };
    let (mut count, mut before) = (Count::default(), None);
    loop {
        let page = ledger.find(&query, before, PAGE).await?;
        let Some(last) = page.last() else { break };
        before = Some(mark(last));
        page.iter().for_each(|receipt| count.take(receipt));
    }
    Ok(count.end())
}

/// A count that goes on.
#[derive(Default)]
struct Count {
    counted: Counted,
    /// Answers whose question is still to come, each with those who gave it.
    answered: HashMap<String, (Instant, Vec<String>)>,
    times: Vec<i64>,
}

impl Count {
    fn take(&mut self, receipt: &Receipt) {
        match receipt.content.entry.event {
            Event::Approved => self.answer(receipt, true),
            Event::Denied => self.answer(receipt, false),
            Event::Expired => self.counted.expired += 1,
            Event::Withdrawn => self.counted.withdrawn += 1,
            _ => self.question(receipt),
        }
    }

    fn answer(&mut self, receipt: &Receipt, yes: bool) {
        let (entry, at) = (&receipt.content.entry, receipt.content.recorded_at.instant());
        let who: Vec<String> = persons(entry).into_iter().map(str::to_owned).collect();
        let rule = entry.policy.as_ref().map_or("-", |note| note.rule_id.as_str()).to_owned();
        let add = |approved: &mut usize, denied: &mut usize| {
            *(if yes { approved } else { denied }) += 1;
        };
        add(&mut self.counted.approved, &mut self.counted.denied);
        for person in &who {
            let person = self.counted.persons.entry(person.clone()).or_default();
            add(&mut person.approved, &mut person.denied);
        }
        let rule = self.counted.rules.entry(rule).or_default();
        add(&mut rule.approved, &mut rule.denied);
        let hour = self.counted.hours.entry(hour(at)).or_default();
        add(&mut hour.approved, &mut hour.denied);
        if let Some(id) = &entry.request_id {
            self.answered.insert(id.clone(), (at, who));
        }
    }

    fn question(&mut self, receipt: &Receipt) {
        let id = receipt.content.entry.request_id.as_ref();
        let Some((at, who)) = id.and_then(|id| self.answered.remove(id)) else { return };
        // A clock that was set back makes no answer that came before its question.
        let took = at.0.saturating_sub(receipt.content.recorded_at.instant().0).max(0);
        self.times.push(took);
        for person in who {
            self.counted.persons.entry(person).or_default().times.push(took);
        }
    }

    fn end(self) -> Counted {
        let Self { mut counted, times, .. } = self;
        let answers = counted.approved + counted.denied;
        counted.denial_rate = part(counted.denied, answers);
        counted.time_to_decide = Times::of(times);
        for (name, person) in &mut counted.persons {
            person.time_to_decide = Times::of(std::mem::take(&mut person.times));
            if person.is_rubber_stamp() {
                counted.rubber_stamps.push(name.clone());
            }
        }
        counted
    }
}

impl Person {
    fn is_rubber_stamp(&self) -> bool {
        let answers = self.approved + self.denied;
        answers > ENOUGH
            && part(self.approved, answers).is_some_and(|yes| yes > YES)
            && self.time_to_decide.is_some_and(|times| times.median_millis < HASTE)
    }
}

impl Times {
    fn of(mut times: Vec<i64>) -> Option<Self> {
        times.sort_unstable();
        let last = times.len().checked_sub(1)?;
        let at = |tenths: usize| times.get(last * tenths / 10).copied();
        Some(Self { median_millis: at(5)?, p90_millis: at(9)? })
    }

    fn words(self) -> String {
        let seconds = |millis: i64| format!("{}.{} s", millis / 1_000, millis % 1_000 / 100);
        format!("median {}, p90 {}", seconds(self.median_millis), seconds(self.p90_millis))
    }
}

fn part(some: usize, all: usize) -> Option<f64> {
    let counted = |n: usize| u32::try_from(n).map_or(f64::from(u32::MAX), f64::from);
    (all > 0).then(|| counted(some) / counted(all))
}

/// The hour of the day in UTC.
fn hour(at: Instant) -> u8 {
    u8::try_from(at.0.div_euclid(3_600_000).rem_euclid(24)).unwrap_or(0)
}

fn words(counted: &Counted) -> String {
    let Counted { approved, denied, expired, withdrawn, .. } = counted;
    let mut lines = vec![format!(
        "{approved} approved, {denied} denied, {expired} expired, {withdrawn} withdrawn"
    )];
    if let Some(rate) = counted.denial_rate {
        lines.push(format!("denial rate     {:.1} %", rate * 100.0));
    }
    if let Some(times) = counted.time_to_decide {
        lines.push(format!("time to decide  {}", times.words()));
    }
    let answers = |a: usize, d: usize| format!("{a:>6} approved {d:>6} denied");
    for (name, person) in &counted.persons {
        let times = person.time_to_decide.map_or_else(String::new, Times::words);
        let name = visible(name, false);
        lines.push(format!(
            "person {name:<16} {}  {times}",
            answers(person.approved, person.denied)
        ));
    }
    for (rule, a) in &counted.rules {
        let rule = visible(rule, false);
        lines.push(format!("rule   {rule:<16} {}", answers(a.approved, a.denied)));
    }
    for (hour, a) in &counted.hours {
        lines.push(format!("hour   {hour:02}:00 UTC        {}", answers(a.approved, a.denied)));
    }
    for name in &counted.rubber_stamps {
        let name = visible(name, false);
        lines.push(format!(
            "WARNING: {name} allows nearly everything within seconds: ask for a reason, or narrow \
             the policy so that less is asked"
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(approved: usize, denied: usize, median: i64) -> Person {
        let time_to_decide = Times::of(vec![median; approved + denied]);
        Person { approved, denied, time_to_decide, times: vec![] }
    }

    #[test]
    fn who_weighs_nothing_is_a_rubber_stamp() {
        assert!(person(21, 0, 4_999).is_rubber_stamp());
        assert!(!person(20, 0, 1_000).is_rubber_stamp(), "too few answers");
        assert!(!person(97, 3, 1_000).is_rubber_stamp(), "refuses now and then");
        assert!(!person(50, 0, 5_000).is_rubber_stamp(), "takes time");
        assert!(!Person::default().is_rubber_stamp());
    }

    #[test]
    fn half_are_faster_than_the_median_and_nine_of_ten_than_the_p90() {
        let times = Times::of((0..=100).rev().collect());
        assert_eq!(times, Some(Times { median_millis: 50, p90_millis: 90 }));
        assert_eq!(Times::of(vec![7]), Some(Times { median_millis: 7, p90_millis: 7 }));
        assert_eq!(Times::of(vec![]), None);
    }

    #[test]
    fn hours_are_those_of_utc() {
        assert_eq!(hour(Instant(1_775_989_800_000)), 10);
        assert_eq!(hour(Instant(-1)), 23);
    }
}
