//! One call judged, asked about where a person is needed, and recorded.

use super::{shell, words};
use crate::asking::{hostname, workspace};
use crate::failure::{Exit, Failure};
use crate::parties;
use countersign_core::action::{Action, Request};
use countersign_core::artifact::Context;
use countersign_core::redact::{Disclosure, smuggles_commitment};
use countersign_core::time::Instant;
use countersign_enforcer::question::QuestionError;
use countersign_enforcer::{
    Answered, Enforcer, GateError, Grounds, Judged, Question, Quorum, Ruling, Seated, Way,
};
use countersign_hosts::{Answer, Call, Host, Unread};
use countersign_policy::Asker;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// Judges a call. Every failure is a refusal, and a line in the ledger where one can be written.
pub(super) async fn answer(call: &Call, root: &Path, until: Instant) -> Answer {
    let enforcer = match opened(root).await {
        Ok(enforcer) => enforcer,
        Err(failure) => return denied(&failure),
    };
    let gate = match Gate::of(&enforcer, call) {
        Ok(gate) => gate,
        Err(failure) => {
            noted(
                &enforcer,
                call.host,
                &json!({"tool": call.tool, "cwd": call.cwd}),
                &failure.message,
            )
            .await;
            return denied(&failure);
        }
    };
    match gate.ruled(until).await {
        Ok(answer) => answer,
        Err(failure) => denied(&failure),
    }
}

/// Records what could not be read, where that is possible; it is refused in any case.
pub(super) async fn unread(host: Host, bytes: &[u8], why: &Unread, root: &Path) {
    if let Ok(enforcer) = opened(root).await {
        let sha256 = countersign_core::encoding::Hash(Sha256::digest(bytes).into());
        let about = json!({"bytes": bytes.len(), "sha256": sha256});
        noted(&enforcer, host, &about, &why.to_string()).await;
    }
}

async fn opened(root: &Path) -> Result<Enforcer, Failure> {
    let enforcer = parties::brief_enforcer(root).await?;
    enforcer.knows_its_keys().await?;
    Ok(enforcer)
}

fn denied(failure: &Failure) -> Answer {
    let hint = match failure.code.as_str() {
        // Nobody sits at a hook's terminal: a key of this home helps nobody here.
        "no_approver" | "no_pairing" => words::PAIR,
        _ if failure.exit == Exit::Denied => words::DENIED,
        _ => &failure.hint,
    };
    Answer::Deny(words::failed(&failure.message, hint))
}

/// A refusal of something that is no action yet.
async fn noted(enforcer: &Enforcer, host: Host, about: &serde_json::Value, why: &str) {
    let action = Action::Request(Request {
        action: format!("hook {}", host.name()),
        parameters: about.clone(),
        verb: None,
    });
    let note = Grounds::fixed("hook", why).note().clone();
    // It is refused whether or not this can be written.
    let _ = enforcer.block(&action, note).await;
}

/// One call with everything that is known of it.
struct Gate<'a> {
    enforcer: &'a Enforcer,
    call: &'a Call,
    /// As it may be written down: from the moment on at which it was judged, without what policies
    /// hide.
    action: Action,
    disclosures: Vec<Disclosure>,
    principal: String,
    session: String,
    workspace: String,
}

impl<'a> Gate<'a> {
    fn of(enforcer: &'a Enforcer, call: &'a Call) -> Result<Self, Failure> {
        let cwd = resolved(&call.cwd)?;
        let shell = shell::pinned(std::env::var_os("SHELL")).map_err(|e| {
            Failure::new(Exit::Failed, "shell", format!("the shell cannot be pinned: {e}"))
        })?;
        let text = cwd.to_str().ok_or_else(|| unusable(&call.cwd, "its path is no text"))?;
        Ok(Self {
            enforcer,
            call,
            action: call.action(&shell, text),
            disclosures: Vec::new(),
            principal: format!("uid:{}", rustix::process::getuid().as_raw()),
            session: session(call),
            workspace: workspace(&cwd).display().to_string(),
        })
    }

    async fn ruled(mut self, until: Instant) -> Result<Answer, Failure> {
        if smuggles_commitment(&self.action.to_payload().map_err(GateError::from)?) {
            return self.smuggled().await;
        }
        let judged = self.enforcer.judge(&self.action, self.asker(), &self.workspace).await;
        let shown = match &judged {
            Ok(judged) => judged.shown().clone(),
            Err(_) => self.enforcer.unjudged(&self.action)?,
        };
        self.enforcer.keep(&shown)?;
        (self.action, self.disclosures) = (shown.action().clone(), shown.disclosures().to_vec());
        let judged = match judged {
            Ok(judged) => judged,
            Err(error) => return self.refused(error).await,
        };
        match judged.ruling(false) {
            Ruling::Runs(allowed) => {
                let words = words::allowed(allowed.note());
                self.enforcer.allow(&self.action, allowed).await?;
                Ok(Answer::Allow(words))
            }
            Ruling::Blocked(grounds) => {
                let note = grounds.note().clone();
                let words = words::blocked(&note);
                self.enforcer.block(&self.action, note).await?;
                Ok(Answer::Deny(words))
            }
            Ruling::Asks(grounds) => match self.granted(&grounds).await {
                Err(error) => self.refused(error).await,
                Ok(Some(answer)) => Ok(answer),
                Ok(None) => self.unless_denied(&judged, grounds, until).await,
            },
        }
    }

