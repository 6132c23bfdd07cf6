use super::{Line, cell, header, hitl, lines, row};
use crate::action::ActionHash;
use crate::artifact::{
    Artifact, ArtifactHash, ArtifactHead, ArtifactType, Assurance, Context, HashAlg, Risk, Route,
    Scope, Seat, extensions,
};
use crate::decision::{Choice, Decision, Word};
use crate::encoding::{Fixed, Hash};
use crate::json;
use crate::receipt::{
    ApproverDecision, Basis, Boundary, Content, Entry, Event, Outcome, PolicyNote, Receipt,
};
use crate::time::Instant;
use crate::trust::TrustStore;
use crate::trust::tests::{approver, operator, secret};
use serde_json::{Value, json};

const NOW: Instant = Instant(1_775_989_800_000);

fn trust() -> TrustStore {
    TrustStore {
        operators: vec![operator(&secret(1))],
        approvers: vec![approver(&secret(2), "ann"), approver(&secret(3), "ben")],
        ..TrustStore::default()
    }
}

fn action() -> Value {
    json!({"kind": "request", "action": "deploy_production",
        "parameters": {"token": {"_sd": "ab".repeat(32)}, "version": "=2.1"}})
}

fn artifact(persons: &[u8]) -> Artifact {
    let seat = |n: &u8| Seat { person: format!("p{n}"), key_id: secret(*n).key_id() };
    let route = Route {
        round: 1,
        rule_id: "deploys".into(),
        risk: Risk::High,
        policy_hash: Hash([3; 32]),
        roster: persons.iter().map(seat).collect(),
        threshold: u32::try_from(persons.len()).unwrap(),
        min_assurance: Assurance::Local,
        reason_required: false,
        scopes: vec![Scope::Once],
        max_uses: 1,
        groups: vec![],
        veto: false,
        escalate_to: vec![],
        grant: None,
    };
    let context =
        Context { description: Some("Deploy API\u{202e} v2.1".into()), ..Context::default() };
    let head = ArtifactHead {
        request_id: "req_abc123".into(),
        session_id: None,
        artifact_type: ArtifactType::Command,
        repo_ref: "repo".into(),
        base_revision: None,
        created_at: NOW.timestamp(),
        expires_at: NOW.plus_millis(60_000).timestamp(),
        artifact_hash_alg: HashAlg::Sha256,
        artifact_hash: ArtifactHash(Hash([0; 32])),
        metadata: None,
        extensions: Some(extensions(Fixed([7; 32]), &context, &route, None).unwrap()),
    };
    Artifact::build(head, action().as_object().unwrap().clone()).unwrap()
}

fn decide(artifact: &Artifact, word: Word, key: u8) -> Decision {
    let choice = Choice {
        word,
        scope: Scope::Once,
        expires_at: NOW.plus_millis(50_000).timestamp(),
        nonce: Fixed([key; 24]),
        hints: None,
    };
    Decision::sign(artifact, choice, &secret(key)).unwrap()
}

fn receipt(event: Event, persons: &[u8], change: impl FnOnce(&mut Entry)) -> Receipt {
    let artifact = artifact(persons);
    let mut entry = Entry {
        request_id: Some("req_abc123".into()),
        action_hash: Some(ActionHash(Hash([9; 32]))),
        action: Some(action().as_object().unwrap().clone()),
        artifacts: vec![artifact.head],
        policy: Some(PolicyNote {
            rule_id: "deploys".into(),
            display: "deploys need a person".into(),
            policy_hash: Hash([3; 32]),
            risk: Risk::High,
            verb: "deploy".into(),
            matched: vec!["home:deploys".into()],
        }),
        basis: Basis::Decision,
        ..Entry::bare(event, Boundary::Unprotected)
    };
    change(&mut entry);
    let recorded_at = NOW.plus_millis(1_000).timestamp();
    let content = Content { ledger: "l1".into(), seq: 7, prev: None, recorded_at, entry };
    let mut receipt = Receipt::sign(content, &secret(1)).unwrap();
    receipt.content_hash = Hash([0xc0; 32]);
    receipt
}

fn denied() -> Receipt {
    receipt(Event::Denied, &[2], |entry| {
        entry.decisions = vec![decide(&artifact(&[2]), Word::Deny, 2)];
        entry.approver_decision = Some(ApproverDecision {
            verdict: "rejected".into(),
            person: "ann".into(),
            key_id: secret(2).key_id(),
            reason: Some("Not during\npeak hours".into()),
        });
    })
}

fn texts(receipt: &Receipt) -> Vec<String> {
    lines(receipt, &trust()).iter().map(|line| line.text().unwrap()).collect()
}

#[test]
fn a_request_is_one_line_whose_secrets_stay_commitments() {
    let sd = "ab".repeat(32);
    let hash = "c0".repeat(32);
    assert_eq!(
        texts(&receipt(Event::Suspended, &[2], |_| {})),
        [format!(
            r#"{{"id":"{hash}:1","timestamp":"2026-04-12T10:30:01Z","request_id":"req_abc123","pair_id":"pair_1","event":"suspended","action":"deploy_production","description":"Deploy API\u202e v2.1","parameters":{{"token":{{"_sd":"{sd}"}},"version":"=2.1"}},"level":"L0","risk":"high","ledger":"l1","seq":7,"receipt":"{hash}"}}"#
        )]
    );
}

