//! What stands beside the receipts: keys, policies, heads, and what was before the range.

use countersign_core::bundle::{Key, Line, Remembered, Text};
use countersign_core::encoding::Hash;

use super::super::object;
use super::story::{allowed, key, ledger, plain};
use super::{Case, Made, POLICY, Vector, head_of, remembered};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut all = keys_and_policies()?;
    all.extend(heads()?);
    all.extend(earlier()?);
    Ok(all)
}

fn keys_and_policies() -> Made<Vec<Vector>> {
    let text = |sha256, text: &str| {
        let line = Line::Policy(Text { sha256, text: text.into() });
        Case::but(|case| case.put(line))
    };
    let (accepted, other) = (Hash::of(POLICY.as_bytes()), "version = 2\n");
    let stranger = object::strangers()?;
    let mut named = object::approver(&stranger, "eve");
    named.key_id = object::bobs()?.key_id();
    let renamed = Case::but(|case| {
        for line in &mut case.lines {
            if matches!(line, Line::Key(key) if key.id() == &named.key_id) {
                *line = Line::Key(Box::new(Key::Approver(Box::new(named.clone()))));
            }
        }
    })?;
    let more = Case::but(|case| {
        let operator = Key::Operator(Box::new(object::operator(&stranger)));
        case.lines.push(Line::Key(Box::new(operator)));
        case.lines.sort_by_key(|line| match line {
            Line::Key(key) => (0, key.id().0.clone()),
            Line::Policy(_) => (1, String::new()),
            Line::Head(_) => (2, String::new()),
            Line::Earlier(_) => (3, String::new()),
            _ => (4, String::new()),
        });
    })?;
    Ok(vec![
        text(accepted, other)?.verdict("attack-42-policy-text-edited", "HashMismatch")?,
        text(Hash::of(other.as_bytes()), other)?
            .verdict("attack-42-policy-that-nobody-accepted", "HashMismatch")?,
        renamed.verdict("key-under-the-name-of-another", "Malformed")?,
        more.verdict("attack-07-key-of-a-stranger-inside", "Valid")?,
    ])
}

fn heads() -> Made<Vec<Vector>> {
    let all = plain()?;
    let operator = object::operator_key()?;
    let newest = head_of(all.last().ok_or("no receipt")?, &operator)?;
    let put = |head: Remembered| Case::but(|case| case.put(Line::Head(head)));
    let by = || "home".to_owned();
    let both = Remembered {
        by: by(),
        checkpoint: Some(newest.clone()),
        missing: Some("it was not reached".into()),
    };
    let neither = Remembered { by: by(), checkpoint: None, missing: None };
    let mut broken = newest.clone();
    broken.signature = super::super::forge::flipped(broken.signature, 40);
    let mut moved = newest;
    moved.head.seq = 4;
    Ok(vec![
        put(both)?.verdict("head-that-is-there-and-missing", "Malformed")?,
        put(neither)?.verdict("head-that-is-neither", "Malformed")?,
        Case::but(|case| case.put(remembered("home", broken)))?
            .verdict("head-with-a-broken-signature", "BadSignature")?,
        Case::but(|case| case.put(remembered("home", moved)))?
            .verdict("attack-39-head-that-was-edited", "BadSignature")?,
    ])
}

/// Receipts from before the range.
fn earlier() -> Made<Vec<Vector>> {
    let call = ledger(vec![key()?, allowed("a")?])?;
    let other = call.into_iter().nth(1).ok_or("no receipt")?;
    let put = |receipt| {
        Case::but(|case| {
            let line = Line::Earlier(Box::new(receipt));
            let at = case.lines.iter().rposition(|one| one.section() == "earlier");
            if let Some(old) = at.and_then(|at| case.lines.get_mut(at)) {
                *old = line;
            }
        })
    };
    let mut edited = plain()?.into_iter().nth(1).ok_or("no receipt")?;
    edited.content.recorded_at = super::NOW.timestamp();
    Ok(vec![
        put(other)?.verdict("earlier-that-changes-nothing", "Malformed")?,
        put(edited)?.verdict("attack-28-earlier-edited", "HashMismatch")?,
    ])
}
