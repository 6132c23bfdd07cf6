//! What every ledger promises of several answers and of the next round.

use super::Checked;
use super::fixture::{Fixture, Made, NOW, approver, event, of_request, vote};
use crate::error::StoreError;
use crate::ledger::{
    Acceptance, Accepted, Asked, Ending, Frozen, LedgerError, LedgerStore, NextRound,
    RequestRecord, Sent,
};
use countersign_core::artifact::{Route, Scope, Seat};
use countersign_core::decision::{Choice, Decision, Word};
use countersign_core::encoding::Fixed;
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::{Entry, Event};
use countersign_core::request::State;
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use countersign_core::verify::Vote;
use std::sync::Arc;

pub(super) async fn all<F>(make: &impl Fn() -> F) -> Checked
where
    F: Future<Output = Result<Arc<dyn LedgerStore>, StoreError>>,
{
    attack_21_a_first_of_two_votes_is_kept(&*make().await?).await?;
    a_quorum_is_lost_as_soon_as_it_cannot_be_met(&*make().await?).await?;
    attack_10_one_person_on_two_devices_waits_on(&*make().await?).await?;
    attack_43_an_allow_after_a_veto_changes_nothing(&*make().await?).await?;
    attack_43_a_deny_after_the_quorum_is_too_late(&*make().await?).await?;
    attack_10_a_stored_vote_whose_key_was_taken_back_counts_no_more(&*make().await?).await?;
    attack_18_votes_at_once_end_in_one_approval(make().await?).await?;
    attack_18_one_of_many_begins_the_next_round(make().await?).await?;
    attack_43_votes_of_an_earlier_round_count_no_more(&*make().await?).await?;
    a_signed_escalation_hands_on_before_the_time_is_over(&*make().await?).await?;
    attack_18_a_round_is_handed_on_by_an_answer_of_its_own_once(&*make().await?).await?;
    a_next_round_is_the_next_and_asks_somebody(&*make().await?).await?;
    what_has_ended_is_not_handed_on(&*make().await?).await
}

pub(super) const STEP: i64 = 60_000;

/// Ann on two devices, bob and cat.
pub(super) struct Team {
    fixture: Fixture,
    keys: Vec<(SecretKeys, &'static str)>,
}

impl Team {
    pub(super) fn new() -> Made<Self> {
        let people = ["ann", "bob", "cat", "ann"].into_iter().zip(10..);
        let key = |(person, n)| SecretKeys::from_bytes(&[n; 64]).map(|keys| (keys, person));
        let keys = people.map(key).collect::<Result<_, _>>()?;
        Ok(Self { fixture: Fixture::new()?, keys })
    }

    pub(super) fn route(&self, threshold: u32, round: u32) -> Route {
        let seat = |(keys, person): &(SecretKeys, &str)| Seat {
            person: (*person).into(),
            key_id: keys.key_id(),
        };
        let roster = self.keys.iter().map(seat).collect();
        Route { roster, threshold, round, ..self.fixture.route() }
    }

    fn asked(&self, id: &str, route: &Route, ends: Instant) -> Made<Vec<Asked>> {
        let one = |(n, (keys, _)): (usize, &(SecretKeys, &str))| -> Made<Asked> {
            let name = if n == 0 { id.to_owned() } else { format!("{id}-{n}") };
            let names = (name.as_str(), Some("r1").filter(|request| *request != name));
            let artifact = self.fixture.artifact_under(route, names, (NOW, ends))?;
            Ok(Asked { pairing: None, key_id: keys.key_id(), artifact })
        };
        self.keys.iter().enumerate().map(one).collect()
    }

    pub(super) async fn suspend(&self, ledger: &dyn LedgerStore, route: &Route) -> Checked {
        let request = RequestRecord {
            asked: self.asked("r1", route, NOW.plus_millis(STEP))?,
            step_ends: Some(NOW.plus_millis(STEP)),
            ..self.fixture.request("r1", NOW)?
        };
        let entry = of_request(self.fixture.entry(Event::Suspended), &request);
        ledger.suspend(request, entry, NOW).await?;
        ledger.submitted("r1", NOW).await?;
        Ok(())
    }

    fn vote(&self, asked: &Asked, who: usize, word: Word) -> Made<Vote> {
        let trust = TrustStore {
            approvers: self.keys.iter().map(|(keys, person)| approver(keys, person)).collect(),
            ..TrustStore::default()
        };
        let choice = Choice {
            word,
            scope: Scope::Once,
            expires_at: asked.artifact.head.expires_at.clone(),
            nonce: Fixed([who as u8 + asked.round() as u8 * 16; 24]),
            hints: None,
        };
        let (key, _) = self.keys.get(who).ok_or("nobody")?;
        vote(Decision::sign(&asked.artifact, choice, key)?, &asked.artifact, &trust)
    }

