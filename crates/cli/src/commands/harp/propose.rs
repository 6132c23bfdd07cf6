//! `harp propose`: the role of a HARP executor.

use super::files::{self, KeysArgs};
use super::{Here, files::read};
use crate::commands::{duration, millis};
use crate::failure::{Exit, Failure, Outcome};
use countersign_core::artifact::{Artifact, ArtifactHash, ArtifactHead, ArtifactType, HashAlg};
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::json::{self, limit};
use countersign_core::reference::{Refused, Wire};
use countersign_core::sealing::Entropy;
use countersign_enforcer::Edge;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Seal a command or another payload to an approver, as a file. Nothing is run, and nobody signs
/// the file: the review says so.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
#[command(after_help = "Examples:\n  \
    countersign harp propose --init --keys ma-keys.json --command 'make deploy'\n  \
    countersign harp propose --keys ma-keys.json --type plan.review --payload plan.json")]
pub(crate) struct Propose {
    #[command(flatten)]
    keys: KeysArgs,

    /// The command line that is proposed, with the current directory beside it
    #[arg(long, value_name = "TEXT", group = "what")]
    command: Option<String>,

    /// Another payload: a file with one JSON object
    #[arg(long, value_name = "FILE", group = "what")]
    payload: Option<PathBuf>,

    /// The type of review: plan.review, task.review, patch.review, command.review,
    /// checkpoint.review
    #[arg(long = "type", value_name = "TYPE", default_value = "command.review", value_parser = kind)]
    kind: ArtifactType,

    /// How long it may be answered
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    ttl: Duration,

    /// The repository, as opaque text [default: random]
    #[arg(long, value_name = "TEXT", value_parser = name)]
    repo_ref: Option<String>,

    /// The request's id [default: a fresh ULID]
    #[arg(long, value_name = "ID", value_parser = name)]
    request_id: Option<String>,

    /// Where to write
    #[arg(long, value_name = "FILE", default_value = "artifact-wire.json")]
    out: PathBuf,
}

impl Propose {
    pub(crate) fn run(self, here: &Here<'_>) -> Outcome {
        let edge = Edge::system();
        let artifact =
            Artifact::build(self.head(&edge)?, self.payload()?).map_err(Refused::from)?;
        let size = json::canonical(&artifact.payload).map_err(Refused::from)?.len();
        if size > limit::ARTIFACT {
            let refused = json::JsonError::TooLarge { size, limit: limit::ARTIFACT };
            return Err(Refused::from(refused).into());
        }
        let keys = self.keys.open(here)?;
        let payload: Vec<&Path> = self.payload.as_deref().into_iter().collect();
        self.keys.stay_apart(&self.out, &payload)?;
        // Without randomness a key would be guessable: the process ends before anything is sealed.
        let mut fill = |bytes: &mut [u8]| {
            if edge.fill(bytes).is_err() {
                std::process::abort();
            }
        };
        let wire = Wire::seal(&artifact, &keys, Entropy(&mut fill))?;
        files::write(&self.out, &wire)?;
        let hash = wire.artifact_hash;
        let (id, out) = (&wire.request_id, self.out.display());
        let document = serde_json::json!({
            "requestId": id, "artifactHash": hash, "expiresAt": wire.expires_at,
            "signerKeyId": keys.signer(), "out": self.out,
        });
        here.output.result(&format!("wrote {out}: request {id}, hash {hash}"), &document)?;
        Ok(Exit::Ok)
    }

    fn head(&self, edge: &Edge) -> Result<ArtifactHead, Failure> {
        let now = edge.now();
        let random = || edge.random::<16>().map(|bytes| format!("repo:opaque:{}", Fixed(bytes)));
        Ok(ArtifactHead {
            request_id: self.request_id.clone().map_or_else(|| edge.id(), Ok)?,
            session_id: None,
            artifact_type: self.kind,
            repo_ref: self.repo_ref.clone().map_or_else(random, Ok)?,
            base_revision: None,
            created_at: now.timestamp(),
            expires_at: now.plus_millis(millis(self.ttl)).timestamp(),
            artifact_hash_alg: HashAlg::Sha256,
            artifact_hash: ArtifactHash(Hash([0; 32])),
            metadata: None,
            extensions: None,
        })
    }

    fn payload(&self) -> Result<Map<String, Value>, Failure> {
        if let Some(path) = &self.payload {
            let bytes = read(path, limit::ARTIFACT)?.0;
            return Ok(json::read(&bytes, limit::ARTIFACT).map_err(Refused::from)?);
        }
        let here = std::env::current_dir()
            .map_err(|e| Failure::new(Exit::Failed, "file", format!("current directory: {e}")))?;
        let here = here.to_str().ok_or_else(|| {
            Failure::new(Exit::Failed, "file", "the current directory's name is not utf-8")
        })?;
        let mut payload = Map::new();
        payload.insert("command".into(), self.command.clone().unwrap_or_default().into());
        payload.insert("workingDirectory".into(), here.into());
        Ok(payload)
    }
}

fn kind(text: &str) -> Result<ArtifactType, String> {
    json::typed(text.into()).map_err(|_| "not one of the five types of review".to_owned())
}

fn name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > 256 || text.chars().any(char::is_control) {
        return Err("not 1 to 256 bytes of text without control characters".to_owned());
    }
    Ok(text.to_owned())
}
