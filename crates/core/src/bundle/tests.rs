//! Honest bundles hold; every way of changing one is noticed and named.

mod signed;

use super::*;
use crate::action::ActionHash;
use crate::artifact::Risk;
use crate::checkpoint::{Checkpoint, Head};
use crate::encoding::Hash;
use crate::json;
use crate::keys::SecretKeys;
use crate::layers::{Layer, policy_hash};
use crate::receipt::{Boundary, Content, Entry, Event, PolicyNote, Receipt};
use crate::time::{Instant, Timestamp};
use crate::trust::tests::{approver, operator, secret};
use crate::trust::{Status, TrustStore};
use serde_json::{Map, Value};

const NOW: Instant = Instant(1_775_989_800_000);
const POLICY: &str = "version = 1\n";

fn trust() -> TrustStore {
    TrustStore {
        operators: vec![operator(&secret(1))],
        approvers: vec![approver(&secret(2), "ann")],
        ..TrustStore::default()
    }
}

fn action(event: Event, seq: u64) -> Map<String, Value> {
    let mut action = Map::new();
    match event {
        Event::Policy => {
            action.insert("kind".into(), "policy".into());
            action.insert("place".into(), "home".into());
            action.insert("sha256".into(), Hash::of(POLICY.as_bytes()).to_string().into());
        }
        Event::Key => {
            action.insert("kind".into(), "key".into());
        }
        _ => {
            action.insert("kind".into(), "request".into());
            action.insert("action".into(), format!("n{seq}").into());
            action.insert("parameters".into(), Value::Null);
        }
    }
    action
}

fn receipt(seq: u64, event: Event, prev: Option<&Receipt>, operator: &SecretKeys) -> Receipt {
    let action = action(event, seq);
    let change = matches!(event, Event::Policy | Event::Key);
    let entry = Entry {
        request_id: (!change).then(|| format!("r{seq}")),
        action_hash: Some(ActionHash(Hash(json::sha256(&action).unwrap()))),
        action: Some(action),
        ..Entry::bare(event, Boundary::Unprotected)
    };
    let recorded_at = NOW.plus_millis(i64::try_from(seq).unwrap() * 1_000).timestamp();
    let prev = prev.map(|prev| prev.content_hash);
    let content = Content { ledger: "l1".into(), seq, prev, recorded_at, entry };
    Receipt::sign(content, operator).unwrap()
}

/// A key, a policy, and five calls.
fn ledger() -> Vec<Receipt> {
    let events = [Event::Key, Event::Policy].into_iter().chain([Event::Allowed; 5]);
    let mut made: Vec<Receipt> = Vec::new();
    for (seq, event) in (1..).zip(events) {
        let next = receipt(seq, event, made.last(), &secret(1));
        made.push(next);
    }
    made
}

fn head(of: &Receipt, operator: &SecretKeys) -> Checkpoint {
    let head = Head {
        ledger: "l1".into(),
        seq: of.content.seq,
        content_hash: of.content_hash,
        time: NOW.timestamp(),
        changes: None,
        usable: None,
    };
    Checkpoint::sign(head, operator).unwrap()
}

fn remembered(by: &str, checkpoint: Checkpoint) -> Line {
    Line::Head(Remembered { by: by.into(), checkpoint: Some(checkpoint), missing: None })
}

fn cover(first: u64, last: u64, until: Option<Timestamp>) -> Cover {
    Cover {
        kind: BundleType::V1,
        ledger: "l1".into(),
        range: Some(Range { first, last }),
        since: None,
        until,
    }
}

/// Everything but cover and manifest, with receipts from 3 on.
fn body(all: &[Receipt]) -> Vec<Line> {
    let mut lines = vec![];
    let mut keys = vec![
        Line::Key(Box::new(Key::Operator(Box::new(operator(&secret(1)))))),
        Line::Key(Box::new(Key::Approver(Box::new(approver(&secret(2), "ann"))))),
    ];
    keys.sort_by_key(Line::place);
    lines.extend(keys);
    let sha256 = Hash::of(POLICY.as_bytes());
    lines.push(Line::Policy(Text { sha256, text: POLICY.into() }));
    lines.push(remembered("home", head(&all[6], &secret(1))));
    lines.extend(all[..2].iter().cloned().map(|r| Line::Earlier(Box::new(r))));
    lines.extend(all[2..].iter().cloned().map(|r| Line::Receipt(Box::new(r))));
    lines
}

