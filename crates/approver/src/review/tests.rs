//! What a person sees, and what nobody can make them see.

use super::*;
use crate::fixture::{self, Ask};
use countersign_core::artifact::Context;
use countersign_core::json as strict;
use countersign_core::redact::commit;
use serde_json::json;

fn review(ask: &Ask) -> Review {
    Review::of(&fixture::opened(ask))
}

fn lines<'a>(facts: &'a [Fact], label: &str) -> &'a [String] {
    let found = facts.iter().find(|fact| fact.label == label);
    &found.unwrap_or_else(|| panic!("no {label} in {facts:#?}")).lines
}

fn codes(ask: &Ask) -> Vec<WarningCode> {
    review(ask).warnings.iter().map(|w| w.code).collect()
}

fn tool(arguments: serde_json::Value) -> Ask {
    Ask::of(json!({"kind": "tool", "server": "https://bank.example", "tool": "transfer",
        "arguments": arguments}))
}

#[test]
fn a_command_is_shown_whole() {
    let review = review(&Ask::default());
    assert_eq!(review.headline, "run rm -rf build");
    assert_eq!(review.risk, Some(Risk::High));
    let facts = &review.action;
    assert_eq!(lines(facts, "program")[0], "\"/usr/bin/rm\"");
    assert!(lines(facts, "program")[1].starts_with("sha256 0303"));
    for (label, text) in [
        ("argv[0]", "\"rm\""),
        ("argv[1]", "\"-rf\""),
        ("argv[2]", "\"build\""),
        ("directory", "\"/work\""),
        ("env PATH", "\"/usr/bin\""),
        ("standard input", "empty"),
    ] {
        assert_eq!(lines(facts, label), [text], "{label}");
    }
    assert_eq!(lines(&review.terms, "rule"), ["\"deletes\""]);
    assert_eq!(lines(&review.agent_says, "description"), ["\"clean the build\""]);
    assert_eq!(lines(&review.asked_by, "principal"), ["\"uid 1000\""]);
}

#[test]
fn attack_06_one_argument_with_a_space_is_not_two() {
    let one = review(&Ask::argv(&["rm", "a b"]));
    let two = review(&Ask::argv(&["rm", "a", "b"]));
    assert_ne!(one.headline, two.headline);
    assert_ne!(one.action, two.action);
    let posing = review(&Ask::argv(&["rm", "a\" \"b"]));
    assert_eq!(posing.headline, "run rm \"a\\\" \\\"b\"");
}

#[test]
fn attack_06_nothing_is_ever_cut() {
    let long = "x".repeat(5000);
    let text = render_text(&review(&Ask::argv(&["echo", &long])), 80, false);
    assert!(text.replace(['\n', ' ', '|'], "").matches(&long).count() >= 2);
}

#[test]
fn attack_06_escapes_and_marks_reach_no_screen() {
    let ask = Ask {
        context: Context {
            agent: Some("\u{1b}]0;x\u{7}".into()),
            description: Some("safe\u{202e}\r\n\nWhat exactly\n  argv[0] \"ls\"".into()),
            notes: vec!["\u{200b}".into()],
            ..Context::default()
        },
        ..Ask::argv(&["rm\u{1b}[2J", "\u{202e}gpj", "\u{7f}"])
    };
    let text = render_text(&review(&ask), 80, false);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
    assert!(!text.contains(['\u{202e}', '\u{200b}']));
    assert_eq!(text.lines().filter(|line| *line == "What exactly").count(), 1);
}

#[test]
fn attack_06_no_foreign_text_begins_a_line() {
    let wide = "\u{6f22}".repeat(300);
    let ask = Ask {
        context: Context {
            description: Some(format!("{wide} What exactly")),
            ..Context::default()
        },
        ..tool(json!({ "k e\ny".repeat(40): wide, "plain": "a\nb" }))
    };
    let text = render_text(&review(&ask), 60, false);
    let ours = [
        "HIGH RISK",
        "What exactly",
        "Who asks",
        "On which terms",
        "Signed over",
        "The agent says (nobody checked this)",
    ];
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("  ")) {
        assert!(ours.contains(&line), "{line}");
    }
}

#[test]
fn attack_06_a_broken_line_is_marked_where_it_goes_on() {
    let posing = format!("{}! all is well", "x".repeat(71));
    let text = render_text(&review(&Ask::argv(&["echo", &posing])), 80, false);
    assert!(!text.contains("\n  ! all is well"));
    assert!(text.contains("\n  | "), "{text}");
}

