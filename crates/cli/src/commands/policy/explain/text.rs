//! An explanation as people read it.

use super::Found;
use crate::commands::policy::page::{Paint, hanging, paint, time, word};
use crate::commands::show::width;
use crate::output::Output;
use countersign_core::display::visible;
use countersign_policy::verdict::{AlwaysAllow, OnTimeout, Roster};
use countersign_policy::{Decision, Verdict};

/// The first column.
const LABEL: usize = 11;

pub(super) fn of(output: &Output, found: &Found) -> String {
    let width = width();
    let explanation = &found.explanation;
    let mut lines = vec![head(output, found), String::new()];
    if found.watched {
        let observed = "The policy only observes now: this runs, and is recorded. Enforced:";
        lines.extend(hanging("", 0, observed, width));
    }
    lines.extend(hanging("", 0, &visible(&explanation.sentence, true), width));
    lines.push(String::new());
    for (label, text) in facts(&explanation.verdict) {
        lines.extend(hanging(label, LABEL, &visible(&text, true), width));
    }
    findings(found, width, &mut lines);
    rules(output, found, width, &mut lines);
    for note in &found.notes {
        lines.push(String::new());
        lines.extend(hanging("note", LABEL, &visible(note, true), width));
    }
    lines.join("\n")
}

fn head(output: &Output, found: &Found) -> String {
    let decision = found.explanation.verdict.decision;
    let (colour, text) = match decision {
        Decision::RequireApproval if found.watched => (Paint::Careful, "RUNS, AND WOULD ASK"),
        Decision::Block if found.watched => (Paint::Careful, "RUNS, AND WOULD BE BLOCKED"),
        Decision::Allow => (Paint::Good, "RUNS"),
        Decision::Redact => (Paint::Good, "RUNS, WITH FIELDS HIDDEN"),
        Decision::RequireApproval => (Paint::Careful, "ASKS"),
        Decision::Block => (Paint::Bad, "BLOCKED"),
    };
    format!("{}  {}", paint(output, colour, text), cut(&found.headline))
}

/// The longest headline, in characters.
const SHOWN: usize = 68;

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn facts(verdict: &Verdict) -> Vec<(&'static str, String)> {
    let lane = verdict.lane.map(|lane| format!(", in the lane {}", lane.name()));
    let what =
        format!("{}, risk {}{}", verdict.verb, word(&verdict.risk), lane.unwrap_or_default());
    let by = format!("{}: {}", verdict.rule_id, verdict.display);
    let mut facts = vec![("what", what), ("by", by)];
    if verdict.decision == Decision::RequireApproval {
        facts.push(("who", who(verdict)));
        facts.push(("answer", answer(verdict)));
        facts.push(("silence", silence(verdict)));
        facts.push(("always", always(verdict.always_allow)));
    }
    if !verdict.redact.is_empty() {
        facts.push(("hidden", verdict.redact.join(", ")));
    }
    facts.push(("policy", verdict.policy_hash.to_string()));
    facts
}

fn who(verdict: &Verdict) -> String {
    let one = |roster: &Roster| {
        let of = match roster.approvers.as_slice() {
            [] => "the pinned approvers".to_owned(),
            labels => labels.join(", "),
        };
        format!("{} of {of}", roster.quorum)
    };
    let rosters: Vec<String> = verdict.rosters.iter().map(one).collect();
    let veto = if verdict.veto { "; one denial ends it" } else { "" };
    format!("{}, assurance {} or more{veto}", rosters.join(" and "), word(&verdict.min_assurance))
}

fn answer(verdict: &Verdict) -> String {
    let reason = if verdict.require_reason { ", with a reason" } else { "" };
    let uses = match verdict.max_uses {
        1 => "for one use".to_owned(),
        uses => format!("for {uses} uses"),
    };
    format!("within {}{reason}, {uses}", time(verdict.timeout_seconds))
}

fn silence(verdict: &Verdict) -> String {
    let step = |step: &countersign_policy::verdict::Escalation| {
        format!("after {} {} is asked", time(step.after), step.to)
    };
    let mut steps: Vec<String> = verdict.escalation.iter().map(step).collect();
    if verdict.on_timeout == OnTimeout::Deny && !steps.is_empty() {
        steps.push("when the time is over it is denied".into());
    }
    if steps.is_empty() { "it is denied".into() } else { steps.join("; ") }
}

fn always(offer: Option<AlwaysAllow>) -> String {
    match offer {
        None => "not on offer".into(),
        Some(AlwaysAllow { max_seconds, session }) => {
            let until = if session { ", and no longer than the session" } else { "" };
            format!("on offer for {}{until}", time(max_seconds))
        }
    }
}

fn findings(found: &Found, width: usize, lines: &mut Vec<String>) {
    lines.extend([String::new(), "What was found, the most dangerous first:".to_owned()]);
    for finding in &found.facts.class.findings {
        let first = format!("  {:<9} {}", word(&finding.risk), finding.verb);
        let part = visible(&finding.part, false);
        lines.push(format!("{first:<30} {}", cut(&part)));
        lines.extend(hanging("", 12, &visible(&finding.why, true), width));
    }
}

fn rules(output: &Output, found: &Found, width: usize, lines: &mut Vec<String>) {
    let considered = &found.explanation.considered;
    lines.push(String::new());
    if considered.is_empty() {
        lines.push("There are no rules; the risk table decides.".into());
        return;
    }
    lines.push("Rules, in the order of their wording:".into());
    for rule in considered {
        let said = match rule.decision {
            Some(decision) => word(&decision),
            None => "no decision".into(),
        };
        let matched = match rule.matched {
            true => paint(output, Paint::Strong, "matches"),
            false => "does not match".into(),
        };
        lines.push(format!("  {} ({said}) {matched}", visible(&rule.rule, false)));
        for because in &rule.because {
            lines.extend(hanging("    -", 6, &visible(because, true), width));
        }
    }
}
