//! `audit query`: receipts by what they say.

use super::live::Live;
use super::when::when;
use super::words;
use crate::commands::Here;
use crate::commands::trust::pinned;
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::artifact::Risk;
use countersign_core::display::visible;
use countersign_core::export::{Line, hitl, lines};
use countersign_core::receipt::{Event, Receipt};
use countersign_core::time::{Instant, Timestamp};
use countersign_core::trust::TrustStore;
use countersign_enforcer::{Edge, Home};
use countersign_store::ledger::read::{Query as Sought, Receipts, mark};
use countersign_store_sqlite::SqliteLedger;
use serde_json::{Value, json};
use std::sync::Arc;

/// Receipts that are looked at together, where more is asked than the ledger files them by.
const PAGE: usize = 256;

/// What one word stands for. Under a name of its own, since the words are not repeated.
type Events = Vec<Event>;

/// The longest that an action is shown in a line.
const SHOWN: usize = 60;

/// Find receipts by what they say.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  countersign audit query --decision deny --since 90d\n  \
    countersign audit query --risk critical --approver ann --json\n  \
    countersign audit query --event-type=hitl_decision --filter='decision=deny' --format hitl\n\n\
    Everything that is named must hold. The newest come first. Times are in UTC.\n\
    It finds and does not check: `countersign audit verify` does.")]
pub(crate) struct Query {
    /// What happened, such as executed; or hitl_decision, hitl_answer, policy_decision
    #[arg(long, visible_alias = "event-type", value_name = "EVENT", value_parser = words::events)]
    event: Option<Events>,

    /// How it was decided, such as denied; or approve, deny
    #[arg(long, value_name = "DECISION", value_parser = words::decisions)]
    decision: Option<Events>,

    /// How dangerous it was held to be: low, medium, high or critical
    #[arg(long, value_name = "RISK", value_parser = words::risk)]
    risk: Option<Risk>,

    /// Who decided
    #[arg(long, value_name = "PERSON")]
    approver: Option<String>,

    /// From when: 90d, 8h, 2026-01-31, or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = when)]
    since: Option<Timestamp>,

    /// Until before when
    #[arg(long, value_name = "TIME", value_parser = when)]
    until: Option<Timestamp>,

    /// KEY=VALUE: event_type, decision, risk_level, user, correlation_id, tool_name or rule; may
    /// be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = words::filter)]
    filter: Vec<(String, String)>,

    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,

    /// The shape: lines for people, or the entries of human-in-the-loop gates, one a line
    #[arg(long, value_name = "FORMAT", value_parser = ["text", "hitl"], default_value = "text")]
    format: String,
}

/// What is looked for, beyond what the ledger files receipts by.
#[derive(Default)]
struct Rest {
    request: Option<String>,
    tool: Option<String>,
    rule: Option<String>,
}

impl Query {
    pub(super) async fn run(self, here: &Here<'_>) -> Outcome {
        let (sought, rest) = self.sought()?;
        let trust = pinned(here).await?;
        let ledger = ledger(here)?;
        if let Some(person) = &sought.person {
            known(&*ledger, &trust, person).await?;
        }
        let live = Live::of(&*ledger, sought.since).await?;
        let sought = Sought { from: live.from, ..sought };
        let found = self.find(&*ledger, &sought, &rest).await?;
        let hitl_entries = || found.iter().flat_map(|r| hitl(r, &trust)).collect::<Vec<_>>();
        let (text, items): (String, Vec<Value>) = if self.format == "hitl" {
            let entries = hitl_entries();
            (entries.iter().map(Value::to_string).collect::<Vec<_>>().join("\n"), entries)
        } else {
            let all: Vec<Line> = found.iter().flat_map(|r| lines(r, &trust)).collect();
            (table(&all), all.iter().map(|line| json!(line)).collect())
        };
        let text = if items.is_empty() { "no such receipts".to_owned() } else { text };
        let mut document = json!({ "items": items });
        live.tell(&mut document);
        here.output.result(&text, &document)?;
        live.progress(here);
        if found.len() == self.limit {
            here.output.progress("there may be more: raise --limit");
        }
        Ok(Exit::Ok)
    }

