//! A prepared command made into a question: who asks, where, and what the person should know.

use countersign_core::action::Action;
use countersign_core::artifact::Context;
use countersign_enforcer::child::Prepared;
use countersign_enforcer::{Question, Way};
use std::path::{Path, PathBuf};

/// The asker's own words. Nobody checks them.
#[derive(Default)]
pub(crate) struct Words {
    pub(crate) description: Option<String>,
    pub(crate) reasoning: Option<String>,
    /// Keeps this caller's requests apart from others with the same command.
    pub(crate) session: String,
}

/// The question that a prepared command puts.
pub(crate) fn question(prepared: &Prepared, to: Vec<Way>, words: Words, ttl: i64) -> Question {
    let cwd = match prepared.action() {
        Action::Command(command) => command.cwd.clone(),
        _ => String::new(),
    };
    let workspace = workspace(Path::new(&cwd)).display().to_string();
    let uid = rustix::process::getuid().as_raw();
    Question {
        action: prepared.action().clone(),
        disclosures: prepared.disclosures().to_vec(),
        context: Context {
            principal: Some(format!("uid:{uid}")),
            host: hostname(),
            workspace: Some(workspace.clone()),
            description: words.description,
            reasoning: words.reasoning,
            notes: notes(prepared),
            ..Context::default()
        },
        critical: !prepared.critical().is_empty(),
        principal: format!("uid:{uid}"),
        session: words.session,
        workspace,
        ttl_millis: ttl,
        to,
    }
}

fn notes(prepared: &Prepared) -> Vec<String> {
    let critical = prepared.critical().iter().map(|n| format!("critical: {n}"));
    let unpinned = prepared.unpinned().iter().map(|n| format!("not pinned: {n}"));
    critical.chain(prepared.warnings().iter().cloned()).chain(unpinned).collect()
}

/// The nearest directory upwards that holds a repository or our own marker, else `cwd`.
fn workspace(cwd: &Path) -> &Path {
    let marked = |dir: &&Path| dir.join(".git").exists() || dir.join(".countersign").exists();
    // A home directory's own state is no workspace marker.
    let home = std::env::var_os("HOME").map(PathBuf::from);
    cwd.ancestors().filter(|dir| Some(*dir) != home.as_deref()).find(marked).unwrap_or(cwd)
}

fn hostname() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}