    fn acceptance(&self, vote: Vote) -> Acceptance {
        let frame = self.fixture.entry(Event::Observed);
        Acceptance {
            request_id: "r1".into(),
            vote,
            reason: None,
            counts: Box::new(|_| true),
            entry: Box::new(move |request, happened| Entry {
                event: event(happened),
                decisions: request.accepted_now().map(|a| a.decision.clone()).collect(),
                ..of_request(frame, request)
            }),
            now: NOW,
        }
    }

    /// Answers an artifact of the round that is asked now.
    pub(super) async fn says(
        &self,
        ledger: &dyn LedgerStore,
        who: usize,
        word: Word,
    ) -> Made<Result<RequestRecord, LedgerError>> {
        let request = ledger.request("r1").await?.ok_or("no request")?;
        let asked = request.asked_now().nth(who).ok_or("not asked")?;
        Ok(ledger.accept(self.acceptance(self.vote(asked, who, word)?)).await)
    }

    pub(super) fn next(&self, by: Option<Vote>, now: Instant) -> Made<NextRound> {
        Ok(NextRound {
            request_id: "r1".into(),
            from_round: 1,
            by: by.map(|vote| (vote, None)),
            asked: self.asked("n1", &self.route(1, 2), NOW.plus_millis(300_000))?,
            step_ends: None,
            entry: Entry { request_id: Some("r1".into()), ..self.fixture.entry(Event::Escalated) },
            now,
        })
    }
}

async fn events(ledger: &dyn LedgerStore) -> Result<Vec<Event>, StoreError> {
    let receipts = ledger.receipts_of("r1").await?;
    Ok(receipts.iter().map(|r| r.content.entry.event).collect())
}

async fn attack_21_a_first_of_two_votes_is_kept(ledger: &dyn LedgerStore) -> Checked {
    let team = Team::new()?;
    team.suspend(ledger, &team.route(2, 1)).await?;
    let first = team.says(ledger, 0, Word::Allow).await??;
    assert_eq!((first.state, first.accepted.len()), (State::AwaitingDecision, 1));
    assert_eq!(ledger.request("r1").await?, Some(first.clone()), "it is durable");
    let again = team.says(ledger, 0, Word::Allow).await??;
    assert_eq!(again, first, "the identical answer changes nothing");
    assert_eq!(events(ledger).await?, [Event::Suspended, Event::Suspended]);
    assert_eq!(team.says(ledger, 0, Word::Deny).await?.err(), Some(LedgerError::Replay));
    let second = team.says(ledger, 1, Word::Allow).await??;
    assert_eq!((second.state, second.accepted.len()), (State::Approved, 2));
    let receipt = ledger.receipts_of("r1").await?.pop().ok_or("no receipt")?;
    assert_eq!(receipt.content.entry.event, Event::Approved);
    assert_eq!(receipt.content.entry.decisions.len(), 2);
    Ok(())
}

async fn a_quorum_is_lost_as_soon_as_it_cannot_be_met(ledger: &dyn LedgerStore) -> Checked {
    let team = Team::new()?;
    team.suspend(ledger, &team.route(2, 1)).await?;
    let first = team.says(ledger, 1, Word::Deny).await??;
    assert_eq!(first.state, State::AwaitingDecision, "two others are left");
    assert_eq!(team.says(ledger, 2, Word::Deny).await??.state, State::Denied);
    assert_eq!(events(ledger).await?.last(), Some(&Event::Denied));
    Ok(())
}

async fn attack_10_one_person_on_two_devices_waits_on(ledger: &dyn LedgerStore) -> Checked {
    let team = Team::new()?;
    team.suspend(ledger, &team.route(2, 1)).await?;
    team.says(ledger, 0, Word::Allow).await??;
    assert_eq!(team.says(ledger, 3, Word::Allow).await??.state, State::AwaitingDecision);
    assert_eq!(team.says(ledger, 2, Word::Allow).await??.state, State::Approved);
    Ok(())
}

async fn attack_43_an_allow_after_a_veto_changes_nothing(ledger: &dyn LedgerStore) -> Checked {
    let team = Team::new()?;
    team.suspend(ledger, &Route { veto: true, ..team.route(2, 1) }).await?;
    team.says(ledger, 0, Word::Allow).await??;
    assert_eq!(team.says(ledger, 1, Word::Deny).await??.state, State::Denied);
    let late = team.says(ledger, 2, Word::Allow).await?;
    assert_eq!(late.err(), Some(LedgerError::State(State::Denied)));
    Ok(())
}

async fn attack_43_a_deny_after_the_quorum_is_too_late(ledger: &dyn LedgerStore) -> Checked {
    let team = Team::new()?;
    team.suspend(ledger, &team.route(2, 1)).await?;
    team.says(ledger, 0, Word::Allow).await??;
    team.says(ledger, 1, Word::Allow).await??;
    let late = team.says(ledger, 2, Word::Deny).await?;
    assert_eq!(late.err(), Some(LedgerError::State(State::Approved)));
    assert_eq!(ledger.request("r1").await?.map(|r| r.accepted.len()), Some(2));
    Ok(())
}

async fn attack_10_a_stored_vote_whose_key_was_taken_back_counts_no_more(
    ledger: &dyn LedgerStore,
) -> Checked {
    let team = Team::new()?;
    team.suspend(ledger, &team.route(2, 1)).await?;
    team.says(ledger, 0, Word::Allow).await??;
    let request = ledger.request("r1").await?.ok_or("no request")?;
    let asked = request.asked.get(1).ok_or("not asked")?;
    let gone = team.keys.first().map(|(keys, _)| keys.key_id());
    let mut second = team.acceptance(team.vote(asked, 1, Word::Allow)?);
    second.counts = Box::new(move |decision| Some(&decision.signer_key_id) != gone.as_ref());
    assert_eq!(ledger.accept(second).await?.state, State::AwaitingDecision);
    Ok(())
}

async fn attack_18_votes_at_once_end_in_one_approval(ledger: Arc<dyn LedgerStore>) -> Checked {
    let team = Team::new()?;
    team.suspend(&*ledger, &team.route(2, 1)).await?;
    let request = ledger.request("r1").await?.ok_or("no request")?;
    let mut tasks = tokio::task::JoinSet::new();
    for who in [0, 1, 2, 3, 0, 1, 2, 3] {
        let asked = request.asked.get(who).ok_or("not asked")?;
        let acceptance = team.acceptance(team.vote(asked, who, Word::Allow)?);
        let ledger = Arc::clone(&ledger);
        tasks.spawn(async move { ledger.accept(acceptance).await });
    }
    tasks.join_all().await;
    let request = ledger.request("r1").await?.ok_or("no request")?;
    assert_eq!(request.state, State::Approved);
    let approved = |events: Vec<Event>| events.iter().filter(|e| **e == Event::Approved).count();
    assert_eq!(approved(events(&*ledger).await?), 1);
    let receipt = ledger.receipts_of("r1").await?.pop().ok_or("no receipt")?;
    assert_eq!(receipt.content.entry.decisions.len(), request.accepted.len());
    Ok(())
}

async fn attack_18_one_of_many_begins_the_next_round(ledger: Arc<dyn LedgerStore>) -> Checked {
    let team = Team::new()?;
    team.suspend(&*ledger, &team.route(1, 1)).await?;
    let early = ledger.advance(team.next(None, NOW)?).await;
    assert_eq!(early.err(), Some(LedgerError::State(State::AwaitingDecision)));
    let over = NOW.plus_millis(STEP);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (ledger, next) = (Arc::clone(&ledger), team.next(None, over)?);
        tasks.spawn(async move { ledger.advance(next).await });
    }
    for request in tasks.join_all().await {
        let request = request?;
        assert_eq!((request.round(), request.asked_now().count()), (2, 4));
        assert_eq!((request.state, request.step_ends), (State::Created, None));
    }
    assert_eq!(events(&*ledger).await?, [Event::Suspended, Event::Escalated]);
    Ok(())
}