    /// Everything that must hold at once. What cannot is an error.
    fn sought(&self) -> Result<(Sought, Rest), Failure> {
        let mut events: Vec<Vec<Event>> = Vec::new();
        events.extend(self.event.clone());
        events.extend(self.decision.clone());
        let mut risks = Vec::from_iter(self.risk);
        let mut persons = Vec::from_iter(self.approver.clone());
        let mut rest = Rest::default();
        for (key, value) in &self.filter {
            match key.as_str() {
                "event" | "event_type" => events.push(words::events(value).map_err(usage)?),
                "decision" => events.push(words::decisions(value).map_err(usage)?),
                "risk" | "risk_level" => risks.push(words::risk(value).map_err(usage)?),
                "user" | "approver" => persons.push(value.clone()),
                "correlation_id" | "request_id" => once(&mut rest.request, key, value)?,
                "tool_name" => once(&mut rest.tool, key, value)?,
                _ => once(&mut rest.rule, key, value)?,
            }
        }
        persons.dedup();
        risks.dedup();
        if persons.len() > 1 || risks.len() > 1 {
            return Err(usage("two risks or two approvers: one receipt bears one".to_owned()));
        }
        let sought = Sought {
            events: common(events)?,
            risks,
            person: persons.pop(),
            since: self.since.as_ref().map(Timestamp::instant),
            until: self.until.as_ref().map(Timestamp::instant),
            from: 0,
        };
        if sought.since.zip(sought.until).is_some_and(|(since, until)| since >= until) {
            return Err(usage("--since is not before --until".to_owned()));
        }
        Ok((sought, rest))
    }

    async fn find(
        &self,
        ledger: &dyn Receipts,
        sought: &Sought,
        rest: &Rest,
    ) -> Result<Vec<Receipt>, Failure> {
        let page = if rest.is_nothing() { self.limit } else { PAGE };
        let (mut found, mut before) = (Vec::new(), None);
        while found.len() < self.limit {
            let some = ledger.find(sought, before, page).await?;
            let Some(last) = some.last() else { break };
            before = Some(mark(last));
            let is_last = some.len() < page;
            found.extend(some.into_iter().filter(|receipt| rest.holds(receipt)));
            if is_last {
                break;
            }
        }
        found.truncate(self.limit);
        Ok(found)
    }
}

impl Rest {
    fn is_nothing(&self) -> bool {
        self.request.is_none() && self.tool.is_none() && self.rule.is_none()
    }

    fn holds(&self, receipt: &Receipt) -> bool {
        let entry = &receipt.content.entry;
        let rule = entry.policy.as_ref().map(|note| note.rule_id.as_str());
        let tool = || {
            let line = lines(receipt, &TrustStore::default()).into_iter().next();
            line.and_then(|line| line.action)
        };
        self.request.as_ref().is_none_or(|id| entry.request_id.as_ref() == Some(id))
            && self.rule.as_deref().is_none_or(|id| rule == Some(id))
            && self.tool.as_ref().is_none_or(|name| tool().as_ref() == Some(name))
    }
}

/// The events that every list names.
fn common(lists: Vec<Vec<Event>>) -> Result<Vec<Event>, Failure> {
    let mut lists = lists.into_iter();
    let Some(mut events) = lists.next() else { return Ok(Vec::new()) };
    for list in lists {
        events.retain(|event| list.contains(event));
        if events.is_empty() {
            let names: Vec<String> = list.iter().map(|event| event.name()).collect();
            let message = format!(
                "no receipt is both: the event and the decision exclude each other; that decision \
                 stands in {}",
                names.join(", ")
            );
            return Err(usage(message));
        }
    }
    Ok(events)
}

