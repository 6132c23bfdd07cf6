//! Whose tool it is, and its name there.

use super::{Call, McpServer};

const PREFIX: &str = "mcp__";
const BETWEEN: &str = "__";

/// The server and the tool of an action.
pub(super) fn of(call: &Call) -> (String, String) {
    let host = call.host.name();
    match (&call.server, split(&call.tool)) {
        (Some(server), _) => {
            let name = format!("{host}/{}/{}", server.source, server.name);
            (name, within(server, &call.tool).to_owned())
        }
        (None, Split::Tool) => (host.to_owned(), call.tool.clone()),
        (None, Split::Parts(server, tool)) => (format!("{host}/{server}"), tool.to_owned()),
        (None, Split::Unclear(rest)) => (format!("{host}/{rest}"), call.tool.clone()),
    }
}

/// The name of a tool without its server's; the whole name where it does not begin with that.
fn within<'a>(server: &McpServer, tool: &'a str) -> &'a str {
    let plain = |c: char| if is_plain(c) && c != '.' { c } else { '_' };
    let begin = format!("{PREFIX}{}{BETWEEN}", server.name.chars().map(plain).collect::<String>());
    tool.strip_prefix(&begin).filter(|rest| !rest.is_empty()).unwrap_or(tool)
}

enum Split<'a> {
    /// No tool of a server.
    Tool,
    /// The server and its tool.
    Parts(&'a str, &'a str),
    /// All behind the prefix, of which nobody can say where the server ends.
    Unclear(&'a str),
}

/// Names of servers may hold the very `__` that ends them.
fn split(tool: &str) -> Split<'_> {
    let Some(rest) = tool.strip_prefix(PREFIX).filter(|rest| rest.chars().all(is_plain)) else {
        return Split::Tool;
    };
    match rest.split_once(BETWEEN) {
        Some((server, name)) if is_clear(server, name) => Split::Parts(server, name),
        _ => Split::Unclear(rest),
    }
}

/// A third `_` could be the end of the one or the beginning of the other.
fn is_clear(server: &str, name: &str) -> bool {
    !server.is_empty() && !name.is_empty() && !name.starts_with('_') && !name.contains(BETWEEN)
}

/// Neither host lets anything else stand in the name of a server's tool, and nothing here can pose
/// as `SOURCE/SERVER`.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}
