//! The one document about what became of a call: what `run --report` writes.

use super::items::{self, Decision, Item};
use crate::commands::Here;
use crate::failure::{Exit, Failure, Outcome};
use crate::outfile::OutFile;
use countersign_core::display::visible;
use countersign_core::receipt::check::word;
use countersign_core::receipt::{Basis, Event, Receipt};
use countersign_core::request::State;
use countersign_enforcer::run::Ran;
use countersign_enforcer::{Enforcer, RunOnce};
use countersign_store::files;
use countersign_store::ledger::RequestRecord;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What became of a gated command.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    /// `allowed` (by the policy), `blocked` (by the policy), `approved`, `partial` (some items of a
    /// batch), `denied`, `expired`, `withdrawn`, `pending`, `used`, `no_route`, `refused`,
    /// `failed` (approved, did not start), `uncertain` (approved, may have run) or `error`.
    pub(crate) verdict: &'static str,
    pub(crate) request_id: Option<String>,
    pub(crate) action_hash: Option<String>,
    /// The newest receipt of the request, as a file.
    pub(crate) receipt: Option<PathBuf>,
    /// What this process exits with.
    pub(crate) exit_code: i32,
    /// Why, in the approver's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Who allowed it, where somebody did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    approved_by: Vec<String>,
    /// Of a critical call that waits the digits by device.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    digits: BTreeMap<String, String>,
    /// The grant under which nobody was asked, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<String>,
    /// What became of each item, where it is a batch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<Item>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Wrong>,
}

#[derive(Serialize)]
struct Wrong {
    code: String,
    message: String,
    hint: String,
}

impl Default for Document {
    fn default() -> Self {
        Self {
            verdict: "error",
            request_id: None,
            action_hash: None,
            receipt: None,
            exit_code: Exit::RunFailed as i32,
            reason: None,
            approved_by: Vec::new(),
            digits: BTreeMap::new(),
            grant: None,
            items: Vec::new(),
            error: None,
        }
    }
}

impl Document {
    pub(crate) fn request(&mut self, request: &RequestRecord) {
        self.request_id = Some(request.id.clone());
        let reason = request.why();
        self.reason = reason.map(|r| r.text.clone());
        let waits = matches!(request.state, State::Created | State::AwaitingDecision);
        self.digits = if waits { super::digits_of(request) } else { BTreeMap::new() };
        self.answered(items::of(request));
    }

    /// What was answered to the items that were asked; which lines they were stays known.
    fn answered(&mut self, answers: Vec<Item>) {
        for answer in answers {
            match self.items.iter_mut().find(|item| item.index == answer.index) {
                Some(item) => item.decision = answer.decision,
                None => self.items.push(answer),
            }
        }
    }

    /// A line of a batch that the policy forbids.
    pub(crate) fn item_blocked(&mut self, enforcer: &Enforcer, at: usize, receipt: &Receipt) {
        self.receipt = keep_receipt(enforcer, receipt).ok();
        self.items.push(Item { index: None, given: Some(at + 1), decision: Decision::Blocked });
    }

    /// A line of a batch that people are asked about.
    pub(crate) fn item_asked(&mut self, at: usize, index: usize) {
        self.items.push(Item { index: Some(index), given: Some(at + 1), decision: Decision::Open });
    }

    /// What it ends with where nothing went wrong.
    pub(crate) fn exit(&self) -> Exit {
        items::exit(&self.items)
    }

    /// It waits, and nobody waits for it.
    pub(crate) fn pending(&mut self, request: &RequestRecord) {
        self.verdict = "pending";
        self.request(request);
    }

    pub(crate) fn ran(&mut self, enforcer: &Enforcer, ran: &Ran) -> Result<(), Failure> {
        self.verdict = match ran.receipt.content.entry.event {
            Event::Executed if ran.receipt.content.entry.basis == Basis::Policy => "allowed",
            Event::Executed => "approved",
            Event::Uncertain => "uncertain",
            _ => "failed",
        };
        self.grant = ran.receipt.content.entry.grant.as_ref().map(|note| note.id.clone());
        self.receipt = Some(keep_receipt(enforcer, &ran.receipt)?);
        Ok(())
    }

    /// Keeps a copy of the request's newest receipt, for outcomes without a run. Where none can be
    /// kept, why nothing was run matters more.
    pub(crate) async fn newest(&mut self, enforcer: &Enforcer) {
        let Some(id) = &self.request_id else { return };
        let receipts = enforcer.ledger().receipts_of(id).await.unwrap_or_default();
        let newest = receipts.last().map(|receipt| keep_receipt(enforcer, receipt));
        self.receipt = newest.and_then(Result::ok);
    }

    /// The policy needs nobody's answer, and somebody else carries it out.
    pub(crate) fn allowed(&mut self, enforcer: &Enforcer, receipt: &Receipt) {
        self.verdict = "allowed";
        let asked = self.items.iter_mut().filter(|item| item.decision == Decision::Open);
        asked.for_each(|item| item.decision = Decision::Allowed);
        self.receipt = keep_receipt(enforcer, receipt).ok();
    }