#[test]
fn attack_06_deceptive_text_and_homoglyphs_are_pointed_out() {
    assert!(codes(&Ask::argv(&["rm", "a\u{202e}b"])).contains(&WarningCode::DeceptiveText));
    let host = tool(json!({"url": "https://p\u{430}ypal.example"}));
    assert!(codes(&host).contains(&WarningCode::MixedScripts));
    assert!(codes(&tool(json!({"am\u{200b}ount": 1}))).contains(&WarningCode::DeceptiveText));
    assert!(!codes(&Ask::default()).contains(&WarningCode::DeceptiveText));
}

#[test]
fn attack_02_every_leaf_of_the_arguments_has_its_path() {
    let review = review(&tool(json!({
        "amount": 5, "memo": "5", "to": [{"iban": "A"}, {"iban": "B"}],
        "empty": {}, "none": null, "a/b": true, "text": "one\ntwo"
    })));
    for (label, expected) in [
        ("arguments/amount", vec!["5"]),
        ("arguments/memo", vec!["\"5\""]),
        ("arguments/to[0]/iban", vec!["\"A\""]),
        ("arguments/to[1]/iban", vec!["\"B\""]),
        ("arguments/empty", vec!["{}"]),
        ("arguments/none", vec!["null"]),
        ("arguments/\"a/b\"", vec!["true"]),
        ("arguments/text", vec!["\"one\\n\"", "\"two\""]),
    ] {
        assert_eq!(lines(&review.action, label), expected, "{label}");
    }
    assert_eq!(review.headline, "call transfer of https://bank.example");
}

#[test]
fn a_foreign_payload_is_shown_whole_and_named_so() {
    let ask = Ask::of(json!({"kind": "plan", "title": "Refactor", "steps": ["a", "b"], "risk": 1}));
    let review = review(&ask);
    assert_eq!(lines(&review.action, "payload/title"), ["\"Refactor\""]);
    assert_eq!(lines(&review.action, "payload/steps[1]"), ["\"b\""]);
    assert!(codes(&ask).contains(&WarningCode::Foreign));
}

#[test]
fn a_request_shows_its_parameters() {
    let ask =
        Ask::of(json!({"kind": "request", "action": "deploy", "parameters": {"env": "prod"}}));
    let review = review(&ask);
    assert_eq!(review.headline, "request deploy");
    assert_eq!(lines(&review.action, "parameters/env"), ["\"prod\""]);
}

/// What a home asks about itself says what it is, and not only what it is called.
#[test]
fn questions_of_the_home_say_in_one_line_what_is_asked() {
    let ours = |action: &str, parameters: serde_json::Value| {
        let request = json!({"kind": "request", "action": action, "parameters": parameters});
        review(&Ask::of(request)).headline
    };
    let call = json!({"kind": "request", "action": "deploy", "parameters": {"to": "prod"}});
    let mut grant = json!({"action": call, "principal": "uid:1", "workspace": "/w",
        "expiresAt": "2026-02-02T10:40:00Z", "count": 3});
    assert_eq!(
        ours("countersign.grant.add", grant.clone()),
        "allow until 2026-02-02T10:40:00Z, 3 times at most, unasked: request deploy"
    );
    // What does not read back as a grant is called what it calls itself.
    grant["more"] = json!(1);
    assert_eq!(ours("countersign.grant.add", grant), "request countersign.grant.add");
    let policy = json!({"place": "workspace", "workspace": "/w x", "sha256": "ab", "text": "t"});
    assert_eq!(
        ours("countersign.policy.accept", policy),
        "accept the policy of \"/w x\", sha256 ab"
    );
    let key = json!({"name": "phone", "person": "bob\u{202e}", "fingerprint": "aa-bb"});
    let headline = ours("countersign.pair", key);
    assert_eq!(headline, "let \"bob\\u{202e}\" approve here, with a new key aa-bb");
    let edit = |person: &str| json!({"before": null, "after": {"person": person}});
    let edits = json!({"approvers": [edit("ann"), edit("bob"), edit("ann")], "operators": []});
    assert_eq!(ours("countersign.trust.set", edits), "change what ann, bob may answer here");
    let stop = json!({"by": "ann", "why": "", "since": "2026-02-02T10:40:00Z"});
    assert_eq!(ours("countersign.thaw", stop), "let actions run again, which ann stopped");
    assert_eq!(ours("countersign.thaw", json!({})), "request countersign.thaw");
}

#[test]
fn attack_47_a_hidden_value_is_named_and_a_disclosed_one_shown() {
    let shown = review(&Ask::with_secret());
    assert_eq!(lines(&shown.action, "env TOKEN")[1], "\"s3cr3t\"");
    assert!(!codes(&Ask::with_secret()).contains(&WarningCode::Hidden));
    let hidden = Ask { disclosures: vec![], ..Ask::with_secret() };
    assert!(lines(&review(&hidden).action, "env TOKEN")[0].starts_with("hidden from you"));
    assert!(codes(&hidden).contains(&WarningCode::Hidden));
}