#[test]
fn a_denial_is_one_line_with_who_why_and_the_signature() {
    let receipt = denied();
    let signature = receipt.content.entry.decisions[0].signature.to_string();
    let [text] = texts(&receipt).try_into().unwrap();
    assert!(!text.contains('\n'), "{text}");
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["decision"], "denied");
    assert_eq!(line["approver"], "ann");
    assert_eq!(line["pair_id"], "pair_1");
    assert_eq!(line["reason"], "Not during\npeak hours");
    assert_eq!(line["signature"], signature);
}

/// Why each of several people answered as they did stands in a line, and each is counted once.
#[test]
fn an_answer_that_ends_nothing_is_a_line_with_its_reason_and_decides_nothing() {
    let mut quorum = receipt(Event::Suspended, &[2, 3], |entry| {
        entry.decisions = vec![decide(&artifact(&[2, 3]), Word::Allow, 2)];
        entry.approver_decision = Some(ApproverDecision {
            verdict: "approved".into(),
            person: "ann".into(),
            key_id: secret(2).key_id(),
            reason: Some("looked at the plan".into()),
        });
    });
    let [line] = lines(&quorum, &trust()).try_into().unwrap();
    assert_eq!((line.decision, line.answer), (None, Some("approved")));
    assert_eq!(line.approver.as_deref(), Some("ann"));
    assert_eq!(line.reason.as_deref(), Some("looked at the plan"));
    assert_eq!(line.signature, Some(quorum.content.entry.decisions[0].signature));
    let [entry] = hitl(&quorum, &trust()).try_into().unwrap();
    assert_eq!(
        (&entry["event_type"], &entry["answer"]),
        (&json!("hitl_answer"), &json!("approve"))
    );
    assert_eq!((&entry["reason"], entry.get("decision")), (&json!("looked at the plan"), None));
    // Words without an answer that says them are nobody's.
    quorum.content.entry.decisions.clear();
    let [line] = lines(&quorum, &trust()).try_into().unwrap();
    assert_eq!((line.answer, line.approver, line.reason), (None, None, None));
}

#[test]
fn every_answer_of_a_quorum_is_a_line_with_an_id_of_its_own() {
    let receipt = receipt(Event::Approved, &[2, 3], |entry| {
        let artifact = artifact(&[2, 3]);
        entry.decisions = [2, 3].map(|key| decide(&artifact, Word::Allow, key)).to_vec();
    });
    let found = lines(&receipt, &trust());
    let ids: Vec<&str> = found.iter().map(|line| line.id.split(':').nth(1).unwrap()).collect();
    let who: Vec<_> = found.iter().map(|line| line.approver.as_deref().unwrap()).collect();
    assert_eq!((ids, who), (vec!["1", "2"], vec!["ann", "ben"]));
}

#[test]
fn attack_27_blocked_expired_and_withdrawn_attempts_are_lines_with_their_word() {
    for (event, word) in [
        (Event::Blocked, "blocked"),
        (Event::Expired, "expired"),
        (Event::Withdrawn, "withdrawn"),
        (Event::Allowed, "allowed"),
    ] {
        let found = lines(&receipt(event, &[2], |_| {}), &trust());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].decision, Some(word));
    }
    let blocked = lines(&receipt(Event::Blocked, &[2], |_| {}), &trust());
    assert_eq!(blocked[0].reason.as_deref(), Some("deploys need a person"));
}

#[test]
fn an_outcome_tells_how_it_ended_and_decides_nothing() {
    let receipt = receipt(Event::Executed, &[2], |entry| {
        entry.decisions = vec![decide(&artifact(&[2]), Word::Allow, 2)];
        entry.outcome = Some(Outcome {
            claimed_at: NOW.timestamp(),
            ended_at: None,
            exit_code: Some(3),
            signal: None,
            error: None,
            stdout: None,
            stderr: None,
        });
    });
    let [line] = lines(&receipt, &trust()).try_into().unwrap();
    let Line { decision, exit_code, signature, .. } = line;
    assert_eq!((decision, exit_code, signature), (None, Some(3), None));
}

