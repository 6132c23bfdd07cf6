//! Bundles that hold, and what they say was not checked.

use countersign_core::artifact::{Assurance, Risk};
use countersign_core::bundle::{Line, Remembered};
use countersign_core::encoding::Hash;
use countersign_core::layers::{Layer, policy_hash};
use countersign_core::receipt::{Content, Entry, Event, PolicyNote, Receipt};
use countersign_core::trust::{Past, Status};
use serde_json::json;

use super::super::object::{self, NOW};
use super::story::{Question, allowed, change, key, ledger, plain, policy, ran};
use super::{Case, Made, OWN, POLICY, Vector, cover, head_of, remembered};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut all = shapes()?;
    all.extend(told()?);
    all.extend(policies()?);
    Ok(all)
}

fn shapes() -> Made<Vec<Vector>> {
    let good = "Valid";
    let since = |case: &mut Case| case.cover.since = Some(NOW.plus_millis(3_000).timestamp());
    let quiet = Case::but(|case| {
        (case.cover.range, case.lines) = (None, vec![]);
        since(case);
    })?;
    let alone = Case::but(|case| case.without("earlier"))?;
    let whole = Case::whole(ledger(vec![key()?, allowed("a")?, ran("a")?])?)?;
    Ok(vec![
        Case::new()?.verdict("part-of-a-ledger", good)?,
        Case::but(since)?.verdict("since-its-first-receipt", good)?,
        whole.verdict("whole-ledger", good)?,
        people()?.verdict("a-call-that-ann-allowed", good)?,
        quiet.verdict("a-time-without-receipts", good)?,
        Case {
            lines: alone.lines.into_iter().filter(|l| l.section() != "policy").collect(),
            ..Case::new()?
        }
        .verdict("nothing-earlier", good)?,
    ])
}

/// Ann was asked with the newest head of the ledger, and her answer covers it.
fn people() -> Made<Case> {
    let operator = object::operator_key()?;
    let first = ledger(vec![key()?, policy(POLICY)?])?;
    let head = head_of(first.last().ok_or("no receipt")?, &operator)?;
    let asked = Question::new("r1")?.knowing(&head)?;
    let mut all = first;
    for entry in [
        asked.waits(Event::Suspended)?,
        asked.allowed(Event::Approved)?,
        asked.allowed(Event::Released)?,
        asked.allowed(Event::Executed)?,
    ] {
        let receipt = super::story::next(all.last(), entry, &operator)?;
        all.push(receipt);
    }
    Case::whole(all)
}

/// What is no fault, and is told.
fn told() -> Made<Vec<Vector>> {
    let good = "Valid";
    let missing = |by: &str| {
        Line::Head(Remembered {
            by: by.into(),
            checkpoint: None,
            missing: Some("it was not reached".into()),
        })
    };
    let asked = Case::but(|case| {
        let at = case.lines.iter().position(|line| line.section() == "earlier").unwrap_or(0);
        case.lines.insert(at, missing("https://gateway.example"));
    })?;
    let all = plain()?;
    let mut outside = Case::new()?;
    let first = all.first().ok_or("no receipt")?;
    outside.put(remembered("home", head_of(first, &outside.operator)?));
    let mut closed = Case::new()?;
    closed.cover = cover(3, 4);
    closed.cover.until = Some(NOW.plus_millis(5_000).timestamp());
    closed.lines.pop();
    let unread = Case::but(|case| case.without("policy"))?;
    let rotated = Case::but(|case| {
        let until = NOW.plus_millis(9_000_000).timestamp();
        case.trust
            .operators
            .iter_mut()
            .for_each(|o| o.status = Status::Rotated { until: until.clone() });
        case.trust.approvers.iter_mut().for_each(|a| a.roles = vec!["ops".into()]);
        case.trust.approvers.iter_mut().take(1).for_each(|a| a.past = before());
    })?;
    let unknown = Case::but(|case| case.trust.approvers.clear())?;
    let strangers = Case::but(|case| case.known.own.clear())?;
    Ok(vec![
        asked.verdict("a-gateway-that-was-not-reached", good)?,
        outside.verdict("a-head-before-the-range", good)?,
        closed.verdict("a-head-after-a-range-that-ends", good)?,
        unread.verdict("attack-42-policy-text-that-is-not-inside", good)?,
        rotated.verdict("keys-that-differ", good)?,
        unknown.verdict("approvers-whom-nobody-pinned", good)?,
        strangers.verdict("nothing-known-of-policies", good)?,
    ])
}

