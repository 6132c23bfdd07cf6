//! What a policy is asked about: an action as it would be put to the gate.

use super::situation::Situation;
use super::unusable;
use crate::commands::run::environment;
use crate::failure::Failure;
use countersign_core::action::{Action, Command, PinnedFile};
use countersign_core::artifact::{ArtifactType, Risk};
use countersign_core::display::visible;
use countersign_core::encoding::Hash;
use countersign_core::json::{self, limit};
use countersign_core::redact::Text;
use countersign_enforcer::child::{self, Call};
use countersign_policy::Facts;
use countersign_policy::facts::{Class, Finding, Floor, Names};
use countersign_policy::hidden::hidden;
use countersign_policy::verb::Verb;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// An action, and what should be said of how it came about.
pub(super) struct Asked {
    what: What,
    /// What differs from the gate, if anything.
    pub(super) notes: Vec<String>,
}

enum What {
    Ours(Box<Action>),
    /// Another system's payload: nothing here runs it, and nobody can say what it does.
    Foreign(Value),
}

/// The shell in which agents run a line.
pub(super) fn shell(line: &str) -> Vec<String> {
    ["bash", "-c", line].map(str::to_owned).to_vec()
}

impl Asked {
    /// A command as `run` would pin it here. One that cannot be pinned is answered all the same;
    /// no verdict looks at the digests of files.
    pub(super) fn command(argv: Vec<String>, situation: &Situation) -> Result<Self, Failure> {
        let call = Call { argv, cwd: situation.cwd.clone(), ..Call::default() };
        let why = match child::prepare(&call, &environment(), &[0; 32]) {
            Ok(prepared) => return Ok(Self::ours(prepared.action().clone())),
            Err(why) => why,
        };
        if call.argv.first().is_none_or(String::is_empty) {
            return Err(why.into());
        }
        let note = format!("`run` could not start it: {why}");
        let env = stand_in(&situation.cwd);
        Ok(Self { notes: vec![note], ..Self::words(&call.argv, &situation.cwd, env) })
    }

    /// A command as its words alone say, the same on every machine.
    pub(super) fn portable(argv: &[String], cwd: &Path) -> Self {
        Self::words(argv, cwd, BTreeMap::new())
    }

    fn words(argv: &[String], cwd: &Path, env: BTreeMap<String, Text>) -> Self {
        let told = argv.first().map(String::as_str).unwrap_or_default();
        let path = match told.contains('/') {
            true => cwd.join(told).to_string_lossy().into_owned(),
            false => format!("/usr/bin/{told}"),
        };
        Self::ours(Action::Command(Box::new(Command {
            argv: argv.iter().map(|word| Text::from(word.as_str())).collect(),
            cwd: cwd.to_string_lossy().into_owned(),
            env,
            program: PinnedFile { path, sha256: Hash([0; 32]) },
            files: Vec::new(),
            stdin_sha256: None,
            verb: None,
        })))
    }

    fn ours(action: Action) -> Self {
        Self { what: What::Ours(Box::new(action)), notes: Vec::new() }
    }

    /// A payload that was read strictly.
    pub(super) fn payload(payload: Value) -> Self {
        match Action::from_payload(&payload) {
            Some(action) => Self::ours(action),
            None => Self {
                what: What::Foreign(payload),
                notes: vec!["this is no action of ours, so it always asks".into()],
            },
        }
    }

    /// What the engine looks at.
    pub(super) fn facts(&self, situation: &Situation) -> Result<Facts, Failure> {
        let (asker, place) = (situation.asker.clone(), situation.place());
        match &self.what {
            What::Ours(action) => Facts::of(action, asker, place, situation.at())
                .map_err(|e| unusable("action", format!("it has no canonical form: {e}"))),
            What::Foreign(payload) => Ok(Facts {
                payload: payload.clone(),
                kind: "foreign",
                artifact_type: ArtifactType::Command,
                server: None,
                class: foreign(),
                asker,
                place,
                at: situation.at(),
            }),
        }
    }

    /// Whether everything of it can be hidden that these fields name.
    pub(super) fn hides(&self, fields: &[String]) -> bool {
        let payload = match &self.what {
            What::Ours(action) => action.to_payload().unwrap_or_default(),
            What::Foreign(payload) => payload.clone(),
        };
        fields.is_empty() || hidden(fields, &payload).left.is_empty()
    }

    /// It in a few words.
    pub(super) fn headline(&self) -> String {
        let text = match &self.what {
            What::Ours(action) => headline(action),
            What::Foreign(_) => "another system's payload".into(),
        };
        visible(&text, false)
    }
}

fn headline(action: &Action) -> String {
    match action {
        Action::Command(command) => {
            let words = command.argv.iter().map(|word| word.plain().unwrap_or("(secret)"));
            words.map(quoted).collect::<Vec<_>>().join(" ")
        }
        Action::Tool(tool) => format!("tool {}", tool.tool),
        Action::Http(http) => format!("{} {}", http.method(), http.url()),
        Action::Request(request) => format!("request {}", request.action),
        Action::Batch(batch) => format!("batch of {}", batch.items().len()),
        other => other.kind().to_owned(),
    }
}

/// A word as a shell would have to read it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+:,./@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// An environment as the gate would give it, by way of a program that is certainly there.
fn stand_in(cwd: &Path) -> BTreeMap<String, Text> {
    let own = std::env::current_exe().ok().and_then(|path| path.to_str().map(str::to_owned));
    let call = Call { argv: own.into_iter().collect(), cwd: cwd.to_owned(), ..Call::default() };
    match child::prepare(&call, &environment(), &[0; 32]).map(|p| p.action().clone()) {
        Ok(Action::Command(command)) => command.env,
        _ => BTreeMap::new(),
    }
}

fn foreign() -> Class {
    let nothing = || Names { own: Vec::new(), also: Vec::new() };
    let verbs: Vec<Verb> = Verb::new("tool_call").into_iter().collect();
    let finding = |verb: &Verb| Finding {
        part: "the payload".into(),
        why: "it is another system's, and nobody here can say what it does".into(),
        verb: verb.clone(),
        risk: Risk::High,
    };
    Class {
        findings: verbs.iter().map(finding).collect(),
        verbs: Names { own: verbs, also: Vec::new() },
        risk: Risk::High,
        known: false,
        floors: vec![Floor::Unreadable],
        tools: nothing(),
        hosts: nothing(),
    }
}

/// A document as `--action` takes it: an action, or `{"action", "context"}`.
pub(super) fn document(bytes: &[u8]) -> Result<(Asked, Map<String, Value>), Failure> {
    let value = json::parse(bytes, limit::ARTIFACT)
        .map_err(|e| unusable("action", e.to_string()).hint("it is one JSON document, strictly"))?;
    let Value::Object(mut members) = value else {
        return Err(unusable("action", "an action is a JSON object")
            .hint("such as {\"kind\":\"tool\",…}, or {\"action\":{…},\"context\":{…}}"));
    };
    let wraps = matches!(members.get("action"), Some(Value::Object(_)))
        && members.keys().all(|name| name == "action" || name == "context");
    if !wraps {
        return Ok((Asked::payload(Value::Object(members)), Map::new()));
    }
    let context = match members.remove("context") {
        None => Map::new(),
        Some(Value::Object(context)) => context,
        Some(_) => return Err(unusable("action", "`context` is no object").hint("write {…}")),
    };
    let action = members.remove("action").unwrap_or_default();
    Ok((Asked::payload(action), context))
}
