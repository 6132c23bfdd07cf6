//! Which texts the policy hash of a receipt stands for, as far as the acceptances before it tell.
//!
//! A hash that they do not make up is no lie: a file that nobody accepted is a layer as well. It is
//! told, because nobody can say then under which words something was judged.

use crate::encoding::Hash;
use crate::json::typed_ref;
use crate::layers::{Layer, policy_hash};
use crate::receipt::Receipt;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// No home accepts policies in more places at once; beyond that no hash is made any more.
const MOST_PLACES: usize = 64;

/// Nor are more hashes kept.
const MOST_HASHES: usize = 100_000;

/// What an auditor's program knows of policies besides the texts inside.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// The built-in policy, which holds where a home accepted no text of its own.
    pub builtin: Option<Hash>,
    /// What stands in place of a policy hash where a rule of the enforcer's own applied.
    pub own: Vec<Hash>,
}

/// The acceptances so far, and how many receipts they explain.
#[derive(Default)]
pub(super) struct Under {
    known: Known,
    accepted: BTreeMap<Place, Hash>,
    /// Every policy hash that some state of the acceptances so far makes up: a request is judged
    /// once, and what comes of it is written down under the policies of that moment.
    made: BTreeSet<Hash>,
    pub(super) explained: u64,
    pub(super) own: u64,
    pub(super) unexplained: u64,
    /// The first receipt that they do not explain.
    pub(super) first: Option<u64>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Organisation,
    Home,
    Workspace(String),
}

impl Under {
    pub(super) fn new(known: Known) -> Self {
        let mut under = Self { known, ..Self::default() };
        under.make();
        under
    }

    /// Another text holds in a place from here on.
    pub(super) fn accept(&mut self, action: &Map<String, Value>, sha256: Hash) {
        if let Some(place) = place(action) {
            self.accepted.insert(place, sha256);
            self.make();
        }
    }

    /// Compares what a receipt names.
    pub(super) fn compare(&mut self, receipt: &Receipt) {
        let Some(note) = &receipt.content.entry.policy else { return };
        if self.known.own.contains(&note.policy_hash) {
            self.own += 1;
        } else if self.made.contains(&note.policy_hash) {
            self.explained += 1;
        } else {
            self.unexplained += 1;
            self.first.get_or_insert(receipt.content.seq);
        }
    }

    /// Makes the hash of every workspace that can be told apart now.
    fn make(&mut self) {
        let workspaces: Vec<(&str, Hash)> = self.accepted.iter().filter_map(workspace).collect();
        if workspaces.len() > MOST_PLACES || self.made.len() > MOST_HASHES {
            return;
        }
        // Elsewhere no text of a workspace holds.
        let deepest = workspaces.iter().map(|(dir, _)| *dir).chain([""]);
        let hash = |dir| policy_hash(&self.layers(&workspaces, dir)).ok();
        let made: Vec<Hash> = deepest.filter_map(hash).collect();
        self.made.extend(made);
    }

    /// The layers in a workspace, from the widest to the narrowest.
    fn layers(&self, workspaces: &[(&str, Hash)], dir: &str) -> Vec<Layer> {
        let layer = |name, sha256| Layer { name, sha256, accepted: true };
        let at = |place: &Place| self.accepted.get(place).copied();
        let home = at(&Place::Home);
        let builtin = self.known.builtin.filter(|_| home.is_none());
        // INVARIANT: a directory stands before those below it, as text is sorted.
        let above = workspaces.iter().filter(|(above, _)| Path::new(dir).starts_with(above));
        let widest = builtin.map(|sha256| layer("builtin", sha256)).into_iter();
        widest
            .chain(at(&Place::Organisation).map(|sha256| layer("organisation", sha256)))
            .chain(home.map(|sha256| layer("home", sha256)))
            .chain(above.map(|(_, sha256)| layer("workspace", *sha256)))
            .collect()
    }
}

fn workspace<'a>((place, sha256): (&'a Place, &Hash)) -> Option<(&'a str, Hash)> {
    match place {
        Place::Workspace(dir) => Some((dir, *sha256)),
        _ => None,
    }
}

fn place(action: &Map<String, Value>) -> Option<Place> {
    let text = |name| action.get(name).and_then(Value::as_str);
    match (text("place")?, text("workspace")) {
        ("organisation", None) => Some(Place::Organisation),
        ("home", None) => Some(Place::Home),
        ("workspace", Some(dir)) => Some(Place::Workspace(dir.to_owned())),
        _ => None,
    }
}

/// The text that a receipt's action accepts.
pub(super) fn named(action: &Map<String, Value>) -> Option<Hash> {
    action.get("sha256").and_then(|hash| typed_ref(hash).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn accept(under: &mut Under, action: Value, text: u8) {
        under.accept(action.as_object().unwrap(), Hash([text; 32]));
    }

    fn made(under: &Under, layers: &[(&'static str, u8)]) -> bool {
        let layer = |&(name, text)| Layer { name, sha256: Hash([text; 32]), accepted: true };
        let layers: Vec<Layer> = layers.iter().map(layer).collect();
        under.made.contains(&policy_hash(&layers).unwrap())
    }

    #[test]
    fn the_built_in_policy_holds_until_a_home_has_its_own() {
        let mut under = Under::new(Known { builtin: Some(Hash([1; 32])), own: vec![] });
        assert!(made(&under, &[("builtin", 1)]));
        accept(&mut under, json!({"place": "organisation"}), 2);
        accept(&mut under, json!({"place": "home"}), 3);
        assert!(made(&under, &[("builtin", 1), ("organisation", 2)]));
        assert!(made(&under, &[("organisation", 2), ("home", 3)]));
        assert!(!made(&under, &[("builtin", 1), ("organisation", 2), ("home", 3)]));
        accept(&mut under, json!({"place": "home"}), 4);
        assert!(made(&under, &[("organisation", 2), ("home", 4)]));
        assert!(made(&under, &[("organisation", 2), ("home", 3)]), "what was judged before ends");
    }

    #[test]
    fn a_workspace_is_judged_under_every_directory_above_it_and_no_other() {
        let mut under = Under::default();
        accept(&mut under, json!({"place": "home"}), 1);
        for (dir, text) in [("/w/a", 3), ("/w", 2), ("/w-b", 4)] {
            accept(&mut under, json!({"place": "workspace", "workspace": dir}), text);
        }
        assert!(made(&under, &[("home", 1)]));
        assert!(made(&under, &[("home", 1), ("workspace", 2), ("workspace", 3)]));
        assert!(made(&under, &[("home", 1), ("workspace", 4)]));
        assert!(!made(&under, &[("home", 1), ("workspace", 2), ("workspace", 4)]));
        accept(&mut under, json!({"place": "elsewhere"}), 9);
        assert!(!made(&under, &[("home", 9)]), "nobody knows that place");
    }
}