/// What somebody was before every receipt.
fn before() -> Vec<Past> {
    let until = |minutes: i64, person: &str| Past {
        until: NOW.plus_millis(-minutes * 60_000).timestamp(),
        person: person.into(),
        roles: vec!["sre".into(), "ops".into()],
        assurance: Assurance::Web,
        passkey: None,
    };
    vec![until(90, "annie"), until(60, "\u{202e}")]
}

/// Under which policies receipts were written.
fn policies() -> Made<Vec<Vector>> {
    let layer =
        |name, text: &str| Layer { name, sha256: Hash::of(text.as_bytes()), accepted: true };
    let home = || layer("home", POLICY);
    let below = |dir: &str, text: &str| {
        let sha256 = Hash::of(text.as_bytes());
        change(
            Event::Policy,
            json!({"kind": "policy", "place": "workspace", "workspace": dir, "sha256": sha256}),
        )
    };
    let organisation = Hash::of(b"o");
    let ours = change(
        Event::Policy,
        json!({"kind": "policy", "place": "organisation", "sha256": organisation}),
    )?;
    let judged = |name, changes: Vec<Entry>, hash: Hash| {
        let noted =
            |request| allowed(request).map(|entry| Entry { policy: Some(note(hash)), ..entry });
        let mut entries = changes;
        entries.extend([noted("a")?, noted("b")?]);
        Case::whole(ledger(entries)?)?.verdict(name, "Valid")
    };
    let (built_in, w, deep) = (Hash([6; 32]), below("/w", "w")?, below("/w/./a/", "a")?);
    let layers = |all: &[Layer]| policy_hash(all).map_err(Box::<dyn std::error::Error>::from);
    Ok(vec![
        judged("judged-under-the-policy-of-the-home", vec![policy(POLICY)?], layers(&[home()])?)?,
        judged(
            "judged-under-the-built-in-policy",
            vec![key()?],
            layers(&[Layer { name: "builtin", sha256: built_in, accepted: true }])?,
        )?,
        judged("judged-by-a-rule-of-the-enforcers-own", vec![key()?], OWN)?,
        judged(
            "attack-42-judged-under-a-text-nobody-accepted",
            vec![policy(POLICY)?],
            layers(&[Layer { accepted: false, ..home() }])?,
        )?,
        judged(
            "judged-in-a-workspace-below-another",
            vec![ours, policy(POLICY)?, deep.clone(), w.clone()],
            layers(&[
                layer("organisation", "o"),
                home(),
                layer("workspace", "w"),
                layer("workspace", "a"),
            ])?,
        )?,
        judged(
            "attack-42-a-key-that-names-a-text-accepts-none",
            vec![change(
                Event::Key,
                json!({"kind": "key", "place": "home", "sha256": Hash::of(POLICY.as_bytes())}),
            )?],
            layers(&[home()])?,
        )?,
        judged(
            "judged-in-a-directory-that-only-begins-alike",
            vec![policy(POLICY)?, below("/w-b", "b")?, w],
            layers(&[home(), layer("workspace", "w"), layer("workspace", "b")])?,
        )?,
    ])
}

fn note(policy_hash: Hash) -> PolicyNote {
    PolicyNote {
        rule_id: "default".into(),
        display: String::new(),
        policy_hash,
        risk: Risk::Low,
        verb: "deploy".into(),
        matched: vec![],
    }
}

/// The receipt with its content changed, signed again.
pub(super) fn again(receipt: &Receipt, change: impl FnOnce(&mut Content)) -> Made<Receipt> {
    let mut content = receipt.content.clone();
    change(&mut content);
    Ok(Receipt::sign(content, &object::operator_key()?)?)
}
