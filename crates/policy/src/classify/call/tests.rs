use crate::classify::classify;
use crate::facts::{Class, Floor, Place};
use crate::verb::Lane;
use countersign_core::action::Action;
use countersign_core::artifact::Risk;
use serde_json::{Value, json};

fn place() -> Place {
    Place {
        user_home: Some("/home/ann".into()),
        own_state: vec!["/home/ann/.countersign".into()],
        workspace: Some("/home/ann/work".into()),
        ..Place::default()
    }
}

fn of(payload: &Value) -> Class {
    let action = Action::from_payload(payload).unwrap_or_else(|| panic!("{payload}"));
    classify(&action, &place())
}

fn tool(name: &str, arguments: &Value) -> Class {
    of(
        &json!({"kind": "tool", "server": "https://tools.example", "tool": name, "arguments": arguments}),
    )
}

fn http(method: &str, url: &str, body: &str) -> Class {
    of(&json!({"kind": "http", "method": method, "url": url, "headers": {}, "body": body}))
}

fn lead(class: &Class) -> &str {
    class.verbs.own[0].as_str()
}

#[test]
fn tools_that_only_read_are_low_and_known() {
    for (name, arguments) in [
        ("read_file", json!({"path": "src/main.rs"})),
        ("list_files", json!({"path": "."})),
        ("web_search", json!({"query": "how to delete a file"})),
        ("listDirectory", json!({})),
        ("search_files", json!({"pattern": "*.rs"})),
    ] {
        let class = tool(name, &arguments);
        assert_eq!(
            (class.risk, class.known, lead(&class)),
            (Risk::Low, true, "file_read"),
            "{name}: {class:?}"
        );
        assert_eq!(class.tools.own, [name]);
    }
}

#[test]
fn tools_that_do_more_are_what_their_names_say() {
    for (name, arguments, verb, risk) in [
        ("send_email", json!({"to": "a@b.example", "body": "x"}), "data_export", Risk::High),
        ("delete_file", json!({"path": "notes.txt"}), "delete", Risk::High),
        ("delete_file", json!({"path": "/etc/passwd"}), "delete", Risk::Critical),
        ("write_file", json!({"path": "notes.txt", "content": "x"}), "file_write", Risk::Medium),
        (
            "write_file",
            json!({"path": "/etc/passwd", "content": "x"}),
            "account_change",
            Risk::Critical,
        ),
        ("write_file", json!({"path": "/etc/hosts", "content": "x"}), "file_write", Risk::Critical),
        (
            "transfer_funds",
            json!({"amount_usd": 4200, "payee": "Globex LLC"}),
            "payment",
            Risk::High,
        ),
        ("createRefund", json!({}), "payment.refund", Risk::High),
        ("invite_member", json!({}), "account_change", Risk::High),
        ("execute_sql", json!({"sql": "SELECT 1"}), "shell_exec", Risk::High),
        ("execute_sql", json!({"sql": "DROP TABLE users"}), "delete", Risk::Critical),
        ("bash", json!({"command": "git status && rm -rf ~"}), "delete", Risk::Critical),
        ("run_command", json!({"command": ["rm", "-rf", "/"]}), "delete", Risk::Critical),
    ] {
        let class = tool(name, &arguments);
        assert_eq!((lead(&class), class.risk), (verb, risk), "{name} {arguments}: {class:?}");
    }
}

#[test]
fn a_tool_that_nobody_knows_is_high_and_unknown() {
    let class = tool("frobnicate", &json!({"x": 1}));
    assert_eq!((class.risk, class.known, lead(&class)), (Risk::High, false, "tool_call"));
    assert!(!tool("get_user", &json!({})).known);
}

#[test]
fn attack_12_a_renamed_tool_is_judged_by_what_it_is_given() {
    for (arguments, lane) in [
        (json!({"command": "rm -rf ~"}), Lane::Delete),
        (json!({"options": {"deep": [{"cmd": "rm -rf ~"}]}}), Lane::Delete),
        (json!({"sql": "DELETE FROM users"}), Lane::Delete),
        (json!({"query": "DROP TABLE users"}), Lane::Delete),
        (json!({"action": "delete", "id": 5}), Lane::Delete),
        (json!({"delete": true}), Lane::Delete),
        (json!({"method": "DELETE", "url": "https://api.example/x"}), Lane::Delete),
        (json!({"amount": 5, "iban": "X"}), Lane::Payment),
        (json!({"operation": "transfer"}), Lane::Payment),
        (json!({"action": "grant_role"}), Lane::AccountChange),
        (json!({"op": "export"}), Lane::DataExport),
        (json!({"argv": ["sh", "-c", "rm -rf ~"]}), Lane::Delete),
    ] {
        let class = tool("read_file", &arguments);
        assert!(class.floors.contains(&Floor::Lane(lane)), "{arguments}: {class:?}");
        assert!(class.risk >= Risk::High, "{arguments}");
    }
}

#[test]
fn attack_12_a_declared_verb_is_one_more_finding() {
    let with = |name: &str, verb: &str| {
        of(&json!({"kind": "tool", "server": "s", "tool": name, "arguments": {}, "verb": verb}))
    };
    assert_eq!(with("delete_file", "file_read").risk, Risk::High);
    assert_eq!(lead(&with("delete_file", "file_read")), "delete");
    assert!(with("read_file", "payment").floors.contains(&Floor::Lane(Lane::Payment)));
    assert_eq!(with("read_file", "ship").risk, Risk::High);
    assert!(!with("frobnicate", "file_read").known);
    assert_eq!(with("frobnicate", "file_read").risk, Risk::High);
}