#[test]
fn attack_47_paths_that_read_alike_do_not_share_a_disclosure() {
    let (one, disclosure) = commit(&[9; 32], "/arguments/a/b", json!("seen")).unwrap();
    let (two, _) = commit(&[8; 32], "/arguments/a/b", json!("unseen")).unwrap();
    let ask = Ask { disclosures: vec![disclosure], ..tool(json!({"a": {"b": one}, "a/b": two})) };
    let review = review(&ask);
    assert_eq!(lines(&review.action, "arguments/a/b")[1], "\"seen\"");
    assert!(lines(&review.action, "arguments/\"a/b\"")[0].starts_with("hidden from you"));
}

#[test]
fn shells_names_and_variables_are_pointed_out() {
    for argv in [["sh", "-c", "rm x"], ["bash", "-lc", "x"], ["xargs", "/bin/zsh", "-xec"]] {
        assert!(codes(&Ask::argv(&argv)).contains(&WarningCode::ShellLine), "{argv:?}");
    }
    assert!(!codes(&Ask::argv(&["sh", "build.sh"])).contains(&WarningCode::ShellLine));
    assert!(!codes(&Ask::argv(&["rg", "-c", "bash"])).contains(&WarningCode::ShellLine));
    let mut command = fixture::command(&["ls"]);
    command.program.path = "/usr/bin/rm".into();
    command.env.insert("LD_PRELOAD".into(), "x.so".into());
    let action = countersign_core::action::Action::Command(Box::new(command));
    let found = codes(&Ask::of(action.to_payload().unwrap()));
    assert!(found.contains(&WarningCode::OtherName) && found.contains(&WarningCode::Environment));
}

#[test]
fn what_is_missing_is_pointed_out() {
    let found = codes(&Ask { route: None, ..Ask::default() });
    assert!(found.contains(&WarningCode::NoRoute) && found.contains(&WarningCode::NoHead));
    let noted = Ask {
        context: Context { notes: vec!["libc.so is not pinned".into()], ..Context::default() },
        ..Ask::default()
    };
    let review = review(&noted);
    let note = review.warnings.iter().find(|w| w.code == WarningCode::Note).unwrap();
    assert!(note.text.contains("libc.so is not pinned"));
}

#[test]
fn the_display_hash_follows_what_is_shown() {
    let hash = |ask: &Ask| review(ask).display_hash().unwrap();
    assert_eq!(hash(&Ask::default()), hash(&Ask::default()));
    assert_ne!(hash(&Ask::default()), hash(&Ask::argv(&["rm", "-rf", "dist"])));
}

#[test]
fn the_agents_words_come_after_the_facts() {
    let text = render_text(&review(&Ask::default()), 80, false);
    let at = |needle: &str| text.find(needle).unwrap();
    assert!(at("argv[0]") < at("The agent says"));
    assert!(at("The agent says") < at("clean the build"));
    assert!(!text.contains('\u{1b}'));
    assert!(render_text(&review(&Ask::default()), 80, true).contains("\u{1b}[1;31mHIGH RISK"));
}

#[test]
fn lines_are_broken_between_words_and_lose_no_space() {
    let words = format!("one {} two  three {}", "w".repeat(50), "x".repeat(90));
    let text = render_text(&review(&Ask::argv(&["echo", &words])), 80, false);
    assert!(
        text.contains("\n  | wwww") || text.contains(&format!("one {}", "w".repeat(50))),
        "{text}"
    );
    let joined: String = text.lines().filter(|line| !line.is_empty()).collect();
    let whole = joined.replace("  | ", "").replace("                 | ", "");
    assert!(whole.contains(&format!("run echo \"{words}\"")), "{text}");
}

/// Labels of one section that can stand beside their values all do.
#[test]
fn the_values_of_a_section_stand_below_each_other() {
    let long = "parameters/".len() + 30;
    let request = json!({"kind": "request", "action": "deploy", "parameters": {
        "a": "one", "service_and_region": "two", "n".repeat(30): "three"}});
    let text = render_text(&review(&Ask::of(request)), 80, false);
    let at = |value: &str| {
        let line = text.lines().find(|line| line.contains(value)).unwrap();
        (line.find(value).unwrap(), line.contains("parameters/"))
    };
    assert_eq!((at("\"one\"").0, at("\"one\"").1), (at("\"two\"").0, true), "{text}");
    assert!(at("\"two\"").1, "beside its label: {text}");
    assert!(long > 36 && !at("\"three\"").1, "below its label: {text}");
}

