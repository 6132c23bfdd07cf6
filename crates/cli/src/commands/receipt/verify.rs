//! `receipt verify`: what a receipt proves to whoever pinned keys, and whether that is enough.

use super::words::{explain, several};
use super::{find, trust_in, why};
use crate::commands::Here;
use crate::commands::audit::kept::{Kept, kept};
use crate::commands::trust::pinned;
use crate::failure::{Exit, Failure, Outcome};
use countersign_core::artifact::Assurance;
use countersign_core::display::visible;
use countersign_core::receipt::check::{Quorum, Verdict, check};
use countersign_core::receipt::validity::{Moment, Witnessed};
use countersign_core::receipt::{Event, Level, Receipt as Document};
use countersign_core::time::Instant;
use countersign_core::trust::{Approver, TrustStore};
use countersign_enforcer::Edge;
use countersign_enforcer::audit::seen::{Seen, of_one};
use countersign_store::ledger::read::Receipts;
use countersign_store_sqlite::LedgerFile;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Check a receipt offline against pinned keys.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign receipt verify last --require L1 --event executed\n  \
    countersign receipt verify last --require L1 --assurance verified\n  \
    countersign receipt verify receipt.json --trust auditor.json --json\n  \
    countersign receipt verify receipt.json --trust auditor.json \\\n    \
    --witnessed 2026-10-01T12:00:00Z=kept/head.json --ledger ledger.db\n\n\
    Without --require and --event the answer is only whether the receipt is authentic.")]
pub(crate) struct Verify {
    /// A file, a number, or `last`
    #[arg(value_name = "FILE|N|last")]
    which: String,

    /// The keys to trust, a file of `countersign trust export` [default: the keys pinned in this
    /// home]
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,

    /// The least level that will do
    #[arg(long, value_name = "LEVEL", value_parser = ["L0", "L1"])]
    require: Option<String>,

    /// The least assurance of every answer that counted: web, device, verified (by a passkey)
    #[arg(long, value_name = "LEVEL", value_parser = least)]
    assurance: Option<Assurance>,

    /// Who must be among those whose yes counted: a person, or `role:NAME` for anyone who had that role
    /// then; may be repeated, and each must be met
    #[arg(long, value_name = "NAME|role:NAME")]
    approver: Vec<String>,

    /// The event that it must record, such as executed
    #[arg(long, value_name = "EVENT", value_parser = event)]
    event: Option<Event>,

    /// A copy of a `head.json` that you kept, and when you saw it: where it covers the receipt, a
    /// key that ended later counts; may be repeated
    #[arg(long, value_name = "TIME=FILE", value_parser = kept)]
    witnessed: Vec<Kept>,

    /// The ledger, or a copy of it, in which the receipt stands, to follow it to what was witnessed
    /// [default: this home's, for its own receipts]
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
}

impl Verify {
    pub(super) async fn run(self, here: &Here<'_>) -> Outcome {
        let trust = match &self.trust {
            Some(path) => trust_in(path)?,
            None => pinned(here).await?,
        };
        let bytes = find(here, &self.which).await?;
        let now = Edge::system().now();
        let mut verdict = check(&bytes, &trust, now);
        let seen = match verdict {
            Verdict::Revoked => self.before_it_ended(here, &bytes, (&trust, now)).await?,
            _ => None,
        };
        let seen = seen.map(|(seen, good)| {
            verdict = good;
            seen
        });
        let because = why::because(&bytes, &verdict, &trust);
        let mut missing = self.missing(&verdict);
        missing.extend(self.not_among(&verdict, &bytes, (&trust, now)));
        let quorum = quorum(&bytes, &verdict);
        let mut words = self.words(&verdict, &missing, quorum.as_ref());
        let mut document = document(&verdict, &missing, quorum.as_ref());
        if let Some(because) = &because {
            let _ = write!(words, "\n  because      {}", visible(because, false));
            if let Some(members) = document.as_object_mut() {
                members.insert("because".into(), json!(because));
            }
        }
        if let Some(seen) = &seen {
            let (who, seq, at) =
                (visible(&seen.who, false), seen.head.head.seq, seen.at.timestamp());
            let _ = write!(words, "\na key in it ended later; judged as of its date by {who}");
            if let Some(members) = document.as_object_mut() {
                members.insert("witness".into(), json!({"who": seen.who, "seq": seq, "seen": at}));
            }
        }
        here.output.result(&words, &document)?;
        let good = matches!(verdict, Verdict::Valid { .. }) && missing.is_empty();
        Ok(if good { Exit::Ok } else { Exit::Verification })
    }

