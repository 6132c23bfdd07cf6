//! Requests in all variations, for the tests of the screen.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step fails the test")]

use super::event::{Effect, Event, Key};
use super::model::{Entry, Model};
use super::update::update;
use countersign_approver::open::at_hand;
use countersign_approver::{Item, PairingName, Verdict};
use countersign_core::action::{Action, Command, PinnedFile};
use countersign_core::artifact::{
    Artifact, ArtifactHash, ArtifactHead, ArtifactType, Assurance, Context, GrantOffer, HashAlg,
    Risk, Route, Scope, Seat, Statement, extensions,
};
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::keys::SecretKeys;
use countersign_core::progress::{Note, NoteType, SignedNote, SoFar};
use countersign_core::redact::Text;
use countersign_core::time::{Instant, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) fn now() -> Instant {
    Timestamp::parse("2026-02-21T12:01:00Z").unwrap().instant()
}

fn enforcer() -> SecretKeys {
    SecretKeys::from_bytes(&[1; 64]).unwrap()
}

/// What an enforcer asks.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) id: &'static str,
    pub(super) payload: Value,
    pub(super) context: Context,
    pub(super) route: Route,
    pub(super) ends: &'static str,
    pub(super) session: Option<&'static str>,
}

/// A command under an id, at a risk.
pub(super) fn ask(id: &'static str, risk: Risk, argv: &[&str]) -> Ask {
    let context = Context {
        principal: Some("uid 1000".into()),
        workspace: Some("/home/ada/shop".into()),
        description: Some("clean the build".into()),
        ..Context::default()
    };
    let route = Route {
        round: 1,
        rule_id: "deletes".into(),
        risk,
        policy_hash: Hash([5; 32]),
        roster: ["ada", "bob", "eve"].into_iter().zip(2..).map(seat).collect(),
        threshold: 1,
        min_assurance: Assurance::Local,
        reason_required: false,
        scopes: vec![Scope::Once],
        max_uses: 1,
        groups: vec![],
        veto: false,
        escalate_to: vec![],
        grant: None,
    };
    let ends = "2026-02-21T12:10:00Z";
    Ask { id, payload: command(argv), context, route, ends, session: None }
}

fn seat((person, key): (&str, u8)) -> Seat {
    let keys = SecretKeys::from_bytes(&[key; 64]).unwrap();
    Seat { person: person.into(), key_id: keys.key_id() }
}

fn command(argv: &[&str]) -> Value {
    let command = Command {
        argv: argv.iter().map(|word| Text::from(*word)).collect(),
        cwd: "/home/ada/shop".into(),
        env: BTreeMap::from([("PATH".into(), Text::from("/usr/bin"))]),
        program: PinnedFile { path: format!("/usr/bin/{}", argv[0]), sha256: Hash([3; 32]) },
        files: vec![],
        stdin_sha256: None,
        verb: None,
    };
    Action::Command(Box::new(command)).to_payload().unwrap()
}

/// A batch of commands.
pub(super) fn batch(id: &'static str, risk: Risk, commands: &[&[&str]]) -> Ask {
    let items: Vec<Value> = commands.iter().map(|argv| command(argv)).collect();
    Ask { payload: json!({"kind": "batch", "items": items}), ..ask(id, risk, &["true"]) }
}

impl Ask {
    /// What is asked within a session that has a name.
    pub(super) fn within(mut self, session: &'static str) -> Self {
        self.session = Some(session);
        self
    }

    pub(super) fn offers_always(mut self) -> Self {
        self.route.grant = Some(GrantOffer { max_seconds: 3_600, session: false });
        self
    }

