//! Verdicts and quorums in words.

use countersign_core::display::visible;
use countersign_core::receipt::check::{Quorum, Verdict};

pub(crate) fn explain(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Valid { .. } => "valid".into(),
        Verdict::Untrusted { key_id } => {
            format!("key {} is not in the trust store [Untrusted]", visible(&key_id.0, false))
        }
        Verdict::BadSignature => "a signature does not verify [BadSignature]".into(),
        Verdict::HashMismatch => "a hash is not the one of what it names [HashMismatch]".into(),
        Verdict::LevelMismatch => {
            "the level written down is not the one the signatures reach [LevelMismatch]".into()
        }
        Verdict::ThresholdNotMet { have, need } => {
            format!("{have} of {need} approvals [ThresholdNotMet]")
        }
        Verdict::OffRoster => "somebody decided who was not asked [OffRoster]".into(),
        Verdict::SelfApproval => "the operator approved for itself [SelfApproval]".into(),
        Verdict::Revoked => "a key in it was taken back [Revoked]".into(),
        Verdict::ChainBroken { seq } => format!("the chain breaks at {seq} [ChainBroken]"),
        Verdict::Truncated => "the ledger was cut [Truncated]".into(),
        Verdict::Forked => "the ledger was forked [Forked]".into(),
        Verdict::Contradicted => "it contradicts what was recorded before [Contradicted]".into(),
        Verdict::Malformed => "not a receipt [Malformed]".into(),
        Verdict::Unsupported => "a receipt of another version [Unsupported]".into(),
    }
}

/// A line for the quorum, one for each group, and who said no: "2 of 3: alice, bob".
pub(super) fn several(quorum: &Quorum, approvers: &[String]) -> String {
    let names = |persons: &[String]| match persons {
        [] => "nobody".to_owned(),
        some => visible(&some.join(", "), false),
    };
    let mut lines =
        vec![format!("quorum: {} of {}: {}", quorum.need, quorum.asked.len(), names(approvers))];
    lines.extend(quorum.groups.iter().map(|group| {
        let of: Vec<_> = group.persons.iter().filter(|p| approvers.contains(p)).cloned().collect();
        let (need, size) = (group.threshold.max(1), group.persons.len());
        let name = visible(group.name.as_deref().unwrap_or("a group"), false);
        format!("  of {name}: {need} of {size}: {}", names(&of))
    }));
    if !quorum.denied.is_empty() {
        lines.push(format!("denied by: {}", names(&quorum.denied)));
    }
    format!("\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::artifact::Group;

    fn quorum() -> Quorum {
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let group =
            Group { name: Some("security".into()), persons: named(&["bob", "cat"]), threshold: 1 };
        Quorum {
            need: 2,
            asked: named(&["alice", "bob", "cat"]),
            denied: named(&["cat"]),
            groups: vec![group],
            veto: false,
        }
    }

    #[test]
    fn a_quorum_is_told_in_a_line_of_its_own() {
        let lines = several(&quorum(), &["alice".into(), "bob".into()]);
        assert_eq!(
            lines,
            "\nquorum: 2 of 3: alice, bob\n  of security: 1 of 2: bob\ndenied by: cat"
        );
        assert!(several(&quorum(), &[]).starts_with("\nquorum: 2 of 3: nobody\n"));
    }
}
