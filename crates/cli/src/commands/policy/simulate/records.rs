//! What was recorded: the actions of a ledger, or of a file with one on each line.

use crate::commands::Here;
use crate::commands::policy::asked::{self, Asked};
use crate::commands::policy::situation::Situation;
use crate::commands::policy::{layers, unusable};
use crate::failure::Failure;
use countersign_core::action::ActionHash;
use countersign_core::artifact::{Context, extension};
use countersign_core::display::visible;
use countersign_core::json::limit;
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::{Event, Receipt};
use countersign_core::time::Instant;
use countersign_enforcer::Edge;
use countersign_enforcer::notary::OperatorNotary;
use countersign_store::ledger::LedgerStore;
use countersign_store_sqlite::{Birth, SqliteLedger};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::sync::Arc;

/// An action, and what is known of who asked, where and when.
pub(super) struct Recorded {
    pub(super) asked: Asked,
    /// It in a few words, as it is recorded: nothing that is hidden there is told here.
    pub(super) headline: String,
    /// Where it stands: `receipt 12`, `line 3`.
    pub(super) origin: String,
    context: Map<String, Value>,
    at: Option<Instant>,
}

impl Recorded {
    /// The situation of the record, as far as it tells one.
    pub(super) fn situation(&self, here: &Situation) -> Result<Situation, Failure> {
        let told = here.told(&self.context)?;
        Ok(match self.at {
            Some(at) => told.at_time(at),
            None => told,
        })
    }
}

/// How every database begins.
const DATABASE: &[u8] = b"SQLite format 3\0";

/// Everything that was recorded there.
pub(super) async fn read(here: &Here<'_>, from: Option<&Path>) -> Result<Vec<Recorded>, Failure> {
    let Some(path) = from else {
        let enforcer = layers::enforcer(here).await?.ok_or_else(|| {
            unusable("no_ledger", "this home has no ledger yet")
                .hint("name a ledger or a file of actions with --against")
        })?;
        let open = |recorded: &Value, hash| enforcer.opened(recorded, hash);
        return of_ledger(enforcer.ledger(), &open).await;
    };
    let path = if path.is_dir() { &path.join("ledger.db") } else { path };
    let name = visible(&path.display().to_string(), false);
    let failed = |e: std::io::Error| {
        unusable("file", format!("cannot read `{name}`: {e}"))
            .hint("name a ledger, or a file with an action on each line")
    };
    let mut head = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(DATABASE.len() as u64).read_to_end(&mut head).map_err(failed)?;
    match head == DATABASE {
        true => of_ledger(&opened(path)?, &|recorded, _| recorded.clone()).await,
        false => of_lines(path, &name),
    }
}

/// A ledger that is only read. Nothing is signed, so a key of nobody's will do.
fn opened(path: &Path) -> Result<SqliteLedger, Failure> {
    let edge = Edge::system();
    let nobody =
        SecretKeys::from_bytes(&edge.random()?).map_err(|e| unusable("entropy", e.to_string()))?;
    let birth = Birth { ledger_id: edge.id()?, secret: edge.random()? };
    Ok(SqliteLedger::open(path, Arc::new(OperatorNotary(Arc::new(nobody))), &birth)?)
}

/// Puts back what was hidden of a recorded action, where it is kept: the gate judged it in the clear.
type Open<'a> = &'a (dyn Fn(&Value, ActionHash) -> Value + Sync);

async fn of_ledger(ledger: &dyn LedgerStore, open: Open<'_>) -> Result<Vec<Recorded>, Failure> {
    let newest = ledger.newest().await?.map_or(0, |(seq, _)| seq);
    let mut seen = HashSet::new();
    let mut recorded = Vec::new();
    for seq in 1..=newest {
        let Some(receipt) = ledger.receipt(Some(seq)).await? else { continue };
        let request = receipt.content.entry.request_id.clone();
        let first = request.is_none_or(|id| seen.insert(id));
        recorded.extend(of_receipt(receipt, open).filter(|_| first));
    }
    Ok(recorded)
}

/// The action that somebody asked for, if a receipt is of that.
fn of_receipt(receipt: Receipt, open: Open<'_>) -> Option<Recorded> {
    let (content, entry) = (&receipt.content, &receipt.content.entry);
    let asked =
        matches!(entry.event, Event::Suspended | Event::Allowed | Event::Blocked | Event::Observed);
    // Of what no policy judged there is nothing to judge once more, such as what was erased.
    let action = entry.action.clone().filter(|_| asked && entry.policy.is_some())?;
    // Keys and policies are admitted by a rule of the enforcer's own.
    let own = action.get("action").and_then(Value::as_str);
    let of_ledger = action.get("kind").and_then(Value::as_str) == Some("ledger");
    if of_ledger || own.is_some_and(|name| name.starts_with("countersign.")) {
        return None;
    }
    Some(Recorded {
        origin: format!("receipt {}", content.seq),
        context: context(&receipt),
        at: Some(content.recorded_at.instant()),
        headline: Asked::payload(Value::Object(action.clone())).headline(),
        asked: Asked::payload(match entry.action_hash {
            Some(hash) => open(&Value::Object(action), hash),
            None => Value::Object(action),
        }),
    })
}

fn context(receipt: &Receipt) -> Map<String, Value> {
    let entry = &receipt.content.entry;
    let head = entry.artifacts.first().and_then(|head| head.extensions.as_ref());
    let told = head.and_then(|extensions| extensions.get(extension::CONTEXT));
    let told = told.and_then(|value| serde_json::from_value::<Context>(value.clone()).ok());
    let told = told.unwrap_or_default();
    let cwd = entry.action.as_ref().and_then(|a| a.get("cwd")).and_then(Value::as_str);
    let parts = [
        ("account", told.principal),
        ("agent", told.agent),
        ("session", told.session),
        ("cwd", told.workspace.or_else(|| cwd.map(str::to_owned))),
    ];
    let known = parts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
    known.collect()
}

fn of_lines(path: &Path, name: &str) -> Result<Vec<Recorded>, Failure> {
    let failed = |line: usize, why: &str| {
        unusable("action", format!("`{name}`, line {line}: {why}"))
            .hint("each line is an action, or {\"action\": …, \"context\": …}")
    };
    let mut reader = BufReader::new(File::open(path).map_err(|e| failed(1, &e.to_string()))?);
    let mut recorded = Vec::new();
    for number in 1.. {
        let mut line = Vec::new();
        let mut limited = (&mut reader).take(limit::ARTIFACT as u64 + 2);
        let read = limited.read_until(b'\n', &mut line);
        if read.map_err(|e| failed(number, &e.to_string()))? == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let (asked, context) =
            asked::document(&line).map_err(|failure| failed(number, &failure.message))?;
        let headline = asked.headline();
        recorded.push(Recorded {
            asked,
            headline,
            origin: format!("line {number}"),
            context,
            at: None,
        });
    }
    Ok(recorded)
}
