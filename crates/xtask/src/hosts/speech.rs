//! The hosts' languages for their models: Anthropic's messages and OpenAI's responses, as streams.

use serde_json::{Value, json};

use super::Host;
use super::script::Tool;

/// By what a helper's conversation is told apart.
const HELPER: &str = "do the helper's part";

/// Whether somebody asks for a turn, and not for something beside it such as a title.
pub(super) fn is_turn(asked: &Value) -> bool {
    asked.get("stream").and_then(Value::as_bool) == Some(true)
}

/// Whether a conversation is a helper's: its first words are those that the agent gave it.
pub(super) fn is_helper(asked: &Value) -> bool {
    let said = asked.get("messages").or_else(|| asked.get("input"));
    let of_user = |message: &&Value| message.get("role").and_then(Value::as_str) == Some("user");
    let mut said = said.and_then(Value::as_array).into_iter().flatten().filter(of_user);
    said.any(|message| {
        // A tool's result is the user's too, and may repeat them.
        let text = message.get("content").map(texts).unwrap_or_default();
        text.contains(HELPER)
    })
}

/// The texts of a message's content, tools' results left out.
fn texts(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            parts.iter().filter_map(|p| p.get("text")).filter_map(Value::as_str).collect()
        }
        _ => String::new(),
    }
}

