//! What was found in a ledger, for people and for programs.

use super::walk::HEAD;
use crate::commands::receipt::explain;
use countersign_core::display::{counted, visible};
use countersign_core::receipt::check::Verdict;
use countersign_enforcer::audit::{Broken, Report};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn words(report: &Report) -> String {
    let mut lines = vec![match &report.broken {
        None => {
            let receipts = counted(report.receipts, "receipt");
            format!("VALID: {receipts} of ledger {}", plain(&report.ledger))
        }
        Some(broken) => format!("NOT VALID: {}{}", place(broken), found(broken)),
    }];
    let mut add = |label: &str, text: &str| lines.push(format!("  {label:<12} {}", plain(text)));
    if let Some(broken) = &report.broken {
        add("because", &broken.because);
        let hold = if report.receipts == 1 { "holds" } else { "hold" };
        add("before it", &format!("{} {hold}", counted(report.receipts, "receipt")));
        add("do", &advice(broken));
    }
    let levels: Vec<String> = report.levels.iter().map(|(l, n)| format!("{n} {l:?}")).collect();
    if !levels.is_empty() {
        add("levels", &levels.join(", "));
    }
    if report.segments > 0 {
        add("segments", &format!("{} hold, each the file that was sealed", report.segments));
    }
    if let Some(last) = report.dropped {
        add("dropped", &format!("receipts 1 to {last}, as a signed receipt says"));
    }
    for one in &report.witnesses {
        let holds = if one.holds { "agrees" } else { "DISAGREES" };
        add("witness", &format!("{} {holds} at receipt {}", one.who, one.seq));
    }
    report.not_checked.iter().for_each(|what| add("not checked", what));
    lines.join("\n")
}

fn plain(text: &str) -> String {
    visible(text, false)
}

/// The verdict in words.
pub(crate) fn found(broken: &Broken) -> String {
    match broken.verdict {
        Verdict::Malformed => "what is stored cannot be read [Malformed]".to_owned(),
        ref verdict => explain(verdict),
    }
}

/// Where it is, before the verdict; nothing where it is no one receipt.
pub(crate) fn place(broken: &Broken) -> String {
    broken.at.map_or_else(String::new, |at| format!("receipt {at}: "))
}

/// What to do, by what was found, and where.
fn advice(broken: &Broken) -> String {
    match (&broken.verdict, broken.at) {
        (Verdict::Truncated | Verdict::Forked, _) => {
            "keep the file for an auditor; compare it with the backups, the gateway and what the \
             approvers keep, then move `ledger.db` and `head.json` away to start another"
        }
        (Verdict::Untrusted { .. }, _) => {
            "if the key is one of yours, check with the trust store that pins it; else somebody \
             wrote this receipt who is not your operator: keep the file for an auditor"
        }
        (Verdict::Revoked, _) => {
            "if you kept a `head.json` from before the key was taken back, name it and when you saw it \
             with --witnessed TIME=FILE; else nothing tells the age of this receipt"
        }
        (Verdict::Unsupported, _) => {
            "check with the version of this program that wrote it; where none did, somebody edited the \
             file: keep it for an auditor"
        }
        (Verdict::Malformed, None) if broken.because.starts_with(HEAD) => {
            "the receipts hold, and nothing in this home says that they are all: compare with the \
             gateway and what the approvers keep. Then keep a copy of `head.json` for an auditor and \
             move it away; the next receipt writes it anew"
        }
        (Verdict::Contradicted, Some(at)) => {
            return format!(
                "the receipts before {at} hold, and {at} tells what they exclude: somebody changed what \
                 the gate goes by, and it was acted on. `countersign freeze` stops everything; see \
                 what receipt {at} let go, keep the file for an auditor, then move `ledger.db` and \
                 `head.json` away to start another"
            );
        }
        (Verdict::Contradicted, None) => {
            "the receipts hold, and what the gate goes by beside them was changed: `countersign \
             freeze` stops everything. Keep the file for an auditor, then move `ledger.db` and \
             `head.json` away to start another"
        }
        _ => {
            "keep the file for an auditor; what stands before this place holds, and a backup that \
             passes this check holds what came after it"
        }
    }
    .to_owned()
}

/// The one document. `verdict` and its members are those of `receipt verify`.
pub(super) fn document(report: &Report) -> Value {
    let valid = || json!({"verdict": "Valid"});
    let verdict = report.broken.as_ref().map(|broken| json!(broken.verdict));
    let mut document = verdict.unwrap_or_else(valid);
    let Some(members) = document.as_object_mut() else { return document };
    let levels: BTreeMap<String, u64> =
        report.levels.iter().map(|(level, count)| (format!("{level:?}"), *count)).collect();
    let mut add = |name: &str, value: Value| {
        members.insert(name.to_owned(), value);
    };
    add("ledger", json!(report.ledger));
    add("receipts", json!(report.receipts));
    add("levels", json!(levels));
    add("segments", json!(report.segments));
    if let Some(last) = report.dropped {
        add("dropped", json!({"first": 1, "last": last}));
    }
    add("witnesses", json!(report.witnesses));
    add("notChecked", json!(report.not_checked));
    if let Some((seq, hash)) = report.newest {
        add("newest", json!({"seq": seq, "contentHash": hash}));
    }
    if let Some(broken) = &report.broken {
        add("because", json!(broken.because));
        add("hint", json!(advice(broken)));
        if let Some(at) = broken.at {
            add("receipt", json!(at));
        }
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_about_a_contradiction_names_its_place() {
        let told = |at| {
            let broken =
                Broken { at, verdict: Verdict::Contradicted, because: "used twice".to_owned() };
            words(&Report { receipts: 1, broken: Some(broken), ..Report::default() })
        };
        let receipt = told(Some(12));
        assert!(receipt.starts_with("NOT VALID: receipt 12: "), "{receipt}");
        assert!(receipt.contains("see what receipt 12 let go"), "{receipt}");
        assert!(receipt.contains("before it    1 receipt holds"), "{receipt}");
        let beside = told(None);
        assert!(beside.contains("the receipts hold") && beside.contains("freeze"), "{beside}");
    }
}
