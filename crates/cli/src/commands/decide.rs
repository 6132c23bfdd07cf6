//! `approve`, `deny` and `escalate`: sign one answer.

use super::Here;
use super::inbox::opened;
use crate::args::PassphraseArgs;
use crate::failure::{Exit, Failure, Outcome};
use crate::reviewer;
use countersign_approver::sign::{Reply, Verdict};
use countersign_approver::{Review, render_text};
use countersign_enforcer::Edge;

/// Allow one request: signs exactly what `show` shows.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  countersign approve 01KAH\n  countersign approve 01KAH -m 'agreed in standup'"
)]
pub(crate) struct Approve {
    /// The request's id; may be shortened while unique
    id: String,

    /// Why; sealed to the enforcer
    #[arg(short, long, value_name = "REASON")]
    message: Option<String>,

    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Refuse one request, with a reason that the agent can use.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  countersign deny 01KAH -m 'only /tmp/build, not the whole home'"
)]
pub(crate) struct Deny {
    /// The request's id; may be shortened while unique
    id: String,

    /// Why; sealed to the enforcer, who passes it on to the agent
    #[arg(short, long, value_name = "REASON")]
    message: Option<String>,

    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Hand one request to somebody whom its rule names as the next, with a signed no of your own.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  countersign escalate 01KAH --to role:lead -m 'not mine to decide'"
)]
pub(crate) struct Escalate {
    /// The request's id; may be shortened while unique
    id: String,

    /// Whom to ask next: a name that `show` lists as asked next
    #[arg(long, value_name = "NAME")]
    to: String,

    /// Why; sealed to the enforcer
    #[arg(short, long, value_name = "REASON")]
    message: Option<String>,

    #[command(flatten)]
    passphrase: PassphraseArgs,
}

impl Escalate {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let reply = Reply::escalate(self.to, self.message);
        answer(here, &self.id, reply, &self.passphrase).await
    }
}

impl Approve {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let reply = Reply { reason: self.message, ..Reply::allow() };
        answer(here, &self.id, reply, &self.passphrase).await
    }
}

impl Deny {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        answer(here, &self.id, Reply::deny(self.message), &self.passphrase).await
    }
}

async fn answer(here: &Here<'_>, id: &str, reply: Reply, passphrase: &PassphraseArgs) -> Outcome {
    let desks = reviewer::desks(here, passphrase)?;
    let items = reviewer::waiting(here, &desks).await?;
    let (at, item) = reviewer::choose(here, &items, id)?;
    let opened = opened(item)?;
    let review = Review::of(opened);
    here.output.progress(&render_text(&review, super::show::width(), here.output.color()));
    let desk = desks
        .get(*at)
        .ok_or_else(|| Failure::new(Exit::Failed, "no_pairing", "the pairing is gone"))?;
    let edge = Edge::system();
    // Without randomness a nonce would repeat: the process ends before anything is signed.
    let mut fill = |bytes: &mut [u8]| {
        if edge.fill(bytes).is_err() {
            std::process::abort();
        }
    };
    let answered = desk.answer(opened, &reply, edge.now(), &mut fill).await;
    let answered = answered?;
    let word = match answered.signed.verdict() {
        Verdict::Allow => "allowed",
        Verdict::Deny if reply.hand_to.is_some() => "escalated",
        Verdict::Deny => "denied",
    };
    let document = serde_json::json!({
        "requestId": answered.request_id,
        "decision": word,
        "artifactHash": review.artifact_hash,
        "delivered": answered.submitted,
    });
    here.output
        .result(&format!("{word} {}; signed and delivered", answered.request_id), &document)?;
    Ok(Exit::Ok)
}