fn bound(cover: Cover, lines: &[Line], operator: &SecretKeys) -> String {
    let (mut binder, first) = Binder::begin(cover).unwrap();
    let mut bytes = first;
    lines.iter().for_each(|line| bytes.extend(binder.add(line).unwrap()));
    bytes.extend(binder.close(operator).unwrap());
    String::from_utf8(bytes).unwrap()
}

fn honest() -> String {
    bound(cover(3, 7, None), &body(&ledger()), &secret(1))
}

fn check(text: &[u8]) -> Report {
    check_under(text, &trust())
}

fn check_under(text: &[u8], trust: &TrustStore) -> Report {
    super::check(text, trust, NOW.plus_millis(60_000), Known::default())
}

fn verdict(text: &str) -> String {
    check(text.as_bytes()).verdict
}

fn rejoined(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn an_honest_bundle_holds_and_says_what_was_not_checked() {
    let report = check(honest().as_bytes());
    assert!(report.is_valid(), "{report:#?}");
    assert_eq!((report.receipts, report.levels["L0"], report.events["allowed"]), (5, 5, 5));
    assert!(report.differences.is_empty(), "{:?}", report.differences);
    let said = report.not_checked.join("\n");
    assert!(said.contains("receipts before 3: outside"), "{said}");
    assert!(said.contains("whether others came after 7"), "{said}");
    assert!(report.checked.join("\n").contains("home remembers receipt 7"));
}

#[test]
fn the_same_ledger_makes_the_same_bytes() {
    assert_eq!(honest(), honest());
}

#[test]
fn attack_07_a_bundle_under_keys_that_nobody_pinned_proves_nothing() {
    // It carries its own operator key, and everything inside fits everything else.
    let report = check_under(honest().as_bytes(), &TrustStore::default());
    assert_eq!(report.verdict, "Untrusted");
    let strangers = TrustStore { operators: vec![operator(&secret(9))], ..trust() };
    assert_eq!(check_under(honest().as_bytes(), &strangers).verdict, "Untrusted");
    let differences = check_under(honest().as_bytes(), &strangers).differences;
    assert_eq!(differences.len(), 1, "{differences:?}");
}

#[test]
fn attack_10_a_revoked_operator_signs_no_bundle() {
    let mut trust = trust();
    trust.operators[0].status = Status::Revoked { at: NOW.timestamp(), compromised_since: None };
    assert_eq!(check_under(honest().as_bytes(), &trust).verdict, "Revoked");
}

#[test]
fn attack_28_every_changed_byte_is_noticed() {
    let text = honest().into_bytes();
    for at in (0..text.len()).step_by(19) {
        let mut changed = text.clone();
        changed[at] ^= 1;
        assert!(!check(&changed).is_valid(), "byte {at}");
    }
}

#[test]
fn attack_28_a_bundle_cut_at_any_byte_is_noticed() {
    let text = honest();
    for at in (0..text.len()).step_by(17).chain([text.len() - 1]) {
        let report = check(&text.as_bytes()[..at]);
        assert!(!report.is_valid(), "cut at {at}");
        assert!(report.problems.iter().any(|p| matches!(
            p.verdict,
            crate::receipt::check::Verdict::Truncated | crate::receipt::check::Verdict::Malformed
        )));
    }
    // At the end of a line, too: the manifest is missing.
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(verdict(&rejoined(&lines[..lines.len() - 1])), "Truncated");
}

#[test]
fn attack_28_every_removed_doubled_or_moved_line_is_noticed_and_named() {
    let text = honest();
    let lines: Vec<&str> = text.lines().collect();
    for at in 0..lines.len() {
        let mut removed = lines.clone();
        removed.remove(at);
        assert_ne!(verdict(&rejoined(&removed)), "Valid", "without line {at}");
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at]);
        assert_eq!(verdict(&rejoined(&doubled)), "Malformed", "line {at} twice");
        if at + 1 < lines.len() {
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            assert_ne!(verdict(&rejoined(&swapped)), "Valid", "lines {at} and {}", at + 1);
        }
    }
}

