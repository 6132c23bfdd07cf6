//! What `request` is given, made into an action. Everything here is the caller's own text: it is
//! read strictly, within limits, and without anything that only the enforcer may write.

use crate::failure::{Exit, Failure};
use countersign_core::action::{Action, Request};
use countersign_core::display::visible;
use countersign_core::encoding::Hash;
use countersign_core::json::{self, JsonError, limit};
use countersign_core::redact::smuggles_commitment;
use countersign_enforcer::{Enforcer, GateError, Grounds};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::io::Read;
use std::path::PathBuf;

/// The names that the enforcer's own requests have.
const OWN: &str = "countersign.";

/// The longest name of a detail.
const NAME: usize = 64;

/// What kind of thing is asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(super) enum Kind {
    /// Something to be done once.
    #[value(name = "command.review")]
    Command,
    /// An intended course.
    #[value(name = "plan.review")]
    Plan,
    /// A piece of work.
    #[value(name = "task.review")]
    Task,
}

/// What stands on the command line.
pub(super) struct Given<'a> {
    pub(super) kind: Kind,
    pub(super) action: Option<&'a str>,
    pub(super) parameters: Option<&'a str>,
}

impl Given<'_> {
    /// The action that is asked about.
    pub(super) fn action(&self) -> Result<Action, Failure> {
        let parameters = self.parameters.map_or_else(|| Ok(json!({})), read)?;
        match (self.kind, self.action) {
            (Kind::Command, Some(name)) => named(name, parameters),
            (Kind::Command, None) => Err(unusable("--action NAME says what is asked for")),
            (Kind::Plan | Kind::Task, Some(_)) => {
                Err(unusable("a plan or a task has a title, and no --action"))
            }
            (Kind::Plan, None) => course("plan", parameters),
            (Kind::Task, None) => course("task", parameters),
        }
    }
}

/// A request under a name of the caller's.
pub(super) fn named(name: &str, parameters: Value) -> Result<Action, Failure> {
    if name.trim().is_empty() {
        return Err(unusable("the action has no name"));
    }
    if name.starts_with(OWN) {
        let message = format!(
            "`{}` is no name for an action: what begins with `{OWN}` is the enforcer's own",
            visible(name, false)
        );
        return Err(unusable(&message));
    }
    Ok(Action::Request(Request { action: name.to_owned(), parameters, verb: None }))
}

/// A plan or a task: its members are those of the action.
fn course(kind: &str, parameters: Value) -> Result<Action, Failure> {
    let Value::Object(mut members) = parameters else {
        return Err(unusable("the parameters of a plan or a task are an object"));
    };
    let own_kind = members.insert("kind".to_owned(), kind.into()).is_none();
    let action = Action::from_payload(&Value::Object(members)).filter(|_| own_kind);
    action.ok_or_else(|| {
        unusable(&format!("a {kind} is {{\"title\": TEXT, \"steps\": [TEXT, …]}} and nothing else"))
    })
}

/// The one action of a request that is no batch.
pub(super) fn only(mut given: Vec<Action>) -> Result<Action, Failure> {
    given.pop().ok_or_else(|| unusable("nothing is asked for"))
}

/// The value of `--parameters`.
fn read(text: &str) -> Result<Value, Failure> {
    let bytes = match (text, text.strip_prefix('@')) {
        ("-", _) => file("-")?,
        (_, Some(path)) => file(path)?,
        (text, None) => text.as_bytes().to_vec(),
    };
    json::parse(&bytes, limit::ARTIFACT).map_err(|error| not_json("--parameters", &error))
}

/// A whole file of the caller's; `-` is standard input.
pub(super) fn file(path: &str) -> Result<Vec<u8>, Failure> {
    if path == "-" {
        return bounded(std::io::stdin().lock(), "standard input");
    }
    let what = format!("`{}`", visible(path, false));
    let file = std::fs::File::open(path).map_err(|e| unreadable(&what, &e))?;
    bounded(file, &what)
}

/// No more than an artifact may hold, and one byte that tells that there is more.
fn bounded(from: impl Read, what: &str) -> Result<Vec<u8>, Failure> {
    let most = u64::try_from(limit::ARTIFACT).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    from.take(most).read_to_end(&mut bytes).map_err(|e| unreadable(what, &e))?;
    Ok(bytes)
}

fn unreadable(what: &str, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Usage, "file", format!("cannot read {what}: {error}"))
        .hint("nobody was asked; name a file that can be read")
}