    /// The verdict over a receipt whose key ended later, where somebody saw it before; with the first
    /// witness.
    async fn before_it_ended(
        &self,
        here: &Here<'_>,
        bytes: &[u8],
        (trust, now): (&TrustStore, Instant),
    ) -> Result<Option<(Seen, Verdict)>, Failure> {
        let kept = self.witnessed.iter().map(Kept::seen).collect::<Result<Vec<_>, _>>()?;
        let Ok(receipt) = Document::parse(bytes) else { return Ok(None) };
        let own = || Some(here.root.join("ledger.db")).filter(|_| !Path::new(&self.which).exists());
        let file = match self.ledger.clone().or_else(own) {
            Some(path) => Some(LedgerFile::open(&path).await?),
            None => None,
        };
        let ledger = file.as_ref().map(|file| file as &dyn Receipts);
        let known = of_one(&receipt, ledger, &kept, (trust, now)).await?;
        let good = |(seen, witnessed): (Seen, Witnessed)| {
            let at = Moment { now, witnessed: std::slice::from_ref(&witnessed) };
            let verdict = receipt.check_at(trust, &at);
            matches!(verdict, Verdict::Valid { .. }).then_some((seen, verdict))
        };
        // Several keys may have ended, each with a witness of its own.
        let all: Vec<_> = known.iter().map(|(_, witnessed)| witnessed.clone()).collect();
        let together = receipt.check_at(trust, &Moment { now, witnessed: &all });
        let newest = known.iter().map(|(seen, _)| seen.clone()).max_by_key(|s| s.head.head.seq);
        let one = known.into_iter().find_map(good);
        let all = newest.filter(|_| matches!(together, Verdict::Valid { .. }));
        Ok(one.or_else(|| Some((all?, together))))
    }

    /// What was asked for and is not there. An authentic receipt is not yet an approval.
    fn missing(&self, verdict: &Verdict) -> Vec<String> {
        let Verdict::Valid { level, assurance, event, .. } = verdict else { return Vec::new() };
        let mut missing = Vec::new();
        if self.require.as_deref() == Some("L1") && *level < Level::L1 {
            missing.push(format!("level is {level:?}, L1 was required"));
        }
        if let Some(wanted) = self.assurance.filter(|wanted| *assurance < Some(*wanted)) {
            let found = assurance.map_or("of nobody", Assurance::name);
            missing.push(format!("assurance is {found}, {} was required", wanted.name()));
        }
        if let Some(wanted) = self.event.filter(|wanted| wanted != event) {
            missing.push(format!("event is {}, {} was required", event.name(), wanted.name()));
        }
        missing
    }

    /// Who was asked for and did not allow it.
    fn not_among(
        &self,
        verdict: &Verdict,
        bytes: &[u8],
        (trust, now): (&TrustStore, Instant),
    ) -> Vec<String> {
        let Verdict::Valid { approvers, .. } = verdict else { return Vec::new() };
        let receipt = Document::parse(bytes).ok();
        let allowed =
            receipt.map(|receipt| receipt.content.allowed_by(trust, now)).unwrap_or_default();
        let counted = |one: &&Approver| approvers.contains(&one.person);
        let allowed: Vec<_> = allowed.iter().filter(counted).collect();
        let is = |wanted: &str| match wanted.strip_prefix("role:") {
            Some(role) => allowed.iter().any(|one| one.roles.iter().any(|has| has == role)),
            None => allowed.iter().any(|one| one.person == wanted),
        };
        let absent = self.approver.iter().filter(|wanted| !is(wanted));
        absent.map(|wanted| format!("approved by no `{}`", visible(wanted, false))).collect()
    }

    fn words(&self, verdict: &Verdict, missing: &[String], quorum: Option<&Quorum>) -> String {
        let Verdict::Valid { level, assurance, event, approvers } = verdict else {
            return format!("NOT VALID: {}", explain(verdict));
        };
        if let Some(first) = missing.first() {
            return format!("NOT ENOUGH: authentic, but {first}");
        }
        let by = if approvers.is_empty() {
            "no person's approval is in it".to_owned()
        } else {
            let with = assurance.map_or("unknown", Assurance::name);
            format!("approved by {} (assurance {with})", visible(&approvers.join(", "), false))
        };
        let mut unchecked = Vec::new();
        if self.require.is_none() {
            unchecked.push("--require");
        }
        if self.event.is_none() {
            unchecked.push("--event");
        }
        if self.assurance.is_none() {
            unchecked.push("--assurance");
        }
        if self.approver.is_empty() {
            unchecked.push("--approver");
        }
        let note = match unchecked.as_slice() {
            [] => String::new(),
            names => format!("\nnot checked, because not asked for: {}", names.join(", ")),
        };
        let several = quorum.map(|quorum| several(quorum, approvers)).unwrap_or_default();
        format!("VALID: {level:?}, {}, {by}{several}{note}", event.name())
    }
}

/// The quorum that the signed route of a valid receipt asked for.
fn quorum(bytes: &[u8], verdict: &Verdict) -> Option<Quorum> {
    let valid = matches!(verdict, Verdict::Valid { .. });
    valid.then(|| Document::parse(bytes).ok()).flatten()?.content.quorum()
}

fn document(verdict: &Verdict, missing: &[String], quorum: Option<&Quorum>) -> Value {
    let mut document = serde_json::to_value(verdict).unwrap_or_default();
    if let Some(members) = document.as_object_mut() {
        if let Some(Value::Null) = members.get("assurance") {
            members.remove("assurance");
        }
        if let Some(quorum) = quorum {
            members.insert("quorum".into(), json!(quorum));
        }
        if !missing.is_empty() {
            members.insert("notMet".into(), json!(missing));
        }
    }
    document
}

fn least(text: &str) -> Result<Assurance, String> {
    serde_json::from_value(text.into())
        .map_err(|_| format!("`{text}` is none of local, web, device, verified"))
}

fn event(text: &str) -> Result<Event, String> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|e| e.to_string())
}
