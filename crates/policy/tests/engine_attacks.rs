//! What has gone wrong in systems like this one, tried against the engine.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot build its case has failed"
)]

use countersign_core::action::{Action, Batch, Tool};
use countersign_core::artifact::{Assurance, Risk};
use countersign_core::encoding::Hash;
use countersign_policy::condition::{Condition, FieldPath, Held, Sense, Step, Test};
use countersign_policy::facts::Floor;
use countersign_policy::model::{Level, Mode, Obligations, Policy, Reclass, Rule, Subject};
use countersign_policy::pattern::{Glob, HostPattern};
use countersign_policy::verb::{Lane, Verb};
use countersign_policy::verdict::{AlwaysAllow, Decision, Escalation, OnTimeout, Roster};
use countersign_policy::{Asker, Engine, Facts, Layer, LayerName, Moment, Place, Verdict};
use serde_json::{Value, json};

fn facts(arguments: Value) -> Facts {
    let (server, tool) = ("ledger".to_owned(), "lookup".to_owned());
    let action =
        Action::Tool(Tool { server, description_sha256: None, tool, arguments, verb: None });
    let asker = Asker { account: Some("uid:1000".into()), ..Asker::default() };
    let mut facts = Facts::of(&action, asker, Place::default(), Moment::default()).unwrap();
    // What is found is for the classifier's tests.
    facts.class.verbs.own = vec![Verb::new("tool_call").unwrap()];
    facts.class.verbs.also.clear();
    facts.class.tools.own = vec!["lookup".into()];
    facts.class.tools.also.clear();
    facts.class.floors.clear();
    facts.class.risk = Risk::Low;
    facts.class.known = true;
    facts
}

fn in_lane(verb: &str) -> Facts {
    let mut facts = facts(json!({}));
    let verb = Verb::new(verb).unwrap();
    facts.class.floors = vec![Floor::Lane(verb.lane().unwrap())];
    facts.class.verbs.own = vec![verb];
    facts
}

fn rule(id: &str, decision: Decision) -> Rule {
    Rule { id: id.into(), decision: Some(decision), ..Rule::default() }
}

fn policy(rules: Vec<Rule>) -> Policy {
    Policy { rules, ..Policy::default() }
}

fn layer(name: LayerName, policy: Policy, accepted: bool) -> Layer {
    Layer { name, policy, sha256: Hash([name as u8; 32]), accepted }
}

fn home(rules: Vec<Rule>) -> Vec<Layer> {
    vec![layer(LayerName::Home, policy(rules), true)]
}

fn judge(layers: Vec<Layer>, facts: &Facts) -> Verdict {
    Engine::new(layers).unwrap().judge(facts)
}

fn when(field: &str, test: Test) -> Condition {
    let steps = field.split('.').map(|word| Step::Key(word.to_owned())).collect();
    Condition { field: FieldPath { text: field.to_owned(), steps }, test, display: None }
}

fn asking(rosters: Vec<Roster>) -> Obligations {
    Obligations { rosters, ..Obligations::default() }
}

fn roster(labels: &[&str], quorum: u32) -> Roster {
    Roster { approvers: labels.iter().map(|label| (*label).to_owned()).collect(), quorum }
}

#[test]
fn attack_08_every_roster_is_met_and_none_stands_in_for_another() {
    let mut finance = rule("finance", Decision::RequireApproval);
    finance.obligations = asking(vec![roster(&["finance-lead"], 1)]);
    let mut security = rule("security", Decision::RequireApproval);
    security.obligations = asking(vec![roster(&["role:security"], 2)]);
    let verdict = judge(home(vec![finance.clone(), security]), &facts(json!({})));
    let both = [roster(&["finance-lead"], 1), roster(&["role:security"], 2)];
    assert_eq!(verdict.rosters, both);

    // An approval under one roster is none under the other, and none for anybody pinned.
    let one = judge(home(vec![finance]), &facts(json!({})));
    assert!(verdict.asks_for_more_than(&one) && !one.asks_for_more_than(&verdict));
    let anybody = judge(home(vec![rule("any", Decision::RequireApproval)]), &facts(json!({})));
    assert!(one.asks_for_more_than(&anybody) && !anybody.asks_for_more_than(&one));
}

