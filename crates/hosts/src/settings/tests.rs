use super::*;
use proptest::prelude::*;
use serde_json::json;

const BINARY: &str = "/usr/local/bin/countersign";

fn entry(host: Host, binary: &str) -> Entry {
    let command = command_line(host, binary, "/home/a b/.countersign", 600).unwrap();
    Entry { command, timeout: 600, closes: host == Host::ClaudeCode }
}

/// Into every event of the host.
fn with(host: Host, text: Option<&str>, entry: &Entry) -> Result<String, BadSettings> {
    super::with(host, text, entry, host.events(None))
}

/// One before every event of the host, and the same; none where there is none before any.
fn entries(host: Host, text: &str) -> Result<Vec<Entry>, BadSettings> {
    let mut found = Vec::new();
    for event in host.events(None) {
        found.push(super::entries(host, text, *event)?);
    }
    found.dedup();
    assert_eq!(found.len(), 1, "the events differ: {text}");
    Ok(found.concat())
}

fn value(text: &str) -> Value {
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap()
}

const OTHER: &str = r#"{"type":"command","command":"lint","timeout":5}"#;

/// Files as they are found, each back to the byte.
fn files() -> Vec<String> {
    let pretty = |text: String| serde_json::to_string_pretty(&value(&text)).unwrap();
    let others = format!(
        r#"{{"model":"x","hooks":{{"PreToolUse":[{{"matcher":"Bash","hooks":[{OTHER}]}}],"Stop":[{{"hooks":[{OTHER}]}}]}},"z":[1,2]}}"#
    );
    let only_others = format!(r#"{{"hooks":{{"PreToolUse":[{{"hooks":[{OTHER},{OTHER}]}}]}}}}"#);
    let stop = format!(r#"{{"hooks":{{"Stop":[{{"matcher":"","hooks":[{OTHER}]}}]}}}}"#);
    let skills = format!(
        r#"{{"hooks":{{"PreSkillShellCommand":[{{"matcher":"Bash","hooks":[{OTHER}]}}],"PreToolUse":[{{"hooks":[{OTHER}]}}]}}}}"#
    );
    vec![
        "{}".into(),
        "{}\n".into(),
        "  {}  \n\n".into(),
        r#"{"a":1}"#.into(),
        r#"{"a": 1, "b": [true, null]}"#.into(),
        "{\n  \"a\": 1\n}".into(),
        "{\n  \"a\": 1\n}\n".into(),
        "{\r\n  \"a\": 1\r\n}\r\n".into(),
        "{\n\t\"a\": {\n\t\t\"b\": []\n\t}\n}\n".into(),
        "{\n    \"a\": \"}]\\\"{\",\n    \"b\" :2   \n  }\n".into(),
        "{\n\"a\": 1,\n\"b\": 2\n}\n".into(),
        "{ \"a\": 1\n}\n".into(),
        "{\"a\":\n1}".into(),
        "{\"\\u0061\":1e400,\"b\":-0.0,\"\u{e9}\u{1f600}\":\"\\ud800\"}".into(),
        others.clone(),
        pretty(others.clone()),
        pretty(others.clone()).replace('\n', "\r\n"),
        pretty(others).replace("  ", "\t") + "\n",
        only_others.clone(),
        pretty(only_others),
        stop.clone(),
        pretty(stop),
        "{\n  \"hooks\": {\n    \"PreToolUse\": [{\n      \"hooks\": []\n    }]\n  }\n}".into(),
        skills.clone(),
        pretty(skills.clone()),
        pretty(skills).replace('\n', "\r\n"),
        "{\"permissions\":{\"allow\":[\"Bash(countersign hook codex)\"]},\n\n\n \"env\":{}}".into(),
        format!("{{\"deep\":{}{}}}", "[".repeat(90), "]".repeat(90)),
        format!("{{\n  \"long\": \"{}\"\n}}", "x".repeat(100_000)),
    ]
}

#[test]
fn a_file_is_the_same_to_the_byte_after_our_entry_came_and_went() {
    let files = files();
    assert!(files.len() >= 20);
    for text in &files {
        for host in Host::ALL {
            let ours = entry(host, BINARY);
            let with = with(host, Some(text), &ours).unwrap();
            assert_eq!(entries(host, &with).unwrap(), std::slice::from_ref(&ours), "{with}");
            assert_eq!(self::with(host, Some(&with), &ours).unwrap(), with, "idempotent");
            assert_eq!(&without(host, &with).unwrap(), text, "{with}");
            assert_eq!(&without(host, text).unwrap(), text);
        }
    }
}

#[test]
fn a_byte_order_mark_stays_for_the_host_that_reads_past_it() {
    let text = "\u{feff}{\"a\":1}";
    let ours = entry(Host::ClaudeCode, BINARY);
    let with = with(Host::ClaudeCode, Some(text), &ours).unwrap();
    assert!(with.starts_with("\u{feff}{\"a\":1,"));
    assert_eq!(without(Host::ClaudeCode, &with).unwrap(), text);
    assert!(self::with(Host::Codex, Some(text), &entry(Host::Codex, BINARY)).is_err());
}

#[test]
fn everything_else_in_a_file_is_as_it_was() {
    for text in files().iter().filter(|t| !t.contains("e400") && !t.contains("deep")) {
        let mut after =
            value(&with(Host::ClaudeCode, Some(text), &entry(Host::ClaudeCode, BINARY)).unwrap());
        let mut before = value(text);
        let hooks = before.as_object_mut().unwrap().entry("hooks").or_insert_with(|| json!({}));
        for event in ["PreToolUse", "PreSkillShellCommand"] {
            let ours = after["hooks"][event].as_array_mut().unwrap().pop().unwrap();
            assert_eq!(ours["matcher"], "*");
            assert_eq!(ours["hooks"][0]["onFailure"], "block");
            hooks.as_object_mut().unwrap().entry(event).or_insert_with(|| json!([]));
        }
        assert_eq!(after, before);
    }
}

#[test]
fn a_file_that_is_not_there_is_made_as_people_write_it() {
    let with = with(Host::Codex, None, &Entry { command: "c\"".into(), timeout: 7, closes: false });
    let wanted = "{\n  \"hooks\": {\n    \"PreToolUse\": [\n      {\n        \"matcher\": \"*\",\n        \
        \"hooks\": [\n          {\n            \"type\": \"command\",\n            \
        \"command\": \"c\\\"\",\n            \"timeout\": 7\n          }\n        ]\n      }\n    ]\n  }\n}\n";
    assert_eq!(with.unwrap(), wanted);
}

#[test]
fn lists_and_objects_that_are_empty_are_filled() {
    for text in [
        "{\"hooks\":{}}",
        "{\"hooks\": { }, \"a\": 1}",
        "{\n  \"hooks\": {\n    \"PreToolUse\": []\n  }\n}",
        "{\"hooks\":{\"PreToolUse\":[]}}",
        "{\n}",
    ] {
        let ours = entry(Host::ClaudeCode, BINARY);
        let with = with(Host::ClaudeCode, Some(text), &ours).unwrap();
        assert_eq!(entries(Host::ClaudeCode, &with).unwrap(), [ours], "{with}");
        let after = value(&without(Host::ClaudeCode, &with).unwrap());
        assert!(after.get("hooks").is_none() && after.get("a") == value(text).get("a"));
    }
}

fn inside(groups: &str) -> String {
    format!("{{\"hooks\":{{\"PreToolUse\":[{groups}]}}}}")
}

/// Into one event of Claude Code.
fn with_one(text: &str, entry: &Entry) -> String {
    super::with(Host::ClaudeCode, Some(text), entry, &[Event::PreToolUse]).unwrap()
}

#[test]
fn an_older_entry_of_ours_is_replaced_where_it_stands() {
    let ours = entry(Host::ClaudeCode, BINARY);
    let old = r#"{"type":"command","command":"/old/countersign hook claude-code","timeout":60}"#;
    let text =
        inside(&format!(r#"{{"hooks":[{OTHER},{old}]}},{{"matcher":"X","hooks":[{OTHER}]}}"#));
    let with = with_one(&text, &ours);
    let new = handler_text(&ours);
    assert_eq!(with, text.replace(old, &new));
}

fn handler_text(entry: &Entry) -> String {
    let Value::String(command) = Value::from(entry.command.as_str()) else { unreachable!() };
    format!(
        r#"{{"type":"command","command":{},"timeout":{},"onFailure":"block"}}"#,
        Value::from(command),
        entry.timeout
    )
}

#[test]
fn several_entries_of_ours_become_one() {
    let ours = entry(Host::ClaudeCode, BINARY);
    let old = r#"{"type":"command","command":"/old/countersign hook claude-code"}"#;
    let text = inside(&format!(
        r#"{{"matcher":"*","hooks":[{old}]}},{{"hooks":[{OTHER},{old}]}},{{"matcher":"Y","hooks":[{old}]}}"#
    ));
    let with = with_one(&text, &ours);
    let new = handler_text(&ours);
    assert_eq!(
        with,
        inside(&format!(r#"{{"matcher":"*","hooks":[{new}]}},{{"hooks":[{OTHER}]}}"#))
    );
}

#[test]
fn an_entry_that_holds_only_some_calls_is_none_and_is_put_right() {
    let ours = entry(Host::ClaudeCode, BINARY);
    let good = handler_text(&ours);
    let with_more = |more: &str| good.replace("\"type\"", &format!("{more},\"type\""));
    for group in [
        format!(r#"{{"matcher":"Bash","hooks":[{good}]}}"#),
        format!(r#"{{"if":"x","hooks":[{good}]}}"#),
        format!(r#"{{"hooks":[{}]}}"#, with_more(r#""async":true"#)),
        format!(r#"{{"hooks":[{}]}}"#, with_more(r#""once":true"#)),
        format!(r#"{{"hooks":[{}]}}"#, with_more(r#""if":"Bash(ls)""#)),
        format!(r#"{{"hooks":[{}]}}"#, good.replace(r#""command","#, r#""prompt","#)),
        format!(r#"{{"matcher":"Bash","hooks":[{good},{OTHER}]}}"#),
    ] {
        let text = inside(&group);
        let found = super::entries(Host::ClaudeCode, &text, Event::PreToolUse);
        assert!(found.is_ok_and(|found| found.is_empty()) || text.contains("prompt"), "{text}");
        let with = with_one(&text, &ours);
        let found = super::entries(Host::ClaudeCode, &with, Event::PreToolUse).unwrap();
        assert_eq!(found, std::slice::from_ref(&ours), "{with}");
        assert_eq!(
            with.matches("countersign hook").count() + with.matches("countersign' hook").count(),
            1
        );
        assert_eq!(with.contains("lint"), text.contains("lint"));
    }
    let open = inside(&format!(r#"{{"hooks":[{}]}}"#, good.replace("\"block\"", "\"continue\"")));
    let found = super::entries(Host::ClaudeCode, &open, Event::PreToolUse).unwrap();
    assert!(!found[0].closes);
    let with = with(Host::ClaudeCode, Some(&open), &Entry { closes: false, ..ours }).unwrap();
    assert!(!with.contains("onFailure"), "{with}");
}

#[test]
fn ours_is_taken_out_from_before_whatever_it_stands() {
    let old = r#"{"command":"countersign hook codex"}"#;
    let text = format!(
        r#"{{"a":1,"hooks":{{"PermissionRequest":[{{"hooks":[{old}]}}],"PreToolUse":[{{"matcher":"Q","hooks":[{old}]}}]}},"b":2}}"#
    );
    assert_eq!(without(Host::Codex, &text).unwrap(), r#"{"a":1,"b":2}"#);
}

#[test]
fn an_installation_for_one_event_gets_the_other_and_loses_it_again() {
    let host = Host::ClaudeCode;
    let ours = entry(host, BINARY);
    for text in &files() {
        let one = with_one(text, &ours);
        let missing = super::entries(host, &one, Event::PreSkillShellCommand).unwrap();
        assert!(missing.is_empty(), "{one}");
        let both = with(host, Some(&one), &ours).unwrap();
        assert_eq!(both, with(host, Some(text), &ours).unwrap());
        assert_eq!(entries(host, &both).unwrap(), std::slice::from_ref(&ours), "{both}");
        assert_eq!(with_one(&both, &ours), one, "an older host does not know the other");
        assert_eq!(&without(host, &both).unwrap(), text);
    }
}

#[test]
fn what_stands_before_a_skills_line_is_seen_by_itself() {
    let host = Host::ClaudeCode;
    let ours = entry(host, BINARY);
    let both = with(host, Some("{}"), &ours).unwrap();
    let (tools, skills) = both.split_once("\"PreSkillShellCommand\"").unwrap();
    for (from, to) in [("\"*\"", "\"Read\""), ("\"type\"", "\"once\":true,\"type\"")] {
        let changed = format!("{tools}\"PreSkillShellCommand\"{}", skills.replace(from, to));
        assert_ne!(changed, both);
        let found = |event| super::entries(host, &changed, event).unwrap().len();
        assert_eq!((found(Event::PreToolUse), found(Event::PreSkillShellCommand)), (1, 0));
        assert_eq!(with(host, Some(&changed), &ours).unwrap(), both);
    }
}

#[test]
fn what_the_host_would_not_read_is_refused_with_its_place() {
    let deep = "[".repeat(100_000);
    for (text, line, column) in [
        ("", 1, 1),
        (" \n\t ", 1, 1),
        ("{\n  // mine\n  \"a\": 1\n}", 2, 3),
        ("{\"a\": /* b */ 1}", 1, 7),
        ("{\"a\": [1,\n]}", 2, 1),
        ("{\"a\": 1,}", 1, 9),
        ("{'a': 1}", 1, 2),
        ("{\"a\": 01}", 1, 8),
        ("{\"a\": 1} x", 1, 10),
        ("{\"a\": \"\t\"}", 1, 7),
        ("{\"hooks\": {", 1, 11),
        (deep.as_str(), 1, 101),
    ] {
        for host in Host::ALL {
            let refused = with(host, Some(text), &entry(host, BINARY)).unwrap_err();
            let BadSettings::Syntax { line: l, column: c, message } = &refused else {
                panic!("{text}: {refused}")
            };
            assert_eq!((*l, *c), (line, column), "{text}: {message}");
            assert!(!message.contains('\n'));
            assert!(without(host, text).is_err() && entries(host, text).is_err());
        }
    }
    let comment = with(Host::ClaudeCode, Some("{ // x\n}"), &entry(Host::ClaudeCode, BINARY));
    assert_eq!(
        comment.unwrap_err().to_string(),
        "line 1, column 3: a comment, with which Claude Code reads no hook of this file"
    );
}

#[test]
fn what_holds_no_hooks_is_refused_with_its_name() {
    for (text, path, found) in [
        ("[]", "the file", "a list"),
        ("null", "the file", "null"),
        ("{\"hooks\":[]}", "hooks", "a list"),
        ("{\"hooks\":null}", "hooks", "null"),
        ("{\"hooks\":{\"PreToolUse\":{}}}", "hooks.PreToolUse", "an object"),
        ("{\"hooks\":{\"PreToolUse\":null}}", "hooks.PreToolUse", "null"),
        ("{\"hooks\":{\"Stop\":\"x\"}}", "hooks.Stop", "a text"),
        ("{\"hooks\":{\"PreToolUse\":[1]}}", "hooks.PreToolUse[0]", "a number"),
        ("{\"hooks\":{\"PreToolUse\":[{}]}}", "hooks.PreToolUse[0].hooks", "not there"),
        (
            "{\"hooks\":{\"PreToolUse\":[{\"hooks\":[true]}]}}",
            "hooks.PreToolUse[0].hooks[0]",
            "a boolean",
        ),
        (
            "{\"hooks\":{\"PreToolUse\":[{\"matcher\":1,\"hooks\":[]}]}}",
            "hooks.PreToolUse[0].matcher",
            "a number",
        ),
        ("{\"hooks\":{},\"hooks\":{}}", "hooks", "there twice"),
        ("{\"a\":1,\"\\u0061\":2}", "a", "there twice"),
        ("{\"hooks\":{\"Stop\":[],\"Stop\":[]}}", "hooks.Stop", "there twice"),
    ] {
        for host in Host::ALL {
            let refused = with(host, Some(text), &entry(host, BINARY)).unwrap_err();
            let BadSettings::Shape { path: p, found: f, .. } = &refused else {
                panic!("{text}: {refused}")
            };
            assert_eq!((p.as_str(), f.as_str()), (path, found), "{text}");
        }
    }
    let off = with(
        Host::ClaudeCode,
        Some("{\"disableAllHooks\":true}"),
        &entry(Host::ClaudeCode, BINARY),
    );
    assert!(off.unwrap_err().to_string().contains("disableAllHooks"));
}

#[test]
fn what_others_have_before_tools_is_named() {
    let host = Host::ClaudeCode;
    let http = r#"{"type":"http","url":"http://127.0.0.1/"}"#;
    let text = format!(
        r#"{{"hooks":{{"PreToolUse":[{{"matcher":"Bash","hooks":[{OTHER},{http}]}}],"PreSkillShellCommand":[{{"hooks":[{OTHER}]}}],"Stop":[{{"hooks":[{OTHER}]}}]}}}}"#
    );
    let both = with(host, Some(&text), &entry(host, BINARY)).unwrap();
    assert_eq!(others(host, &both).unwrap(), ["lint", "http"]);
    assert!(
        others(host, &with(host, Some("{}"), &entry(host, BINARY)).unwrap()).unwrap().is_empty()
    );
    assert!(others(host, "{").is_err());
}

#[test]
fn settings_that_switch_hooks_off_are_known() {
    for (text, managed, word) in [
        ("{\"disableAllHooks\": true}", false, Some("disableAllHooks")),
        ("\u{feff}{\"disableAllHooks\": true}", false, Some("disableAllHooks")),
        ("{\"disableAllHooks\": \"yes\"}", true, Some("disableAllHooks")),
        ("{\"disableAllHooks\": false, \"disableAllHooks\": 1}", false, Some("disableAllHooks")),
        ("{\"disableAllHooks\": false}", true, None),
        ("{\"disableAllHooks\": null}", false, None),
        ("{\"allowManagedHooksOnly\": true}", true, Some("allowManagedHooksOnly")),
        ("{\"allowManagedHooksOnly\": false}", true, None),
        ("{\"allowManagedHooksOnly\": true}", false, None),
        ("{\"env\": {\"disableAllHooks\": true}}", true, None),
        ("{\"disableAllHooks\": true, }", false, None),
        ("", false, None),
    ] {
        assert_eq!(switches_off(text, managed).first().map(String::as_str), word, "{text}");
    }
}

#[test]
fn attack_46_variables_in_settings_that_switch_hooks_off_are_refused() {
    for (name, value, off) in [
        ("CLAUDE_CODE_SIMPLE", "\"1\"", true),
        ("CLAUDE_CODE_SIMPLE", "1", true),
        ("CLAUDE_CODE_SIMPLE", "true", true),
        ("CLAUDE_CODE_SIMPLE", "\" 0 \"", false),
        ("CLAUDE_CODE_SIMPLE", "\"False\"", false),
        ("CLAUDE_CODE_SIMPLE", "\"\"", false),
        ("CLAUDE_CODE_SAFE_MODE", "\"yes\"", true),
        ("CLAUDE_CODE_SAFE_MODE", "0", false),
        ("CLAUDE\\u005fCODE_SAFE_MODE", "\"anything\"", true),
        ("CLAUDE_CODE_SHELL_PREFIX", "\"/bin/true\"", true),
        ("CLAUDE_CODE_SHELL_PREFIX", "\"0\"", true),
        ("CLAUDE_CODE_SHELL_PREFIX", "\"\"", false),
        ("CLAUDE_CODE_SOMETHING", "\"1\"", false),
    ] {
        let host = Host::ClaudeCode;
        let text = format!("{{\"env\": {{\"A\": \"b\", \"{name}\": {value}}}}}");
        for managed in [false, true] {
            assert_eq!(!switches_off(&text, managed).is_empty(), off, "{text}");
        }
        let refused = with(host, Some(&text), &entry(host, BINARY));
        assert_eq!(refused.is_err(), off, "{text}");
        if let Err(refused) = refused {
            assert!(refused.to_string().starts_with("`env.CLAUDE_CODE_S"), "{refused}");
        }
        assert!(without(host, &text).is_ok(), "what is there is taken out all the same");
    }
}

/// Claude Code refuses it with this place; taken out of it we can be all the same.
fn is_refused(text: &str, path: &str) {
    let host = Host::ClaudeCode;
    let ours = entry(host, BINARY);
    for refused in [with(host, Some(text), &ours).map(|_| ()), named(text)] {
        let Err(BadSettings::Shape { path: p, .. }) = &refused else {
            panic!("{text}: {refused:?}")
        };
        assert_eq!(p, path, "{text}");
    }
    assert!(without(host, text).is_ok(), "{text}");
}

fn named(text: &str) -> Result<(), BadSettings> {
    super::entries(Host::ClaudeCode, text, Event::PreToolUse).map(|_| ())
}

#[test]
fn attack_46_a_sibling_that_is_no_hook_is_refused_with_its_place() {
    for event in ["PreToolUse", "PreSkillShellCommand"] {
        let text = |handler: &str| {
            format!(r#"{{"hooks":{{"{event}":[{{"hooks":[{OTHER}]}},{{"hooks":[{handler}]}}]}}}}"#)
        };
        for (handler, member) in [
            (r#"{"command":"x"}"#, "type"),
            (r#"{"type":"bogus","command":"x"}"#, "type"),
            (r#"{"type":1,"command":"x"}"#, "type"),
            (r#"{"type":"command"}"#, "command"),
            (r#"{"type":"command","command":null}"#, "command"),
            (r#"{"type":"prompt","command":"x"}"#, "prompt"),
            (r#"{"type":"http"}"#, "url"),
            (r#"{"type":"mcp_tool","server":"x"}"#, "tool"),
            (r#"{"type":"command","command":"x","timeout":"5"}"#, "timeout"),
            (r#"{"type":"command","command":"x","timeout":-5}"#, "timeout"),
            (r#"{"type":"command","command":"x","timeout":0}"#, "timeout"),
            (r#"{"type":"command","command":"x","timeout":null}"#, "timeout"),
        ] {
            is_refused(&text(handler), &format!("hooks.{event}[1].hooks[0].{member}"));
        }
        let fine = text(r#"{"type":"command","command":"x","timeout":0.5,"once":true}"#);
        assert!(with(Host::ClaudeCode, Some(&fine), &entry(Host::ClaudeCode, BINARY)).is_ok());
    }
}

#[test]
fn attack_46_a_member_that_makes_the_host_drop_the_file_is_refused_with_its_place() {
    for (text, path) in [
        (r#"{"model":5}"#, "model"),
        (r#"{"model":null}"#, "model"),
        (r#"{"permissions":1}"#, "permissions"),
        (r#"{"permissions":{"defaultMode":"yolo"}}"#, "permissions.defaultMode"),
        (r#"{"permissions":{"defaultMode":1}}"#, "permissions.defaultMode"),
        (r#"{"permissions":{"allow":"Bash(ls)"}}"#, "permissions.allow"),
        (r#"{"permissions":{"deny":["x",1]}}"#, "permissions.deny[1]"),
        (r#"{"permissions":{"ask":{}}}"#, "permissions.ask"),
        (r#"{"env":"x"}"#, "env"),
        (r#"{"env":{"A":[]}}"#, "env.A"),
        (r#"{"env":{"A":null}}"#, "env.A"),
        (r#"{"cleanupPeriodDays":-1}"#, "cleanupPeriodDays"),
        (r#"{"cleanupPeriodDays":"1"}"#, "cleanupPeriodDays"),
        (r#"{"enabledPlugins":5}"#, "enabledPlugins"),
        (r#"{"includeCoAuthoredBy":"no"}"#, "includeCoAuthoredBy"),
        (r#"{"statusLine":"x"}"#, "statusLine"),
    ] {
        is_refused(text, path);
        let codex = with(Host::Codex, Some(text), &entry(Host::Codex, BINARY));
        assert!(codex.is_ok(), "{text}");
    }
    let fine = r#"{"model":"m","permissions":{"defaultMode":"plan","allow":["x"],"deny":[]},"env":
        {"A":"b","C":1,"D":true},"cleanupPeriodDays":0,"enabledPlugins":{},"includeCoAuthoredBy":
        false,"statusLine":{},"unknown":[null]}"#;
    assert!(with(Host::ClaudeCode, Some(fine), &entry(Host::ClaudeCode, BINARY)).is_ok());
}

#[test]
fn a_file_full_of_our_entries_is_refused_soon() {
    let old = r#"{"hooks":[{"command":"countersign hook"}]}"#;
    let text = inside(&vec![old; 5_000].join(","));
    assert!(without(Host::Codex, &text).is_err());
}

/// Some JSON, with space somewhere in it.
fn some_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~\u{e9}\n]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z\"\\\\]{1,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn some_settings() -> impl Strategy<Value = String> {
    let group = ("[A-Z*]{0,3}", 1..3_usize).prop_map(|(matcher, count)| {
        let handler = json!({"type": "command", "command": "lint"});
        json!({"matcher": matcher, "hooks": vec![handler; count]})
    });
    let event = prop::sample::select(vec!["PreToolUse", "PreSkillShellCommand", "Stop"]);
    let events = prop::collection::btree_map(event, prop::collection::vec(group, 1..3), 1..3);
    let others = prop::collection::btree_map("x[a-z]{1,3}", some_json(), 0..4);
    (others, prop::option::of(events), 0..4_usize).prop_map(|(others, events, layout)| {
        let mut root: serde_json::Map<String, Value> = others.into_iter().collect();
        root.extend(events.map(|events| ("hooks".to_owned(), json!(events))));
        let value = Value::Object(root);
        let pretty = || serde_json::to_string_pretty(&value).unwrap();
        match layout {
            0 => value.to_string(),
            1 => pretty(),
            2 => pretty().replace('\n', "\r\n") + "\r\n",
            _ => pretty().replace("  ", "\t"),
        }
    })
}

proptest! {
    #[test]
    fn our_entry_comes_and_goes_without_a_trace(text in some_settings(), which in 0..2_usize) {
        let host = Host::ALL[which];
        let ours = entry(host, BINARY);
        let with = with(host, Some(&text), &ours).unwrap();
        prop_assert_eq!(entries(host, &with).unwrap(), std::slice::from_ref(&ours));
        prop_assert_eq!(&self::with(host, Some(&with), &ours).unwrap(), &with);
        prop_assert_eq!(&without(host, &with).unwrap(), &text);
        let newer = entry(host, "/opt/it's/countersign");
        let replaced = self::with(host, Some(&with), &newer).unwrap();
        prop_assert_eq!(&without(host, &replaced).unwrap(), &text);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]{}\",:a-z0-9\\\\/ \n\u{feff}]{0,60}") {
        for host in Host::ALL {
            let _ = (with(host, Some(&text), &entry(host, BINARY)), without(host, &text), entries(host, &text));
        }
    }
}
