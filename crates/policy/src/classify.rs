//! From an action to what it does. Every finding counts, the most dangerous one leads, and
//! nothing an action says of itself makes it less dangerous than what was found.

use crate::facts::{Class, Finding, Names, Place};
use crate::verb::Verb;
use countersign_core::action::Action;
use countersign_core::artifact::Risk;

/// What an action does, how dangerous that is, and why.
#[must_use]
pub fn classify(action: &Action, _place: &Place) -> Class {
    let coarse = match action {
        Action::Command(_) => "shell_exec",
        Action::Http(_) => "http_request",
        Action::Patch(_) => "patch",
        Action::Checkpoint(_) => "checkpoint",
        _ => "tool_call",
    };
    let verb = Verb::fixed(coarse);
    let finding = Finding {
        part: action.kind().to_owned(),
        why: "nothing is known of it".to_owned(),
        verb: verb.clone(),
        risk: Risk::High,
    };
    Class {
        findings: vec![finding],
        verbs: Names { own: vec![verb], also: Vec::new() },
        risk: Risk::High,
        known: false,
        floors: Vec::new(),
        tools: Names { own: Vec::new(), also: Vec::new() },
        hosts: Names { own: Vec::new(), also: Vec::new() },
    }
}
