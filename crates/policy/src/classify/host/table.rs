//! What is known of the tools of each host, by the names that the host gives them.

use super::{agent, asked, leaves, names, searches, setting, shell, watches};
use crate::classify::judge::Judge;
use countersign_core::artifact::Risk;
use serde_json::{Map, Value};

/// What an argument is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Arg {
    /// Nothing that anything obeys: a number, a text for people or models, what a file will hold.
    /// Or something that the tool's own judge looks at.
    Plain,
    /// A path that is read.
    Read,
    /// A path whose file is changed.
    Edit,
    /// An address that is asked.
    Address,
}

type More = fn(&mut Judge<'_>, &str, &Map<String, Value>);

/// A tool that is known.
pub(super) struct Known {
    pub(super) names: &'static [&'static str],
    pub(super) why: &'static str,
    pub(super) verb: &'static str,
    pub(super) risk: Risk,
    pub(super) args: &'static [(&'static str, Arg)],
    /// Arguments that must be there, as texts.
    pub(super) needs: &'static [&'static str],
    /// Whether any other argument is harmless as well: the tool only keeps what it is told.
    pub(super) open: bool,
    /// What else there is to say.
    pub(super) more: Option<More>,
}

/// The tools of this host; `None` where it is none.
pub(super) fn of(server: &str) -> Option<&'static [Known]> {
    match server {
        "claude-code" => Some(&CLAUDE),
        "codex" => Some(&super::codex::TOOLS),
        _ => None,
    }
}

/// A tool that changes nothing but what the host remembers of its own work.
pub(super) const fn keeps(names: &'static [&'static str]) -> Known {
    Known {
        names,
        why: "it keeps the host's own notes, or asks its user",
        verb: "tool_call",
        risk: Risk::Low,
        args: &[],
        needs: &[],
        open: true,
        more: None,
    }
}

/// A tool that starts another agent of the host, or speaks to one.
pub(super) const fn agents(
    names: &'static [&'static str],
    args: &'static [(&'static str, Arg)],
) -> Known {
    Known {
        names,
        why: "it speaks to an agent of the host, whose tools come here one by one",
        verb: "tool_call.agent",
        risk: Risk::Low,
        args,
        needs: &[],
        open: false,
        more: Some(agent),
    }
}

pub(super) const fn reads(
    names: &'static [&'static str],
    args: &'static [(&'static str, Arg)],
    needs: &'static [&'static str],
    more: Option<More>,
) -> Known {
    let why = "it reads files";
    Known { names, why, verb: "file_read", risk: Risk::Low, args, needs, open: false, more }
}

/// Its path says what it is; until then it is what every edit is at least.
pub(super) const fn edits(
    names: &'static [&'static str],
    args: &'static [(&'static str, Arg)],
    needs: &'static [&'static str],
    more: Option<More>,
) -> Known {
    Known {
        names,
        why: "it edits a file",
        verb: "file_write.source",
        risk: Risk::Medium,
        args,
        needs,
        open: false,
        more,
    }
}

/// A shell. What comes here and not as a command of a shell is more than a line.
pub(super) const fn shells(
    names: &'static [&'static str],
    args: &'static [(&'static str, Arg)],
) -> Known {
    Known {
        names,
        why: "a shell of the host, asked with more than a line",
        verb: "shell_exec",
        risk: Risk::High,
        args,
        needs: &[],
        open: false,
        more: Some(shell),
    }
}

pub(super) const fn other(
    names: &'static [&'static str],
    said: (&'static str, &'static str, Risk),
    args: &'static [(&'static str, Arg)],
    more: Option<More>,
) -> Known {
    let (why, verb, risk) = said;
    Known { names, why, verb, risk, args, needs: &[], open: false, more }
}

const ASKS: (&str, &str, Risk) = ("it asks a host", "http_request", Risk::Medium);
pub(super) const SEARCHES: (&str, &str, Risk) =
    ("it searches the web, where its model's host does", "file_read", Risk::Low);
