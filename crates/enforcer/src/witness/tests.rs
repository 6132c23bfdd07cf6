//! What is remembered of the ledger, by the home and by gateways that lie.

use super::*;
use crate::notary::OperatorNotary;
use crate::scripted::{NOW, client, gateway, heard, on, refusal, remembers, submitted};
use countersign_core::encoding::Hash;
use countersign_core::receipt::{Boundary, Entry, Event};
use countersign_store::ledger::MemoryLedger;
use countersign_testkit::{Call, HostileGateway, Reply};
use std::sync::{Arc, Mutex};

fn operator() -> Arc<SecretKeys> {
    Arc::new(SecretKeys::from_bytes(&[1; 64]).unwrap())
}

async fn ledger(receipts: usize) -> MemoryLedger {
    let ledger = MemoryLedger::new("l1", [7; 32], Arc::new(OperatorNotary(operator())));
    for n in 0..receipts {
        let entry = Entry::bare(Event::Observed, Boundary::Unprotected);
        let at = NOW.plus_millis(i64::try_from(n).unwrap());
        ledger.record(entry, at).await.unwrap();
    }
    ledger
}

async fn head(receipts: usize) -> Checkpoint {
    ledger(receipts).await.checkpoint().await.unwrap().unwrap()
}

fn signed(head: Head) -> Checkpoint {
    Checkpoint::sign(head, &operator()).unwrap()
}

/// What a ledger of three receipts contradicts, and how.
async fn lies() -> Vec<(Checkpoint, &'static str)> {
    let (three, five) = (head(3).await, head(5).await);
    let other = Hash([9; 32]);
    let fresh = SecretKeys::from_bytes(&[9; 64]).unwrap();
    vec![
        (five, "Truncated"),
        (signed(Head { content_hash: other, ..three.head.clone() }), "Forked"),
        (signed(Head { seq: 2, ..three.head.clone() }), "Forked"),
        (signed(Head { ledger: "l2".into(), ..three.head.clone() }), "Forked"),
        (Checkpoint::sign(three.head.clone(), &fresh).unwrap(), "Forged"),
    ]
}

fn named(found: Result<(), Contradicted>) -> String {
    let found = format!("{:?}", found.unwrap_err());
    found.split([' ', '(']).next().unwrap().to_owned()
}

#[tokio::test]
async fn attack_39_a_ledger_is_the_one_that_is_remembered_or_it_is_said_how_it_is_not() {
    let ledger = ledger(3).await;
    for receipts in 1..=3 {
        compare(&ledger, &operator(), &head(receipts).await, "x").await.unwrap();
    }
    for (lie, how) in lies().await {
        assert_eq!(named(compare(&ledger, &operator(), &lie, "x").await), how, "{lie:?}");
    }
}

#[tokio::test]
async fn attack_39_the_home_remembers_the_newest_head_of_its_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::open(dir.path()).unwrap();
    let (short, operator) = (ledger(3).await, operator());
    check_home(&home, &short, &operator).await.unwrap();
    let [three, four, five] = [head(3).await, head(4).await, head(5).await];
    remember(&home, &four).unwrap();
    remember(&home, &five).unwrap();
    for older in [three.clone(), signed(Head { content_hash: Hash([9; 32]), ..five.head.clone() })]
    {
        remember(&home, &older).unwrap();
        assert_eq!(remembered(&home).unwrap(), Some(five.clone()));
    }
    assert_eq!(named(check_home(&home, &short, &operator).await), "Truncated");
    check_home(&home, &ledger(6).await, &operator).await.unwrap();
    // The head of another ledger says nothing about which one of this is newer.
    let other = signed(Head { ledger: "l2".into(), ..three.head });
    remember(&home, &other).unwrap();
    assert_eq!(remembered(&home).unwrap(), Some(other));
    assert_eq!(named(check_home(&home, &short, &operator).await), "Forked");
}

/// A gateway that keeps the newest of all heads that it is told, as an honest one does.
fn keeping(first: Option<Checkpoint>) -> (HostileGateway, Arc<Mutex<Option<Checkpoint>>>) {
    let kept = Arc::new(Mutex::new(first));
    let keeps = Arc::clone(&kept);
    let answer = move |call: &Call| {
        let told = submitted(call)?;
        let mut kept = keeps.lock().unwrap();
        if kept.as_ref().is_none_or(|kept| kept.head.seq < told.head.seq) {
            *kept = Some(told);
        }
        kept.clone().map(remembers)
    };
    (gateway(answer), kept)
}