/// Why a text is not taken.
pub(super) fn not_json(what: &str, error: &JsonError) -> Failure {
    Failure::new(Exit::Usage, "HARP_ERR_CANONICALIZATION", format!("{what}: {error}"))
        .hint("nobody was asked; the text must be strict JSON, of at most 2 MiB")
}

/// What was given makes no action.
pub(super) fn unusable(message: &str) -> Failure {
    Failure::new(Exit::Usage, "action", message)
        .hint("nobody was asked; see `countersign request --help`")
}

/// Refuses, and records it, what poses as a secret that the enforcer redacted.
pub(super) async fn smuggles_nothing(enforcer: &Enforcer, action: &Action) -> Result<(), Failure> {
    let payload = action.to_payload().map_err(GateError::from)?;
    if !smuggles_commitment(&payload) {
        return Ok(());
    }
    let message = "the input contains a commitment `_sd` that only the enforcer may write";
    let bytes = json::canonical(&payload).map_err(GateError::from)?;
    // Its own text would pass for a redacted one in the receipt as well.
    let parameters = json!({"bytes": bytes.len(), "sha256": Hash(Sha256::digest(&bytes).into())});
    let about = Request { action: format!("{OWN}request"), parameters, verb: None };
    let note = Grounds::fixed("request", message).note().clone();
    enforcer.block(&Action::Request(about), note).await?;
    Err(Failure::new(Exit::Usage, "HARP_ERR_POLICY_DENY", message)
        .hint("nobody was asked; give the value itself, and let a policy redact it"))
}

/// One `NAME=TEXT`.
pub(super) fn detail(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=TEXT")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.is_empty() || name.len() > NAME || !name.chars().all(plain) {
        return Err(format!("a name has 1 to {NAME} of `A-Z a-z 0-9 . _ -`"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Where this process stands.
pub(super) fn here() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|e| {
        Failure::new(Exit::Failed, "cwd", format!("the working directory: {e}"))
            .hint("nobody was asked; go to a directory that is there")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(
        kind: Kind,
        action: Option<&str>,
        parameters: Option<&str>,
    ) -> Result<Action, Failure> {
        Given { kind, action, parameters }.action()
    }

    #[test]
    fn a_name_and_parameters_are_a_request() {
        let action = given(Kind::Command, Some("deploy"), Some(r#"{"to":"prod"}"#)).unwrap();
        let payload = action.to_payload().unwrap();
        let whole = json!({"kind": "request", "action": "deploy", "parameters": {"to": "prod"}});
        assert_eq!(payload, whole);
        let bare = given(Kind::Command, Some("deploy"), None).unwrap().to_payload().unwrap();
        assert_eq!(bare["parameters"], json!({}));
    }

    #[test]
    fn a_plan_has_a_title_and_steps_and_nothing_else() {
        let plan = Some(r#"{"title":"Refactor","steps":["one"]}"#);
        assert_eq!(given(Kind::Plan, None, plan).unwrap().kind(), "plan");
        assert_eq!(given(Kind::Task, None, plan).unwrap().kind(), "task");
        for bad in [
            r#"{"title":"x"}"#,
            r#"{"title":"","steps":[]}"#,
            r#"{"title":"x","steps":[],"kind":"task"}"#,
            r#"{"title":"x","steps":[],"more":1}"#,
            "[]",
        ] {
            assert_eq!(given(Kind::Plan, None, Some(bad)).unwrap_err().exit, Exit::Usage, "{bad}");
        }
        assert!(given(Kind::Plan, Some("x"), plan).is_err());
    }

    #[test]
    fn attack_05_a_text_that_two_parsers_read_differently_is_refused() {
        for bad in
            ["", "{", r#"{"a":1,"a":2}"#, "1e400", "9007199254740993", "{} {}", r#""\ud800""#]
        {
            let refused = given(Kind::Command, Some("x"), Some(bad)).unwrap_err();
            assert_eq!(
                (refused.exit, refused.code.as_str()),
                (Exit::Usage, "HARP_ERR_CANONICALIZATION"),
                "{bad}"
            );
        }
    }

    #[test]
    fn attack_09_a_name_of_the_enforcers_own_is_refused() {
        assert!(given(Kind::Command, Some("countersign.pair"), None).is_err());
        assert!(given(Kind::Command, Some(" "), None).is_err());
        assert!(given(Kind::Command, None, None).is_err());
    }

    #[test]
    fn details_are_names_and_texts() {
        assert_eq!(detail("ticket=OPS-1=2").unwrap(), ("ticket".into(), "OPS-1=2".into()));
        for bad in ["ticket", "=x", "a b=c", &format!("{}=x", "n".repeat(65))] {
            assert!(detail(bad).is_err(), "{bad}");
        }
    }
}
