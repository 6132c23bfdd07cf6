//! `demo`: the main job in one process, with nothing set up.
//!
//! Everything in it is real: two homes that know each other only through a gateway, a command
//! that deletes a directory, a signature, a receipt, and three attacks that are refused.

mod attack;
mod person;
mod scene;

use super::{Here, millis};
use crate::asking::{self, Caller, Subject, Words, keep_receipt};
use crate::commands::receipt::explain;
use crate::failure::{Exit, Failure, Outcome};
use attack::Refused;
use countersign_core::display::counted;
use countersign_core::receipt::check::Verdict;
use countersign_core::receipt::{Level, Receipt};
use countersign_enforcer::child::{self, Call, Prepared};
use countersign_enforcer::{Answered, Grounds, Progress, Ruling};
use countersign_store::ledger::RequestRecord;
use person::Person;
use scene::Scene;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// Show the whole path with nothing set up: gate a real command, sign, run, verify.
///
/// It makes a directory of its own below the system's temporary one, with an agent's home, an
/// approver's home and a gateway in between, and asks whether a real `rm -rf` in there may run.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  countersign demo\n  countersign demo --approve --json\n\n\
    Without a terminal and without a flag it waits for `countersign approve` from another shell.")]
pub(crate) struct Demo {
    /// Answer yes, for scripts
    #[arg(long)]
    approve: bool,

    /// Answer no, for scripts
    #[arg(long, conflicts_with = "approve")]
    deny: bool,

    /// Let the time run out, for scripts
    #[arg(long, conflicts_with_all = ["approve", "deny"])]
    expire: bool,
}

/// What the demo showed.
struct Shown {
    verdict: &'static str,
    ran: bool,
    receipt: Receipt,
    path: PathBuf,
    judged: Verdict,
}

