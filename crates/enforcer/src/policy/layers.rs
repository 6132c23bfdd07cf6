//! Where the texts of policies are found, and what they are worth.

use super::{Acceptance, OBSERVE_MILLIS, PolicyError, is_observing};
use crate::home::Home;
use countersign_core::encoding::Hash;
use countersign_core::time::Instant;
use countersign_policy::load::{Dialect, MAX_BYTES, Mistakes, load};
use countersign_policy::model::Mode;
use countersign_policy::{Engine, Layer, LayerName, STARTER, builtin, facts};
use sha2::{Digest as _, Sha256};
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
}

/// Where a policy holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// On this machine.
    Organisation,
    /// In this home.
    Home,
    /// In one workspace, by its absolute directory.
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
const NAMES: [&str; 3] = ["policy.toml", "policy.yaml", "policy.yml"];

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
    pub fn dir(&self, home: &Home, sources: &Sources) -> Option<PathBuf> {
        match self {
            Self::Organisation => sources.organisation.clone(),
            Self::Home => Some(home.root().to_owned()),
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

    fn layer(self, accepted: &[Acceptance]) -> Result<Layer, PolicyError> {
        let mistakes = |mistakes: Mistakes| of_mistakes(&self.path, &mistakes);
        let policy = load(&self.text, self.dialect()).map_err(mistakes)?;
        let accepted = self.is_accepted(accepted);
        Ok(Layer { name: self.place.layer(), policy, sha256: self.sha256, accepted })
    }

    /// Whether it is the newest text that somebody accepted for its place.
    #[must_use]
    pub fn is_accepted(&self, accepted: &[Acceptance]) -> bool {
        let vouched = self.place == Place::Organisation && self.of_root;
        let newest = accepted.iter().rev().find(|one| one.place == self.place);
        vouched || newest.is_some_and(|newest| newest.sha256 == self.sha256)
    }
}

pub(super) fn of_mistakes(path: &Path, mistakes: &Mistakes) -> PolicyError {
    let more = match mistakes.0.len().saturating_sub(1) {
        0 => String::new(),
        1 => " (and 1 more mistake)".to_owned(),
        more => format!(" (and {more} more mistakes)"),
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

/// The texts that count in a workspace, from widest to narrowest.
pub(crate) fn found(
    home: &Home,
    sources: &Sources,
    workspace: &str,
) -> Result<Vec<Found>, PolicyError> {
    let places = [Place::Organisation, Place::Home, Place::Workspace(workspace.to_owned())];
    let mut found: Vec<Found> = Vec::new();
    for place in places {
        let Some(dir) = place.dir(home, sources) else { continue };
        // A home that lies in the workspace itself is one place, not two.
        if matches!(place, Place::Workspace(_)) && same(&dir, home.root()) {
            continue;
        }
        found.extend(at(place, &dir)?);
    }
    Ok(found)
}

fn same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    one == other || (real(one).is_some() && real(one) == real(other))
}

fn at(place: Place, dir: &Path) -> Result<Option<Found>, PolicyError> {
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

fn read(place: Place, path: PathBuf) -> Result<Found, PolicyError> {
    let unreadable = |why: String| PolicyError::Unreadable { path: path.clone(), why };
    let failed = |e: std::io::Error| unreadable(e.to_string());
    // Looked at before it is opened: opening a pipe would wait for whoever writes to it.
    if !path.metadata().map_err(failed)?.is_file() {
        return Err(unreadable("it is no file".into()));
    }
    let file = std::fs::File::open(&path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    let mut text = Vec::new();
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut text).map_err(failed)?;
    let sha256 = Hash(Sha256::digest(&text).into());
    let of_root = meta.uid() == 0 && meta.mode() & 0o022 == 0;
    Ok(Found { place, path, text, sha256, of_root })
}

/// All layers that count in a workspace. The built-in policy stands in for a home's own until
/// somebody accepted one there.
pub(crate) fn engine(
    home: &Home,
    sources: &Sources,
    workspace: &str,
    accepted: &[Acceptance],
) -> Result<Engine, PolicyError> {
    let found = found(home, sources, workspace)?;
    let layers = found.into_iter().map(|one| one.layer(accepted));
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

/// Whether what the policies would hold is only watched now. Observing ends by itself, as soon as
/// the acceptance of one of the places is old enough.
pub(crate) fn watches(mode: Mode, accepted: &[Acceptance], workspace: &str, now: Instant) -> bool {
    let places = [Place::Organisation, Place::Home, Place::Workspace(workspace.to_owned())];
    let newest = |place| accepted.iter().rev().find(|one| one.place == place).map(|one| one.at);
    let oldest = places.into_iter().filter_map(newest).min();
    let young = oldest.is_some_and(|at| now.0.saturating_sub(at.0) < OBSERVE_MILLIS);
    is_observing(mode) && (mode == Mode::Off || young)
}

/// Where an action would happen, as far as its own text does not say.
pub(crate) fn surroundings(home: &Home, sources: &Sources, workspace: &str) -> facts::Place {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut own_state = vec![text(home.root())];
    own_state.extend(sources.organisation.as_deref().map(text));
    own_state.push(text(&Path::new(workspace).join(".countersign")));
    facts::Place {
        user_home: sources.user_home.clone(),
        own_state,
        workspace: Some(workspace.to_owned()),
    }
}

/// A text's hash as records have it.
pub(crate) fn hash_of(text: &[u8]) -> Hash {
    Hash(Sha256::digest(text).into())
}
