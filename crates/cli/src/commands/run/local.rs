//! `run --local`: the boxed prompt on this terminal, signed with the local key.

mod boxed;

use super::report::Report;
use super::withdrawn;
use crate::commands::Here;
use crate::failure::{Exit, Failure};
use crate::parties;
use crate::tty::{Key, Tty};
use boxed::{Boxed, render};
use countersign_approver::local::LocalKey;
use countersign_approver::open::{Opened, at_hand};
use countersign_approver::review::{Review, render_text};
use countersign_approver::sign::{Reply, sign};
use countersign_approver::{PairingName, Passphrase};
use countersign_core::artifact::{Risk, Statement};
use countersign_core::decision::Answer;
use countersign_core::request::State;
use countersign_enforcer::{Enforcer, Question};
use countersign_store::ledger::{Asked, Ending, RequestRecord, Suspended};
use std::io;
use std::time::{Duration, Instant};

/// Asks on this terminal and accepts the signed answer. The passphrase is typed for this very
/// decision; no file and no variable stands in for it.
pub(super) async fn ask(
    here: &Here<'_>,
    enforcer: &Enforcer,
    question: &Question,
    report: &mut Report,
) -> Result<RequestRecord, Failure> {
    let key = LocalKey::of(&parties::approver_root(&here.root))?
        .ok_or_else(|| super::no_approver("no local key in this home".into()))?;
    let request = match enforcer.suspend(question).await? {
        Suspended::Ready(request) => return Ok(request),
        Suspended::Opened(request) | Suspended::Joined(request) => request,
    };
    report.request(&request);
    enforcer.submitted(&request.id).await?;
    let asked = ours(&request, &key)?;
    let opened = opened(enforcer, &asked, question)?;
    let left = request
        .expires_at
        .0
        .saturating_sub(enforcer.edge().now().0)
        .min(super::millis(Duration::from_secs(86_400)));
    let deadline = Instant::now() + Duration::from_millis(u64::try_from(left).unwrap_or(0));
    let prompt = Prompt { opened: opened.clone(), key, deadline };
    let answered = tokio::select! {
        answered = tokio::task::spawn_blocking(move || prompt.answer()) => answered
            .map_err(|e| Failure::new(Exit::RunFailed, "prompt", e.to_string()))?,
        () = super::asked_to_end() => Ok(Said::Nothing),
    };
    match answered {
        Ok(Said::Signed(answer)) => accept(enforcer, &request, &asked, *answer, report).await,
        Ok(Said::Nothing) => {
            let late = enforcer.edge().now() >= request.expires_at;
            let ending = if late { Ending::Expired } else { Ending::Withdrawn };
            enforcer.close(&request, ending).await?;
            report.newest(enforcer).await?;
            Err(if late { timed_out() } else { withdrawn() })
        }
        Err(failure) => {
            enforcer.close(&request, Ending::Withdrawn).await?;
            report.newest(enforcer).await?;
            Err(failure)
        }
    }
}

async fn accept(
    enforcer: &Enforcer,
    request: &RequestRecord,
    asked: &Asked,
    answer: Answer,
    report: &mut Report,
) -> Result<RequestRecord, Failure> {
    let request = enforcer.accept(request, asked, answer).await?;
    report.request(&request);
    if request.state == State::Approved {
        return Ok(request);
    }
    report.newest(enforcer).await?;
    let reason = report.reason.clone().map(|r| format!(": {r}")).unwrap_or_default();
    Err(Failure::new(Exit::Denied, "HARP_ERR_POLICY_DENY", format!("denied{reason}")))
}

fn timed_out() -> Failure {
    Failure::new(Exit::Expired, "HARP_ERR_EXPIRED", "nobody answered in time; nothing was run")
}

fn ours(request: &RequestRecord, key: &LocalKey) -> Result<Asked, Failure> {
    let id = key.key_id();
    let asked = request.asked.iter().find(|a| a.key_id == id).cloned();
    asked.ok_or_else(|| {
        Failure::new(
            Exit::Verification,
            "HARP_ERR_SIGNATURE_INVALID",
            "the local key was not asked",
        )
    })
}

