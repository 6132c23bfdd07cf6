//! `pair`: the enforcer's side of a pairing.

mod qr;

use super::{Here, asked_to_end, duration, millis};
use crate::args::PassphraseArgs;
use crate::asking::{self, Whom};
use crate::failure::{Exit, Failure, Outcome};
use crate::output::Output;
use crate::tty::{Key, Tty, converse};
use crate::{parties, secrets};
use countersign_approver::keyfile::KeyFileEntropy;
use countersign_approver::local::LocalKey;
use countersign_core::action::Action;
use countersign_core::artifact::Assurance;
use countersign_core::display::visible;
use countersign_core::pairing::{Code, Digits, Link, Origin};
use countersign_enforcer::home::HomeError;
use countersign_enforcer::pairing::{Candidate, Desk, meet};
use countersign_enforcer::{Answered, Edge, Enforcer, Progress, Question, Relays, Way};
use countersign_store::files::FileError;
use std::io;
use std::time::Duration;

/// How long a person may look at six digits.
const PATIENCE: Duration = Duration::from_secs(300);

/// Pair an approver with this enforcer: shows a code, a link and a QR code, and waits.
///
/// The first pairing of a home is its bootstrap. Every later one must be allowed by an approver
/// that is pinned already.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign pair --name phone --relay http://127.0.0.1:8787 --assurance device\n  \
    countersign pair --name ann-phone --person ann --relay https://relay.example --role sre,finance\n  \
    countersign pair --local --name me")]
pub(crate) struct Pair {
    /// A name for the approver: a-z, 0-9, `.`, `_`, `-`
    #[arg(long, value_name = "NAME")]
    name: String,

    /// Whose device it is: one person counts once, whatever device answers [default: NAME]
    #[arg(long, value_name = "PERSON", value_parser = person)]
    person: Option<String>,

    /// The gateway's address
    #[arg(long, value_name = "URL", value_parser = origin)]
    #[arg(required_unless_present = "local", conflicts_with = "local")]
    relay: Option<String>,

    /// A role of the approver, for `run --to` and policies; may be repeated, or a list with commas
    #[arg(long, value_name = "ROLE", value_delimiter = ',', value_parser = person)]
    role: Vec<String>,

    /// How sure you are that the key is in that person's hands: local (a key on this machine),
    /// web (a page that the gateway serves), device (another device, in code of its own, such as
    /// `countersign join` or `countersign console` there). A passkey makes answers `verified`:
    /// `trust set --passkey`
    #[arg(long, value_name = "LEVEL", default_value = "local", value_parser = assurance)]
    assurance: Assurance,

    /// Make a key here, for approving on this machine's terminal
    #[arg(long, conflicts_with = "assurance")]
    local: bool,

    /// How long the approvers that are pinned already may take to allow this one
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    ttl: Duration,

    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Where else the link goes, and what is said below it.
#[derive(Clone, Copy, Default)]
pub(super) struct Shown<'a> {
    /// Who else is shown it, such as a browser.
    pub(super) to: Option<&'a dyn Fn(&str)>,
    pub(super) note: Option<&'a str>,
}