#[test]
fn attack_12_no_lane_runs_by_allow_redact_a_table_or_classification() {
    for verb in ["payment.refund", "delete", "account_change", "data_export.csv"] {
        let facts = in_lane(verb);
        let mut table = policy(vec![rule("a", Decision::Allow), rule("r", Decision::Redact)]);
        table.risk = [Risk::Low, Risk::High]
            .map(|risk| (risk, Level { decision: Some(Decision::Allow), ..Level::default() }))
            .into();
        table.classify = vec![Reclass {
            tools: vec![Glob::new("*").unwrap()],
            verb: Verb::new("file_read"),
            risk: Some(Risk::Low),
            ..Reclass::default()
        }];
        for layers in [Vec::new(), vec![layer(LayerName::Home, table, true)]] {
            let verdict = judge(layers.clone(), &facts);
            assert_eq!(verdict.decision, Decision::RequireApproval, "{verb}");
            assert_eq!(verdict.rule_id, format!("floor.{}", facts.class.verbs.own[0].coarse()));
            assert_eq!(verdict.lane, facts.class.verbs.own[0].lane());
        }
    }
}

#[test]
fn attack_12_a_verb_in_a_lane_is_a_floor_even_where_the_classifier_named_none() {
    let mut facts = in_lane("payment");
    facts.class.floors.clear();
    let verdict = judge(home(vec![rule("a", Decision::Allow)]), &facts);
    assert_eq!((verdict.decision, verdict.lane), (Decision::RequireApproval, Some(Lane::Payment)));
}

#[test]
fn attack_12_a_person_who_calls_a_tool_a_payment_puts_it_into_the_lane() {
    let mut allowing = policy(vec![rule("a", Decision::Allow)]);
    allowing.classify = vec![Reclass {
        tools: vec![Glob::new("lookup").unwrap()],
        verb: Verb::new("payment"),
        ..Reclass::default()
    }];
    let facts = facts(json!({}));
    assert_eq!(judge(home(allowing.rules.clone()), &facts).decision, Decision::Allow);
    let verdict = judge(vec![layer(LayerName::Home, allowing, true)], &facts);
    assert_eq!(verdict.rule_id, "floor.payment");
}

#[test]
fn attack_12_a_harmless_item_vouches_for_no_other_in_its_batch() {
    let item = |rows: u32| {
        let (server, tool) = ("ledger".to_owned(), "lookup".to_owned());
        let arguments = json!({"rows": rows});
        Action::Tool(Tool { server, description_sha256: None, tool, arguments, verb: None })
    };
    let rows = when("rows", Test::Lte(json!(100)));
    let allow = Rule { conditions: vec![rows], ..rule("small", Decision::Allow) };
    let decided = |each: &[u32]| {
        let batch = Batch::new(each.iter().map(|rows| item(*rows)).collect(), None).unwrap();
        let (asker, place) = (Asker::default(), Place::default());
        let facts = Facts::of(&Action::Batch(batch), asker, place, Moment::default()).unwrap();
        judge(home(vec![allow.clone()]), &facts).decision
    };
    assert_eq!(decided(&[5, 6]), Decision::Allow);
    assert_eq!(decided(&[5, 5000]), Decision::RequireApproval);
    assert_eq!(decided(&[5000, 5]), Decision::RequireApproval);
}

#[test]
fn attack_14_nothing_is_coerced_and_an_error_is_strict_in_both_directions() {
    let small = when("amount", Test::Lte(json!(100)));
    let allow = Rule { conditions: vec![small.clone()], ..rule("small", Decision::Allow) };
    let block = Rule { conditions: vec![small], ..rule("small", Decision::Block) };
    for (arguments, allows, blocks) in [
        (json!({"amount": 100.0}), true, true),
        (json!({"amount": 100.00000000000001}), false, false),
        (json!({"amount": 1e308}), false, false),
        (json!({}), false, false),
        (json!({"amount": "9e9"}), false, true),
        (json!({"amount": "5"}), false, true),
        (json!({"amount": [5]}), false, true),
        (json!({"amount": null}), false, true),
        (json!({"amount": {"_sd": "x"}}), false, true),
    ] {
        let facts = facts(arguments.clone());
        let allowed = judge(home(vec![allow.clone()]), &facts).decision == Decision::Allow;
        let blocked = judge(home(vec![block.clone()]), &facts).decision == Decision::Block;
        assert_eq!((allowed, blocked), (allows, blocks), "{arguments}");
    }
}