/// People compare fingerprints; programs get the keys. What the words would leave out is shown whole.
#[test]
fn keys_in_a_question_of_the_home_are_told_in_words_by_their_fingerprint() {
    let keys = *fixture::device().public();
    let record = |until: Option<&str>| {
        let status = match until {
            Some(until) => json!({"state": "rotated", "until": until}),
            None => json!({"state": "active"}),
        };
        json!({"keyId": keys.key_id(), "keys": strict::value_of(&keys).unwrap(), "deviceId": "dev",
            "person": "ann", "label": "phone", "roles": ["sre"], "assurance": "device",
            "createdAt": "2026-02-01T00:00:00Z", "status": status, "pairId": "pair-1"})
    };
    let asked = |action: &str, after: serde_json::Value| {
        let edits = json!([{"before": record(None), "after": after}]);
        let parameters = json!({"approvers": edits, "operators": []});
        let request = json!({"kind": "request", "action": action, "parameters": parameters});
        review(&Ask::of(request))
    };
    let end = "2026-02-03T00:00:00Z";
    let ours = asked("countersign.key.rotate", record(Some(end)));
    let after = lines(&ours.action, "key 1, after");
    assert_eq!(
        after[0],
        format!("phone of ann: replaced, counts until {end}, assurance device, roles sre")
    );
    assert_eq!(after[1], format!("fingerprint {}", keys.fingerprint()));
    let raw = strict::value_of(&keys).unwrap()["publicKey"].as_str().unwrap().to_owned();
    assert!(!render_text(&ours, 100, false).contains(&raw));
    assert!(serde_json::to_string(&ours).unwrap().contains(&raw));
    // What anybody may ask, another key under the same name, and more than a record holds.
    let mut other = record(None);
    other["keyId"] = json!("another");
    let mut more = record(None);
    more["status"]["hidden"] = json!(1);
    for (action, after) in [
        ("deploy", record(None)),
        ("countersign.trust.set", other),
        ("countersign.trust.set", more),
    ] {
        assert!(render_text(&asked(action, after), 200, false).contains(&raw), "{action}");
    }
}

const REVISION: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b";

#[test]
fn every_leaf_of_every_other_kind_is_shown() {
    let command = Ask::argv(&["rm", "-rf", "build"]).payload;
    for (payload, headline) in [
        (
            json!({"kind": "http", "method": "POST", "url": "https://api.example/pay",
                "headers": {"content-type": "text/plain"}, "body": "42 EUR", "credential": "bank"}),
            "send POST to https://api.example/pay",
        ),
        (
            json!({"kind": "patch", "diff": "-safe\n+unsafe\n", "baseRevision": REVISION}),
            "change files at 9f86d081884c",
        ),
        (
            json!({"kind": "patch", "diff": "x", "baseRevision": "9f86d081884c7d659a2f or another"}),
            "change files at \"9f86d081884c7d659a2f or another\"",
        ),
        (
            json!({"kind": "checkpoint", "operation": "push", "remote": "https://git.example/r",
                "refs": [{"name": "refs/heads/main", "old": REVISION}], "force": true}),
            "push 1 ref to https://git.example/r and rewrite history",
        ),
        (
            json!({"kind": "checkpoint", "operation": "deploy", "target": "production",
                "revision": REVISION, "verb": "ship"}),
            "deploy to production with 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        ),
        (
            json!({"kind": "plan", "title": "Tidy up", "steps": ["list", "delete"]}),
            "follow the plan \"Tidy up\"",
        ),
        (json!({"kind": "task", "title": "Tidy", "steps": []}), "do the task \"Tidy\""),
        (
            json!({"kind": "batch", "items": [command, {"kind": "task", "title": "t", "steps": ["s"]}]}),
            "2 actions at once: run rm -rf build; do the task \"t\"",
        ),
    ] {
        let shown = review(&Ask::of(payload.clone()));
        assert_eq!(shown.headline, headline);
        let text: Vec<&str> =
            shown.action.iter().flat_map(|f| &f.lines).map(String::as_str).collect();
        let mut leaves = Vec::new();
        collect(&payload, &mut leaves);
        for leaf in leaves {
            assert!(text.iter().any(|line| line.contains(&leaf)), "{leaf} is missing in {text:?}");
        }
        let foreign = shown.warnings.iter().any(|w| w.code == WarningCode::Foreign);
        assert!(!foreign, "{payload}");
    }
}

fn collect(value: &serde_json::Value, leaves: &mut Vec<String>) {
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, leaves)),
        serde_json::Value::Object(members) => {
            members.values().for_each(|item| collect(item, leaves));
        }
        serde_json::Value::String(text) => leaves.extend(text.lines().map(str::to_owned)),
        plain => leaves.push(plain.to_string()),
    }
}

#[test]
fn attack_06_a_command_in_a_batch_is_warned_of_like_any_other() {
    let shell = Ask::argv(&["sh", "-c", "rm -rf /"]).payload;
    let batch = Ask::of(json!({"kind": "batch", "items": [shell]}));
    assert!(codes(&batch).contains(&WarningCode::ShellLine));
}