pub(super) const SERVER: (&str, &str, Risk) =
    ("it reads what a server of tools offers", "http_request", Risk::Medium);
const LATER: (&str, &str, Risk) =
    ("it has the host do something later, or tell somebody", "tool_call", Risk::Medium);
const OUT: (&str, &str, Risk) =
    ("it hands something to the host's maker", "data_export", Risk::High);

static CLAUDE: [Known; 27] = [
    reads(
        &["Read"],
        &[
            ("file_path", Arg::Read),
            ("offset", Arg::Plain),
            ("limit", Arg::Plain),
            ("pages", Arg::Plain),
            ("allow_large", Arg::Plain),
        ],
        &["file_path"],
        None,
    ),
    reads(
        &["NotebookRead"],
        &[("notebook_path", Arg::Read), ("cell_id", Arg::Plain)],
        &["notebook_path"],
        None,
    ),
    reads(&["LS"], &[("path", Arg::Read), ("ignore", Arg::Plain)], &["path"], None),
    reads(
        &["Grep"],
        &[
            ("pattern", Arg::Plain),
            ("path", Arg::Read),
            ("glob", Arg::Plain),
            ("output_mode", Arg::Plain),
            ("-A", Arg::Plain),
            ("-B", Arg::Plain),
            ("-C", Arg::Plain),
            ("-n", Arg::Plain),
            ("-i", Arg::Plain),
            ("-o", Arg::Plain),
            ("context", Arg::Plain),
            ("type", Arg::Plain),
            ("head_limit", Arg::Plain),
            ("offset", Arg::Plain),
            ("multiline", Arg::Plain),
        ],
        &[],
        Some(searches),
    ),
    reads(&["Glob"], &[("pattern", Arg::Plain), ("path", Arg::Read)], &["pattern"], Some(names)),
    reads(
        &["LSP"],
        &[
            ("operation", Arg::Plain),
            ("filePath", Arg::Read),
            ("line", Arg::Plain),
            ("character", Arg::Plain),
            ("query", Arg::Plain),
        ],
        &["filePath"],
        None,
    ),
    edits(
        &["Edit"],
        &[
            ("file_path", Arg::Edit),
            ("old_string", Arg::Plain),
            ("new_string", Arg::Plain),
            ("replace_all", Arg::Plain),
        ],
        &["file_path"],
        None,
    ),
    edits(&["MultiEdit"], &[("file_path", Arg::Edit), ("edits", Arg::Plain)], &["file_path"], None),
    edits(&["Write"], &[("file_path", Arg::Edit), ("content", Arg::Plain)], &["file_path"], None),
    edits(
        &["NotebookEdit"],
        &[
            ("notebook_path", Arg::Edit),
            ("cell_id", Arg::Plain),
            ("new_source", Arg::Plain),
            ("cell_type", Arg::Plain),
            ("edit_mode", Arg::Plain),
        ],
        &["notebook_path"],
        None,
    ),
    shells(
        &["Bash"],
        &[
            ("command", Arg::Plain),
            ("timeout", Arg::Plain),
            ("description", Arg::Plain),
            ("run_in_background", Arg::Plain),
            ("dangerouslyDisableSandbox", Arg::Plain),
        ],
    ),
    other(
        &["Monitor"],
        ("it runs a line and listens to it", "shell_exec", Risk::High),
        &[
            ("command", Arg::Plain),
            ("description", Arg::Plain),
            ("timeout_ms", Arg::Plain),
            ("persistent", Arg::Plain),
            ("ws", Arg::Plain),
        ],
        Some(watches),
    ),
    other(
        &["WebFetch"],
        ASKS,
        &[("url", Arg::Address), ("prompt", Arg::Plain), ("offset", Arg::Plain)],
        None,
    ),
    other(
        &["WebSearch"],
        SEARCHES,
        &[("query", Arg::Plain), ("allowed_domains", Arg::Plain), ("blocked_domains", Arg::Plain)],
        Some(asked),
    ),
    agents(
        &["Task", "Agent"],
        &[
            ("description", Arg::Plain),
            ("prompt", Arg::Plain),
            ("subagent_type", Arg::Plain),
            ("model", Arg::Plain),
            ("effort", Arg::Plain),
            ("run_in_background", Arg::Plain),
            ("name", Arg::Plain),
            ("team_name", Arg::Plain),
            ("mode", Arg::Plain),
            ("isolation", Arg::Plain),
            ("cwd", Arg::Plain),
            ("resume", Arg::Plain),
            ("max_turns", Arg::Plain),
        ],
    ),
    keeps(&[
        "TodoRead",
        "TodoWrite",
        "TaskCreate",
        "TaskGet",
        "TaskList",
        "TaskUpdate",
        "TaskOutput",
        "TaskStop",
        "AgentOutput",
        "AgentOutputTool",
        "BashOutput",
        "BashOutputTool",
        "KillShell",
        "KillBash",
        "AskUserQuestion",
        "EnterPlanMode",
        "ExitPlanMode",
        "ToolSearch",
        "ReportFindings",
        "StructuredOutput",
        "CronList",
        "ReadNotifications",
        "ListMcpResources",
        "ListMcpResourcesTool",
        "ShowOnboardingRolePicker",
        "OfferChromeSetup",
        "ProposeGoal",
        "WaitForMcpServers",
        "SendUserMessage",
        "Brief",
        "Sleep",
    ]),
    other(
        &["ReadMcpResource", "ReadMcpResourceTool", "ReadMcpResourceDir"],
        SERVER,
        &[("server", Arg::Plain), ("uri", Arg::Plain)],
        Some(asked),
    ),
    other(
        &["Skill", "SlashCommand"],
        ("it brings in instructions that are kept for the host", "tool_call", Risk::Medium),
        &[("skill", Arg::Plain), ("args", Arg::Plain), ("command", Arg::Plain)],
        None,
    ),
    other(
        &["EnterWorktree"],
        ("it checks out another directory", "file_write", Risk::Medium),
        &[("name", Arg::Plain), ("path", Arg::Edit)],
        None,
    ),
    other(
        &["ExitWorktree"],
        ("it leaves a work tree", "tool_call", Risk::Low),
        &[("action", Arg::Plain), ("discard_changes", Arg::Plain)],
        Some(leaves),
    ),
    other(
        &["CronCreate"],
        LATER,
        &[
            ("cron", Arg::Plain),
            ("prompt", Arg::Plain),
            ("recurring", Arg::Plain),
            ("durable", Arg::Plain),
        ],
        None,
    ),
    other(&["CronDelete"], LATER, &[("id", Arg::Plain)], None),
    other(
        &["ScheduleWakeup"],
        LATER,
        &[
            ("delaySeconds", Arg::Plain),
            ("reason", Arg::Plain),
            ("prompt", Arg::Plain),
            ("stop", Arg::Plain),
            ("noop", Arg::Plain),
        ],
        None,
    ),
    other(&["PushNotification"], LATER, &[("message", Arg::Plain), ("status", Arg::Plain)], None),
    other(
        &["SendFeedback"],
        OUT,
        &[
            ("type", Arg::Plain),
            ("title", Arg::Plain),
            ("details", Arg::Plain),
            ("area", Arg::Plain),
            ("failure_mode", Arg::Plain),
            ("task_category", Arg::Plain),
        ],
        None,
    ),
    other(
        &["Config"],
        ("it looks at a setting of the host", "file_read", Risk::Low),
        &[("setting", Arg::Plain), ("value", Arg::Plain)],
        Some(setting),
    ),
    other(
        &["PowerShell"],
        ("a shell whose lines are not read here", "shell_exec", Risk::High),
        &[],
        Some(|judge, name, _| {
            judge.report.unreadable(name, "it is a shell whose lines are not read here");
        }),
    ),
];