#[test]
fn attack_14_a_missing_part_satisfies_nothing_but_its_absence() {
    let facts = facts(json!({"there": 1}));
    for test in [
        Test::Neq(json!(1)),
        Test::NotIn(vec![json!(1)]),
        Test::Lt(json!(1)),
        Test::Exists(true),
        Test::Contains(json!("x")),
    ] {
        for sense in [Sense::Restricts, Sense::Loosens] {
            let held = when("gone", test.clone()).look(&facts, sense);
            assert!(!held.satisfies(sense), "{test:?}");
        }
    }
    assert_eq!(when("gone", Test::Exists(false)).look(&facts, Sense::Loosens), Held::Yes);
    assert_eq!(when("there", Test::Exists(false)).look(&facts, Sense::Loosens), Held::No);
}

#[test]
fn attack_14_a_host_that_looks_alike_is_not_let_through() {
    let host = HostPattern::new("*.stripe.com").unwrap();
    let allow = Rule { hosts: vec![host], ..rule("stripe", Decision::Allow) };
    for (hosts, allowed) in [
        (vec!["api.stripe.com"], true),
        (vec!["stripe.com.evil.example"], false),
        (vec!["api.stripe.com", "evil.example"], false),
        (vec![], false),
    ] {
        let mut facts = facts(json!({}));
        facts.class.hosts.own = hosts.iter().map(|host| (*host).to_owned()).collect();
        let verdict = judge(home(vec![allow.clone()]), &facts);
        assert_eq!(verdict.decision == Decision::Allow, allowed, "{hosts:?}");
    }
}

#[test]
fn what_the_caller_says_of_itself_loosens_nothing() {
    let mut facts = facts(json!({}));
    facts.asker.agent = Some("trusted".into());
    let named = Subject::Agent(Glob::new("trusted").unwrap());
    let agent = when("agent", Test::Eq(json!("trusted")));
    for make in [
        |decision, subject: &Subject, _: &Condition| Rule {
            subject: subject.clone(),
            ..rule("r", decision)
        },
        |decision, _: &Subject, condition: &Condition| Rule {
            conditions: vec![condition.clone()],
            ..rule("r", decision)
        },
    ] {
        let verdict = |decision| judge(home(vec![make(decision, &named, &agent)]), &facts);
        assert_eq!(verdict(Decision::Allow).rule_id, "default");
        assert_eq!(verdict(Decision::Block).rule_id, "r");
    }
    let account = Subject::Account(Glob::new("uid:*").unwrap());
    let allow = Rule { subject: account, ..rule("r", Decision::Allow) };
    assert_eq!(judge(home(vec![allow]), &facts).decision, Decision::Allow);
}

#[test]
fn attack_42_what_nobody_accepted_reroutes_to_nobody_and_says_nothing() {
    let mut accepted = rule("payments", Decision::RequireApproval);
    accepted.order = 5;
    accepted.display = Some("a payment".into());
    accepted.obligations = asking(vec![roster(&["finance"], 2)]);
    accepted.obligations.timeout = Some(300);
    let mut friendly = rule("friendly", Decision::RequireApproval);
    friendly.order = i64::MIN;
    friendly.display = Some("routine, approved by security".into());
    friendly.obligations = Obligations {
        rosters: vec![roster(&["friend"], 1)],
        timeout: Some(1),
        escalation: vec![Escalation { to: "friend".into(), after: 1 }],
        on_timeout: Some(OnTimeout::Escalate),
        ..Obligations::default()
    };
    let mut workspace = policy(vec![friendly, rule("open", Decision::Allow)]);
    workspace.mode = Mode::Off;
    workspace.defaults = asking(vec![roster(&["friend"], 1)]);
    workspace.risk =
        [(Risk::Low, Level { decision: Some(Decision::Allow), ..Level::default() })].into();
    let layers = |workspace: Policy| {
        let home = layer(LayerName::Home, policy(vec![accepted.clone()]), true);
        vec![home, layer(LayerName::Workspace, workspace, false)]
    };
    let facts = facts(json!({}));
    let verdict = judge(layers(workspace.clone()), &facts);
    assert_eq!(verdict.rosters, [roster(&["finance"], 2)]);
    assert_eq!((verdict.timeout_seconds, verdict.escalation.len()), (300, 0));
    assert_eq!((verdict.rule_id.as_str(), verdict.display.as_str()), ("payments", "a payment"));
    assert_eq!(Engine::new(layers(workspace.clone())).unwrap().mode(), Mode::Enforce);

    // It may stop what would run, in our words; and accepting it is another policy.
    let alone = |accepted| vec![layer(LayerName::Workspace, workspace.clone(), accepted)];
    let verdict = judge(alone(false), &facts);
    assert!(!verdict.display.contains("routine"), "{}", verdict.display);
    assert_eq!(verdict.rosters, [roster(&[], 1)]);
    assert_ne!(verdict.policy_hash, judge(alone(true), &facts).policy_hash);
}

