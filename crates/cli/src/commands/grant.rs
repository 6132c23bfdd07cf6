//! `grant`: standing permissions in exact words.

mod add;

pub(crate) use add::{Until, until};

use super::Here;
use crate::asking::keep_receipt;
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::display::{counted, visible};
use countersign_core::grant::Grant as Terms;
use countersign_enforcer::gate::grant::{state_of, terms};
use countersign_enforcer::{Enforcer, GateError};
use countersign_store::ledger::{GrantRecord, LedgerError};
use serde_json::{Value, json};

/// Give, list and take back standing permissions.
#[derive(clap::Subcommand)]
pub(crate) enum Grant {
    /// Have an approver sign that exactly this command may run again without asking
    Add(add::Add),
    /// List the grants of this home, and whether they stand
    List(List),
    /// Take a grant back, at once
    Revoke(Revoke),
}

/// List the grants of this home, and whether they stand.
#[derive(clap::Args)]
pub(crate) struct List {}

/// Take a grant back, at once.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  countersign grant revoke 01KAH")]
pub(crate) struct Revoke {
    /// The grant's id; may be shortened while unique
    id: String,
}

impl Grant {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        match self {
            Self::Add(command) => command.run(here).await,
            Self::List(command) => command.run(here).await,
            Self::Revoke(command) => command.run(here).await,
        }
    }
}

impl List {
    async fn run(self, here: &Here<'_>) -> Outcome {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        let (mut text, mut documents) = (Vec::new(), Vec::new());
        for grant in enforcer.ledger().grants().await? {
            let (lines, document) = told(&enforcer, &grant).await?;
            text.extend(lines);
            documents.push(document);
        }
        if text.is_empty() {
            text.push("no grants: `countersign grant add -- CMD` asks for one".into());
        }
        here.output.result(&text.join("\n"), &json!({"grants": documents}))?;
        Ok(Exit::Ok)
    }
}

impl Revoke {
    async fn run(self, here: &Here<'_>) -> Outcome {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        let grants = enforcer.ledger().grants().await?;
        let mut named = grants.iter().filter(|grant| grant.id.starts_with(&self.id));
        let id = visible(&self.id, false);
        let grant = match (named.next(), named.next()) {
            (Some(grant), None) if !self.id.is_empty() => grant,
            (None, _) => return Err(no_grant("unknown_grant", format!("no grant `{id}`"))),
            _ => return Err(no_grant("ambiguous_grant", format!("`{id}` is not one grant alone"))),
        };
        let receipt = enforcer.revoke_grant(&grant.id).await.map_err(|error| match error {
            GateError::Ledger(LedgerError::Ended(id)) => {
                let message = format!("the grant `{}` was taken back before", visible(&id, false));
                no_grant("already_revoked", message)
            }
            error => error.into(),
        })?;
        let path = keep_receipt(&enforcer, &receipt)?.display().to_string();
        let text = format!("taken back: {}\nreceipt     {}", grant.id, visible(&path, false));
        here.output.result(&text, &json!({"revoked": grant.id, "receipt": path}))?;
        Ok(Exit::Ok)
    }
}

fn no_grant(code: &str, message: String) -> Failure {
    Failure::new(Exit::Failed, code, message).hint("`countersign grant list` shows them")
}

/// One grant, for people and for programs.
async fn told(enforcer: &Enforcer, grant: &GrantRecord) -> Result<(Vec<String>, Value), Failure> {
    let now = enforcer.edge().now();
    let seen = enforcer.ledger().latest().await?.map_or(now, |seen| seen.max(now));
    let request = enforcer.ledger().request(&grant.request_id).await?;
    let terms = request.as_ref().and_then(terms);
    let call = terms.as_ref().map_or_else(|| "unknown".to_owned(), call);
    let state = state_of(grant, seen);
    let mut lines = vec![format!("{}  {state}, {}", grant.id, used(grant.used, grant.count))];
    lines.push(format!("    {:<12}{}", "command", visible(&call, false)));
    let rule = terms.as_ref().map(Terms::words).unwrap_or_default();
    lines.extend(rule.into_iter().skip(1).map(|line| format!("    {line}")));
    let document = json!({
        "id": grant.id,
        "state": state,
        "stands": grant.over(seen).is_none(),
        "call": call,
        "actionHash": grant.action_hash,
        "principal": grant.principal,
        "session": grant.session,
        "workspace": grant.workspace,
        "grantedAt": grant.granted_at.timestamp(),
        "expiresAt": grant.expires_at.timestamp(),
        "count": grant.count,
        "used": grant.used,
        "requestId": grant.request_id,
    });
    Ok((lines, document))
}

/// How often a grant was used, of how often it may be.
fn used(used: u32, may: Option<u32>) -> String {
    match (used, may) {
        (0, _) => "not used yet".to_owned(),
        (1, None | Some(1)) => "used once".to_owned(),
        (used, Some(may)) => format!("used {used} of {}", counted(may, "time")),
        (used, None) => format!("used {used} times"),
    }
}

/// A call in one line: of a command its words, of another kind its name.
fn call(terms: &Terms) -> String {
    let text = |name| terms.action.get(name).and_then(Value::as_str);
    let argv = terms.action.get("argv").and_then(Value::as_array);
    match argv {
        Some(argv) => argv.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        None => text("tool").or(text("action")).or(text("kind")).unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::used;

    #[test]
    fn how_often_a_grant_was_used_is_said_as_people_say_it() {
        assert_eq!(used(0, Some(3)), "not used yet");
        assert_eq!(used(1, Some(1)), "used once");
        assert_eq!(used(1, None), "used once");
        assert_eq!(used(1, Some(3)), "used 1 of 3 times");
        assert_eq!(used(4, None), "used 4 times");
    }
}
