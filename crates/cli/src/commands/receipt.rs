//! `receipt show` and `receipt verify`.

use super::Here;
use super::audit::kept::{Kept, kept};
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::artifact::Assurance;
use countersign_core::display::visible;
use countersign_core::json;
use countersign_core::receipt::check::{Quorum, Verdict, check};
use countersign_core::receipt::validity::{Moment, Witnessed};
use countersign_core::receipt::{Event, Level, OutputDigest, Receipt as Document};
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use countersign_enforcer::Edge;
use countersign_enforcer::audit::seen::{Seen, of_one};
use countersign_store::ledger::read::Receipts;
use countersign_store_sqlite::LedgerFile;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Show and verify receipts.
#[derive(clap::Subcommand)]
pub(crate) enum Receipt {
    /// Print a receipt: a file, a number of this home's ledger, or `last`
    Show(Show),
    /// Check a receipt offline against pinned keys
    Verify(Verify),
}

/// Print a receipt.
#[derive(clap::Args)]
pub(crate) struct Show {
    /// A file, a number, or `last`
    #[arg(value_name = "FILE|N|last")]
    which: String,
}

/// Check a receipt offline against pinned keys.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign receipt verify last --require L1 --event executed\n  \
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

impl Receipt {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        match self {
            Self::Show(show) => show.run(here).await,
            Self::Verify(verify) => verify.run(here).await,
        }
    }
}

impl Show {
    async fn run(self, here: &Here<'_>) -> Outcome {
        let bytes = find(here, &self.which).await?;
        let value = json::parse(&bytes, json::limit::RECEIPT).map_err(|e| malformed(&e))?;
        let receipt = parsed(&bytes)?;
        here.output.result(&summary(&receipt, &value), &value)?;
        Ok(Exit::Ok)
    }
}