/// The same checks as on any other device: the enforcer's signature, the hash, the disclosures.
fn opened(enforcer: &Enforcer, asked: &Asked, question: &Question) -> Result<Opened, Failure> {
    let keys = &enforcer.identity().keys;
    let statement = Statement::sign(asked.artifact.clone(), question.disclosures.clone(), keys)
        .map_err(|e| Failure::new(Exit::RunFailed, "sign", e.to_string()))?;
    let name = PairingName::parse("local")?;
    at_hand(statement, name, keys.public(), enforcer.edge().now())
        .map_err(|e| Failure::new(Exit::Verification, "HARP_ERR_HASH_MISMATCH", e.to_string()))
}

enum Said {
    Signed(Box<Answer>),
    Nothing,
}

struct Prompt {
    opened: Opened,
    key: LocalKey,
    deadline: Instant,
}

impl Prompt {
    fn answer(&self) -> Result<Said, Failure> {
        self.converse().map_err(|e| {
            Failure::new(Exit::RunFailed, "no_terminal", format!("cannot ask on a terminal: {e}"))
                .hint("run --local needs one; without it, ask another device with `pair`")
        })?
    }

    fn converse(&self) -> io::Result<Result<Said, Failure>> {
        let mut tty = Tty::open()?;
        tty.forget_typed()?;
        let review = Review::of(&self.opened);
        let Some(reply) = self.choose(&mut tty, &review)? else { return Ok(Ok(Said::Nothing)) };
        for _ in 0..3 {
            let prompt = "Passphrase of the local key: ";
            let Some(typed) = tty.line(prompt, false, self.deadline)? else {
                return Ok(Ok(Said::Nothing));
            };
            match self.key.open(&Passphrase::new(typed.to_string())) {
                Ok(keys) => return Ok(self.sign(&reply, &keys)),
                Err(error) => tty.say(&format!("{error}\r\n"))?,
            }
        }
        Ok(Err(Failure::new(Exit::Denied, "passphrase", "wrong passphrase three times")))
    }

    fn sign(
        &self,
        reply: &Reply,
        keys: &countersign_core::keys::SecretKeys,
    ) -> Result<Said, Failure> {
        let edge = countersign_enforcer::Edge::system();
        // Without randomness a nonce would repeat: the process ends before anything is signed.
        let mut fill = |bytes: &mut [u8]| {
            if edge.fill(bytes).is_err() {
                std::process::abort();
            }
        };
        let signed = sign(&self.opened, reply, keys, edge.now(), &mut fill)
            .map_err(|e| Failure::new(Exit::Failed, "sign", e.to_string()))?;
        Ok(Said::Signed(Box::new(signed.answer)))
    }

    /// The person's choice; `None` where there was none in time.
    fn choose(&self, tty: &mut Tty, review: &Review) -> io::Result<Option<Reply>> {
        let mut shown = render(review, tty.width());
        tty.say(&shown.text)?;
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                tty.say("\r\n")?;
                return Ok(None);
            }
            tty.say(&shown.countdown(left.as_secs()))?;
            match tty.key(left.min(Duration::from_secs(1)))? {
                Key::Byte(b'v' | b'V') => {
                    let width = tty.width();
                    let details = render_text(review, width.saturating_sub(1), false);
                    tty.say(&format!("\r\n\n{}\r\n", details.replace('\n', "\r\n")))?;
                    shown = Boxed::again();
                    tty.say(&shown.text)?;
                }
                Key::Byte(b'd' | b'D') => {
                    tty.say("\r\n")?;
                    let typed = tty.line("Why (may be empty): ", true, self.deadline)?;
                    return Ok(typed.map(|why| deny(&why)));
                }
                Key::Byte(b'a' | b'A') => {
                    tty.say("\r\n")?;
                    if self.means_it(tty, review)? {
                        return Ok(Some(Reply::allow()));
                    }
                    shown = Boxed::again();
                    tty.say(&shown.text)?;
                }
                Key::Stop => {
                    tty.say("\r\n")?;
                    return Ok(None);
                }
                _ => {}
            }
        }
    }

    /// At high risk a single key is not enough.
    fn means_it(&self, tty: &mut Tty, review: &Review) -> io::Result<bool> {
        if review.risk.is_some_and(|risk| risk < Risk::High) {
            return Ok(true);
        }
        let typed = tty.line("Type yes to approve: ", true, self.deadline)?;
        Ok(typed.is_some_and(|word| word.trim().eq_ignore_ascii_case("yes")))
    }
}

fn deny(why: &str) -> Reply {
    let why = why.trim();
    Reply::deny((!why.is_empty()).then(|| why.to_owned()))
}