    /// Uses an approval whose action somebody else carries out.
    ///
    /// # Errors
    /// Where it cannot be written down; it must not be carried out then.
    pub(crate) async fn handed_over(
        &mut self,
        enforcer: &Enforcer,
        permits: Vec<RunOnce>,
    ) -> Result<(), Failure> {
        let (mut used, mut given) = (None, Vec::new());
        for permit in permits {
            if let Some(note) = permit.grant() {
                (self.grant, given) = (Some(note.id.clone()), note.decisions.clone());
            }
            used = Some(enforcer.hand_over(permit).await?);
        }
        let Some(request) = used else { return Ok(()) };
        let trust = enforcer.trust()?;
        let decisions = request.accepted.iter().map(|a| &a.decision).chain(&given);
        let allowed = decisions.filter(|decision| word(decision) != "rejected");
        let who = allowed.filter_map(|decision| trust.approver(&decision.signer_key_id));
        self.approved_by = who.map(|approver| approver.person.clone()).collect();
        self.request(&request);
        let whole = self.items.iter().all(|item| item.decision != Decision::Denied);
        self.verdict = if whole { "approved" } else { "partial" };
        self.newest(enforcer).await;
        Ok(())
    }

    /// A policy refused it, or cannot be followed.
    pub(crate) fn blocked(&mut self, enforcer: &Enforcer, receipt: &Receipt) {
        self.verdict = "blocked";
        self.receipt = keep_receipt(enforcer, receipt).ok();
    }

    /// Why it ended before anybody was asked is written down.
    pub(crate) fn recorded(&mut self, enforcer: &Enforcer, receipt: &Receipt) {
        self.receipt = keep_receipt(enforcer, receipt).ok();
    }

    pub(crate) fn failed(&mut self, failure: &Failure) {
        if self.verdict == "error" {
            self.verdict = match (failure.exit, failure.code.as_str()) {
                (Exit::Denied, "withdrawn") => "withdrawn",
                (Exit::Denied, _) => "denied",
                (Exit::Expired, _) => "expired",
                (Exit::Pending, _) => "pending",
                (Exit::Blocked, _) => "blocked",
                (Exit::NoRoute, _) => "no_route",
                (Exit::Uncertain, _) => "uncertain",
                (Exit::Verification, "HARP_ERR_REPLAY") => "used",
                (Exit::Verification, _) => "refused",
                _ => "error",
            };
        }
        let Failure { code, message, hint, .. } = failure;
        let (code, message, hint) = (code.clone(), message.clone(), hint.clone());
        self.error = Some(Wrong { code, message, hint });
    }

    /// The same in a line for a person: while it waits only the id, for scripts.
    pub(crate) fn line(&self) -> String {
        let id = self.request_id.clone().unwrap_or_default();
        let whole = match self.verdict {
            "approved" | "partial" => {
                let under = self.grant.as_ref().map(|grant| format!(", under the grant {grant}"));
                let who = visible(&self.approved_by.join(", "), false);
                format!("{} {id} by {who}{}", self.verdict, under.unwrap_or_default())
            }
            "allowed" => "allowed by the policy".to_owned(),
            // A script reads it, and nothing else.
            _ => return id,
        };
        if self.items.is_empty() {
            whole
        } else {
            format!("{whole}\n{}", items::lines(&self.items))
        }
    }

    /// Says how a command ended that has no child: the whole document with `--json`, else `text`
    /// where it was no failure.
    pub(crate) fn say(mut self, here: &Here<'_>, text: &str, ended: Outcome) -> Outcome {
        let exit = match &ended {
            Ok(exit) => *exit,
            Err(failure) => {
                self.failed(failure);
                failure.exit
            }
        };
        self.exit_code = exit as i32;
        if ended.is_ok() || here.output.is_json() {
            here.output.result(text, &self)?;
        }
        ended
    }

    pub(crate) fn write(&self, file: OutFile) -> Result<(), Failure> {
        let failed = |e: String| failure(&format!("cannot write the report: {e}"));
        let text = serde_json::to_string_pretty(self).map_err(|e| failed(e.to_string()))?;
        file.put(&(text + "\n")).map_err(failed)
    }
}

/// Begins the report before anything is asked, and removes an old one, which would be misread.
pub(crate) fn open(path: &Path, home: &Path) -> Result<OutFile, Failure> {
    let begun = OutFile::beside(path, home).and_then(|file| file.forget_old().map(|()| file));
    begun.map_err(|why| {
        failure(&format!("cannot write the report `{}`: {why}", path.display()))
            .hint("nothing was run; choose another file with --report")
    })
}

fn failure(message: &str) -> Failure {
    Failure::new(Exit::RunFailed, "report", message)
}

/// Writes a receipt's copy into the home, where people and scripts find it.
pub(crate) fn keep_receipt(
    enforcer: &Enforcer,
    receipt: &countersign_core::receipt::Receipt,
) -> Result<PathBuf, Failure> {
    let path = enforcer.home().receipt_path(receipt.content.seq);
    files::write(&path, receipt, files::Target::Replace)?;
    Ok(path)
}
