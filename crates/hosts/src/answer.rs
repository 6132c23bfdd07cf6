//! What a host is told.
//!
//! Both hosts run the tool where they do not understand an answer: without `hookEventName`, with a
//! member too many (Codex), with a denial that gives no reason (Codex), with anything beside the
//! one document. So an answer is one line of ASCII-safe JSON in exactly the form that the host was
//! seen to take, and a reason is never empty.
//!
//! A denial is said twice: in the document, and by exit code 2 with the reason on standard error.
//! What another program writes before the document (a shell's start-up file) then spoils an
//! allowing answer and no denying one.

mod words;

use crate::{Call, Event, Host};
use countersign_core::display::escaped;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub use words::MAX_REASON;

/// The verdict about one call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The tool runs. The words say on what grounds.
    Allow(String),
    /// It does not. The words are for the model: what was refused, why, and what to do next.
    Deny(String),
}

/// What a hook's process says: these bytes and this exit code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// On standard output.
    pub stdout: String,
    /// On standard error.
    pub stderr: String,
    /// The exit code.
    pub exit: u8,
}

impl Answer {
    /// The answer in the words of the host that made the call.
    #[must_use]
    pub fn said(&self, call: &Call) -> Said {
        let output = match (call.event, self) {
            (Event::PermissionRequest, Self::Allow(_)) => permission(json!({"behavior": "allow"})),
            (Event::PermissionRequest, Self::Deny(why)) => {
                permission(json!({"behavior": "deny", "message": words::reason(why)}))
            }
            (_, Self::Deny(why)) => decision("deny", why),
            (_, Self::Allow(why)) => allowing(call, why),
        };
        let stdout = document(call.event, output);
        match self {
            Self::Allow(_) => Said { stdout, stderr: String::new(), exit: 0 },
            Self::Deny(why) => Said { stdout, ..refused(call.host, why) },
        }
    }
}

/// The refusal of what could not even be read, in the form that a host takes for a refusal whatever
/// the event: exit code 2, with words on standard error, without which Codex runs the tool.
#[must_use]
pub fn refused(_host: Host, because: &str) -> Said {
    Said { stdout: String::new(), stderr: format!("{}\n", words::reason(because)), exit: 2 }
}

/// An allowing answer names what was judged, so that it holds for nothing else.
///
/// Codex takes no allowing answer without it. A skill's line does not run where it is named.
fn allowing(call: &Call, why: &str) -> Output {
    let mut output = decision("allow", why);
    if call.event == Event::PreToolUse && !waits_for_user(call) {
        output.insert("updatedInput", Value::Object(call.input.clone()));
    }
    output
}

/// Tools of Claude Code that wait for its user. With the input named it takes our answer for the
/// user's; without it, it allows no more than we do and still asks.
const WAIT_FOR_USER: [&str; 6] = [
    "AskUserQuestion",
    "ExitPlanMode",
    "OfferChromeSetup",
    "PublishPlugin",
    "SendToProject",
    "ShowOnboardingRolePicker",
];

fn waits_for_user(call: &Call) -> bool {
    call.host == Host::ClaudeCode && WAIT_FOR_USER.contains(&call.tool.as_str())
}

/// The members of the one object that a host reads.
type Output = BTreeMap<&'static str, Value>;

fn decision(decision: &str, why: &str) -> Output {
    Output::from([
        ("permissionDecision", decision.into()),
        ("permissionDecisionReason", words::reason(why).into()),
    ])
}

fn permission(decision: Value) -> Output {
    Output::from([("decision", decision)])
}

fn document(event: Event, mut output: Output) -> String {
    output.insert("hookEventName", event.name().into());
    format!("{}\n", escaped(&json!({"hookSpecificOutput": output}).to_string()))
}
