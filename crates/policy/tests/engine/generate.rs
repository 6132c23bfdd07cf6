//! Policies and actions out of a few words each, so that they often meet.

use countersign_core::action::{Action, Batch, Tool};
use countersign_core::artifact::{ArtifactType, Assurance, Risk};
use countersign_core::encoding::Hash;
use countersign_policy::condition::{Condition, FieldPath, Step, Test};
use countersign_policy::facts::{Class, Finding, Floor, Names};
use countersign_policy::model::{Level, Mode, Obligations, Policy, Reclass, Rule, Subject};
use countersign_policy::pattern::{Glob, HostPattern, Regex};
use countersign_policy::verb::{Lane, Verb};
use countersign_policy::verdict::{AlwaysAllow, Decision, Escalation, OnTimeout, Roster};
use countersign_policy::{Asker, Facts, Layer, LayerName, Moment, Place};
use serde_json::{Value, json};

/// A generator of numbers that a case can be repeated with.
pub(crate) struct Dice(pub(crate) u64);

const VERBS: [&str; 8] = [
    "file_read",
    "tool_call",
    "http_request",
    "payment",
    "payment.refund",
    "delete",
    "shell_exec",
    "shell_exec.git",
];
const TOOLS: [&str; 6] = ["git", "git_push", "rm", "send_email", "read_file", ""];
const GLOBS: [&str; 7] = ["git", "git*", "*", "*_*", "?m", "send_email", "*file"];
const HOSTS: [&str; 5] = [
    "stripe.com",
    "api.stripe.com",
    "stripe.com.evil.example",
    "a.b.stripe.com",
    "api.stripe.com.",
];
const PATTERNS: [&str; 4] = ["*", "*.stripe.com", "stripe.com", "api.stripe.com"];
const RISKS: [Risk; 4] = [Risk::Low, Risk::Medium, Risk::High, Risk::Critical];
const FIELDS: [&str; 30] = [
    "amount",
    "amount",
    "amount",
    "to",
    "to",
    "items[0].price",
    "args.amount",
    "args",
    "tool",
    "host",
    "verb",
    "risk",
    "time",
    "weekday",
    "kind",
    "server",
    "account",
    "subject",
    "agent",
    "session",
    "workflow",
    "context.agent",
    "context.x",
    "argv[0]",
    "cwd",
    "env.TOKEN",
    "method",
    "url",
    "to.x",
    "tool.x",
];
const NAMES: [&str; 3] = ["ann", "bob", "role:finance"];
const KINDS: [&str; 6] = ["tool", "tool", "request", "command", "http", "foreign"];

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.roll() % n as u64) as usize
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    fn some<T>(&mut self, least: usize, most: usize, one: impl Fn(&mut Self) -> T) -> Vec<T> {
        let n = least + self.below(most - least + 1);
        (0..n).map(|_| one(self)).collect()
    }

    /// `None` but for one time in `n`.
    fn maybe<T>(&mut self, n: usize, one: impl Fn(&mut Self) -> T) -> Option<T> {
        self.one_in(n).then(|| one(self))
    }

    fn list<T>(&mut self, n: usize, one: impl Fn(&mut Self) -> T) -> Vec<T> {
        if self.one_in(n) { self.some(1, 2, one) } else { Vec::new() }
    }

    fn verb(&mut self) -> Verb {
        Verb::new(self.pick(&VERBS)).unwrap()
    }

    fn glob(&mut self) -> Glob {
        Glob::new(self.pick(&GLOBS)).unwrap()
    }

    fn host(&mut self) -> HostPattern {
        HostPattern::new(self.pick(&PATTERNS)).unwrap()
    }

    fn value(&mut self, depth: usize) -> Value {
        let values = [
            json!(5),
            json!(5.0),
            json!(100),
            json!(0.1),
            json!(1e308),
            json!(-3),
            json!("9e9"),
            json!("5"),
            json!("git"),
            json!("ann"),
            json!("high"),
            json!("low"),
            json!("09:30"),
            json!("mon"),
            json!("stripe.com"),
            json!(null),
            json!(true),
            json!("/etc/x"),
            json!(""),
            json!({"_sd": "x"}),
            json!(18_446_744_073_709_551_615_u64),
            json!("tool"),
        ];
        match self.below(if depth > 0 { 14 } else { 10 }) {
            10 | 11 => Value::Array(self.some(0, 2, |dice| dice.value(depth - 1))),
            12 | 13 => json!({"price": self.value(depth - 1), "x": self.value(depth - 1)}),
            _ => self.pick(&values),
        }
    }

    fn test(&mut self) -> Test {
        let expressions = ["^/etc", "git", "^git$", "n$"];
        match self.below(12) {
            0 => Test::Eq(self.value(1)),
            1 => Test::Neq(self.value(1)),
            2 => Test::Gt(self.value(0)),
            3 => Test::Gte(self.value(0)),
            4 => Test::Lt(self.value(0)),
            5 => Test::Lte(self.value(0)),
            6 => Test::In(self.some(0, 3, |dice| dice.value(1))),
            7 => Test::NotIn(self.some(0, 3, |dice| dice.value(1))),
            8 => Test::Exists(self.one_in(2)),
            9 => Test::Matches(Regex::new(self.pick(&expressions)).unwrap()),
            10 => Test::Contains(self.value(1)),
            _ => Test::StartsWith(self.pick(&["g", "/etc", "pay"]).to_owned()),
        }
    }

    fn condition(&mut self) -> Condition {
        Condition { field: path(self.pick(&FIELDS)), test: self.test(), display: None }
    }

    fn roster(&mut self) -> Roster {
        let approvers = self.some(0, 3, |dice| dice.pick(&NAMES).to_owned());
        Roster { approvers, quorum: 1 + self.below(2) as u32 }
    }

    fn standing(&mut self) -> Option<AlwaysAllow> {
        let max_seconds = self.pick(&[60, 3600]);
        let session = self.one_in(2);
        self.one_in(2).then_some(AlwaysAllow { max_seconds, session })
    }

    pub(crate) fn obligations(&mut self) -> Obligations {
        let steps = |dice: &mut Self| Escalation {
            to: dice.pick(&NAMES).to_owned(),
            after: dice.pick(&[30, 60]),
        };
        Obligations {
            rosters: self.list(3, Self::roster),
            veto: self.maybe(4, |dice| dice.one_in(2)),
            timeout: self.maybe(3, |dice| dice.pick(&[30, 200, 600])),
            escalation: self.list(4, steps),
            on_timeout: self.maybe(4, |d| d.pick(&[OnTimeout::Escalate, OnTimeout::Deny])),
            require_reason: self.maybe(4, |dice| dice.one_in(2)),
            always_allow: self.maybe(3, Self::standing),
            min_assurance: self
                .maybe(4, |d| d.pick(&[Assurance::Local, Assurance::Web, Assurance::Device])),
            max_uses: self.maybe(4, |dice| dice.pick(&[1, 2, 5])),
        }
    }

    fn subject(&mut self) -> Subject {
        match self.below(12) {
            0 => Subject::Account(self.glob()),
            1 => Subject::Agent(self.glob()),
            2 => Subject::Session(self.glob()),
            3 => Subject::Workflow(self.glob()),
            _ => Subject::Any,
        }
    }

    pub(crate) fn rule(&mut self, id: String) -> Rule {
        use ArtifactType::{Command, Patch};
        use Decision::{Allow, Block, Redact, RequireApproval};
        let decisions =
            [Some(Allow), Some(Allow), Some(Redact), Some(RequireApproval), Some(Block), None];
        Rule {
            id,
            order: self.below(4) as i64 - 1,
            disabled: self.one_in(10),
            subject: self.subject(),
            verbs: self.list(4, Self::verb),
            tools: self.list(3, Self::glob),
            servers: self.list(10, Self::glob),
            hosts: self.list(6, Self::host),
            artifact_types: self.list(10, |dice| dice.pick(&[Command, Patch])),
            conditions: self.list(2, Self::condition),
            risk: self.maybe(5, |dice| dice.pick(&RISKS)),
            decision: self.pick(&decisions),
            obligations: self.obligations(),
            redact: self.list(4, |dice| path(dice.pick(&FIELDS))),
            display: None,
        }
    }

    fn entry(&mut self) -> Reclass {
        Reclass {
            tools: self.list(2, Self::glob),
            servers: self.list(10, Self::glob),
            hosts: self.list(6, Self::host),
            conditions: self.list(4, Self::condition),
            verb: self.maybe(2, Self::verb),
            risk: self.maybe(2, |dice| dice.pick(&RISKS)),
        }
    }

    fn level(&mut self) -> Level {
        use Decision::{Allow, Block, RequireApproval};
        Level {
            decision: self.maybe(1, |dice| dice.pick(&[Allow, Allow, RequireApproval, Block])),
            obligations: if self.one_in(2) { self.obligations() } else { Obligations::default() },
        }
    }

    pub(crate) fn policy(&mut self) -> Policy {
        let rules = self.below(6);
        let mut policy = Policy {
            mode: self.pick(&[Mode::Enforce, Mode::Observe, Mode::Off]),
            rules: (0..rules).map(|n| self.rule(format!("r{n}"))).collect(),
            classify: self.list(4, Self::entry),
            ..Policy::default()
        };
        if self.one_in(4) {
            policy.defaults = self.obligations();
        }
        for risk in RISKS {
            if self.one_in(2) {
                policy.risk.insert(risk, self.level());
                if self.one_in(6) {
                    policy.risk.insert(risk, Level::default());
                }
            }
        }
        policy
    }

    pub(crate) fn layers(&mut self) -> Vec<Layer> {
        let names =
            [LayerName::Builtin, LayerName::Organisation, LayerName::Home, LayerName::Workspace];
        let mut layers = Vec::new();
        for name in names {
            if self.one_in(2) {
                let (policy, accepted) = (self.policy(), !self.one_in(4));
                layers.push(Layer { name, policy, sha256: Hash([name as u8; 32]), accepted });
            }
        }
        layers
    }

    fn names(&mut self, from: &[&str]) -> Names<String> {
        Names {
            own: self.some(0, 2, |dice| dice.pick(from).to_owned()),
            also: self.list(4, |dice| dice.pick(from).to_owned()),
        }
    }

    fn class(&mut self) -> Class {
        let floors = [
            Floor::Lane(Lane::Payment),
            Floor::Lane(Lane::Delete),
            Floor::Protected,
            Floor::Unreadable,
        ];
        let mut floors: Vec<Floor> = self.list(6, |dice| dice.pick(&floors));
        floors.sort();
        floors.dedup();
        let verbs = Names { own: self.some(0, 2, Self::verb), also: self.list(3, Self::verb) };
        let verb = verbs.own.first().cloned().unwrap_or_else(|| Verb::new("tool_call").unwrap());
        let risk = self.pick(&RISKS);
        Class {
            verbs,
            risk,
            known: self.one_in(2),
            floors,
            tools: self.names(&TOOLS),
            hosts: self.names(&HOSTS),
            findings: vec![Finding { part: "part".into(), why: "why".into(), verb, risk }],
        }
    }

    fn payload(&mut self, kind: &str) -> Value {
        let fields = json!({
            "amount": self.value(1), "to": self.value(2), "items": self.value(2),
            "cwd": self.value(0), "argv": self.value(1),
        });
        let fields = if self.one_in(4) { self.value(2) } else { fields };
        match kind {
            "tool" => json!({"kind": "tool", "server": "s", "tool": "git", "arguments": fields}),
            "request" => json!({"kind": "request", "action": "pay", "parameters": fields}),
            "command" => json!({
                "kind": "command", "argv": ["git", self.value(0)], "cwd": "/etc/x",
                "env": {"TOKEN": {"_sd": "x"}, "A": "b"},
            }),
            "http" => json!({"kind": "http", "method": "GET", "url": "https://stripe.com/"}),
            _ => fields,
        }
    }

    fn asker(&mut self) -> Asker {
        let name = |dice: &mut Self| dice.maybe(2, |dice| dice.pick(&TOOLS).to_owned());
        Asker { account: name(self), agent: name(self), session: name(self), workflow: name(self) }
    }

    pub(crate) fn facts(&mut self) -> Facts {
        let at = Moment {
            minute: self.pick(&[0, 569, 570, 571, 1439]),
            weekday: self.below(7) as u8,
            millis: 0,
        };
        if self.one_in(12) {
            return self.batch(at);
        }
        let kind = self.pick(&KINDS);
        Facts {
            payload: self.payload(kind),
            kind,
            artifact_type: self.pick(&[ArtifactType::Command, ArtifactType::Patch]),
            server: self.maybe(2, |dice| dice.pick(&TOOLS).to_owned()),
            class: self.class(),
            asker: self.asker(),
            place: Place::default(),
            at,
        }
    }

    fn batch(&mut self, at: Moment) -> Facts {
        let tool = |dice: &mut Self| {
            Action::Tool(Tool {
                server: "s".into(),
                description_sha256: None,
                tool: dice.pick(&["git", "send_email", "read_file"]).to_owned(),
                arguments: json!({"amount": dice.pick(&[json!(5), json!(100), json!("5")])}),
                verb: None,
            })
        };
        let batch = Action::Batch(Batch::new(self.some(1, 3, tool), None).unwrap());
        let mut facts = Facts::of(&batch, self.asker(), Place::default(), at).unwrap();
        if self.one_in(4) {
            facts.class = self.class();
        }
        if self.one_in(12) {
            facts.payload = json!({"kind": "batch", "items": 5});
        }
        facts
    }
}

/// A path as a policy writes it.
pub(crate) fn path(text: &str) -> FieldPath {
    let words = text.replace('[', ".#").replace(']', "");
    let step = |word: &str| match word.strip_prefix('#') {
        Some(index) => Step::Index(index.parse().unwrap()),
        None => Step::Key(word.to_owned()),
    };
    FieldPath { text: text.to_owned(), steps: words.split('.').map(step).collect() }
}
