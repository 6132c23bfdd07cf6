//! Refs that would move at a remote, as git tells its `pre-push` hook.

use super::{AskedArgs, Crossing, unusable};
use crate::failure::Failure;
use countersign_core::action::{Operation, Push as Pushed, RefMove, Revision};
use countersign_core::display::visible;
use countersign_core::message::Filled;
use countersign_enforcer::git::WorkTree;
use std::io::Read as _;

/// No push moves more than fits.
const MAX_REFS: u64 = 4 * 1024 * 1024;

/// Ask about refs that would move at a remote. Standard input holds them, a line each, as git tells
/// its `pre-push` hook: local ref, local object, remote ref, remote object.
#[derive(clap::Args)]
#[command(after_help = "Example, the last line of a `pre-push` hook:\n  \
    exec countersign checkpoint push --remote \"$2\"")]
pub(crate) struct Push {
    #[command(flatten)]
    pub(super) given: Given,

    #[command(flatten)]
    pub(super) asked: AskedArgs,
}

/// Where it goes.
#[derive(clap::Args)]
pub(crate) struct Given {
    /// The remote's URL; a name and a password in it are left out
    #[arg(long, value_name = "URL")]
    remote: String,
}

/// What would move; nothing where no ref would.
pub(super) fn crossing(given: &Given) -> Result<Option<Crossing>, Failure> {
    let refs = refs(&read()?)?;
    if refs.is_empty() {
        return Ok(None);
    }
    let cwd = std::env::current_dir().map_err(|e| unusable(&e.to_string()))?;
    let tree = WorkTree::of(&cwd)?;
    let lost: Vec<&RefMove> = refs.iter().filter(|moved| loses(&tree, moved)).collect();
    let notes = lost.iter().map(|moved| note(moved)).collect();
    let force = !lost.is_empty();
    let remote = Filled::new(bare(&given.remote)).ok_or_else(|| unusable("no remote"))?;
    let push = Pushed::new(remote, refs, force).map_err(|e| unusable(&e.to_string()))?;
    Ok(Some(Crossing { operation: Operation::Push(push), notes }))
}

/// Whether the remote would hold less than before. What cannot be told counts as a loss.
fn loses(tree: &WorkTree, moved: &RefMove) -> bool {
    let Some(old) = &moved.old else { return false };
    let Some(new) = &moved.new else { return true };
    // Who fetched a tag does not look at it again.
    let is_tag = moved.name.as_str().starts_with("refs/tags/");
    is_tag || tree.ask(&["merge-base", "--is-ancestor", old.as_str(), new.as_str()], None).is_err()
}

fn note(moved: &RefMove) -> String {
    let name = visible(moved.name.as_str(), false);
    match &moved.new {
        Some(_) => format!("`{name}` does not move forward: what the remote holds may be lost"),
        None => format!("`{name}` would be deleted at the remote"),
    }
}

/// A URL without who calls there: a token is nobody's business but the remote's.
fn bare(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (place, path) = rest.find(['/', '?', '#']).map_or((rest, ""), |at| rest.split_at(at));
    let host = place.rsplit_once('@').map_or(place, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

fn refs(text: &str) -> Result<Vec<RefMove>, Failure> {
    text.lines().filter(|line| !line.is_empty()).map(moved).collect()
}

fn moved(line: &str) -> Result<RefMove, Failure> {
    let unread = || unusable(&format!("`{}` is no line of refs", visible(line, false)));
    let words: Vec<&str> = line.split(' ').collect();
    let [_, new, name, old] = words.as_slice() else { return Err(unread()) };
    let name = Filled::new(*name).ok_or_else(unread)?;
    let object = |text: &str| -> Result<Option<Revision>, Failure> {
        let revision = Revision::new(text).filter(|_| !text.starts_with("sha256:"));
        let revision = revision.ok_or_else(unread)?;
        // Git's name for none.
        Ok(text.bytes().any(|digit| digit != b'0').then_some(revision))
    };
    let (old, new) = (object(old)?, object(new)?);
    Ok(RefMove { name, old, new })
}

fn read() -> Result<String, Failure> {
    let failed = |e: std::io::Error| unusable(&format!("cannot read the refs: {e}"));
    let mut text = String::new();
    std::io::stdin().take(MAX_REFS + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MAX_REFS { Err(unusable("too many refs")) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

    use super::*;

    #[test]
    fn attack_31_a_token_in_the_address_is_left_out() {
        for (given, shown) in [
            ("https://ann:secret@git.example/r.git", "https://git.example/r.git"),
            ("https://secret@git.example", "https://git.example"),
            ("https://a@b:c@git.example/x@y", "https://git.example/x@y"),
            ("ssh://git@git.example/r", "ssh://git.example/r"),
            ("git@git.example:r.git", "git@git.example:r.git"),
            ("/srv/r.git", "/srv/r.git"),
        ] {
            assert_eq!(bare(given), shown);
        }
    }

    #[test]
    fn a_line_of_refs_is_read_strictly() {
        let (none, one) = ("0".repeat(40), "ab".repeat(20));
        let new = moved(&format!("refs/heads/x {one} refs/heads/x {none}")).unwrap();
        assert!(new.old.is_none() && new.new.is_some());
        let gone = moved(&format!("(delete) {none} refs/heads/x {one}")).unwrap();
        assert!(gone.old.is_some() && gone.new.is_none());
        for bad in [
            "refs/heads/x",
            &format!("refs/heads/x {one} refs/heads/x"),
            &format!("refs/heads/x main refs/heads/x {one}"),
            &format!("refs/heads/x {one}  {one}"),
            &format!("a {one} b {one} more"),
        ] {
            assert!(moved(bad).is_err(), "{bad}");
        }
    }
}
