//! Who asks, where and when: what a policy looks at besides the action itself.

use super::unusable;
use crate::asking::workspace;
use crate::failure::Failure;
use crate::parties;
use countersign_core::time::Instant;
use countersign_enforcer::Edge;
use countersign_enforcer::policy::{moment, surroundings};
use countersign_policy::{Asker, Moment, Place};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// Who would ask, and where.
#[derive(clap::Args, Default)]
pub(super) struct Who {
    /// The agent's name for itself
    #[arg(long, value_name = "NAME", help_heading = "Who asks, and where")]
    pub(super) agent: Option<String>,

    /// The agent's name for its session [default: default, as `run` has it]
    #[arg(long, value_name = "NAME", help_heading = "Who asks, and where")]
    pub(super) session: Option<String>,

    /// The agent's name for the workflow that it is part of
    #[arg(long, value_name = "NAME", help_heading = "Who asks, and where")]
    pub(super) workflow: Option<String>,

    /// The directory in which it would happen [default: this one]
    #[arg(long, value_name = "DIR", help_heading = "Who asks, and where")]
    pub(super) cwd: Option<PathBuf>,
}

/// Everything about an action that does not stand in it.
pub(super) struct Situation {
    pub(super) asker: Asker,
    /// The absolute directory.
    pub(super) cwd: PathBuf,
    /// The workspace that it is in.
    pub(super) workspace: PathBuf,
    at: Moment,
    home: PathBuf,
}

/// What a recorded or invented action may say of who asks and where.
pub(super) const CONTEXT: [&str; 6] = ["agent", "session", "workflow", "account", "cwd", "host"];

impl Situation {
    /// Here and now, as this user.
    pub(super) fn of(who: &Who, home: &Path) -> Result<Self, Failure> {
        let named = who.cwd.as_deref().unwrap_or(Path::new("."));
        let cwd = std::path::absolute(named).map_err(|e| {
            unusable("cwd", format!("the directory `{}`: {e}", named.display()))
                .hint("name one with --cwd")
        })?;
        let cwd = cwd.canonicalize().unwrap_or(cwd);
        let uid = rustix::process::getuid().as_raw();
        Ok(Self {
            asker: Asker {
                account: Some(format!("uid:{uid}")),
                agent: who.agent.clone(),
                // What `run` calls a session that nobody named.
                session: Some(who.session.clone().unwrap_or_else(|| "default".into())),
                workflow: who.workflow.clone(),
            },
            workspace: workspace(&cwd).to_owned(),
            cwd,
            at: moment(Edge::system().now()),
            home: home.to_owned(),
        })
    }

    /// The same with what a context says instead.
    pub(super) fn told(&self, context: &Map<String, Value>) -> Result<Self, Failure> {
        if let Some(name) = context.keys().find(|name| !CONTEXT.contains(&name.as_str())) {
            return Err(unusable("action", format!("unknown member `{name}` in the context"))
                .hint(format!("known: {}", CONTEXT.join(", "))));
        }
        if let Some((name, _)) = context.iter().find(|(_, value)| !value.is_string()) {
            return Err(unusable("action", format!("`{name}` in the context is no text"))
                .hint("write it in quotes"));
        }
        let say = |name: &str, else_: &Option<String>| {
            context.get(name).and_then(Value::as_str).map(str::to_owned).or_else(|| else_.clone())
        };
        let cwd = context.get("cwd").and_then(Value::as_str).map(PathBuf::from);
        Ok(Self {
            asker: Asker {
                account: say("account", &self.asker.account),
                agent: say("agent", &self.asker.agent),
                session: say("session", &self.asker.session),
                workflow: say("workflow", &self.asker.workflow),
            },
            workspace: cwd.as_deref().map_or(self.workspace.as_path(), workspace).to_owned(),
            cwd: cwd.unwrap_or_else(|| self.cwd.clone()),
            at: self.at,
            home: self.home.clone(),
        })
    }

    /// When.
    pub(super) fn at(&self) -> Moment {
        self.at
    }

    /// The same at another time.
    pub(super) fn at_time(mut self, at: Instant) -> Self {
        self.at = moment(at);
        self
    }

    /// The workspace, as acceptances name it.
    pub(super) fn workspace_text(&self) -> String {
        self.workspace.display().to_string()
    }

    /// Where, as the gate tells it to the classification.
    pub(super) fn place(&self) -> Place {
        surroundings(&self.home, &parties::sources(), &self.workspace_text())
    }
}