#[test]
fn attack_11_no_tool_writes_what_holds_the_gate() {
    for path in [
        "~/.claude/settings.json",
        "$HOME/.codex/config.toml",
        "/home/ann/.countersign/policy.toml",
        ".countersign/policy.toml",
        "src/../.claude/settings.local.json",
        ".git/hooks/pre-commit",
        "./.git/config",
        ".CLAUDE/settings.json",
        "file:///home/ann/.countersign/x",
        "/proc/self/cwd/.claude/settings.json",
        ".cursor/mcp.json",
        ".gemini/settings.json",
        ".husky/pre-commit",
    ] {
        for name in ["write_file", "frobnicate", "edit", "delete_file", "apply_patch"] {
            let class = tool(name, &json!({"path": path}));
            assert!(class.floors.contains(&Floor::Protected), "{name} {path}: {class:?}");
            assert_eq!(class.risk, Risk::Critical, "{name} {path}");
        }
        assert!(
            !tool("read_file", &json!({"path": path})).floors.contains(&Floor::Protected),
            "{path}"
        );
    }
}

#[test]
fn attack_17_the_same_tool_of_another_server_is_judged_alike() {
    let at = |server: &str| {
        of(
            &json!({"kind": "tool", "server": server, "tool": "delete_file", "arguments": {"path": "/etc/x"}}),
        )
    };
    assert_eq!(at("https://a.example"), at("sha256:00"));
}

#[test]
fn secrets_that_a_tool_reads_are_high() {
    for path in
        ["~/.ssh/id_rsa", ".env", "/etc/shadow", "certs/server.pem", "../../.aws/credentials"]
    {
        assert_eq!(tool("read_file", &json!({"path": path})).risk, Risk::High, "{path}");
    }
}

#[test]
fn arguments_too_deep_or_too_many_are_unreadable() {
    let deep = (0..60).fold(json!(1), |inner, _| json!([inner]));
    let many: Vec<Value> = vec![json!(1); 30_000];
    for arguments in [json!({"x": deep}), json!({ "x": many })] {
        assert!(tool("read_file", &arguments).floors.contains(&Floor::Unreadable));
    }
}

#[test]
fn a_request_is_what_its_method_and_address_say() {
    for (method, url, verb, risk) in [
        ("GET", "https://api.example/v1/items", "http_request", Risk::Medium),
        ("HEAD", "https://api.example/", "http_request", Risk::Medium),
        ("POST", "https://api.example/v1/items", "http_request", Risk::High),
        ("DELETE", "https://api.example/v1/items/1", "delete", Risk::High),
        ("POST", "https://api.example/v1/payouts", "payment", Risk::High),
        ("POST", "https://api.example/v1/refunds", "payment.refund", Risk::High),
        ("POST", "https://api.stripe.com/v1/x", "payment", Risk::High),
        ("GET", "https://api.example/v1/transfer?to=x", "payment", Risk::High),
        ("GET", "https://api.example/x?_method=DELETE", "delete", Risk::High),
    ] {
        let class = http(method, url, "");
        assert_eq!((lead(&class), class.risk), (verb, risk), "{method} {url}: {class:?}");
    }
}

#[test]
fn attack_12_a_request_hides_nothing_in_body_and_headers() {
    let pays = http("POST", "https://api.example/x", "{\"amount\": 5, \"currency\": \"usd\"}");
    assert!(pays.floors.contains(&Floor::Lane(Lane::Payment)), "{pays:?}");
    let hidden = of(
        &json!({"kind": "http", "method": "POST", "url": "https://api.example/x", "headers": {}, "bodySha256": "ab".repeat(32)}),
    );
    assert!(hidden.floors.contains(&Floor::Lane(Lane::DataExport)));
    let other = of(&json!({"kind": "http", "method": "POST", "url": "https://api.example/x",
        "headers": {"x-http-method-override": "DELETE"}, "body": ""}));
    assert!(other.floors.contains(&Floor::Lane(Lane::Delete)));
    let signed = of(
        &json!({"kind": "http", "method": "GET", "url": "https://api.example/x", "headers": {}, "body": "", "credential": "api"}),
    );
    assert_eq!(signed.risk, Risk::High);
}

#[test]
fn hosts_are_told_in_one_form() {
    for (url, host) in [
        ("https://API.Example:8443/x", "api.example"),
        ("https://api.example./x", "api.example"),
        ("http://[::1]:80/", "::1"),
        ("http://2130706433/", "2130706433"),
        ("https://xn--bnk-sna.example/", "xn--bnk-sna.example"),
        ("https://stripe.com.evil.example/", "stripe.com.evil.example"),
    ] {
        assert_eq!(http("GET", url, "").hosts.own, [host], "{url}");
    }
}

#[test]
fn plans_batches_and_requests() {
    let plan = of(&json!({"kind": "plan", "title": "rm -rf ~", "steps": []}));
    assert_eq!((plan.risk, plan.known), (Risk::Medium, true));
    let request = of(&json!({"kind": "request", "action": "delete_account", "parameters": {}}));
    assert_eq!(lead(&request), "delete");
    let batch = of(&json!({"kind": "batch", "items": [
        {"kind": "tool", "server": "s", "tool": "read_file", "arguments": {}},
        {"kind": "tool", "server": "s", "tool": "transfer_funds", "arguments": {}}]}));
    assert_eq!((lead(&batch), batch.risk), ("payment", Risk::High));
    assert_eq!(batch.tools.own, ["read_file", "transfer_funds"]);
}
