//! What a policy costs: to load, to classify an action, and to judge it by a thousand rules.

mod samples;

use super::row::{Better, Row};
use super::samples::{median, millis, per_second, quantile};
use super::{Effort, failed};
use crate::failure::Failure;
use countersign_policy::load::{Dialect, load};
use countersign_policy::{Engine, Facts, Place};
use std::hint::black_box;
use std::time::{Duration, Instant};
use tokio::task::spawn_blocking;

pub(super) const ROWS: &[&str] = &[
    "policy-1000-p99",
    "policy-1000-rate",
    "policy-shell-200",
    "policy-shell-hostile-64k",
    "policy-load-1000",
];

/// Rules of the policy that is measured.
const RULES: usize = 1_000;

/// How many times in a row something is done that is too short for the clock.
const TOGETHER: usize = 64;

pub(super) async fn measure(
    effort: Effort,
    wants: &(dyn Fn(&str) -> bool + Sync),
) -> Result<Vec<Row>, Failure> {
    let [judging, rate, shell, hostile, loading] = ROWS else {
        return Err(failed("a row has no name"));
    };
    let mut rows = Vec::new();
    if wants(judging) || wants(rate) {
        rows.extend(on_a_core(move || judged(effort)).await?);
    }
    if wants(shell) {
        rows.push(on_a_core(move || Ok(short_line(effort))).await?);
    }
    if wants(hostile) {
        rows.push(on_a_core(move || Ok(hostile_lines(effort))).await?);
    }
    if wants(loading) {
        rows.push(on_a_core(move || loaded(effort)).await?);
    }
    Ok(rows)
}

async fn on_a_core<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    spawn_blocking(work).await.map_err(failed)?
}

/// One core judges actions of several kinds, one after the other.
fn judged(effort: Effort) -> Result<Vec<Row>, Failure> {
    let (engine, actions) = (samples::engine(RULES)?, samples::actions()?);
    let (mut times, mut rates) = (Vec::new(), Vec::new());
    let (mut bare_times, mut bare_rates) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let slice = effort.slice / 4;
        times.push(each(&actions, slice, |facts| engine.judge(facts)));
        rates.push(rate(&actions, slice, |facts| engine.judge(facts)));
        bare_times.push(each(&actions, slice, Facts::clone));
        bare_rates.push(rate(&actions, slice, Facts::clone));
    }
    let slowest = |rounds: &[Vec<f64>]| {
        median(&rounds.iter().map(|round| quantile(round, 0.99)).collect::<Vec<_>>())
    };
    let against = "a copy of what is judged, and nothing else";
    Ok(vec![
        lower("policy-1000-p99", slowest(&times), slowest(&bare_times), against, 0.02),
        Row {
            name: "policy-1000-rate",
            value: median(&rates),
            unit: "per s",
            better: Better::Higher,
            limit: median(&bare_rates),
            against: format!("{against}, on one core"),
            budget: Some(100_000.0),
        },
    ])
}

fn lower(name: &'static str, value: f64, limit: f64, against: &str, budget: f64) -> Row {
    let (better, against) = (Better::Lower, against.to_owned());
    Row { name, value, unit: "ms", better, limit, against, budget: Some(budget) }
}

/// The milliseconds of each, for as long as `slice`.
fn each<T>(actions: &[Facts], slice: Duration, work: impl Fn(&Facts) -> T) -> Vec<f64> {
    let began = Instant::now();
    let mut times = Vec::new();
    while began.elapsed() < slice {
        for facts in actions {
            times.push(once(|| work(facts)));
        }
    }
    times
}

/// How many in a second, for as long as `slice`.
fn rate<T>(actions: &[Facts], slice: Duration, work: impl Fn(&Facts) -> T) -> f64 {
    let (began, mut count) = (Instant::now(), 0);
    while began.elapsed() < slice {
        for facts in actions {
            black_box(work(facts));
        }
        count += actions.len();
    }
    per_second(count, began.elapsed())
}

/// A line of 200 characters as agents write them.
fn short_line(effort: Effort) -> Row {
    let line = samples::line_of_200();
    let (mut value, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let slice = effort.slice / 4;
        value.push(mean(slice, || samples::classified(&line)));
        limit.push(mean(slice, || passed_over(&line)));
    }
    let against = "one look at each of its bytes";
    lower("policy-shell-200", median(&value), median(&limit), against, 0.05)
}

/// The slowest of the lines that are made to be slow.
fn hostile_lines(effort: Effort) -> Row {
    let lines = samples::hostile();
    let (mut value, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let each = lines.iter().map(|line| once(|| samples::classified(line)));
        value.push(each.fold(0.0, f64::max));
        let each = lines.iter().map(|line| once(|| passed_over(line)));
        limit.push(each.fold(0.0, f64::max));
    }
    let against = "one look at each of its bytes";
    lower("policy-shell-hostile-64k", median(&value), median(&limit), against, 5.0)
}

fn loaded(effort: Effort) -> Result<Row, Failure> {
    let text = samples::policy(RULES);
    let rules = load(text.as_bytes(), Dialect::Toml).map_err(failed)?.rules.len();
    if rules != RULES {
        return Err(failed("the policy lost a rule"));
    }
    let (mut value, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        value.push(once(|| load(text.as_bytes(), Dialect::Toml)));
        limit.push(mean(effort.slice / 8, || passed_over(&text)));
    }
    let against = format!("one look at each of its {} bytes", text.len());
    Ok(lower("policy-load-1000", median(&value), median(&limit), &against, 10.0))
}

/// What reading a text costs at the least.
fn passed_over(text: &str) -> usize {
    black_box(text).bytes().filter(|byte| byte.is_ascii_punctuation()).count()
}

fn once<T>(work: impl Fn() -> T) -> f64 {
    let began = Instant::now();
    black_box(work());
    millis(began)
}

/// The milliseconds of one of many, over `slice`.
fn mean<T>(slice: Duration, work: impl Fn() -> T) -> f64 {
    let (began, mut count) = (Instant::now(), 0_u32);
    while began.elapsed() < slice {
        for _ in 0..TOGETHER {
            black_box(work());
        }
        count += TOGETHER as u32;
    }
    millis(began) / f64::from(count.max(1))
}
