//! The texts under which a command judges: those of this place, or one that was named.

use super::page::count;
use super::situation::Situation;
use super::unusable;
use crate::commands::Here;
use crate::failure::{Exit, Failure};
use crate::parties;
use countersign_core::display::visible;
use countersign_core::encoding::Hash;
use countersign_core::time::Instant;
use countersign_enforcer::policy::{Acceptance, Found, OBSERVE_MILLIS, Place};
use countersign_enforcer::{Edge, Enforcer};
use countersign_policy::load::{Dialect, LabelPlace, MAX_BYTES, Mistakes, load_with_places};
use countersign_policy::model::{Mode, Policy};
use countersign_policy::{Engine, Layer, LayerName, STARTER};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
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
}

/// A text that loaded.
pub(super) struct Loaded {
    pub(super) policy: Policy,
    pub(super) labels: Vec<LabelPlace>,
}

/// The names that a policy may have in its directory.
pub(super) const NAMES: [&str; 3] = ["policy.toml", "policy.yaml", "policy.yml"];

impl Text {
    /// A file that was named, looked at as if it were the home's and somebody had accepted it.
    pub(super) fn named(path: &Path) -> Result<Self, Failure> {
        let found = read(Place::Home, path).map_err(|failure| failure.hint("name a policy"))?;
        Ok(Self { accepted: true, ..Self::found(found, &[]) })
    }

    fn found(found: Found, accepted: &[Acceptance]) -> Self {
        let newest = accepted.iter().rev().find(|one| one.place == found.place);
        Self {
            name: visible(&found.path.display().to_string(), false),
            layer: found.place.layer(),
            dialect: found.dialect(),
            accepted: found.is_accepted(accepted),
            acceptance: newest.filter(|one| one.sha256 == found.sha256).cloned(),
            bytes: found.text,
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
            count(mistakes.0.len(), "mistake")
        ))
    }
}

/// What holds in one place.
pub(super) struct Standing {
    pub(super) texts: Vec<Text>,
    /// Every acceptance that counts here, oldest first.
    accepted: Vec<Acceptance>,
    now: Instant,
}

impl Standing {
    /// The texts of a place, from widest to narrowest; the built-in one where the home has none
    /// that was accepted.
    pub(super) async fn of(here: &Here<'_>, situation: &Situation) -> Result<Self, Failure> {
        let accepted = acceptances(here).await?;
        let workspace = situation.workspace_text();
        let mut texts: Vec<Text> =
            found(here, &workspace)?.into_iter().map(|one| Text::found(one, &accepted)).collect();
        if !texts.iter().any(|text| text.layer == LayerName::Home && text.accepted) {
            texts.push(Text::built_in());
        }
        texts.sort_by_key(|text| text.layer);
        let here = |one: &Acceptance| match &one.place {
            Place::Workspace(dir) => *dir == workspace,
            Place::Organisation | Place::Home => true,
        };
        let accepted = accepted.into_iter().filter(here).collect();
        Ok(Self { texts, accepted, now: Edge::system().now() })
    }

    /// The same with a file in the place of the home's, as if it had been accepted now.
    pub(super) fn with(mut self, file: &Path) -> Result<Self, Failure> {
        self.texts.retain(|text| !matches!(text.layer, LayerName::Home | LayerName::Builtin));
        self.texts.push(Text::named(file)?);
        self.texts.sort_by_key(|text| text.layer);
        self.accepted.push(Acceptance {
            place: Place::Home,
            sha256: Hash([0; 32]),
            previous: None,
            at: self.now,
            seq: 0,
        });
        Ok(self)
    }

    pub(super) fn engine(&self) -> Result<Engine, Failure> {
        engine_of(self.texts.iter().map(Text::layer).collect::<Result<_, _>>()?)
    }

    /// Until when what would be held only is watched; `None` where it is held.
    pub(super) fn watched(&self, mode: Mode) -> Option<Watched> {
        let newest = self.accepted.iter().map(|one| one.at).max();
        match (mode, newest) {
            (Mode::Off, _) => Some(Watched::WithoutEnd),
            (Mode::Observe, Some(at)) if self.now.0.saturating_sub(at.0) < OBSERVE_MILLIS => {
                Some(Watched::Until(at.plus_millis(OBSERVE_MILLIS)))
            }
            _ => None,
        }
    }

    pub(super) fn now(&self) -> Instant {
        self.now
    }
}

/// How long what would be held is only watched.
pub(super) enum Watched {
    /// The YAML section says `enabled: false`.
    WithoutEnd,
    /// `mode = "observe"`.
    Until(Instant),
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

/// The files that hold in a workspace, from widest to narrowest.
fn found(here: &Here<'_>, workspace: &str) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    if let Some(dir) = parties::sources().organisation {
        found.extend(at(Place::Organisation, &dir)?);
    }
    found.extend(at(Place::Home, &here.root)?);
    let dir = Path::new(workspace).join(".countersign");
    let real = |path: &Path| path.canonicalize().ok();
    // A home that lies in the workspace itself is one place, not two.
    if dir != here.root && (real(&dir).is_none() || real(&dir) != real(&here.root)) {
        found.extend(at(Place::Workspace(workspace.to_owned()), &dir)?);
    }
    Ok(found)
}

/// The one policy of a directory.
pub(super) fn at(place: Place, dir: &Path) -> Result<Option<Found>, Failure> {
    let there = |path: &PathBuf| path.symlink_metadata().is_ok();
    let mut paths = NAMES.iter().map(|name| dir.join(name)).filter(there);
    let Some(path) = paths.next() else { return Ok(None) };
    if let Some(other) = paths.next() {
        let message = format!("`{}` and `{}` are both there", path.display(), other.display());
        return Err(Failure::new(Exit::Blocked, "policy", message)
            .hint("nothing is run until one is moved away: only one policy may be in a place"));
    }
    read(place, &path).map(Some)
}

fn read(place: Place, path: &Path) -> Result<Found, Failure> {
    let failed = |why: String| unusable("file", format!("cannot read `{}`: {why}", path.display()));
    let io = |e: std::io::Error| failed(e.to_string());
    // Looked at before it is opened: opening a pipe would wait for whoever writes to it.
    if !path.metadata().map_err(io)?.is_file() {
        return Err(failed("it is no file".into()));
    }
    let file = std::fs::File::open(path).map_err(io)?;
    let meta = file.metadata().map_err(io)?;
    let mut text = Vec::new();
    // One byte more than a policy may have: the loader says that it is too large.
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut text).map_err(io)?;
    let of_root = meta.uid() == 0 && meta.mode() & 0o022 == 0;
    Ok(Found { place, path: path.to_owned(), sha256: Hash::of(&text), text, of_root })
}
