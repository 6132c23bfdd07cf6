//! Exchanges, with an index for each question that is asked of them.

use crate::relay::exchange::{
    Acked, Decided, Decision, Delivery, Ended, Exchange, InboxCursor, Party, Request, State,
    Submission, Submitted, Withdrawn,
};
use crate::relay::note::Noted;
use countersign_core::time::Instant;
use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;

/// Names an exchange: the enforcer's device id and the request id.
type Key = (String, String);

/// An ordered list for each device.
type Lists = HashMap<String, BTreeSet<InboxCursor>>;

#[derive(Default)]
pub(super) struct Exchanges {
    rows: HashMap<Key, Row>,
    /// (approver, request) to the enforcer.
    enforcers: HashMap<Key, String>,
    /// What waits for each approver.
    inboxes: Lists,
    /// What waits for each enforcer.
    deliveries: Lists,
    /// What is pending, by its end.
    ends: BTreeSet<(Instant, Key)>,
    /// What is pending between two devices, by its end.
    pending: HashMap<Key, BTreeSet<(Instant, String)>>,
}

struct Row {
    submission: Submission,
    approver_id: String,
    received_at: Instant,
    state: State,
    is_dismissed: bool,
    is_request_acked: bool,
    answer: Option<(Decision, Instant)>,
    note: Option<String>,
}

impl Exchanges {
    pub(super) fn submit(
        &mut self,
        submission: Submission,
        approver: Option<String>,
        max_pending: usize,
        now: Instant,
    ) -> Submitted {
        let key = (submission.enforcer_id.clone(), submission.request_id.clone());
        if let Some(known) = self.rows.get(&key) {
            let same = known.submission.artifact_key == submission.artifact_key;
            return if same { Submitted::Again } else { Submitted::OtherArtifact };
        }
        let Some(approver_id) = approver else {
            return Submitted::NoRoute;
        };
        if self.enforcers.contains_key(&(approver_id.clone(), submission.request_id.clone())) {
            return Submitted::OtherArtifact;
        }
        if now >= submission.expires_at.instant() {
            return Submitted::Expired;
        }
        if self.is_full(&key.0, &approver_id, max_pending, now) {
            return Submitted::Full;
        }
        self.insert(key, Row::new(submission, approver_id.clone(), now));
        Submitted::Accepted { approver_id }
    }

    fn is_full(&self, enforcer: &str, approver: &str, max: usize, now: Instant) -> bool {
        let pending = self.pending.get(&(enforcer.to_owned(), approver.to_owned()));
        pending.is_some_and(|set| {
            set.len() >= max && set.iter().filter(|(end, _)| *end > now).count() >= max
        })
    }

    fn insert(&mut self, key: Key, row: Row) {
        let (enforcer, request) = key.clone();
        let end = row.end();
        let approver = row.approver_id.clone();
        self.enforcers.insert((approver.clone(), request.clone()), enforcer.clone());
        self.inboxes.entry(approver.clone()).or_default().insert(row.request_cursor());
        self.ends.insert((end, key.clone()));
        self.pending.entry((enforcer, approver)).or_default().insert((end, request));
        self.rows.insert(key, row);
    }

    /// Takes an exchange out of everything that is about pending ones.
    fn end(&mut self, key: &Key, state: State) -> Option<Ended> {
        let row = self.rows.get_mut(key)?;
        row.state = state;
        row.note = None;
        let (end, approver, cursor) = (row.end(), row.approver_id.clone(), row.request_cursor());
        remove(&mut self.inboxes, &approver, &cursor);
        self.ends.remove(&(end, key.clone()));
        let pair = (key.0.clone(), approver.clone());
        if let Some(set) = self.pending.get_mut(&pair) {
            set.remove(&(end, key.1.clone()));
            if set.is_empty() {
                self.pending.remove(&pair);
            }
        }
        let (enforcer_id, request_id) = key.clone();
        Some(Ended { request_id, enforcer_id, approver_id: approver })
    }

    pub(super) fn inbox(
        &self,
        approver_id: &str,
        after: Option<&InboxCursor>,
        limit: usize,
        now: Instant,
        only_unacked: bool,
    ) -> Vec<Request> {
        let row = |cursor: &InboxCursor| self.row_of_approver(approver_id, &cursor.request_id);
        let waits = |row: &&Row| row.end() > now && !row.is_dismissed;
        let is_new = |row: &&Row| !only_unacked || !row.is_request_acked;
        list(&self.inboxes, approver_id, after)
            .filter_map(row)
            .filter(waits)
            .filter(is_new)
            .take(limit)
            .map(Row::request)
            .collect()
    }