async fn hands_in(gateway: &HostileGateway, receipts: usize) -> Result<Witness, Contradicted> {
    let keys = operator();
    hand_in(&client(gateway, &keys), &ledger(receipts).await, &keys).await
}

#[test]
fn a_gateway_remembers_the_newest_head_once_it_was_asked_with_the_oldest() {
    let (gateway, kept) = keeping(None);
    assert_eq!(on(hands_in(&gateway, 0)).unwrap(), Witness::NothingYet);
    assert!(heard(&gateway).is_empty());
    assert_eq!(on(hands_in(&gateway, 3)).unwrap(), Witness::Remembers);
    assert_eq!(*kept.lock().unwrap(), Some(on(head(3))));
    let told: Vec<_> =
        gateway.seen().iter().filter_map(|seen| submitted(&seen.call)).map(|c| c.head).collect();
    assert_eq!(told.iter().map(|head| head.seq).collect::<Vec<_>>(), [1, 3]);
    // Of what the first one changed and left, the newest head says nothing.
    assert_eq!((told[0].changes, told[0].usable), (None, None));
    assert!(told[1].changes.is_some());
}

/// A copy that grew past what is remembered would replace it otherwise.
#[test]
fn attack_39_a_copy_that_went_on_replaces_nothing_that_a_gateway_remembers() {
    let two = on(head(2));
    let other = signed(Head { content_hash: Hash([9; 32]), ..two.head });
    let (gateway, kept) = keeping(Some(other.clone()));
    assert_eq!(named(on(hands_in(&gateway, 5)).map(drop)), "Forked");
    assert_eq!(*kept.lock().unwrap(), Some(other));
}

#[test]
fn attack_39_what_a_gateway_remembers_is_compared_each_time() {
    for (lie, how) in on(lies()) {
        let told = lie.clone();
        let first = gateway(move |call| submitted(call).map(|_| remembers(told.clone())));
        assert_eq!(named(on(hands_in(&first, 3)).map(drop)), how, "{lie:?}");
        // Also where it only lies when it is told of the newest.
        let second = gateway(move |call| {
            let told = submitted(call)?;
            Some(remembers(if told.head.seq == 1 { told } else { lie.clone() }))
        });
        assert_eq!(named(on(hands_in(&second, 3)).map(drop)), how);
    }
    let older = on(head(2));
    let gateway = gateway(move |call| submitted(call).map(|_| remembers(older.clone())));
    assert_eq!(on(hands_in(&gateway, 3)).unwrap(), Witness::Remembers);
}

#[test]
fn attack_39_only_a_gateway_of_the_plain_binding_knows_no_heads() {
    for status in [404, 405] {
        let plain = gateway(move |_| Some(refusal(status)));
        assert_eq!(on(hands_in(&plain, 3)).unwrap(), Witness::KnowsNoHeads, "{status}");
        assert_eq!(on(recalls(&plain, 3)).unwrap(), None, "{status}");
    }
    for status in [400, 403, 406, 410, 429, 500] {
        let refuses = gateway(move |_| Some(refusal(status)));
        assert_eq!(named(on(hands_in(&refuses, 3)).map(drop)), "NoWitness", "{status}");
        assert_eq!(named(on(recalls(&refuses, 3)).map(drop)), "NoWitness", "{status}");
    }
}

async fn recalls(
    gateway: &HostileGateway,
    receipts: usize,
) -> Result<Option<Checkpoint>, Contradicted> {
    let keys = operator();
    recall(&client(gateway, &keys), &ledger(receipts).await, &keys).await
}

#[test]
fn a_gateway_is_asked_what_it_remembers_and_is_told_nothing_new() {
    let two = on(head(2));
    let (gateway, kept) = keeping(Some(two.clone()));
    assert_eq!(on(recalls(&gateway, 0)).unwrap(), None);
    assert_eq!(on(recalls(&gateway, 3)).unwrap(), Some(two.clone()));
    assert_eq!(*kept.lock().unwrap(), Some(two));
}

async fn looks(gateway: &HostileGateway, receipts: usize) -> Result<(), Contradicted> {
    let (keys, patience) = (operator(), Duration::from_millis(300));
    as_remembered(&client(gateway, &keys), &ledger(receipts).await, &keys, patience).await
}