    pub(super) fn may_go_to(mut self, names: &[&str]) -> Self {
        self.route.escalate_to = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    pub(super) fn wants_reason(mut self) -> Self {
        self.route.reason_required = true;
        self
    }

    pub(super) fn at(mut self, place: &str) -> Self {
        self.context.workspace = Some(place.to_owned());
        self
    }

    pub(super) fn ends(mut self, ends: &'static str) -> Self {
        self.ends = ends;
        self
    }

    fn statement(&self) -> Statement {
        let extensions = extensions(Fixed([6; 32]), &self.context, &self.route, None).unwrap();
        let head = ArtifactHead {
            request_id: self.id.into(),
            session_id: self.session.map(str::to_owned),
            artifact_type: ArtifactType::Command,
            repo_ref: "repo-1".into(),
            base_revision: None,
            created_at: Timestamp::parse("2026-02-21T12:00:00Z").unwrap(),
            expires_at: Timestamp::parse(self.ends).unwrap(),
            artifact_hash_alg: HashAlg::Sha256,
            artifact_hash: ArtifactHash(Hash([0; 32])),
            metadata: None,
            extensions: Some(extensions),
        };
        let payload = self.payload.as_object().unwrap().clone();
        Statement::sign(Artifact::build(head, payload).unwrap(), vec![], &enforcer()).unwrap()
    }

    pub(super) fn item(&self) -> Item {
        let name = PairingName::parse("work").unwrap();
        let opened = at_hand(self.statement(), name, enforcer().public(), now());
        let content = opened.map(Box::new);
        Item { request_id: self.id.into(), content, answered: None, so_far: None }
    }

    pub(super) fn entry(&self) -> Entry {
        Entry::of(0, self.item())
    }

    pub(super) fn answered(&self, verdict: Verdict) -> Entry {
        Entry { answered: Some(verdict), ..self.entry() }
    }

    /// Two must allow, and one does.
    pub(super) fn one_of_two(mut self) -> Entry {
        self.route.threshold = 2;
        let artifact = self.statement().artifact;
        let note = Note {
            kind: NoteType::V1,
            request_id: artifact.head.request_id.clone(),
            artifact_hash: artifact.head.artifact_hash,
            answers: 1,
            allowed: vec!["bob".into()],
            needed: 2,
            told_at: Timestamp::parse("2026-02-21T12:00:30Z").unwrap(),
        };
        let signed = SignedNote::sign(note, &enforcer()).unwrap();
        let so_far: SoFar = signed.verify(&artifact, enforcer().public()).unwrap();
        Entry { so_far: Some(so_far), ..self.entry() }
    }
}

/// Something that does not open: another enforcer's keys.
pub(super) fn refused(id: &'static str) -> Entry {
    let ask = ask(id, Risk::Low, &["true"]);
    let name = PairingName::parse("work").unwrap();
    let other = SecretKeys::from_bytes(&[66; 64]).unwrap();
    let content = at_hand(ask.statement(), name, other.public(), now()).map(Box::new);
    Entry::of(0, Item { request_id: id.into(), content, answered: None, so_far: None })
}

/// A screen of one pairing, with these requests.
pub(super) fn screen(entries: Vec<Entry>) -> Model {
    let mut model = Model::new(vec!["work".into()], now(), false);
    update(&mut model, Event::Link { desk: 0, link: super::model::Link::Live });
    update(&mut model, Event::Listed { desk: 0, entries });
    model
}

/// Time passes.
pub(super) fn wait(model: &mut Model, millis: u64) -> Vec<Effect> {
    let up = model.up + Duration::from_millis(millis);
    let now = model.now.plus_millis(i64::try_from(millis).unwrap());
    update(model, Event::Tick { now, up })
}

/// Presses keys one after another, each after half a second. `\n` is Enter, `\x1b` is Esc,
/// `\x7f` is backspace, `\t` is Tab.
pub(super) fn types(model: &mut Model, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for c in keys.chars() {
        effects.extend(wait(model, 500));
        effects.extend(update(model, Event::Key(key(c))));
    }
    effects
}

pub(super) fn key(c: char) -> Key {
    match c {
        '\n' => Key::Enter,
        '\x1b' => Key::Esc,
        '\x7f' => Key::Backspace,
        '\t' => Key::Tab,
        c => Key::Char(c),
    }
}