/// The results of tools in a conversation, in order.
pub(super) fn results(host: Host, asked: &Value) -> Vec<String> {
    match host {
        Host::ClaudeCode => {
            let messages = asked.get("messages").and_then(Value::as_array).into_iter().flatten();
            let parts = messages.filter_map(|m| m.get("content")?.as_array()).flatten();
            let results = parts.filter(|part| part.get("type") == Some(&json!("tool_result")));
            results.filter_map(|part| part.get("content")).map(text).collect()
        }
        Host::Codex => {
            let items = asked.get("input").and_then(Value::as_array).into_iter().flatten();
            let is_result = |item: &&Value| {
                let kind = item.get("type").and_then(Value::as_str);
                kind.is_some_and(|kind| kind.ends_with("_output"))
            };
            items.filter(is_result).filter_map(|item| item.get("output")).map(text).collect()
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A turn: a call of this tool, or the end. `last` is the result before it.
pub(super) fn said(host: Host, tool: Option<&Tool>, last: &str) -> String {
    let events = match host {
        Host::ClaudeCode => claude(tool),
        Host::Codex => codex(tool, last),
    };
    let line = |event: &Value| {
        let name = event.get("type").and_then(Value::as_str).unwrap_or_default();
        format!("event: {name}\ndata: {event}\n\n")
    };
    events.iter().map(line).collect()
}

fn claude(tool: Option<&Tool>) -> Vec<Value> {
    let call = tool.and_then(|tool| match tool {
        Tool::Shell(line) => Some(("Bash", json!({"command": line, "description": "Work"}))),
        Tool::Aside(line) => Some(("Bash", json!({"command": line, "run_in_background": true}))),
        Tool::Write(path) => Some(("Write", json!({"file_path": path, "content": "written"}))),
        Tool::Mark(path) => Some(("mcp__marker__mark", json!({"path": path}))),
        Tool::Helper => Some((
            "Agent",
            json!({"description": "Help", "prompt": HELPER, "subagent_type": "general-purpose",
                   "run_in_background": false}),
        )),
        Tool::Wait => None,
    });
    let (start, delta, stop) = match call {
        Some((name, input)) => (
            json!({"type": "tool_use", "id": id("toolu"), "name": name, "input": {}}),
            json!({"type": "input_json_delta", "partial_json": input.to_string()}),
            "tool_use",
        ),
        None => (
            json!({"type": "text", "text": ""}),
            json!({"type": "text_delta", "text": "done"}),
            "end_turn",
        ),
    };
    let usage = json!({"input_tokens": 1, "output_tokens": 1});
    vec![
        json!({"type": "message_start", "message": {"id": id("msg"), "type": "message",
               "role": "assistant", "model": "stand-in", "content": [], "stop_reason": null,
               "stop_sequence": null, "usage": usage}}),
        json!({"type": "content_block_start", "index": 0, "content_block": start}),
        json!({"type": "content_block_delta", "index": 0, "delta": delta}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": null},
               "usage": {"output_tokens": 1}}),
        json!({"type": "message_stop"}),
    ]
}

fn codex(tool: Option<&Tool>, last: &str) -> Vec<Value> {
    let item = tool.map_or_else(
        || {
            json!({"type": "message", "id": id("msg"), "role": "assistant",
                  "content": [{"type": "output_text", "text": "done"}]})
        },
        |tool| codex_call(tool, last),
    );
    let usage = json!({"input_tokens": 1, "input_tokens_details": null, "output_tokens": 1,
                       "output_tokens_details": null, "total_tokens": 2});
    vec![
        json!({"type": "response.created", "response": {"id": "resp"}}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
        json!({"type": "response.completed", "response": {"id": "resp", "usage": usage}}),
    ]
}

fn codex_call(tool: &Tool, last: &str) -> Value {
    match tool {
        Tool::Shell(line) => function(None, "exec_command", &json!({"cmd": line})),
        Tool::Aside(line) => {
            let cmd = json!({"cmd": line});
            custom("exec", &format!("text(await tools.exec_command({cmd}));"))
        }
        Tool::Write(path) => custom(
            "apply_patch",
            &format!("*** Begin Patch\n*** Add File: {path}\n+written\n*** End Patch\n"),
        ),
        Tool::Mark(path) => function(Some("mcp__marker"), "mark", &json!({"path": path})),
        Tool::Helper => function(Some(AGENTS), "spawn_agent", &json!({"message": HELPER})),
        Tool::Wait => {
            let spawned: Value = serde_json::from_str(last).unwrap_or_default();
            let targets = json!([spawned.get("agent_id")]);
            let input = json!({"targets": targets, "timeout_ms": 30_000});
            function(Some(AGENTS), "wait_agent", &input)
        }
    }
}

const AGENTS: &str = "multi_agent_v1";

fn function(namespace: Option<&str>, name: &str, input: &Value) -> Value {
    json!({"type": "function_call", "id": id("fc"), "call_id": id("call"), "name": name,
           "namespace": namespace, "arguments": input.to_string()})
}

fn custom(name: &str, input: &str) -> Value {
    json!({"type": "custom_tool_call", "id": id("ctc"), "call_id": id("call"), "name": name,
           "input": input})
}

/// A name that this run has not used yet.
fn id(kind: &str) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static LAST: AtomicU64 = AtomicU64::new(0);
    format!("{kind}_{}", LAST.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_found_in_either_language() {
        let claude = json!({"messages": [{"role": "user", "content": [
            {"type": "tool_result", "content": "one"}, {"type": "text", "text": "no"}]}]});
        assert_eq!(results(Host::ClaudeCode, &claude), ["one"]);
        let codex = json!({"input": [{"type": "function_call_output", "output": "two"},
            {"type": "message", "content": "no"}]});
        assert_eq!(results(Host::Codex, &codex), ["two"]);
    }

    #[test]
    fn a_helper_is_known_by_its_first_words_and_not_by_a_result() {
        let helper = json!({"messages": [{"role": "user", "content": HELPER}]});
        assert!(is_helper(&helper));
        let agent = json!({"messages": [{"role": "user", "content": [
            {"type": "tool_result", "content": HELPER}]}]});
        assert!(!is_helper(&agent));
    }

    #[test]
    fn a_turn_without_a_tool_ends_the_conversation() {
        assert!(said(Host::ClaudeCode, None, "").contains("end_turn"));
        assert!(said(Host::Codex, None, "").contains("output_text"));
    }
}