#[test]
fn a_row_has_a_cell_for_each_column_and_parameters_stay_json() {
    let [line] = lines(&denied(), &trust()).try_into().unwrap();
    let row = row(&line);
    assert!(row.ends_with("\r\n") && row.matches('\n').count() == 1, "{row}");
    let sd = "ab".repeat(32);
    let parameters = format!(r#""{{""token"":{{""_sd"":""{sd}""}},""version"":""=2.1""}}""#);
    assert!(row.contains(&parameters), "{row}");
    assert!(row.contains(r"Not during\npeak hours"), "{row}");
    assert_eq!(header().split(',').count(), 22);
}

#[test]
fn attack_06_a_cell_never_starts_a_formula_or_another_row() {
    for (text, shown) in [
        ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
        ("+1", "\"'+1\""),
        ("-rf", "\"'-rf\""),
        ("@SUM(A1)", "\"'@SUM(A1)\""),
        ("\t=1", "\"'\\t=1\""),
        ("\r=1", "\"'\\r=1\""),
        ("  =1", "\"'  =1\""),
        ("\"=1", "\"'\"\"=1\""),
        ("\u{ff1d}1", "\"'\u{ff1d}1\""),
        ("\u{200b}=1", "\\u{200b}=1"),
        ("a\r\nb,c", "\"a\\r\\nb,c\""),
        ("say \"no\"", "\"say \"\"no\"\"\""),
        ("plain", "plain"),
        ("", ""),
    ] {
        assert_eq!(cell(text), shown, "{text:?}");
    }
}

#[test]
fn a_denial_is_an_entry_of_a_gate() {
    let [entry] = hitl(&denied(), &trust()).try_into().unwrap();
    let sd = "ab".repeat(32);
    let hash = "c0".repeat(32);
    assert_eq!(
        entry,
        json!({"event_type": "hitl_decision", "correlation_id": "req_abc123",
            "timestamp": "2026-04-12T10:30:01Z", "decision": "deny",
            "operation": {"tool_name": "deploy_production",
                "params": {"token": {"_sd": sd}, "version": "=2.1"}},
            "risk_level": "high", "user": "ann", "reason": "Not during\npeak hours",
            "timeout_seconds": 60, "receipt": hash, "receipt_line": format!("{hash}:1")})
    );
}

#[test]
fn attack_20_what_nobody_answered_is_a_denial_to_a_gate() {
    let [entry] = hitl(&receipt(Event::Expired, &[2], |_| {}), &trust()).try_into().unwrap();
    assert_eq!(entry["decision"], "deny");
    assert!(hitl(&receipt(Event::Suspended, &[2], |_| {}), &trust()).is_empty());
    let [allowed] = hitl(&receipt(Event::Allowed, &[2], |_| {}), &trust()).try_into().unwrap();
    assert_eq!(
        (&allowed["event_type"], &allowed["decision"]),
        (&json!("policy_decision"), &json!("approve"))
    );
    assert!(json::canonical(&allowed).is_ok());
}

#[test]
fn a_yes_to_some_items_is_no_approval_of_all() {
    let receipt = receipt(Event::Approved, &[2], |entry| {
        let artifact = artifact(&[2]);
        let mut decision = decide(&artifact, Word::Deny, 2);
        let hints = json!({"items": [0, 2]});
        decision.policy_hints = hints.as_object().cloned();
        entry.decisions = vec![decision];
        entry.items = Some(vec![0, 2]);
    });
    let [line] = lines(&receipt, &trust()).try_into().unwrap();
    assert_eq!((line.decision, line.items.clone()), (Some("partial"), Some(vec![0, 2])));
    let [entry] = hitl(&receipt, &trust()).try_into().unwrap();
    assert_eq!((&entry["decision"], &entry["items"]), (&json!("deny"), &json!([0, 2])));
    assert!(row(&line).contains("\"[0,2]\""));
}

/// Whoever handed it on, with their reason; the yes of somebody else before it decided nothing, and
/// stands in a line of its own receipt.
#[test]
fn handing_on_is_neither_yes_nor_no() {
    let artifact = artifact(&[2, 3]);
    let answers = [decide(&artifact, Word::Allow, 3), decide(&artifact, Word::Deny, 2)];
    let by_hand = receipt(Event::Escalated, &[2, 3], |entry| {
        entry.decisions = answers.to_vec();
        entry.approver_decision = Some(ApproverDecision {
            verdict: "rejected".into(),
            person: "ann".into(),
            key_id: secret(2).key_id(),
            reason: Some("not mine".into()),
        });
    });
    let [line] = lines(&by_hand, &trust()).try_into().unwrap();
    assert_eq!((line.decision, line.answer), (Some("escalated"), None));
    assert_eq!(line.approver.as_deref(), Some("ann"));
    assert_eq!(
        (line.reason.as_deref(), line.signature),
        (Some("not mine"), Some(answers[1].signature))
    );
    let [entry] = hitl(&by_hand, &trust()).try_into().unwrap();
    assert_eq!(
        (&entry["event_type"], &entry["answer"]),
        (&json!("hitl_answer"), &json!("escalate"))
    );
    assert_eq!(entry["reason"], "not mine");
}

/// Also where another process found that time was over: an answer that was stored by then is no
/// approval, and nobody is named for the silence of others.
#[test]
fn when_time_hands_on_what_was_answered_before_approves_nothing() {
    let by_time = receipt(Event::Escalated, &[2, 3], |entry| {
        let artifact = artifact(&[2, 3]);
        entry.decisions = vec![decide(&artifact, Word::Allow, 2), decide(&artifact, Word::Deny, 3)];
    });
    let [line] = lines(&by_time, &trust()).try_into().unwrap();
    assert_eq!((line.decision, line.approver, line.signature), (Some("escalated"), None, None));
    assert!(hitl(&by_time, &trust()).is_empty());
}
