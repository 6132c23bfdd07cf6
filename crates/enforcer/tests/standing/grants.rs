//! Standing permissions: what they cover, and what ends them.

use super::*;
use countersign_core::receipt::Basis;
use countersign_enforcer::gate::grant::Wish;
use countersign_enforcer::{Quorum, Seated};
use countersign_store::ledger::{GrantRecord, GrantStore as _};

/// What is wished for: how long, how often, and whether for one session.
pub(super) type Terms = (Option<u32>, Option<u32>, bool);

async fn want(
    world: &World,
    name: &str,
    (seconds, count, session_only): Terms,
) -> Result<countersign_enforcer::gate::grant::Wanted, GateError> {
    let action = action(name);
    let judged = world.enforcer.judge(&action, Asker::default(), WORKSPACE).await?;
    let wish = Wish {
        action: &action,
        critical: false,
        judged: &judged,
        whose: WHOSE,
        session_only,
        seconds,
        count,
    };
    world.enforcer.want_grant(wish).await
}

pub(super) async fn given(world: &World, name: &str, terms: Terms) -> GrantRecord {
    let wanted = want(world, name, terms).await.unwrap();
    let seated = Seated { ways: world.enforcer.ways().unwrap(), quorum: Quorum::default() };
    let question = world.enforcer.grant_question(&wanted, seated, 60_000).unwrap();
    let request = world.put(&question).await.unwrap();
    let early = world.enforcer.give_grant(&wanted, &request, Asker::default()).await;
    assert!(early.is_err(), "nobody allowed it yet");
    let request = world.answered(&request, Word::Allow).await;
    let given = world.enforcer.give_grant(&wanted, &request, Asker::default()).await.unwrap();
    assert_eq!(given.1.content.entry.event, Event::Granted);
    let again = world.enforcer.give_grant(&wanted, &request, Asker::default()).await;
    assert!(again.is_err(), "one approval gives one grant");
    given.0
}

async fn goes_as(world: &World, name: &str, whose: (&str, &str, &str)) -> bool {
    let action = action(name);
    let grounds = world.grounds(&action).await;
    let used = world.enforcer.by_grant(&action, &grounds, whose, Asker::default()).await.unwrap();
    match used {
        Some(permit) => world.enforcer.hand_over(permit).await.map(|_| true).unwrap(),
        None => false,
    }
}

pub(super) async fn goes(world: &World) -> bool {
    goes_as(world, "spin", WHOSE).await
}

#[tokio::test]
async fn a_grant_is_used_and_its_receipts_say_who_gave_it() {
    let world = world(POLICY).await;
    assert!(!goes(&world).await);
    let grant = given(&world, "spin", (None, Some(2), false)).await;
    assert!(goes(&world).await);
    let receipt = world.newest().await;
    let entry = &receipt.content.entry;
    assert_eq!((entry.event, entry.basis), (Event::Released, Basis::Grant));
    let note = entry.grant.as_ref().unwrap();
    assert_eq!((note.id.as_str(), note.decisions.len()), (grant.id.as_str(), 1));
    let valid = world.verdict(&receipt);
    assert!(matches!(valid, Verdict::Valid { level: Level::L0, .. }), "{valid:?}");
    assert!(goes(&world).await);
    assert!(!goes(&world).await, "it is used up");
}