fn once(place: &mut Option<String>, key: &str, value: &str) -> Result<(), Failure> {
    match place.replace(value.to_owned()) {
        Some(other) if other != value => Err(usage(format!("two filters `{key}`: name one"))),
        _ => Ok(()),
    }
}

/// Somebody of whom nobody knows decided nothing; but that is not what was asked.
async fn known(ledger: &dyn Receipts, trust: &TrustStore, person: &str) -> Result<(), Failure> {
    let pinned: Vec<&str> = trust.approvers.iter().map(|a| a.person.as_str()).collect();
    let any = Sought { person: Some(person.to_owned()), ..Sought::default() };
    if pinned.contains(&person) || !ledger.find(&any, None, 1).await?.is_empty() {
        return Ok(());
    }
    let message = format!("nobody here is called `{}`", visible(person, false));
    let hint = format!("there are {}", visible(&pinned.join(", "), false));
    Err(Failure::new(Exit::Usage, "approver", message).hint(hint))
}

fn usage(message: String) -> Failure {
    Failure::new(Exit::Usage, "usage", message)
        .hint("for more information, try 'countersign audit query --help'")
}

/// This home's ledger, without a word about whether others remember another: whoever looks into a
/// ledger that is refused must be able to look.
pub(crate) fn ledger(here: &Here<'_>) -> Result<Arc<SqliteLedger>, Failure> {
    let identity = parties::existing_identity(&here.root)?
        .ok_or_else(|| Failure::new(Exit::Failed, "no_key", "this home is no enforcer's"))?;
    parties::ledger(&Home::open(&here.root)?, &identity, &Edge::system())
}

/// One line for each, under each other.
pub(super) fn table(lines: &[Line]) -> String {
    lines.iter().map(row).collect::<Vec<_>>().join("\n")
}

/// A moment in UTC to the millisecond: as wide as any other.
fn moment(at: Instant) -> String {
    let text = at.timestamp();
    let second = text.as_str().get(..19).unwrap_or_else(|| text.as_str());
    format!("{second}.{:03}Z", at.0.rem_euclid(1_000))
}

/// One line.
pub(super) fn row(line: &Line) -> String {
    let at = moment(line.timestamp.instant());
    let risk = line.risk.map(countersign_store::ledger::read::risk_name).unwrap_or_default();
    let who = line.approver.as_deref().unwrap_or("-");
    let what = asked(line, SHOWN);
    let why = line.reason.as_ref().map(|why| format!("  \"{why}\"")).unwrap_or_default();
    let text =
        format!("{:>7}  {at}  {:<10}  {risk:<8}  {who:<10}  {what}{why}", line.seq, line.event);
    visible(text.trim_end(), false)
}

/// What was asked for: its name and its arguments, as many as there is room for.
pub(super) fn asked(line: &Line, room: usize) -> String {
    let what = line.action.as_deref().unwrap_or_default();
    let with = line.parameters.as_ref().map(|with| shown(with, room)).unwrap_or_default();
    format!("{what} {with}").trim_end().to_owned()
}

fn shown(parameters: &Value, room: usize) -> String {
    let words = |list: &Vec<Value>| {
        let word = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        list.iter().map(word).collect::<Vec<_>>().join(" ")
    };
    let argv = parameters.get("argv").and_then(Value::as_array);
    let text = argv.map_or_else(|| parameters.to_string(), words);
    match text.char_indices().nth(room) {
        None => text,
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_stand_below_each_other() {
        for (at, shown) in [
            (1_775_989_801_000, "2026-04-12T10:30:01.000Z"),
            (1_775_989_801_120, "2026-04-12T10:30:01.120Z"),
            (1_775_989_801_007, "2026-04-12T10:30:01.007Z"),
        ] {
            assert_eq!(moment(Instant(at)), shown);
        }
    }
}