impl Verify {
    async fn run(self, here: &Here<'_>) -> Outcome {
        let trust = match &self.trust {
            Some(path) => trust_in(path)?,
            None => super::trust::pinned(here).await?,
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
        let missing = self.missing(&verdict);
        let quorum = quorum(&bytes, &verdict);
        let mut words = self.words(&verdict, &missing, quorum.as_ref());
        let mut document = document(&verdict, &missing, quorum.as_ref());
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
        let Verdict::Valid { level, event, .. } = verdict else { return Vec::new() };
        let mut missing = Vec::new();
        if self.require.as_deref() == Some("L1") && *level < Level::L1 {
            missing.push(format!("level is {level:?}, L1 was required"));
        }
        if let Some(wanted) = self.event.filter(|wanted| wanted != event) {
            missing.push(format!("event is {}, {} was required", event.name(), wanted.name()));
        }
        missing
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

/// A line for the quorum, one for each group, and who said no: "2 of 3: alice, bob".
fn several(quorum: &Quorum, approvers: &[String]) -> String {
    let names = |persons: &[String]| match persons {
        [] => "nobody".to_owned(),
        some => visible(&some.join(", "), false),
    };
    let mut lines =
        vec![format!("quorum: {} of {}: {}", quorum.need, quorum.asked.len(), names(approvers))];
    lines.extend(quorum.groups.iter().map(|group| {
        let of: Vec<_> = group.persons.iter().filter(|p| approvers.contains(p)).cloned().collect();
        let (need, size) = (group.threshold.max(1), group.persons.len());
        let name = visible(group.name.as_deref().unwrap_or("a group"), false);
        format!("  of {name}: {need} of {size}: {}", names(&of))
    }));
    if !quorum.denied.is_empty() {
        lines.push(format!("denied by: {}", names(&quorum.denied)));
    }
    format!("\n{}", lines.join("\n"))
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

pub(crate) fn explain(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Valid { .. } => "valid".into(),
        Verdict::Untrusted { key_id } => {
            format!("key {} is not in the trust store [Untrusted]", visible(&key_id.0, false))
        }
        Verdict::BadSignature => "a signature does not verify [BadSignature]".into(),
        Verdict::HashMismatch => "a hash is not the one of what it names [HashMismatch]".into(),
        Verdict::LevelMismatch => {
            "the level written down is not the one the signatures reach [LevelMismatch]".into()
        }
        Verdict::ThresholdNotMet { have, need } => {
            format!("{have} of {need} approvals [ThresholdNotMet]")
        }
        Verdict::OffRoster => "somebody decided who was not asked [OffRoster]".into(),
        Verdict::SelfApproval => "the operator approved for itself [SelfApproval]".into(),
        Verdict::Revoked => "a key in it was taken back [Revoked]".into(),
        Verdict::ChainBroken { seq } => format!("the chain breaks at {seq} [ChainBroken]"),
        Verdict::Truncated => "the ledger was cut [Truncated]".into(),
        Verdict::Forked => "the ledger was forked [Forked]".into(),
        Verdict::Contradicted => "it contradicts what was recorded before [Contradicted]".into(),
        Verdict::Malformed => "not a receipt [Malformed]".into(),
        Verdict::Unsupported => "a receipt of another version [Unsupported]".into(),
    }
}

pub(crate) fn trust_in(path: &Path) -> Result<TrustStore, Failure> {
    TrustStore::parse(&read(path)?).map_err(|e| {
        let message = format!("`{}` is no trust store: {e}", path.display());
        Failure::new(Exit::Failed, "trust", message).hint("`countersign trust export` writes one")
    })
}

fn event(text: &str) -> Result<Event, String> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|e| e.to_string())
}

/// The text of a receipt: a file, else one of this home's ledger.
pub(super) async fn find(here: &Here<'_>, which: &str) -> Result<Vec<u8>, Failure> {
    let seq = match which {
        "last" => None,
        number if number.bytes().all(|b| b.is_ascii_digit()) && !number.is_empty() => {
            Some(number.parse::<u64>().map_err(|_| none(which))?)
        }
        path => return read(Path::new(path)),
    };
    let enforcer = parties::existing_enforcer(&here.root).await?;
    let receipt = enforcer.ledger().receipt(seq).await?.ok_or_else(|| none(which))?;
    receipt.canonical_bytes().map_err(|e| malformed(&e))
}

/// A receipt that reads as one; whether it proves anything is for `receipt verify` to say.
pub(super) fn parsed(bytes: &[u8]) -> Result<Document, Failure> {
    Document::parse(bytes).map_err(|e| malformed(&e))
}

fn none(which: &str) -> Failure {
    Failure::new(Exit::Failed, "no_receipt", format!("no receipt `{which}` in this home's ledger"))
        .hint("`last` names the newest; the ledger is empty before the first request")
}

fn malformed(error: &json::JsonError) -> Failure {
    Failure::new(Exit::Verification, "Malformed", format!("not a receipt: {error}"))
        .hint("it proves nothing")
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let failed = |e: std::io::Error| {
        Failure::new(Exit::Failed, "file", format!("cannot read `{}`: {e}", path.display()))
            .hint("name a file, a number of this home's ledger, or `last`")
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(json::limit::RECEIPT as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn summary(receipt: &Document, whole: &Value) -> String {
    let (content, entry) = (&receipt.content, &receipt.content.entry);
    let mut lines = vec![format!(
        "receipt {} of ledger {}, {} at {}",
        content.seq,
        visible(&content.ledger, false),
        entry.event.name(),
        content.recorded_at
    )];
    let mut add = |label: &str, text: String| lines.push(format!("  {label:<12} {text}"));
    if let Some(id) = &entry.request_id {
        add("request", visible(id, false));
    }
    if let Some(hash) = &entry.action_hash {
        add("action", hash.to_string());
    }
    let argv = entry.action.as_ref().and_then(|a| a.get("argv"));
    if let Some(argv) = argv {
        add("command", visible(&argv.to_string(), false));
    }
    if let Some(by) = &entry.approver_decision {
        add(
            "decision",
            format!("{} by {}", visible(&by.verdict, false), visible(&by.person, false)),
        );
        if let Some(reason) = &by.reason {
            add("reason", visible(reason, false));
        }
    }
    if let Some(outcome) = &entry.outcome {
        if let Some(code) = outcome.exit_code {
            add("exit code", code.to_string());
        }
        if let Some(signal) = outcome.signal {
            add("signal", signal.to_string());
        }
        if let Some(error) = &outcome.error {
            add("error", visible(error, false));
        }
        for (name, digest) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
            if let Some(OutputDigest { bytes, sha256, cut }) = digest {
                let part = if *cut { "the first " } else { "" };
                add(name, format!("sha256 {sha256} of {part}{bytes} bytes"));
            }
        }
    }
    if let Some(binding) = entry.binding {
        add("binding", format!("{binding:?}").to_lowercase());
    }
    add("boundary", format!("{:?}", entry.boundary).to_lowercase());
    add("level", format!("{:?} as written; `receipt verify` works it out", entry.trust_level));
    let text = serde_json::to_string_pretty(whole).unwrap_or_default();
    format!("{}\n\n{}", lines.join("\n"), visible(&text, true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::artifact::Group;

    fn quorum() -> Quorum {
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let group =
            Group { name: Some("security".into()), persons: named(&["bob", "cat"]), threshold: 1 };
        Quorum {
            need: 2,
            asked: named(&["alice", "bob", "cat"]),
            denied: named(&["cat"]),
            groups: vec![group],
            veto: false,
        }
    }

    #[test]
    fn a_quorum_is_told_in_a_line_of_its_own() {
        let lines = several(&quorum(), &["alice".into(), "bob".into()]);
        assert_eq!(
            lines,
            "\nquorum: 2 of 3: alice, bob\n  of security: 1 of 2: bob\ndenied by: cat"
        );
        assert!(several(&quorum(), &[]).starts_with("\nquorum: 2 of 3: nobody\n"));
    }
}
