//! Everything stopped, and let go again.

use super::*;
use countersign_core::artifact::Assurance;
use countersign_core::trust::{Approver, TrustStore};
use countersign_enforcer::pairing::PairingError;
use countersign_enforcer::{Ruling as Rule, Thawed};

#[tokio::test]
async fn attack_19_nothing_goes_while_everything_is_frozen() {
    let allows =
        format!("{POLICY}[[rule]]\nid = \"a\"\ntools = [\"look\"]\ndecision = \"allow\"\n");
    let world = world(&allows).await;
    let request = world.put(&world.question(action("spin")).await).await.unwrap();
    let request = world.answered(&request, Word::Allow).await;
    world.enforcer.freeze("ann", Some("look at this")).await.unwrap();
    let receipt = world.newest().await;
    assert_eq!(receipt.content.entry.event, Event::Frozen);
    assert!(matches!(world.verdict(&receipt), Verdict::Valid { .. }));
    let stopped = |error: GateError| {
        assert_eq!(error.code(), "frozen");
        assert!(error.to_string().contains("ann: look at this"), "{error}");
    };
    // What is approved already, what a policy allows, and what would be asked.
    stopped(world.enforcer.claim(&request, &Relays::new()).await.err().unwrap());
    for hosted in [true, false] {
        let look = action("look");
        let judged = world.enforcer.judge(&look, Asker::default(), WORKSPACE).await.unwrap();
        let Rule::Runs(allowed) = judged.ruling(false) else { panic!("it asks") };
        let error = match hosted {
            true => world.enforcer.allow(&look, allowed).await.err(),
            false => world.enforcer.permit(&look, allowed, WHOSE).await.err(),
        };
        stopped(error.unwrap());
        let noted = world.newest().await.content.entry;
        assert_eq!((noted.event, noted.policy.unwrap().rule_id), (Event::Blocked, "frozen".into()));
    }
    let asked = world.put(&world.question(other("spin", 2)).await).await;
    stopped(asked.err().unwrap());
}

#[tokio::test]
async fn only_a_decision_lets_go_again() {
    let world = world(POLICY).await;
    let approved = world.put(&world.question(action("spin")).await).await.unwrap();
    let approved = world.answered(&approved, Word::Allow).await;
    world.enforcer.freeze("ann", None).await.unwrap();
    let frozen = world.enforcer.frozen().await.unwrap().unwrap();
    let question = world.enforcer.thaw_question(&frozen, 60_000).await.unwrap();
    let request = world.put(&question).await.unwrap();
    let early = world.enforcer.thaw(&frozen, Answered::Approved(request.clone())).await;
    assert!(early.is_err(), "nobody allowed it");
    let wrong = world.enforcer.thaw(&frozen, Answered::Approved(approved.clone())).await;
    assert!(wrong.is_err(), "an approval of something else");
    let request = world.answered(&request, Word::Allow).await;
    world.enforcer.thaw(&frozen, Answered::Approved(request.clone())).await.unwrap();
    assert!(world.enforcer.frozen().await.unwrap().is_none());
    let receipts = world.ledger.receipts_of(&request.id).await.unwrap();
    let used = receipts.last().unwrap();
    assert_eq!(used.content.entry.event, Event::Released);
    assert!(matches!(world.verdict(used), Verdict::Valid { level: Level::L1, .. }));
    world.enforcer.claim(&approved, &Relays::new()).await.map(drop).unwrap();
    // The same approval ends no other stop.
    world.enforcer.freeze("bob", None).await.unwrap();
    let frozen = world.enforcer.frozen().await.unwrap().unwrap();
    assert!(world.enforcer.thaw(&frozen, Answered::Approved(request)).await.is_err());
}

#[tokio::test]
async fn of_two_who_ask_for_the_end_of_one_stop_the_second_hears_that_it_ended() {
    let world = world(POLICY).await;
    world.enforcer.freeze("ann", None).await.unwrap();
    let frozen = world.enforcer.frozen().await.unwrap().unwrap();
    let question = world.enforcer.thaw_question(&frozen, 60_000).await.unwrap();
    let request = world.put(&question).await.unwrap();
    let request = world.answered(&request, Word::Allow).await;
    // Both were told of the answer before either used it, or one only after the other did.
    let first = world.enforcer.thaw(&frozen, Answered::Approved(request.clone())).await;
    assert_eq!(first.unwrap(), Thawed::Now);
    let receipts = world.newest().await.content.seq;
    for told in [Answered::Approved(request.clone()), Answered::Used(request.clone())] {
        assert_eq!(world.enforcer.thaw(&frozen, told).await.unwrap(), Thawed::Before);
    }
    assert_eq!(world.newest().await.content.seq, receipts, "nothing happened");
    // Where another stop holds by then, that one is told of.
    world.enforcer.freeze("bob", Some("wait")).await.unwrap();
    for told in [Answered::Approved(request.clone()), Answered::Used(request)] {
        let error = world.enforcer.thaw(&frozen, told).await.unwrap_err();
        let PairingError::Gate(error) = error else { panic!("{error:?}") };
        assert_eq!(error.code(), "frozen");
        assert!(error.to_string().contains("by bob: wait"), "{error}");
    }
}

/// The end of a stop, allowed, and what comes in between.
async fn thawed(world: &World, between: impl AsyncFnOnce()) -> bool {
    world.enforcer.freeze("ann", None).await.unwrap();
    let frozen = world.enforcer.frozen().await.unwrap().unwrap();
    let question = world.enforcer.thaw_question(&frozen, 60_000).await.unwrap();
    let request = world.put(&question).await.unwrap();
    let request = world.answered(&request, Word::Allow).await;
    between().await;
    let ended = world.enforcer.thaw(&frozen, Answered::Approved(request)).await;
    let ended = matches!(ended, Ok(Thawed::Now));
    assert_eq!(ended, world.enforcer.frozen().await.unwrap().is_none());
    ended
}

#[tokio::test]
async fn attack_19_only_those_who_still_may_end_a_stop() {
    let own = world(POLICY).await;
    assert!(thawed(&own, async || ()).await);
    assert!(!thawed(&own, async || revoke_ann(&own)).await);
    let other = world(POLICY).await;
    let stronger = async || {
        let keys = SecretKeys::from_bytes(&[8; 64]).unwrap();
        let pin = |store: &mut TrustStore| {
            let bob = Approver {
                key_id: keys.key_id(),
                keys: *keys.public(),
                person: "bob".into(),
                label: "tablet".into(),
                assurance: Assurance::Device,
                pair_id: "pair_2".into(),
                past: Vec::new(),
                ..store.approvers[0].clone()
            };
            store.approvers.push(bob);
        };
        other.home.change_trust(other.enforcer.identity(), pin).unwrap();
    };
    assert!(!thawed(&other, stronger).await);
}

#[tokio::test]
async fn attack_19_nobody_is_asked_for_what_looks_like_the_end_of_a_stop() {
    let world = world(POLICY).await;
    let spins = world.question(action("spin")).await;
    world.enforcer.freeze("ann", None).await.unwrap();
    let frozen = world.enforcer.frozen().await.unwrap().unwrap();
    let thaw = world.enforcer.thaw_question(&frozen, 60_000).await.unwrap();
    let agents = Question { principal: WHOSE.0.into(), ..thaw };
    let of_home = Question { principal: "home".into(), ..spins };
    for question in [agents, of_home] {
        assert_eq!(world.put(&question).await.err().unwrap().code(), "frozen");
    }
}
