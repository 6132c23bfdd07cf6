//! What the stand-in for a model does, turn by turn.

/// A tool that it calls.
#[derive(Clone, Debug)]
pub(super) enum Tool {
    /// A line of the shell.
    Shell(String),
    /// The same in the background, or where the host has none, from a script of its own.
    Aside(String),
    /// A new file, by the host's own tool.
    Write(String),
    /// A tool of an MCP server, which makes a file.
    Mark(String),
    /// A helper of the agent, which then does what the script has for it.
    Helper,
    /// Waits for the helper that was started last (Codex).
    Wait,
}

/// The whole of it: a tool for each turn, then the end.
#[derive(Default)]
pub(super) struct Script {
    agent: Vec<Tool>,
    helper: Vec<Tool>,
    /// Happens before the second tool of the agent is called.
    between: Option<Box<dyn Fn() + Send + Sync>>,
}

impl Script {
    pub(super) fn of(agent: Vec<Tool>) -> Self {
        Self { agent, ..Self::default() }
    }

    /// The agent starts a helper, and the helper calls the tool.
    pub(super) fn by_helper(tool: Tool) -> Self {
        let (agent, helper) = (vec![Tool::Helper, Tool::Wait], vec![tool]);
        Self { agent, helper, between: None }
    }

    /// The same tool twice, and something in between.
    pub(super) fn twice(tool: Tool, between: impl Fn() + Send + Sync + 'static) -> Self {
        let agent = vec![tool.clone(), tool];
        Self { agent, between: Some(Box::new(between)), ..Self::default() }
    }

    /// What is done after so many results, `None` at the end.
    pub(super) fn next(&self, helper: bool, results: usize) -> Option<Tool> {
        if let (false, 1, Some(between)) = (helper, results, &self.between) {
            between();
        }
        let tools = if helper { &self.helper } else { &self.agent };
        tools.get(results).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_goes_on_with_each_result_and_then_ends() {
        let script = Script::by_helper(Tool::Shell("a".into()));
        assert!(matches!(script.next(false, 0), Some(Tool::Helper)));
        assert!(matches!(script.next(true, 0), Some(Tool::Shell(_))));
        assert!(script.next(true, 1).is_none() && script.next(false, 2).is_none());
    }
}
