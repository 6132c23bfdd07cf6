//! The inbox as a list: what waits by pairing and place, then what was answered, then what is not
//! shown. The cursor follows a request, never a line: what comes in moves nothing under a finger.

use super::model::{Entry, Fate, Id, Model, Pending, Row};
use super::past::PastRow;
use countersign_approver::Verdict;
use countersign_core::artifact::Risk;
use countersign_core::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// So many rows are kept; a relay that lists more is not listened to.
const MOST: usize = 10_000;

/// So many of those that are over stay in sight.
const KEPT: usize = 200;

/// One line of the list.
#[derive(Debug)]
pub(super) enum Line<'a> {
    Heading(String),
    Row(&'a Row),
}

/// In which part of the list a row stands, in their order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Part {
    Waits,
    Answered,
    Refused,
    Over,
}

fn part(row: &Row, now: Instant) -> Part {
    match &row.entry.content {
        Err(_) if !row.gone => Part::Refused,
        Ok(_) if row.is_open(now) => Part::Waits,
        Ok(_) if row.said.is_some() || row.entry.answered.is_some() => Part::Answered,
        _ => Part::Over,
    }
}

/// The most dangerous first; what says no risk is looked at before everything.
pub(super) fn danger(risk: Option<Risk>) -> u8 {
    match risk {
        None => 4,
        Some(Risk::Critical) => 3,
        Some(Risk::High) => 2,
        Some(Risk::Medium) => 1,
        Some(Risk::Low) => 0,
    }
}

type Urgency = (std::cmp::Reverse<u8>, Instant);

fn urgency(row: &Row) -> Urgency {
    let review = row.review();
    let risk = danger(review.and_then(|review| review.risk));
    (std::cmp::Reverse(risk), review.map_or(Instant(i64::MAX), |r| r.expires_at.instant()))
}

/// The whole list.
pub(super) fn lines(model: &Model) -> Vec<Line<'_>> {
    let mut parts: BTreeMap<Part, Vec<&Row>> = BTreeMap::new();
    for row in &model.waiting {
        parts.entry(part(row, model.now)).or_default().push(row);
    }
    let mut lines = waits(model, parts.remove(&Part::Waits).unwrap_or_default());
    for (part, mut rows) in parts {
        rows.sort_by_key(|row| (urgency(row), &row.entry.id));
        lines.push(Line::Heading(heading(part).to_owned()));
        lines.extend(rows.into_iter().map(Line::Row));
    }
    lines
}

fn heading(part: Part) -> &'static str {
    match part {
        Part::Waits => "",
        Part::Answered => "Answered here",
        Part::Refused => "Refused: not shown, and not answered",
        Part::Over => "Over: withdrawn, too late, or answered by another",
    }
}

/// Group by group, the most urgent group first, and so within each.
fn waits<'a>(model: &Model, rows: Vec<&'a Row>) -> Vec<Line<'a>> {
    let mut groups: BTreeMap<(usize, &str), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let place = row.entry.content.as_ref().map_or("", |shown| shown.place.as_str());
        groups.entry((row.entry.id.desk, place)).or_default().push(row);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    for (_, rows) in &mut groups {
        rows.sort_by_key(|row| (urgency(row), &row.entry.id));
    }
    groups.sort_by_key(|(key, rows)| (rows.first().map(|row| urgency(row)), *key));
    let mut lines = Vec::new();
    for ((desk, place), rows) in groups {
        let name = model.parties.get(desk).map_or("", |party| party.name.as_str());
        let gap = if place.is_empty() { "" } else { "  " };
        lines.push(Line::Heading(format!("{name}{gap}{place}")));
        lines.extend(rows.into_iter().map(Line::Row));
    }
    lines
}

/// The requests in the order in which they stand.
fn ids(model: &Model) -> Vec<&Id> {
    let row = |line| if let Line::Row(row) = line { Some(&row.entry.id) } else { None };
    lines(model).into_iter().filter_map(row).collect()
}

impl Model {
    /// Moves the cursor by so many requests.
    pub(super) fn step(&mut self, by: isize) {
        let ids = ids(self);
        let at = self.cursor.as_ref().and_then(|id| ids.iter().position(|other| *other == id));
        let last = ids.len().saturating_sub(1);
        let to = at.map_or(0, |at| at.saturating_add_signed(by).min(last));
        self.cursor = ids.get(to).map(|id| (*id).clone());
    }

