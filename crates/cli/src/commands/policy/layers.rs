//! The texts under which a command judges: those of this place, or one that was named.

use super::situation::Situation;
use super::unusable;
use crate::commands::Here;
use crate::failure::{Exit, Failure};
use crate::parties;
use countersign_core::display::{counted, visible};
use countersign_core::encoding::Hash;
use countersign_core::time::Instant;
use countersign_enforcer::policy::{
    Acceptance, Found, MISSING, Place, Watched, found, missing, read, watched,
};
use countersign_enforcer::{Edge, Enforcer};
use countersign_policy::load::{Dialect, LabelPlace, Mistakes, load_with_places};
use countersign_policy::model::{Mode, Policy};
use countersign_policy::{Engine, Layer, LayerName, STARTER};
use std::path::{Path, PathBuf};

/// The text of a policy, and what to call it.
pub(super) struct Text {
    /// As it was named, safe to show.
    pub(super) name: String,
    pub(super) layer: LayerName,
    pub(super) bytes: Vec<u8>,
    pub(super) dialect: Dialect,
    pub(super) accepted: bool,
    /// The record of it, where there is one.
    pub(super) acceptance: Option<Acceptance>,
    /// What stands in for an accepted text that is gone or changed: under it everything asks.
    pub(super) missing: Option<Missing>,
}

/// An accepted text that is not in its place.
#[derive(Clone)]
pub(super) struct Missing {
    pub(super) accepted: Acceptance,
    /// Whether another text is there.
    pub(super) changed: bool,
}

impl Missing {
    /// What is wrong, and what to do.
    pub(super) fn said(&self) -> String {
        let Acceptance { place, sha256, at, seq, .. } = &self.accepted;
        let (what, init) = match self.changed {
            true => ("is not the text that was accepted", ""),
            false => ("the accepted text is gone", "`countersign policy init` and "),
        };
        let at_workspace = match place {
            Place::Workspace(_) => " --at workspace",
            Place::Organisation | Place::Home => "",
        };
        let at = at.timestamp();
        format!(
            "{what} (sha256 {sha256}, {}, receipt {seq}): everything asks until \
             {init}`countersign policy accept{at_workspace}`, or until that text is restored",
            at.as_str()
        )
    }
}

/// A text that loaded.
pub(super) struct Loaded {
    pub(super) policy: Policy,
    pub(super) labels: Vec<LabelPlace>,
}

impl Text {
    /// A file that was named, looked at as if it were the home's and somebody had accepted it.
    pub(super) fn named(path: &Path) -> Result<Self, Failure> {
        let found = read(Place::Home, path.to_owned());
        let found = found.map_err(|e| unusable("file", e.to_string()).hint("name a policy"))?;
        Ok(Self { accepted: true, ..Self::found(found, &[]) })
    }

    fn found(found: Found, accepted: &[Acceptance]) -> Self {
        Self {
            name: visible(&found.path.display().to_string(), false),
            layer: found.place.layer(),
            dialect: found.dialect(),
            accepted: found.is_accepted(accepted),
            acceptance: found.acceptance(accepted).cloned(),
            bytes: found.text,
            missing: None,
        }
    }

    /// The policy of a home that has none.
    pub(super) fn built_in() -> Self {
        Self {
            name: "the built-in policy".into(),
            layer: LayerName::Builtin,
            bytes: STARTER.as_bytes().to_vec(),
            dialect: Dialect::Toml,
            accepted: true,
            acceptance: None,
            missing: None,
        }
    }

    /// What counts in a place whose accepted text is gone or changed.
    fn missing(place: &Place, found: &[Found], accepted: &[Acceptance], root: &Path) -> Self {
        let other = found.iter().find(|one| one.place == *place);
        let path = match (other, place) {
            (Some(other), _) => other.path.clone(),
            (None, Place::Workspace(dir)) => {
                Path::new(dir).join(".countersign").join("policy.toml")
            }
            (None, Place::Home | Place::Organisation) => root.join("policy.toml"),
        };
        let newest = accepted.iter().rev().find(|one| one.place == *place);
        let changed = other.is_some();
        Self {
            name: visible(&path.display().to_string(), false),
            layer: place.layer(),
            bytes: MISSING.as_bytes().to_vec(),
            missing: newest.map(|one| Missing { accepted: one.clone(), changed }),
            ..Self::built_in()
        }
    }

    pub(super) fn load(&self) -> Result<Loaded, Mistakes> {
        let (policy, labels) = load_with_places(&self.bytes, self.dialect)?;
        Ok(Loaded { policy, labels })
    }

    pub(super) fn sha256(&self) -> Hash {
        Hash::of(&self.bytes)
    }

    /// It as a layer; where it does not load, the first thing that is wrong with it.
    pub(super) fn layer(&self) -> Result<Layer, Failure> {
        let loaded = self.load().map_err(|mistakes| self.refused(&mistakes))?;
        Ok(Layer {
            name: self.layer,
            policy: loaded.policy,
            sha256: self.sha256(),
            accepted: self.accepted,
        })
    }