#[test]
fn a_rule_that_asks_opens_nothing_that_the_table_closes() {
    let mut closed = policy(vec![rule("ask", Decision::RequireApproval)]);
    let block = Level { decision: Some(Decision::Block), ..Level::default() };
    closed.risk = [(Risk::Low, block)].into();
    let verdict = judge(vec![layer(LayerName::Home, closed, true)], &facts(json!({})));
    assert_eq!((verdict.decision, verdict.rule_id.as_str()), (Decision::Block, "risk.low"));
}

/// What these rules, with a risk table that asks about what is critical, say of an action.
fn of_critical(rules: Vec<Rule>) -> Verdict {
    let mut facts = facts(json!({"amount": 5}));
    facts.class.risk = Risk::Critical;
    let asks = Level { decision: Some(Decision::RequireApproval), ..Level::default() };
    let table = [(Risk::Critical, asks)].into();
    judge(vec![layer(LayerName::Home, Policy { risk: table, ..policy(rules) }, true)], &facts)
}

#[test]
fn attack_12_what_is_critical_runs_by_no_rule_that_does_not_say_so() {
    let allow = rule("allow", Decision::Allow);
    let redact = rule("redact", Decision::Redact);
    let amount =
        Rule { conditions: vec![when("amount", Test::Lt(json!(9)))], ..rule("a", Decision::Allow) };
    // A key that raises is no condition, and an argument of that name is another thing.
    let key = Rule { risk: Some(Risk::Critical), ..rule("key", Decision::Allow) };
    let other = Rule {
        conditions: vec![when("args.risk", Test::Exists(false))],
        ..rule("args", Decision::Allow)
    };
    for rule in [&allow, &redact, &amount, &key, &other] {
        let verdict = of_critical(vec![rule.clone()]);
        assert_eq!(verdict.decision, Decision::RequireApproval, "{}", rule.id);
        assert_eq!(verdict.rule_id, "risk.critical", "{}", rule.id);
        assert!(verdict.matched.contains(&format!("home:{}", rule.id)));
        assert!(verdict.require_reason && verdict.min_assurance == Assurance::Web);
        // Nobody has a table: people are asked.
        let mut facts = facts(json!({"amount": 5}));
        facts.class.risk = Risk::Critical;
        let verdict = judge(home(vec![rule.clone()]), &facts);
        assert_eq!((verdict.decision, &*verdict.rule_id), (Decision::RequireApproval, "default"));
        // Below it the rule decides as ever.
        facts.class.risk = Risk::High;
        assert_eq!(judge(home(vec![rule.clone()]), &facts).decision, rule.decision.unwrap());
    }
    // That of a rule that asks, or that does not match, says nothing for the others.
    let asks = Rule {
        conditions: vec![when("risk", Test::Eq(json!("critical")))],
        ..rule("asks", Decision::RequireApproval)
    };
    let unfit = Rule { conditions: vec![when("risk", Test::Lte(json!("high")))], ..allow.clone() };
    for added in [asks, unfit] {
        let verdict = of_critical(vec![allow.clone(), Rule { id: "added".into(), ..added }]);
        assert_eq!(verdict.decision, Decision::RequireApproval);
    }
}

