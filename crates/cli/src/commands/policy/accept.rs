//! `policy accept`: make a policy count.

use super::init::At;
use super::labels;
use super::layers::Text;
use super::page::word;
use super::situation::{Situation, Who};
use super::{check, unusable};
use crate::asking::{self, Whom, keep_receipt};
use crate::commands::{Here, asked_to_end, duration, millis};
use crate::failure::{Exit, Failure, Outcome, no_approver};
use crate::parties;
use countersign_core::display::{counted, visible};
use countersign_core::receipt::Receipt;
use countersign_enforcer::policy::{NAMES, Place, Proposal, at};
use countersign_enforcer::{Answered, Enforcer, Progress, Question, Relays, Way};
use countersign_policy::model::{Policy, Rule};
use countersign_store::files::{self, Links};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Make a policy count: check it, show it, and have it allowed.
///
/// The first one of a home that has pinned no approver counts at once; every later one when an
/// approver of the highest assurance of this home has allowed it. A file from elsewhere is then
/// copied to its place.
#[derive(clap::Args)]
#[command(after_help = "Exit 10 where it was not allowed, 11 where nobody answered.\n\n\
    Examples:\n  \
    countersign policy accept\n  \
    countersign policy accept policy.toml --at workspace\n  \
    countersign policy accept --local")]
pub(crate) struct Accept {
    /// The policy's file [default: the one that lies in its place]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Where it is to hold
    #[arg(long, value_enum, value_name = "PLACE", default_value = "home")]
    at: At,

    /// Whom to ask: a pairing, a person or a role; may be repeated [default: everyone who may
    /// allow it]
    #[arg(long, value_name = "WHO")]
    to: Vec<String>,

    /// Ask here, on this terminal, and sign with the local key
    #[arg(long, conflicts_with = "to")]
    local: bool,

    /// How long to wait for an answer: 90, 90s, 5m, 8h
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    ttl: Duration,
}

/// The file that is to count, and where it must lie for that.
struct Filed {
    text: Text,
    place: Place,
    from: PathBuf,
    to: PathBuf,
}

impl Accept {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let situation = Situation::of(&Who::default(), &here.root)?;
        let filed = self.filed(here, &situation)?;
        let loaded = match filed.text.load() {
            Ok(loaded) => loaded,
            Err(mistakes) => {
                here.output
                    .progress(&check::shown(here.output, &filed.text, &mistakes.0).join("\n"));
                return Err(filed.text.refused(&mistakes));
            }
        };
        let enforcer = parties::enforcer(&here.root).await?;
        for unknown in labels::unknown(here, &loaded)? {
            here.output.progress(&format!("warning: {}", visible(&unknown.message, true)));
        }
        let bytes = filed.text.bytes.clone();
        let proposal = enforcer.propose_policy(filed.place.clone(), &filed.from, bytes).await?;
        here.output.progress(&shown(here, &filed, &proposal, &loaded.policy).join("\n"));
        let receipt = accept(self, here, &enforcer, &proposal).await?;
        filed.put()?;
        let path = keep_receipt(&enforcer, &receipt)?;
        let text = format!(
            "accepted for {}\nreceipt     {}",
            place_words(&filed.place),
            visible(&path.display().to_string(), false)
        );
        let document = json!({
            "place": filed.place.layer(),
            "file": filed.to.display().to_string(),
            "sha256": proposal.sha256(),
            "previous": proposal.previous(),
            "receipt": path.display().to_string(),
        });
        here.output.result(&text, &document)?;
        Ok(Exit::Ok)
    }

    fn filed(&self, here: &Here<'_>, situation: &Situation) -> Result<Filed, Failure> {
        let place = match self.at {
            At::Home => Place::Home,
            At::Workspace => Place::Workspace(situation.workspace_text()),
        };
        let dir = self.at.dir(here)?;
        let there = at(place.clone(), &dir)?;
        let Some(from) = self.file.clone().or_else(|| there.as_ref().map(|f| f.path.clone()))
        else {
            let message = format!("no policy in `{}`", visible(&dir.display().to_string(), false));
            return Err(unusable("no_policy", message)
                .hint("`countersign policy init` writes one, or name a file"));
        };
        let text = Text::named(&from)?;
        let to = dir.join(name_of(&from));
        let other = there.map(|found| found.path).filter(|path| *path != to);
        if let Some(other) = other.filter(|other| *other != from) {
            let message =
                format!("`{}` is there already", visible(&other.display().to_string(), false));
            return Err(
                unusable("exists", message).hint("only one policy may be in a place; move it away")
            );
        }
        Ok(Filed { text, place, from, to })
    }
}

