//! What a patch was made for: a commit, and the files as it holds them.

use super::PatchError;
use crate::git::{GitError, WorkTree};
use countersign_core::action::Revision;
use std::collections::BTreeMap;

/// The base of one patch.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) tree: WorkTree,
    pub(super) head: Revision,
    /// The files that change, sorted.
    pub(super) names: Vec<String>,
    /// Whether the change is staged as well, so that the index counts too.
    pub(super) index: bool,
}

impl Base {
    /// Whether the base is still there.
    pub(super) fn stands(&self) -> Result<(), PatchError> {
        let head = self.tree.head()?;
        if head != self.head {
            let (base, head) = (self.head.as_str().to_owned(), head.as_str().to_owned());
            return Err(PatchError::HeadMoved { base, head });
        }
        let held = self.held()?;
        self.names.iter().try_for_each(|name| self.as_committed(name, held.get(name)))?;
        let staged = if self.index { self.staged()? } else { held.clone() };
        let moved = self.names.iter().find(|name| staged.get(*name) != held.get(*name));
        moved.map_or(Ok(()), |name| Err(PatchError::NotAsStaged(name.clone())))
    }

    /// What the base revision holds of the files: the mode and the object of each.
    fn held(&self) -> Result<BTreeMap<String, (String, String)>, PatchError> {
        // `mode type object TAB name`
        self.listed(&["ls-tree", "-z", self.head.as_str(), "--"], 1)
    }

    /// What the index holds of them.
    fn staged(&self) -> Result<BTreeMap<String, (String, String)>, PatchError> {
        // `mode object stage TAB name`
        self.listed(&["ls-files", "-s", "-z", "--"], 0)
    }

    fn listed(
        &self,
        question: &[&str],
        between: usize,
    ) -> Result<BTreeMap<String, (String, String)>, PatchError> {
        let names = self.names.iter().map(String::as_str);
        let args: Vec<&str> = question.iter().copied().chain(names).collect();
        let bytes = self.tree.ask(&args, None)?;
        let unreadable = || GitError::Unreadable(args.first().copied().unwrap_or_default().into());
        let text = String::from_utf8(bytes).map_err(|_| unreadable())?;
        let mut held = BTreeMap::new();
        for record in text.split('\0').filter(|record| !record.is_empty()) {
            let (about, name) = record.split_once('\t').ok_or_else(unreadable)?;
            let mut words = about.split(' ');
            let (mode, object) = (words.next(), words.nth(between));
            let (mode, object) = mode.zip(object).ok_or_else(unreadable)?;
            held.insert(name.to_owned(), (mode.to_owned(), object.to_owned()));
        }
        Ok(held)
    }

    /// The content itself is looked at, byte for byte: an index can be told to say that nothing
    /// changed, and a filter to say anything.
    fn as_committed(&self, name: &str, held: Option<&(String, String)>) -> Result<(), PatchError> {
        let other = || PatchError::NotAsCommitted(name.to_owned());
        let path = self.tree.top().join(name);
        let there = path.symlink_metadata().ok();
        let object = match (held, there) {
            (None, None) => return Ok(()),
            (Some((mode, object)), Some(there)) => match mode.as_str() {
                "120000" if there.is_symlink() => {
                    let to = path.read_link().map_err(|_| other())?;
                    let to = to.as_os_str().as_encoded_bytes();
                    (self.tree.ask(&["hash-object", "--stdin"], Some(to))?, object)
                }
                "100644" | "100755" if there.is_file() => {
                    (self.tree.ask(&["hash-object", "--no-filters", "--", name], None)?, object)
                }
                _ => return Err(other()),
            },
            _ => return Err(other()),
        };
        let (now, then) = object;
        if now.trim_ascii_end() == then.as_bytes() { Ok(()) } else { Err(other()) }
    }
}