impl Pair {
    /// A browser on the console of this machine's own gateway, which serves it: `web`.
    pub(super) fn of_console(name: String, relay: String) -> Self {
        Self {
            name,
            person: None,
            relay: Some(relay),
            role: Vec::new(),
            assurance: Assurance::Web,
            local: false,
            ttl: Duration::from_secs(600),
            passphrase: PassphraseArgs::default(),
        }
    }

    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        self.run_shown(here, Shown::default()).await
    }

    pub(super) async fn run_shown(self, here: &Here<'_>, shown: Shown<'_>) -> Outcome {
        let enforcer = parties::enforcer(&here.root).await?;
        self.free_name(&enforcer)?;
        // Else people would go through a whole pairing that nobody can allow.
        enforcer.admitters().await?;
        let candidate = match &self.relay {
            Some(relay) => self.meet(here, &enforcer, relay, shown).await?,
            None => self.make_local(here, enforcer.edge())?,
        };
        let candidate = candidate.of(self.person.as_ref().unwrap_or(&self.name));
        let (pairing, approver) = (candidate.pairing.clone(), candidate.approver.clone());
        self.admit(here, &enforcer, candidate).await?;
        let fingerprint = approver.keys.fingerprint().to_string();
        let text = format!(
            "paired `{}` (assurance {})\nfingerprint {fingerprint}",
            pairing.name,
            approver.assurance.name()
        );
        let document = serde_json::json!({
            "name": pairing.name,
            "pairId": pairing.pair_id,
            "keyId": approver.key_id,
            "fingerprint": fingerprint,
            "assurance": approver.assurance,
            "person": approver.person,
            "roles": approver.roles,
        });
        here.output.result(&text, &document)?;
        Ok(Exit::Ok)
    }

    fn free_name(&self, enforcer: &Enforcer) -> Result<(), Failure> {
        match enforcer.home().free_name(&self.name) {
            Ok(_) => Ok(()),
            Err(HomeError::File(FileError::Exists(_))) => {
                let message = format!("a pairing named `{}` exists already", self.name);
                Err(Failure::new(Exit::Usage, "name_taken", message)
                    .hint("choose another name, or `countersign revoke` the old one"))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn meet(
        &self,
        here: &Here<'_>,
        enforcer: &Enforcer,
        relay: &str,
        shown: Shown<'_>,
    ) -> Result<Candidate, Failure> {
        let identity = enforcer.identity();
        let client = parties::client(identity, relay)?;
        let keys = *identity.keys.public();
        let page = client.has_page().await;
        let way = Joining { relay: relay.to_owned(), page, assurance: self.assurance };
        let mut desk = Screen { output: *here.output, aside: false, shown, way };
        let edge = enforcer.edge();
        let paired = tokio::select! {
            met = meet(&client, &identity.device_id, keys, relay, edge, &mut desk) => met?,
            () = super::asked_to_end() => {
                return Err(stopped());
            }
        };
        Ok(Candidate::new(&paired, &self.name, self.role.clone(), self.assurance, edge))
    }

    fn make_local(&self, here: &Here<'_>, edge: &Edge) -> Result<Candidate, Failure> {
        let root = parties::approver_root(&here.root);
        let key = match LocalKey::of(&root)? {
            Some(key) => key,
            None => {
                let passphrase = secrets::fresh(&self.passphrase)?;
                let secret = edge.random()?;
                let (salt, nonce) = (edge.random()?, edge.random()?);
                LocalKey::make(&root, &secret, &passphrase, KeyFileEntropy { salt, nonce })?
            }
        };
        Ok(Candidate::local(*key.public(), &self.name, self.role.clone(), edge))
    }

    /// The first approver is pinned at once, every later one after a pinned one allowed it.
    async fn admit(
        &self,
        here: &Here<'_>,
        enforcer: &Enforcer,
        candidate: Candidate,
    ) -> Result<(), Failure> {
        let relays = parties::relays(enforcer.identity(), &enforcer.home().pairings()?)?;
        let report = |progress: Progress| tell(*here.output, &progress);
        let Some(question) = enforcer.admission(&candidate, millis(self.ttl)).await? else {
            return Ok(enforcer.admit(candidate, &relays, millis(self.ttl), &report).await?);
        };
        let answered = allowing(here, enforcer, &question, &relays).await?;
        Ok(enforcer.admit_answered(candidate, answered, &relays).await?)
    }
}

/// Puts a question to those who admit: to their devices, else to the person at this terminal.
pub(crate) async fn allowing(
    here: &Here<'_>,
    enforcer: &Enforcer,
    question: &Question,
    relays: &Relays,
) -> Result<Answered, Failure> {
    let output = *here.output;
    let report = |progress: Progress| match progress {
        Progress::Suspended(request, _) => {
            output.progress(&asking::waits_for_highest(enforcer, question, request.id.as_str()))
        }
        other => tell(output, &other),
    };
    let far = |way: &Way| way.pairing.as_ref().is_some_and(|name| relays.contains_key(name));
    let whom = match question.to.iter().any(far) {
        true => Whom::Devices(relays),
        false => Whom::Here(&here.root),
    };
    let signal = std::pin::pin!(asked_to_end());
    match asking::put(enforcer, question, whom, &report, signal).await? {
        Answered::Withdrawn(_) => Err(stopped()),
        Answered::Expired(_) | Answered::Pending(_) => Err(not_in_time(question)),
        answered => Ok(answered),
    }
}

fn not_in_time(question: &Question) -> Failure {
    let what = match &question.action {
        Action::Request(request) => request.action.as_str(),
        _ => "this",
    };
    let message = format!("nobody allowed `{}` in time", visible(what, false));
    Failure::new(Exit::Expired, "HARP_ERR_EXPIRED", message)
        .hint("nothing was pinned or changed; start the command again, --ttl gives more time")
}

fn stopped() -> Failure {
    Failure::new(Exit::Denied, "withdrawn", "stopped; nothing was pinned or changed")
        .hint("start the command again")
}

fn tell(output: Output, progress: &Progress) {
    match progress {
        Progress::Unreachable(why) => {
            output.progress(&format!("{}; trying again", visible(why, false)));
        }
        Progress::Suspended(..)
        | Progress::Queued(_)
        | Progress::Submitted
        | Progress::Refused(_)
        | Progress::Counted(..)
        | Progress::Escalated(..)
        | Progress::HandedOn(_) => {}
    }
}

/// What the person at the enforcer sees.
pub(super) struct Screen<'a> {
    output: Output,
    /// Whether standard output belongs to something else.
    aside: bool,
    shown: Shown<'a>,
    way: Joining,
}

/// How a device joins what is announced.
pub(super) struct Joining {
    pub(super) relay: String,
    /// Whether the gateway serves a page.
    pub(super) page: bool,
    /// What the key is pinned with.
    pub(super) assurance: Assurance,
}

impl Joining {
    /// What to do with the link. A key counts for what holds it: a page that the gateway serves is
    /// not code of the device's own.
    fn words(&self, link: &str) -> String {
        let of_its_own = self.assurance >= Assurance::Device;
        let own_page = format!(
            "On the approver's own machine start\n\n  countersign console --gateway {}\n\n\
             and paste the link there:\n\n  {link}\n\n",
            self.relay
        );
        let terminal = format!("type\n\n  countersign join '{link}'\n\n");
        match (of_its_own, self.page) {
            (true, _) => format!("{own_page}Or, for its terminal, {terminal}"),
            (false, true) => {
                format!("On the approver's device open the link in its browser, or {terminal}")
            }
            (false, false) => format!("On the approver's device {terminal}"),
        }
    }

    /// What stands before the link alone.
    fn once_more(&self) -> &'static str {
        match self.page && self.assurance < Assurance::Device {
            true => "The link, to open in a browser",
            false => "The link once more",
        }
    }
}

