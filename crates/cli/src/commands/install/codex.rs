//! Codex runs a hook only after its user trusted it. It is asked itself: which hash it would trust,
//! how it would write that down, and at the end whether it does.
//!
//! It is first asked in a directory that is thrown away, with the new hooks and a copy of its
//! configuration in it: what it would write is then known to the byte before anything is changed.

use super::change::{Change, Found};
use super::place::Place;
use crate::hosts::codex::{Server, hooks as listed, within};
use std::path::Path;

/// What Codex is to be told.
pub(crate) struct Plan {
    /// Of its configuration.
    pub(crate) change: Change,
    /// Its name for the hook.
    pub(crate) key: String,
    /// What it trusts then.
    pub(crate) hash: String,
}

/// How Codex stands to a hook.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// It runs it.
    Trusted,
    /// It passes over it without a word.
    Untrusted,
    /// Its user switched it off.
    Off,
    /// It does not read the file, such as that of a project that nobody trusts.
    Unread,
}

/// Why it is not known what Codex would write.
#[derive(Debug)]
pub(crate) enum Unplanned {
    /// It cannot be asked.
    Unasked(String),
    /// It can, and reads no hooks: what is installed would hold nothing.
    Blind,
}

impl From<String> for Unplanned {
    fn from(why: String) -> Self {
        Self::Unasked(why)
    }
}

/// Finds out what Codex would write down to trust our line in these hooks.
pub(crate) async fn plan(
    program: &Path,
    place: &Place,
    hooks: &str,
    line: &str,
) -> Result<Plan, Unplanned> {
    let config = Found::at(&place.config.join("config.toml")).map_err(|f| f.message)?;
    let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
    let dir = scratch.path().canonicalize().map_err(|e| e.to_string())?;
    let copy = dir.join("config.toml");
    std::fs::write(dir.join("hooks.json"), hooks).map_err(|e| e.to_string())?;
    if let Some(text) = &config.text {
        std::fs::write(&copy, text).map_err(|e| e.to_string())?;
    }
    let asking = async {
        let mut server = Server::start(program, Some(&dir)).await?;
        let listed = server.hooks(&dir).await?;
        let ours = listed.iter().find(|hook| hook.command == line && hook.path.starts_with(&dir));
        let Some(ours) = ours else { return Err(Unplanned::Blind) };
        let rest = ours.key.strip_prefix(&*ours.path.to_string_lossy());
        let rest = rest.ok_or_else(|| "its names for hooks are unknown here".to_owned())?;
        let key = format!("{}{rest}", place.named.display());
        server.trust(&key, &ours.hash).await?;
        Ok::<_, Unplanned>((key, ours.hash.clone()))
    };
    let (key, hash) = within(asking).await?;
    let after = Found::at(&copy).map_err(|f| f.message)?.text;
    Ok(Plan { change: Change { found: config, after, mode: 0o600 }, key, hash })
}

/// Asks Codex how it stands to our line, in its own home.
pub(crate) async fn standing(
    program: &Path,
    place: &Place,
    line: &str,
) -> Result<Standing, String> {
    let listed = listed(program, &place.root).await?;
    let ours = listed.iter().find(|hook| hook.command == line && hook.path == place.named);
    Ok(match ours {
        None => Standing::Unread,
        Some(hook) if !hook.enabled => Standing::Off,
        Some(hook) if hook.is_trusted() => Standing::Trusted,
        Some(_) => Standing::Untrusted,
    })
}

/// The configuration without what was added for a hook; `None` where it is written in another way,
/// or more was said of the hook since.
pub(crate) fn distrusted(config: &str, key: &str, hash: &str) -> Option<String> {
    let lines: Vec<&str> = config.split_inclusive('\n').collect();
    let head = |line: &&str| line.starts_with("[hooks.state.") && line.contains(key);
    let at = lines.iter().position(head)?;
    let trust = format!("trusted_hash = \"{hash}\"");
    let next = lines.get(at + 1).filter(|line| line.trim() == trust);
    let rest = lines.get(at + 2..).unwrap_or_default();
    let says = |line: &&&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let after = rest.iter().find(says);
    if next.is_none() || after.is_some_and(|line| !line.trim_start().starts_with('[')) {
        return None;
    }
    let blank = at.checked_sub(1).and_then(|i| lines.get(i)).is_some_and(|l| l.trim().is_empty());
    let before = lines.get(..at - usize::from(blank)).unwrap_or_default();
    Some([before, rest].concat().concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_taken_out_where_it_stands_as_it_was_written() {
        let head = "# mine\nmodel = \"x\"\n\n[hooks.state]\n";
        let block =
            "\n[hooks.state.\"/h/hooks.json:pre_tool_use:0:0\"]\ntrusted_hash = \"sha256:ab\"\n";
        let after = "\n[tui]\na = 1\n";
        let (key, hash) = ("/h/hooks.json:pre_tool_use:0:0", "sha256:ab");
        let all = format!("{head}{block}{after}");
        assert_eq!(distrusted(&all, key, hash), Some(format!("{head}{after}")));
        assert_eq!(distrusted(&format!("{head}{block}"), key, hash).as_deref(), Some(head));
        let noted = format!("{head}{block}# mine, too\n");
        assert_eq!(distrusted(&noted, key, hash), Some(format!("{head}# mine, too\n")));
        for other in [
            head.to_owned(),
            all.replace("ab", "cd"),
            all.replace(":0:0", ":1:0"),
            format!("{head}{block}enabled = false\n"),
            String::new(),
        ] {
            assert_eq!(distrusted(&other, key, hash), None, "{other}");
        }
    }
}
