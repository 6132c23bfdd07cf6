//! Where the texts of policies are found, and what they are worth.

use super::{Acceptance, OBSERVE_MILLIS, PolicyError, links};
use countersign_core::display::counted;
use countersign_core::encoding::Hash;
use countersign_core::time::Instant;
use countersign_policy::load::{Dialect, MAX_BYTES, Mistakes, load};
use countersign_policy::model::Mode;
use countersign_policy::{Engine, Layer, LayerName, STARTER, builtin, facts};
use countersign_store::files::{self, Links};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// What lies outside the home. Given by the caller, never taken from the environment here.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The directory of the administrator's policy.
    pub organisation: Option<PathBuf>,
    /// The home directory of the person whose agent asks.
    pub user_home: Option<String>,
    /// Files and directories elsewhere that hold the gate, absolute: our program, the settings of
    /// agent hosts. Each only ever makes an action stricter.
    pub holding: Vec<PathBuf>,
}

/// Where a policy holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// On this machine.
    Organisation,
    /// In this home.
    Home,
    /// In one directory and below, by its absolute path.
    Workspace(String),
}

/// A text of a policy at its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Where it holds.
    pub place: Place,
    /// The file.
    pub path: PathBuf,
    /// Its text, at most one byte more than a policy may have.
    pub text: Vec<u8>,
    /// SHA-256 of the text.
    pub sha256: Hash,
    /// Whether the system's administrator vouches for it: root owns it, and nobody else can write
    /// to it.
    pub of_root: bool,
}

/// The file's name in each dialect.
pub const NAMES: [&str; 3] = ["policy.toml", "policy.yaml", "policy.yml"];

impl Place {
    /// Where a policy of a layer holds.
    #[must_use]
    pub fn layer(&self) -> LayerName {
        match self {
            Self::Organisation => LayerName::Organisation,
            Self::Home => LayerName::Home,
            Self::Workspace(_) => LayerName::Workspace,
        }
    }

    /// The directory in which its policy lies.
    #[must_use]
    pub fn dir(&self, root: &Path, sources: &Sources) -> Option<PathBuf> {
        match self {
            Self::Organisation => sources.organisation.clone(),
            Self::Home => Some(root.to_owned()),
            Self::Workspace(dir) => Some(Path::new(dir).join(".countersign")),
        }
    }
}

impl Found {
    /// How it is written.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        Dialect::of_name(&self.path.to_string_lossy())
    }

    fn layer(&self, accepted: &[Acceptance]) -> Result<Layer, PolicyError> {
        let mistakes = |mistakes: Mistakes| of_mistakes(&self.path, &mistakes);
        let policy = load(&self.text, self.dialect()).map_err(mistakes)?;
        let accepted = self.is_accepted(accepted);
        Ok(Layer { name: self.place.layer(), policy, sha256: self.sha256, accepted })
    }

    /// Whether it is the newest text that somebody accepted for its place.
    #[must_use]
    pub fn is_accepted(&self, accepted: &[Acceptance]) -> bool {
        let vouched = self.place == Place::Organisation && self.of_root;
        vouched || self.acceptance(accepted).is_some()
    }

    /// The acceptance under which it counts: the newest of its place, if it is of this text.
    #[must_use]
    pub fn acceptance<'a>(&self, accepted: &'a [Acceptance]) -> Option<&'a Acceptance> {
        let newest = accepted.iter().rev().find(|one| one.place == self.place);
        newest.filter(|newest| newest.sha256 == self.sha256)
    }
}

pub(super) fn of_mistakes(path: &Path, mistakes: &Mistakes) -> PolicyError {
    let more = match mistakes.0.len().saturating_sub(1) {
        0 => String::new(),
        more => format!(" (and {})", counted(more, "more mistake")),
    };
    let first = mistakes.0.first();
    PolicyError::Mistakes {
        path: path.to_owned(),
        line: first.map_or(1, |mistake| mistake.line),
        column: first.map_or(1, |mistake| mistake.column),
        message: first.map_or_else(String::new, |mistake| mistake.message.clone()),
        more,
    }
}

/// The texts that count in a workspace, from widest to narrowest: the machine's, the home's, and
/// those of the workspace and of every directory above it, so that no marker further down leads
/// away from them.
///
/// # Errors
/// Where one is there and cannot be read, or two are in one place.
pub fn found(root: &Path, sources: &Sources, workspace: &str) -> Result<Vec<Found>, PolicyError> {
    let above: Vec<&Path> = Path::new(workspace).ancestors().collect();
    let above = above.into_iter().rev().filter(|dir| dir.is_absolute());
    let above = above.map(|dir| Place::Workspace(dir.to_string_lossy().into_owned()));
    let mut found: Vec<Found> = Vec::new();
    for place in [Place::Organisation, Place::Home].into_iter().chain(above) {
        let Some(dir) = place.dir(root, sources) else { continue };
        // A home that lies in the workspace itself is one place, not two, and another home's policy
        // is for what that one gates. Where a text was accepted for the place, everything asks then.
        if matches!(place, Place::Workspace(_)) && (same(&dir, root) || is_home(&dir)) {
            continue;
        }
        found.extend(at(place, &dir)?);
    }
    Ok(found)
}

/// Whether a directory is the home of an enforcer, such as `~/.countersign` where another one is used.
/// It says nothing to make one of a workspace's directory: whoever can do that can take its policy
/// away as well.
fn is_home(dir: &Path) -> bool {
    dir.join("keys").join("operator.json").is_file()
}

fn same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    one == other || (real(one).is_some() && real(one) == real(other))
}

