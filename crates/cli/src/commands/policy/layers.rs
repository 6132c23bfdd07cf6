//! The texts under which a command judges: those of this place, or one that was named.

use super::check::mistakes_text;
use super::situation::Situation;
use super::unusable;
use crate::commands::Here;
use crate::failure::Failure;
use countersign_core::display::visible;
use countersign_core::encoding::Hash;
use countersign_policy::load::{Dialect, LabelPlace, MAX_BYTES, Mistakes, load_with_places};
use countersign_policy::model::Policy;
use countersign_policy::{Engine, Layer, LayerName, STARTER};
use std::io::Read as _;
use std::path::Path;

/// The text of a policy, and what to call it.
pub(super) struct Text {
    /// As it was named, safe to show.
    pub(super) name: String,
    pub(super) layer: LayerName,
    pub(super) bytes: Vec<u8>,
    pub(super) dialect: Dialect,
    pub(super) accepted: bool,
}

/// A text that loaded.
pub(super) struct Loaded {
    pub(super) policy: Policy,
    pub(super) labels: Vec<LabelPlace>,
}

impl Text {
    /// A file that was named, looked at as if it were the home's and somebody had accepted it.
    pub(super) fn named(path: &Path) -> Result<Self, Failure> {
        let name = visible(&path.display().to_string(), false);
        let failed = |why: String| {
            unusable("file", format!("cannot read `{name}`: {why}")).hint("name the policy's file")
        };
        let mut bytes = Vec::new();
        let found = path.metadata().map_err(|e| failed(e.to_string()))?;
        if !found.is_file() {
            return Err(failed("it is no file".into()));
        }
        let file = std::fs::File::open(path).map_err(|e| failed(e.to_string()))?;
        // One byte more than a policy may have: the loader says that it is too large.
        file.take(MAX_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| failed(e.to_string()))?;
        let dialect = Dialect::of_name(&path.to_string_lossy());
        Ok(Self { name, layer: LayerName::Home, bytes, dialect, accepted: true })
    }

    /// The policy of a home that has none.
    pub(super) fn built_in() -> Self {
        Self {
            name: "the built-in policy".into(),
            layer: LayerName::Builtin,
            bytes: STARTER.as_bytes().to_vec(),
            dialect: Dialect::Toml,
            accepted: true,
        }
    }

    pub(super) fn load(&self) -> Result<Loaded, Mistakes> {
        let (policy, labels) = load_with_places(&self.bytes, self.dialect)?;
        Ok(Loaded { policy, labels })
    }

    /// It as a layer; where it does not load, everything that is wrong with it.
    pub(super) fn layer(&self) -> Result<Layer, Failure> {
        let loaded = self.load().map_err(|mistakes| self.refused(&mistakes))?;
        Ok(Layer {
            name: self.layer,
            policy: loaded.policy,
            sha256: Hash::of(&self.bytes),
            accepted: self.accepted,
        })
    }

    fn refused(&self, mistakes: &Mistakes) -> Failure {
        let first = mistakes.0.first().map_or_else(String::new, |mistake| {
            format!("line {}, column {}: {}", mistake.line, mistake.column, mistake.message)
        });
        let more = mistakes_text(mistakes.0.len());
        unusable("policy", format!("`{}` does not load: {first}", self.name))
            .hint(format!("{more}: `countersign policy check` shows all; until then all is denied"))
    }
}

/// The texts that hold in this place.
pub(super) async fn here(_here: &Here<'_>) -> Result<Vec<Text>, Failure> {
    Ok(vec![Text::built_in()])
}

/// The layers of this place, with `instead` for the home's.
pub(super) async fn engine(
    _here: &Here<'_>,
    _situation: &Situation,
    instead: Option<&Path>,
) -> Result<Engine, Failure> {
    let text = match instead {
        Some(path) => Text::named(path)?,
        None => Text::built_in(),
    };
    engine_of(vec![text.layer()?])
}

pub(super) fn engine_of(layers: Vec<Layer>) -> Result<Engine, Failure> {
    Engine::new(layers).map_err(|e| unusable("policy", e.to_string()))
}
