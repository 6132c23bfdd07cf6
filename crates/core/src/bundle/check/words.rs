//! What a check says in words: what it looked at, what it could not, and what differs.

use super::Checker;
use crate::bundle::Summary;
use crate::display::counted;
use crate::json::clip;
use crate::trust::{Approver, Operator, Past, Status};

impl Checker<'_> {
    /// Fills the lists of what was checked and what was not.
    pub(super) fn words(&mut self) {
        self.said_of_receipts();
        self.said_of_the_rest();
        self.said_of_policies();
        self.outside_the_range();
        let values = "the values behind commitments (`_sd`): they are not inside";
        self.report.not_checked.push(values.into());
    }

    /// Under which policies receipts were written.
    fn said_of_policies(&mut self) {
        let (under, report) = (&self.under, &mut self.report);
        if under.explained > 0 {
            let (of, words) =
                (counted(under.explained, "receipt"), "it is that of policies accepted before");
            report.checked.push(format!("the policyHash of {of}: {words}"));
        }
        if under.own > 0 {
            let (of, words) =
                (counted(under.own, "receipt"), "a rule of the enforcer's own applied, no policy");
            report.checked.push(format!("the policyHash of {of}: {words}"));
        }
        if let Some(first) = under.first {
            report.not_checked.push(format!(
                "which policies judged {}, the first is receipt {first}: the policyHash is not that of \
                 policies accepted before; one that nobody accepted, the administrator's, or the \
                 built-in one of another version was in force as well",
                counted(under.unexplained, "receipt")
            ));
        }
    }

    fn said_of_receipts(&mut self) {
        let (read, held) = (self.report.receipts, self.report.levels.values().sum::<u64>());
        let checked = &mut self.report.checked;
        if read > 0 {
            checked.push(format!(
                "{}, each whether it follows the one before it",
                counted(read, "receipt")
            ));
            checked.push(format!(
                "hashes, signatures and levels of each under the keys of your trust store: {held} \
                 of {read} hold"
            ));
        }
        if self.witnessed > 0 {
            checked.push(format!(
                "{} of the ledger inside artifacts, by the receipts that are here",
                counted(self.witnessed, "head")
            ));
        }
        if self.outside > 0 {
            self.report.not_checked.push(format!(
                "{} inside artifacts, of receipts outside this bundle",
                counted(self.outside, "head")
            ));
        }
    }

    fn said_of_the_rest(&mut self) {
        let checked = &mut self.report.checked;
        if !self.texts.is_empty() {
            checked.push(format!(
                "{} of policies, each against its hash",
                counted(self.texts.len(), "text")
            ));
        }
        if let Some(key) = &self.signed_by {
            checked.push(format!("the manifest: digests, and the signature of operator key {key}"));
        }
        if self.earlier > 0 {
            self.report.not_checked.push(format!(
                "the chain between {} of keys and policies: each was checked alone",
                counted(self.earlier, "earlier receipt")
            ));
        }
    }

    fn outside_the_range(&mut self) {
        let Some(range) = self.report.range else {
            self.report.not_checked.push("receipts: this time has none, it says".into());
            return;
        };
        let not_checked = &mut self.report.not_checked;
        if range.first > 1 {
            not_checked.push(format!("receipts before {}: outside this bundle", range.first));
        }
        not_checked.push(if self.report.until.is_some() {
            format!("receipts after {}: outside this bundle", range.last)
        } else {
            format!("whether others came after {}: only newer heads could tell", range.last)
        });
    }
}

/// How an operator's key that the home pinned differs from the auditor's.
pub(super) fn operator(home: &Operator, own: Option<&Operator>) -> Option<String> {
    let id = &home.key_id;
    match own {
        None => Some(format!("the home's operator key {id} is not in your trust store")),
        Some(own) if own.status != home.status => Some(format!(
            "operator key {id} is {} to you and {} to the home",
            word(&own.status),
            word(&home.status)
        )),
        Some(_) => None,
    }
}

/// The same of an approver's.
pub(super) fn approver(home: &Approver, own: Option<&Approver>) -> Option<String> {
    let (id, who) = (&home.key_id, clip(&home.person));
    let Some(own) = own else {
        return Some(format!("key {id} of `{who}` in the home is not in your trust store"));
    };
    let facts = |a: &Approver| {
        let (person, assurance) = (clip(&a.person), a.assurance.name());
        let now =
            format!("`{person}`, {assurance}, {}, roles [{}]", word(&a.status), a.roles.join(", "));
        a.past.iter().fold(now, |so_far, past| format!("{so_far}, {}", was(past)))
    };
    let (yours, theirs) = (facts(own), facts(home));
    (yours != theirs).then(|| format!("key {id} is {yours} to you and {theirs} to the home"))
}

fn was(past: &Past) -> String {
    let Past { until, person, roles, assurance, .. } = past;
    let (person, assurance) = (clip(person), assurance.name());
    format!("until {until} `{person}`, {assurance}, roles [{}]", roles.join(", "))
}

fn word(status: &Status) -> String {
    match status {
        Status::Active {} => "active".into(),
        Status::Rotated { until } => format!("rotated until {until}"),
        Status::Revoked { at, .. } => format!("revoked at {at}"),
    }
}

/// Where a manifest differs from what is in the file.
pub(super) fn summary(said: &Summary, found: &Summary) -> String {
    let names = said.sections.keys().chain(found.sections.keys());
    let differs = |name: &&String| said.sections.get(*name) != found.sections.get(*name);
    let mut names: Vec<&str> = names.filter(differs).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [] => "the manifest is not of this file".to_owned(),
        names => format!("the manifest says otherwise of: {}", clip(&names.join(", "))),
    }
}