impl Screen<'_> {
    /// The same beside a result that a pipe may take.
    pub(super) fn aside(output: Output, way: Joining) -> Self {
        Self { output, aside: true, shown: Shown::default(), way }
    }

    fn tell(&self, text: &str) {
        if self.aside {
            self.output.progress(text);
        } else {
            let _ = self.output.result(text, &());
        }
    }
}

impl Desk for Screen<'_> {
    fn announce(&mut self, code: &Code, link: &Link) {
        let link = link.to_text();
        if let Some(show) = self.shown.to {
            show(&link);
        }
        if self.output.is_json() {
            // A line of its own, so that a script can hand the link on while `pair` waits.
            let line = serde_json::json!({"code": code.to_string(), "link": &*link});
            let _ = self.output.result("", &line);
            return;
        }
        let text = format!(
            "Join within 10 minutes. {}{}\
             Or type the code {code} there, and compare six digits.",
            self.way.words(&link),
            qr::drawn(&link, super::show::width(), self.output.color())
        );
        self.tell(&text);
        if let Some(note) = self.shown.note {
            self.output.progress(note);
        }
        // What stands above may have pushed the first one off the screen.
        self.tell(&format!("\n{}:\n\n{}\n\nWaiting ...", self.way.once_more(), &*link));
    }

    async fn same_digits(&mut self, digits: &Digits) -> bool {
        compare(self.output, digits.to_string()).await
    }
}

/// Shows digits and waits for a yes, on the terminal itself or, without one, never.
pub(crate) async fn compare(output: Output, digits: String) -> bool {
    converse(move |tty| ask_same(tty, output, &digits)).await.unwrap_or(false)
}

fn ask_same(tty: io::Result<Tty>, output: Output, digits: &str) -> bool {
    let question = format!("\nDoes the other screen show  {digits}  ? [y/n] ");
    let Ok(mut tty) = tty else {
        output.progress(&format!("{question}\nno terminal to answer on: taken as no"));
        return false;
    };
    if tty.forget_typed().and_then(|()| tty.say(&question)).is_err() {
        return false;
    }
    loop {
        match tty.key(PATIENCE) {
            Ok(Key::Byte(b'y' | b'Y')) => {
                let _ = tty.say("yes\r\n");
                return true;
            }
            Ok(Key::Byte(b'n' | b'N') | Key::Stop | Key::Nothing) | Err(_) => {
                let _ = tty.say("no\r\n");
                return false;
            }
            Ok(_) => {}
        }
    }
}

pub(super) fn origin(text: &str) -> Result<String, String> {
    Origin::parse(text).map(|_| text.to_owned()).map_err(|e| e.to_string())
}

/// The name of a person, which a policy may say too.
pub(crate) fn person(text: &str) -> Result<String, String> {
    countersign_enforcer::amendment::is_name(text)
        .then(|| text.to_owned())
        .ok_or_else(|| "use 1 to 64 of a-z, A-Z, 0-9, `.`, `_`, `@` and `-`".into())
}

pub(crate) fn assurance(text: &str) -> Result<Assurance, String> {
    match serde_json::from_value(text.into()) {
        Ok(Assurance::Verified) => Err("an answer is `verified` by a passkey: pair with web or \
            device, then `countersign trust set NAME --passkey TEXT`"
            .into()),
        Ok(stated) => Ok(stated),
        Err(_) => Err(format!("`{text}` is none of local, web, device")),
    }
}