impl Demo {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let person = self.person();
        let say = |text: &str| here.output.progress(text);
        say("1. Set up: an agent's home, an approver's home, and a gateway between them.");
        let scene = Scene::set().await?;
        say(&format!(
            "   in {}\n   paired by a link whose secret the gateway never saw",
            scene.root.display()
        ));
        say("\n2. The agent wants to run a command that cannot be undone:");
        say(&format!(
            "   rm -rf {}   ({})",
            scene.target.display(),
            counted(scene.files(), "file")
        ));
        let shown = self.main_job(here, &scene, person).await?;
        say("\n5. Three attacks, tried on this very set-up:");
        let attacks = attack::all(&scene).await?;
        for refused in &attacks {
            say(&format!("   {:<44} refused  {}", refused.attack, refused.code));
        }
        let code = self.ending(&shown, &attacks);
        let command = format!(
            "{} receipt verify '{}' --trust '{}'",
            myself(),
            shown.path.display(),
            scene.trust.display()
        );
        say(&format!("\nThe receipt: {}", shown.path.display()));
        say(&format!("Verify it yourself, with no network:\n  {command}"));
        say(&format!("Everything of this demo is in {}; remove it at will.", scene.root.display()));
        here.output.result(
            &format!("\n{}", self.summary(&shown)),
            &self.document(&scene, &shown, &attacks, &command),
        )?;
        code
    }

    fn person(&self) -> Person {
        match (self.approve, self.deny, self.expire) {
            (true, ..) => Person::Approves,
            (_, true, _) => Person::Denies,
            (.., true) => Person::Sleeps,
            _ if crate::tty::Tty::open().is_ok() => Person::AtTheTerminal,
            _ => Person::Elsewhere,
        }
    }

    async fn main_job(
        &self,
        here: &Here<'_>,
        scene: &Scene,
        person: Person,
    ) -> Result<Shown, Failure> {
        let prepared = scene.prepare(&["rm", "-rf", &scene.target.display().to_string()])?;
        let words = Words {
            description: Some("Remove the build directory".into()),
            reasoning: Some("The build cache is stale".into()),
            session: "demo".into(),
            ..Words::default()
        };
        let grounds = scene.grounds(&prepared).await?;
        let (to, ttl) = (scene.ways()?, millis(person.patience()));
        let (caller, subject) = (Caller::of(&prepared, &words.session), Subject::of(&prepared));
        let question = asking::question(caller, subject, grounds, to, words, ttl);
        let (submitted, delivered) = tokio::sync::watch::channel(false);
        let report = |progress: Progress| match progress {
            Progress::Suspended(request, _) => {
                here.output.progress(&format!("   held before it starts; request {}", request.id));
                if let Some(digits) = asking::digits(&request) {
                    here.output.progress(&format!("   {digits}"));
                }
            }
            Progress::Submitted => {
                here.output.progress(
                    "\n3. The request, sealed to the approver's device, is at the gateway,\n   \
                     which can neither read it nor answer it.",
                );
                submitted.send_replace(true);
            }
            Progress::Queued(_) => {}
            Progress::Unreachable(why) => here.output.progress(&why),
            Progress::Refused(refusal) => here.output.progress(&refusal.to_string()),
            Progress::Counted(..) | Progress::Escalated(..) | Progress::HandedOn(_) => {}
        };
        let (answered, said) = tokio::join!(
            scene.enforcer.ask(&question, &scene.relays, &report),
            person.answer(here, scene, delivered),
        );
        said?;
        self.settle(here, scene, answered?, &prepared).await
    }

    async fn settle(
        &self,
        here: &Here<'_>,
        scene: &Scene,
        answered: Answered,
        prepared: &Prepared,
    ) -> Result<Shown, Failure> {
        let say = |text: &str| here.output.progress(text);
        let (verdict, request) = match answered {
            Answered::Approved(request) => {
                say(
                    "\n4. The signature fits this action, this request and this approver: it runs, once.",
                );
                return self.ran(scene, &request, prepared).await;
            }
            Answered::Denied(request) => ("denied", request),
            Answered::Expired(request) => ("expired", request),
            Answered::Unverified(_, refusal) => return Err(refusal.into()),
            Answered::Withdrawn(request)
            | Answered::Used(request)
            | Answered::Pending(request)
            | Answered::NoRoute(request, _) => ("refused", request),
        };
        say(&format!(
            "\n4. The answer is: {verdict}. Nothing was run; the refusal has a receipt too."
        ));
        let receipts = scene.enforcer.ledger().receipts_of(&request.id).await?;
        let last = receipts.last().cloned();
        let receipt =
            last.ok_or_else(|| Failure::new(Exit::Failed, "no_receipt", "no receipt was written"))?;
        self.shown(scene, verdict, receipt)
    }

    async fn ran(
        &self,
        scene: &Scene,
        request: &RequestRecord,
        prepared: &Prepared,
    ) -> Result<Shown, Failure> {
        let permit = scene.enforcer.claim(request, &scene.relays).await?;
        let ran = scene.enforcer.run(permit, prepared).await?;
        if let Err(error) = ran.result {
            return Err(Failure::new(Exit::Failed, "run", error.to_string()));
        }
        self.shown(scene, "approved", ran.receipt)
    }

    fn shown(
        &self,
        scene: &Scene,
        verdict: &'static str,
        receipt: Receipt,
    ) -> Result<Shown, Failure> {
        let path = keep_receipt(&scene.enforcer, &receipt)?;
        let judged = receipt.check(&scene.export_trust()?, scene.enforcer.edge().now());
        let ran = !scene.target.exists();
        Ok(Shown { verdict, ran, receipt, path, judged })
    }

    /// Whether it went as the answer should go.
    fn ending(&self, shown: &Shown, attacks: &[Refused]) -> Outcome {
        let expected = match (self.approve, self.deny, self.expire) {
            (true, ..) => "approved",
            (_, true, _) => "denied",
            (.., true) => "expired",
            _ => shown.verdict,
        };
        let level = if shown.verdict == "approved" { Level::L1 } else { Level::L0 };
        let proven = matches!(&shown.judged, Verdict::Valid { level: l, .. } if *l == level);
        let right = shown.verdict == expected
            && shown.ran == (shown.verdict == "approved")
            && proven
            && attacks.len() == attack::COUNT;
        if !right {
            let message = format!(
                "the demo ended as `{}`, ran: {}, receipt: {}",
                shown.verdict,
                shown.ran,
                explain(&shown.judged)
            );
            return Err(Failure::new(Exit::Failed, "demo", message));
        }
        let unasked = !(self.approve || self.deny || self.expire);
        Ok(match shown.verdict {
            "expired" if unasked => Exit::Expired,
            _ => Exit::Ok,
        })
    }

    fn summary(&self, shown: &Shown) -> String {
        let seq = shown.receipt.content.seq;
        match &shown.judged {
            Verdict::Valid { level, event, approvers, .. } if !approvers.is_empty() => format!(
                "Receipt {seq}: VALID, {level:?}, {}, approved by {}",
                event.name(),
                approvers.join(", ")
            ),
            Verdict::Valid { level, event, .. } => {
                format!("Receipt {seq}: VALID, {level:?}, {}; nothing ran", event.name())
            }
            other => format!("Receipt {seq}: {}", explain(other)),
        }
    }

    fn document(&self, scene: &Scene, shown: &Shown, attacks: &[Refused], command: &str) -> Value {
        let attacks: Vec<Value> = attacks
            .iter()
            .map(|r| json!({"attack": r.attack, "refused": true, "code": r.code}))
            .collect();
        json!({
            "verdict": shown.verdict,
            "ran": shown.ran,
            "requestId": shown.receipt.content.entry.request_id,
            "actionHash": shown.receipt.content.entry.action_hash,
            "receipt": shown.path.display().to_string(),
            "trust": scene.trust.display().to_string(),
            "verify": command,
            "receiptVerdict": shown.judged,
            "attacks": attacks,
            "home": scene.root.display().to_string(),
        })
    }
}

impl Scene {
    /// Why the policy holds a command of the agent's.
    async fn grounds(&self, prepared: &Prepared) -> Result<Grounds, Failure> {
        let judged = Caller::of(prepared, "demo").judged(&self.enforcer, prepared.action()).await?;
        match judged.ruling(false) {
            Ruling::Asks(grounds) => Ok(grounds),
            Ruling::Runs(_) | Ruling::Blocked(_) => {
                Err(Failure::new(Exit::Failed, "demo", "the policy asks nobody about this"))
            }
        }
    }

    /// A command of the agent's, pinned.
    fn prepare(&self, argv: &[&str]) -> Result<Prepared, Failure> {
        let call = Call {
            argv: argv.iter().map(|s| (*s).to_owned()).collect(),
            cwd: self.root.join("project"),
            ..Call::default()
        };
        let environment = crate::commands::run::environment();
        Ok(child::prepare(&call, &environment, self.enforcer.ledger().secret())?)
    }
}

/// How to call this program again: it need not be on the PATH.
fn myself() -> String {
    let path = std::env::current_exe().map(|path| path.display().to_string());
    path.unwrap_or_else(|_| "countersign".into())
}

/// How long the demo waits for a person.
const PATIENCE: Duration = Duration::from_secs(120);
