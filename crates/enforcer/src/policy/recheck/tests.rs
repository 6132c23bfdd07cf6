//! What an approval is looked at with, where what was kept of it is not what it was.

use super::*;
use crate::ask::Relays;
use crate::edge::Edge;
use crate::notary::OperatorNotary;
use crate::pairing::Candidate;
use crate::policy::Ruling;
use crate::question::Question;
use countersign_core::action::Request;
use countersign_core::artifact::extension;
use countersign_core::keys::SecretKeys;
use countersign_store::ledger::{MemoryLedger, Suspended};
use serde_json::json;
use std::sync::Arc;

/// A home with one approver, and a request that waits under the built-in policy.
async fn waiting(dir: &std::path::Path) -> (Enforcer, RequestRecord) {
    let (home, edge) = (Home::open(dir).unwrap(), Edge::system());
    let identity = home.identity_or_new(&edge).unwrap();
    let notary = Arc::new(OperatorNotary(Arc::clone(&identity.keys)));
    let ledger = Arc::new(MemoryLedger::new("l1", [7; 32], notary));
    let gate = Enforcer::open(home, identity, ledger, edge.clone()).await.unwrap();
    let person = SecretKeys::from_bytes(&[9; 64]).unwrap();
    let ann = Candidate::local(*person.public(), "ann", vec![], &edge);
    gate.admit(ann, &Relays::new(), 60_000, &|_| {}).await.unwrap();
    let judged = gate.judge(&spin(), Asker::default(), "/w").await.unwrap();
    let Ruling::Asks(grounds) = judged.ruling(false) else { panic!("nobody is asked") };
    let question = Question {
        action: spin(),
        disclosures: vec![],
        context: Context::default(),
        grounds,
        principal: "uid:1".into(),
        session: "default".into(),
        workspace: "/w".into(),
        ttl_millis: 60_000,
        to: gate.ways().unwrap(),
    };
    let Suspended::Opened(request) = gate.suspend(&question).await.unwrap() else {
        panic!("it is the first")
    };
    (gate, request)
}

fn spin() -> Action {
    let call = Request { action: "spin".into(), parameters: json!({}), verb: None };
    Action::Request(call)
}

fn why<T: std::fmt::Debug>(found: Result<T, LedgerError>) -> String {
    match found {
        Err(LedgerError::Void { message, .. }) => message,
        other => panic!("{other:?}"),
    }
}

/// Nothing says who had to answer: nobody's answer is enough.
#[tokio::test]
async fn attack_43_an_artifact_without_a_route_permits_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (gate, mut request) = waiting(dir.path()).await;
    let judge = Judge::of(&gate, &gate.past().await.unwrap()).unwrap();
    let nobody = "who allowed it is not enough any more";
    assert_eq!(why(judge.still_asks_no_more(&request)), nobody, "nobody has answered");
    assert!(!suffices(&request, &gate.ways().unwrap(), (1, &[], false)));
    for asked in &mut request.asked {
        asked.artifact.head.extensions.as_mut().unwrap().remove(extension::ROUTE).unwrap();
    }
    assert_eq!(why(judge.still_asks_no_more(&request)), "no route");
    assert_eq!(why(judge.still_grants(&spin(), &Asker::default(), &request)), "no route");
    assert!(!suffices(&request, &gate.ways().unwrap(), (1, &[], false)));
}
