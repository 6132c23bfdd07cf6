//! The hooks of the hosts: present, ours, and not switched off.
//!
//! # Rooms
//! * `facts`: what stands in the hosts' files, and what the hosts say.
//! * `judge`: what is wrong with it.
//! * `record`: what `install` wrote down.

mod facts;
mod judge;
mod record;

use super::bounded::{FILES, bounded};
use super::check::{Check, quoted};
use countersign_hosts::Host;
use std::path::{Path, PathBuf};

/// What there is of every host.
pub(super) struct Hooks {
    hosts: Vec<facts::Facts>,
    /// Why a host could not be looked at.
    unseen: Vec<Check>,
    /// Records that cannot be read.
    broken: Vec<String>,
}

/// Where to look, taken from the environment at the edge.
#[derive(Clone)]
pub(super) struct Places {
    pub(super) root: PathBuf,
    pub(super) workspace: PathBuf,
    /// Where a session would begin, in the workspace.
    pub(super) cwd: PathBuf,
    pub(super) user: Option<PathBuf>,
    pub(super) claude: Option<PathBuf>,
    pub(super) codex: Option<PathBuf>,
    pub(super) path: Option<std::ffi::OsString>,
    /// Variables that switch hooks off and are set.
    pub(super) switches: Vec<String>,
    /// Where the settings for the whole machine lie.
    pub(super) managed: PathBuf,
}

/// Looks at every host.
pub(super) async fn look(places: &Places) -> Hooks {
    let root = places.root.clone();
    let (records, broken) = match bounded(FILES, move || record::all(&root)).await {
        Ok(found) => found,
        Err(why) => (Vec::new(), vec![format!("what was installed: {why}")]),
    };
    let mut hooks = Hooks { hosts: Vec::new(), unseen: Vec::new(), broken };
    for host in Host::ALL {
        match facts::of(host, places, &records).await {
            Ok(facts) => hooks.hosts.push(facts),
            Err(why) => {
                let home = quoted(&places.root);
                let fix = format!("countersign --home {home} install {}", host.name());
                hooks.unseen.push(Check::fail(&judge::name(host), why, fix));
            }
        }
    }
    hooks
}

impl Hooks {
    /// Whether a hook of some host stands before this home, or did.
    pub(super) fn before(&self, root: &Path) -> bool {
        self.hosts.iter().any(|host| host.before(root))
    }

    /// The judgement.
    pub(super) fn judge(&self, root: &Path) -> Vec<Check> {
        let broken = self.broken.iter().map(|why| {
            let fix = "move it away, and install the hook again";
            Check::fail("installed hooks", why.clone(), fix)
        });
        let hosts = self.hosts.iter().flat_map(|host| judge::judge(root, host));
        broken.chain(self.unseen.iter().cloned()).chain(hosts).collect()
    }
}

#[cfg(test)]
mod tests;