    pub(super) fn dismiss(&mut self, approver_id: &str, request_id: &str) -> bool {
        let Some(key) = self.key_of_approver(approver_id, request_id) else {
            return false;
        };
        self.rows.get_mut(&key).map(|row| row.is_dismissed = true).is_some()
    }

    pub(super) fn decide(&mut self, decision: Decision, now: Instant) -> Decided {
        let key = self.key_of_approver(&decision.approver_id, &decision.request_id);
        let Some((key, row)) = key.and_then(|key| self.rows.get(&key).map(|row| (key, row))) else {
            return Decided::Unknown;
        };
        if let Some((first, _)) = &row.answer {
            let same = first.digest == decision.digest;
            return if same { Decided::Again } else { Decided::DecidedOtherwise };
        }
        match row.state.at(now, row.end()) {
            State::PendingApproval => {}
            over => return Decided::Over(over),
        }
        if row.submission.artifact_key != decision.artifact_key {
            return Decided::OtherArtifact;
        }
        self.accept(&key, decision, now)
    }

    fn accept(&mut self, key: &Key, decision: Decision, now: Instant) -> Decided {
        self.end(key, State::Decided);
        let Some(row) = self.rows.get_mut(key) else {
            return Decided::Unknown;
        };
        row.answer = Some((decision, now));
        let Some(delivery) = row.delivery() else {
            return Decided::Unknown;
        };
        self.deliveries.entry(key.0.clone()).or_default().insert(delivery.cursor());
        Decided::Accepted { enforcer_id: key.0.clone(), delivery }
    }

    pub(super) fn undelivered(
        &self,
        enforcer_id: &str,
        after: Option<&InboxCursor>,
        limit: usize,
    ) -> Vec<Delivery> {
        let row =
            |at: &InboxCursor| self.rows.get(&(enforcer_id.to_owned(), at.request_id.clone()));
        list(&self.deliveries, enforcer_id, after)
            .filter_map(row)
            .filter_map(Row::delivery)
            .take(limit)
            .collect()
    }

    pub(super) fn view(&self, party: Party<'_>, request: &str, now: Instant) -> Option<Exchange> {
        let key = self.key(party, request)?;
        self.rows.get(&key).map(|row| row.view(now))
    }

    pub(super) fn ack(&mut self, party: Party<'_>, request_id: &str, msg_id: &str) -> Acked {
        let Some(key) = self.key(party, request_id) else {
            return Acked::Unknown;
        };
        let Some(row) = self.rows.get_mut(&key) else {
            return Acked::Unknown;
        };
        match party {
            Party::Approver(_) if row.submission.msg_id == msg_id => row.is_request_acked = true,
            Party::Enforcer(id) => {
                let Some(delivery) = row.delivery().filter(|d| d.msg_id == msg_id) else {
                    return Acked::Unknown;
                };
                row.state = State::Delivered;
                remove(&mut self.deliveries, id, &delivery.cursor());
            }
            Party::Approver(_) => return Acked::Unknown,
        }
        Acked::Done
    }

    pub(super) fn withdraw(&mut self, enforcer: &str, request: &str, now: Instant) -> Withdrawn {
        let key = (enforcer.to_owned(), request.to_owned());
        let Some(state) = self.rows.get(&key).map(|row| row.state.at(now, row.end())) else {
            return Withdrawn::Unknown;
        };
        if state != State::PendingApproval {
            return Withdrawn::Over(state);
        }
        match self.end(&key, State::Withdrawn) {
            Some(ended) => Withdrawn::Done { approver_id: ended.approver_id },
            None => Withdrawn::Unknown,
        }
    }

    pub(super) fn note(
        &mut self,
        enforcer: &str,
        request: &str,
        note: String,
        now: Instant,
    ) -> Noted {
        let Some(row) = self.rows.get_mut(&(enforcer.to_owned(), request.to_owned())) else {
            return Noted::Unknown;
        };
        match row.state.at(now, row.end()) {
            State::PendingApproval => row.note = Some(note),
            over => return Noted::Over(over),
        }
        Noted::Kept { approver_id: row.approver_id.clone() }
    }

