//! `harp review`: the role of a HARP approver.

use super::Here;
use super::files::{self, KeysArgs};
use crate::commands::asked_to_end;
use crate::failure::{Exit, Failure, Outcome};
use crate::tty::{Tty, converse};
use countersign_core::artifact::Artifact;
use countersign_core::decision::Word;
use countersign_core::display::{has_deceptive, visible};
use countersign_core::encoding::Fixed;
use countersign_core::reference::{Keys, Refused, decide};
use countersign_core::verify::{DEFAULT_SKEW_MILLIS, Refusal};
use countersign_enforcer::Edge;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Open a proposal, show it whole, and sign an answer as a file. The hash is worked out again from
/// what was opened, and nothing is signed where it does not fit. Without --allow or --deny it asks
/// on the terminal.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign harp review --keys ma-keys.json --artifact artifact-wire.json\n  \
    countersign harp review --keys ma-keys.json --artifact artifact-wire.json --deny --json")]
pub(crate) struct Review {
    #[command(flatten)]
    keys: KeysArgs,

    /// The proposal, such as artifact-wire.json
    #[arg(long, value_name = "FILE")]
    artifact: PathBuf,

    /// Say yes without being asked
    #[arg(long, conflicts_with = "deny")]
    allow: bool,

    /// Say no without being asked
    #[arg(long)]
    deny: bool,

    /// The words of the answer: HARP's programs know the first pair, its later schema the second
    #[arg(long, value_enum, default_value_t = Words::AllowDeny)]
    words: Words,

    /// Where to write
    #[arg(long, value_name = "FILE", default_value = "decision.json")]
    out: PathBuf,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Words {
    AllowDeny,
    ApproveReject,
}

/// The longest that the terminal waits for an answer.
const PATIENCE: Duration = Duration::from_secs(86_400);

impl Review {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let keys = self.keys.open(here)?;
        self.keys.stay_apart(&self.out, &[&self.artifact])?;
        let artifact = files::wire(&self.artifact)?.open(&keys)?;
        let edge = Edge::system();
        if !keys.can_sign() {
            return Err(Refused::NoSecret("maEd25519PrivRawB64Url").into());
        }
        if edge.now() >= artifact.head.expires_at.instant() {
            let expired = Refusal::ArtifactExpired(artifact.head.expires_at.clone());
            return Err(Refused::from(expired).into());
        }
        let allows = self.answer(here, &artifact).await?;
        self.sign(here, &edge, &artifact, &keys, allows)
    }

    async fn answer(&self, here: &Here<'_>, artifact: &Artifact) -> Result<bool, Failure> {
        let text = shown(artifact);
        if self.allow || self.deny {
            here.output.progress(&text);
            return Ok(self.allow);
        }
        let asked = converse(move |tty| tty.and_then(|mut tty| ask(&mut tty, &text)));
        let said = tokio::select! {
            said = asked => said.unwrap_or(Ok(None)),
            () = asked_to_end() => Ok(None),
        };
        let said = said.map_err(|e| {
            let message = format!("cannot ask on a terminal: {e}");
            Failure::new(Exit::Failed, "no_terminal", message)
                .hint("nothing was signed; --allow and --deny answer without a terminal")
        })?;
        said.ok_or_else(|| {
            Failure::new(Exit::Failed, "not_answered", "neither yes nor no was said")
                .hint("nothing was signed; run it again")
        })
    }

    fn sign(
        &self,
        here: &Here<'_>,
        edge: &Edge,
        artifact: &Artifact,
        keys: &Keys,
        allows: bool,
    ) -> Outcome {
        let nonce = Fixed(edge.random()?);
        let time = (edge.now(), DEFAULT_SKEW_MILLIS);
        let decision = decide(artifact, self.words.word(allows), nonce, keys, time)?;
        files::write(&self.out, &decision)?;
        let (id, out) = (&decision.request_id, self.out.display());
        let word = if allows { "allowed" } else { "denied" };
        let document = serde_json::json!({
            "requestId": id, "decision": decision.decision, "artifactHash": decision.artifact_hash,
            "expiresAt": decision.expires_at, "enforcerSigned": false,
            "payload": artifact.payload, "out": self.out,
        });
        let line = format!("{word} {}; wrote {out}", visible(id, false));
        here.output.result(&line, &document)?;
        Ok(Exit::Ok)
    }
}

impl Words {
    fn word(self, allows: bool) -> Word {
        let word = if allows { Word::Allow } else { Word::Deny };
        match self {
            Self::AllowDeny => word,
            Self::ApproveReject => word.twin(),
        }
    }
}

/// The whole artifact, as a person reads it.
fn shown(artifact: &Artifact) -> String {
    let head = &artifact.head;
    let payload = serde_json::to_string_pretty(&artifact.payload).unwrap_or_default();
    let mut lines = vec![format!("request      {}", visible(&head.request_id, false))];
    let mut add = |label: &str, text: &str| lines.push(format!("{label:<12} {text}"));
    add("type", head.artifact_type.name());
    add("repository", &visible(&head.repo_ref, false));
    add("made", head.created_at.as_str());
    add("ends", head.expires_at.as_str());
    add("hash", &format!("{} (worked out here)", head.artifact_hash));
    add("signed by", "nobody: no enforcer signed this file, anyone with your public key can make");
    add("", "one. Be sure where it comes from");
    if has_deceptive(&payload) {
        add("warning", "the payload holds characters that mislead; they are shown as \\u{…}");
    }
    format!("{}\n\n{}\n", lines.join("\n"), visible(&payload, true))
}

/// Shows it on the terminal itself, where nothing can stand in between. `None` where the person
/// said neither.
fn ask(tty: &mut Tty, text: &str) -> io::Result<Option<bool>> {
    tty.forget_typed()?;
    tty.say(&format!("{}\r\n", text.replace('\n', "\r\n")))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let prompt = "Type yes to allow, no to deny: ";
        let Some(typed) = tty.line(prompt, true, deadline)? else { return Ok(None) };
        match typed.trim().to_ascii_lowercase().as_str() {
            "yes" => return Ok(Some(true)),
            "no" => return Ok(Some(false)),
            _ => {}
        }
    }
}
