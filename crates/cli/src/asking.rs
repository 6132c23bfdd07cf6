//! An action made into a question, and the question put to whoever must answer it.
//!
//! # Rooms
//! * `gate`: a call judged, asked about and claimed; what `run` and `request` have in common.
//! * `follow`: a request followed from elsewhere.
//! * `items`: what was answered to each item of a batch.
//! * `route`: whom it is put to. `policy`: what is refused without asking.
//! * `tell`: what happens while it waits. `ending`: what an answer means. `report`: the document.

mod ending;
mod follow;
mod gate;
mod items;
mod policy;
mod report;
mod route;
mod tell;

use ending::{claim_failed, settle};
pub(crate) use follow::Follow;
pub(crate) use gate::{Gate, Ruled};
pub(crate) use policy::unasked;
use policy::{blocked, unfollowed, unjudged};
pub(crate) use report::{Document, keep_receipt, open as open_report};
pub(crate) use route::RouteArgs;
pub(crate) use route::{Unseated, pairings};
pub(crate) use tell::{digits, digits_of, so_far, tell, waits_for_highest};

use crate::failure::Failure;
use crate::prompt;
use countersign_core::action::Action;
use countersign_core::artifact::Context;
use countersign_core::redact::Disclosure;
use countersign_enforcer::ask::Report;
use countersign_enforcer::child::{Prepared, outdated};
use countersign_enforcer::redaction::Shown;
use countersign_enforcer::{
    Answered, Enforcer, GateError, Grounds, Judged, Progress, Question, Relays, Way,
};
use countersign_policy::Asker;
use countersign_store::ledger::RequestRecord;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use tokio::sync::watch;

/// The asker's own words. Nobody checks them.
#[derive(Default)]
pub(crate) struct Words {
    pub(crate) description: Option<String>,
    pub(crate) reasoning: Option<String>,
    /// Keeps this caller's requests apart from others with the same command.
    pub(crate) session: String,
    /// More, by name.
    pub(crate) details: BTreeMap<String, String>,
}

/// Who asks and where, as the connection and the call itself show it.
pub(crate) struct Caller {
    pub(crate) principal: String,
    pub(crate) session: String,
    pub(crate) workspace: String,
}

impl Caller {
    /// Whoever asks from a directory.
    pub(crate) fn at(cwd: &Path, session: &str) -> Self {
        Self {
            principal: principal(),
            session: session.to_owned(),
            workspace: workspace(cwd).display().to_string(),
        }
    }

    /// Whoever asks for a prepared command.
    pub(crate) fn of(prepared: &Prepared, session: &str) -> Self {
        let cwd = match prepared.action() {
            Action::Command(command) => command.cwd.as_str(),
            _ => "",
        };
        Self::at(Path::new(cwd), session)
    }

    /// What the policies say of an action.
    pub(crate) async fn judged(
        &self,
        enforcer: &Enforcer,
        action: &Action,
    ) -> Result<Judged, GateError> {
        enforcer.judge(action, asker(&self.principal, &self.session), &self.workspace).await
    }
}

/// Who asks, as policies see it.
pub(crate) fn asker(principal: &str, session: &str) -> Asker {
    let (account, session) = (Some(principal.to_owned()), Some(session.to_owned()));
    Asker { account, session, ..Asker::default() }
}

/// This process's user, as requests name it.
pub(crate) fn principal() -> String {
    format!("uid:{}", rustix::process::getuid().as_raw())
}

/// What is asked about, with what the person should know of it.
pub(crate) struct Subject {
    pub(crate) action: Action,
    pub(crate) disclosures: Vec<Disclosure>,
    pub(crate) notes: Vec<String>,
}

impl Subject {
    pub(crate) fn of(prepared: &Prepared) -> Self {
        Self {
            action: prepared.action().clone(),
            disclosures: prepared.disclosures().to_vec(),
            notes: notes(prepared),
        }
    }