    pub(super) fn cancel_between(&mut self, one: &str, other: &str, now: Instant) -> Vec<Ended> {
        let mut ended = Vec::new();
        for (enforcer, approver) in [(one, other), (other, one)] {
            let pair = (enforcer.to_owned(), approver.to_owned());
            let pending = self.pending.get(&pair).cloned().unwrap_or_default();
            let alive = pending.into_iter().filter(|(end, _)| *end > now);
            let keys = alive.map(|(_, request)| (pair.0.clone(), request));
            ended.extend(keys.filter_map(|key| self.end(&key, State::Cancelled)));
        }
        ended
    }

    pub(super) fn expire_due(&mut self, now: Instant, limit: usize) -> Vec<Ended> {
        let due = self.ends.iter().take_while(|(end, _)| *end <= now).take(limit);
        let keys: Vec<Key> = due.map(|(_, key)| key.clone()).collect();
        keys.iter().filter_map(|key| self.end(key, State::Expired)).collect()
    }

    pub(super) fn forget(&mut self, before: Instant) -> u64 {
        let Self { rows, enforcers, deliveries, .. } = self;
        let count = rows.len();
        rows.retain(|key, row| {
            let over = row.state != State::PendingApproval;
            let gone = over && row.end() < before && row.received_at < before;
            if gone {
                enforcers.remove(&(row.approver_id.clone(), key.1.clone()));
                if let Some(delivery) = row.delivery() {
                    remove(deliveries, &key.0, &delivery.cursor());
                }
            }
            !gone
        });
        (count - rows.len()) as u64
    }

    /// Whether an exchange names this device.
    pub(super) fn names(&self, device: &str) -> bool {
        self.rows.iter().any(|(key, row)| key.0 == device || row.approver_id == device)
    }

    fn key(&self, party: Party<'_>, request_id: &str) -> Option<Key> {
        match party {
            Party::Enforcer(id) => Some((id.to_owned(), request_id.to_owned())),
            Party::Approver(id) => self.key_of_approver(id, request_id),
        }
    }

    fn key_of_approver(&self, approver_id: &str, request_id: &str) -> Option<Key> {
        let enforcer = self.enforcers.get(&(approver_id.to_owned(), request_id.to_owned()))?;
        Some((enforcer.clone(), request_id.to_owned()))
    }

    fn row_of_approver(&self, approver_id: &str, request_id: &str) -> Option<&Row> {
        self.rows.get(&self.key_of_approver(approver_id, request_id)?)
    }
}

fn list<'a>(
    lists: &'a Lists,
    device: &str,
    after: Option<&InboxCursor>,
) -> impl Iterator<Item = &'a InboxCursor> {
    let start = after.map_or(Bound::Unbounded, |cursor| Bound::Excluded(cursor.clone()));
    lists.get(device).into_iter().flat_map(move |set| set.range((start.clone(), Bound::Unbounded)))
}

fn remove(lists: &mut Lists, device: &str, cursor: &InboxCursor) {
    if let Some(set) = lists.get_mut(device) {
        set.remove(cursor);
        if set.is_empty() {
            lists.remove(device);
        }
    }
}

impl Row {
    fn new(submission: Submission, approver_id: String, received_at: Instant) -> Self {
        Self {
            submission,
            approver_id,
            received_at,
            state: State::PendingApproval,
            is_dismissed: false,
            is_request_acked: false,
            answer: None,
            note: None,
        }
    }

    fn end(&self) -> Instant {
        self.submission.expires_at.instant()
    }

    fn request_cursor(&self) -> InboxCursor {
        InboxCursor { at: self.received_at, request_id: self.submission.request_id.clone() }
    }

    fn request(&self) -> Request {
        Request {
            request_id: self.submission.request_id.clone(),
            msg_id: self.submission.msg_id.clone(),
            content: self.submission.content.clone(),
            received_at: self.received_at,
            expires_at: self.submission.expires_at.clone(),
            note: self.note.clone(),
        }
    }

    fn delivery(&self) -> Option<Delivery> {
        self.answer.as_ref().map(|(decision, decided_at)| Delivery {
            request_id: decision.request_id.clone(),
            msg_id: decision.msg_id.clone(),
            content: decision.content.clone(),
            decided_at: *decided_at,
            expires_at: self.submission.expires_at.clone(),
        })
    }

    fn view(&self, now: Instant) -> Exchange {
        Exchange {
            request_id: self.submission.request_id.clone(),
            enforcer_id: self.submission.enforcer_id.clone(),
            approver_id: self.approver_id.clone(),
            artifact_hash: self.submission.artifact_hash.clone(),
            state: self.state.at(now, self.end()),
            received_at: self.received_at,
            expires_at: self.submission.expires_at.clone(),
            delivery: self.delivery(),
        }
    }
}
