//! The tools of Codex.

use super::table::{Arg, Known, SEARCHES, SERVER, agents, edits, keeps, other, reads, shells};
use super::{asked, patch, typed};
use countersign_core::artifact::Risk;

pub(super) static TOOLS: [Known; 9] = [
    edits(
        &["apply_patch"],
        &[
            ("command", Arg::Plain),
            ("input", Arg::Plain),
            ("patch", Arg::Plain),
            ("cwd", Arg::Plain),
            ("workdir", Arg::Plain),
        ],
        &[],
        Some(patch),
    ),
    shells(
        &["Bash", "shell", "shell_command", "local_shell", "exec_command", "container.exec"],
        &[
            ("command", Arg::Plain),
            ("cmd", Arg::Plain),
            ("cwd", Arg::Plain),
            ("workdir", Arg::Plain),
            ("timeout", Arg::Plain),
            ("timeout_ms", Arg::Plain),
            ("yield_time_ms", Arg::Plain),
            ("max_output_tokens", Arg::Plain),
            ("login", Arg::Plain),
            ("tty", Arg::Plain),
            ("justification", Arg::Plain),
            ("description", Arg::Plain),
            ("sandbox_permissions", Arg::Plain),
            ("with_escalated_permissions", Arg::Plain),
            ("additional_permissions", Arg::Plain),
            ("prefix_rule", Arg::Plain),
        ],
    ),
    other(
        &["write_stdin"],
        ("it looks at a program that runs", "tool_call", Risk::Low),
        &[
            ("session_id", Arg::Plain),
            ("chars", Arg::Plain),
            ("yield_time_ms", Arg::Plain),
            ("max_output_tokens", Arg::Plain),
        ],
        Some(typed),
    ),
    reads(&["view_image"], &[("path", Arg::Read), ("detail", Arg::Plain)], &["path"], None),
    other(
        &["web_search"],
        SEARCHES,
        &[("query", Arg::Plain), ("queries", Arg::Plain)],
        Some(asked),
    ),
    keeps(&[
        "update_plan",
        "request_user_input",
        "tool_search",
        "get_goal",
        "create_goal",
        "update_goal",
        "list_mcp_resources",
        "list_mcp_resource_templates",
    ]),
    agents(&[
        "spawn_agent",
        "send_input",
        "send_message",
        "wait",
        "wait_agent",
        "close_agent",
        "resume_agent",
        "list_agents",
    ]),
    other(
        &["read_mcp_resource"],
        SERVER,
        &[("server", Arg::Plain), ("uri", Arg::Plain)],
        Some(asked),
    ),
    other(
        &["request_permissions"],
        ("it asks the host for more rights", "shell_exec", Risk::High),
        &[("permissions", Arg::Plain), ("reason", Arg::Plain)],
        None,
    ),
];
