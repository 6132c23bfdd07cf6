use super::*;
use serde_json::json;

fn of(fields: &[&str], payload: &Value) -> (Vec<String>, Vec<String>) {
    let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
    let Hidden { places, left } = hidden(&fields, payload);
    (places, left)
}

fn places(fields: &[&str], payload: &Value) -> Vec<String> {
    let (places, left) = of(fields, payload);
    assert!(left.is_empty(), "{left:?}");
    places
}

fn tool(arguments: Value) -> Value {
    json!({"kind": "tool", "server": "bank", "tool": "pay", "arguments": arguments})
}

fn command(argv: &[&str]) -> Value {
    json!({"kind": "command", "argv": argv, "cwd": "/srv/app", "env": {"PATH": "/bin", "PIN": "1"},
        "program": {"path": "/bin/x", "sha256": "ab"}})
}

#[test]
fn a_field_means_what_it_means_in_a_condition() {
    let call = tool(json!({"a": {"b/c": [1, {"d": "x"}]}, "url": "u", "argv": ["x", "y"]}));
    for (field, place) in [
        ("a", "/arguments/a"),
        ("args.a", "/arguments/a"),
        ("args", "/arguments"),
        ("url", "/arguments/url"),
        ("argv[1]", "/arguments/argv/1"),
    ] {
        assert_eq!(places(&[field], &call), [place], "{field}");
    }
    assert!(places(&["absent", "a.absent", "argv[9]", "args.x.y"], &call).is_empty());
    let request = json!({"kind": "request", "action": "pay", "parameters": {"iban": "DE"}});
    assert_eq!(places(&["iban"], &request), ["/parameters/iban"]);
}

#[test]
fn fields_add_up_and_none_lies_within_another() {
    let call = tool(json!({"a": {"b": 1, "c": 2}, "d": 3, "ab": 4}));
    assert_eq!(places(&["a.b", "d", "a"], &call), ["/arguments/a", "/arguments/d"]);
    assert_eq!(places(&["a", "ab"], &call), ["/arguments/a", "/arguments/ab"]);
    assert_eq!(places(&["args", "a.b"], &call), ["/arguments"]);
}

#[test]
fn words_of_a_command_are_named_by_number_or_by_their_option() {
    let run = command(&["x", "-v", "--pin", "1234", "--pin=99", "-pin", "7", "tail"]);
    assert_eq!(places(&["argv[3]"], &run), ["/argv/3"]);
    assert_eq!(places(&["argv.pin"], &run), ["/argv/3", "/argv/4", "/argv/6"]);
    let all: Vec<String> = (1..8).map(|i| format!("/argv/{i}")).collect();
    assert_eq!(places(&["argv"], &run), all);
    assert_eq!(places(&["env.PIN"], &run), ["/env/PIN"]);
    assert_eq!(places(&["env"], &run), ["/env/PATH", "/env/PIN"]);
    assert!(places(&["args", "body", "argv.absent", "argv[20]"], &run).is_empty());
}

#[test]
fn attack_30_what_cannot_be_hidden_is_told() {
    let run = command(&["x", "y"]);
    for field in ["argv[0]", "cwd", "program", "argv[1][2]"] {
        assert_eq!(of(&[field], &run).1, [field]);
    }
    let sent = json!({"kind": "http", "method": "POST", "url": "https://a.example/",
        "headers": {"x-key": "k", "x-more": "m"}, "body": "b"});
    let headers = ["/headers/x-key", "/headers/x-more"];
    assert_eq!(places(&["headers", "body"], &sent), ["/body", headers[0], headers[1]]);
    for field in ["url", "method", "body.card", "headers.x-key.y"] {
        assert_eq!(of(&[field], &sent).1, [field], "{field}");
    }
    let patch = json!({"kind": "patch", "diff": "d", "baseRevision": "r"});
    assert_eq!(of(&["diff"], &patch).1, ["diff"]);
    assert_eq!(of(&["a[0]"], &tool(json!({"a": {"b": 1}}))).1, ["a[0]"]);
}

#[test]
fn every_item_of_a_batch_hides_the_same_fields() {
    let batch = json!({"kind": "batch", "items": [tool(json!({"pin": 1})), tool(json!({"x": 2})),
        tool(json!({"pin": 3}))]});
    let both = ["/items/0/arguments/pin", "/items/2/arguments/pin"];
    assert_eq!(places(&["pin"], &batch), both);
}

#[test]
fn attack_30_a_hidden_text_is_hidden_wherever_it_stands() {
    let call = tool(json!({"card": "4111222233334444", "note": "card 4111222233334444, please",
        "copy": [4111222233334444u64], "other": "nothing"}));
    let all = ["/arguments/card", "/arguments/copy/0", "/arguments/note"];
    assert_eq!(places(&["card"], &call), all);
    let run = command(&["x", "--key", "hunter22", "https://h/?k=hunter22", "short"]);
    assert_eq!(places(&["argv.key"], &run), ["/argv/2", "/argv/3"]);
    // What says too little to be looked for hides nothing else.
    assert_eq!(places(&["a"], &tool(json!({"a": "prod", "b": "prod"}))), ["/arguments/a"]);
}

#[test]
fn attack_30_what_is_told_by_a_part_of_a_hidden_text_is_hidden_too() {
    let run = command(&["sh", "-c", "echo 4242424242", "--key=4242424242", "out=4242424242"]);
    assert_eq!(places(&["argv.key"], &run), ["/argv/2", "/argv/3", "/argv/4"]);
    let call = tool(json!({"auth": "Bearer abcdef99", "note": "it is abcdef99",
        "key": "first-line\nsecond-line", "log": "saw second-line", "other": "Bearer"}));
    let found = places(&["auth", "key"], &call);
    let all = ["auth", "key", "log", "note"].map(|name| format!("/arguments/{name}"));
    assert_eq!(found, all);
}

#[test]
fn attack_30_a_hidden_text_that_stands_where_nothing_can_be_hidden_is_told() {
    let mut run = command(&["x", "secret-place"]);
    run["cwd"] = json!("/srv/secret-place");
    assert_eq!(of(&["argv[1]"], &run), (vec!["/argv/1".into()], vec!["`cwd`".into()]));
    let named = tool(json!({"key": "hunter22", "map": {"hunter22": 1}}));
    assert_eq!(of(&["key"], &named).1, ["a name in `arguments`"]);
}

#[test]
fn what_is_committed_to_already_stays_as_it_is() {
    let sd = json!({"_sd": "ab"});
    let mut run = command(&["x"]);
    run["env"]["TOKEN"] = sd.clone();
    assert!(places(&["env.TOKEN"], &run).is_empty());
    assert_eq!(everything(&run).places, ["/env/PATH", "/env/PIN"]);
}

#[test]
fn everything_is_whatever_can_be_hidden() {
    let call = tool(json!({"a": 1, "b/c": 2}));
    assert_eq!(everything(&call).places, ["/arguments/a", "/arguments/b~1c"]);
    assert_eq!(everything(&tool(json!("text"))).places, ["/arguments"]);
    assert_eq!(everything(&command(&["x", "y"])).places, ["/argv/1", "/env/PATH", "/env/PIN"]);
    let batch = json!({"kind": "batch", "items": [call]});
    let all = ["/items/0/arguments/a", "/items/0/arguments/b~1c"];
    assert_eq!(everything(&batch).places, all);
}