#[test]
fn attack_39_before_anybody_is_asked_a_gateway_tells_of_another_ledger_and_of_nothing_else() {
    for (lie, how) in on(lies()) {
        let gateway = gateway(move |call| submitted(call).map(|_| remembers(lie.clone())));
        match how {
            "Forged" => on(looks(&gateway, 3)).unwrap(),
            how => assert_eq!(named(on(looks(&gateway, 3))), how),
        }
    }
    let (honest, _) = keeping(Some(on(head(2))));
    on(looks(&honest, 3)).unwrap();
    on(looks(&honest, 0)).unwrap();
    for away in [Some(refusal(404)), Some(refusal(500)), Some(Reply::lost()), None] {
        let shown = format!("{away:?}");
        let away = gateway(move |_| away.clone());
        assert!(on(looks(&away, 3)).is_ok(), "{shown}");
    }
}

/// Refused so often with a status, and honest then; how often it was asked, and what came of it.
fn until_it_answers(status: u16, refusals: usize, patience: i64) -> (usize, String) {
    let count = Mutex::new(0);
    let gateway = gateway(move |call| {
        let told = submitted(call)?;
        let mut count = count.lock().unwrap();
        *count += 1;
        Some(if *count <= refusals { refusal(status) } else { remembers(told) })
    });
    let found = on(async {
        let (keys, edge) = (operator(), Edge::new(|| NOW, |_| Ok(())));
        let until = NOW.plus_millis(patience);
        let (client, ledger) = (client(&gateway, &keys), ledger(2).await);
        hand_in_until(until, &edge, &client, &ledger, &keys).await
    });
    let found = found.map_or_else(|e| named(Err(e)), |found| format!("{found:?}"));
    (heard(&gateway).len(), found)
}

#[test]
fn attack_20_a_witness_that_is_away_is_waited_for_and_then_missed() {
    assert_eq!(until_it_answers(503, 1, 1), (3, "Remembers".to_owned()));
    assert_eq!(until_it_answers(503, 1, 0), (1, "NoWitness".to_owned()), "its time is over");
    assert_eq!(until_it_answers(403, 1, 1), (1, "NoWitness".to_owned()), "it said no");
}

fn pairing(name: &str, relay: Option<&str>, witnessed: bool) -> Pairing {
    Pairing {
        name: name.into(),
        pair_id: name.into(),
        relay: relay.map(str::to_owned),
        approver_id: "a".into(),
        key_id: operator().key_id(),
        paired_at: NOW.timestamp(),
        witnessed,
    }
}

#[test]
fn attack_39_a_gateway_that_was_a_witness_once_must_always_be_one() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::open(dir.path()).unwrap();
    let ways = [
        pairing("ann", Some("https://one"), false),
        pairing("bob", Some("https://one"), true),
        pairing("cat", Some("https://two"), false),
        pairing("terminal", None, false),
    ];
    for way in &ways {
        let path = home.root().join("pairings").join(format!("{}.json", way.name));
        files::write(&path, way, Target::ReplaceSoon).unwrap();
    }
    let look = |found, name: &str| as_before(&home, found, name, &ways);
    let marked = || -> Vec<String> {
        let marked = home.pairings().unwrap().into_iter().filter(|way| way.witnessed);
        marked.map(|way| way.name).collect()
    };
    for name in ["ann", "bob", "cat", "terminal", "zoe"] {
        look(Witness::NothingYet, name).unwrap();
    }
    look(Witness::KnowsNoHeads, "cat").unwrap();
    assert_eq!(marked(), ["bob"]);
    for (name, relay) in
        [("ann", "https://one"), ("bob", "https://one"), ("terminal", "terminal"), ("zoe", "zoe")]
    {
        let gone = look(Witness::KnowsNoHeads, name);
        let Err(Contradicted::Gone { relay: told }) = gone else { panic!("{name}: {gone:?}") };
        assert_eq!(told, relay);
    }
    look(Witness::Remembers, "cat").unwrap();
    look(Witness::Remembers, "bob").unwrap();
    assert_eq!(marked(), ["bob", "cat"]);
    // What cannot be remembered is not taken for remembered.
    std::fs::remove_dir_all(home.root().join("pairings")).unwrap();
    std::fs::write(home.root().join("pairings"), "").unwrap();
    assert!(look(Witness::Remembers, "ann").is_err());
    look(Witness::Remembers, "bob").unwrap();
}