    /// Puts the cursor on the first that waits.
    pub(super) fn go_first(&mut self) {
        self.cursor = ids(self).first().map(|id| (*id).clone());
    }

    /// Puts the cursor on the next that waits for an answer, where there is one.
    pub(super) fn go_next(&mut self) {
        let is_free = |id: &&Id| {
            self.is_pending(id).is_none() && self.row(id).is_some_and(|row| row.is_open(self.now))
        };
        let ids = ids(self);
        let at = self.cursor.as_ref().and_then(|id| ids.iter().position(|other| *other == id));
        let (before, after) = ids.split_at_checked(at.unwrap_or(0)).unwrap_or((&[], &ids));
        let next = after.iter().chain(before).copied().find(is_free).cloned();
        self.cursor = next.or(self.cursor.take());
    }

    /// How many wait for an answer.
    pub(super) fn open_count(&self) -> usize {
        let open = |row: &&Row| row.is_open(self.now) && self.is_pending(&row.entry.id).is_none();
        self.waiting.iter().filter(open).count()
    }

    /// Takes the list of a desk in place of what it listed before. What was answered here stays,
    /// with what became of it. Gives back whether something is listed no more that nobody here
    /// answered.
    pub(super) fn listed(&mut self, desk: usize, entries: Vec<Entry>) -> bool {
        if let Some(party) = self.parties.get_mut(desk) {
            party.is_listed = true;
        }
        let listed: BTreeSet<Id> = entries.iter().map(|entry| entry.id.clone()).collect();
        let mut is_news = false;
        for row in self.waiting.iter_mut().filter(|row| row.entry.id.desk == desk) {
            let gone = !listed.contains(&row.entry.id);
            is_news |= gone && !row.gone && row.said.is_none() && row.entry.answered.is_none();
            row.gone = gone;
        }
        self.forget();
        entries.into_iter().for_each(|entry| self.take_in(entry));
        if self.cursor.as_ref().is_none_or(|id| self.row(id).is_none()) {
            self.go_first();
        }
        is_news
    }

    /// Takes from this device's own records what it answered without this screen, such as by
    /// `approve` in another window. A record counts for the very artifact that it answers.
    pub(super) fn answered_before(&mut self, rows: &[PastRow]) {
        let known: BTreeMap<String, Verdict> = rows
            .iter()
            .filter_map(|row| Some((row.review.artifact_hash.to_string(), row.verdict?)))
            .collect();
        for row in self.waiting.iter_mut().filter(|row| row.entry.answered.is_none()) {
            row.entry.answered = known.get(&row.entry.id.hash).copied();
        }
    }

    /// Lets go of what is listed no more: what was not shown at once, the rest while it is much.
    fn forget(&mut self) {
        let gone = self.waiting.iter().filter(|row| row.gone).count();
        let mut surplus = gone.saturating_sub(KEPT);
        self.waiting.retain(|row| {
            let is_old = row.gone && surplus > 0;
            surplus -= usize::from(is_old);
            !is_old && (!row.gone || row.entry.content.is_ok())
        });
    }

    /// Takes one request that came, or came again.
    pub(super) fn arrived(&mut self, entry: Entry) {
        self.take_in(entry);
        if self.cursor.is_none() {
            self.go_first();
        }
    }

    fn take_in(&mut self, entry: Entry) {
        let so_far = entry.so_far.clone();
        let id = entry.id.clone();
        let is_full = self.waiting.len() >= MOST;
        match self.row_mut(&id) {
            Some(row) => (row.entry, row.gone) = (entry, false),
            None if is_full => return,
            None => self.waiting.push(Row::of(entry)),
        }
        let (width, height) = (self.width(), self.height());
        if let Some(reading) = &mut self.reading
            && reading.live.as_ref().is_some_and(|live| live.id == id)
        {
            reading.told(so_far, width, height);
        }
    }

    /// Writes down how far an answer got.
    pub(super) fn fated(&mut self, pending: &Pending, fate: Fate) {
        let verdict = super::model::verdict(&pending.reply);
        if let Some(row) = self.row_mut(&pending.id) {
            row.said = Some((verdict, fate));
        }
    }
}