    pub(super) fn refused(&self, mistakes: &Mistakes) -> Failure {
        let first = mistakes.0.first().map_or_else(String::new, |mistake| {
            format!("line {}, column {}: {}", mistake.line, mistake.column, mistake.message)
        });
        unusable("policy", format!("`{}` does not load: {first}", self.name)).hint(format!(
            "`countersign policy check` shows all of it ({})",
            counted(mistakes.0.len(), "mistake")
        ))
    }
}

/// What holds in one place.
pub(super) struct Standing {
    pub(super) texts: Vec<Text>,
    found: Vec<Found>,
    accepted: Vec<Acceptance>,
    workspace: String,
    root: PathBuf,
    now: Instant,
}

impl Standing {
    /// The texts of a place, from widest to narrowest; the built-in one where the home has none
    /// that was accepted.
    pub(super) async fn of(here: &Here<'_>, situation: &Situation) -> Result<Self, Failure> {
        let found = found(&here.root, &parties::sources(), &situation.workspace_text())?;
        let accepted = acceptances(here).await?;
        Ok(Self::told(found, accepted, situation.workspace_text(), here.root.clone()))
    }

    fn told(
        found: Vec<Found>,
        accepted: Vec<Acceptance>,
        workspace: String,
        root: PathBuf,
    ) -> Self {
        let text = |one: &Found| Text::found(one.clone(), &accepted);
        let mut texts: Vec<Text> = found.iter().map(text).collect();
        if !texts.iter().any(|text| text.layer == LayerName::Home && text.accepted) {
            texts.push(Text::built_in());
        }
        let stand_in = |place: &Place| Text::missing(place, &found, &accepted, &root);
        texts.extend(missing(&found, &accepted, &workspace).iter().map(stand_in));
        texts.sort_by_key(|text| text.layer);
        Self { texts, found, accepted, workspace, root, now: Edge::system().now() }
    }

    /// The same with a file in the place of the home's, as if it had been accepted now.
    pub(super) fn with(mut self, file: &Path) -> Result<Self, Failure> {
        let named = read(Place::Home, file.to_owned());
        let named = named.map_err(|e| unusable("file", e.to_string()).hint("name a policy"))?;
        self.found.retain(|one| one.place != Place::Home);
        self.accepted.push(Acceptance {
            place: Place::Home,
            sha256: named.sha256,
            previous: None,
            at: self.now,
            seq: 0,
        });
        self.found.push(named);
        Ok(Self::told(self.found, self.accepted, self.workspace, self.root))
    }

    pub(super) fn engine(&self) -> Result<Engine, Failure> {
        engine_of(self.texts.iter().map(Text::layer).collect::<Result<_, _>>()?)
    }

    /// Until when what would be held only is watched; `None` where it is held.
    pub(super) fn watched(&self, mode: Mode) -> Option<Watched> {
        watched(mode, &self.found, &self.accepted, self.now)
    }

    pub(super) fn now(&self) -> Instant {
        self.now
    }
}

/// The engine of this place, the gate's own where there is a gate, or with a file in the place of
/// the home's; and whether it only watches.
pub(super) async fn engine(
    here: &Here<'_>,
    situation: &Situation,
    instead: Option<&Path>,
) -> Result<(Engine, bool), Failure> {
    let standing = Standing::of(here, situation).await?;
    let enforcer = match instead {
        Some(_) => None,
        None => enforcer(here).await?,
    };
    let (engine, standing) = match (instead, enforcer) {
        (Some(file), _) => {
            let standing = standing.with(file)?;
            (standing.engine()?, standing)
        }
        (None, Some(enforcer)) => (enforcer.engine(&situation.workspace_text()).await?, standing),
        (None, None) => {
            // As the gate says it: what does not load denies everything.
            let blocked = |failure: Failure| Failure { exit: Exit::Blocked, ..failure };
            (standing.engine().map_err(blocked)?, standing)
        }
    };
    let watched = standing.watched(engine.mode()).is_some();
    Ok((engine, watched))
}

pub(super) fn engine_of(layers: Vec<Layer>) -> Result<Engine, Failure> {
    Engine::new(layers).map_err(|e| unusable("policy", e.to_string()))
}

/// The enforcer of this home, where it is one already. Looking makes none.
pub(super) async fn enforcer(here: &Here<'_>) -> Result<Option<Enforcer>, Failure> {
    match parties::existing_identity(&here.root)? {
        Some(_) => Ok(Some(parties::enforcer(&here.root).await?)),
        None => Ok(None),
    }
}

async fn acceptances(here: &Here<'_>) -> Result<Vec<Acceptance>, Failure> {
    match enforcer(here).await? {
        Some(enforcer) => Ok(enforcer.acceptances().await?),
        None => Ok(Vec::new()),
    }
}
