//! Reading a host's message: strict in what decides, tolerant of what is new beside it.

use super::{Call, Event, MAX_BYTES, McpServer, SubAgent, Unread, notes, shell};
use crate::Host;
use countersign_core::display::{has_deceptive, visible};
use countersign_core::json;
use serde_json::{Map, Value};

/// The longest name or id, in bytes.
const MAX_NAME: usize = 256;
/// The longest path that a system takes, in bytes.
const MAX_PATH: usize = 4096;
/// The longest wording that is passed on, in characters.
const MAX_WORDING: usize = 2000;

/// Reads what a host says.
///
/// The text must be one that no two readers read differently (no name twice, no number that
/// cannot be held, no half of a character), in every member. Members that nobody here knows are
/// passed over, since hosts add some with every version; those of the tool's own input are kept
/// and decide (see [`Call::shell_line`]).
///
/// # Errors
/// Where it is no call of a tool that this hook knows how to hold.
pub fn read(host: Host, bytes: &[u8]) -> Result<Call, Unread> {
    let mut message = object(bytes)?;
    let event = event(host, &message)?;
    let input = input(&mut message)?;
    let mut call = Call {
        host,
        event,
        session: name(&message, "session_id")?,
        agent: agent(&message)?,
        cwd: cwd(&message)?,
        tool: tool(&message)?,
        server: server(&message)?,
        notes: notes::of(host, event, &message, &input),
        input,
        description: None,
    };
    call.description = shell::wording(&call).map(|text| text.chars().take(MAX_WORDING).collect());
    Ok(call)
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, Unread> {
    if bytes.len() > MAX_BYTES {
        return Err(Unread::TooLarge);
    }
    match json::parse(bytes, MAX_BYTES) {
        Ok(Value::Object(message)) => Ok(message),
        Ok(_) => Err(malformed("it is no object")),
        Err(e) => Err(malformed(&e.to_string())),
    }
}

fn event(host: Host, message: &Map<String, Value>) -> Result<Event, Unread> {
    match (host, text(message, "hook_event_name")?) {
        (_, "PreToolUse") => Ok(Event::PreToolUse),
        (Host::Codex, "PermissionRequest") => Ok(Event::PermissionRequest),
        (Host::ClaudeCode, "PreSkillShellCommand") => Ok(Event::PreSkillShellCommand),
        (_, other) => Err(Unread::Event(visible(&json::clip(other), false))),
    }
}

fn input(message: &mut Map<String, Value>) -> Result<Map<String, Value>, Unread> {
    match message.remove("tool_input") {
        Some(Value::Object(input)) => Ok(input),
        Some(_) => Err(malformed("`tool_input` is no object")),
        None => Err(malformed("`tool_input` is missing")),
    }
}

/// A tool's name is looked at by people, and by rules that they wrote.
fn tool(message: &Map<String, Value>) -> Result<String, Unread> {
    let name = name(message, "tool_name")?;
    if has_deceptive(&name) {
        return Err(malformed("`tool_name` holds characters that cannot be seen"));
    }
    Ok(name)
}

fn cwd(message: &Map<String, Value>) -> Result<String, Unread> {
    let path = text(message, "cwd")?;
    if !path.starts_with('/') || path.contains('\0') || path.len() > MAX_PATH {
        return Err(malformed("`cwd` is no absolute path"));
    }
    Ok(path.to_owned())
}

/// Whoever has an id is another agent than the one that has none.
fn agent(message: &Map<String, Value>) -> Result<Option<SubAgent>, Unread> {
    let Some(_) = given(message, "agent_id") else { return Ok(None) };
    let id = name(message, "agent_id")?;
    let kind = given(message, "agent_type").map(|_| name(message, "agent_type")).transpose()?;
    Ok(Some(SubAgent { id, kind }))
}

/// The key of a server is anybody's text; whose settings it stands in is the host's word.
fn server(message: &Map<String, Value>) -> Result<Option<McpServer>, Unread> {
    let Some(server) = given(message, "mcp_server") else { return Ok(None) };
    let server = server.as_object().ok_or_else(|| malformed("`mcp_server` is no object"))?;
    let (key, source) = (name(server, "name")?, name(server, "source")?);
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if has_deceptive(&key) || !source.chars().all(is_word) {
        return Err(malformed("`mcp_server` holds characters that no server has"));
    }
    Ok(Some(McpServer { name: key, source }))
}

/// A short text that is there and holds no control characters.
fn name(message: &Map<String, Value>, member: &str) -> Result<String, Unread> {
    let name = text(message, member)?;
    if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(malformed(&format!(
            "`{member}` is empty, too long or holds control characters"
        )));
    }
    Ok(name.to_owned())
}

fn text<'m>(message: &'m Map<String, Value>, member: &str) -> Result<&'m str, Unread> {
    match message.get(member) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(malformed(&format!("`{member}` is no text"))),
        None => Err(malformed(&format!("`{member}` is missing"))),
    }
}

/// A member that may be missing; `null` is missing.
fn given<'m>(message: &'m Map<String, Value>, member: &str) -> Option<&'m Value> {
    message.get(member).filter(|value| !value.is_null())
}

fn malformed(why: &str) -> Unread {
    Unread::Malformed(visible(why, false))
}
