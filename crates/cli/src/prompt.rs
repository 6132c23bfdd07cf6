//! The boxed prompt on this terminal, signed with the local key.

mod boxed;

use crate::commands::{asked_to_end, millis};
use crate::failure::{Exit, Failure, no_local_key};
use crate::parties;
use crate::tty::{Key, Tty, converse};
use boxed::{Boxed, render};
use countersign_approver::always::{End, Wish, take};
use countersign_approver::local::LocalKey;
use countersign_approver::open::{Opened, at_hand};
use countersign_approver::review::{Review, render_text};
use countersign_approver::sign::{Reply, sign};
use countersign_approver::{PairingName, Passphrase};
use countersign_core::artifact::{Risk, Statement};
use countersign_core::decision::Answer;
use countersign_core::keys::SecretKeys;
use countersign_core::request::State;
use countersign_enforcer::ask::Report;
use countersign_enforcer::{Answered, Edge, Enforcer, Progress, Question};
use countersign_store::ledger::{Asked, Ending, RequestRecord, Suspended};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often a wrong passphrase may be typed for one decision.
const TRIES: usize = 3;

/// Asks on this terminal and accepts the signed answer. The passphrase is typed for this very
/// decision; no file and no variable stands in for it.
pub(crate) async fn ask(
    root: &Path,
    enforcer: &Enforcer,
    question: &Question,
    report: Report<'_>,
) -> Result<Answered, Failure> {
    let key = LocalKey::of(&parties::approver_root(root))?.ok_or_else(no_local_key)?;
    let (request, joined) = match enforcer.suspend(question).await? {
        Suspended::Ready(request) => return Ok(Answered::Approved(request)),
        Suspended::Opened(request) => (request, false),
        Suspended::Joined(request) => (request, true),
    };
    report(Progress::Suspended(Box::new(request.clone()), joined));
    let end = request.expires_at;
    if let Some(ended) = enforcer.queued(question, &request, end, report).await? {
        return Ok(ended);
    }
    enforcer.submitted(&request.id).await?;
    let asked = ours(&request, &key)?;
    let opened = opened(enforcer, &asked, question)?;
    let prompt = Prompt { opened, key, deadline: deadline(enforcer, &request) };
    let said = tokio::select! {
        said = converse(move |tty| prompt.answer(tty)) => said.unwrap_or(Ok(Said::Nothing)),
        () = asked_to_end() => Ok(Said::Nothing),
    };
    match said {
        Ok(Said::Signed(answer)) => Ok(by_state(enforcer.accept(&request, &asked, *answer).await?)),
        Ok(Said::Nothing) => {
            Ok(by_state(enforcer.close(&request, unanswered(enforcer, &request)).await?))
        }
        Err(failure) => {
            enforcer.close(&request, Ending::Withdrawn).await?;
            Err(failure)
        }
    }
}

fn deadline(enforcer: &Enforcer, request: &RequestRecord) -> Instant {
    let left = request.expires_at.0.saturating_sub(enforcer.edge().now().0);
    let left = left.min(millis(Duration::from_secs(86_400)));
    Instant::now() + Duration::from_millis(u64::try_from(left).unwrap_or(0))
}

fn unanswered(enforcer: &Enforcer, request: &RequestRecord) -> Ending {
    let late = enforcer.edge().now() >= request.expires_at;
    if late { Ending::Expired } else { Ending::Withdrawn }
}

fn by_state(request: RequestRecord) -> Answered {
    match request.state {
        State::Approved => Answered::Approved(request),
        State::Executed => Answered::Used(request),
        State::Expired => Answered::Expired(request),
        State::Denied if request.accepted.is_empty() => Answered::Withdrawn(request),
        State::Denied => Answered::Denied(request),
        State::Created | State::AwaitingDecision => Answered::Pending(request),
    }
}

fn ours(request: &RequestRecord, key: &LocalKey) -> Result<Asked, Failure> {
    let id = key.key_id();
    let asked = request.asked.iter().find(|a| a.key_id == id).cloned();
    asked.ok_or_else(|| {
        let message = "the same command waits for another approver already";
        Failure::new(Exit::Denied, "waits_elsewhere", message)
            .hint("let them answer, or keep this one apart with --session NAME")
    })
}

/// The same checks as on any other device: the enforcer's signature, the hash, the disclosures.
fn opened(enforcer: &Enforcer, asked: &Asked, question: &Question) -> Result<Opened, Failure> {
    let keys = &enforcer.identity().keys;
    let statement = Statement::sign(asked.artifact.clone(), question.disclosures.clone(), keys)
        .map_err(|e| Failure::new(Exit::Failed, "sign", e.to_string()))?;
    let name = PairingName::parse("local")?;
    at_hand(statement, name, keys.public(), enforcer.edge().now())
        .map_err(|e| Failure::new(Exit::Verification, "HARP_ERR_HASH_MISMATCH", e.to_string()))
}