async fn attack_43_votes_of_an_earlier_round_count_no_more(ledger: &dyn LedgerStore) -> Checked {
    let team = Team::new()?;
    team.suspend(ledger, &team.route(2, 1)).await?;
    team.says(ledger, 0, Word::Allow).await??;
    let before = ledger.request("r1").await?.ok_or("no request")?;
    ledger.advance(team.next(None, NOW.plus_millis(STEP))?).await?;
    let asked = before.asked.get(1).ok_or("not asked")?;
    let late = ledger.accept(team.acceptance(team.vote(asked, 1, Word::Allow)?)).await;
    assert!(matches!(late, Err(LedgerError::Void { .. })), "{late:?}");
    let waits = ledger.request("r1").await?.ok_or("no request")?;
    assert_eq!((waits.state, waits.accepted_now().count()), (State::Created, 0));
    let approved = team.says(ledger, 2, Word::Allow).await??;
    assert_eq!((approved.state, approved.accepted.len()), (State::Approved, 2));
    assert_eq!(approved.accepted_now().count(), 1, "one answer of this round carries it");
    Ok(())
}

async fn a_signed_escalation_hands_on_before_the_time_is_over(ledger: &dyn LedgerStore) -> Checked {
    let team = Team::new()?;
    team.suspend(ledger, &team.route(1, 1)).await?;
    let request = ledger.request("r1").await?.ok_or("no request")?;
    let asked = request.asked.first().ok_or("not asked")?;
    let handed = ledger.advance(team.next(Some(team.vote(asked, 0, Word::Deny)?), NOW)?).await?;
    assert_eq!((handed.round(), handed.accepted.len()), (2, 1));
    let twice = team.acceptance(team.vote(asked, 0, Word::Deny)?);
    assert_eq!(ledger.accept(twice).await?.accepted.len(), 1, "it is known, and spent");
    let signed: Vec<&Accepted> = handed.accepted_now().collect();
    assert!(signed.is_empty(), "the no of the first round is none of the second");
    Ok(())
}

