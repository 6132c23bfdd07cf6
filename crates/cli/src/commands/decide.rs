//! `approve`, `deny` and `escalate`: sign one answer.

mod look;

use super::Here;
use super::grant::{Until, until};
use super::inbox::opened;
use crate::args::PassphraseArgs;
use crate::failure::{Exit, Failure, Outcome};
use crate::reviewer;
use countersign_approver::Review;
use countersign_approver::always::{End, Wish, take};
use countersign_approver::desk::AnswerError;
use countersign_approver::open::Opened;
use countersign_approver::sign::{Reply, SignError};
use countersign_core::answer::Unclear;
use countersign_enforcer::Edge;

/// Allow one request: signs exactly what `show` shows.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  countersign approve 01KAH\n  countersign approve 01KAH -m 'agreed in standup'\n  countersign approve 01KAH --look 4711\n  countersign approve 01KAH --items 1,3\n  countersign approve 01KAH --always --until 2h --count 20"
)]
pub(crate) struct Approve {
    /// The request's id; may be shortened while unique
    id: String,

    /// Why; sealed to the enforcer
    #[arg(short, long, value_name = "REASON")]
    message: Option<String>,

    /// Of a batch allow these items and refuse the others, numbered from 1 as `show` numbers them
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = item)]
    items: Option<Vec<usize>>,

    /// The four digits that the agent's side shows of a critical call [default: asked on the
    /// terminal]
    #[arg(long, value_name = "DIGITS")]
    look: Option<String>,

    /// Allow exactly this call again without asking, within what the request offers; the rule is
    /// shown before it is signed
    #[arg(long, conflicts_with = "items")]
    always: bool,

    /// When that ends: 90, 90s, 5m, 8h, or a time such as 2026-12-24T18:00:00Z [default: 8h, or
    /// less where less is on offer]
    #[arg(long, value_name = "WHEN", value_parser = until, requires = "always")]
    until: Option<Until>,

    /// How often it may be used besides this one run [default: until it ends]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), requires = "always")]
    count: Option<u32>,

    /// Only in the session that asks
    #[arg(long, requires = "always")]
    this_session: bool,

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
        let of = |_: &Opened| Ok(Reply::escalate(self.to, self.message));
        answer(here, &self.id, of, |_| Ok(()), &self.passphrase).await
    }
}

impl Approve {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let of = |opened: &Opened| {
            let reply = self.reply(opened)?;
            Ok(Reply { reason: self.message.clone(), ..reply })
        };
        let looked = |opened: &Opened| look::checked(opened, self.look.as_deref());
        answer(here, &self.id, of, looked, &self.passphrase).await
    }

    fn reply(&self, opened: &Opened) -> Result<Reply, SignError> {
        if self.always {
            let taken = take(opened, &self.wish(), Edge::system().now())?;
            return Ok(Reply::always(taken));
        }
        let Some(items) = &self.items else { return Ok(Reply::allow()) };
        let size = opened.artifact().items().ok_or(SignError::Items(Unclear::NoBatch))?;
        Ok(Reply::to_items(items.clone(), size)?)
    }

    fn wish(&self) -> Wish {
        let end = match self.until.clone() {
            None => End::Usual,
            Some(Until::After(seconds)) => End::After(seconds),
            Some(Until::At(at)) => End::At(at),
        };
        Wish { end, count: self.count, this_session: self.this_session }
    }
}

impl Deny {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let of = |_: &Opened| Ok(Reply::deny(self.message));
        answer(here, &self.id, of, |_| Ok(()), &self.passphrase).await
    }
}

/// An item by its number.
fn item(text: &str) -> Result<usize, String> {
    let number = text.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    number.ok_or_else(|| format!("`{text}` is no number of an item: they begin with 1"))
}

async fn answer(
    here: &Here<'_>,
    id: &str,
    reply: impl FnOnce(&Opened) -> Result<Reply, SignError>,
    looked: impl FnOnce(&Opened) -> Result<(), Failure>,
    passphrase: &PassphraseArgs,
) -> Outcome {
    let desks = reviewer::desks(here, passphrase)?;
    let items = reviewer::waiting(here, &desks).await?;
    let (at, item) = reviewer::choose(here, &items, id)?;
    let opened = opened(item)?;
    let reply = reply(opened).map_err(AnswerError::Sign)?;
    let review = Review::answering(opened, &reply);
    here.output.progress(&super::show::page(here, &review, item.so_far.as_ref()));
    let desk = desks
        .get(*at)
        .ok_or_else(|| Failure::new(Exit::Failed, "no_pairing", "the pairing is gone"))?;
    let edge = Edge::system();
    desk.check(opened, &reply, edge.now())?;
    looked(opened)?;
    // Without randomness a nonce would repeat: the process ends before anything is signed.
    let mut fill = |bytes: &mut [u8]| {
        if edge.fill(bytes).is_err() {
            std::process::abort();
        }
    };
    let answered = desk.answer(opened, &reply, edge.now(), &mut fill).await;
    let answered = answered?;
    let word = answered.signed.verdict().word();
    let mut document = serde_json::json!({
        "requestId": answered.request_id,
        "decision": word,
        "artifactHash": review.artifact_hash,
        "delivered": answered.submitted,
    });
    let mut always = String::new();
    if let (Some(taken), Some(members)) = (&reply.always, document.as_object_mut()) {
        always = format!(", and again until {}", taken.expires_at);
        members.insert("always".into(), serde_json::json!(taken));
    }
    if let (Some(so_far), Some(members)) = (&item.so_far, document.as_object_mut()) {
        members.insert("soFar".into(), serde_json::json!(so_far));
    }
    let text = format!("{word} {}{always}; signed and delivered", answered.request_id);
    here.output.result(&text, &document)?;
    Ok(Exit::Ok)
}