#[test]
fn attack_28_a_receipt_that_is_missing_in_the_middle_breaks_the_chain_at_its_number() {
    let all = ledger();
    let mut lines = body(&all);
    lines.retain(|line| !matches!(line, Line::Receipt(r) if r.content.seq == 5));
    // Even where the operator signs the manifest of what is left.
    let report = check(bound(cover(3, 7, None), &lines, &secret(1)).as_bytes());
    assert_eq!(report.verdict, "ChainBroken");
    let named = serde_json::to_value(&report.problems[0]).unwrap();
    assert_eq!((&named["seq"], &named["receipt"]), (&5.into(), &6.into()));
}

#[test]
fn attack_28_a_cut_tail_is_noticed_by_whoever_remembers_it() {
    let all = ledger();
    let mut lines = body(&all);
    lines.pop();
    let text = bound(cover(3, 6, None), &lines, &secret(1));
    assert_eq!(verdict(&text), "Truncated");
    // Where the range says that it ends there, the rest is outside and no contradiction.
    let text = bound(cover(3, 6, Some(NOW.plus_millis(7_000).timestamp())), &lines, &secret(1));
    let report = check(text.as_bytes());
    assert!(report.is_valid(), "{report:#?}");
    assert!(report.not_checked.join("\n").contains("receipts after 6: outside"));
    // A cover that promises more than there is.
    assert_eq!(verdict(&bound(cover(3, 7, None), &lines, &secret(1))), "ChainBroken");
}

#[test]
fn attack_39_another_history_is_forked() {
    let all = ledger();
    let other = receipt(7, Event::Blocked, Some(&all[5]), &secret(1));
    let mut lines = body(&all);
    lines.pop();
    lines.push(Line::Receipt(Box::new(other)));
    assert_eq!(verdict(&bound(cover(3, 7, None), &lines, &secret(1))), "Forked");
}

#[test]
fn a_receipt_that_does_not_follow_the_one_before_breaks_the_chain() {
    let all = ledger();
    let other = receipt(5, Event::Blocked, Some(&all[0]), &secret(1));
    let mut lines = body(&all);
    let place = lines.iter().position(|l| matches!(l, Line::Receipt(r) if r.content.seq == 5));
    lines[place.unwrap()] = Line::Receipt(Box::new(other));
    assert_eq!(verdict(&bound(cover(3, 7, None), &lines, &secret(1))), "ChainBroken");
}

#[test]
fn the_first_receipt_follows_its_neighbour_where_that_is_inside() {
    let all = ledger();
    let mut lines = body(&all);
    let other = receipt(3, Event::Allowed, Some(&all[0]), &secret(1));
    let next = receipt(4, Event::Allowed, Some(&other), &secret(1));
    lines.retain(|line| !matches!(line, Line::Receipt(_) | Line::Head(_)));
    lines.extend([other, next].map(|r| Line::Receipt(Box::new(r))));
    let report = check(bound(cover(3, 4, None), &lines, &secret(1)).as_bytes());
    assert_eq!((report.verdict.as_str(), report.problems[0].receipt), ("ChainBroken", Some(3)));
}

#[test]
fn attack_07_receipts_heads_and_manifests_of_another_operator_are_untrusted() {
    let all = ledger();
    assert_eq!(verdict(&bound(cover(3, 7, None), &body(&all), &secret(9))), "Untrusted");
    let forged = receipt(7, Event::Allowed, Some(&all[5]), &secret(9));
    let mut lines = body(&all);
    lines.pop();
    lines.push(Line::Receipt(Box::new(forged)));
    let report = check(bound(cover(3, 7, None), &lines, &secret(1)).as_bytes());
    assert_eq!(report.verdict, "Untrusted");
    let mut lines = body(&all);
    let place = lines.iter().position(|line| matches!(line, Line::Head(_))).unwrap();
    lines[place] = remembered("home", head(&all[6], &secret(9)));
    assert_eq!(verdict(&bound(cover(3, 7, None), &lines, &secret(1))), "Untrusted");
}

#[test]
fn attack_42_a_policy_text_that_is_not_the_accepted_one_is_named() {
    let all = ledger();
    for (text, hash) in [("version = 2\n", POLICY), ("version = 2\n", "version = 2\n")] {
        let mut lines = body(&all);
        let place = lines.iter().position(|line| matches!(line, Line::Policy(_))).unwrap();
        let sha256 = Hash::of(hash.as_bytes());
        lines[place] = Line::Policy(Text { sha256, text: text.into() });
        assert_eq!(verdict(&bound(cover(3, 7, None), &lines, &secret(1))), "HashMismatch");
    }
    let mut lines = body(&all);
    lines.retain(|line| !matches!(line, Line::Policy(_)));
    let report = check(bound(cover(3, 7, None), &lines, &secret(1)).as_bytes());
    assert!(report.is_valid(), "{report:#?}");
    assert!(report.not_checked.join("\n").contains("accepted in receipt 2"));
}