    /// Lets the call go under a grant, where one covers it.
    async fn granted(&self, grounds: &Grounds) -> Result<Option<Answer>, GateError> {
        let whose = (self.principal.as_str(), self.session.as_str(), self.workspace.as_str());
        let permit = self.enforcer.by_grant(&self.action, grounds, whose, self.asker()).await?;
        let Some(permit) = permit else { return Ok(None) };
        self.enforcer.hand_over(permit).await?;
        Ok(Some(Answer::Allow(words::granted(grounds.note()))))
    }

    /// Asks, and records what keeps it from being asked.
    async fn unless_denied(
        &self,
        judged: &Judged,
        grounds: Grounds,
        until: Instant,
    ) -> Result<Answer, Failure> {
        match self.ways(judged).await {
            Ok((ways, quorum)) => {
                match self.asked(grounds.with_quorum(quorum), ways, until).await {
                    Err(error) => self.refused(error).await,
                    Ok(answer) => Ok(answer),
                }
            }
            Err(error) => self.refused(error).await,
        }
    }

    fn asker(&self) -> Asker {
        Asker {
            account: Some(self.principal.clone()),
            agent: Some(agent(self.call)),
            session: Some(self.session.clone()),
            workflow: None,
        }
    }

    /// Those whose answer counts, on devices of their own: nobody sits at this process's terminal.
    async fn ways(&self, judged: &Judged) -> Result<(Vec<Way>, Quorum), GateError> {
        let ways = self.enforcer.ways()?;
        if ways.is_empty() {
            return Ok((ways, Quorum::default()));
        }
        let seated = self.enforcer.seated(&judged.verdict, &self.workspace, &ways).await?;
        let Seated { mut ways, mut quorum } = seated;
        let elsewhere = |way: &Way| way.pairing.is_some();
        ways.retain(elsewhere);
        quorum.retain(elsewhere);
        Ok((ways, quorum))
    }

    async fn asked(
        &self,
        grounds: Grounds,
        to: Vec<Way>,
        until: Instant,
    ) -> Result<Answer, GateError> {
        let question = self.question(grounds, to);
        question.check()?;
        let relays = parties::relays(self.enforcer.identity(), &self.enforcer.home().pairings()?);
        let relays = match relays {
            Ok(relays) => relays,
            Err(failure) => return Ok(denied(&failure)),
        };
        let answered = self.enforcer.ask_until(&question, &relays, Some(until), &|_| {}).await?;
        let Answered::Approved(request) = answered else {
            return Ok(Answer::Deny(words::unanswered(&answered, &question)));
        };
        let permit = self.enforcer.claim(&request, &relays).await?;
        let request = self.enforcer.hand_over(permit).await?;
        Ok(Answer::Allow(words::approved(&request, &words::who(&request, &question))))
    }

    fn question(&self, grounds: Grounds, to: Vec<Way>) -> Question {
        let because = format!("asked because: {}", grounds.because());
        let host = format!("{} runs it itself, in its own environment", self.call.host.name());
        let notes = [because, host].into_iter().chain(self.call.notes.iter().cloned()).collect();
        let ttl = i64::from(grounds.timeout_seconds()).saturating_mul(1_000);
        Question {
            action: self.action.clone(),
            disclosures: self.disclosures.clone(),
            context: Context {
                principal: Some(self.principal.clone()),
                agent: Some(agent(self.call)),
                session: Some(self.session.clone()),
                host: hostname(),
                workspace: Some(self.workspace.clone()),
                description: self.call.description.clone(),
                notes,
                ..Context::default()
            },
            grounds,
            principal: self.principal.clone(),
            session: self.session.clone(),
            workspace: self.workspace.clone(),
            ttl_millis: ttl,
            to,
        }
    }

    /// Refuses what poses as a value that the enforcer hid. In a receipt it would pass for one too,
    /// so the call stands there without its text.
    async fn smuggled(&self) -> Result<Answer, Failure> {
        let why = QuestionError::Smuggled.to_string();
        let about = json!({"tool": self.call.tool, "cwd": self.call.cwd});
        noted(self.enforcer, self.call.host, &about, &why).await;
        Err(GateError::from(QuestionError::Smuggled).into())
    }

    /// Records why it is refused, but where the gate did so already.
    async fn refused(&self, error: GateError) -> Result<Answer, Failure> {
        if !error.is_recorded() {
            let note = Grounds::fixed("hook", &error.to_string()).note().clone();
            let _ = self.enforcer.block(&self.action, note).await;
        }
        Err(error.into())
    }
}

/// The host's session, with the sub-agent's where it is one: what one was allowed, another was not.
pub(super) fn session(call: &Call) -> String {
    // The host may give either any name, and no name of one is to be both of another.
    let whole = |name: &str| name.replace('%', "%25").replace('/', "%2F");
    let whose = call.agent.as_ref().map(|agent| format!("/{}", whole(&agent.id)));
    format!("{}/{}{}", call.host.name(), whole(&call.session), whose.unwrap_or_default())
}

fn agent(call: &Call) -> String {
    let kind = call.agent.as_ref().and_then(|agent| agent.kind.as_ref());
    match kind {
        Some(kind) => format!("{}/{kind}", call.host.name()),
        None => call.host.name().to_owned(),
    }
}

fn resolved(cwd: &str) -> Result<PathBuf, Failure> {
    let found = Path::new(cwd).canonicalize().map_err(|e| unusable(cwd, &e.to_string()))?;
    if found.is_dir() { Ok(found) } else { Err(unusable(cwd, "it is no directory")) }
}

fn unusable(cwd: &str, why: &str) -> Failure {
    let message = format!("the host's directory `{cwd}` cannot be used: {why}");
    Failure::new(Exit::Failed, "cwd", message)
}