#[test]
fn attack_12_a_person_who_calls_something_critical_is_taken_at_their_word() {
    let critical = Reclass {
        tools: vec![Glob::new("lookup").unwrap()],
        risk: Some(Risk::Critical),
        ..Reclass::default()
    };
    let policy = Policy { classify: vec![critical], ..policy(vec![rule("a", Decision::Allow)]) };
    let verdict = judge(vec![layer(LayerName::Home, policy, true)], &facts(json!({})));
    assert_eq!(verdict.decision, Decision::RequireApproval);
}

#[test]
fn a_rule_that_names_risk_lets_critical_things_run() {
    let named =
        |test| Rule { conditions: vec![when("risk", test)], ..rule("named", Decision::Allow) };
    for test in [
        Test::Eq(json!("critical")),
        Test::In(vec![json!("high"), json!("critical")]),
        Test::Gte(json!("low")),
        Test::Exists(true),
    ] {
        let verdict = of_critical(vec![named(test)]);
        assert_eq!((verdict.decision, &*verdict.rule_id), (Decision::Allow, "named"));
    }
    // Of several rules that match one is enough.
    let both = of_critical(vec![rule("allow", Decision::Allow), named(Test::Exists(true))]);
    assert_eq!(both.decision, Decision::Allow);
    // What a rule raises was not critical when it was found.
    let raises = Rule { risk: Some(Risk::Critical), ..rule("raises", Decision::Allow) };
    assert_eq!(judge(home(vec![raises]), &facts(json!({}))).decision, Decision::Allow);
    // The table may be looser than the rule: then it is the rule that is the stricter one.
    let mut facts = facts(json!({}));
    facts.class.risk = Risk::Critical;
    let open = Level { decision: Some(Decision::Allow), ..Level::default() };
    let mut redacts = policy(vec![rule("redact", Decision::Redact)]);
    redacts.risk = [(Risk::Critical, open)].into();
    let verdict = judge(vec![layer(LayerName::Home, redacts, true)], &facts);
    assert_eq!((verdict.decision, &*verdict.rule_id), (Decision::Redact, "redact"));
}

#[test]
fn it_is_explained_why_a_rule_does_not_let_critical_things_run() {
    let mut facts = facts(json!({}));
    facts.class.risk = Risk::Critical;
    let said = "critical: a rule that loosens it must name `risk`";
    let explain = |rules| Engine::new(home(rules)).unwrap().explain(&facts);
    let held = explain(vec![rule("allow", Decision::Allow)]);
    assert!(held.sentence.to_lowercase().contains(said), "{}", held.sentence);
    assert!(held.considered[0].because.iter().any(|why| why.starts_with(said)), "{held:?}");
    // Where another reason asks, this is none.
    let asks =
        explain(vec![rule("allow", Decision::Allow), rule("ask", Decision::RequireApproval)]);
    assert!(!asks.sentence.to_lowercase().contains(said), "{}", asks.sentence);
    assert!(asks.considered.iter().all(|r| r.because.iter().all(|why| !why.starts_with(said))));
}

#[test]
fn a_rule_that_raises_the_risk_takes_no_entry_of_the_table_away() {
    let raising =
        Rule { risk: Some(Risk::Critical), ..Rule { id: "up".into(), ..Rule::default() } };
    let mut strict = policy(vec![raising]);
    let low = Level { decision: None, obligations: asking(vec![roster(&["finance"], 2)]) };
    let critical = Level { decision: Some(Decision::Allow), ..Level::default() };
    strict.risk = [(Risk::Low, low), (Risk::Critical, critical)].into();
    let verdict = judge(vec![layer(LayerName::Home, strict, true)], &facts(json!({})));
    assert_eq!(verdict.decision, Decision::RequireApproval);
    assert_eq!(verdict.rosters, [roster(&["finance"], 2)]);
    assert_eq!((verdict.risk, verdict.min_assurance), (Risk::Critical, Assurance::Web));
    assert!(verdict.require_reason);
}