enum Said {
    Signed(Box<Answer>),
    /// Nothing in time, or the person went away.
    Nothing,
}

struct Prompt {
    opened: Opened,
    key: LocalKey,
    deadline: Instant,
}

impl Prompt {
    fn answer(&self, tty: io::Result<Tty>) -> Result<Said, Failure> {
        let said = tty.and_then(|mut tty| self.talk(&mut tty));
        said.map_err(|e| {
            Failure::new(Exit::Failed, "no_terminal", format!("cannot ask on a terminal: {e}"))
                .hint("nothing was run; without a terminal, pair another device and leave --local out")
        })?
    }

    fn talk(&self, tty: &mut Tty) -> io::Result<Result<Said, Failure>> {
        tty.forget_typed()?;
        let review = Review::of(&self.opened);
        let Some(reply) = self.choose(tty, &review)? else { return Ok(Ok(Said::Nothing)) };
        for _ in 0..TRIES {
            let prompt = "Passphrase of the local key: ";
            let Some(typed) = tty.line(prompt, false, self.deadline)? else {
                return Ok(Ok(Said::Nothing));
            };
            match self.key.open(&Passphrase::new(typed.to_string())) {
                Ok(keys) => return Ok(self.sign(&reply, &keys)),
                Err(error) => tty.say(&format!("{error}\r\n"))?,
            }
        }
        let message = "wrong passphrase three times; nothing was run";
        Ok(Err(Failure::new(Exit::Denied, "wrong_passphrase", message).hint("run it again")))
    }

    fn sign(&self, reply: &Reply, keys: &SecretKeys) -> Result<Said, Failure> {
        let edge = Edge::system();
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
        let mut shown = render(review, tty.width(), tty.height());
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
                    details(tty, review)?;
                    shown = Boxed::again(review);
                    tty.say(&shown.text)?;
                }
                Key::Byte(b'd' | b'D') => {
                    tty.say("\r\n")?;
                    let typed = tty.line("Why (may be empty): ", true, self.deadline)?;
                    return Ok(typed.map(|why| deny(&why)));
                }
                Key::Byte(b'a' | b'A') => {
                    tty.say("\r\n")?;
                    match self.means_it(tty, review)? {
                        None => return Ok(None),
                        Some(true) => return Ok(Some(Reply::allow())),
                        Some(false) => {}
                    }
                    shown = Boxed::again(review);
                    tty.say(&shown.text)?;
                }
                Key::Byte(b'w' | b'W') if review.always_offered() => {
                    tty.say("\r\n")?;
                    match self.always(tty)? {
                        None => return Ok(None),
                        Some(Some(reply)) => return Ok(Some(reply)),
                        Some(None) => {}
                    }
                    shown = Boxed::again(review);
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

    /// Shows the exact rule of a standing permission, and takes it only by a whole word. `None`
    /// where the person stopped, `Some(None)` where they want something else.
    fn always(&self, tty: &mut Tty) -> io::Result<Option<Option<Reply>>> {
        let wish = Wish { end: End::Usual, count: None, this_session: false };
        let Ok(taken) = take(&self.opened, &wish, Edge::system().now()) else {
            return Ok(Some(None));
        };
        let reply = Reply::always(taken);
        for line in Review::answering(&self.opened, &reply).granted.iter().flat_map(|f| &f.lines) {
            tty.say(&format!("  {line}\r\n"))?;
        }
        let typed = tty.line("Type always to allow this: ", true, self.deadline)?;
        Ok(typed.map(|word| word.trim().eq_ignore_ascii_case("always").then_some(reply)))
    }

    /// At high risk a single key is not enough. `None` where the person stopped.
    fn means_it(&self, tty: &mut Tty, review: &Review) -> io::Result<Option<bool>> {
        if review.risk.is_some_and(|risk| risk < Risk::High) {
            return Ok(Some(true));
        }
        let typed = tty.line("Type yes to approve: ", true, self.deadline)?;
        Ok(typed.map(|word| word.trim().eq_ignore_ascii_case("yes")))
    }
}

fn details(tty: &mut Tty, review: &Review) -> io::Result<()> {
    let text = render_text(review, tty.width().saturating_sub(1), false);
    tty.say(&format!("\r\n\n{}\r\n", text.replace('\n', "\r\n")))
}

fn deny(why: &str) -> Reply {
    let why = why.trim();
    Reply::deny((!why.is_empty()).then(|| why.to_owned()))
}