async fn attack_18_a_round_is_handed_on_by_an_answer_of_its_own_once(
    ledger: &dyn LedgerStore,
) -> Checked {
    let team = Team::new()?;
    team.suspend(ledger, &team.route(1, 1)).await?;
    let request = ledger.request("r1").await?.ok_or("no request")?;
    let first = request.asked.first().ok_or("not asked")?;
    // Its signer used the nonce before, in an answer to something else.
    let vote = || team.vote(first, 0, Word::Deny);
    let sent = Sent { nonce: vote()?.decision().nonce.clone(), signer: first.key_id.clone() };
    let frozen = Frozen { by: "ann".into(), why: None, since: NOW.timestamp() };
    ledger.freeze_once(sent, frozen, team.fixture.entry(Event::Frozen), NOW).await?;
    let replayed = ledger.advance(team.next(Some(vote()?), NOW)?).await;
    assert_eq!(replayed.err(), Some(LedgerError::Replay));
    // Nor does an answer to the first round hand on the second.
    ledger.advance(team.next(None, NOW.plus_millis(STEP))?).await?;
    let asked = team.asked("m1", &team.route(1, 3), NOW.plus_millis(300_000))?;
    let other = request.asked.get(1).ok_or("not asked")?;
    let by = Some((team.vote(other, 1, Word::Deny)?, None));
    let late = NextRound { from_round: 2, asked, by, ..team.next(None, NOW)? };
    let late = ledger.advance(late).await;
    assert!(matches!(late, Err(LedgerError::Void { .. })), "{late:?}");
    assert_eq!(ledger.request("r1").await?.map(|r| r.round()), Some(2));
    Ok(())
}

async fn a_next_round_is_the_next_and_asks_somebody(ledger: &dyn LedgerStore) -> Checked {
    let team = Team::new()?;
    team.suspend(ledger, &team.route(1, 1)).await?;
    let over = NOW.plus_millis(STEP);
    let third = team.asked("n1", &team.route(1, 3), NOW.plus_millis(300_000))?;
    for asked in [vec![], third] {
        let refused = ledger.advance(NextRound { asked, ..team.next(None, over)? }).await;
        assert_eq!(refused.err(), Some(LedgerError::State(State::AwaitingDecision)));
    }
    assert_eq!(ledger.request("r1").await?.map(|r| r.round()), Some(1));
    Ok(())
}

async fn what_has_ended_is_not_handed_on(ledger: &dyn LedgerStore) -> Checked {
    let team = Team::new()?;
    team.suspend(ledger, &team.route(1, 1)).await?;
    let late = ledger.advance(team.next(None, NOW.plus_millis(300_000))?).await;
    assert_eq!(late.err(), Some(LedgerError::State(State::Expired)));
    ledger.close("r1", Ending::Withdrawn, team.fixture.entry(Event::Withdrawn), NOW).await?;
    let gone = ledger.advance(team.next(None, NOW.plus_millis(STEP))?).await;
    assert_eq!(gone.err(), Some(LedgerError::State(State::Denied)));
    Ok(())
}
