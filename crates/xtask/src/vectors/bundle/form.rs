//! Lines, their order, and files that were cut.

use countersign_core::bundle::{MAX_LINE, Range};
use serde_json::json;

use super::super::object;
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut all = lines()?;
    all.extend(moved()?);
    all.extend(cut()?);
    all.extend(covers()?);
    Ok(all)
}

/// Lines that are no lines of a bundle.
fn lines() -> Made<Vec<Vector>> {
    let (case, malformed) = (Case::new()?, "Malformed");
    let text = case.text()?;
    let but = |name, expect, from: &str, to: &str| {
        let changed = text.replacen(from, to, 1);
        if changed == text {
            return Err(format!("`{name}` changes nothing").into());
        }
        case.reads(name, expect, &changed)
    };
    let deep = format!("\n{{\"key\":{}{}}}\n{{\"key\"", "[".repeat(80), "]".repeat(80));
    Ok(vec![
        case.reads("empty", "Truncated", "")?,
        case.reads("one-empty-line", malformed, "\n")?,
        case.reads("no-bundle", malformed, "dear auditor\n")?,
        case.reads("a-hundred-lines-of-something-else", malformed, &"x\n".repeat(100))?,
        case.reads("a-hundred-and-one-lines-of-something-else", malformed, &"x\n".repeat(101))?,
        case.reads("a-receipt-alone", malformed, "{\"receipt\":{}}\n")?,
        but("attack-05-with-a-space", malformed, "{\"bundle\"", "{ \"bundle\"")?,
        but("member-twice", malformed, "{\"bundle\":", "{\"bundle\":1,\"bundle\":")?,
        but("unknown-section", malformed, "{\"policy\":", "{\"policies\":")?,
        but("two-sections-in-a-line", malformed, "{\"policy\":", "{\"key\":1,\"policy\":")?,
        but("unknown-member-of-the-cover", malformed, "\"ledger\":", "\"also\":1,\"ledger\":")?,
        but("attack-05-nested-deep", malformed, "\n{\"key\"", &deep)?,
        but("byte-order-mark", malformed, "{\"bundle\"", "\u{feff}{\"bundle\"")?,
        but("ends-with-carriage-returns", malformed, "\n", "\r\n")?,
        but(
            "a-key-with-two-roles",
            malformed,
            "{\"key\":{\"approver\":",
            "{\"key\":{\"admin\":1,\"approver\":",
        )?,
        but(
            "a-receipt-with-an-unknown-member",
            malformed,
            "{\"receipt\":{\"content\":{",
            "{\"receipt\":{\"content\":{\"a\":1,",
        )?,
        but("another-version", "Unsupported", "bundle/v1", "bundle/v2")?,
        but(
            "a-receipt-of-another-version",
            "Unsupported",
            "countersign.receipt/v1\"}}\n{\"receipt\"",
            "countersign.receipt/v2\"}}\n{\"receipt\"",
        )?,
        too_long(&case)?,
    ])
}

/// A line that is longer than any may be.
fn too_long(case: &Case) -> Made<Vector> {
    let text = case.text()?;
    let before = format!("{}\n{{\"receipt\":\"", text.lines().next().unwrap_or_default());
    let whole = format!("{before}{}\"}}\n", "x".repeat(MAX_LINE));
    let repeat = json!({"before": before, "text": "x", "times": MAX_LINE, "after": "\"}\n"});
    case.judged(
        "line-too-long",
        "Truncated",
        whole.as_bytes(),
        object::object(json!({"repeat": repeat})),
    )
}

/// Lines that stand elsewhere, twice, or not at all.
fn moved() -> Made<Vec<Vector>> {
    let case = Case::new()?;
    let text = case.text()?;
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let edit = |name, expect, change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        let joined: String = lines.iter().map(|line| format!("{line}\n")).collect();
        case.reads(name, expect, &joined)
    };
    let last = lines.len() - 1;
    let first = lines.first().cloned().unwrap_or_default();
    let receipt = lines.get(last - 1).cloned().unwrap_or_default();
    Ok(vec![
        edit("without-its-cover", "Malformed", &|lines| drop(lines.remove(0)))?,
        edit("nothing-but-its-manifest", "Malformed", &|lines| drop(lines.drain(..last)))?,
        edit("attack-28-without-its-manifest", "Truncated", &|lines| drop(lines.pop()))?,
        edit("a-second-cover", "Malformed", &|lines| lines.insert(3, first.clone()))?,
        edit("attack-28-receipt-twice", "Malformed", &|lines| lines.insert(last, receipt.clone()))?,
        edit("attack-28-receipts-swapped", "ChainBroken", &|lines| lines.swap(last - 1, last - 2))?,
        edit("keys-out-of-order", "Malformed", &|lines| lines.swap(1, 2))?,
        edit("sections-out-of-order", "Malformed", &|lines| lines.swap(4, 5))?,
        edit("something-after-the-manifest", "Malformed", &|lines| lines.push(String::new()))?,
        edit("a-second-bundle", "Malformed", &|lines| lines.push(first.clone()))?,
        edit("attack-28-key-removed", "HashMismatch", &|lines| drop(lines.remove(1)))?,
        edit("attack-28-head-removed", "HashMismatch", &|lines| drop(lines.remove(5)))?,
    ])
}

/// Files that stop early.
fn cut() -> Made<Vec<Vector>> {
    let case = Case::new()?;
    let text = case.text()?;
    let to = |name, expect, length: usize| {
        case.reads(name, expect, text.get(..length).unwrap_or_default())
    };
    let cover = text.find('\n').unwrap_or(0);
    Ok(vec![
        to("attack-28-without-the-last-line-break", "Truncated", text.len() - 1)?,
        to("attack-28-cut-in-the-manifest", "Truncated", text.len() - 100)?,
        to("attack-28-cut-in-the-middle", "Truncated", text.len() / 2)?,
        to("attack-28-cut-in-the-cover", "Truncated", cover)?,
        to("attack-28-nothing-but-the-cover", "Truncated", cover + 1)?,
    ])
}

/// Covers that promise what cannot be.
fn covers() -> Made<Vec<Vector>> {
    let range = |name, expect, first, last| {
        Case::but(|case| case.cover.range = Some(Range { first, last }))?.verdict(name, expect)
    };
    Ok(vec![
        range("range-from-nothing", "Malformed", 0, 5)?,
        range("range-backwards", "Malformed", 5, 3)?,
        range("attack-28-range-that-promises-more", "ChainBroken", 3, 6)?,
        range("range-that-begins-earlier", "Malformed", 2, 5)?,
        range("attack-28-receipts-beyond-the-range", "ChainBroken", 3, 4)?,
        Case::but(|case| case.cover.range = None)?
            .verdict("receipts-in-a-time-without-any", "ChainBroken")?,
        Case::but(|case| {
            case.cover.since = Some(super::NOW.plus_millis(4_000).timestamp());
        })?
        .verdict("a-receipt-from-before-the-time", "Malformed")?,
    ])
}