/// The name under which a policy of this dialect lies in its place.
fn name_of(path: &Path) -> &'static str {
    let ending = path.extension().map(|e| e.to_ascii_lowercase());
    let [toml, yaml, yml] = NAMES;
    match ending.as_ref().and_then(|e| e.to_str()) {
        Some("yaml") => yaml,
        Some("yml") => yml,
        _ => toml,
    }
}

impl Filed {
    /// What lies in its place, no longer than what tells it apart.
    fn there(&self) -> std::io::Result<Vec<u8>> {
        let (mut there, most) = (Vec::new(), self.text.bytes.len() as u64 + 1);
        files::open(&self.to, Links::Followed)?.take(most).read_to_end(&mut there)?;
        Ok(there)
    }

    /// Puts the text in its place, whole, where it does not lie there yet.
    fn put(&self) -> Result<(), Failure> {
        let same = self.there().is_ok_and(|there| there == self.text.bytes);
        if same {
            return Ok(());
        }
        let failed = |e: std::io::Error| {
            let shown = visible(&self.to.display().to_string(), false);
            unusable("file", format!("it was accepted, and `{shown}` cannot be written: {e}"))
                .hint("copy the file there yourself; it counts then")
        };
        if let Some(dir) = self.to.parent() {
            std::fs::create_dir_all(dir).map_err(failed)?;
        }
        let temp = self.to.with_file_name(format!(".policy.{}.tmp", std::process::id()));
        let put = || -> std::io::Result<()> {
            let mode = if self.place == Place::Home { 0o600 } else { 0o644 };
            let mut options = std::fs::OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(mode).open(&temp)?;
            file.write_all(&self.text.bytes)?;
            file.sync_all()?;
            std::fs::rename(&temp, &self.to)
        };
        let done = put();
        let _ = std::fs::remove_file(&temp);
        done.map_err(failed)
    }
}

async fn accept(
    command: Accept,
    here: &Here<'_>,
    enforcer: &Enforcer,
    proposal: &Proposal,
) -> Result<Receipt, Failure> {
    let Some(mut question) = enforcer.policy_question(proposal, millis(command.ttl)).await? else {
        return Ok(enforcer.accept_first_policy(proposal).await?);
    };
    narrow(&mut question, &command.to, command.local)?;
    let relays = parties::relays(enforcer.identity(), &enforcer.home().pairings()?)?;
    let answered = ask(command.local, here, enforcer, &question, &relays).await?;
    match answered {
        Answered::Withdrawn(_) => {
            Err(Failure::new(Exit::Denied, "withdrawn", "stopped; the policy does not count")
                .hint("start again with `countersign policy accept`"))
        }
        Answered::Denied(request) => {
            let said = request.why();
            let why = said.map(|why| format!(": {}", visible(&why.text, false)));
            let message = format!("the policy was denied{}", why.unwrap_or_default());
            Err(Failure::new(Exit::Denied, "policy_denied", message).hint(STAYS))
        }
        Answered::Expired(_) | Answered::Pending(_) => {
            let message = "nobody allowed the policy in time";
            Err(Failure::new(Exit::Expired, "policy_expired", message).hint(STAYS))
        }
        answered => Ok(enforcer.accept_policy(proposal, answered, &relays).await?),
    }
}

/// Where a policy was not allowed.
const STAYS: &str = "what was in force before stays; `countersign policy status` shows it";