    /// The same without what policies hide of it.
    fn shown_as(self, shown: &Shown) -> Self {
        let disclosures = [self.disclosures.as_slice(), shown.disclosures()].concat();
        let outdated = outdated(shown.action());
        let mut notes = self.notes;
        notes.retain(|note| !outdated.contains(note));
        Self { action: shown.action().clone(), disclosures, notes }
    }
}

/// The question that an action puts.
pub(crate) fn question(
    caller: Caller,
    subject: Subject,
    grounds: Grounds,
    to: Vec<Way>,
    words: Words,
    ttl: i64,
) -> Question {
    let because = format!("asked because: {}", grounds.because());
    Question {
        action: subject.action,
        disclosures: subject.disclosures,
        context: Context {
            principal: Some(caller.principal.clone()),
            session: Some(words.session),
            host: hostname(),
            workspace: Some(caller.workspace.clone()),
            description: words.description,
            reasoning: words.reasoning,
            details: words.details,
            notes: std::iter::once(because).chain(subject.notes).collect(),
            ..Context::default()
        },
        grounds,
        principal: caller.principal,
        session: caller.session,
        workspace: caller.workspace,
        ttl_millis: ttl,
        to,
    }
}

/// Who answers, and how they are reached.
#[derive(Clone, Copy)]
pub(crate) enum Whom<'a> {
    /// Other devices, through these gateways.
    Devices(&'a Relays),
    /// The person at this terminal, with the local key of this home.
    Here(&'a Path),
}

/// Puts a question and waits for the answer. `signal` is what ends the wait from outside: the
/// request is then withdrawn, here and in the inboxes that it lies in.
pub(crate) async fn put(
    enforcer: &Enforcer,
    question: &Question,
    whom: Whom<'_>,
    report: Report<'_>,
    signal: Pin<&mut (impl Future<Output = ()> + Send)>,
) -> Result<Answered, Failure> {
    let (tell, mut held) = watch::channel(None);
    let show = |progress: Progress| {
        if let Progress::Suspended(request, _) = &progress {
            tell.send_replace(Some(request.clone()));
        }
        report(progress);
    };
    let asking = async {
        match whom {
            Whom::Devices(relays) => Ok(enforcer.ask(question, relays, &show).await?),
            Whom::Here(root) => prompt::ask(root, enforcer, question, &show).await,
        }
    };
    tokio::select! {
        answered = asking => answered,
        request = stopped(signal, &mut held) => {
            let nobody = Relays::new();
            let relays = match whom { Whom::Devices(relays) => relays, Whom::Here(_) => &nobody };
            Ok(Answered::Withdrawn(enforcer.withdraw(&request, relays).await?))
        }
    }
}

/// A signal counts once there is a request to withdraw: what is being written down is written.
async fn stopped(
    signal: Pin<&mut impl Future<Output = ()>>,
    held: &mut watch::Receiver<Option<Box<RequestRecord>>>,
) -> RequestRecord {
    signal.await;
    let request = held.wait_for(Option::is_some).await.ok().and_then(|held| held.clone());
    match request {
        Some(request) => *request,
        None => std::future::pending().await,
    }
}

fn notes(prepared: &Prepared) -> Vec<String> {
    let critical = prepared.critical().iter().map(|n| format!("critical: {n}"));
    let unpinned = prepared.unpinned().iter().map(|n| format!("not pinned: {n}"));
    critical.chain(prepared.warnings().iter().cloned()).chain(unpinned).collect()
}

/// The nearest directory upwards that holds a repository or our own marker, else `cwd`.
pub(crate) fn workspace(cwd: &Path) -> &Path {
    let marked = |dir: &&Path| dir.join(".git").exists() || dir.join(".countersign").exists();
    // A home directory's own state is no workspace marker.
    let home = std::env::var_os("HOME").map(PathBuf::from);
    cwd.ancestors().filter(|dir| Some(*dir) != home.as_deref()).find(marked).unwrap_or(cwd)
}

pub(crate) fn hostname() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}