#[test]
fn a_verdict_is_written_in_the_agreed_shape() {
    let mut asks = rule("pay", Decision::RequireApproval);
    asks.obligations = asking(vec![roster(&["ann", "bob"], 2)]);
    asks.obligations.always_allow = Some(Some(AlwaysAllow { max_seconds: 60, session: true }));
    let document = |rules| serde_json::to_value(judge(home(rules), &facts(json!({})))).unwrap();
    let one = document(vec![asks.clone()]);
    for name in [
        "decision",
        "ruleId",
        "risk",
        "verb",
        "lane",
        "approvers",
        "quorum",
        "timeoutSeconds",
        "escalation",
        "minAssurance",
        "requireReason",
        "alwaysAllow",
        "matched",
        "display",
        "policyHash",
    ] {
        assert!(one.get(name).is_some(), "{name}");
    }
    assert_eq!(one["decision"], "require_approval");
    assert_eq!((&one["approvers"], &one["quorum"]), (&json!(["ann", "bob"]), &json!(2)));
    assert_eq!(one["alwaysAllow"], json!({"maxSeconds": 60, "session": true}));
    assert_eq!((&one["lane"], &one["matched"]), (&Value::Null, &json!(["home:pay"])));

    let mut more = rule("more", Decision::RequireApproval);
    more.obligations = asking(vec![roster(&["eve"], 1)]);
    let two = document(vec![asks, more]);
    assert_eq!(two["approvers"], json!(["ann", "bob", "eve"]));
    let each = json!([
        {"approvers": ["ann", "bob"], "quorum": 2}, {"approvers": ["eve"], "quorum": 1},
    ]);
    assert_eq!(two["quorum"], each);
    assert_eq!(document(vec![rule("run", Decision::Allow)])["quorum"], 0);
}

#[test]
fn every_rule_is_explained_in_plain_words() {
    let tools = vec![Glob::new("send_email").unwrap()];
    let amount = when("amount", Test::Gt(json!(1000)));
    let mut asks = rule("ask", Decision::RequireApproval);
    asks.obligations = asking(vec![roster(&["finance"], 2)]);
    asks.obligations.require_reason = Some(true);
    let rules = vec![
        Rule { tools, ..rule("mail", Decision::Block) },
        Rule { conditions: vec![amount], ..rule("large", Decision::Block) },
        Rule { disabled: true, ..rule("off", Decision::Block) },
        asks,
    ];
    let explained = Engine::new(home(rules)).unwrap().explain(&facts(json!({"amount": 900})));
    let because: Vec<String> =
        explained.considered.iter().map(|rule| rule.because.join("; ")).collect();
    assert_eq!(because[0], "`tools` is send_email, and this is lookup, which does not fit");
    assert_eq!(because[1], "`amount` is 900, not above 1000");
    assert_eq!(because[2], "it is disabled");
    assert_eq!(because[3], "it asks nothing, so it holds for every action");
    let sentence = &explained.sentence;
    assert!(sentence.starts_with("A person must allow this: tool_call"), "{sentence}");
    assert!(
        sentence.ends_with("Rule `ask` of the home asks 2 of finance; a reason is required."),
        "{sentence}"
    );
}

#[test]
fn the_strictest_mode_and_the_lowest_bounds_count_where_somebody_accepted_them() {
    let with = |name, mode, pending, accepted| {
        let mut policy = Policy { mode, ..Policy::default() };
        policy.limits.max_pending = Some(pending);
        layer(name, policy, accepted)
    };
    let builtin = with(LayerName::Builtin, Mode::Enforce, 50, true);
    let home = with(LayerName::Home, Mode::Observe, 20, true);
    let off = with(LayerName::Workspace, Mode::Off, 1, true);
    let unaccepted = with(LayerName::Workspace, Mode::Enforce, 1, false);
    let engine = |layers| Engine::new(layers).unwrap();
    assert_eq!(engine(vec![builtin.clone()]).mode(), Mode::Enforce);
    assert_eq!(engine(vec![builtin.clone(), home.clone()]).mode(), Mode::Observe);
    assert_eq!(engine(vec![home.clone(), off.clone()]).mode(), Mode::Observe);
    assert_eq!(engine(vec![off]).mode(), Mode::Off);
    let both = engine(vec![builtin, home, unaccepted]);
    assert_eq!((both.mode(), both.limits().max_pending), (Mode::Observe, Some(20)));
}