#[tokio::test]
async fn attack_36_a_receipt_that_claims_a_grant_must_carry_it() {
    let world = world(POLICY).await;
    given(&world, "spin", (None, None, false)).await;
    assert!(goes(&world).await);
    let good = world.newest().await;
    type Change = fn(&mut countersign_core::receipt::Entry);
    let lies: [(Change, &str); 6] = [
        (|e| e.grant = None, "Malformed"),
        (|e| e.basis = Basis::Policy, "Malformed"),
        (|e| e.event = Event::Allowed, "Malformed"),
        (|e| e.grant.as_mut().unwrap().decisions.clear(), "ThresholdNotMet"),
        (
            |e| {
                let action = e.action.as_mut().unwrap();
                action.insert("parameters".into(), json!({"n": 2}));
                let hash = countersign_core::json::sha256(action).unwrap();
                let hash = countersign_core::encoding::Hash(hash);
                e.action_hash = Some(countersign_core::action::ActionHash(hash));
            },
            "HashMismatch",
        ),
        (
            |e| {
                let note = e.grant.as_mut().unwrap();
                note.action["parameters"]["expiresAt"] = json!("2999-01-01T00:00:00Z");
            },
            "HashMismatch",
        ),
    ];
    for (change, expected) in lies {
        let mut content = good.content.clone();
        change(&mut content.entry);
        let lie = Receipt::sign(content, &world.enforcer.identity().keys).unwrap();
        let verdict = format!("{:?}", world.verdict(&lie));
        assert!(verdict.starts_with(expected), "{verdict} is not {expected}");
    }
}

#[tokio::test]
async fn attack_44_a_grant_serves_no_other_asker_session_or_workspace() {
    let world = world(POLICY).await;
    given(&world, "spin", (None, None, true)).await;
    for whose in [
        ("uid:2", "default", WORKSPACE),
        ("uid:1", "other", WORKSPACE),
        ("uid:1", "default", "/nonexistent/other"),
    ] {
        assert!(!goes_as(&world, "spin", whose).await, "{whose:?}");
    }
    assert!(!goes_as(&world, "pay", WHOSE).await, "another call");
    assert!(goes(&world).await);
    // Without a session it is the asker's in each of its sessions.
    let wide = world_with_wide_grant().await;
    assert!(goes_as(&wide, "spin", ("uid:1", "other", WORKSPACE)).await);
    assert!(!goes_as(&wide, "spin", ("uid:2", "other", WORKSPACE)).await);
}

async fn world_with_wide_grant() -> World {
    let world = world(POLICY).await;
    given(&world, "spin", (None, None, false)).await;
    world
}

#[tokio::test]
async fn attack_45_no_grant_is_wider_than_what_is_offered() {
    let world = world(POLICY).await;
    for terms in
        [(Some(8 * 3_600 + 1), None, false), (Some(0), None, false), (None, Some(0), false)]
    {
        let refused = want(&world, "spin", terms).await;
        assert!(matches!(refused, Err(GateError::NotOffered(_))), "{terms:?}");
    }
    let session = "version = 1\n[[rule]]\nid = \"s\"\ntools = [\"spin\"]\n\
        decision = \"require_approval\"\napprovers = [\"anyone\"]\n\
        always_allow = { max = \"1h\" }\n";
    let bound = super::world(session).await;
    assert!(want(&bound, "spin", (None, None, false)).await.unwrap().grant().session.is_some());
    let never = session.replace("{ max = \"1h\" }", "false");
    let refused = want(&super::world(&never).await, "spin", (None, None, false)).await;
    assert!(matches!(refused, Err(GateError::NotOffered(_))));
}

#[tokio::test]
async fn attack_12_a_dangerous_lane_is_granted_for_one_session_at_most() {
    let world = world(POLICY).await;
    match want(&world, "pay", (None, None, false)).await {
        Ok(wanted) => assert!(wanted.grant().session.is_some()),
        Err(error) => assert!(matches!(error, GateError::NotOffered(_)), "{error}"),
    }
    // Nothing critical is granted, whatever a rule offers.
    let action = action("spin");
    let judged = world.enforcer.judge(&action, Asker::default(), WORKSPACE).await.unwrap();
    let wish = Wish {
        action: &action,
        critical: true,
        judged: &judged,
        whose: WHOSE,
        session_only: true,
        seconds: None,
        count: Some(1),
    };
    assert!(matches!(world.enforcer.want_grant(wish).await, Err(GateError::NotOffered(_))));
    given(&world, "spin", (None, None, false)).await;
    let critical = world.grounds(&action).await.critical();
    let used = world.enforcer.by_grant(&action, &critical, WHOSE, Asker::default()).await;
    assert!(used.unwrap().is_none());
}

