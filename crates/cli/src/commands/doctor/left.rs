//! Whether a home that nobody answers for can get another approver.
//!
//! A home pins its first approver at once, and every later one only where an approver of the highest
//! assurance that it ever pinned allows it. Where none of those is left, to pair again is refused.

use super::book::Ledger;
use super::check::{Check, quoted};
use countersign_core::artifact::Assurance;
use countersign_core::time::Instant;
use countersign_core::trust::{Approver, TrustStore};
use countersign_enforcer::floor;
use countersign_enforcer::home::Pairing;
use std::path::Path;

/// The line that pairs an approver of this assurance.
fn pair(root: &Path, assurance: &str) -> String {
    let root = quoted(root);
    format!("countersign --home {root} pair --name NAME --relay URL --assurance {assurance}")
}

/// The way out where this home pins nobody any more.
const NEW_HOME: &str = "begin a new home, since this one (keep it for its receipts) pins nobody \
    any more: countersign --home DIR pair --name NAME --relay URL --assurance device, then \
    countersign --home DIR install HOST";

/// The approvers whose keys count and whose pairings are there.
pub(super) fn asked<'a>(
    trust: &'a TrustStore,
    pairings: &'a [Pairing],
    now: Instant,
) -> impl Iterator<Item = &'a Approver> {
    let counts = move |pairing: &Pairing| {
        trust.approver(&pairing.key_id).filter(|one| one.status.counts(now))
    };
    pairings.iter().filter_map(counts)
}

/// What brings another approver of this assurance into the home. `without` is a pairing that does
/// not work, so that nobody is asked by it.
pub(super) fn another(
    root: &Path,
    trust: &TrustStore,
    pairings: &[Pairing],
    now: Instant,
    assurance: Assurance,
    without: Option<&Pairing>,
) -> Option<String> {
    let highest = trust.approvers.iter().map(Approver::reach).max();
    let may = |one: &Approver| {
        Some(one.reach()) >= highest && without.is_none_or(|p| p.key_id != one.key_id)
    };
    let somebody = highest.is_none() || asked(trust, pairings, now).any(may);
    somebody.then(|| pair(root, assurance.name()))
}

/// As [`another`], and where nobody is left the way to a new home.
pub(super) fn another_or_new(
    root: &Path,
    trust: &TrustStore,
    pairings: &[Pairing],
    now: Instant,
    assurance: Assurance,
) -> String {
    another(root, trust, pairings, now, assurance, None).unwrap_or_else(|| NEW_HOME.into())
}

/// What mends a pairing that does not work.
pub(super) fn again(
    root: &Path,
    trust: &TrustStore,
    pairings: &[Pairing],
    now: Instant,
    broken: &Pairing,
) -> String {
    match another(root, trust, pairings, now, Assurance::Web, Some(broken)) {
        Some(pair) => {
            format!("countersign --home {} revoke {}, then {pair}", quoted(root), broken.name)
        }
        None if broken.relay.is_some() => {
            format!("restore the gateway's own data from a backup, or {NEW_HOME}")
        }
        None => NEW_HOME.into(),
    }
}

/// The pinned keys that count and that no pairing leads to.
pub(super) fn lost(
    root: &Path,
    trust: &TrustStore,
    pairings: &[Pairing],
    now: Instant,
) -> Vec<Check> {
    let led = |one: &&Approver| pairings.iter().any(|pairing| pairing.key_id == one.key_id);
    let counting = trust.approvers.iter().filter(|one| one.status.counts(now));
    let check = |one: &Approver| {
        let file = root.join("pairings").join(format!("{}.json", one.label));
        let found = format!("its key is pinned, and `{}` is gone", file.display());
        let restore = format!("restore {} from a backup", quoted(&file));
        let fix = match another(root, trust, pairings, now, one.unaided(), None) {
            Some(pair) => format!("{restore}, or {pair}"),
            None => format!("{restore}, or {NEW_HOME}"),
        };
        Check::fail(&format!("pairing {}", one.label), found, fix)
    };
    counting.filter(|one| !led(one)).map(check).collect()
}

/// Whether somebody is left who may allow a change of who may answer.
pub(super) fn floor(ledger: &Ledger, trust: &TrustStore, pairings: &[Pairing]) -> Check {
    if ledger.cut_off.is_some() {
        return Check::skipped("floor", "a change is half done");
    }
    let floor = floor::of(trust, &ledger.remembered);
    let held = ledger.remembered.over(trust.clone());
    match (floor, floor::kept(floor, &held, pairings)) {
        (None, _) => Check::skipped("floor", "nobody was pinned yet"),
        (Some(floor), Ok(())) => {
            let found = format!("an approver of `{}` may allow changes of keys", floor.name());
            Check::ok("floor", found)
        }
        (Some(floor), Err(_)) => {
            let found = format!(
                "no approver of `{}` stays, and without one nobody may allow changes of keys",
                floor.name()
            );
            Check::warn("floor", found, NEW_HOME)
        }
    }
}

/// Nobody can answer. `hooked` says whether a host's hook stands before this home; there is no
/// trust store where the home is not yet an enforcer's.
pub(super) fn nobody(
    root: &Path,
    trust: Option<&TrustStore>,
    pairings: &[Pairing],
    hooked: bool,
    now: Instant,
) -> Check {
    let approvers = trust.map(|trust| trust.approvers.as_slice()).unwrap_or_default();
    let (why, fix) = match trust.filter(|trust| !trust.approvers.is_empty()) {
        None => ("", pair(root, Assurance::Web.name())),
        Some(_) if approvers.iter().any(|one| one.status.counts(now)) => (
            " (the pairings of those that are pinned are gone)",
            format!("restore {} from a backup, or {NEW_HOME}", quoted(&root.join("pairings"))),
        ),
        Some(trust) => (
            " (every one that was pinned was revoked or ran out)",
            another_or_new(root, trust, pairings, now, Assurance::Web),
        ),
    };
    let found = format!("no approver: nobody can answer{why}");
    if hooked {
        return Check::fail(
            "approvers",
            format!("{found}, and a hook stands before this home"),
            fix,
        );
    }
    Check::warn("approvers", found, fix)
}