/// The one text of a directory.
///
/// # Errors
/// Where it is there and cannot be read, or there are two.
pub fn at(place: Place, dir: &Path) -> Result<Option<Found>, PolicyError> {
    let mut there: Option<PathBuf> = None;
    for path in NAMES.map(|name| dir.join(name)) {
        let unreadable = |why: std::io::Error| PolicyError::Unreadable {
            path: path.clone(),
            why: why.to_string(),
        };
        // A link that leads nowhere is there all the same.
        let is_there = match path.symlink_metadata() {
            Ok(_) => true,
            Err(error) if is_absent(&error) => false,
            Err(error) => return Err(unreadable(error)),
        };
        match there {
            Some(other) if is_there => return Err(PolicyError::Two(other, path)),
            _ if is_there => there = Some(path),
            _ => {}
        }
    }
    there.map(|path| read(place, path)).transpose()
}

fn is_absent(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory)
}

/// A file as the text of a place.
///
/// # Errors
/// Where it cannot be read.
pub fn read(place: Place, path: PathBuf) -> Result<Found, PolicyError> {
    let unreadable = |why: String| PolicyError::Unreadable { path: path.clone(), why };
    let failed = |e: std::io::Error| unreadable(e.to_string());
    let file = files::open(&path, Links::Followed).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    let mut text = Vec::new();
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut text).map_err(failed)?;
    let sha256 = Hash(Sha256::digest(&text).into());
    let of_root = meta.uid() == 0 && meta.mode() & 0o022 == 0;
    Ok(Found { place, path, text, sha256, of_root })
}

/// What counts in a place whose accepted text is not there: nobody knows what it would have held.
pub const MISSING: &str = "version = 1\n[[rule]]\nid = \"accepted-policy-missing\"\n\
    decision = \"require_approval\"\napprovers = [\"anyone\"]\n\
    display = \"the policy that was accepted here is not the one that is here\"\n";

/// The places around a workspace where a text was accepted and another one, or none, is there.
#[must_use]
pub fn missing(found: &[Found], accepted: &[Acceptance], workspace: &str) -> Vec<Place> {
    let around = |place: &Place| match place {
        Place::Organisation | Place::Home => true,
        Place::Workspace(dir) => Path::new(workspace).starts_with(dir),
    };
    let there =
        |place: &Place| found.iter().any(|one| one.place == *place && one.is_accepted(accepted));
    let places: BTreeSet<&Place> = accepted.iter().map(|one| &one.place).collect();
    places.into_iter().filter(|place| around(place) && !there(place)).cloned().collect()
}

fn stand_in(place: &Place) -> Result<Layer, PolicyError> {
    let mistakes =
        |mistakes: Mistakes| of_mistakes(Path::new("accepted-policy-missing"), &mistakes);
    let policy = load(MISSING.as_bytes(), Dialect::Toml).map_err(mistakes)?;
    let sha256 = hash_of(MISSING.as_bytes());
    Ok(Layer { name: place.layer(), policy, sha256, accepted: true })
}

/// All texts as layers. The built-in policy stands in for a home's own until somebody accepted one
/// there; where an accepted text is gone or changed, everything asks.
pub(crate) fn engine(
    found: &[Found],
    accepted: &[Acceptance],
    workspace: &str,
) -> Result<Engine, PolicyError> {
    let layers = found.iter().map(|one| one.layer(accepted));
    let missing = missing(found, accepted, workspace);
    let layers = layers.chain(missing.iter().map(stand_in));
    let mut layers = layers.collect::<Result<Vec<Layer>, PolicyError>>()?;
    if !layers.iter().any(|layer| layer.name == LayerName::Home && layer.accepted) {
        layers.push(built_in().clone());
    }
    Ok(Engine::new(layers)?)
}

/// The policy of a home without one of its own.
#[must_use]
pub(crate) fn built_in() -> &'static Layer {
    static BUILT_IN: OnceLock<Layer> = OnceLock::new();
    BUILT_IN.get_or_init(|| Layer {
        name: LayerName::Builtin,
        policy: builtin(),
        sha256: Hash(Sha256::digest(STARTER.as_bytes()).into()),
        accepted: true,
    })
}

/// How long what the policies would hold is only watched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Watched {
    /// `enabled: false` of the HITL document.
    WithoutEnd,
    /// `mode = "observe"`.
    Until(Instant),
}

/// Whether what the policies would hold is only watched now. Observing ends by itself, as soon as
/// the acceptance of one of the texts is old enough; one that the administrator vouches for has
/// none, so that nothing is watched under it alone.
#[must_use]
pub fn watched(
    mode: Mode,
    found: &[Found],
    accepted: &[Acceptance],
    now: Instant,
) -> Option<Watched> {
    let oldest = found.iter().filter_map(|one| Some(one.acceptance(accepted)?.at)).min();
    match (mode, oldest.map(|at| at.plus_millis(OBSERVE_MILLIS))) {
        (Mode::Off, _) => Some(Watched::WithoutEnd),
        (Mode::Observe, Some(until)) if now < until => Some(Watched::Until(until)),
        (Mode::Observe | Mode::Enforce, _) => None,
    }
}

/// Where an action would happen, as far as its own text does not say.
#[must_use]
pub fn surroundings(root: &Path, sources: &Sources, workspace: &str) -> facts::Place {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut own_state = vec![text(root)];
    own_state.extend(sources.organisation.as_deref().map(text));
    own_state.push(text(&Path::new(workspace).join(".countersign")));
    own_state.extend(sources.holding.iter().map(|path| text(path)));
    facts::Place {
        user_home: sources.user_home.clone(),
        own_state,
        workspace: Some(workspace.to_owned()),
        links: facts::Links(links::leads),
    }
}

/// A text's hash as records have it.
pub(crate) fn hash_of(text: &[u8]) -> Hash {
    Hash(Sha256::digest(text).into())
}

#[cfg(test)]
mod tests;