/// Leaves only those who were named.
pub(crate) fn narrow(question: &mut Question, to: &[String], local: bool) -> Result<(), Failure> {
    let is = |who: &String, way: &Way| {
        let role = who.strip_prefix("role:").unwrap_or(who);
        way.pairing.as_ref() == Some(who)
            || way.approver.person == *who
            || way.approver.roles.iter().any(|r| r == role)
    };
    let named = |way: &Way| to.is_empty() || to.iter().any(|who| is(who, way));
    question.to.retain(|way| named(way) && (!local || way.pairing.is_none()));
    if question.to.is_empty() {
        return Err(no_approver("nobody of those may allow this here".into())
            .hint("`countersign trust show`: it takes the highest assurance of this home"));
    }
    Ok(())
}

/// Asks those who may change what this home lets through.
pub(crate) async fn ask(
    local: bool,
    here: &Here<'_>,
    enforcer: &Enforcer,
    question: &Question,
    relays: &Relays,
) -> Result<Answered, Failure> {
    let output = *here.output;
    let report = |progress: Progress| match progress {
        Progress::Suspended(request, _) => {
            output.progress(&asking::waits_for_highest(enforcer, question, request.id.as_str()));
        }
        Progress::Unreachable(why) => {
            output.progress(&format!("{}; trying again", visible(&why, false)));
        }
        Progress::Queued(_)
        | Progress::Submitted
        | Progress::Refused(_)
        | Progress::Counted(..)
        | Progress::Escalated(..)
        | Progress::HandedOn(_) => {}
    };
    let far = |way: &Way| way.pairing.as_ref().is_some_and(|name| relays.contains_key(name));
    let whom = match !local && question.to.iter().any(far) {
        true => Whom::Devices(relays),
        false => Whom::Here(&here.root),
    };
    let signal = std::pin::pin!(asked_to_end());
    asking::put(enforcer, question, whom, &report, signal).await
}

/// What is about to be accepted.
fn shown(here: &Here<'_>, filed: &Filed, proposal: &Proposal, policy: &Policy) -> Vec<String> {
    let mut lines = vec![
        format!("policy      {}", filed.text.name),
        format!("for         {}", place_words(&filed.place)),
        format!("sha256      {}", proposal.sha256()),
    ];
    lines.push(match proposal.previous() {
        Some(hash) => format!("replaces    {hash}"),
        None => "replaces    none: it is the first".into(),
    });
    let before = before(here, filed, proposal);
    lines.push(format!("rules       {}", counted(policy.rules.len(), "rule")));
    lines.extend(changes(before.as_ref(), policy));
    lines
}

/// The policy that counts now, where its text still lies in the place.
fn before(here: &Here<'_>, filed: &Filed, proposal: &Proposal) -> Option<Policy> {
    let dir = filed.to.parent().unwrap_or(&here.root);
    let found = at(filed.place.clone(), dir).ok()??;
    let text = Text::named(&found.path).ok()?;
    let accepted = proposal.previous() == Some(found.sha256);
    accepted.then(|| text.load().ok().map(|loaded| loaded.policy)).flatten()
}

/// Rules that are new, other or gone; all of them where nobody knows what was before.
fn changes(before: Option<&Policy>, policy: &Policy) -> Vec<String> {
    let old = |id: &str| before.and_then(|p| p.rules.iter().find(|rule| rule.id == id));
    let now = policy.rules.iter().filter_map(|rule| match (before, old(&rule.id)) {
        (None, _) => Some(("", rule)),
        (Some(_), None) => Some(("new: ", rule)),
        (Some(_), Some(old)) if old != rule => Some(("changed: ", rule)),
        _ => None,
    });
    let here = |id: &str| policy.rules.iter().any(|rule| rule.id == id);
    let gone = before.into_iter().flat_map(|p| &p.rules).filter(|rule| !here(&rule.id));
    let line = |(mark, rule): (&str, &Rule)| {
        let said = rule.decision.map_or_else(|| "no decision".into(), |d| word(&d));
        format!("            {mark}{} ({said})", visible(&rule.id, false))
    };
    now.chain(gone.map(|rule| ("gone: ", rule))).map(line).collect()
}

fn place_words(place: &Place) -> String {
    match place {
        Place::Organisation => "the organisation".into(),
        Place::Home => "everything that this home gates".into(),
        Place::Workspace(dir) => format!("the workspace {}", visible(dir, false)),
    }
}
