//! What an enforcer tells of the others who were asked the same: checked against the request that it
//! is about, and never a part of what is signed.
//!
//! A relay can hold a note back or show an old one again, so the newest that was ever told of a
//! request is kept, and an older one changes nothing. What does not verify is as if it were not
//! there, and what cannot be kept is shown all the same: a request never waits for a note.

use crate::home::Home;
use crate::open::Opened;
use countersign_core::keys::SecretKeys;
use countersign_core::progress::{SignedNote, SoFar, shown};
use countersign_core::sealing::{self, Sealed};
use countersign_core::time::{Instant, Timestamp};
use countersign_core::verify::DEFAULT_SKEW_MILLIS;
use countersign_store::files::{self, Target};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The newest that was told, for as long as the request can be shown.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    note: SignedNote,
    /// When the artifact that it is about ends.
    until: Timestamp,
}

/// How far the others are, by what came along with a request or was told before.
pub(crate) fn so_far(
    home: &Home,
    opened: &Opened,
    came: Option<&Sealed>,
    keys: &SecretKeys,
) -> Option<SoFar> {
    let path = place(home, opened);
    let kept = files::read::<Kept>(&path).ok().flatten();
    let kept = kept.and_then(|kept| checked(kept.note, opened));
    let came = came.and_then(|sealed| read(sealed, opened, keys));
    match (came, kept) {
        (Some((note, told)), kept) if kept.as_ref().is_none_or(|(k, _)| note.is_newer_than(k)) => {
            let until = opened.artifact().head.expires_at.clone();
            let _ = files::write(&path, &Kept { note, until }, Target::ReplaceSoon);
            Some(told)
        }
        (_, kept) => kept.map(|(_, told)| told),
    }
}

fn read(sealed: &Sealed, opened: &Opened, keys: &SecretKeys) -> Option<(SignedNote, SoFar)> {
    let text = sealing::open(sealed, &shown(opened.artifact()), keys).ok()?;
    checked(SignedNote::parse(&text).ok()?, opened)
}

fn checked(note: SignedNote, opened: &Opened) -> Option<(SignedNote, SoFar)> {
    let told = note.verify(opened.artifact(), opened.enforcer()).ok()?;
    Some((note, told))
}

/// By the artifact, whose hash no other request shares, whatever it calls itself.
fn place(home: &Home, opened: &Opened) -> PathBuf {
    home.told().join(format!("{}.json", opened.artifact().head.artifact_hash))
}

/// Removes what was told of requests whose time is over: by this device's clock, never because a
/// relay does not show one. What cannot be read tells nothing, and goes too; what cannot be removed
/// harms nobody.
pub(crate) fn sweep(home: &Home, now: Instant) {
    for name in files::names(&home.told()).unwrap_or_default() {
        let path = home.told().join(format!("{name}.json"));
        let over = |kept: Kept| kept.until.instant().plus_millis(DEFAULT_SKEW_MILLIS) < now;
        if files::read(&path).map_or(true, |kept| kept.is_some_and(over)) {
            let _ = std::fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
mod tests;