#[tokio::test]
async fn attack_19_a_grant_ends_with_its_time_and_no_clock_prolongs_it() {
    let world = world(POLICY).await;
    given(&world, "spin", (Some(3_600), None, false)).await;
    world.later(-DAY);
    assert!(!goes(&world).await, "before it was given");
    world.later(DAY + HOUR - 1);
    assert!(goes(&world).await);
    world.later(1);
    assert!(!goes(&world).await, "over");
    // Something is recorded a day later, and then the clock is set back into its time.
    world.later(DAY);
    world.put(&world.question(other("spin", 7)).await).await.unwrap();
    world.later(-DAY - HOUR / 2);
    assert!(!goes(&world).await, "it was seen to be over");
    let refused = want(&world, "spin", (Some(3_600), None, false)).await;
    assert!(matches!(refused, Err(GateError::NotOffered(_))), "its end has been seen already");
}

#[tokio::test]
async fn attack_19_a_key_that_is_revoked_voids_its_grants() {
    let world = world(POLICY).await;
    given(&world, "spin", (None, None, false)).await;
    assert!(goes(&world).await);
    revoke_ann(&world);
    assert!(!goes(&world).await);
}

#[tokio::test]
async fn attack_11_another_policy_voids_a_grant() {
    let world = world(POLICY).await;
    given(&world, "spin", (None, None, false)).await;
    let path = world.home.root().join("policy.toml");
    std::fs::write(&path, format!("{POLICY}# changed\n")).unwrap();
    assert!(!goes(&world).await);
    std::fs::write(&path, POLICY).unwrap();
    assert!(goes(&world).await);
}

#[tokio::test]
async fn attack_11_another_policy_gives_no_grant() {
    let world = world(POLICY).await;
    let wanted = want(&world, "spin", (None, None, false)).await.unwrap();
    let seated = Seated { ways: world.enforcer.ways().unwrap(), quorum: Quorum::default() };
    let question = world.enforcer.grant_question(&wanted, seated, 60_000).unwrap();
    let request = world.put(&question).await.unwrap();
    let request = world.answered(&request, Word::Allow).await;
    let path = world.home.root().join("policy.toml");
    std::fs::write(&path, format!("{POLICY}# changed\n")).unwrap();
    let refused = world.enforcer.give_grant(&wanted, &request, Asker::default()).await;
    let Err(GateError::Ledger(LedgerError::Void { message, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(message, "the policy changed");
    std::fs::write(&path, POLICY).unwrap();
    world.enforcer.give_grant(&wanted, &request, Asker::default()).await.unwrap();
}

#[tokio::test]
async fn a_grant_that_is_taken_back_is_recorded_and_covers_nothing() {
    let world = world(POLICY).await;
    let grant = given(&world, "spin", (None, None, false)).await;
    let receipt = world.enforcer.revoke_grant(&grant.id).await.unwrap();
    assert_eq!(receipt.content.entry.event, Event::Revoked);
    assert!(matches!(world.verdict(&receipt), Verdict::Valid { .. }));
    assert!(!goes(&world).await);
    assert!(world.enforcer.revoke_grant(&grant.id).await.is_err());
}

/// A process that dies between the use and the run leaves the use counted.
#[tokio::test]
async fn attack_18_a_crash_between_use_and_run_gives_no_use_back() {
    let world = world(POLICY).await;
    given(&world, "spin", (None, Some(1), false)).await;
    let action = action("spin");
    let grounds = world.grounds(&action).await;
    let used = world.enforcer.by_grant(&action, &grounds, WHOSE, Asker::default()).await.unwrap();
    drop(used.unwrap());
    assert_eq!(world.ledger.open_claims().await.unwrap().len(), 1);
    assert!(!goes(&world).await);
    assert_eq!(world.ledger.grants().await.unwrap()[0].used, 1);
}