/// The ledger, whose receipts from 3 on name this policy hash.
fn judged_under(policy_hash: Hash) -> Vec<Receipt> {
    let mut all = ledger()[..2].to_vec();
    for seq in 3..=7 {
        let mut content = receipt(seq, Event::Allowed, all.last(), &secret(1)).content;
        content.entry.policy = Some(PolicyNote {
            rule_id: "default".into(),
            display: String::new(),
            policy_hash,
            risk: Risk::Low,
            verb: "tool_call".into(),
            matched: vec![],
        });
        all.push(Receipt::sign(content, &secret(1)).unwrap());
    }
    all
}

#[test]
fn attack_42_a_policy_hash_that_the_accepted_texts_do_not_make_up_is_named() {
    let home = |accepted| {
        let layer = Layer { name: "home", sha256: Hash::of(POLICY.as_bytes()), accepted };
        policy_hash(&[layer]).unwrap()
    };
    let report = |hash| {
        let report =
            check(bound(cover(3, 7, None), &body(&judged_under(hash)), &secret(1)).as_bytes());
        assert!(report.is_valid(), "{report:#?}");
        (report.checked.join("\n"), report.not_checked.join("\n"))
    };
    let (checked, not_checked) = report(home(true));
    assert!(
        checked.contains("policyHash of 5 receipts: it is that of policies accepted"),
        "{checked}"
    );
    assert!(!not_checked.contains("policyHash"), "{not_checked}");
    let (checked, not_checked) = report(home(false));
    assert!(!checked.contains("policyHash"), "{checked}");
    assert!(
        not_checked.contains("which policies judged 5 receipts, the first is receipt 3: "),
        "{not_checked}"
    );
}

#[test]
fn a_second_bundle_after_the_first_is_malformed() {
    assert_eq!(verdict(&(honest() + &honest())), "Malformed");
    assert_eq!(verdict(&(honest() + "\n")), "Malformed");
}

#[test]
fn attack_05_what_is_deep_long_or_written_otherwise_is_malformed() {
    let text = honest();
    let (first, rest) = text.split_once('\n').unwrap();
    let deep = format!("{first}\n{{\"key\":{}{}}}\n{rest}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(verdict(&deep), "Malformed");
    let spaced = text.replacen("{\"bundle\"", "{ \"bundle\"", 1);
    assert_eq!(verdict(&spaced), "Malformed");
    let twice = text.replacen("{\"bundle\":", "{\"bundle\":1,\"bundle\":", 1);
    assert_eq!(verdict(&twice), "Malformed");
    assert_eq!(verdict(""), "Truncated");
    assert_eq!(verdict("\n"), "Malformed");
    assert_eq!(verdict(&text.replacen("bundle/v1", "bundle/v2", 1)), "Unsupported");
}

#[test]
fn numbers_far_outside_cost_nothing() {
    let all = ledger();
    let far = receipt(u64::MAX >> 11, Event::Allowed, Some(&all[6]), &secret(1));
    let mut lines = body(&all);
    lines.push(Line::Receipt(Box::new(far)));
    assert_eq!(verdict(&bound(cover(3, 7, None), &lines, &secret(1))), "ChainBroken");
}

#[test]
fn a_quiet_time_has_a_bundle_too() {
    let cover = Cover { range: None, since: Some(NOW.timestamp()), ..cover(1, 1, None) };
    let report = check(bound(cover, &[], &secret(1)).as_bytes());
    assert!(report.is_valid(), "{report:#?}");
    assert_eq!(report.receipts, 0);
}

#[test]
fn no_report_grows_without_end() {
    let text = honest();
    let first = text.lines().next().unwrap();
    let report = check(format!("{first}\n").repeat(1_000).as_bytes());
    assert_eq!(report.problems.len(), 100);
    assert!(report.more >= 900);
}

#[test]
fn what_is_no_bundle_is_not_read_to_its_end() {
    let report = check("{}\n".repeat(1_000).as_bytes());
    assert_eq!((report.problems.len(), report.more), (100, 1));
}
