//! The examples of the two documents load as written, and mean what their texts say.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

use countersign_core::action::Action;
use countersign_core::artifact::Risk;
use countersign_core::encoding::Hash;
use countersign_policy::condition::Test;
use countersign_policy::load::{Dialect, load, load_with_places};
use countersign_policy::model::{Mode, Policy};
use countersign_policy::verdict::{AlwaysAllow, Decision, Roster};
use countersign_policy::{Asker, Engine, Facts, Layer, LayerName, Moment, Place};
use serde_json::json;

fn yaml(text: &str) -> Policy {
    load(text.as_bytes(), Dialect::Yaml).unwrap()
}

#[test]
fn the_receipts_document_s_example_asks_one_of_two_within_half_an_hour() {
    let text = include_bytes!("data/receipts.toml");
    let (policy, labels) = load_with_places(text, Dialect::Toml).unwrap();
    let [rule] = &policy.rules[..] else { panic!("{policy:?}") };
    assert_eq!((rule.id.as_str(), rule.order), ("large-payments", 10));
    assert_eq!(rule.verbs.iter().map(|verb| verb.as_str()).collect::<Vec<_>>(), ["payment"]);
    assert_eq!(rule.hosts.iter().map(|host| host.as_str()).collect::<Vec<_>>(), ["*"]);
    assert_eq!(rule.decision, Some(Decision::RequireApproval));
    let approvers = vec!["payments-oncall".to_owned(), "finance-lead".to_owned()];
    assert_eq!(rule.obligations.rosters, [Roster { approvers, quorum: 1 }]);
    assert_eq!(rule.obligations.timeout, Some(1_800));
    let [condition] = &rule.conditions[..] else { panic!("{rule:?}") };
    assert_eq!(condition.field.text, "amount_usd");
    assert_eq!(condition.test, Test::Gt(json!(1000)));
    assert_eq!(condition.display.as_deref(), Some("amount over $1,000"));
    let places: Vec<_> = labels.iter().map(|l| (l.line, l.column, l.label.as_str())).collect();
    assert_eq!(places, [(7, 16, "payments-oncall"), (7, 35, "finance-lead")]);
}

#[test]
fn the_hitl_document_s_rules_ask_for_what_they_name_and_let_reads_run() {
    let policy = yaml(include_str!("data/hitl-rules.yaml"));
    assert_eq!((policy.mode, policy.defaults.timeout), (Mode::Enforce, Some(60)));
    let [named, paths, reads] = &policy.rules[..] else { panic!("{policy:?}") };
    let tools: Vec<&str> = named.tools.iter().map(|tool| tool.as_str()).collect();
    assert_eq!(tools, ["send_email", "delete_file", "execute_sql"]);
    assert_eq!((named.risk, named.decision), (Some(Risk::High), Some(Decision::RequireApproval)));
    assert_eq!((named.id.as_str(), named.obligations.timeout), ("rule-1", Some(60)));
    let Test::Matches(regex) = &paths.conditions[0].test else { panic!("{paths:?}") };
    assert_eq!(regex.as_str(), "^/etc/.*|^/sys/.*|^/root/.*");
    assert_eq!(paths.conditions[0].field.text, "path");
    assert_eq!((paths.risk, paths.obligations.timeout), (Some(Risk::Critical), Some(30)));
    assert_eq!((reads.risk, reads.decision), (Some(Risk::Low), Some(Decision::Allow)));
    assert!(policy.rules.iter().all(|rule| rule.obligations.rosters.is_empty()));
}

#[test]
fn the_hitl_document_s_levels_say_who_may_skip_and_who_must_say_why() {
    let policy = yaml(include_str!("data/hitl-policies.yaml"));
    let level = |risk| policy.risk.get(&risk).unwrap();
    assert_eq!(level(Risk::Low).decision, Some(Decision::Allow));
    let medium = &level(Risk::Medium).obligations;
    let shift = AlwaysAllow { max_seconds: 28_800, session: true };
    assert_eq!((medium.timeout, medium.always_allow), (Some(120), Some(Some(shift))));
    let high = &level(Risk::High).obligations;
    assert_eq!((high.timeout, high.always_allow), (Some(60), Some(None)));
    let critical = &level(Risk::Critical).obligations;
    assert_eq!((critical.timeout, critical.require_reason), (Some(30), Some(true)));
    assert_eq!(critical.always_allow, Some(None));
    for risk in [Risk::Medium, Risk::High, Risk::Critical] {
        assert_eq!(level(risk).decision, Some(Decision::RequireApproval));
    }
}

#[test]
fn the_hitl_document_s_rules_decide_as_its_comments_say() {
    let layer = Layer {
        name: LayerName::Home,
        policy: yaml(include_str!("data/hitl-rules.yaml")),
        sha256: Hash([1; 32]),
        accepted: true,
    };
    let engine = Engine::new(vec![layer]).unwrap();
    let decided = |tool: &str, arguments: serde_json::Value| {
        let payload =
            json!({"kind": "tool", "server": "files", "tool": tool, "arguments": arguments});
        let action = Action::from_payload(&payload).unwrap();
        let place = Place { workspace: Some("/home/ann/work".into()), ..Place::default() };
        let facts = Facts::of(&action, Asker::default(), place, Moment::default()).unwrap();
        let verdict = engine.judge(&facts);
        (verdict.decision, verdict.timeout_seconds)
    };
    // No approval for what only reads.
    assert_eq!(decided("read_file", json!({"path": "src/a.rs"})).0, Decision::Allow);
    assert_eq!(decided("list_files", json!({"path": "/home/ann/work"})).0, Decision::Allow);
    assert_eq!(decided("web_search", json!({"query": "rust"})).0, Decision::Allow);
    // Always for these tools, and for what is written there.
    assert_eq!(decided("send_email", json!({"to": "x"})), (Decision::RequireApproval, 60));
    let system = json!({"path": "/etc/hosts", "content": "x"});
    assert_eq!(decided("write_file", system), (Decision::RequireApproval, 30));
}

#[test]
fn a_gate_that_is_switched_off_still_has_its_rules() {
    let text = include_str!("data/hitl-rules.yaml").replace("enabled: true", "enabled: false");
    let policy = yaml(&text);
    assert_eq!((policy.mode, policy.rules.len()), (Mode::Off, 3));
}

#[test]
fn other_sections_of_the_configuration_are_nobody_s_business() {
    let text =
        "model:\n  name: x\nsecurity:\n  audit: {enabled: true}\n  hitl:\n    enabled: true\n";
    assert_eq!(yaml(text).mode, Mode::Enforce);
}
