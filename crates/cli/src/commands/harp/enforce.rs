//! `harp enforce`: the role of a HARP enforcer.

use super::journal::{Forgetful, Journal};
use super::{Here, files};
use crate::failure::{Exit, Outcome};
use countersign_core::display::visible;
use countersign_core::json::limit;
use countersign_core::reference::{Verdict, judge, parse_decision};
use countersign_core::verify::DEFAULT_SKEW_MILLIS;
use countersign_enforcer::Edge;
use std::path::PathBuf;

/// Judge an answer against its proposal and the approver's keys. It runs nothing: whoever does
/// goes by the exit code.
#[derive(clap::Args)]
#[command(after_help = "Exit codes: 0 allow, 10 deny, 13 refused.\n\nExample:\n  \
    countersign harp enforce --keys ma-keys.json --artifact artifact-wire.json \\\n    \
    --decision decision.json --journal journal.ndjson --json")]
pub(crate) struct Enforce {
    /// The approver's keys, such as ma-keys.json; public halves will do
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,

    /// The proposal, such as artifact-wire.json
    #[arg(long, value_name = "FILE")]
    artifact: PathBuf,

    /// The answer, such as decision.json
    #[arg(long, value_name = "FILE")]
    decision: PathBuf,

    /// Accept each answer once across runs: a file that remembers them
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
}

impl Enforce {
    pub(crate) fn run(self, here: &Here<'_>) -> Outcome {
        let keys = files::keys(here, &self.keys)?;
        let wire = files::wire(&self.artifact)?;
        let bytes = files::read(&self.decision, limit::MESSAGE)?.0;
        let decision = parse_decision(&bytes)?;
        let journal = self.journal.as_deref().map(Journal::open).transpose()?;
        // The clock is read with the lock held: waiting for it takes time too.
        let time = (Edge::system().now(), DEFAULT_SKEW_MILLIS);
        let verdict = match journal {
            None => judge(decision, &wire, &keys, time, &Forgetful)?,
            Some(journal) => {
                let verdict = judge(decision, &wire, &keys, time, &journal)?;
                journal.spend(&verdict)?;
                verdict
            }
        };
        self.tell(here, &verdict)
    }

    fn tell(&self, here: &Here<'_>, verdict: &Verdict) -> Outcome {
        let decision = verdict.decision();
        let word = if verdict.allows() { "allow" } else { "deny" };
        let document = serde_json::json!({
            "verdict": word, "requestId": decision.request_id,
            "artifactHash": decision.artifact_hash, "expiresAt": decision.expires_at,
            "signerKeyId": decision.signer_key_id, "hashRecomputed": verdict.hash_recomputed(),
            "replayChecked": self.journal.is_some(),
        });
        let mut lines = vec![format!(
            "{word} {}, signed by {}",
            visible(&decision.request_id, false),
            visible(&decision.signer_key_id.0, false)
        )];
        if !verdict.hash_recomputed() {
            lines.push(
                "  the keys file has no maKxPrivRawB64Url: the payload was not opened, and its \
                 hash not recomputed"
                    .into(),
            );
        }
        if self.journal.is_none() {
            lines.push("  no --journal: whether it was used before was not checked".into());
        }
        here.output.result(&lines.join("\n"), &document)?;
        Ok(if verdict.allows() { Exit::Ok } else { Exit::Denied })
    }
}
